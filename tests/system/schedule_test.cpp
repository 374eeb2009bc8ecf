#define BOOST_TEST_MODULE schedule_test

#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

namespace {

// A second or two, enough to be killed.
const std::string head
  = "id = \"starter\"\nname = \"Starter\"\nauto_start = true\n"
    "schedule = \"30 2 * * *\"\ntime_zone = \"Europe/Berlin\"\n";
const std::string slow_step
  = "[step.work]\ntype = \"test_job_generator\"\nworker_count = 3\n"
    "failure_rate = 0\nchild_count = 0\nlog_count = 100\nlog_delay_ms = 10\n";

std::vector<value> runs_of(const system_fixture& x) {
  return x.all("/api/jobs?parent_id=root", "jobs");
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_run_of_the_daemons_start_survives_kills,
                        system_fixture) {
  start();
  apply(head + slow_step);
  BOOST_TEST(runs_of(*this).empty());
  kill();
  start();
  wait_until([&] { return runs_of(*this).size() == 1; });
  const auto first = text_of(runs_of(*this)[0], "id");
  kill(); // while it goes on
  start();
  BOOST_TEST(wait_over(first) == "completed");
  BOOST_TEST(runs_of(*this).size() == 1u);
  check_over(first);
  kill();
  start();
  wait_until([&] { return runs_of(*this).size() == 2; });
  for (const auto& run : runs_of(*this))
    BOOST_TEST(wait_over(text_of(run, "id")) == "completed");
}

BOOST_FIXTURE_TEST_CASE(what_comes_is_shown_in_local_time, system_fixture) {
  start();
  apply(head + slow_step);
  const auto page = get("/api/scheduler");
  BOOST_TEST(*page.get_bool("firing"));
  const auto& one = items_of(page, "schedules").at(0);
  BOOST_TEST(text_of(one, "time_zone") == "Europe/Berlin");
  const auto& local = items_of(one, "next_runs_local");
  BOOST_REQUIRE(local.size() == 5u);
  BOOST_TEST(contains(local[0].as_string(), "T0"));
  const auto shown = get("/api/job-definitions/starter");
  BOOST_TEST(text_of(shown, "next_run")
             == items_of(one, "next_runs").at(0).as_string());
  BOOST_TEST(contains(cli({"scheduler"}).out, "Europe/Berlin"));
}
