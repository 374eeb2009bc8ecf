#include "programs/cli/follow.hpp"
#include "programs/cli/input.hpp"
#include "tests/programs/cli_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

using namespace quaero;
using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

std::string tree(const std::string& status, int done, int failed = 0) {
  return R"({"job_id":"m1","job_name":"Handbook","status":")" + status
         + R"(","duration_ms":2000,"document_count":3,"error":null,"steps":[
    {"step_id":"s1","name":"crawl","type":"crawler","status":")"
         + status + R"(","duration_ms":1900,"error":null,"child_summary":
     {"total":4,"completed":)"
         + std::to_string(done) + R"(,"failed":)" + std::to_string(failed)
         + R"(,"cancelled":0,"running":0,"pending":0,"document_count":3}}]})";
}

constexpr const char* execute = "POST /api/job-definitions/handbook/execute";
constexpr const char* started
  = R"({"job_id":"m1","job_name":"Handbook","status":"running"})";

} // namespace

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(a_wrong_command_line_ends_with_2) {
  for (auto arguments :
       std::vector<std::vector<const char*>>{{},
                                             {"fly"},
                                             {"jobs"},
                                             {"jobs", "show"},
                                             {"run"},
                                             {"jobs", "list", "--limit", "0"},
                                             {"status", "--nothing"}})
    BOOST_TEST(session{}.run(arguments) == exit_usage);
}

