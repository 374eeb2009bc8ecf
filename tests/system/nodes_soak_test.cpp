#define BOOST_TEST_MODULE nodes_soak_test

#include "tests/system/job_history.hpp"
#include "tests/system/soak.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>

/// A hub and three nodes under load, while everything that can go wrong does.
/// QUAERO_SOAK_MINUTES lets it go on for so long, with leases and pauses as in
/// production; QUAERO_SOAK_SEED says when what happens.

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

bool is_long() {
  return std::getenv("QUAERO_LONG_TESTS") != nullptr;
}

soak_plan asked_for() {
  soak_plan out;
  if (const char* seed = std::getenv("QUAERO_SOAK_SEED"))
    out.seed = std::strtoull(seed, nullptr, 10);
  const char* minutes = std::getenv("QUAERO_SOAK_MINUTES");
  if (minutes == nullptr)
    return out;
  const std::chrono::duration<double, std::ratio<60>> time{
    std::strtod(minutes, nullptr)};
  out.time = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  out.pauses = {5s, 20s, 60s};
  out.lease = "15s";
  out.gap_max = 10s;
  return out;
}

/// Each job of the runs and each of `jobs` has completed once.
void check_histories(const std::string& data_dir,
                     const std::vector<std::string>& jobs, size_t others) {
  const auto all = read_histories(data_dir);
  size_t work = 0;
  for (const auto& [id, x] : all) {
    if (x.type == "manager" || x.type == "step")
      continue;
    ++work;
    const auto wrong = completed_once(x);
    BOOST_TEST(wrong.empty(), id << ' ' << wrong);
  }
  for (const auto& id : jobs)
    BOOST_TEST(all.contains(id), id << " was acknowledged and is not there");
  BOOST_TEST(work == jobs.size() + others);
}

} // namespace

BOOST_AUTO_TEST_CASE(whatever_happens_to_hub_nodes_and_lines_each_job_is_done) {
  soak x{asked_for()};
  x.run();
  BOOST_TEST_MESSAGE(x.summary());
  BOOST_TEST(x.hub_mib_max() < 500u, x.summary());
  BOOST_TEST(x.node_mib_max() < 300u, x.summary());
  x.check_answers();
  x.check_database();
  check_histories(x.data_dir(), x.jobs(), x.jobs_of_runs());
}

BOOST_FIXTURE_TEST_CASE(a_slow_line_that_loses_costs_only_time, node_fixture) {
  // As in production: how long a renewal takes is part of what is looked at.
  start_hub({"--queue-lease", "15s"});
  tcp_proxy line{nodes_port};
  line.quality({.delay = 200ms, .jitter = 50ms, .loss_percent = 5});
  join("alpha", line.port(),
       {"--slots", "test_job_generator=50", "--labels", "far"});
  const auto run = start_run(400, 20, "far");
  BOOST_TEST(wait_over(run) == "completed");
  check_line_numbers(run);
  BOOST_TEST(int_of(row("alpha"), "finished") == 400);
  // Nobody has taken the line for a dead one.
  BOOST_TEST(line.connections() == 2u); // one of them to join
  check_database();
  check_histories(data_dir(), {}, 400);
}

BOOST_FIXTURE_TEST_CASE(a_hub_that_reads_nothing_takes_no_memory_of_its_nodes,
                        node_fixture) {
  start_hub(is_long() ? strings{"--queue-lease", "15s"} : strings{});
  join("alpha");
  leave_work_to_nodes();
  // Each job says 100,000 lines, as fast as it can.
  const auto run = run_toml("lines", "[step.a]\n"
                                     "type = \"test_job_generator\"\n"
                                     "worker_count = 40\nlog_count = 100000\n"
                                     "log_delay_ms = 0\nfailure_rate = 0.0\n"
                                     "child_count = 0\nrecursion_depth = 0\n");
  wait_until([&] { return int_of(row("alpha"), "running") > 10; });
  daemon().signal(SIGSTOP);
  size_t most = 0;
  const auto end
    = std::chrono::steady_clock::now() + (is_long() ? 60'000ms : 4000ms);
  while (std::chrono::steady_clock::now() < end && node("alpha").runs_for(20ms))
    most = std::max(most, resident_mib(node("alpha").pid()));
  daemon().signal(SIGCONT);
  BOOST_TEST(node("alpha").runs_for(0ms), node("alpha").err());
  BOOST_TEST(most < 400u);
  BOOST_TEST(cli({"jobs", "cancel", run}).exit == 0, daemon().err());
  wait_over(run);
  wait_state("alpha", "ready");
  check_database();
}
