#include "storage/job_scan.hpp"
#include "tests/support/actor_runtime.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// A run of every kind of change: jobs with children, documents, lines, a
/// retry, a failure, a step behind, one that is skipped.
struct fixture : runtime_fixture {
  fixture() {
    settings.queue.head_lag_max = 1;
    kind(jobs_type).slots = 3;
    kind(jobs_type).create = [](const step_context& x) {
      step_output out;
      out.jobs = make_new_jobs(4, x.definition.name + "-");
      for (auto& job : out.jobs)
        job.retry = {2, 1s, 1s, 0.0};
      return out;
    };
    kind(jobs_type).execute = work;
  }

  static std::optional<job_outcome> work(job_context& x) {
    const auto& name = x.job().name;
    x.log(log_level::info, "working");
    if (name == "a-1")
      for (const auto& child : make_new_jobs(2, "child"))
        x.spawn(child);
    document page;
    page.source_type = "web";
    page.source_id = name;
    x.save(page);
    if (name == "a-2" && x.attempt() == 1)
      return job_outcome::failure("not yet");
    if (name == "a-3")
      return job_outcome::failure("never", false);
    return job_outcome::ok();
  }

  static job_definition definition() {
    return make_definition("d", {make_step("a"), make_step("b", {"a"}),
                                 make_step("bad", {}, "summary"),
                                 make_step("skipped", {"bad"})});
  }

  void go_on() {
    for (int i = 0; i < 6; ++i)
      advance(1s);
  }

  /// Runs the definition with the n-th write failing.
  /// @returns whether it was reached.
  bool run_with_crash(uint64_t n, bool power_loss) {
    db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
    request<bool>(rt->dispatcher, atom::put_v, definition());
    settle();
    auto started = request<run_started>(rt->dispatcher, atom::execute_v,
                                        run_request{"d", {}, {}});
    settle();
    go_on();
    const bool reached = !ask<actor_status>(rt->store, atom::status_v).ok();
    const bool accepted = started->ok();
    crash();
    db->heal();
    if (power_loss)
      BOOST_REQUIRE(db->power_loss().ok());
    const auto runs = start();
    BOOST_REQUIRE(runs.has_value());
    check_database();
    BOOST_TEST(*runs <= 1u);
    go_on();
    if (accepted)
      BOOST_TEST(totals().roots == 1u, "an accepted run is lost");
    return reached;
  }

  void check_result() {
    std::vector<job_id> roots;
    BOOST_REQUIRE(storage::read_roots(*db, {}, 10, roots).ok());
    if (roots.empty()) // the start was not accepted
      return;
    const auto state = view(roots[0]).state;
    BOOST_CHECK(state.status == job_status::completed);
    BOOST_TEST(state.children.completed == 9u);
    BOOST_TEST(state.children.failed == 1u);
    BOOST_TEST(totals().documents == 10u);
    BOOST_TEST(children(step_of(roots[0], "a").job.id).size() == 6u);
    BOOST_TEST(children(step_of(roots[0], "b").job.id).size() == 4u);
    BOOST_CHECK(step_of(roots[0], "skipped").state.status
                == job_status::skipped);
  }
};

/// One database for each place to fail at.
uint64_t crash_everywhere(bool power_loss) {
  for (uint64_t n = 1;; ++n) {
    BOOST_TEST_CONTEXT("write " << n << " fails") {
      fixture x;
      x.start();
      const bool reached = x.run_with_crash(n, power_loss);
      x.check_result();
      x.check_over();
      if (!reached)
        return n - 1;
    }
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(crashes)

BOOST_AUTO_TEST_CASE(a_run_ends_right_whichever_write_was_its_last) {
  BOOST_TEST(crash_everywhere(false) > 10u);
}

BOOST_AUTO_TEST_CASE(a_run_ends_right_after_losing_what_was_not_synced) {
  BOOST_TEST(crash_everywhere(true) > 10u);
}

BOOST_AUTO_TEST_CASE(a_second_crash_while_going_on_changes_nothing) {
  for (uint64_t second = 1; second <= 8; ++second)
    for (uint64_t first = 3; first <= 18; first += 5) {
      BOOST_TEST_CONTEXT("writes " << first << " and " << second) {
        fixture x;
        x.start();
        x.request<bool>(x.rt->dispatcher, atom::put_v, fixture::definition());
        x.settle();
        x.db->fail_writes_from(first, {storage::errc::io_error, "gone"});
        x.request<run_started>(x.rt->dispatcher, atom::execute_v,
                               run_request{"d", {}, {}});
        x.settle();
        x.go_on();
        x.crash();
        x.db->heal();
        x.db->fail_writes_from(second, {storage::errc::io_error, "gone"});
        x.start();
        x.go_on();
        x.crash();
        x.db->heal();
        BOOST_REQUIRE(x.start().has_value());
        x.go_on();
        x.check_result();
        x.check_over();
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
