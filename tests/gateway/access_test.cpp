// Tokens, the audit log, metrics and the tree of actors, through real actors.

#include "actors/token_secret.hpp"
#include "tests/gateway/real_gateway.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : real_gateway {
  /// Makes a token, as `by` or as anybody.
  std::string create(const std::string& name, const std::string& scope,
                     const std::string& by = {}, const std::string& more = {}) {
    auto x = json(send("POST", "/api/tokens", by,
                       "{\"name\":\"" + name + "\",\"scope\":\"" + scope + "\""
                         + more + "}"),
                  201);
    auto secret = x.get_string("token").value_or("");
    BOOST_TEST(is_secret(secret));
    ids[name] = x.get_string("id").value_or("");
    return secret;
  }

  /// The records of the audit log, the newest first, when there are so many.
  value::array audit(const std::string& by, size_t count) {
    for (int i = 0; i < 1000; ++i) {
      auto page = json(send("GET", "/api/audit", by));
      auto found = at(page, "records").as_array();
      if (found.size() >= count)
        return found;
    }
    BOOST_ERROR("no " << count << " records");
    return {};
  }

  std::map<std::string, std::string> ids;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(access_routes, fixture)

BOOST_AUTO_TEST_CASE(the_first_token_closes_the_door) {
  start();
  BOOST_TEST(send("GET", "/api/jobs").status == 200);
  BOOST_TEST(at(json(send("GET", "/api/tokens")), "tokens").as_array().empty());
  http_client kept{port};
  BOOST_TEST(kept.get("/api/jobs").status == 200);
  auto admin = create("root", "admin");
  auto refused = kept.get("/api/jobs");
  BOOST_TEST(refused.status == 401);
  BOOST_TEST(refused.header("www-authenticate") == "Bearer realm=\"quaero\"");
  BOOST_TEST(send("GET", "/api/jobs", admin).status == 200);
  BOOST_TEST(send("GET", "/api/jobs?token=" + admin).status == 401);
  for (auto open :
       {"/livez", "/readyz", "/api/health", "/api/version", "/docs"})
    BOOST_TEST(send("GET", open).status != 401, open);
}

