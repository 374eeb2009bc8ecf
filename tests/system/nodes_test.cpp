#define BOOST_TEST_MODULE nodes_test

#include "definitions/json.hpp"
#include "tests/support/site_server.hpp"
#include "tests/system/node_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include <csignal>
#include <iterator>
#include <set>
#include <sstream>

/// How machines become nodes, and what becomes of them.

using namespace quaero;
using namespace quaero::test;

namespace {

strings words_of(const std::string& text) {
  std::istringstream in{text};
  return {std::istream_iterator<std::string>{in}, {}};
}

bool audit_has(const node_fixture& x, const std::string& method,
               const std::string& path) {
  const auto all = x.get("/api/audit");
  for (const auto& one : items_of(all, "records"))
    if (text_of(one, "method") == method && text_of(one, "path") == path)
      return true;
  return false;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_pasted_command_makes_a_machine_work, node_fixture) {
  start_hub();
  const auto printed
    = cli({"nodes", "invite", "alpha", "--workers", "test_job_generator"});
  BOOST_REQUIRE_MESSAGE(printed.exit == 0, printed.err);
  auto words = words_of(printed.out);
  BOOST_REQUIRE_EQUAL(words.size(), 5u);
  BOOST_TEST(words[0] == "quaerod");
  BOOST_TEST(text_of(row("alpha"), "state") == "invited");
  words.erase(words.begin());
  words.insert(words.end(),
               {"--labels", "gpu,eu", "--slots", "test_job_generator=3"});
  auto& alpha = start_node("alpha", words);
  BOOST_REQUIRE_MESSAGE(alpha.wait_for_err("node.joined", patience),
                        alpha.err());
  wait_state("alpha", "ready");
  value x;
  wait_until([&] { // Its pools attach one by one.
    x = row("alpha");
    return items_of(x, "workers").size() == 1
           && int_of(items_of(x, "workers")[0], "slots") == 3;
  });
  BOOST_TEST(to_json(*x.find("labels")) == R"(["eu","gpu"])");
  BOOST_TEST(text_of(items_of(x, "workers")[0], "type")
             == "test_job_generator");
  const auto run = start_run(20, 5, "gpu");
  check_once(run, 20);
  check_line_numbers(run);
  BOOST_TEST(int_of(row("alpha"), "finished") == 20);
  // What is secret is nobody else's.
  struct stat facts {};
  const auto file = folder() + "/alpha/node/node.json";
  BOOST_REQUIRE(::stat(file.c_str(), &facts) == 0);
  BOOST_TEST((facts.st_mode & 0777) == 0600u);
  wait_until([&] { return audit_has(*this, "JOIN", "/api/nodes/alpha"); });
  BOOST_TEST(audit_has(*this, "POST", "/api/nodes/invitations"));
  const auto listed = cli({"nodes", "list"});
  BOOST_TEST(contains(listed.out, "eu, gpu"), listed.out);
  const auto metrics = http_client{port()}.request("GET", "/metrics").body;
  BOOST_TEST(contains(metrics, "quaero_nodes_connected 1"), metrics);
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  wait_away("alpha");
  check_database();
}

BOOST_FIXTURE_TEST_CASE(a_node_comes_back_without_a_token_or_with_the_old_one,
                        node_fixture) {
  start_hub();
  const auto words = joining("alpha");
  start_node("alpha", words);
  wait_state("alpha", "ready");
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  wait_away("alpha");
  start_node("alpha", {"--node"});
  wait_state("alpha", "ready");
  BOOST_TEST(stop_node("alpha", SIGKILL) == 128 + SIGKILL);
  wait_away("alpha");
  auto& again = start_node("alpha", words);
  wait_state("alpha", "ready");
  BOOST_TEST(!contains(again.err(), "node.joined"), again.err());
}

BOOST_FIXTURE_TEST_CASE(a_node_without_a_hub_and_without_jobs_stops_at_once,
                        node_fixture) {
  start_hub();
  auto& alpha = join("alpha");
  kill();
  BOOST_TEST(alpha.wait_for_err("hub.unreachable", patience), alpha.err());
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  // Not after the time that jobs would have had.
  BOOST_TEST(
    (std::chrono::steady_clock::now() - begin < std::chrono::seconds{3}));
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_is_named, node_fixture) {
  start_hub();
  auto x = cli({"nodes", "invite", "alpha", "--workers", "noop,agnt"});
  BOOST_TEST(x.exit == 5);
  BOOST_TEST(contains(x.err, "workers: 'agnt' is no worker type that runs"),
             x.err);
  x = cli({"nodes", "invite", "a b", "--workers", "noop"});
  BOOST_TEST(x.exit == 5);
  BOOST_TEST(contains(x.err, "a node's name has 1 to 63"), x.err);
  for (auto verb : {"drain", "resume", "remove"}) {
    x = cli({"nodes", verb, "nobody"});
    BOOST_TEST(x.exit == 3, verb << x.err);
    x = cli({"nodes", verb, text_of(hub_row(), "name")});
    BOOST_TEST(x.exit == 5, verb << x.err);
    BOOST_TEST(contains(x.err, "is this machine, the hub"), x.err);
  }
  auto quaerod = [&](strings words) {
    words.insert(words.begin(), program_path("quaerod"));
    for (const auto& word : folder_of("alpha"))
      words.push_back(word);
    return run_program(words, patience);
  };
  const auto words = joining("alpha");
  BOOST_TEST(quaerod({"--join", "nowhere", "--token", "x"}).exit == 2);
  BOOST_TEST(quaerod({"--join", words[1]}).exit == 2);
  BOOST_TEST(quaerod({"--node", "--labels", "a b"}).exit == 2);
  BOOST_TEST(quaerod({"--node", "--slots", "agnt=3"}).exit == 2);
  x = quaerod({"--node"});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "is of no node yet"), x.err);
  x = quaerod({"--join", words[1], "--token", "qn1.abc"});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "--token: this is no invitation"), x.err);
  // Of another hub, or of one that is not there.
  auto other = words;
  other[1] = "127.0.0.1:" + std::to_string(free_port());
  x = quaerod(other);
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "cannot connect"), x.err);
  // A folder is of one node, and of one daemon.
  join("alpha");
  x = quaerod(joining("beta"));
  BOOST_TEST(contains(x.err, "in use by another node's daemon"), x.err);
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  x = quaerod(joining("beta"));
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "is of node alpha, and the token of beta"), x.err);
}

