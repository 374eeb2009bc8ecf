#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

/// What the definitions of definitions/examples and the generator of test jobs
/// promise.

using namespace quaero;
using namespace quaero::test;

namespace {

std::string generator(const std::string& settings) {
  return "[step.work]\ntype = \"test_job_generator\"\nlog_delay_ms = 0\n"
         + settings;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(the_example_of_the_generator_makes_fifteen_jobs,
                        system_fixture) {
  start({"--definitions-dir", source_path("definitions/examples")});
  auto x = cli({"run", "test-job-generator", "--follow"});
  BOOST_TEST(x.exit == 0, x.out + x.err);
  auto runs = all("/api/jobs?parent_id=root", "jobs");
  BOOST_TEST_REQUIRE(runs.size() == 1u);
  auto job = text_of(runs[0], "id");
  BOOST_TEST(contains(x.out, job));
  BOOST_TEST(leaf_jobs(job).size() == 15u);
  BOOST_TEST(number("/api/jobs/" + job, "completed_children") == 15);
  check_over(job);
  check_line_numbers(job);
}

BOOST_FIXTURE_TEST_CASE(the_example_of_the_handbook_collects_the_handbook,
                        system_fixture) {
  start({"--definitions-dir", source_path("definitions/examples"), "--docs-dir",
         source_path("docs")});
  auto x = cli({"run", "handbook", "--follow"});
  BOOST_TEST(x.exit == 0, x.out + x.err);
  size_t pages = 0;
  size_t files = 0;
  for (const auto& d : documents()) {
    pages += text_of(d, "source_type") == "crawler" ? 1 : 0;
    files += text_of(d, "source_type") == "local_dir" ? 1 : 0;
  }
  BOOST_TEST(pages >= 2u);
  BOOST_TEST(files == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_job_writes_three_lines_more_than_it_is_told,
                        system_fixture) {
  start();
  constexpr int64_t jobs = 4;
  constexpr int64_t lines = 50;
  auto job
    = run_toml("lines", generator("worker_count = 4\nlog_count = 50\n"
                                  "child_count = 0\nfailure_rate = 0\n"));
  BOOST_TEST(wait_over(job) == "completed");
  check_line_numbers(job);
  std::map<std::string, int64_t> found;
  auto log = get("/api/jobs/" + job + "/logs/aggregated?level=info&limit=5000");
  for (const auto& line : items_of(log, "logs"))
    if (text_of(line, "originator") == "worker"
        && text_of(line, "job_type") == "test_job_generator")
      ++found[text_of(line, "job_id")];
  BOOST_TEST(int64_t(found.size()) == jobs);
  for (const auto& [id, count] : found)
    BOOST_TEST(count == lines + 3, id);
}

BOOST_FIXTURE_TEST_CASE(what_a_failed_step_means_is_up_to_on_error,
                        system_fixture) {
  start();
  const auto step = generator("worker_count = 3\nlog_count = 1\n"
                              "child_count = 0\nfailure_rate = 1.0\n"
                              "on_error = ");
  apply("id = \"strict\"\nname = \"Strict\"\n" + step + "\"fail\"\n");
  apply("id = \"lenient\"\nname = \"Lenient\"\n" + step + "\"continue\"\n");
  auto x = cli({"run", "strict", "--follow"});
  BOOST_TEST(x.exit == 1, x.out + x.err);
  BOOST_TEST(contains(x.out, "failure_rate"), x.out);
  x = cli({"run", "lenient", "--follow"});
  BOOST_TEST(x.exit == 0, x.out + x.err);
  for (const auto& run : all("/api/jobs?parent_id=root", "jobs")) {
    auto tree = get("/api/jobs/" + text_of(run, "id") + "/tree");
    const auto& done = items_of(tree, "steps").at(0);
    BOOST_TEST(text_of(done, "status") == "failed");
    BOOST_TEST(int_of(*done.find("child_summary"), "failed") == 3);
    BOOST_TEST(text_of(run, "status")
               == (text_of(run, "name") == "Strict" ? "failed" : "completed"));
  }
}
