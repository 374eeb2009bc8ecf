// Keys and credentials: what is kept, and what is never given back.

#include "tests/gateway/catalog_fixture.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace quaero;
using namespace quaero::test;

namespace {

const std::string masked = "\u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022";
const std::string canary = "cAnArY/\"0123\" 456&789";

/// The secret in every form in which it could be written down.
const std::vector<std::string> canaries{
  canary, R"(cAnArY/\"0123\" 456&789)", R"(cAnArY/\\\"0123\\\" 456&789)",
  "cAnArY%2F%220123%22%20456%26789", "cAnArY/%220123%22%20456&789"};

struct keys_fixture : catalog_fixture {
  void put(const std::string& key, const std::string& text, bool secret = false,
           int status = 201) {
    auto body = value::make_object({{"value", text}, {"secret", secret}});
    json("PUT", "/api/kv/" + key, to_json(body), status);
  }

  std::string value_of(const std::string& key) {
    return get_json("/api/kv/" + key).get_string("value").value_or("?");
  }
};

bool has_canary(const std::string& text) {
  for (const auto& x : canaries)
    if (text.find(x) != std::string::npos)
      return true;
  return false;
}

/// Whether all else that is said of the canary is its name.
void check_text(const std::string& where, const std::string& text) {
  BOOST_TEST(!has_canary(text), where << " has it: " << text);
  BOOST_TEST((text.find("cAnArY") == std::string::npos),
             where << " has a part of it: " << text);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(kept_keys, keys_fixture)

BOOST_AUTO_TEST_CASE(a_key_is_made_read_changed_and_removed) {
  start();
  auto made
    = json("POST", "/api/kv",
           R"({"key":" My-Key ","value":"0123456789","description":"d"})", 201);
  BOOST_TEST(*made.get_string("key") == "my-key");
  BOOST_TEST(*made.get_string("value") == "0123...6789");
  BOOST_TEST(send("POST", "/api/kv", R"({"key":"MY-KEY","value":"x"})").status
             == 409);
  BOOST_TEST(value_of("MY-key") == "0123456789");
  put("my-key", "short", false, 200);
  BOOST_TEST(*get_json("/api/kv/my-key").get_string("description") == "d");
  json("PUT", "/api/kv/my-key", R"({"value":"","description":"new"})", 200);
  BOOST_TEST(value_of("my-key") == "short");
  BOOST_TEST(*get_json("/api/kv/my-key").get_string("description") == "new");
  auto list = get_json("/api/kv");
  BOOST_REQUIRE(list.as_array().size() == 1u);
  BOOST_TEST(*list.as_array()[0].get_string("value") == masked);
  restart();
  BOOST_TEST(value_of("my-key") == "short");
  json("DELETE", "/api/kv/My-Key");
  BOOST_TEST(send("DELETE", "/api/kv/my-key").status == 404);
  BOOST_TEST(get("/api/kv/my-key").status == 404);
  BOOST_TEST(send("PUT", "/api/kv/my-key", R"({"description":"x"})").status
             == 404);
}

BOOST_AUTO_TEST_CASE(what_is_no_pair_is_refused_and_not_repeated) {
  settings.keys.reserved = {"data-dir"};
  settings.keys.text_bytes_max = 64;
  settings.keys.key_bytes_max = 16;
  start();
  const std::string text = "0123456789secret0123456789";
  const std::vector<std::string> bodies{
    "{\"key\":\"a\",\"value\":\"" + text,
    R"({"value":")" + text + R"("})",
    R"({"key":"a"})",
    R"({"key":"a b","value":")" + text + R"("})",
    R"({"key":"123","value":")" + text + R"("})",
    R"({"key":"config.x","value":")" + text + R"("})",
    R"({"key":"data-dir","value":")" + text + R"("})",
    R"({"key":"aaaaaaaaaaaaaaaaa","value":")" + text + R"("})",
    R"({"key":"a","value":")" + text + text + text + R"("})",
    R"({"key":"a","value":5})",
    R"({"key":"a","value":"x","secret":1})",
    R"({"key":"a","value":")" + text + R"(","colour":1})",
    R"({"key":"a","value":"1234567","secret":true})"};
  for (const auto& body : bodies) {
    auto reply = send("POST", "/api/kv", body);
    BOOST_TEST(reply.status == 400, body);
    BOOST_TEST((reply.body.find("secret0123") == std::string::npos),
               reply.body);
  }
  // At the limits.
  put("aaaaaaaaaaaaaaaa", std::string(64, 'x'));
  put("b", "12345678", true);
}

BOOST_AUTO_TEST_CASE(there_are_so_many_keys_and_no_more) {
  settings.keys.pairs_max = 2;
  start();
  put("a", "1");
  put("b", "2");
  auto reply = send("PUT", "/api/kv/c", R"({"value":"3"})");
  BOOST_TEST(reply.status == 429, reply.body);
  put("b", "4", false, 200);
  json("DELETE", "/api/kv/a");
  put("c", "3");
}

BOOST_AUTO_TEST_CASE(of_many_who_make_one_key_one_succeeds) {
  start();
  std::atomic<int> made{0};
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&, i] {
      auto body = R"({"key":"Key","value":")" + std::to_string(i) + R"("})";
      made += send("POST", "/api/kv", body).status == 201;
    });
  for (auto& x : all)
    x.join();
  BOOST_TEST(made == 1);
}