BOOST_FIXTURE_TEST_CASE(a_daemon_without_a_port_for_nodes_says_what_to_set,
                        system_fixture) {
  start();
  auto x = cli({"nodes", "invite", "alpha", "--workers", "noop"});
  BOOST_TEST(x.exit == 5);
  BOOST_TEST(contains(x.err, "set nodes.listen"), x.err);
  stop(SIGTERM);
  x = start_in_vain({"--nodes-listen", "hub.example:8086"});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "nodes.listen: "), x.err);
  x = start_in_vain({"--nodes-listen", "8086"});
  BOOST_TEST(x.exit == 2);
  x = start_in_vain({"--nodes-listen", "127.0.0.1:0", "--nodes-hosts", "a,b"});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "'a,b' is no name of a host"), x.err);
}

BOOST_FIXTURE_TEST_CASE(a_drained_node_gets_nothing_new_also_after_a_restart,
                        node_fixture) {
  start_hub();
  leave_work_to_nodes();
  join("alpha");
  BOOST_TEST(cli({"nodes", "drain", "alpha"}).exit == 0);
  BOOST_TEST(text_of(row("alpha"), "state") == "draining");
  check_once(start_run(3, 1), 3);
  BOOST_TEST(int_of(row("alpha"), "finished") == 0);
  kill();
  start_hub();
  wait_until([&] { return row("alpha").get_bool("connected") == true; });
  BOOST_TEST(text_of(row("alpha"), "state") == "draining");
  const auto run = start_run(3, 1);
  BOOST_TEST(wait_over(run) == "completed");
  BOOST_TEST(int_of(row("alpha"), "finished") == 0);
  BOOST_TEST(cli({"nodes", "resume", "alpha"}).exit == 0);
  wait_state("alpha", "ready");
  BOOST_TEST(wait_over(start_run(20, 5)) == "completed");
  BOOST_TEST(int_of(row("alpha"), "finished") > 0);
}

BOOST_FIXTURE_TEST_CASE(a_removed_node_is_out_at_once_and_its_jobs_go_on,
                        node_fixture) {
  start_hub();
  join("alpha");
  leave_work_to_nodes();
  const auto run = start_run(6, 2000);
  wait_until([&] { return int_of(row("alpha"), "running") >= 4; });
  join("beta");
  BOOST_TEST(cli({"nodes", "remove", "alpha"}).exit == 0);
  BOOST_TEST(row("alpha").is_null());
  // It is told, and does not come again and again.
  const auto exit = node("alpha").wait(patience);
  BOOST_REQUIRE_MESSAGE(exit, node("alpha").err());
  BOOST_TEST(*exit == 3, node("alpha").err());
  check_once(run, 6);
  auto& again = start_node("alpha", {"--node"});
  BOOST_TEST(again.wait(patience).value_or(-1) == 3, again.err());
  check_database();
}