BOOST_AUTO_TEST_CASE(a_body_is_not_read_of_those_who_may_not_send_it) {
  start();
  create("root", "admin");
  http_client client{port};
  client.send("POST /api/job-definitions HTTP/1.1\r\nHost: localhost\r\n"
              "Content-Length: 8000000\r\n\r\n");
  BOOST_TEST(client.read_reply().status == 401);
  BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(tokens_are_listed_without_their_secrets) {
  start();
  auto admin = create("root", "admin");
  auto reader
    = create("ci", "read", admin, ",\"expires_at\":\"2199-01-01T00:00:00Z\"");
  BOOST_TEST(send("GET", "/api/jobs", reader).status == 200);
  auto text = send("GET", "/api/tokens", admin).body;
  BOOST_TEST((text.find(admin) == std::string::npos));
  auto x = read_json(text);
  BOOST_TEST(*x.get_int("total_count") == 2);
  BOOST_TEST(at(x, "tokens.1.name").as_string() == "ci");
  BOOST_TEST(at(x, "tokens.1.scope").as_string() == "read");
  BOOST_TEST(at(x, "tokens.1.state").as_string() == "live");
  BOOST_TEST(at(x, "tokens.1.expires_at").as_string()
             == "2199-01-01T00:00:00.000Z");
  BOOST_TEST(at(x, "tokens.1.last_used_at").is_string());
  BOOST_TEST(at(x, "tokens.1.revoked_at").is_null());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_wanted_token_is_named) {
  start();
  const std::pair<const char*, const char*> bad[] = {
    {"[]", "the body must be an object"},
    {"{", "line 1"},
    {R"({"name":"x"})", "scope: is missing"},
    {R"({"scope":"read"})", "name: must have 1 to 64 bytes"},
    {R"({"name":1,"scope":"read"})", "name: must be a string"},
    {R"({"name":"x","scope":"root"})", "scope: must be one of"},
    {R"({"name":"x","scope":"read","ttl":1})", "ttl: there is no such field"},
    {R"({"name":"x","scope":"read","expires_at":"soon"})", "RFC 3339"},
    {R"({"name":"x","scope":"read","expires_at":"1999-01-01T00:00:00Z"})",
     "must be in the future"},
  };
  for (const auto& [body, rule] : bad) {
    auto x = json(send("POST", "/api/tokens", "", body), 400);
    auto detail = x.get_string("detail").value_or("");
    BOOST_TEST((detail.find(rule) != std::string::npos),
               body << ": " << detail);
  }
}

BOOST_AUTO_TEST_CASE(scopes_bound_what_a_token_may_do) {
  start();
  auto admin = create("root", "admin");
  auto reader = create("looks", "read", admin);
  auto operating = create("works", "operate", admin);
  auto refused = send("POST", "/api/jobs/x/cancel", reader);
  BOOST_TEST(refused.status == 403);
  BOOST_TEST((refused.body.find("'operate'") != std::string::npos));
  BOOST_TEST(send("POST", "/api/jobs/x/cancel", operating).status == 400);
  BOOST_TEST(send("GET", "/api/tokens", operating).status == 403);
  BOOST_TEST(send("HEAD", "/api/jobs", reader).status == 200);
}

BOOST_AUTO_TEST_CASE(a_revoked_token_is_refused_at_once_and_after_a_restart) {
  start();
  auto admin = create("root", "admin");
  auto reader = create("ci", "read", admin);
  http_client kept{port};
  const http_client::fields with{{"Authorization", "Bearer " + reader}};
  BOOST_TEST(kept.request("GET", "/api/jobs", "", with).status == 200);
  BOOST_TEST(send("DELETE", "/api/tokens/" + ids["ci"], admin).status == 204);
  BOOST_TEST(kept.request("GET", "/api/jobs", "", with).status == 401);
  BOOST_TEST(send("DELETE", "/api/tokens/" + ids["ci"], admin).status == 409);
  BOOST_TEST(send("DELETE", "/api/tokens/" + ids["root"] + "x", admin).status
             == 400);
  stop();
  start();
  BOOST_TEST(send("GET", "/api/jobs", reader).status == 401);
  BOOST_TEST(send("GET", "/api/jobs", admin).status == 200);
}

BOOST_AUTO_TEST_CASE(an_expired_token_is_refused) {
  start();
  auto admin = create("root", "admin");
  auto soon = to_rfc3339(clock.now() + 1h);
  auto reader = create("ci", "read", admin, ",\"expires_at\":\"" + soon + "\"");
  BOOST_TEST(send("GET", "/api/jobs", reader).status == 200);
  clock.move(2h);
  BOOST_TEST(send("GET", "/api/jobs", reader).status == 401);
  auto x = json(send("GET", "/api/tokens", admin));
  BOOST_TEST(at(x, "tokens.1.state").as_string() == "expired");
}

BOOST_AUTO_TEST_CASE(a_subprotocol_may_bring_the_token) {
  start();
  auto admin = create("root", "admin");
  auto x = http_client{port}.request(
    "GET", "/api/jobs", "",
    {{"Sec-WebSocket-Protocol", "quaero, quaero.token." + admin}});
  BOOST_TEST(x.status == 200);
  for (const auto& [name, val] : x.headers)
    BOOST_TEST((val.find(admin) == std::string::npos), name);
}

BOOST_AUTO_TEST_CASE(the_command_line_of_this_machine_has_a_token_of_its_own) {
  gateway_config how;
  auto secret = make_secret(system_random);
  how.local_token = hash_secret(secret);
  start(how);
  BOOST_TEST(send("GET", "/api/jobs").status == 200); // Still open.
  create("root", "admin", secret);
  BOOST_TEST(send("GET", "/api/jobs").status == 401);
  BOOST_TEST(send("GET", "/api/audit", secret).status == 200);
}

BOOST_AUTO_TEST_CASE(a_stream_ends_with_the_token_that_opened_it) {
  start();
  auto admin = create("root", "admin");
  auto reader = create("ci", "read", admin);
  http_client client{port};
  client.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n"
              "Authorization: Bearer "
              + reader + "\r\n\r\n");
  BOOST_TEST(client.read_head().status == 200);
  http_client other{port};
  other.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n"
             "Authorization: Bearer "
             + admin + "\r\n\r\n");
  BOOST_TEST(other.read_head().status == 200);
  BOOST_TEST(send("DELETE", "/api/tokens/" + ids["ci"], admin).status == 204);
  std::string line;
  while (client.read_line(line)) {
    // Until its end; the client throws if there is none.
  }
  BOOST_TEST(
    *read_json(send("GET", "/api/tokens", admin).body).get_int("total_count")
    == 2);
}

BOOST_AUTO_TEST_CASE(no_key_of_a_client_has_a_token_kept) {
  start();
  auto admin = create("root", "admin");
  // The second path is the first one, written otherwise.
  for (const std::string path : {"/api/tokens", "/api//%74okens"}) {
    const auto name = "of " + std::to_string(path.size());
    const http_client::fields fields{{"Authorization", "Bearer " + admin},
                                     {"Idempotency-Key", "k-" + path}};
    const auto body = R"({"scope":"read","name":")" + name + "\"}";
    auto x = json(http_client{port}.request("POST", path, body, fields), 201);
    const auto secret = x.get_string("token").value_or("none");
    bool kept = false;
    storage::for_each(*db, "", [&](std::string_view, std::string_view val) {
      kept = kept || val.find(secret) != val.npos;
      return true;
    });
    BOOST_TEST(!kept, path);
  }
}