BOOST_AUTO_TEST_CASE(a_secret_is_never_shown_and_stays_one) {
  start();
  put("k", canary, true);
  BOOST_TEST(value_of("k") == masked);
  BOOST_TEST(*get_json("/api/kv").as_array()[0].get_string("value") == masked);
  // A new value is secret, too; and it does not become open.
  auto put_again = send("PUT", "/api/kv/k", R"({"value":"another text"})");
  BOOST_TEST(put_again.status == 200);
  BOOST_TEST((put_again.body.find("another") == std::string::npos));
  BOOST_TEST(value_of("k") == masked);
  BOOST_TEST(
    send("PUT", "/api/kv/k", R"({"value":"open now!","secret":false})").status
    == 409);
  restart();
  BOOST_TEST(value_of("k") == masked);
}

BOOST_AUTO_TEST_CASE(a_value_counts_from_its_answer_on) {
  start();
  send("POST", "/api/job-definitions/upload",
       "id = \"a\"\nname = \"A\"\n[step.s]\ntype = \"transform\"\n"
       "text = \"{K} and {nobody}\"\n");
  for (auto text : {"first", "second"}) {
    put("k", text, false, *text == 'f' ? 201 : 200);
    run("a");
    std::lock_guard guard{worker->mutex};
    BOOST_TEST((worker->configs.back().find(std::string{text} + " and {nobody}")
                != std::string::npos),
               worker->configs.back());
  }
}

