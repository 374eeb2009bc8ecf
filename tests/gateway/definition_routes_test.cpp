// What is answered about the daemon and about definitions.

#include "tests/gateway/fakes.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

namespace {

const std::string definition_toml = R"(id = "nightly"
name = "Nightly"
[step.scan]
type = "local_dir"
dir_path = "/srv"
[step.sum]
type = "summary"
depends = "scan"
root = "{config.root}"
)";

const std::string definition_body
  = R"({"id":"nightly","name":"Nightly","enabled":true,"steps":[
     {"name":"scan","type":"local_dir","config":{"dir_path":"/srv"}}]})";

} // namespace

// -- system -------------------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(system_routes, gateway_fixture)

BOOST_AUTO_TEST_CASE(health_version_and_probes_answer) {
  gateway_config config;
  config.version = "1.2.3";
  start(config);
  BOOST_TEST(at(get_json("/api/health"), "status").as_string() == "ok");
  BOOST_TEST(get("/livez").status == 200);
  BOOST_TEST(get("/readyz").status == 200);
  auto version = get_json("/api/version");
  BOOST_TEST(at(version, "version").as_string() == "1.2.3");
  BOOST_TEST(at(version, "build").as_string() == "unknown");
  BOOST_TEST(at(version, "git_commit").as_string() == "unknown");
}

BOOST_AUTO_TEST_CASE(status_shows_every_actor) {
  start();
  auto x = get_json("/api/status");
  BOOST_TEST(at(x, "state").as_string() == "idle");
  BOOST_TEST(at(x, "metadata.actors").as_array().size() == 7u);
  BOOST_TEST(at(x, "metadata.actors.0.numbers.asked").as_int() == 1);
  BOOST_TEST(at(x, "timestamp").is_string());
  {
    std::lock_guard lock{fake->mutex};
    fake->queue = {3, 2, 1};
  }
  x = get_json("/api/status");
  BOOST_TEST(at(x, "state").as_string() == "crawling");
  BOOST_TEST(at(x, "metadata.queue.ready").as_int() == 3);
}

BOOST_AUTO_TEST_SUITE_END()

// -- definitions --------------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(definition_routes, gateway_fixture)

BOOST_AUTO_TEST_CASE(a_definition_is_made_read_replaced_and_removed) {
  start();
  auto made = post("/api/job-definitions", definition_body);
  BOOST_TEST(made.status == 201, made.body);
  BOOST_TEST(at(read_json(made.body), "steps.0.name").as_string() == "scan");
  BOOST_TEST(post("/api/job-definitions", definition_body).status == 200);

  auto read = get_json("/api/job-definitions/nightly");
  BOOST_TEST(at(read, "runtime_status").as_string() == "ready");

  auto put = [this](const std::string& id, const std::string& body) {
    return http_client{port}.request("PUT", "/api/job-definitions/" + id, body);
  };
  auto body = definition_body;
  body.replace(body.find("\"nightly\""), 9, "\"another\"");
  BOOST_TEST(put("nightly", body).status == 200); // The path's id counts.
  BOOST_TEST(*get_json("/api/job-definitions").get_int("total_count") == 1);
  BOOST_TEST(put("none", definition_body).status == 404);
  BOOST_TEST(put("nightly", "[]").status == 400);
  BOOST_TEST(put("nightly", "{").status == 400);

  http_client client{port};
  auto target = "/api/job-definitions/nightly";
  auto removed = client.request("DELETE", target);
  BOOST_TEST(removed.status == 204);
  BOOST_TEST(removed.header("content-length") == "");
  BOOST_TEST(client.request("DELETE", target).status == 404);
  BOOST_TEST(client.get(target).status == 404);
}

