// Definitions as they are kept: versions, files, schedules. Before a real
// runtime.

#include "storage/schedule_tables.hpp"
#include "tests/gateway/catalog_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <mutex>
#include <thread>

using namespace quaero;
using namespace quaero::test;

namespace {

std::string definition(const std::string& id, const std::string& more = {}) {
  return "id = \"" + id + "\"\nname = \"Name of " + id + "\"\n" + more
         + "[step.only]\ntype = \"transform\"\n";
}

const std::string one = "/api/job-definitions/";
const std::string upload = "/api/job-definitions/upload";

std::string body_of(const std::string& description) {
  return R"({"id":"a","name":"A","enabled":true,"description":")" + description
         + R"(","steps":[{"name":"s","type":"transform"}]})";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(kept_definitions, catalog_fixture)

BOOST_AUTO_TEST_CASE(a_version_goes_along_and_is_not_sent_twice) {
  start();
  auto made = send("POST", upload, definition("a"));
  BOOST_TEST(made.status == 201, made.body);
  auto tag = made.header("etag");
  BOOST_TEST((tag.size() > 2 && tag.front() == '"' && tag.back() == '"'), tag);
  auto read = get(one + "a");
  BOOST_TEST(read.header("etag") == tag);
  auto again = send("GET", one + "a", {}, {{"If-None-Match", tag}});
  BOOST_TEST(again.status == 304);
  BOOST_TEST(again.body == "");
  BOOST_TEST(again.header("etag") == tag);
  BOOST_TEST(send("GET", one + "a", {}, {{"If-None-Match", "W/" + tag}}).status
             == 304);
  BOOST_TEST(send("GET", one + "a", {}, {{"If-None-Match", "\"x\""}}).status
             == 200);
  auto put = send("PUT", one + "a", body_of("new"));
  BOOST_TEST(put.status == 200, put.body);
  BOOST_TEST(put.header("etag") != tag);
}

BOOST_AUTO_TEST_CASE(a_change_of_another_version_is_refused) {
  start();
  auto old = send("POST", upload, definition("a")).header("etag");
  auto now = send("PUT", one + "a", body_of("1"), {{"If-Match", old}});
  BOOST_TEST(now.status == 200, now.body);
  auto late = send("PUT", one + "a", body_of("2"), {{"If-Match", old}});
  BOOST_TEST(late.status == 412);
  BOOST_TEST(*read_json(late.body).get_string("code") == "changed");
  BOOST_TEST(send("DELETE", one + "a", {}, {{"If-Match", old}}).status == 412);
  // A weak tag says nothing about the content.
  auto weak = "W/" + now.header("etag");
  BOOST_TEST(send("PUT", one + "a", body_of("2"), {{"If-Match", weak}}).status
             == 412);
  BOOST_TEST(*get_json(one + "a").get_string("description") == "1");
  BOOST_TEST(send("PUT", one + "a", body_of("3"), {{"If-Match", "*"}}).status
             == 200);
  BOOST_TEST(send("PUT", one + "none", body_of("3"), {{"If-Match", "*"}}).status
             == 404);
  auto tag = get(one + "a").header("etag");
  BOOST_TEST(send("DELETE", one + "a", {}, {{"If-Match", tag}}).status == 204);
  BOOST_TEST(send("DELETE", one + "a", {}, {{"If-Match", tag}}).status == 404);
}

