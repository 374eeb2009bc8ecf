#include "tests/actors/queue_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : queue_fixture {
  fixture() { start(); }
};

job_outcome failure() {
  return job_outcome::failure("no luck");
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(queue_order, fixture)

BOOST_AUTO_TEST_CASE(jobs_go_out_in_the_order_in_which_they_came) {
  auto& pool = attach(10);
  enqueue(3);
  enqueue({named("a"), named("b")});
  BOOST_TEST(names(pool) == "1 2 3 a b");
}

BOOST_AUTO_TEST_CASE(an_urgent_job_overtakes_those_that_wait) {
  enqueue(
    {named("a"), named("b", 9), named("c", 0), named("d"), named("e", 0)});
  auto& pool = attach(10);
  BOOST_TEST(names(pool) == "c e a d b");
}

BOOST_AUTO_TEST_CASE(a_job_waits_for_a_pool_of_its_type) {
  enqueue(1);
  auto& other = attach(10, "other");
  BOOST_TEST(other.assigned.empty());
  BOOST_TEST(stats().ready == 1u);
}

BOOST_AUTO_TEST_CASE(a_pool_never_gets_more_than_its_free_slots) {
  auto& pool = attach(2);
  enqueue(5);
  BOOST_TEST(names(pool) == "1 2");
  BOOST_TEST(stats().ready == 3u);
  BOOST_TEST(stats().leased == 2u);
  report(pool.assigned[1]);
  BOOST_TEST(names(pool) == "1 2 3");
  report(pool.assigned[0]);
  report(pool.assigned[2]);
  BOOST_TEST(names(pool) == "1 2 3 4 5");
  report(pool.assigned[3]);
  report(pool.assigned[4]);
  BOOST_TEST(stats().leased == 0u);
  BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(pools_of_one_type_share_its_jobs) {
  auto& a = attach(2);
  auto& b = attach(3);
  enqueue(10);
  BOOST_TEST(a.assigned.size() == 2u);
  BOOST_TEST(b.assigned.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_slot_is_not_free_before_the_report_is_committed) {
  auto& pool = attach(1);
  enqueue(2);
  hold = true;
  report(pool.assigned[0]);
  BOOST_TEST(pool.assigned.size() == 1u);
  release_commits();
  BOOST_TEST(pool.assigned.size() == 2u);
}

BOOST_AUTO_TEST_CASE(no_job_goes_out_and_no_answer_comes_before_the_commit) {
  auto& pool = attach(1);
  hold = true;
  auto done = request(aut, atom::enqueue_v, make_request({named("a")}));
  settle();
  BOOST_TEST(pool.assigned.empty());
  BOOST_TEST(!done->done);
  release_commits();
  BOOST_TEST(pool.assigned.size() == 1u);
  BOOST_TEST(done->ok());
}

BOOST_AUTO_TEST_CASE(requests_gather_while_commits_are_under_way) {
  hold = true;
  for (int i = 0; i < 10; ++i) {
    request(aut, atom::enqueue_v, make_request({named("a")}));
    settle();
  }
  BOOST_TEST(commits.size() == config.commits_in_flight_max);
  hold = false;
  release_commits();
  BOOST_TEST(commits.size() == config.commits_in_flight_max + 1);
  BOOST_TEST(stats().ready == 10u);
}

BOOST_AUTO_TEST_CASE(the_strongest_durability_asked_for_holds_for_the_commit) {
  auto weak = make_request({named("a")});
  weak->level = durability::buffered;
  ask(aut, atom::enqueue_v, weak);
  BOOST_CHECK(commits.back()->level == durability::buffered);
  auto strong = make_request({named("b")});
  strong->level = durability::each;
  request(aut, atom::enqueue_v, make_request({named("c")}));
  request(aut, atom::enqueue_v, strong);
  settle();
  BOOST_CHECK(commits.back()->level == durability::each);
  BOOST_TEST(commits.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_and_takes_again_when_there_is_room) {
  config.length_max = 3;
  start();
  auto& pool = attach(1);
  enqueue(3);
  auto refused = ask(aut, atom::enqueue_v, make_request({named("x")}));
  BOOST_TEST(is_error(refused.error, ec::limit_reached, "length_max"));
  BOOST_TEST(entries().size() == 3u);
  report(pool.assigned[0]);
  BOOST_TEST(ask(aut, atom::enqueue_v, make_request({named("x")})).ok());
}

BOOST_AUTO_TEST_CASE(of_a_block_each_request_is_taken_or_refused_as_if_alone) {
  config.length_max = 3;
  start();
  enqueue(1);
  const auto fits = make_request({named("a")});
  const auto large = make_request({named("b"), named("c")});
  const auto last = make_request({named("d")});
  hold = true;
  auto answer
    = request(aut, atom::enqueue_v, enqueue_block{{fits, large, last}});
  settle();
  BOOST_TEST(!answer->done);
  hold = false;
  release_commits();
  BOOST_TEST(answer->ok());
  BOOST_TEST(!fits->refused);
  BOOST_TEST(is_error(large->refused, ec::limit_reached, "length_max"));
  BOOST_TEST(large->made.ids.empty());
  BOOST_TEST(!last->refused);
  BOOST_TEST(entries().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_limit_of_nothing_is_refused) {
  config.length_max = 0;
  start();
  BOOST_TEST(!ask(aut, atom::enqueue_v, make_request({named("x")})).ok());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(queue_delays, fixture)

BOOST_AUTO_TEST_CASE(a_delayed_job_starts_at_its_time_and_not_before) {
  auto& pool = attach(1);
  auto later = named("later");
  later.run_at = clock.now() + 10s;
  enqueue({later});
  BOOST_TEST(stats().delayed == 1u);
  advance(9999ms);
  BOOST_TEST(pool.assigned.empty());
  advance(2ms);
  BOOST_TEST(pool.assigned.size() == 1u);
  BOOST_TEST(stats().delayed == 0u);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_due_earlier_wakes_the_queue_earlier) {
  auto& pool = attach(2);
  for (int s : {30, 10, 20}) {
    auto x = named(std::to_string(s));
    x.run_at = clock.now() + std::chrono::seconds{s};
    enqueue({x});
  }
  for (int i = 0; i < 2; ++i) {
    advance(10001ms);
    BOOST_TEST(names(pool) == (i == 0 ? "10" : "10 20"));
  }
}

BOOST_AUTO_TEST_CASE(a_failed_job_is_tried_again_when_its_wait_is_over) {
  auto& pool = attach(1);
  const auto id = enqueue(1)[0];
  report(pool.assigned[0], failure(),
         [&](job_report& x) { x.retry_at = clock.now() + 5s; });
  BOOST_TEST(stats().delayed == 1u);
  BOOST_REQUIRE(entries().size() == 1u);
  BOOST_TEST(entries()[0].key.lane == storage::delayed_lane);
  BOOST_TEST(entries()[0].attempt == 1u);
  advance(5001ms);
  BOOST_REQUIRE(pool.assigned.size() == 2u);
  BOOST_TEST(pool.assigned[1].attempt == 2u);
  BOOST_TEST(pool.assigned[1].epoch > pool.assigned[0].epoch);
  BOOST_CHECK(pool.assigned[1].job.id == id);
  report(pool.assigned[1]);
  BOOST_CHECK(state(id).status == job_status::completed);
  BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(attempts_are_counted_when_their_start_is_not_logged) {
  auto& pool = attach(1);
  enqueue(1);
  for (uint32_t attempt = 1; attempt <= 4; ++attempt) {
    BOOST_REQUIRE(pool.assigned.size() == attempt);
    BOOST_TEST(pool.assigned.back().attempt == attempt);
    report(pool.assigned.back(), failure(),
           [&](job_report& x) { x.retry_at = clock.now(); });
  }
}

BOOST_AUTO_TEST_CASE(records_that_are_not_in_memory_are_read_when_needed) {
  config.resident_bytes_max = 0;
  start();
  auto x = named("a");
  x.config = R"({"n":1})";
  enqueue({x, named("b", 0), named("c")});
  auto& pool = attach(2);
  BOOST_TEST(names(pool) == "b a");
  BOOST_TEST(pool.assigned[1].job.config == R"({"n":1})");
  report(pool.assigned[0]);
  report(pool.assigned[1]);
  report(pool.assigned.back());
  BOOST_TEST(names(pool) == "b a c");
  BOOST_TEST(entries().empty());
  BOOST_TEST(stats().leased == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(queue_reports, fixture)

BOOST_AUTO_TEST_CASE(a_report_of_an_older_epoch_is_refused) {
  auto& pool = attach(1);
  const auto id = enqueue(1)[0];
  auto old = pool.assigned[0];
  old.epoch -= 1;
  report(old, failure());
  BOOST_TEST(stats().leased == 1u);
  BOOST_TEST(events(id).empty());
  report(pool.assigned[0]);
  BOOST_CHECK(state(id).status == job_status::completed);
}

BOOST_AUTO_TEST_CASE(a_report_that_comes_twice_counts_once) {
  auto& pool = attach(1);
  const auto id = enqueue(1)[0];
  hold = true;
  report(pool.assigned[0]);
  report(pool.assigned[0], failure());
  hold = false;
  release_commits();
  report(pool.assigned[0], failure());
  BOOST_CHECK(state(id).status == job_status::completed);
  BOOST_TEST(events(id).size() == 1u);
  auto how = ask<actor_status>(aut, atom::status_v).value;
  BOOST_TEST(how.numbers.back().first == "refused_reports");
  BOOST_TEST(how.numbers.back().second == 2);
}

BOOST_AUTO_TEST_CASE(a_pool_that_ends_gives_its_jobs_back_with_a_larger_epoch) {
  auto& dying = attach(2);
  enqueue(2);
  const auto old = dying.assigned;
  for (const auto& x : old)
    store_start(x);
  caf::anon_send_exit(dying.handle, caf::exit_reason::kill);
  settle();
  auto& next = attach(2);
  BOOST_REQUIRE(next.assigned.size() == 2u);
  for (const auto& x : next.assigned) {
    BOOST_TEST(x.epoch > old[1].epoch);
    BOOST_TEST(x.attempt == 2u);
  }
  report(old[0], failure());
  BOOST_TEST(stats().leased == 2u);
  report(next.assigned[0]);
  report(next.assigned[1]);
  BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(an_end_its_children_and_its_documents_are_one_write) {
  auto& pool = attach(1);
  const auto place = new_run();
  const auto id = enqueue(1, place)[0];
  const auto before = keys();
  const auto writes = db->writes();
  const auto leave = [](job_report& x) {
    x.children = {named("child 1"), named("child 2")};
    document page;
    page.source_type = "web";
    page.source_id = "s";
    x.documents = {page};
  };
  db->fail_write(1, {storage::errc::io_error, "disk on fire"});
  report(pool.assigned[0], job_outcome::ok(), leave);
  BOOST_TEST(keys() == before);
  db->heal();
  restart();
  auto& next = attach(1);
  report(next.assigned[0], job_outcome::ok(), leave);
  BOOST_TEST(db->writes() == writes + 2);
  BOOST_CHECK(state(id).status == job_status::completed);
  BOOST_TEST(state(id).children.documents == 1u);
  BOOST_TEST(names(next) == "1 child 1");
  std::vector<job_id> made;
  BOOST_TEST(storage::read_children(*db, place.step, {}, 10, made).ok());
  BOOST_TEST(made.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_document_without_a_source_fails_its_job_for_good) {
  auto& pool = attach(1);
  const auto id = enqueue(1)[0];
  report(pool.assigned[0], job_outcome::ok(),
         [](job_report& x) { x.documents.resize(1); });
  BOOST_CHECK(state(id).status == job_status::failed);
  BOOST_TEST(state(id).error.find("source_id") != std::string::npos);
  BOOST_TEST(stats().leased == 0u);
}

BOOST_AUTO_TEST_CASE(a_failed_commit_ends_the_queue) {
  db->fail_write(1, {storage::errc::io_error, "disk on fire"});
  auto lost = ask(aut, atom::enqueue_v, make_request({named("a")}));
  BOOST_TEST(is_error(lost.error, ec::storage_failed));
  BOOST_TEST(!ask<queue_status>(aut, atom::stats_v).ok());
}

BOOST_AUTO_TEST_SUITE_END()
