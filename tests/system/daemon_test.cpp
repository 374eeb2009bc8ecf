#define BOOST_TEST_MODULE daemon_test

#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

std::string generator(const std::string& settings) {
  return "[step.work]\ntype = \"test_job_generator\"\n" + settings;
}

// A run that goes on for seconds, in jobs of a tenth of a second.
std::string slow_work() {
  return generator("worker_count = 400\nlog_count = 10\nlog_delay_ms = 10\n"
                   "child_count = 0\nfailure_rate = 0\n");
}

} // namespace

// -- start and end ------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(the_endpoint_file_is_one_line_with_the_address,
                        system_fixture) {
  start();
  BOOST_TEST(endpoint() == "http://127.0.0.1:" + std::to_string(port()) + "\n");
  BOOST_TEST(text_of(get("/api/health"), "status") == "ok");
  BOOST_TEST(text_of(get("/readyz"), "status") == "ready");
}

BOOST_FIXTURE_TEST_CASE(both_signals_end_the_daemon_and_its_endpoint,
                        system_fixture) {
  for (int number : {SIGINT, SIGTERM}) {
    start();
    BOOST_TEST(stop(number) == 0);
    BOOST_TEST(endpoint() == "");
    BOOST_TEST(contains(daemon().err(), "daemon.stopped"));
  }
}

BOOST_FIXTURE_TEST_CASE(the_endpoint_of_a_killed_daemon_is_replaced,
                        system_fixture) {
  start();
  kill();
  auto old = endpoint();
  BOOST_TEST(old != "");
  auto x = cli({"status"});
  BOOST_TEST(x.exit == 4);
  BOOST_TEST(contains(x.err, "Is the daemon running?"), x.err);
  start();
  BOOST_TEST(endpoint() != "");
  BOOST_TEST(cli({"status"}).exit == 0);
}

BOOST_FIXTURE_TEST_CASE(a_second_daemon_on_the_same_data_is_refused,
                        system_fixture) {
  start();
  auto before = endpoint();
  auto second = start_in_vain({});
  BOOST_TEST(second.exit == 1);
  BOOST_TEST(contains(second.err, data_dir()), second.err);
  BOOST_TEST(contains(second.err, "in use by another daemon"), second.err);
  BOOST_TEST(contains(second.err, "--data-dir"), second.err);
  BOOST_TEST(endpoint() == before);
  BOOST_TEST(cli({"status"}).exit == 0);
}

BOOST_FIXTURE_TEST_CASE(a_port_in_use_is_refused, system_fixture) {
  start();
  auto address = "127.0.0.1:" + std::to_string(port());
  auto second
    = start_in_vain({"--listen", address, "--data-dir", folder() + "/other"});
  BOOST_TEST(second.exit == 1);
  BOOST_TEST(contains(second.err, address), second.err);
  BOOST_TEST(contains(second.err, "--listen"), second.err);
  BOOST_TEST(cli({"status"}).exit == 0);
}

// -- settings -----------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_wrong_setting_is_named_and_refused, system_fixture) {
  auto file = write("quaero.toml", "log.level = \"info\"\n"
                                   "[queue]\nlenght_max = 5\n");
  auto x = start_in_vain({"--config", file});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, file + ":3: queue.lenght_max"), x.err);
  BOOST_TEST(contains(x.err, "did you mean queue.length_max"), x.err);
  x = start_in_vain({"--drain-timeout", "soon"});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "--drain-timeout"), x.err);
  BOOST_TEST(contains(x.err, "must be a duration"), x.err);
  x = start_in_vain({}, {{"QUAERO_LOG_LEVEL", "loud"}});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "QUAERO_LOG_LEVEL"), x.err);
  BOOST_TEST(contains(x.err, "must be one of"), x.err);
  x = start_in_vain({"--no-such-flag=1"});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "--no-such-flag: no such setting"), x.err);
}