BOOST_AUTO_TEST_CASE(definitions_of_the_system_are_read_only) {
  start();
  {
    std::lock_guard lock{fake->mutex};
    job_definition x;
    x.id = "nightly";
    x.job_type = "system";
    fake->definitions = {x};
  }
  http_client client{port};
  auto target = "/api/job-definitions/nightly";
  BOOST_TEST(client.request("PUT", target, definition_body).status == 403);
  BOOST_TEST(client.request("DELETE", target).status == 403);
  BOOST_TEST(post("/api/job-definitions/upload", definition_toml).status
             == 403);
}

BOOST_AUTO_TEST_CASE(definitions_are_listed_filtered_and_paged) {
  start();
  {
    std::lock_guard lock{fake->mutex};
    for (auto name : {"c", "a", "d", "b"}) {
      job_definition x;
      x.id = std::string{"id-"} + name;
      x.name = name;
      x.type = *name < 'c' ? "crawler" : "custom";
      x.enabled = *name != 'd';
      fake->definitions.push_back(x);
    }
  }
  auto names = [this](const std::string& query) {
    auto x = get_json("/api/job-definitions?" + query);
    std::string out;
    for (const auto& one : at(x, "job_definitions").as_array())
      out += *one.get_string("name");
    return out + std::to_string(*x.get_int("total_count"));
  };
  BOOST_TEST(names("") == "abcd4");
  BOOST_TEST(names("order_dir=desc") == "dcba4");
  BOOST_TEST(names("type=custom") == "cd2");
  BOOST_TEST(names("enabled=false") == "d1");
  BOOST_TEST(names("limit=2&offset=1") == "bc4");
  BOOST_TEST(names("limit=2&offset=9") == "4");
  BOOST_TEST(names("limit=100000") == "abcd4");
  const auto next
    = get_json("/api/job-definitions?limit=2").get_string("next_cursor");
  BOOST_TEST(names("limit=2&cursor=" + *next) == "cd4");
  auto last = get_json("/api/job-definitions?limit=2&cursor=" + *next);
  BOOST_TEST(*last.get_string("next_cursor") == "");
  for (const auto& bad :
       {"order_dir=desc&cursor=" + *next, "offset=1&cursor=" + *next,
        std::string{"cursor=made-up"}})
    get_json("/api/job-definitions?" + bad, 400);
  BOOST_TEST(names("limit=99999999999999999999999") == "abcd4");
  for (auto bad : {"limit=abc", "limit=-1", "limit=0", "offset=-1", "offset=x",
                   "order_by=colour", "order_dir=up", "enabled=perhaps"}) {
    auto x = get_json(std::string{"/api/job-definitions?"} + bad, 400);
    auto name = std::string{bad}.substr(0, std::string{bad}.find('='));
    BOOST_TEST(*x.get_string("parameter") == name);
    BOOST_TEST(x.get_string("detail")->starts_with(name + ": "));
  }
}

BOOST_AUTO_TEST_CASE(an_upload_is_toml_and_is_exported_as_it_was) {
  start();
  auto first = post("/api/job-definitions/upload", definition_toml);
  BOOST_TEST(first.status == 201, first.body);
  BOOST_TEST(post("/api/job-definitions/upload", definition_toml).status
             == 200);
  auto text = get("/api/job-definitions/nightly/export");
  BOOST_TEST(text.body == definition_toml);
  BOOST_TEST(text.header("content-type") == "application/toml");
  BOOST_TEST(text.header("content-disposition")
             == "attachment; filename=\"nightly.toml\"");
  // What came as JSON has no text of its own.
  auto body = read_json(get("/api/job-definitions/nightly").body);
  body.set("name", "Renamed");
  http_client{port}.request("PUT", "/api/job-definitions/nightly",
                            to_json(body));
  auto rendered = get("/api/job-definitions/nightly/export").body;
  BOOST_TEST((rendered.find("Renamed") != std::string::npos), rendered);
  BOOST_TEST(get("/api/job-definitions/none/export").status == 404);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_definition_is_listed) {
  start();
  auto broken = "id = \"x\"\nname = \"X\"\n[step.a]\ntype = \"nonsense\"\n";
  for (auto target :
       {"/api/job-definitions/upload", "/api/job-definitions/validate"}) {
    auto reply = post(target, broken);
    BOOST_TEST(reply.status == 400, reply.body);
    auto x = read_json(reply.body);
    BOOST_TEST(at(x, "errors.0.message").is_string(), reply.body);
    BOOST_TEST(x.get_string("error").has_value());
  }
  BOOST_TEST(post("/api/job-definitions", "{}").status == 400);
  BOOST_TEST(post("/api/job-definitions", "").status == 400);
}

