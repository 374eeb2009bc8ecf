#define BOOST_TEST_MODULE command_line_test

#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

/// The command line against the daemon that it is made for.

using namespace quaero;
using namespace quaero::test;

namespace {

value json_of(const ended& x) {
  value out;
  std::string error;
  BOOST_REQUIRE_MESSAGE(parse_json(x.out, out, error), error << ": " << x.out);
  return out;
}

std::string work(int jobs, const std::string& more) {
  return "[step.work]\ntype = \"test_job_generator\"\nworker_count = "
         + std::to_string(jobs) + "\nchild_count = 0\nlog_delay_ms = 0\n"
         + more;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(what_only_looks_ends_well_on_a_fresh_daemon,
                        system_fixture) {
  start();
  for (const strings& words :
       {strings{"status"}, strings{"health"}, strings{"definitions", "list"},
        strings{"jobs", "list"}, strings{"jobs", "list", "--all"},
        strings{"documents", "list"}, strings{"top", "--once"}}) {
    auto x = cli(words);
    BOOST_TEST(x.exit == 0, words.front() << ": " << x.err);
    BOOST_TEST(!contains(x.out + x.err, "\x1b"), words.front());
  }
  auto top = json_of(cli({"top", "--once", "--json"}));
  BOOST_TEST(text_of(*top.find("status"), "state") == "idle");
}

BOOST_FIXTURE_TEST_CASE(a_list_has_every_job_once_however_many_pages,
                        system_fixture) {
  start();
  auto job
    = run_toml("many", work(1200, "log_count = 1\nfailure_rate = 0.1\n"));
  wait_over(job);
  auto listed = json_of(cli({"jobs", "list", "--all", "--json"}));
  auto jobs = items_of(listed, "jobs");
  BOOST_TEST(jobs.size() == 1202u); // with the run and its step
  std::set<std::string> ids;
  for (const auto& x : jobs)
    ids.insert(text_of(x, "id"));
  BOOST_TEST(ids.size() == jobs.size());
  auto few = cli({"jobs", "list", "--limit", "1"});
  BOOST_TEST(contains(few.out, job), few.out);
}