// -- the audit log ------------------------------------------------------------

BOOST_AUTO_TEST_CASE(acts_and_refusals_are_in_the_audit_log_without_secrets) {
  start();
  auto admin = create("root", "admin");
  send("GET", "/api/jobs");
  send("GET", "/api/jobs", make_secret(system_random));
  send("POST", "/api/jobs/x/cancel", admin, "{\"password\":\"geheim\"}");
  auto all = audit(admin, 4);
  BOOST_REQUIRE(all.size() == 4u);
  BOOST_TEST(*all[0].get_string("path") == "/api/jobs/x/cancel");
  BOOST_TEST(*all[0].get_string("caller") == "root");
  BOOST_TEST(*all[0].get_string("token_id") == ids["root"]);
  BOOST_TEST(*all[0].get_int("status") == 400);
  BOOST_TEST(*all[0].get_string("remote") == "127.0.0.1");
  BOOST_TEST(!all[0].get_string("request_id")->empty());
  BOOST_TEST(*all[1].get_int("status") == 401);
  BOOST_TEST(*all[2].get_int("status") == 401);
  BOOST_TEST(*all[3].get_string("path") == "/api/tokens");
  BOOST_TEST(*all[3].get_string("method") == "POST");
  auto text = send("GET", "/api/audit", admin).body;
  for (const auto& secret : {admin, std::string{"geheim"}})
    BOOST_TEST((text.find(secret) == std::string::npos));
}

