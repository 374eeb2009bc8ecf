// Lists of jobs, from a real READER.

#include "actors/reader.hpp"
#include "storage/memory_store.hpp"
#include "tests/gateway/fakes.hpp"

#include <caf/send.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace quaero;
using namespace quaero::test;

namespace {

/// A run of definition "nightly" with one step and below it `jobs` jobs, of
/// which every fifth has failed and the last one waits; and a job of its own.
struct fixture : gateway_fixture {
  std::shared_ptr<storage::store> db
    = std::make_shared<storage::memory_store>();
  reader_config limits;
  reader_actor lists;
  storage::job_index_writer index{*db, {}};
  storage::write_batch batch;
  job_id manager, step;
  uint64_t made = 0;
  uint64_t jobs = 25;

  ~fixture() {
    if (server)
      server->stop();
    caf::anon_send_exit(lists, caf::exit_reason::kill);
  }

  void begin() {
    make_jobs();
    lists = sys.spawn(reader, limits, db, log_collector_actor{});
    auto actors = spawn_actors();
    actors.reader = lists;
    server = std::make_unique<gateway>();
    gateway_config config;
    config.port = 0;
    auto bound = server->start(sys, config, actors);
    BOOST_REQUIRE(bound);
    port = *bound;
  }

  queue_job& named(queue_job& x, const std::string& type,
                   const std::string& name) {
    ++made;
    x.id.bytes[5] = static_cast<uint8_t>(1 + made / 10);
    x.id.bytes[6] = 0x70;
    x.id.bytes[15] = static_cast<uint8_t>(made);
    x.type = type;
    x.name = name;
    x.created_at = created_at(x.id);
    return x;
  }

  void store(const queue_job& x, job_status state) {
    static const run_facets nightly{"nightly", {"night"}};
    static const run_facets none;
    storage::put_job(batch, x);
    const auto facets
      = index.name(storage::facets_of(x), x.manager_id ? nightly : none);
    index.add(facets, x.id);
    if (state == job_status::pending)
      return;
    job_event event;
    event.id = x.id;
    event.status = state;
    event.at = event.started_at = x.created_at + std::chrono::seconds{1};
    if (state == job_status::failed)
      event.error = "no route to host";
    storage::put_event(batch, 1, event);
    index.move(facets, x.id, job_status::pending, state);
  }

  void make_jobs() {
    queue_job run;
    named(run, "manager", "Nightly");
    manager = run.manager_id = run.id;
    store(run, job_status::completed);
    queue_job one;
    named(one, "step", "scan");
    step = one.step_id = one.id;
    one.parent_id = one.manager_id = manager;
    store(one, job_status::completed);
    for (uint64_t i = 1; i <= jobs; ++i) {
      queue_job leaf;
      named(leaf, "fetch", "page " + std::to_string(i));
      leaf.parent_id = leaf.step_id = step;
      leaf.manager_id = manager;
      store(leaf, i == jobs    ? job_status::pending
                  : i % 5 == 0 ? job_status::failed
                               : job_status::completed);
      if (i == jobs)
        storage::put_queue_entry(batch, {{4, 1},
                                         leaf.id,
                                         step,
                                         manager,
                                         "fetch",
                                         "default",
                                         4,
                                         {},
                                         0,
                                         {},
                                         {},
                                         {}});
    }
    queue_job own;
    named(own, "noop", "alone");
    store(own, job_status::cancelled);
    BOOST_REQUIRE(index.finish(batch).ok());
    BOOST_REQUIRE(db->write(batch, false).ok());
  }

  std::vector<std::string> names(const value& page) {
    std::vector<std::string> out;
    for (const auto& x : at(page, "jobs").as_array())
      out.push_back(*x.get_string("name"));
    return out;
  }

  /// Follows cursors to the end.
  /// @param first what only the first page is asked for.
  std::vector<std::string> walk(const std::string& target, size_t& pages,
                                const std::string& first = {}) {
    std::vector<std::string> out;
    std::string cursor;
    pages = 0;
    do {
      auto page
        = get_json(target + (cursor.empty() ? first : "&cursor=" + cursor));
      for (auto& x : names(page))
        out.push_back(x);
      cursor = page.get_string("next_cursor").value_or("");
      ++pages;
    } while (!cursor.empty() && pages < 100);
    return out;
  }

