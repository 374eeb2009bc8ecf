#include "definitions/json.hpp"
#include "tests/definitions/definition_text.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

constexpr auto complete = R"({
  "id": "nightly-index", "name": "Nightly index", "enabled": true,
  "type": "local_dir", "schedule": "0 2 * * *", "timeout": "45m",
  "auth_id": "login", "tags": ["src"], "config": {"root": "/srv/code"},
  "steps": [
    {"name": "scan", "type": "local_dir", "on_error": "fail",
     "config": {"dir_path": "{config.root}", "max_files": 500}},
    {"name": "digest", "type": "summary", "depends": "scan",
     "retry": {"attempts": 2, "backoff": "3s"}},
    {"name": "tell", "type": "email", "depends": ["digest", "scan"],
     "always_run": true, "config": {"to": "{ops-mail}"}}],
  "error_tolerance": {"max_child_failures": 10.0, "failure_action": "continue"}
})";

// A definition with one step and one more member.
definition_result with(const std::string& member, const std::string& step
                                                  = "") {
  return parse_json_definition(
    R"({"id":"a","name":"A","steps":[{"name":"one","type":"noop")" + step + "}]"
    + member + "}");
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_definitions)

BOOST_AUTO_TEST_CASE(every_field_is_read) {
  auto x = good(parse_json_definition(complete));
  BOOST_TEST(x.id == "nightly-index");
  BOOST_TEST(x.enabled);
  BOOST_TEST(x.auth_id == "login");
  BOOST_TEST(x.type == "local_dir");
  BOOST_REQUIRE(x.steps.size() == 3u);
  BOOST_TEST(to_json(x.steps[0].config)
             == R"({"dir_path":"{config.root}","max_files":500})");
  BOOST_CHECK((x.steps[1].depends == std::vector<std::string>{"scan"}));
  BOOST_CHECK((x.steps[1].retry == retry_policy{2, 3s, 5min, 0.2}));
  BOOST_CHECK(
    (x.steps[2].depends == std::vector<std::string>{"digest", "scan"}));
  BOOST_REQUIRE(x.error_tolerance);
  BOOST_TEST(x.error_tolerance->max_child_failures == 10);
}

BOOST_AUTO_TEST_CASE(retention_is_a_member_only_where_it_says_something) {
  auto x = good(with(R"(,"retention":{"failed_age":"36h","failed_max":0})"));
  BOOST_CHECK(x.retention[1].age == std::chrono::hours{36});
  BOOST_CHECK(x.retention[1].count == 0u);
  const auto out = to_value(x);
  const auto* kept = out.find("retention");
  BOOST_REQUIRE(kept);
  BOOST_TEST(*kept->get_string("failed_age") == "1d12h");
  BOOST_TEST(*kept->get_int("failed_max") == 0);
  BOOST_TEST(kept->as_object().size() == 2u);
  BOOST_TEST(!to_value(good(with(""))).find("retention"));
}

BOOST_AUTO_TEST_CASE(it_is_disabled_and_derived_unless_told) {
  auto x = good(with(""));
  BOOST_TEST(!x.enabled);
  BOOST_TEST(x.type == "custom");
  BOOST_TEST(x.job_type == "user");
}

BOOST_AUTO_TEST_CASE(null_is_absent) {
  auto x = good(with(R"(,"error_tolerance":null,"tags":null)",
                     R"(,"config":{"a":null,"b":[1,null]},"retry":null)"));
  BOOST_CHECK(!x.error_tolerance);
  BOOST_TEST(to_json(x.steps[0].config) == R"({"b":[1]})");
}

BOOST_AUTO_TEST_CASE(what_the_api_answers_can_be_sent_back) {
  auto x = good(parse_json_definition(complete));
  x.toml = "id = \"x\"";
  x.content_hash = "01234567";
  x.validation_status = "valid";
  x.created_at = x.updated_at = x.validated_at = timestamp{5s};
  auto answer = to_value(x);
  answer.set("runtime_status", "ready");
  answer.set("runtime_error", "");
  auto y = good(parse_json_definition(to_json(answer)));
  BOOST_TEST(y.toml == x.toml);
  BOOST_TEST(y.content_hash == "");
  BOOST_TEST(y.validation_status == "unknown");
  BOOST_CHECK(y.created_at == timestamp{});
  y.content_hash = x.content_hash;
  y.validation_status = x.validation_status;
  y.created_at = y.updated_at = y.validated_at = timestamp{5s};
  BOOST_CHECK(x == y);
}