BOOST_AUTO_TEST_CASE(the_audit_log_comes_in_pages_and_survives) {
  start();
  auto admin = create("root", "admin");
  for (int i = 0; i < 4; ++i)
    send("POST", "/api/jobs/x/cancel", admin);
  audit(admin, 5);
  stop();
  start();
  std::vector<int64_t> seen;
  std::string next;
  do {
    auto page = json(send("GET", "/api/audit?limit=2&cursor=" + next, admin));
    BOOST_TEST(*page.get_int("total_count") == 5);
    for (const auto& x : at(page, "records").as_array())
      seen.push_back(*x.get_int("sequence"));
    next = page.get_string("next_cursor").value_or("");
  } while (!next.empty());
  BOOST_TEST(seen == (std::vector<int64_t>{5, 4, 3, 2, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(send("GET", "/api/audit?cursor=forged", admin).status == 400);
  BOOST_TEST(send("GET", "/api/audit?limit=0", admin).status == 400);
}

BOOST_AUTO_TEST_CASE(a_flood_of_refusals_does_not_grow_the_audit_log) {
  start();
  auto admin = create("root", "admin");
  const auto limits = address_limits{};
  for (size_t i = 0; i < 10 * limits.refusals_max; ++i)
    send("GET", "/api/jobs");
  auto page = json(send("GET", "/api/audit?limit=500", admin));
  BOOST_TEST(*page.get_int("total_count")
             <= static_cast<int64_t>(limits.refusals_max) + 1);
}

BOOST_AUTO_TEST_CASE(wrong_tokens_are_answered_429_after_a_while) {
  start();
  auto admin = create("root", "admin");
  const auto wrong = make_secret(system_random);
  const auto limit = address_limits{}.failures_max;
  for (size_t i = 0; i < limit; ++i)
    BOOST_TEST(send("GET", "/api/jobs", wrong).status == 401);
  auto x = send("GET", "/api/jobs", wrong);
  BOOST_TEST(x.status == 429);
  BOOST_TEST(!x.header("retry-after").empty());
  BOOST_TEST(send("GET", "/api/jobs", admin).status == 200);
}

// -- how it goes --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(metrics_are_text_for_prometheus) {
  start();
  send("GET", "/api/jobs");
  auto x = send("GET", "/metrics");
  BOOST_TEST(x.status == 200);
  BOOST_TEST(x.header("content-type")
             == "text/plain; version=0.0.4; charset=utf-8");
  for (auto part :
       {"quaero_build_info{", "# TYPE quaero_http_request_seconds histogram",
        "quaero_http_requests_total{method=\"GET\",route=\"/api/"
        "jobs\",status=\"200\"} 1",
        "quaero_store_fsync_seconds_bucket"})
    BOOST_TEST((x.body.find(part) != std::string::npos), part << "\n"
                                                              << x.body);
}

BOOST_AUTO_TEST_CASE(metrics_tell_how_queues_are_now) {
  gateway_config how;
  how.job_types = {"noop"};
  start(std::move(how));
  send("PUT", "/api/queues/mail", {}, R"({"running_max":3})");
  json(send("POST", "/api/jobs", {}, R"({"type":"noop","queue":"mail"})"), 201);
  clock.move(90s);
  const auto text = send("GET", "/metrics").body;
  for (auto line :
       {"quaero_jobs_enqueued_total{queue=\"mail\",type=\"noop\"} 1\n",
        "quaero_queue_depth{queue=\"mail\",state=\"ready\"} 1\n",
        "quaero_queue_depth{queue=\"mail\",state=\"delayed\"} 0\n",
        "quaero_queue_depth{queue=\"default\",state=\"ready\"} 0\n",
        "quaero_queue_oldest_age_seconds{queue=\"default\"} 0\n",
        "quaero_limiter_in_use{limiter=\"queues.mail.running_max\"} 0\n",
        "quaero_worker_up{type=\"noop\"} 0\n"})
    BOOST_TEST((text.find(line) != std::string::npos), line << " is not in\n"
                                                            << text);
  const std::string age = "quaero_queue_oldest_age_seconds{queue=\"mail\"} ";
  const auto at = text.find(age);
  BOOST_REQUIRE(at != std::string::npos);
  BOOST_TEST(std::stod(text.substr(at + age.size())) >= 90);
}

BOOST_AUTO_TEST_CASE(actors_are_a_tree_and_there_is_one_node) {
  start();
  auto tree = json(send("GET", "/api/actors"));
  BOOST_TEST(*tree.get_string("name") == "daemon");
  std::string names;
  for (const auto& x : at(tree, "children").as_array())
    names += *x.get_string("name") + " ";
  for (auto name : {"store ", "queue ", "job-manager ", "token-store "})
    BOOST_TEST((names.find(name) != std::string::npos), names);
  auto nodes = json(send("GET", "/api/nodes"));
  BOOST_TEST(at(nodes, "nodes").as_array().size() == 1u);
  BOOST_TEST(at(nodes, "nodes.0.state").as_string() == "ready");
  BOOST_TEST(at(nodes, "nodes.0.address").as_string() == server->url());
  BOOST_TEST(at(nodes, "nodes.0.running_max").is_null());
  const auto name = at(nodes, "nodes.0.name").as_string();
  BOOST_TEST(
    send("PUT", "/api/nodes/" + name, {}, R"({"running_max":2})").status
    == 200);
  nodes = json(send("GET", "/api/nodes"));
  BOOST_TEST(at(nodes, "nodes.0.running_max").as_int() == 2);
}

BOOST_AUTO_TEST_CASE(readiness_says_what_it_looked_at) {
  start();
  BOOST_TEST(*json(send("GET", "/readyz")).get_string("status") == "ready");
  auto x = json(send("GET", "/readyz?verbose"));
  std::string names;
  for (const auto& one : at(x, "checks").as_array()) {
    BOOST_TEST(at(one, "ok").as_bool());
    names += *one.get_string("name") + " ";
  }
  BOOST_TEST(names == "store reader recovered draining ");
  rt->drain(1s);
  x = json(send("GET", "/readyz?verbose"), 503);
  BOOST_TEST(*x.get_string("code") == "not_ready");
  BOOST_TEST(!at(x, "checks.3.ok").as_bool());
  BOOST_TEST(send("GET", "/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(only_admins_touch_secrets) {
  start();
  auto admin = create("root", "admin");
  auto operate = create("hand", "operate", admin);
  auto read = create("eye", "read", admin);
  auto put = [&](const std::string& by, const std::string& key,
                 const std::string& body) {
    return send("PUT", "/api/kv/" + key, by, body).status;
  };
  const std::string secret = R"({"value":"0123456789","secret":true})";
  const std::string open = R"({"value":"0123456789"})";
  BOOST_TEST(put(operate, "s", secret) == 403);
  BOOST_TEST(put(admin, "s", secret) == 201);
  BOOST_TEST(put(operate, "s", open) == 403);
  BOOST_TEST(put(operate, "S", open) == 403); // One key in any case.
  BOOST_TEST(send("DELETE", "/api/kv/s", operate).status == 403);
  BOOST_TEST(put(operate, "o", open) == 201);
  BOOST_TEST(put(operate, "o", secret) == 403);
  BOOST_TEST(put(read, "o", open) == 403);
  BOOST_TEST(send("GET", "/api/kv", read).status == 200);
  BOOST_TEST(send("GET", "/api/kv/o", read).status == 403);
  BOOST_TEST(send("GET", "/api/kv/o", operate).status == 200);
  BOOST_TEST(send("DELETE", "/api/kv/o", operate).status == 200);
  BOOST_TEST(send("DELETE", "/api/kv/s", admin).status == 200);
  BOOST_TEST(send("GET", "/api/auth/list", operate).status == 403);
  BOOST_TEST(send("POST", "/api/shutdown", operate).status == 403);
}

BOOST_AUTO_TEST_SUITE_END()
