#define BOOST_TEST_MODULE nodes_faults_test

#include "tests/support/tcp_proxy.hpp"
#include "tests/system/node_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>

/// Hubs and nodes under load, while one of them ends, stands still or cannot
/// reach the other. At the end each job has completed once. With
/// QUAERO_LONG_TESTS they take minutes: leases as in production, and nodes that
/// stand still for 5, 20 and 60 s.

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

bool is_long() {
  return std::getenv("QUAERO_LONG_TESTS") != nullptr;
}

struct fault_fixture : node_fixture {
  fault_fixture() { start_again(); }

  void start_again() {
    start_hub(is_long() ? strings{"--queue-lease", "15s"} : strings{});
  }

  /// A node that is busy with a run for longer than a fault takes.
  void join_small(const std::string& name, uint16_t port = 0) {
    join(name, port, {"--slots", "test_job_generator=8"});
  }

  /// Waits, and sees to it that all lives meanwhile.
  void stand_still(std::chrono::milliseconds x) {
    BOOST_TEST_REQUIRE(daemon().runs_for(x), daemon().err());
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_node_that_is_killed_loses_no_job, fault_fixture) {
  for (auto name : {"alpha", "beta", "gamma"})
    join_small(name);
  leave_work_to_nodes();
  const int jobs = 1000;
  const auto run = start_run(jobs, 50);
  for (auto name : {"alpha", "beta", "gamma"}) {
    const auto before = ended(run);
    wait_ended(run, std::min<int64_t>(before + 50, jobs));
    BOOST_TEST(stop_node(name, SIGKILL) == 128 + SIGKILL);
    start_node(name, {"--node"});
    wait_state(name, "ready");
  }
  check_once(run, jobs);
  check_line_numbers(run);
  check_database();
}

BOOST_FIXTURE_TEST_CASE(jobs_of_a_killed_node_run_elsewhere_before_a_lease_ends,
                        node_fixture) {
  start_hub({"--queue-lease", "10m"});
  join("alpha", 0, {"--slots", "test_job_generator=8"});
  leave_work_to_nodes();
  const auto run = start_run(8, 60'000);
  wait_until([&] { return int_of(row("alpha"), "running") >= 7; });
  join("beta", 0, {"--slots", "test_job_generator=8"});
  stop_node("alpha", SIGKILL);
  wait_until([&] { return int_of(row("beta"), "running") >= 7; });
  BOOST_TEST(cli({"jobs", "cancel", run}).exit == 0);
}

BOOST_FIXTURE_TEST_CASE(a_node_that_stands_still_loses_its_jobs_and_comes_back,
                        fault_fixture) {
  join_small("alpha");
  join_small("beta");
  leave_work_to_nodes();
  std::vector<std::chrono::milliseconds> pauses{1s, 6s};
  if (is_long())
    pauses = {5s, 20s, 60s};
  for (const auto pause : pauses) {
    const auto run = start_run(400, 100);
    wait_ended(run, 50);
    node("alpha").signal(SIGSTOP);
    stand_still(pause);
    node("alpha").signal(SIGCONT);
    BOOST_TEST(wait_over(run) == "completed");
    wait_state("alpha", "ready");
    wait_until([&] { return row("alpha").get_bool("connected") == true; });
    BOOST_TEST(ended(run) == 400);
  }
  check_database();
}

BOOST_FIXTURE_TEST_CASE(a_link_that_is_cut_stalled_or_slow_costs_only_time,
                        fault_fixture) {
  tcp_proxy line{nodes_port};
  join_small("alpha", line.port());
  leave_work_to_nodes();
  auto run = start_run(400, 20);
  for (int i = 0; i < 5; ++i) {
    const auto before = ended(run);
    wait_ended(run, std::min<int64_t>(before + 30, 400));
    line.cut(true);
    stand_still(20ms);
    line.cut(false);
  }
  check_once(run, 400);
  run = start_run(100, 20);
  wait_ended(run, 10);
  line.stall(true); // Longer than a connection may be silent.
  stand_still(is_long() ? 60s : 12s);
  line.stall(false);
  BOOST_TEST(wait_over(run) == "completed");
  line.delay(100ms);
  run = start_run(100, 20);
  BOOST_TEST(wait_over(run) == "completed");
  BOOST_TEST(ended(run) == 100);
  check_database();
}

BOOST_FIXTURE_TEST_CASE(a_node_that_was_cut_off_keeps_what_it_runs,
                        fault_fixture) {
  tcp_proxy line{nodes_port};
  join_small("alpha", line.port());
  leave_work_to_nodes();
  const auto run = start_run(5, 3000);
  wait_until([&] { return int_of(row("alpha"), "running") >= 4; });
  line.cut(true);
  wait_away("alpha");
  line.cut(false);
  wait_state("alpha", "ready");
  BOOST_TEST(wait_over(run) == "completed");
  int64_t attempts = 0;
  for (const auto& x : leaf_jobs(run))
    attempts += int_of(x, "attempt");
  BOOST_TEST(attempts == 5);
}

BOOST_FIXTURE_TEST_CASE(a_hub_that_is_killed_finds_its_nodes_at_work,
                        fault_fixture) {
  join_small("alpha");
  join_small("beta");
  leave_work_to_nodes();
  const auto run = start_run(60, 400);
  for (int i = 0; i < 3; ++i) {
    const auto before = ended(run);
    wait_ended(run, std::min<int64_t>(before + 5, 60));
    kill();
    start_again();
    wait_state("alpha", "ready");
    wait_state("beta", "ready");
  }
  check_once(run, 60);
  check_line_numbers(run);
  check_database();
}

BOOST_FIXTURE_TEST_CASE(a_hub_that_is_stopped_leaves_its_nodes_at_work,
                        fault_fixture) {
  join_small("alpha");
  leave_work_to_nodes();
  const auto run = start_run(6, 5000);
  wait_until([&] { return int_of(row("alpha"), "running") >= 5; });
  BOOST_TEST(stop(SIGTERM) == 0);
  start_again();
  BOOST_TEST(wait_over(run) == "completed");
  // Only what ran on the hub itself, or was not started, began again.
  int64_t attempts = 0;
  for (const auto& x : leaf_jobs(run))
    attempts += int_of(x, "attempt");
  BOOST_TEST(attempts <= 7);
}

BOOST_FIXTURE_TEST_CASE(a_node_that_reads_nothing_takes_no_memory,
                        fault_fixture) {
  tcp_proxy line{nodes_port};
  join_small("alpha", line.port());
  leave_work_to_nodes();
  const auto before = resident_mib(daemon().pid());
  line.stall(true);
  // More than can be on its way.
  const auto x = cli_reading(
    [] {
      std::string lines;
      for (int i = 0; i < 3000; ++i)
        lines += R"({"type":"noop","config":{"payload":")"
                 + std::string(10'000, 'x') + "\"}}\n";
      return lines;
    }(),
    {"enqueue", "--lines", "-"});
  BOOST_TEST(x.exit == 0, x.err);
  stand_still(is_long() ? 60s : 3s);
  BOOST_TEST(resident_mib(daemon().pid()) < before + 200);
  BOOST_TEST(resident_mib(node("alpha").pid()) < 200u);
  line.stall(false);
  wait_until(
    [&] { return int_of(get("/api/jobs/stats"), "completed_jobs") == 3000; });
}
