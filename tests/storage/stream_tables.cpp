#include "storage/stream_tables.hpp"

#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

const job_id run = make_id(100);
const job_id a_step = make_id(200);

/// What streams keep of an event.
stream_event kept(job_event x, const job_id& manager, const job_id& of) {
  x.result.clear();
  x.reason = failure_reason::none;
  return {std::move(x), job_status::pending, manager, of, "crawler_url"};
}

std::vector<stream_item> read(const store& db, const job_id& of,
                              uint64_t after = 0) {
  std::vector<stream_item> out;
  auto take = [&](stream_item&& x) {
    out.push_back(std::move(x));
    return true;
  };
  require_ok(of ? read_stream(db, of, after, take)
                : read_daemon_stream(db, after, take));
  return out;
}

std::vector<uint64_t> numbers(const std::vector<stream_item>& xs) {
  std::vector<uint64_t> out;
  for (const auto& x : xs)
    out.push_back(x.sequence);
  return out;
}

void add(stream_block& to, const stream_event& x) {
  to.add_event(x.event, x.from, static_cast<bool>(x.manager), x.step, x.type);
}

/// One commit with a line and `events` moves of one run, from `before` on.
void put_moves(store& db, uint64_t before, uint64_t events,
               uint64_t daemon_before) {
  write(db, [&](write_batch& out) {
    stream_block mine{run};
    daemon_block all;
    mine.add_line(run, before + 1);
    const auto last = before + 1 + events;
    for (uint64_t i = 0; i < events; ++i) {
      job_event x;
      x.id = make_id(static_cast<uint8_t>(i + 1));
      x.status = job_status::completed;
      add(mine, kept(x, run, a_step));
      all.add_reference(run, last, i);
    }
    mine.put(out, last);
    all.put(out, daemon_before + events);
  });
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(stream_tables, memory_fixture)

BOOST_AUTO_TEST_CASE(a_block_is_read_as_it_was_written) {
  auto leaf = full_event();
  auto later = full_event();
  later.epoch += 3;
  later.attempt = 1;
  later.at += std::chrono::seconds{2};
  job_event own; // of the run itself
  own.id = run;
  own.status = job_status::running;
  const std::vector<stream_event> expected{
    kept(leaf, run, a_step), kept(later, run, a_step), kept(own, run, {}),
    kept(later, run, leaf.id)};
  write(*db, [&](write_batch& out) {
    stream_block block{run};
    block.add_line(a_step, 7);
    block.add_line(a_step, 8);
    block.add_line(run, 1);
    block.add_line(a_step, 9);
    for (const auto& x : expected)
      add(block, x);
    BOOST_TEST(block.count() == 8u);
    block.put(out, 20);
  });
  const auto items = read(*db, run);
  const std::vector<uint64_t> all{13, 14, 15, 16, 17, 18, 19, 20};
  BOOST_TEST(numbers(items) == all, boost::test_tools::per_element());
  const std::vector<std::pair<job_id, uint64_t>> lines{
    {a_step, 7}, {a_step, 8}, {run, 1}, {a_step, 9}};
  for (size_t i = 0; i < lines.size(); ++i) {
    BOOST_TEST(items[i].is_line);
    BOOST_CHECK(items[i].owner == lines[i].first);
    BOOST_TEST(items[i].index == lines[i].second);
  }
  for (size_t i = 0; i < expected.size(); ++i)
    BOOST_CHECK(items[i + 4].happened == expected[i]);
}

BOOST_AUTO_TEST_CASE(reading_begins_within_a_block) {
  put_moves(*db, 0, 3, 0);
  put_moves(*db, 4, 2, 3);
  const std::vector<uint64_t> rest{3, 4, 5, 6, 7};
  BOOST_TEST(numbers(read(*db, run, 2)) == rest,
             boost::test_tools::per_element());
  BOOST_TEST(read(*db, run, 7).empty());
  BOOST_TEST(read(*db, run, UINT64_MAX).empty());
  uint64_t last = 0;
  require_ok(read_stream_end(*db, run, last));
  BOOST_TEST(last == 7u);
  std::vector<uint64_t> back;
  require_ok(read_stream_back(*db, run, [&](stream_item&& x) {
    back.push_back(x.sequence);
    return back.size() < 4;
  }));
  const std::vector<uint64_t> newest{7, 6, 5, 4};
  BOOST_TEST(back == newest, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_daemons_stream_has_the_events_of_runs_and_of_others) {
  put_moves(*db, 0, 3, 0);
  auto other = full_event();
  write(*db, [&](write_batch& out) {
    daemon_block all;
    all.add_event(other, job_status::pending, "crawler_url");
    all.put(out, 4);
  });
  const auto items = read(*db, {}, 1);
  const std::vector<uint64_t> expected{2, 3, 4};
  BOOST_TEST(numbers(items) == expected, boost::test_tools::per_element());
  BOOST_CHECK(items[0].happened.event.id == make_id(2));
  BOOST_CHECK(items[0].happened.manager == run);
  BOOST_CHECK(items[2].happened == kept(other, {}, {}));
  write(*db,
        [&](write_batch& out) { require_ok(remove_stream(*db, out, run)); });
  BOOST_TEST(read(*db, run).empty());
  const std::vector<uint64_t> left{4};
  BOOST_TEST(numbers(read(*db, {}, 1)) == left,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_daemons_stream_is_cut_record_by_record) {
  for (uint64_t i = 0; i < 5; ++i)
    put_moves(*db, i * 3, 2, i * 2);
  uint64_t begin = 0;
  write(*db, [&](write_batch& out) {
    require_ok(trim_daemon_stream(*db, out, 5, begin));
  });
  BOOST_TEST(begin == 4u); // the record with 5 and 6 is needed
  uint64_t stored = 0;
  require_ok(read_daemon_stream_begin(*db, stored));
  BOOST_TEST(stored == 4u);
  BOOST_TEST(numbers(read(*db, {}, begin)).front() == 5u);
}

BOOST_AUTO_TEST_CASE(a_long_reason_is_cut_between_characters) {
  auto x = full_event();
  x.error = std::string(stream_error_bytes_max - 1, 'a') + "\xC3\xA4";
  write(*db, [&](write_batch& out) {
    stream_block block{run};
    add(block, kept(x, run, a_step));
    block.put(out, 1);
  });
  BOOST_TEST(read(*db, run)[0].happened.event.error
             == std::string(stream_error_bytes_max - 1, 'a'));
}

BOOST_AUTO_TEST_CASE(a_job_whose_life_was_one_event_has_a_stream_of_one) {
  queue_job job = full_job();
  job.manager_id = {};
  auto x = full_event();
  x.id = job.id;
  x.status = job_status::completed;
  write(*db, [&](write_batch& out) {
    put_job(out, job);
    put_event(out, 2, x);
  });
  const auto items = read(*db, job.id);
  BOOST_REQUIRE(items.size() == 1u);
  BOOST_TEST(items[0].sequence == 1u);
  BOOST_CHECK(items[0].happened.event.status == job_status::completed);
  BOOST_TEST(items[0].happened.type == job.type);
  uint64_t last = 0;
  require_ok(read_stream_end(*db, job.id, last));
  BOOST_TEST(last == 1u);
  BOOST_TEST(read(*db, job.id, 1).empty());
}

BOOST_AUTO_TEST_CASE(every_cut_of_a_record_is_damage_and_is_named) {
  put_moves(*db, 0, 3, 0);
  const auto key = [&] {
    std::string out;
    for_each(*db, "g", [&](std::string_view k, std::string_view) {
      out = k;
      return false;
    });
    return out;
  }();
  std::string val;
  require_ok(db->read(key, val));
  for (size_t n = 0; n < val.size(); ++n) {
    write(*db, [&](write_batch& out) { out.put(key, val.substr(0, n)); });
    auto result = read_stream(*db, run, 0, [](stream_item&&) { return true; });
    BOOST_TEST((result.code == errc::corruption));
    BOOST_TEST(result.message.find("run_stream") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