BOOST_AUTO_TEST_CASE(an_answer_has_the_names_of_the_api) {
  auto x = to_value(good(parse_json_definition(complete)));
  BOOST_TEST(to_json(*x.find("error_tolerance"))
             == R"({"max_child_failures":10,"failure_action":"continue"})");
  BOOST_TEST(to_json(x.find("steps")->as_array().at(2))
             == R"({"name":"tell","type":"email","description":"",)"
                R"("config":{"to":"{ops-mail}"},"on_error":"continue",)"
                R"("depends":"digest, scan","always_run":true,)"
                R"("condition":""})");
  BOOST_CHECK(x.find("created_at") == nullptr);
  BOOST_CHECK(x.find("validated_at") == nullptr);
}

BOOST_AUTO_TEST_CASE(toml_gives_the_same_definition) {
  auto x = good(parse_json_definition(complete));
  auto y = good(parse_toml(to_toml(x)));
  y.toml.clear();
  y.content_hash.clear();
  BOOST_CHECK(x == y);
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_named) {
  auto e = only_error(with(R"(,"enabeld":true)"));
  BOOST_TEST(e.line == 0u);
  BOOST_TEST(e.field == "enabeld");
  BOOST_TEST(e.message == "unknown key 'enabeld', did you mean 'enabled'?");
  e = only_error(with("", R"(,"dir_path":"x")"));
  BOOST_TEST(e.field == "step.one.dir_path");
  BOOST_TEST(e.message == "step 'one': unknown key 'dir_path'");
  e = only_error(with(R"(,"start_urls":[])"));
  BOOST_TEST(e.message == "unknown key 'start_urls'");
}

BOOST_AUTO_TEST_CASE(wrong_kinds_are_named) {
  BOOST_TEST(only_error(with(R"(,"enabled":"yes")")).message
             == "'enabled' must be a boolean (true or false), not a string");
  BOOST_TEST(only_error(with("", R"(,"config":[])")).message
             == "step 'one': 'config' must be a table, not an array");
  BOOST_TEST(only_error(parse_json_definition("[]")).message
             == "job definition must be a JSON object, not an array");
  BOOST_TEST(
    only_error(parse_json_definition(R"({"id":"a","name":"A","steps":{}})"))
      .message
    == "'steps' must be an array of objects, not a table");
  BOOST_TEST(
    only_error(parse_json_definition(R"({"id":"a","name":"A","steps":[1]})"))
      .message
    == "step 0 validation failed: must be an object, not an integer");
}

BOOST_AUTO_TEST_CASE(steps_have_names_and_each_its_own) {
  auto steps = [](const std::string& list) {
    return parse_json_definition(R"({"id":"a","name":"A","steps":[)" + list
                                 + "]}");
  };
  auto e = only_error(steps(R"({"type":"noop"})"));
  BOOST_TEST(e.message == "step 0 validation failed: name is required");
  BOOST_TEST(e.field == "steps[0].name");
  e = only_error(steps(R"({"name":5,"type":"noop"})"));
  BOOST_TEST(contains(e.message, "'name' must be a string"));
  e = only_error(
    steps(R"({"name":"x","type":"noop"},{"name":"x","type":"noop"})"));
  BOOST_TEST(e.message == "duplicate step name 'x'");
  e = only_error(steps(""));
  BOOST_TEST(e.message == "job definition must have at least one step");
}

BOOST_AUTO_TEST_CASE(reserved_names_stay_out_of_config) {
  BOOST_TEST(contains(only_error(with("", R"(,"config":{"type":1})")).message,
                      "key 'type' is reserved"));
}

BOOST_AUTO_TEST_CASE(broken_json_is_one_error_with_its_position) {
  auto e = only_error(parse_json_definition("{\n\"id\": }"));
  BOOST_TEST(e.message.rfind("invalid JSON: line 2, column 7: ", 0) == 0u,
             e.message);
  BOOST_TEST(contains(
    only_error(parse_json_definition(R"({"id":"a","id":"b"})")).message,
    "'id' is given twice"));
}

BOOST_AUTO_TEST_CASE(size_and_depth_are_limited) {
  auto text = std::string(10 * 1024 * 1024, ' ');
  BOOST_TEST(contains(only_error(parse_json_definition(text)).message,
                      "has 10485760 bytes, allowed 1048576"));
  only_error(with(R"(,"config":{"x":)" + std::string(10'000, '[')
                  + std::string(10'000, ']') + "}"));
}

BOOST_AUTO_TEST_SUITE_END()
