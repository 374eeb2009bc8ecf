#include "tests/actors/queue_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

new_job keyed(const std::string& name, const std::string& key) {
  auto x = named(name);
  x.unique_key = key;
  return x;
}

struct fixture : queue_fixture {
  fixture() { start(); }

  /// What the jobs became.
  enqueued make(std::vector<new_job> jobs) {
    auto wanted = make_request(std::move(jobs));
    auto done = ask(aut, atom::enqueue_v, wanted);
    BOOST_REQUIRE_MESSAGE(done.ok(), message_of(done.error));
    return wanted->made;
  }

  new_job expiring(const std::string& name, timestamp::duration after) {
    auto x = named(name);
    x.expires_at = clock.now() + after;
    return x;
  }

  bool stored(const job_id& id) const { return storage::has_job(*db, id); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(unique_keys, fixture)

BOOST_AUTO_TEST_CASE(a_second_job_with_the_key_is_the_first_one) {
  const auto first = make({keyed("1", "k"), named("2")});
  BOOST_TEST(first.existing.empty());
  const auto wanted = make_request({named("3"), keyed("4", "k")});
  const auto unused = wanted->jobs[1].id;
  ask(aut, atom::enqueue_v, wanted);
  BOOST_REQUIRE_EQUAL(wanted->made.existing.size(), 1u);
  BOOST_TEST(wanted->made.existing[0] == 1u);
  BOOST_CHECK(wanted->made.ids[1] == first.ids[0]);
  BOOST_TEST(stored(first.ids[0]));
  BOOST_TEST(!stored(unused));
  BOOST_TEST(entries().size() == 3u);
}

BOOST_AUTO_TEST_CASE(keys_of_one_request_collide_too) {
  const auto made = make({keyed("1", "k"), keyed("2", "k"), keyed("3", "l")});
  BOOST_REQUIRE_EQUAL(made.existing.size(), 1u);
  BOOST_CHECK(made.ids[0] == made.ids[1]);
  BOOST_CHECK(made.ids[0] != made.ids[2]);
  BOOST_TEST(commits.back()->made.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_key_is_free_when_its_job_is_terminal) {
  auto& pool = attach(1);
  const auto first = make({keyed("1", "k")});
  hold = true;
  report(pool.assigned[0]);
  const auto meanwhile = make_request({keyed("2", "k")});
  request(aut, atom::enqueue_v, meanwhile);
  settle();
  hold = false;
  release_commits();
  BOOST_CHECK(meanwhile->made.ids[0] == first.ids[0]);
  const auto next = make({keyed("3", "k")});
  BOOST_TEST(next.existing.empty());
  BOOST_CHECK(next.ids[0] != first.ids[0]);
}

BOOST_AUTO_TEST_CASE(a_key_holds_while_its_job_waits_for_a_retry) {
  auto& pool = attach(1);
  const auto first = make({keyed("1", "k")});
  report(pool.assigned[0], job_outcome::failure("no"),
         [&](job_report& x) { x.retry_at = clock.now() + 1h; });
  BOOST_CHECK(make({keyed("2", "k")}).ids[0] == first.ids[0]);
}

BOOST_AUTO_TEST_CASE(keys_are_known_after_a_restart) {
  auto& pool = attach(1);
  const auto first = make({keyed("1", "k"), keyed("2", "l")});
  report(pool.assigned[0], job_outcome::failure("no"),
         [&](job_report& x) { x.retry_at = clock.now() + 1h; });
  restart();
  BOOST_CHECK(make({keyed("3", "k")}).ids[0] == first.ids[0]);
  BOOST_CHECK(make({keyed("3", "l")}).ids[0] == first.ids[1]);
}

BOOST_AUTO_TEST_CASE(a_child_whose_key_is_taken_is_not_made) {
  auto& pool = attach(5);
  const auto run = new_run();
  enqueue({keyed("1", "k"), named("2")}, run);
  report(pool.assigned[1], job_outcome::ok(), [](job_report& x) {
    x.children = {keyed("3", "k"), keyed("4", "l"), keyed("5", "l")};
  });
  BOOST_TEST(names(pool) == "1 2 4");
  BOOST_TEST(entries().size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_added_to_the_commit_knows_the_ids) {
  const auto first = make({keyed("1", "k")});
  auto wanted = make_request({keyed("2", "k"), named("3")});
  wanted->also = [](storage::write_batch& out, const enqueued& x) {
    out.put("z", to_string(x.ids[0]) + std::to_string(x.existing.size()));
  };
  ask(aut, atom::enqueue_v, wanted);
  std::string found;
  BOOST_REQUIRE(db->read("z", found).ok());
  BOOST_TEST(found == to_string(first.ids[0]) + "1");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(expiry, fixture)

BOOST_AUTO_TEST_CASE(a_job_that_still_waits_fails_when_its_time_is_over) {
  auto later = expiring("2", 10s);
  later.run_at = clock.now() + 5s;
  const auto jobs = enqueue({expiring("1", 10s), later, named("3")});
  advance(9999ms);
  BOOST_CHECK(state(jobs[0]).status == job_status::pending);
  advance(2ms);
  for (size_t i : {0u, 1u}) {
    BOOST_CHECK(state(jobs[i]).status == job_status::failed);
    BOOST_TEST(state(jobs[i]).error == "expired");
  }
  auto& pool = attach(5);
  BOOST_TEST(names(pool) == "3");
  BOOST_TEST(entries().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_job_that_runs_is_not_stopped) {
  auto& pool = attach(1);
  const auto jobs = enqueue({expiring("1", 10s)});
  advance(20s);
  BOOST_TEST(events(jobs[0]).empty());
  report(pool.assigned[0]);
  BOOST_CHECK(state(jobs[0]).status == job_status::completed);
}

BOOST_AUTO_TEST_CASE(a_job_that_waits_for_a_retry_expires) {
  auto& pool = attach(1);
  const auto jobs = enqueue({expiring("1", 10s)});
  report(pool.assigned[0], job_outcome::failure("no"),
         [&](job_report& x) { x.retry_at = clock.now() + 1h; });
  advance(10s + 2ms);
  BOOST_CHECK(state(jobs[0]).status == job_status::failed);
  BOOST_TEST(state(jobs[0]).error == "expired");
}

BOOST_AUTO_TEST_CASE(a_job_expires_while_the_daemon_is_away) {
  const auto jobs = enqueue({expiring("1", 10s), expiring("2", 1h)});
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  advance(20s);
  restart();
  attach(5);
  BOOST_CHECK(state(jobs[0]).status == job_status::failed);
  BOOST_TEST(names(pools.front()) == "2");
}

BOOST_AUTO_TEST_CASE(a_step_counts_its_expired_jobs_as_failed) {
  const auto run = new_run();
  enqueue({expiring("1", 1s)}, run);
  advance(2s);
  BOOST_TEST(entries().empty());
  BOOST_TEST(ask(aut, atom::cancel_v, run.manager).ok());
}

BOOST_AUTO_TEST_SUITE_END()
