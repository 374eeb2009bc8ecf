#include "actors/log_collector.hpp"

#include "actors/store_actor.hpp"
#include "storage/fault_store.hpp"
#include "storage/memory_store.hpp"
#include "tests/support/fixture.hpp"

using namespace quaero;

namespace {

struct fixture : test::deterministic {
  std::shared_ptr<storage::fault_store> db
    = std::make_shared<storage::fault_store>(
      std::make_unique<storage::memory_store>());
  std::vector<event_block_ptr> seen;
  event_sink_actor sink = spawn_sink(seen);
  id_generator ids{clock, 1};
  job_id owner = ids.next();
  job_id other = ids.next();
  log_collector_actor aut;

  fixture() { start(); }
  ~fixture() { end_actors(); }

  void start(size_t message_bytes_max = 64) {
    auto writer = own(store_actor{sys.spawn(store, store_config{}, db)});
    aut = own(sys.spawn(log_collector,
                        log_collector_config{message_bytes_max, {}}, db, writer,
                        sink));
    settle();
  }

  static log_line line(const job_id& of, log_level level, std::string text) {
    return {of, of, {}, level, log_origin::worker, {}, std::move(text)};
  }

  commit_ptr change(std::vector<log_line> lines) {
    auto x = std::make_shared<commit>();
    x->lines = std::move(lines);
    return x;
  }

  void say(const job_id& of, log_level level, const std::string& text = "x") {
    auto done = ask(aut, atom::commit_v, change({line(of, level, text)}));
    BOOST_TEST(done.ok());
  }

  std::vector<log_entry> stored(const job_id& of) const {
    storage::log_query query;
    query.level = log_level::debug;
    std::vector<log_entry> out;
    BOOST_TEST(storage::read_log(*db, of, query, out).ok());
    return out;
  }
};

std::vector<uint64_t> numbers(const std::vector<log_entry>& lines) {
  std::vector<uint64_t> out;
  for (const auto& x : lines)
    out.push_back(x.line_number());
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(log_collector_tests, fixture)

BOOST_AUTO_TEST_CASE(line_numbers_have_no_gap_and_debug_shares_one) {
  say(owner, log_level::info);
  say(owner, log_level::debug);
  say(other, log_level::error);
  say(owner, log_level::warn);
  say(owner, log_level::error);
  const std::vector<uint64_t> mine{1, 1, 2, 3};
  BOOST_TEST(numbers(stored(owner)) == mine, boost::test_tools::per_element());
  BOOST_TEST(stored(other)[0].line_number() == 1u);
  BOOST_TEST(stored(owner)[3].index == 4u);
  BOOST_TEST(stored(owner)[3].sequence == 5u);
  BOOST_TEST(stored(owner)[3].totals[0] == 1u);
}

BOOST_AUTO_TEST_CASE(numbers_go_on_where_they_were_after_a_restart) {
  say(owner, log_level::info);
  say(owner, log_level::warn);
  end_actors();
  sink = spawn_sink(seen);
  start();
  say(owner, log_level::info);
  BOOST_REQUIRE(stored(owner).size() == 3u);
  BOOST_TEST(stored(owner)[2].line_number() == 3u);
  BOOST_TEST(stored(owner)[2].sequence == 3u);
}

BOOST_AUTO_TEST_CASE(numbers_go_on_after_their_owner_was_forgotten) {
  say(owner, log_level::info);
  tell(aut, atom::forget_v, owner);
  say(owner, log_level::info);
  BOOST_TEST(stored(owner).back().line_number() == 2u);
}

BOOST_AUTO_TEST_CASE(totals_are_stored_with_the_change_they_count) {
  auto x = change({});
  queue_job job;
  job.type = "t";
  for (uint64_t i = 0; i < 3; ++i) {
    job.id = i == 0 ? owner : ids.next();
    x->add_job(job);
  }
  x->documents = 2;
  job_event moved;
  moved.id = owner;
  moved.status = job_status::running;
  job.id = owner;
  x->add_event(1, moved, job_status::pending, job);
  BOOST_TEST(ask(aut, atom::commit_v, x).ok());
  storage::totals stored_totals;
  BOOST_TEST(storage::read_totals(*db, stored_totals).ok());
  BOOST_TEST(stored_totals.jobs[0] == 2u);
  BOOST_TEST(stored_totals.jobs[1] == 1u);
  BOOST_TEST(stored_totals.documents == 2u);
  storage::state_counts counts{};
  BOOST_TEST(
    storage::read_job_counts(*db, storage::facet::type, "t", counts).ok());
  BOOST_TEST(counts[0] == 2u);
  BOOST_TEST(counts[1] == 1u);
  auto running = ask<id_list>(aut, atom::list_v);
  BOOST_CHECK(running.value.ids == std::vector{owner});
  BOOST_CHECK(ask<storage::totals>(aut, atom::stats_v).value == stored_totals);
}

BOOST_AUTO_TEST_CASE(what_is_published_comes_in_the_order_of_the_commits) {
  for (int i = 0; i < 5; ++i)
    request(aut, atom::commit_v,
            change({line(owner, log_level::info, std::to_string(i))}));
  settle();
  BOOST_REQUIRE(seen.size() == 5u);
  for (size_t i = 0; i < seen.size(); ++i) {
    BOOST_TEST(seen[i]->lines[0].line.message == std::to_string(i));
    BOOST_TEST(seen[i]->lines[0].sequence == i + 1);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_committed_is_not_published) {
  db->fail_writes_from(1, {storage::errc::io_error, "disk on fire"});
  auto lost
    = ask(aut, atom::commit_v, change({line(owner, log_level::info, "x")}));
  BOOST_TEST(test::is_error(lost.error, ec::storage_failed));
  BOOST_TEST(seen.empty());
}

BOOST_AUTO_TEST_CASE(a_long_message_is_cut_between_characters) {
  say(owner, log_level::info, std::string(64, 'a'));
  say(owner, log_level::info, std::string(63, 'a') + "\xC3\xA4");
  const auto lines = stored(owner);
  BOOST_TEST(lines[0].line.message == std::string(64, 'a'));
  BOOST_TEST(lines[1].line.message == std::string(63, 'a') + " [cut]");
}

BOOST_AUTO_TEST_CASE(a_message_that_is_no_text_is_made_one) {
  say(owner, log_level::info, "bad \xFF byte");
  const auto text = stored(owner)[0].line.message;
  BOOST_TEST(text.find('\xFF') == std::string::npos);
  BOOST_TEST(text.find("bad ") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