BOOST_FIXTURE_TEST_CASE(who_joins_in_a_node_s_name_takes_its_place,
                        node_fixture) {
  start_hub();
  join("alpha");
  const auto words = joining("alpha");
  start_node("other", words);
  wait_until([&] { return contains(node("other").err(), "node.joined"); });
  BOOST_TEST(node("alpha").wait(patience).value_or(-1) == 3,
             node("alpha").err());
  wait_state("alpha", "ready");
}

BOOST_FIXTURE_TEST_CASE(jobs_go_where_the_labels_are_that_they_require,
                        node_fixture) {
  start_hub({"--nodes-labels", "home"});
  BOOST_TEST(to_json(*hub_row().find("labels")) == R"(["home"])");
  join("alpha", 0, {"--labels", "gpu"});
  join("beta");
  auto run_there = [&](const std::string& label) {
    return run_toml(label, "[step.a]\ntype = \"test_job_generator\"\n"
                           "worker_count = 20\nlog_count = 1\n"
                           "log_delay_ms = 1\nfailure_rate = 0.0\n"
                           "child_count = 0\nrecursion_depth = 0\n"
                           "job = {requires = [\""
                             + label + "\"]}\n");
  };
  BOOST_TEST(wait_over(run_there("gpu")) == "completed");
  BOOST_TEST(int_of(row("alpha"), "finished") == 20);
  BOOST_TEST(wait_over(run_there("home")) == "completed");
  BOOST_TEST(int_of(row("alpha"), "finished") == 20);
  BOOST_TEST(int_of(row("beta"), "finished") == 0);
}

BOOST_FIXTURE_TEST_CASE(a_node_runs_no_more_than_it_was_invited_for,
                        node_fixture) {
  start_hub();
  start_node("alpha", joining("alpha", "noop"));
  wait_state("alpha", "ready");
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  BOOST_TEST(daemon().wait_for_err("node.gone", patience));
  replace_in_record("alpha", "\"noop\"", "\"noop\", \"test_job_generator\"");
  auto& more = start_node("alpha", {"--node"});
  BOOST_TEST(more.wait_for_err("was not invited for jobs of type "
                               "test_job_generator",
                               patience),
             more.err());
  wait_state("alpha", "refused");
  BOOST_TEST(contains(text_of(row("alpha"), "reason"), "was not invited"));
}

BOOST_FIXTURE_TEST_CASE(a_site_is_crawled_by_a_node, node_fixture) {
  site_server server;
  const auto site = generate_site(server, 120);
  start_hub();
  auto words = joining("alpha", "crawler");
  words.insert(words.end(), {"--labels", "far"});
  start_node("alpha", words);
  wait_state("alpha", "ready");
  const auto run = run_toml("site", "[step.crawl]\ntype = \"crawler\"\n"
                                    "start_urls = [\""
                                      + server.url()
                                      + "\"]\nrate_limit = 0\n"
                                        "concurrency = 8\nmax_depth = 20\n"
                                        "max_pages = 2000\n"
                                        "job = {requires = [\"far\"]}\n");
  BOOST_TEST(wait_over(run) == "completed");
  std::set<std::string> stored;
  for (const auto& x : documents())
    BOOST_TEST(stored.insert(text_of(x, "url")).second,
               "twice: " << text_of(x, "url"));
  BOOST_TEST(stored
               == std::set<std::string>(site.pages.begin(), site.pages.end()),
             boost::test_tools::per_element());
  BOOST_TEST(server.hits("/private/secret.html") == 0u);
  BOOST_TEST(int_of(row("alpha"), "finished")
             >= static_cast<int64_t>(site.pages.size()));
  check_over(run);
  check_line_numbers(run);
}

BOOST_FIXTURE_TEST_CASE(a_node_with_another_s_certificate_is_refused,
                        node_fixture) {
  start_hub();
  join("alpha");
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  wait_away("alpha");
  replace_in_record("alpha", "\"alpha\"", "\"gamma\"");
  auto& impostor = start_node("alpha", {"--node"});
  BOOST_TEST(impostor.wait_for_err("refused", patience), impostor.err());
  BOOST_TEST(row("gamma").is_null());
}