BOOST_AUTO_TEST_CASE(help_lists_the_exit_codes_and_ends_with_0) {
  session s;
  BOOST_TEST(s.run({"--help"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "Exit codes:"));
}

BOOST_AUTO_TEST_CASE(a_run_that_completes_ends_with_0_and_a_summary) {
  session s;
  s.answer(execute, 202, started);
  s.answer("GET /api/jobs/m1/tree", 200, tree("running", 1));
  s.answer("GET /api/jobs/m1/tree", 200, tree("completed", 4));
  BOOST_TEST(s.run({"run", "handbook", "--follow"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "crawl: running, 1 of 4"));
  BOOST_TEST(contains(s.out.str(), "Handbook completed after 2.0 s"));
  BOOST_TEST(contains(s.out.str(), "http://127.0.0.1:1/docs"));
  BOOST_TEST(s.waits == 1);
}

BOOST_AUTO_TEST_CASE(a_run_that_fails_ends_with_1_and_shows_why) {
  session s;
  s.answer(execute, 202, started);
  s.answer("GET /api/jobs/m1/tree", 200, tree("failed", 2, 2));
  s.answer("GET /api/jobs?parent_id=s1&status=failed&limit=5", 200,
           R"({"jobs":[{"name":"http://a/","error":"not found"}]})");
  BOOST_TEST(s.run({"run", "handbook", "--follow"}) == exit_failed);
  BOOST_TEST(contains(s.out.str(), "crawl: 2 failed, for example:"));
  BOOST_TEST(contains(s.out.str(), "http://a/: not found"));
}

BOOST_AUTO_TEST_CASE(settings_of_a_run_keep_their_types) {
  session s;
  s.answer(execute, 202, started);
  BOOST_TEST(
    s.run({"run", "handbook", "--set", "n=5", "t=a b", "b=true", "s=\"5\""})
    == exit_ok);
  BOOST_TEST(s.server->requests.at(0).body
             == R"({"config":{"n":5,"t":"a b","b":true,"s":"5"}})");
  BOOST_TEST(s.out.str() == "m1\n");
  BOOST_TEST(session{}.run({"run", "handbook", "--set", "n"}) == exit_usage);
}

BOOST_AUTO_TEST_CASE(the_id_of_a_run_may_stand_behind_its_settings) {
  session s;
  s.answer(execute, 202, started);
  BOOST_TEST(s.run({"run", "--set", "n=5", "handbook"}) == exit_ok);
  BOOST_TEST(s.server->requests.at(0).body == R"({"config":{"n":5}})");
}

BOOST_AUTO_TEST_CASE(leaving_a_followed_run_says_how_to_come_back) {
  session s;
  s.waits_max = 2;
  s.answer(execute, 202, started);
  s.answer("GET /api/jobs/m1/tree", 200, tree("running", 1));
  BOOST_TEST(s.run({"run", "handbook", "--follow"}) == exit_detached);
  BOOST_TEST(contains(s.err.str(), "quaero jobs follow m1"));
}

BOOST_AUTO_TEST_CASE(a_follower_outlives_a_restart_of_the_daemon) {
  session s;
  auto& answers = s.server->answers["GET /api/jobs/m1/tree"];
  for (int i = 0; i < unanswered_polls_max; ++i)
    answers.push_back({0, "", "connection refused", {}});
  answers.push_back({200, tree("completed", 4), "", {}});
  BOOST_TEST(s.run({"jobs", "follow", "m1"}) == exit_ok);
}

BOOST_AUTO_TEST_CASE(a_follower_gives_up_on_a_daemon_that_is_gone) {
  session s;
  s.no_answer("GET /api/jobs/m1/tree");
  BOOST_TEST(s.run({"jobs", "follow", "m1"}) == exit_unreachable);
  BOOST_TEST(s.waits == unanswered_polls_max);
}

BOOST_AUTO_TEST_CASE(no_daemon_ends_with_4_and_says_how_to_start_one) {
  session s;
  s.no_answer("GET /api/status");
  BOOST_TEST(s.run({"status"}) == exit_unreachable);
  BOOST_TEST(s.err.str()
             == "quaero: cannot reach http://127.0.0.1:1: connection refused. "
                "Is the daemon running? Start it with: quaerod\n");
}

BOOST_AUTO_TEST_CASE(answers_of_the_daemon_become_exit_codes) {
  for (auto [status, code] : std::map<int, int>{{404, exit_not_found},
                                                {400, exit_refused},
                                                {409, exit_refused},
                                                {500, exit_unreachable}}) {
    session s;
    s.answer("GET /api/jobs/x", status, R"({"detail":"because"})");
    BOOST_TEST(s.run({"jobs", "show", "x"}) == code);
    BOOST_TEST(contains(s.err.str(), "because"));
  }
}

BOOST_AUTO_TEST_CASE(json_prints_the_answer_as_it_came) {
  session s;
  s.answer("GET /api/jobs?limit=5&parent_id=root", 200, R"({"jobs": []})");
  BOOST_TEST(s.run({"jobs", "list", "--limit", "5", "--json"}) == exit_ok);
  BOOST_TEST(s.out.str() == "{\"jobs\": []}\n");
}

BOOST_AUTO_TEST_CASE(an_invalid_definition_ends_with_1_and_names_the_line) {
  auto path = std::filesystem::temp_directory_path()
              / ("quaero-cli-test-" + std::to_string(::getpid()) + ".toml");
  std::ofstream{path} << "id = 1\n";
  auto file = path.string();
  const char* invalid = R"({"valid":false,"error":"e","errors":
    [{"line":1,"field":"id","message":"must be a string"}]})";
  session s;
  s.answer("POST /api/job-definitions/validate", 400, invalid);
  BOOST_TEST(s.run({"definitions", "validate", file.c_str()}) == exit_failed);
  BOOST_TEST(s.err.str() == file + ":1: id: must be a string\n");
  BOOST_TEST(s.server->requests.at(0).body == "id = 1\n");
  session t;
  t.answer("POST /api/job-definitions/upload", 400, invalid);
  BOOST_TEST(t.run({"definitions", "apply", file.c_str()}) == exit_failed);
  session u;
  u.answer("POST /api/job-definitions/upload", 201, R"({"id":"a"})");
  BOOST_TEST(u.run({"definitions", "apply", file.c_str()}) == exit_ok);
  BOOST_TEST(u.out.str() == "a created\n");
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_or_too_large_is_refused) {
  session s;
  BOOST_TEST(s.run({"definitions", "apply", "/nonexistent"}) == exit_usage);
  auto path = std::filesystem::temp_directory_path()
              / ("quaero-cli-big-" + std::to_string(::getpid()) + ".toml");
  std::ofstream{path} << std::string(input_bytes_max + 1, '#');
  auto file = path.string();
  BOOST_TEST(s.run({"definitions", "apply", file.c_str()}) == exit_usage);
  BOOST_TEST(contains(s.err.str(), "is larger than 1048576 bytes"));
  BOOST_TEST(s.server->requests.empty());
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(newest_log_lines_are_printed_in_reading_order) {
  session s;
  s.answer("GET /api/jobs/m1/logs/aggregated?level=info&order=desc&limit=2",
           200,
           R"({"logs":[{"timestamp":"2","level":"warn","message":"b"},
               {"timestamp":"1","level":"info","message":"a",
                "step_name":"crawl"}]})");
  BOOST_TEST(s.run({"jobs", "logs", "m1", "--limit", "2"}) == exit_ok);
  BOOST_TEST(s.out.str() == "1 info  crawl: a\n2 warn  b\n");
}

BOOST_AUTO_TEST_CASE(a_followed_log_prints_each_line_once) {
  session s;
  auto base = std::string{"GET /api/jobs/m1/logs/aggregated?level=info"
                          "&order=asc&limit=5000"};
  auto line = [](const char* n) {
    return std::string{R"({"timestamp":")"} + n
           + R"(","level":"info","message":"m"})";
  };
  s.answer(base, 200, R"({"logs":[)" + line("1") + R"(],"next_cursor":""})");
  s.answer(base, 200,
           R"({"logs":[)" + line("1") + ',' + line("2")
             + R"(],"next_cursor":"c"})");
  s.answer(base + "&cursor=c", 200, R"({"logs":[],"next_cursor":"c"})");
  s.answer(base + "&cursor=c", 200,
           R"({"logs":[)" + line("3") + R"(],"next_cursor":""})");
  s.answer("GET /api/jobs/m1", 200, R"({"status":"running"})");
  s.answer("GET /api/jobs/m1", 200, R"({"status":"completed"})");
  BOOST_TEST(s.run({"jobs", "logs", "m1", "-f"}) == exit_ok);
  BOOST_TEST(s.out.str() == "1 info  m\n2 info  m\n3 info  m\n");
}

BOOST_AUTO_TEST_SUITE_END()