BOOST_AUTO_TEST_CASE(the_workers_look_at_steps_without_placeholders) {
  start();
  {
    std::lock_guard lock{fake->mutex};
    fake->broken_steps["local_dir"] = {"dir_path must exist"};
    fake->broken_steps["summary"] = {"is not asked"};
  }
  for (auto target :
       {"/api/job-definitions/upload", "/api/job-definitions/validate"}) {
    auto reply = post(target, definition_toml);
    auto x = read_json(reply.body);
    BOOST_TEST(reply.status == 400);
    BOOST_TEST(at(x, "errors").as_array().size() == 1u, reply.body);
    BOOST_TEST(at(x, "errors.0.field").as_string() == "step.scan");
    BOOST_TEST(at(x, "errors.0.message").as_string() == "dir_path must exist");
    BOOST_TEST(*x.get_string("error") == "step.scan: dir_path must exist");
  }
  BOOST_TEST(post("/api/job-definitions", definition_body).status == 400);
  std::lock_guard lock{fake->mutex};
  BOOST_TEST(fake->definitions.empty());
}

BOOST_AUTO_TEST_CASE(a_step_without_a_worker_is_refused) {
  start();
  auto reply = post("/api/job-definitions/upload",
                    "id = \"x\"\nname = \"X\"\n[step.a]\ntype = \"email\"\n");
  BOOST_TEST(reply.status == 400);
  BOOST_TEST(at(read_json(reply.body), "errors.0.message").as_string()
             == "no worker for email");
}

BOOST_AUTO_TEST_CASE(a_valid_definition_is_shown_but_not_stored) {
  start();
  auto reply = post("/api/job-definitions/validate", definition_toml);
  auto x = read_json(reply.body);
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(*x.get_bool("valid"));
  BOOST_TEST(at(x, "errors").as_array().empty());
  BOOST_TEST(at(x, "job_definition.id").as_string() == "nightly");
  BOOST_TEST(get("/api/job-definitions/nightly").status == 404);
}

BOOST_AUTO_TEST_CASE(execute_starts_a_run_with_overrides) {
  start();
  auto reply = post("/api/job-definitions/nightly/execute",
                    R"({"config":{"root":"/x","n":5,"on":true}})");
  BOOST_TEST(reply.status == 202);
  auto x = read_json(reply.body);
  BOOST_TEST(x.get_string("job_id")->size() == 36u);
  BOOST_TEST(*x.get_string("job_name") == "Name of nightly");
  BOOST_TEST(*x.get_string("status") == "running");
  BOOST_TEST(*x.get_string("message") == "Job execution started");
  for (auto bad : {"{", "[]", R"({"config":[]})", R"({"config":{"a":[]}})"})
    BOOST_TEST(post("/api/job-definitions/nightly/execute", bad).status == 400,
               bad);
  BOOST_TEST(post("/api/job-definitions/nightly/execute").status == 202);
  std::lock_guard lock{fake->mutex};
  BOOST_REQUIRE(fake->executed.size() == 2u);
  auto& given = fake->executed[0].overrides;
  BOOST_REQUIRE(given.size() == 3u);
  BOOST_TEST(given[0].second == "/x");
  BOOST_TEST(given[1].second == "5");
  BOOST_TEST(given[2].second == "true");
}

BOOST_AUTO_TEST_SUITE_END()