BOOST_AUTO_TEST_CASE(of_many_who_change_one_version_one_succeeds) {
  start();
  constexpr int people = 8;
  for (int round = 0; round < 5; ++round) {
    send("POST", upload, definition("a", "description = \"start\"\n"));
    const auto tag = get(one + "a").header("etag");
    std::atomic<int> stored{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> all;
    for (int i = 0; i < people; ++i)
      all.emplace_back([&, i] {
        auto status = send("PUT", one + "a", body_of(std::to_string(i)),
                           {{"If-Match", tag}})
                        .status;
        ++(status == 200 ? stored : refused);
      });
    for (auto& x : all)
      x.join();
    BOOST_TEST(stored == 1);
    BOOST_TEST(refused == people - 1);
  }
}

BOOST_AUTO_TEST_CASE(definitions_of_the_system_change_by_their_file_only) {
  start();
  write("definitions/sys.toml", definition("sys", "job_type = \"system\"\n"));
  BOOST_TEST(*json("POST", one + "reload").get_int("loaded") == 1);
  BOOST_TEST(send("PUT", one + "sys", body_of("x")).status == 403);
  BOOST_TEST(send("DELETE", one + "sys").status == 403);
  auto refused = send("POST", upload, definition("sys"));
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(*read_json(refused.body).get_string("code") == "read_only");
  write("definitions/sys.toml",
        definition("sys", "job_type = \"system\"\ndescription = \"2\"\n"));
  BOOST_TEST(*json("POST", one + "reload").get_int("changed") == 1);
  BOOST_TEST(*get_json(one + "sys").get_string("description") == "2");
  write("definitions/sys.toml", definition("sys"));
  auto report = json("POST", one + "reload");
  BOOST_TEST(!*report.get_bool("success"));
  BOOST_TEST(*get_json(one + "sys").get_string("job_type") == "system");
}

BOOST_AUTO_TEST_CASE(a_reload_names_what_is_broken_and_takes_the_rest) {
  start();
  write("definitions/a.toml", definition("a"));
  write("definitions/b.toml", "id = \"b\"\nname = \"B\"\n[step.x]\n");
  write("definitions/c.toml", definition("c") + "refuse = true\n");
  write("definitions/d.toml", definition("d"));
  write("definitions/e.txt", "no definition");
  auto report = json("POST", one + "reload");
  BOOST_TEST(!*report.get_bool("success"));
  BOOST_TEST(*report.get_int("loaded") == 2);
  auto errors = to_json(*report.find("errors"));
  BOOST_TEST((errors.find("b.toml:3: step.x") != std::string::npos), errors);
  BOOST_TEST((errors.find("c.toml: step.only: refused") != std::string::npos),
             errors);
  BOOST_TEST(
    (report.get_string("message")->find("2 of 4 files") != std::string::npos));
  BOOST_TEST(get(one + "a").status == 200);
  BOOST_TEST(get(one + "b").status == 404);
  BOOST_TEST(get(one + "d").status == 200);

  write("definitions/b.toml", definition("b"));
  write("definitions/c.toml", definition("c"));
  write("definitions/d.toml", definition("d", "description = \"2\"\n"));
  report = json("POST", one + "reload");
  BOOST_TEST(*report.get_bool("success"));
  BOOST_TEST(*report.get_int("loaded") == 4);
  BOOST_TEST(*report.get_int("changed") == 3); // All but a.
  BOOST_TEST(!*get_json(one + "a").get_bool("updated"));
  BOOST_TEST(*get_json(one + "d").get_bool("updated"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_gone_is_told) {
  start();
  std::filesystem::remove_all(settings.catalog.definitions_dir);
  auto report = json("POST", one + "reload");
  BOOST_TEST(!*report.get_bool("success"));
  BOOST_TEST(*report.get_int("loaded") == 0);
}

BOOST_AUTO_TEST_CASE(a_folder_of_too_many_files_is_told) {
  settings.catalog.files_max = 2;
  start();
  write("definitions/a.toml", definition("a"));
  write("definitions/b.toml", definition("b"));
  BOOST_TEST(*json("POST", one + "reload").get_bool("success"));
  write("definitions/c.toml", definition("c"));
  auto report = json("POST", one + "reload");
  BOOST_TEST(!*report.get_bool("success"));
  BOOST_TEST((report.get_string("message")->find("more than 2 files")
              != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_definition_yet_is_kept) {
  start();
  auto text = std::string{"id = \"x\"\nname = "};
  auto kept = json("POST", one + "save-invalid", text, 201);
  auto id = kept.get_string("id").value_or("");
  BOOST_TEST(id.starts_with("invalid-"));
  BOOST_TEST(*kept.get_string("name") == "Invalid");
  BOOST_TEST(!*kept.get_bool("enabled"));
  auto read = get_json(one + id);
  BOOST_TEST(*read.get_string("toml") == text);
  BOOST_TEST(*read.get_string("validation_status") == "invalid");
  BOOST_TEST(*read.get_string("runtime_status") == "error");
  BOOST_TEST(*read.get_string("runtime_error") != "");
  BOOST_TEST(get(one + id + "/export").body == text);
  BOOST_TEST(send("POST", one + id + "/execute").status == 400);
  BOOST_TEST(send("POST", one + "save-invalid", "\xff").status == 400);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_missing_makes_a_definition_wait) {
  start();
  for (auto [id, key] :
       {std::pair{"a", "My-Key"}, {"b", "{my-key}"}, {"c", "{config.k}"}}) {
    send("POST", upload,
         definition(id) + "api_key = \"" + key
           + "\"\n[config]\nk = \"{my-key}\"\n");
    auto x = get_json(one + id);
    BOOST_TEST(*x.get_string("runtime_status") == "error", id);
    BOOST_TEST(*x.get_string("runtime_error")
               == "step.only.api_key: there is no key 'my-key'");
  }
  auto before = get(one + "a").header("etag");
  json("POST", "/api/kv", R"({"key":"my-key","value":"x"})", 201);
  for (auto id : {"a", "b", "c"})
    BOOST_TEST(*get_json(one + id).get_string("runtime_status") == "ready");
  BOOST_TEST(*get_json("/api/job-definitions")
                .find("job_definitions")
                ->as_array()[0]
                .get_string("runtime_status")
             == "ready");
  // What is shown has changed, the content has not.
  BOOST_TEST(send("GET", one + "a", {}, {{"If-None-Match", before}}).status
             == 200);
  BOOST_TEST(send("DELETE", one + "a", {}, {{"If-Match", before}}).status
             == 204);
}

BOOST_AUTO_TEST_CASE(templates_are_listed_and_broken_ones_named) {
  start();
  write("templates/stock.toml", "name = \"Stock {s:ticker}\"\ntags = [\"a\"]\n"
                                "[step.one]\ntype = \"market_data\"\n");
  write("templates/broken.toml", "name = ");
  auto x = get_json("/api/job-templates");
  BOOST_REQUIRE(at(x, "templates").as_array().size() == 1u);
  BOOST_TEST(at(x, "templates.0.id").as_string() == "stock");
  BOOST_TEST(at(x, "templates.0.name").as_string() == "Stock {s:ticker}");
  BOOST_TEST(at(x, "templates.0.steps.0.type").as_string() == "market_data");
  BOOST_REQUIRE(at(x, "errors").as_array().size() == 1u);
  BOOST_TEST((at(x, "errors.0").as_string().find("broken.toml: line 1")
              != std::string::npos));
}

BOOST_AUTO_TEST_CASE(schedules_are_shown_with_what_comes) {
  start();
  send("POST", upload, definition("b", "schedule = \"0 0 29 2 *\"\n"));
  send("POST", upload, definition("a", "schedule = \"0 0 30 2 *\"\n"));
  send("POST", upload, definition("c"));
  auto x = get_json("/api/scheduler");
  BOOST_TEST(*x.get_bool("firing"));
  BOOST_REQUIRE(at(x, "schedules").as_array().size() == 2u);
  BOOST_TEST(at(x, "schedules.0.definition_id").as_string() == "a");
  BOOST_TEST(at(x, "schedules.0.next_runs").as_array().empty());
  BOOST_TEST(at(x, "schedules.1.schedule").as_string() == "0 0 29 2 *");
  BOOST_TEST(at(x, "schedules.1.next_runs").as_array().size() == 5u);
  BOOST_TEST((at(x, "schedules.1.next_runs.0").as_string().find("-02-29T00:00")
              != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_definition_has_its_last_run_and_its_next) {
  start();
  const auto path = one + "a";
  send("POST", upload,
       definition("a", "schedule = \"0 0 29 2 *\"\n"
                       "time_zone = \"America/New_York\"\n"));
  BOOST_TEST(get_json(path).find("last_run") == nullptr);
  BOOST_TEST((get_json(path).get_string("next_run")->find("-02-29T05:00")
              != std::string::npos));
  const auto tag = get(path).header("etag");
  schedule_record record;
  BOOST_REQUIRE(from_string(run("a"), record.run));
  BOOST_REQUIRE(from_rfc3339("2024-02-29T05:00:00Z", record.last_tick));
  record.run_for = record.last_tick;
  record.outcome = tick_outcome::started;
  rt->drain(std::chrono::seconds{10});
  storage::write_batch batch;
  storage::put_schedule(batch, "a", record);
  BOOST_REQUIRE(db->write(batch, true).ok());
  restart();
  for (const auto& x : {get_json(path), *get_json("/api/job-definitions")
                                           .find("job_definitions")
                                           ->as_array()
                                           .begin()}) {
    BOOST_TEST(at(x, "last_run.job_id").as_string() == to_string(record.run));
    BOOST_TEST(at(x, "last_run.status").as_string() == "completed");
    BOOST_TEST(at(x, "last_run.scheduled_for").as_string()
               == "2024-02-29T05:00:00.000Z");
  }
  auto row = at(get_json("/api/scheduler"), "schedules.0");
  BOOST_TEST(at(row, "last_tick.outcome").as_string() == "started");
  BOOST_TEST(at(row, "last_run.status").as_string() == "completed");
  BOOST_TEST((at(row, "next_runs_local.0").as_string().find("T00:00:00.000-05")
              != std::string::npos));
  // The version is the same, what is shown is not.
  const auto now = get(path).header("etag");
  BOOST_TEST(now != tag);
  BOOST_TEST(send("PUT", path, get(path).body, {{"If-Match", tag}}).status
             == 200);
}

BOOST_AUTO_TEST_CASE(settings_are_shown_and_variables_read_again) {
  config.settings = value::make_object({{"queue.length_max", 5}});
  std::string problem;
  std::mutex mutex;
  settings.catalog.reload_variables = [&] {
    std::lock_guard guard{mutex};
    return problem;
  };
  start();
  auto x = get_json("/api/config");
  BOOST_TEST(*x.get_int("port") == port);
  BOOST_TEST(*x.get_string("host") == "127.0.0.1");
  BOOST_TEST(*x.find("config")->get_int("queue.length_max") == 5);
  BOOST_TEST(*json("POST", "/api/config/reload").get_bool("success"));
  BOOST_TEST(*json("POST", "/api/config/reload", R"({"clear":true})")
                .get_bool("success"));
  BOOST_TEST(send("POST", "/api/config/reload", R"({"x":1})").status == 400);
  {
    std::lock_guard guard{mutex};
    problem = "a.toml: line 1: wrong";
  }
  auto failed = json("POST", "/api/config/reload");
  BOOST_TEST(!*failed.get_bool("success"));
  BOOST_TEST(*failed.get_string("message") == "a.toml: line 1: wrong");
}

BOOST_AUTO_TEST_CASE(the_daemon_is_asked_to_stop_after_the_answer) {
  start();
  BOOST_TEST(send("POST", "/api/shutdown").status == 200);
  BOOST_TEST(get("/livez").status == 200); // The call is over by then.
  BOOST_TEST(stops == 1);
}

BOOST_AUTO_TEST_SUITE_END()
