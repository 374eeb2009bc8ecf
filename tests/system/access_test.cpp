#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace quaero;
using namespace quaero::test;

namespace {

bool is_secret(const std::string& x) {
  return x.size() == 47 && x.starts_with("qro_");
}

struct fixture : system_fixture {
  http_reply send(const std::string& method, const std::string& target,
                  const std::string& token = {}, const std::string& body = {}) {
    http_client::fields extra;
    if (!token.empty())
      extra.emplace_back("Authorization", "Bearer " + token);
    return http_client{port()}.request(method, target, body, extra);
  }

  value read(const http_reply& x, int status) const {
    BOOST_TEST(x.status == status, x.body);
    value out;
    std::string error;
    BOOST_TEST(parse_json(x.body, out, error), x.body);
    return out;
  }

  std::string file(const std::string& name) const {
    std::ifstream in{data_dir() + "/" + name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  std::string local_token() const {
    auto text = file("admin.token");
    return text.substr(0, text.find('\n'));
  }

  /// The records of the audit log, when there are so many; the newest first.
  value::array audit(const std::string& token, size_t count) {
    value::array out;
    wait_until([&] {
      out = items_of(read(send("GET", "/api/audit", token), 200), "records");
      return out.size() >= count;
    });
    return out;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(access_suite, fixture)

BOOST_AUTO_TEST_CASE(other_machines_are_not_listened_to_without_a_token) {
  auto x = start_in_vain({"--listen", "0.0.0.0:0"});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "there is no token yet"), x.err);
  BOOST_TEST(contains(x.err, "quaero tokens create"), x.err);
  start();
  read(send("POST", "/api/tokens", "", R"({"name":"a","scope":"admin"})"), 201);
  BOOST_TEST(stop(SIGTERM) == 0);
  x = start_in_vain({"--listen", "0.0.0.0:0"});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "http.insecure = true"), x.err);
  start({"--listen", "0.0.0.0:0", "--http-insecure"});
  BOOST_TEST(contains(daemon().err(), "gateway.insecure"));
  BOOST_TEST(send("GET", "/api/jobs").status == 401);
  BOOST_TEST(send("GET", "/api/jobs", local_token()).status == 200);
}

BOOST_AUTO_TEST_CASE(a_token_is_made_used_and_revoked_across_a_restart) {
  start();
  auto made = read(
    send("POST", "/api/tokens", "", R"({"name":"ci","scope":"read"})"), 201);
  const auto token = text_of(made, "token");
  const auto id = text_of(made, "id");
  BOOST_TEST(is_secret(token));
  BOOST_TEST(send("GET", "/api/jobs", token).status == 200);
  BOOST_TEST(send("GET", "/api/jobs").status == 401);
  BOOST_TEST(send("POST", "/api/tokens", token, "{}").status == 403);
  kill();
  start();
  BOOST_TEST(send("GET", "/api/jobs", token).status == 200);
  BOOST_TEST(send("DELETE", "/api/tokens/" + id, local_token()).status == 204);
  BOOST_TEST(send("GET", "/api/jobs", token).status == 401);
  kill();
  start();
  BOOST_TEST(send("GET", "/api/jobs", token).status == 401);
  auto all = audit(local_token(), 3);
  BOOST_TEST(text_of(all.back(), "method") == "POST");
  BOOST_TEST(int_of(all.back(), "status") == 201);
  BOOST_TEST(stop(SIGINT) == 0);
  // In what is on disk and what was logged there is no token.
  const auto grep = "grep -rqa " + token + " " + data_dir();
  BOOST_TEST(std::system(grep.c_str()) != 0);
  BOOST_TEST(!contains(daemon().err(), token));
}

BOOST_AUTO_TEST_CASE(the_local_token_is_of_one_start_and_one_user) {
  start();
  const auto first = local_token();
  BOOST_TEST(is_secret(first));
  struct stat facts {};
  BOOST_REQUIRE(::stat((data_dir() + "/admin.token").c_str(), &facts) == 0);
  BOOST_TEST((facts.st_mode & 0777u) == 0600u);
  read(send("POST", "/api/tokens", first, R"({"name":"a","scope":"read"})"),
       201);
  BOOST_TEST(send("GET", "/api/tokens", first).status == 200);
  BOOST_TEST(stop(SIGTERM) == 0);
  BOOST_TEST(file("admin.token").empty());
  start();
  BOOST_TEST(send("GET", "/api/tokens", first).status == 401);
  BOOST_TEST(send("GET", "/api/tokens", local_token()).status == 200);
  auto all = audit(local_token(), 3);
  BOOST_TEST(text_of(all[1], "method") == "STOP");
  BOOST_TEST(text_of(all[1], "caller") == "signal");
}

BOOST_AUTO_TEST_CASE(pages_of_named_origins_may_use_the_api) {
  auto x = start_in_vain({"--http-cors-origins", "*"});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "there is no wildcard"), x.err);
  start({"--http-cors-origins", "http://localhost:5173"});
  auto asked = http_client{port()}.request(
    "OPTIONS", "/api/jobs", "",
    {{"Origin", "http://localhost:5173"},
     {"Access-Control-Request-Method", "DELETE"},
     {"Access-Control-Request-Headers", "authorization"}});
  BOOST_TEST(asked.status == 204);
  BOOST_TEST(asked.header("access-control-allow-origin")
             == "http://localhost:5173");
  BOOST_TEST(
    contains(asked.header("access-control-allow-headers"), "Authorization"));
  auto other = http_client{port()}.request(
    "GET", "/api/jobs", "", {{"Origin", "http://localhost:9999"}});
  BOOST_TEST(other.status == 200);
  BOOST_TEST(other.header("access-control-allow-origin") == "");
  BOOST_TEST(other.header("vary") == "Origin");
}

// -- numbers ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(metrics_parse_and_count_what_was_done) {
  start();
  auto job = run_toml("few", "[step.work]\ntype = \"test_job_generator\"\n"
                             "worker_count = 3\nlog_count = 1\n"
                             "log_delay_ms = 0\nchild_count = 0\n"
                             "failure_rate = 0.0\n");
  BOOST_TEST(wait_over(job) == "completed");
  auto text = send("GET", "/metrics").body;
  const auto checked = run_program(
    {"/usr/bin/python3", source_path("tests/system/metrics_check.py"),
     write("metrics.txt", text)},
    patience);
  BOOST_TEST(checked.exit == 0, checked.err);
}

BOOST_AUTO_TEST_SUITE_END()
