#include "storage/job_index.hpp"

#include "storage/job_search.hpp"
#include "storage/keys.hpp"
#include "tests/storage/samples.hpp"

#include <boost/mpl/list.hpp>

#include <algorithm>

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

using fixtures = boost::mpl::list<memory_fixture, leveldb_fixture>;

using ids = std::vector<job_id>;

constexpr uint64_t first_ms = 1'768'874'404'118;

const run_facets nightly{"nightly", {"night"}};

job_facets plain(const std::string& type) {
  job_facets out;
  out.type = type;
  out.queue = "default";
  return out;
}

ids all_of(job_scan& scan) {
  ids out;
  job_id id;
  uint64_t budget = UINT64_MAX;
  job_scan::outcome result{};
  while ((result = scan.next(budget, id)) == job_scan::outcome::found)
    out.push_back(id);
  BOOST_REQUIRE(result == job_scan::outcome::end);
  return out;
}

ids postings(const store& db, facet about, std::string_view text,
             job_status kind, list_order order = list_order::oldest_first,
             const job_id& after = {}) {
  job_scan scan{order, after};
  std::vector<id_stream_ptr> group;
  group.push_back(scan_postings(db, about, text, kind, order));
  scan.want(std::move(group));
  return all_of(scan);
}

void finish(store& db, job_index_writer& index) {
  write_batch batch;
  require_ok(index.finish(batch));
  require_ok(db.write(batch, false));
  index.stored(index.finished());
}

uint64_t count_of(const store& db, facet about, std::string_view text,
                  job_status state) {
  state_counts counts{};
  require_ok(read_job_counts(db, about, text, counts));
  return counts[static_cast<size_t>(state)];
}

} // namespace

BOOST_AUTO_TEST_SUITE(job_index)