  using run_facets = storage::run_facets;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_lists, fixture)

BOOST_AUTO_TEST_CASE(a_list_has_all_levels_newest_first) {
  begin();
  auto x = get_json("/api/jobs?limit=3");
  BOOST_TEST(
    (names(x) == std::vector<std::string>{"alone", "page 25", "page 24"}));
  BOOST_TEST(*x.get_int("total_count") == 28);
  BOOST_TEST(x.find("total_is_exact")->as_bool());
  BOOST_TEST(*x.get_int("limit") == 3);
  x = get_json("/api/jobs?order_dir=ASC&limit=2&offset=1");
  BOOST_TEST((names(x) == std::vector<std::string>{"scan", "page 1"}));
  BOOST_TEST(*x.get_int("offset") == 1);
}

BOOST_AUTO_TEST_CASE(filters_and_totals_are_true) {
  begin();
  auto total = [&](const std::string& query) {
    auto x = get_json("/api/jobs?" + query);
    BOOST_TEST(x.find("total_is_exact")->as_bool(), query);
    BOOST_TEST(
      static_cast<size_t>(*x.get_int("total_count")) == names(x).size(), query);
    return *x.get_int("total_count");
  };
  BOOST_TEST(total("status=failed") == 4);
  BOOST_TEST(total("status=failed,cancelled") == 5);
  BOOST_TEST(total("q=state:failed+definition:nightly") == 4);
  BOOST_TEST(total("q=state:cancelled+definition:nightly") == 0);
  BOOST_TEST(total("q=state:pending") == 1);
  BOOST_TEST(total("q=state:pending,failed+type:fetch") == 5);
  BOOST_TEST(total("q=type:manager,step") == 2);
  BOOST_TEST(total("parent_id=root") == 2);
  BOOST_TEST(total("parent_id=root&status=completed") == 1);
  BOOST_TEST(total("q=run:" + to_string(manager) + "+state:completed") == 22);
  BOOST_TEST(total("parent_id=" + to_string(step) + "&status=failed") == 4);
  BOOST_TEST(total("q=tag:night+type:fetch") == 25);
  BOOST_TEST(total("q=name:PAGE+state:failed") == 4);
  BOOST_TEST(total("q=%22no+route%22") == 4);
  BOOST_TEST(total("q=queue:default") == 26);
  BOOST_TEST(total("q=age%3E1h") == 28);
  BOOST_TEST(total("q=age%3C1h") == 0);
}

BOOST_AUTO_TEST_CASE(pages_that_are_joined_are_the_list) {
  begin();
  const auto all = names(get_json("/api/jobs?limit=500"));
  size_t pages = 0;
  BOOST_TEST(walk("/api/jobs?limit=7", pages) == all,
             boost::test_tools::per_element());
  BOOST_TEST(pages == 4u);
  auto failed = walk("/api/jobs?limit=2&q=state:failed", pages);
  BOOST_TEST(
    (failed
     == std::vector<std::string>{"page 20", "page 15", "page 10", "page 5"}));
  BOOST_TEST(pages == 2u, "a full last page has no next one");
  auto children = "/api/jobs/" + to_string(step) + "/children?limit=10";
  auto found = walk(children, pages);
  BOOST_TEST(found.size() == 25u);
  BOOST_TEST(found.front() == "page 1");
  BOOST_TEST(*get_json(children).get_int("count") == 10);
}

BOOST_AUTO_TEST_CASE(a_page_that_reaches_a_limit_says_where_to_go_on) {
  limits.list_scan_max = 3;
  limits.count_reads_max = 3;
  begin();
  size_t pages = 0;
  auto found = walk("/api/jobs?q=%22no+route%22", pages);
  BOOST_TEST(found.size() == 4u);
  BOOST_TEST(pages > 4u);
  auto x = get_json("/api/jobs?q=%22no+route%22");
  BOOST_TEST(!x.find("total_is_exact")->as_bool());
  // An offset that was not used up goes on with the cursor.
  found = walk("/api/jobs?q=%22no+route%22", pages, "&offset=3");
  BOOST_TEST((found == std::vector<std::string>{"page 5"}));
}

BOOST_AUTO_TEST_CASE(ids_that_are_looked_at_have_a_limit) {
  limits.list_ids_max = 5;
  limits.count_ids_max = 5;
  begin();
  size_t pages = 0;
  auto found = walk("/api/jobs?q=type:fetch+tag:night", pages);
  BOOST_TEST(found.size() == 25u);
  BOOST_TEST(pages > 5u);
}

BOOST_AUTO_TEST_CASE(cursors_of_other_lists_and_made_up_ones_are_refused) {
  begin();
  auto cursor = *get_json("/api/jobs?limit=1").get_string("next_cursor");
  get_json("/api/jobs?limit=1&cursor=" + cursor);
  for (const auto& target :
       {"/api/jobs?status=failed&cursor=" + cursor,
        "/api/jobs?order_dir=asc&cursor=" + cursor,
        "/api/jobs/" + to_string(step) + "/children?cursor=" + cursor,
        std::string{"/api/jobs?cursor=AAAA"}, "/api/jobs?cursor=x" + cursor}) {
    auto x = get_json(target, 400);
    BOOST_TEST(x.get_string("code").value_or("") == "invalid_cursor", target);
  }
  get_json("/api/jobs?offset=1&cursor=" + cursor, 400);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_query_is_told) {
  begin();
  auto x = get_json("/api/jobs?q=type:fetch+state:odd", 400);
  BOOST_TEST(x.get_string("detail")->find("'state:odd' at 12")
             != std::string::npos);
  for (auto bad :
       {"status=odd", "parent_id=x", "offset=1000001", "order_dir=up",
        "order_by=name", "q=state:failed&status=failed", "grouped=perhaps"})
    get_json(std::string{"/api/jobs?"} + bad, 400);
}

BOOST_AUTO_TEST_CASE(a_grouped_page_has_jobs_below_their_roots) {
  begin();
  auto x = get_json("/api/jobs?grouped=true&limit=500");
  BOOST_TEST(at(x, "groups").as_array().size() == 2u);
  BOOST_TEST(at(x, "groups.0.parent.name").as_string() == "alone");
  BOOST_TEST(at(x, "groups.1.parent.name").as_string() == "Nightly");
  BOOST_TEST(at(x, "groups.1.children").as_array().size() == 26u);
  BOOST_TEST(at(x, "orphans").as_array().empty());
  x = get_json("/api/jobs?grouped=true&q=type:fetch&limit=2");
  BOOST_TEST(at(x, "groups").as_array().empty());
  BOOST_TEST(at(x, "orphans").as_array().size() == 2u);
  BOOST_TEST(*x.get_int("total_count") == 25);
}

BOOST_AUTO_TEST_CASE(what_waits_is_in_the_queue) {
  begin();
  auto x = get_json("/api/jobs/queue");
  BOOST_TEST(at(x, "pending").as_array().size() == 1u);
  BOOST_TEST(at(x, "pending.0.name").as_string() == "page 25");
  BOOST_TEST(at(x, "running").as_array().empty());
}

BOOST_AUTO_TEST_SUITE_END()
