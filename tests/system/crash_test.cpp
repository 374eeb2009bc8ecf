#define BOOST_TEST_MODULE crash_test

#include "tests/support/site_server.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <set>

using namespace quaero;
using namespace quaero::test;

namespace {

// 3 jobs with 2 children each, which have 1 each; enough time to be killed.
const std::string fifteen_jobs
  = "[step.work]\ntype = \"test_job_generator\"\nworker_count = 3\n"
    "failure_rate = 0\nchild_count = 2\nrecursion_depth = 2\nlog_count = 20\n"
    "log_delay_ms = 10\n";

// 1 + 4 + 4 * 2 + 4 * 2 * 1 jobs from each of 10.
const std::string many_jobs
  = "[step.work]\ntype = \"test_job_generator\"\nworker_count = 10\n"
    "failure_rate = 0\nchild_count = 4\nrecursion_depth = 3\nlog_count = 40\n"
    "log_delay_ms = 5\n[step.after]\ntype = \"noop\"\ndepends = \"work\"\n";

// Kills the daemon each time that so many jobs more are completed.
size_t kill_every(system_fixture& x, int64_t jobs, int64_t total,
                  const strings& flags = {}) {
  size_t kills = 0;
  for (int64_t aim = 0; aim < total; aim += jobs) {
    x.wait_until(
      [&] { return x.number("/api/jobs/stats", "completed_jobs") >= aim; });
    x.kill();
    x.start(flags);
    ++kills;
  }
  return kills;
}

void check_completed(const system_fixture& x, const std::string& job,
                     size_t jobs) {
  BOOST_TEST(x.wait_over(job) == "completed");
  auto found = x.leaf_jobs(job);
  BOOST_TEST(found.size() == jobs);
  for (const auto& one : found) {
    BOOST_TEST(text_of(one, "status") == "completed",
               text_of(one, "name") << ": " << text_of(one, "error"));
    BOOST_TEST(text_of(one, "finished_at") != "");
  }
  x.check_over(job);
  x.check_line_numbers(job);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_kill_right_after_the_start_of_a_run_loses_nothing,
                        system_fixture) {
  start();
  auto job = run_toml("tree", fifteen_jobs);
  kill();
  start();
  check_completed(*this, job, 15);
}

BOOST_FIXTURE_TEST_CASE(kills_in_between_lose_no_job_and_double_none,
                        system_fixture) {
  const strings few{"--workers-test-job-generator-slots", "3"};
  start(few);
  auto job = run_toml("tree", fifteen_jobs);
  BOOST_TEST(kill_every(*this, 2, 15, few) == 8u);
  check_completed(*this, job, 15);
}

BOOST_FIXTURE_TEST_CASE(kills_of_a_large_tree_lose_no_job_and_double_none,
                        system_fixture) {
  const strings some{"--workers-test-job-generator-slots", "16"};
  start(some);
  auto job = run_toml("forest", many_jobs);
  kill_every(*this, 35, 210, some);
  check_completed(*this, job, 10 * (1 + 4 + 4 * 2 + 4 * 2 * 1) + 1);
}

BOOST_FIXTURE_TEST_CASE(a_kill_while_a_start_recovers_does_no_harm,
                        system_fixture) {
  start();
  auto job = run_toml("tree", fifteen_jobs);
  wait_until([&] { return number("/api/jobs/stats", "running_jobs") > 3; });
  for (int i = 0; i < 3; ++i) {
    kill();
    start();
  }
  check_completed(*this, job, 15);
}

BOOST_FIXTURE_TEST_CASE(a_cancelled_run_stays_cancelled_after_a_kill,
                        system_fixture) {
  const strings few{"--workers-test-job-generator-slots", "2"};
  start(few);
  auto job = run_toml("tree", many_jobs);
  wait_until([&] { return number("/api/jobs/stats", "completed_jobs") > 3; });
  BOOST_TEST(cli({"jobs", "cancel", job}).exit == 0);
  kill();
  start(few);
  BOOST_TEST(wait_over(job) == "cancelled");
  check_over(job);
  check_line_numbers(job);
}

BOOST_FIXTURE_TEST_CASE(kills_during_a_crawl_lose_no_page_and_double_none,
                        system_fixture) {
  site_server server;
  auto site = generate_site(server, 500);
  start();
  auto job = run_toml("site", "[step.crawl]\ntype = \"crawler\"\nstart_urls = "
                              "[\""
                                + site.start
                                + "\"]\nmax_depth = 20\n"
                                  "max_pages = 2000\nrate_limit = 0\n"
                                  "concurrency = 8\non_error = \"continue\"\n");
  kill_every(*this, 100, 500);
  BOOST_TEST(wait_over(job) == "completed");
  check_over(job);
  check_line_numbers(job);
  std::set<std::string> stored;
  for (const auto& x : documents())
    BOOST_TEST(stored.insert(text_of(x, "url")).second, text_of(x, "url"));
  const std::set<std::string> wanted(site.pages.begin(), site.pages.end());
  BOOST_TEST(stored == wanted, boost::test_tools::per_element());
}
