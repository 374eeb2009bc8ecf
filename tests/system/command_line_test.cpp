#define BOOST_TEST_MODULE command_line_test

#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

/// The command line against the daemon that it is made for.

using namespace quaero;
using namespace quaero::test;

namespace {

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
        strings{"documents", "list"}, strings{"documents", "stats"},
        strings{"documents", "tags"}, strings{"search", "word"},
        strings{"kv", "list"}, strings{"credentials", "list"},
        strings{"config", "show"}, strings{"scheduler"},
        strings{"nodes", "list"}, strings{"actors"}, strings{"tokens", "list"},
        strings{"audit"}, strings{"top", "--once"}}) {
    auto x = cli(words);
    BOOST_TEST(x.exit == 0, words.front() << ": " << x.err);
    BOOST_TEST(!contains(x.out + x.err, "\x1b"), words.front());
  }
  auto top = json_of(cli({"top", "--once", "--json"}));
  BOOST_TEST(text_of(*top.find("status"), "state") == "idle");
}

// -- keys ---------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_secret_is_set_and_never_shown, system_fixture) {
  start();
  auto set = cli_reading("hunter2hunter2\n",
                         {"kv", "set", "api_key", "--secret", "--from-stdin"});
  BOOST_TEST(set.exit == 0, set.err);
  BOOST_TEST(cli({"kv", "set", "region", "eu"}).exit == 0);
  BOOST_TEST(cli({"kv", "get", "region"}).out == "eu\n");
  auto all = cli({"kv", "list"}).out + cli({"kv", "get", "api_key"}).out
             + cli({"config", "show"}).out + cli({"kv", "list", "--json"}).out;
  BOOST_TEST(contains(all, "api_key"));
  BOOST_TEST(!contains(all, "hunter2"));
  BOOST_TEST(cli({"kv", "delete", "region"}).exit == 0);
  BOOST_TEST(cli({"kv", "get", "region"}).exit == 3);
}

// -- live ---------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_followed_log_has_every_line_once, system_fixture) {
  start();
  auto job = run_toml("some", work(30, "log_count = 20\nfailure_rate = 0\n"));
  auto x = cli({"jobs", "logs", job, "--follow", "--json"});
  BOOST_TEST(x.exit == 0, x.err);
  std::set<std::string> lines;
  size_t all = 0;
  for (size_t at = 0; at < x.out.size();) {
    auto end = x.out.find('\n', at);
    lines.insert(x.out.substr(at, end - at));
    ++all;
    at = end + 1;
  }
  BOOST_TEST(lines.size() == all);
  BOOST_TEST(int64_t(all)
             == number("/api/jobs/" + job + "/logs/aggregated", "total_count"));
  auto after = cli({"jobs", "logs", job, "--follow", "--json"});
  BOOST_TEST(after.out == x.out); // also when all is over
}

BOOST_FIXTURE_TEST_CASE(events_of_a_run_end_with_it, system_fixture) {
  start();
  auto job = run_toml("some", work(5, "log_count = 1\nfailure_rate = 0\n"));
  auto x = cli({"events", "--run", job, "--follow"});
  BOOST_TEST(x.exit == 0, x.err);
  BOOST_TEST(contains(x.out, "job_status_change"), x.out);
  BOOST_TEST(contains(x.out, job + "  "), x.out);
}

// -- access -------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_token_opens_what_its_scope_says, system_fixture) {
  start();
  auto file = folder() + "/read.token";
  auto made
    = cli({"tokens", "create", "ci", "--scope", "read", "--output", file});
  BOOST_TEST(made.exit == 0, made.err);
  auto outside = [&](strings words) {
    words.insert(words.begin(), program_path("quaero"));
    words.insert(words.end(), {"--server", url()});
    return run_program(words, patience);
  };
  auto none = outside({"jobs", "list"});
  BOOST_TEST(none.exit == 5);
  BOOST_TEST(contains(none.err, "QUAERO_TOKEN"), none.err);
  BOOST_TEST(outside({"jobs", "list", "--token-file", file}).exit == 0);
  auto low = outside({"jobs", "cancel", "x", "--token-file", file});
  BOOST_TEST(low.exit == 5);
  BOOST_TEST(contains(low.err, "a token with the scope operate"), low.err);
  auto audit = cli({"audit"});
  BOOST_TEST(audit.exit == 0, audit.err);
  BOOST_TEST(contains(audit.out, "/api/jobs/x/cancel"), audit.out);
  auto listed = json_of(cli({"tokens", "list", "--json"}));
  auto id = text_of(items_of(listed, "tokens").at(0), "id");
  BOOST_TEST(cli({"tokens", "revoke", id}).exit == 0);
  BOOST_TEST(outside({"jobs", "list", "--token-file", file}).exit == 5);
}