BOOST_AUTO_TEST_CASE_TEMPLATE(jobs_are_found_by_each_facet, fixture, fixtures) {
  fixture f;
  job_index_writer index{*f.db, {}};
  auto facets = plain("fetch");
  facets.queue = "slow";
  facets.tags = {"night", "own"};
  facets.root = true;
  const auto n = index.name(facets, nightly);
  index.add(n, make_id(1));
  index.add(n, make_id(2));
  index.move(n, make_id(2), job_status::pending, job_status::failed);
  finish(*f.db, index);
  for (auto [about, text] : std::vector<std::pair<facet, std::string>>{
         {facet::all, ""},
         {facet::type, "fetch"},
         {facet::definition, "nightly"},
         {facet::queue, "slow"},
         {facet::tag, "night"},
         {facet::tag, "own"}}) {
    BOOST_CHECK((postings(*f.db, about, text, job_status::pending)
                 == ids{make_id(1), make_id(2)}));
    BOOST_CHECK(
      (postings(*f.db, about, text, job_status::failed) == ids{make_id(2)}));
    BOOST_TEST(count_of(*f.db, about, text, job_status::pending) == 1u);
    BOOST_TEST(count_of(*f.db, about, text, job_status::failed) == 1u);
  }
  BOOST_TEST(count_of(*f.db, facet::roots, "", job_status::failed) == 1u);
  BOOST_CHECK(postings(*f.db, facet::type, "fetc", job_status::failed).empty());
  BOOST_TEST(count_of(*f.db, facet::type, "fetc", job_status::failed) == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(blocks_that_overlap_are_read_in_order, fixture,
                              fixtures) {
  fixture f;
  job_index_writer index{*f.db, {}};
  ids expected;
  // Three commits whose ids lie between each other, in two milliseconds.
  for (uint64_t commit = 0; commit < 3; ++commit) {
    const auto n = index.name(plain("t"), {});
    for (uint64_t i = 0; i < 1500; ++i) {
      const auto id = make_id(3 * i + commit, first_ms + i % 2);
      index.add(n, id);
      expected.push_back(id);
    }
    finish(*f.db, index);
  }
  std::sort(expected.begin(), expected.end());
  BOOST_CHECK(postings(*f.db, facet::all, "", job_status::pending) == expected);
  auto after = expected[1000];
  BOOST_CHECK((postings(*f.db, facet::all, "", job_status::pending,
                        list_order::oldest_first, after)
               == ids{expected.begin() + 1001, expected.end()}));
  std::reverse(expected.begin(), expected.end());
  BOOST_CHECK(postings(*f.db, facet::all, "", job_status::pending,
                       list_order::newest_first)
              == expected);
  after = expected[4000];
  BOOST_CHECK((postings(*f.db, facet::all, "", job_status::pending,
                        list_order::newest_first, after)
               == ids{expected.begin() + 4001, expected.end()}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(removals_under_way_are_not_undone, fixture,
                              fixtures) {
  fixture f;
  job_index_writer index{*f.db, {}};
  auto n = index.name(plain("t"), {});
  for (uint64_t i = 1; i <= 4; ++i) {
    index.add(n, make_id(i));
    index.move(n, make_id(i), job_status::pending, job_status::completed);
  }
  finish(*f.db, index);
  // The second removal is encoded before the first one is in the database.
  write_batch first;
  write_batch second;
  n = index.name(plain("t"), {});
  index.remove(n, make_id(4), job_status::completed);
  require_ok(index.finish(first));
  n = index.name(plain("t"), {});
  index.remove(n, make_id(1), job_status::completed);
  require_ok(index.finish(second));
  require_ok(f.db->write(first, false));
  require_ok(f.db->write(second, false));
  index.stored(index.finished());
  for (auto kind : {job_status::pending, job_status::completed})
    BOOST_CHECK(
      (postings(*f.db, facet::type, "t", kind) == ids{make_id(2), make_id(3)}));
  BOOST_TEST(count_of(*f.db, facet::all, "", job_status::completed) == 2u);
  n = index.name(plain("t"), {});
  index.remove(n, make_id(2), job_status::completed);
  index.remove(n, make_id(3), job_status::completed);
  finish(*f.db, index);
  BOOST_CHECK(all(*f.db, "n").empty());
  BOOST_TEST(count_of(*f.db, facet::all, "", job_status::completed) == 0u);
}

BOOST_AUTO_TEST_CASE(counts_beyond_the_limit_are_read_again) {
  memory_fixture f;
  job_index_config config;
  config.counts_kept_max = 3;
  job_index_writer index{*f.db, config};
  for (uint64_t round = 0; round < 3; ++round)
    for (uint64_t i = 0; i < 10; ++i) {
      const auto n = index.name(plain("t" + std::to_string(i)), {});
      index.add(n, make_id(10 * round + i));
      finish(*f.db, index);
    }
  for (uint64_t i = 0; i < 10; ++i)
    BOOST_TEST(
      count_of(*f.db, facet::type, "t" + std::to_string(i), job_status::pending)
      == 3u);
  BOOST_TEST(count_of(*f.db, facet::all, "", job_status::pending) == 30u);
}

BOOST_AUTO_TEST_CASE(counts_that_are_not_stored_yet_are_not_forgotten) {
  memory_fixture f;
  job_index_config config;
  config.counts_kept_max = 1;
  job_index_writer index{*f.db, config};
  write_batch batch;
  for (uint64_t i = 0; i < 20; ++i) {
    const auto n = index.name(plain("t" + std::to_string(i % 10)), {});
    index.add(n, make_id(i));
    require_ok(index.finish(batch));
  }
  require_ok(f.db->write(batch, false));
  BOOST_TEST(count_of(*f.db, facet::all, "", job_status::pending) == 20u);
  BOOST_TEST(count_of(*f.db, facet::type, "t7", job_status::pending) == 2u);
}

BOOST_AUTO_TEST_CASE(a_damaged_block_is_named) {
  memory_fixture f;
  job_index_writer index{*f.db, {}};
  index.add(index.name(plain("t"), {}), make_id(1));
  finish(*f.db, index);
  const auto key = all(*f.db, "n")[0].first;
  require_ok(put(*f.db, key, "\x01short"));
  job_scan scan{list_order::newest_first, {}};
  std::vector<id_stream_ptr> group;
  group.push_back(scan_postings(*f.db, facet::all, "", job_status::pending,
                                list_order::newest_first));
  scan.want(std::move(group));
  uint64_t budget = 10;
  job_id id;
  BOOST_CHECK(scan.next(budget, id) == job_scan::outcome::failed);
  BOOST_CHECK(scan.state().code == errc::corruption);
  BOOST_CHECK(scan.state().message.find("job_postings") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_scan_stops_at_its_budget_and_goes_on_from_there) {
  memory_fixture f;
  job_index_writer index{*f.db, {}};
  const auto many = index.name(plain("many"), {});
  auto facets = plain("many");
  facets.tags = {"few"};
  const auto few = index.name(facets, {});
  for (uint64_t i = 1; i <= 1000; ++i)
    index.add(i % 500 == 0 ? few : many, make_id(i));
  finish(*f.db, index);
  ids found;
  job_id reached;
  size_t pages = 0;
  for (auto result = job_scan::outcome::limit; result != job_scan::outcome::end;
       ++pages) {
    job_scan scan{list_order::oldest_first, reached};
    std::vector<id_stream_ptr> made;
    made.push_back(scan_postings(*f.db, facet::all, "", job_status::pending,
                                 list_order::oldest_first));
    scan.want(std::move(made));
    std::vector<id_stream_ptr> others;
    ids plain_ones;
    for (uint64_t i = 1; i <= 1000; ++i)
      if (i % 500 != 0)
        plain_ones.push_back(make_id(i));
    others.push_back(scan_ids(plain_ones, list_order::oldest_first));
    scan.exclude(std::move(others));
    uint64_t budget = 300;
    job_id id;
    while ((result = scan.next(budget, id)) == job_scan::outcome::found)
      found.push_back(id);
    reached = scan.reached();
  }
  BOOST_CHECK((found == ids{make_id(500), make_id(1000)}));
  BOOST_TEST(pages == 4u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_database_without_an_index_gets_one, fixture,
                              fixtures) {
  fixture f;
  auto job = full_job();
  job.queue = "slow";
  write(*f.db, [&](write_batch& out) {
    put_job(out, job);
    job_event event;
    event.id = job.id;
    event.status = job_status::cancelled;
    put_event(out, 1, event);
  });
  size_t builds = 0;
  const auto progress = [&](uint64_t) { ++builds; };
  require_ok(open_job_index(*f.db, progress));
  BOOST_TEST(builds == 1u);
  BOOST_CHECK((postings(*f.db, facet::queue, "slow", job_status::cancelled)
               == ids{job.id}));
  require_ok(open_job_index(*f.db, progress));
  BOOST_TEST(builds == 1u, "built again");
}

BOOST_AUTO_TEST_CASE(a_build_that_was_interrupted_is_begun_again) {
  fault_store db{std::make_unique<memory_store>()};
  write_batch batch;
  put_job(batch, full_job());
  require_ok(db.write(batch, false));
  db.fail_writes_from(2, {errc::io_error, "full"});
  BOOST_TEST(!open_job_index(db, [](uint64_t) {}).ok());
  db.heal();
  require_ok(open_job_index(db, [](uint64_t) {}));
  BOOST_TEST(count_of(db, facet::all, "", job_status::pending) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