BOOST_AUTO_TEST_CASE(a_value_for_one_run_may_not_name_a_secret) {
  start();
  put("k", canary, true);
  put("open", "text");
  send("POST", "/api/job-definitions/upload",
       "id = \"a\"\nname = \"A\"\n[config]\nx = \"\"\n[step.s]\n"
       "type = \"transform\"\ntext = \"{config.x}\"\n");
  auto refused = send("POST", "/api/job-definitions/a/execute",
                      R"({"config":{"x":"http://h/?{K}"}})");
  BOOST_TEST(refused.status == 400, refused.body);
  check_text("the refusal", refused.body);
  const auto job = run("a", R"({"config":{"x":"{open}"}})");
  refused = send("POST", "/api/jobs/" + job + "/rerun",
                 R"({"config":{"x":["http://h/?{K}"]}})");
  BOOST_TEST(refused.status == 400, refused.body);
  BOOST_TEST((refused.body.find("config.x") != std::string::npos));
  check_text("the refusal", refused.body);
}

BOOST_AUTO_TEST_SUITE_END()

// -- secrets end to end -------------------------------------------------------

namespace {

const std::string leaky_toml = R"(
id = "leaky"
name = "Says what it knows"
[config]
via = "{canary-key}"
[step.work]
type = "transform"
token = "Bearer {Canary-Key}"
url = "https://host/?k={canary-key}"
via = "{config.via}"
nested = { list = ["{canary-key}"] }
api_key = "canary-key"
children = 2
[step.failing]
type = "transform"
token = "{canary-key}"
fail = true
[step.inline]
type = "transform"
token = "{canary-key}"
inline = true
[step.refused]
type = "transform"
refuse = "{canary-key}"
[step.thrown]
type = "transform"
throw_at_init = "{canary-key}"
)";

/// Everything that the daemon says to those outside.
struct leak_fixture : keys_fixture {
  void look(const std::string& target) {
    auto reply = get(target);
    BOOST_TEST(reply.status == 200, target << reply.body);
    check_text(target, reply.body);
    for (const auto& [name, val] : reply.headers)
      check_text(target + " " + name, val);
  }

  void look_at_run(const std::string& job) {
    const auto one = "/api/jobs/" + job;
    for (auto part : {"", "/tree", "/structure", "/children", "/logs?level=all",
                      "/logs/aggregated?level=all"})
      look(one + part);
    look("/api/logs?scope=job&level=all&job_id=" + job);
    const auto steps = get_json(one + "/children");
    for (const auto& step : at(steps, "jobs").as_array()) {
      const auto id = *step.get_string("id");
      look("/api/jobs/" + id);
      look("/api/jobs/" + id + "/children");
      look("/api/jobs/" + id + "/logs?level=all");
    }
  }

  /// Every record but the pair itself.
  void look_at_database() {
    size_t looked_at = 0;
    auto result = storage::for_each(
      *db, {}, [&](std::string_view key, std::string_view val) {
        check_text("key", std::string{key});
        if (key != "kcanary-key")
          check_text("record " + std::string{key.substr(0, 1)},
                     std::string{val});
        ++looked_at;
        return true;
      });
    BOOST_TEST(result.ok());
    BOOST_TEST(looked_at > 20u);
  }

  /// What workers were given.
  void check_given() {
    std::lock_guard guard{worker->mutex};
    size_t whole = 0;
    for (const auto& text : worker->configs) {
      auto given = read_json(text);
      BOOST_TEST((given.get_string("token")->find(canary) != std::string::npos),
                 text);
      if (given.find("via")) {
        ++whole;
        BOOST_TEST(*given.get_string("via") == canary);
        BOOST_TEST(at(given, "nested.list.0").as_string() == canary);
        BOOST_TEST(*given.get_string("url") == "https://host/?k=" + canary);
        BOOST_TEST(*given.get_string("api_key") == "canary-key");
      }
    }
    BOOST_TEST(whole == 3u); // The job, its child, and the child's.
  }
};

event_sink_actor collect_events(caf::actor_system& sys, std::mutex& mutex,
                                std::string& out) {
  return sys.spawn(
    [&](event_sink_actor::pointer) -> event_sink_actor::behavior_type {
      return {[&](atom::publish, const event_block_ptr& x) {
        std::lock_guard guard{mutex};
        for (const auto& e : x->events)
          out += e.error + e.result + "\n";
        for (const auto& line : x->lines)
          out += line.line.message + "\n";
        for (const auto& run : x->progress)
          for (const auto& step : run.steps)
            out += step.error + step.name + "\n";
      }};
    });
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(secrets_stay_secret, leak_fixture)

BOOST_AUTO_TEST_CASE(a_secret_is_nowhere_but_with_the_workers) {
  start();
  std::mutex mutex;
  std::string published;
  auto sink = collect_events(system(), mutex, published);
  caf::anon_send(rt->hub, atom::subscribe_v, sink);
  put("canary-key", canary, true);
  check_text("upload",
             send("POST", "/api/job-definitions/upload", leaky_toml).body);
  const auto job = run("leaky");
  check_given();
  look_at_run(job);
  for (auto target :
       {"/api/jobs", "/api/jobs/queue", "/api/jobs/stats", "/api/documents",
        "/api/documents/tags", "/api/search?q=", "/api/kv",
        "/api/kv/canary-key", "/api/config", "/api/status",
        "/api/job-definitions", "/api/job-definitions/leaky", "/api/scheduler"})
    look(target);
  auto errors = get("/api/jobs/" + job + "/tree").body;
  BOOST_TEST((errors.find("{canary-key}") != std::string::npos), errors);
  look_at_database();
  {
    std::lock_guard guard{mutex};
    BOOST_TEST((published.find("{canary-key}") != std::string::npos));
    check_text("an event", published);
  }
  caf::anon_send_exit(sink, caf::exit_reason::kill);
}

BOOST_AUTO_TEST_CASE(a_seal_is_in_the_database_and_never_in_an_answer) {
  start();
  put("canary-key", canary, true);
  send("POST", "/api/job-definitions/upload", leaky_toml);
  const auto job = run("leaky");
  key_pair stored;
  caf::scoped_actor self{system()};
  self->request(rt->pairs, std::chrono::seconds{10}, atom::get_v, "canary-key")
    .receive([&](const key_pair& x) { stored = x; }, [](const caf::error&) {});
  BOOST_REQUIRE(stored.seal.size() == 32u);
  const auto steps = get_json("/api/jobs/" + job + "/children");
  for (const auto& step : at(steps, "jobs").as_array()) {
    auto children
      = get("/api/jobs/" + *step.get_string("id") + "/children").body;
    BOOST_TEST((children.find(stored.seal) == std::string::npos), children);
  }
  BOOST_TEST(
    (get("/api/kv/canary-key").body.find(stored.seal) == std::string::npos));
}

BOOST_AUTO_TEST_SUITE_END()

// -- credentials --------------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(kept_credentials, keys_fixture)

BOOST_AUTO_TEST_CASE(a_credential_is_kept_without_being_given_back) {
  start();
  auto capture = [](const std::string& site) {
    return R"({"baseUrl":"https://)" + site
           + R"(/wiki","userAgent":"Browser/1","timestamp":5,)"
             R"("cookies":[{"name":"s","value":"cAnArY-cookie"}],)"
             R"("tokens":{"t":"cAnArY-token"}})";
  };
  BOOST_TEST(!*get_json("/api/auth/status").get_bool("authenticated"));
  auto made = json("POST", "/api/auth", capture("One.Example.org:8443"));
  BOOST_TEST(*made.get_string("status") == "success");
  auto id = *made.get_string("id");
  BOOST_TEST(*get_json("/api/auth/status").get_bool("authenticated"));
  // The same site again is the same credential.
  BOOST_TEST(
    *json("POST", "/api/auth", capture("one.example.org")).get_string("id")
    == id);
  json("POST", "/api/auth", capture("x.atlassian.net"));
  BOOST_TEST(get_json("/api/auth/list").as_array().size() == 2u);
  auto one = get_json("/api/auth/" + id);
  BOOST_TEST(*one.get_string("site_domain") == "one.example.org");
  BOOST_TEST(*one.get_string("base_url") == "https://one.example.org/wiki");
  for (auto target :
       {std::string{"/api/auth/list"}, "/api/auth/" + id,
        std::string{"/api/auth/status"}, std::string{"/api/status"}})
    check_text(target, get(target).body);
  BOOST_TEST(get("/api/auth/" + id + "/cookies").status == 404);
  restart();
  BOOST_TEST(get_json("/api/auth/list").as_array().size() == 2u);
  json("DELETE", "/api/auth/" + id);
  BOOST_TEST(get("/api/auth/" + id).status == 404);
  BOOST_TEST(send("DELETE", "/api/auth/" + id).status == 404);
}

BOOST_AUTO_TEST_CASE(what_is_no_capture_is_refused_and_not_repeated) {
  settings.credentials.bytes_max = 300;
  settings.credentials.credentials_max = 1;
  start();
  const std::vector<std::string> bodies{
    R"({"tokens":"cAnArY)",
    "[]",
    R"({"tokens":{"a":"cAnArY"}})",
    R"({"baseUrl":"ftp://x"})",
    R"({"baseUrl":"https://"})",
    R"({"baseUrl":"https://me:cAnArY@host/"})",
    R"({"baseUrl":"https://h","cookies":"cAnArY"})",
    R"({"baseUrl":"https://h","tokens":["cAnArY"]})",
    R"({"baseUrl":"https://h","colour":1})",
    R"({"baseUrl":"https://h","tokens":{"a":")" + std::string(300, 'x')
      + R"("}})"};
  for (const auto& body : bodies) {
    auto reply = send("POST", "/api/auth", body);
    BOOST_TEST(reply.status == 400, body);
    check_text("the refusal", reply.body);
  }
  json("POST", "/api/auth", R"({"baseUrl":"https://h"})");
  BOOST_TEST(send("POST", "/api/auth", R"({"baseUrl":"https://i"})").status
             == 429);
}

BOOST_AUTO_TEST_SUITE_END()