BOOST_FIXTURE_TEST_CASE(flags_beat_the_environment_which_beats_the_file,
                        system_fixture) {
  auto file = write("quaero.toml", "[log]\nformat = \"text\"\n");
  auto is_json
    = [this] { return contains(daemon().err(), "{\"") && stop(SIGINT) == 0; };
  environment more{{"QUAERO_CONFIG", file}};
  start({}, more);
  BOOST_TEST(!is_json());
  more.emplace_back("QUAERO_LOG_FORMAT", "json");
  start({}, more);
  BOOST_TEST(is_json());
  start({"--log-format", "text"}, more);
  BOOST_TEST(!is_json());
}

// -- stopping while there is work ---------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_run_that_a_stop_interrupts_goes_on_after_it,
                        system_fixture) {
  const strings few{"--workers-test-job-generator-slots", "40"};
  start(few);
  auto job = run_toml("slow", slow_work());
  wait_until([&] { return number("/api/jobs/stats", "completed_jobs") >= 30; });
  auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(stop(SIGTERM) == 0);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));
  BOOST_TEST(contains(daemon().err(), "daemon.stopped"));
  start(few);
  BOOST_TEST(number("/api/jobs/stats", "failed_jobs") == 0);
  BOOST_TEST(wait_over(job) == "completed");
  auto jobs = leaf_jobs(job);
  BOOST_TEST(jobs.size() == 400u);
  for (const auto& x : jobs) {
    BOOST_TEST(text_of(x, "status") == "completed");
    BOOST_TEST(text_of(x, "error") == "");
  }
  check_over(job);
}

BOOST_FIXTURE_TEST_CASE(a_stop_does_not_wait_for_longer_than_told,
                        system_fixture) {
  start({"--drain-timeout", "300ms"});
  auto job = run_toml("long", generator("worker_count = 3\nlog_count = 1000\n"
                                        "log_delay_ms = 3600000\n"));
  wait_until(
    [&] { return number("/api/jobs/" + job, "running_children") == 3; });
  auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(stop(SIGINT) == 0);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 5s));
  start();
  BOOST_TEST(number("/api/jobs/stats", "failed_jobs") == 0);
  BOOST_TEST(cli({"jobs", "cancel", job}).exit == 0);
  BOOST_TEST(wait_over(job) == "cancelled");
}

// -- the command line on a pipe -----------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_pipe_gets_plain_lines_and_json_that_parses,
                        system_fixture) {
  start({"--log-level", "debug"});
  apply("id = \"few\"\nname = \"Few\"\n"
        + generator("worker_count = 2\nlog_count = 20\nfailure_rate = 0\n"));
  const environment colourful{{"TERM", "xterm-256color"}};
  auto followed = cli({"run", "few", "--follow"}, colourful);
  BOOST_TEST(followed.exit == 0);
  auto job = followed.out.substr(followed.out.find("  ") + 2, 36);
  const std::vector<strings> commands{{"status"},
                                      {"definitions", "list"},
                                      {"definitions", "show", "few"},
                                      {"jobs", "list"},
                                      {"jobs", "show", job},
                                      {"jobs", "tree", job},
                                      {"jobs", "logs", job},
                                      {"documents", "list"},
                                      {"jobs", "follow", job}};
  for (auto words : commands) {
    auto x = cli(words, colourful);
    BOOST_TEST(x.exit == 0, words.front() << ": " << x.err);
    BOOST_TEST(!contains(x.out + x.err, "\x1b"), words.front());
    words.emplace_back("--json");
    x = cli(words, colourful);
    BOOST_TEST(x.exit == 0, words.front() << ": " << x.err);
    auto text = x.out;
    if (words[1] == "logs") // one object a line
      text = "[" + text.substr(0, text.find('\n')) + "]";
    value parsed;
    std::string error;
    BOOST_TEST(parse_json(text, parsed, error), words[0] << ": " << error);
  }
  BOOST_TEST(!contains(followed.out + followed.err, "\x1b"));
  BOOST_TEST(!contains(followed.out, "\r"));
  BOOST_TEST(!contains(daemon().err() + daemon().out(), "\x1b"));
}
