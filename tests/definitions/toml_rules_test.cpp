#include "tests/definitions/definition_text.hpp"

#include <string>

using namespace quaero;
using namespace quaero::test;

namespace {

// Checks that `lines`, third in the file, are the only fault of a definition.
void check_top(const std::string& lines, const std::string& field,
               const std::string& message) {
  auto e = only_error(parse_toml(head + lines + "\n" + tail));
  BOOST_TEST(e.line == 3u, lines);
  BOOST_TEST(e.field == field);
  BOOST_TEST(contains(e.message, message), e.message);
}

// The same for a line of the only step, fifth in the file.
void check_step(const std::string& line, const std::string& key,
                const std::string& message) {
  auto e = only_error(parse_toml(head + tail + line + "\n"));
  BOOST_TEST(e.line == 5u, line);
  BOOST_TEST(e.field == "step.one." + key);
  BOOST_TEST(contains(e.message, message), e.message);
}

std::string many_steps(size_t n) {
  auto text = head;
  for (size_t i = 0; i < n; ++i)
    text += "[step.s" + std::to_string(i) + "]\ntype = \"noop\"\n";
  return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(toml_rules)

BOOST_AUTO_TEST_CASE(all_errors_of_a_text_are_told_in_the_order_of_lines) {
  auto result = parse_toml("id = \"a b\"\nenabled = \"yes\"\ncolour = 1\n"
                           "[step.two]\ntype = \"nope\"\ndepends = \"ghost\"\n"
                           "[step.one]\non_error = \"explode\"\n");
  std::string expected
    = "line 1: id: |line 1: name: |line 2: enabled: |line 3: colour: |"
      "line 5: step.two.type: |line 6: step.two.depends: |"
      "line 7: step.one.type: |line 8: step.one.on_error: |";
  std::string found;
  for (auto& e : result.errors) {
    auto text = to_string(e);
    found += text.substr(0, text.size() - e.message.size()) + "|";
  }
  BOOST_TEST(found == expected);
}

BOOST_AUTO_TEST_CASE(an_error_names_file_line_and_field) {
  definition_error e{12, "step.scan.depends", "wrong"};
  BOOST_TEST(to_string(e, "a.toml") == "a.toml:12: step.scan.depends: wrong");
  BOOST_TEST(to_string(e) == "line 12: step.scan.depends: wrong");
  BOOST_TEST(to_string({0, "", "wrong"}) == "wrong");
  BOOST_TEST(to_string({0, "id", "wrong"}, "a.toml") == "a.toml: id: wrong");
}

BOOST_AUTO_TEST_CASE(broken_toml_is_one_error_with_its_line) {
  for (auto text :
       {"id = \"a\"\nname = \n", "id = \"a\"\n[step\n", "a = 1\na = 2\n",
        "[step.a]\n[step.a]\n", "a = 1\nb = \"open\n", "a = 1\n= 2\n"}) {
    auto e = only_error(parse_toml(text));
    BOOST_TEST(e.message.rfind("invalid TOML syntax: ", 0) == 0u, e.message);
    BOOST_TEST(e.line == 2u, text);
    BOOST_TEST(e.field == "");
  }
}

BOOST_AUTO_TEST_CASE(a_step_given_twice_is_refused_at_its_second_line) {
  auto e = only_error(parse_toml(head + tail + tail));
  BOOST_TEST(e.line == 5u);
  BOOST_TEST(contains(e.message, "one"), e.message);
}

BOOST_AUTO_TEST_CASE(the_first_fields_are_required) {
  auto errors = parse_toml("").errors;
  BOOST_REQUIRE(errors.size() == 3u);
  BOOST_TEST(errors[0].message == "'id' is required");
  BOOST_TEST(errors[1].message == "'name' is required");
  BOOST_TEST(errors[2].message == "job definition must have at least one step");
  only_error(parse_toml("id = \"\"\nname = \"A\"\n" + tail));
  only_error(parse_toml("id = \"a\"\nname = \"\"\n" + tail));
  BOOST_TEST(only_error(parse_toml(head)).message
             == "job definition must have at least one step");
}

BOOST_AUTO_TEST_CASE(ids_have_few_characters) {
  auto with_id = [](const std::string& id) {
    return parse_toml("id = \"" + id + "\"\nname = \"A\"\n" + tail);
  };
  good(with_id("Az09._-"));
  good(with_id(std::string(definition_id_bytes_max, 'x')));
  for (std::string id : {"a b", "a/b", "\xC3\xA9", "a:b"})
    BOOST_TEST(contains(only_error(with_id(id)).message, "invalid id"));
  BOOST_TEST(only_error(with_id(std::string(129, 'x'))).message
             == "id has 129 bytes, allowed 128");
}

BOOST_AUTO_TEST_CASE(names_are_limited) {
  auto named = [](size_t definition, size_t step) {
    return parse_toml("id = \"a\"\nname = \"" + std::string(definition, 'x')
                      + "\"\n[step." + std::string(step, 'y')
                      + "]\ntype = \"noop\"\n");
  };
  good(named(200, 200));
  BOOST_TEST(only_error(named(201, 1)).message
             == "name has 201 bytes, allowed 200");
  auto e = only_error(named(1, 201));
  BOOST_TEST(e.line == 3u);
  BOOST_TEST(e.message == "name has 201 bytes, allowed 200");
}

BOOST_AUTO_TEST_CASE(enumerations_name_their_choices) {
  check_top("type = \"x\"", "type", "invalid type 'x' - must be one of: agent");
  check_top("job_type = \"root\"", "job_type", "invalid job_type: 'root'");
  check_step("on_error = \"explode\"", "on_error",
             "invalid error strategy: 'explode'");
}

BOOST_AUTO_TEST_CASE(placeholders_are_no_choices) {
  good(parse_toml(head + "type = \"{t}\"\njob_type = \"{j}\"\n[step.a]\n"
                  + "type = \"{worker}\"\n"));
  good(parse_toml(head + "type = \"crawler\"\nsource_type = \"{s}\"\n"
                  + "base_url = \"{u}\"\n" + tail));
}

BOOST_AUTO_TEST_CASE(source_types_count_for_crawlers_only) {
  auto sourced = [](const std::string& type) {
    return parse_toml(head + "type = \"" + type + "\"\nsource_type = \"ftp\"\n"
                      + tail);
  };
  good(sourced("custom"));
  BOOST_TEST(contains(only_error(sourced("crawler")).message,
                      "invalid source_type: 'ftp'"));
  check_top("base_url = \"ftp://x\"", "base_url", "invalid base_url");
}

BOOST_AUTO_TEST_CASE(schedules_and_timeouts_are_checked) {
  check_top("schedule = \"daily\"", "schedule",
            "invalid cron schedule 'daily': ");
  check_top("schedule = \"0,1 * * * *\"", "schedule",
            "invalid cron schedule '0,1 * * * *': ");
  check_top("timeout = \"soon\"", "timeout",
            "invalid timeout duration 'soon': ");
  check_top("timeout = \"0s\"", "timeout", "must be above 0");
  check_top("timeout = \"4000d\"", "timeout", "invalid timeout duration");
}

BOOST_AUTO_TEST_CASE(neighbours_are_named_and_not_itself) {
  for (std::string key : {"pre_jobs", "post_jobs"}) {
    check_top(key + " = [\"x\", \"\"]", key, "must not have an empty item");
    check_top(key + " = [\"a\"]", key, "must not name the definition itself");
  }
}

BOOST_AUTO_TEST_CASE(every_key_has_one_kind) {
  for (std::string key : {"id", "name"}) {
    auto other = key == "id" ? "name = \"A\"\n" : "id = \"a\"\n";
    auto e = only_error(parse_toml(key + " = 5\n" + other + tail));
    BOOST_TEST(e.message == "'" + key + "' must be a string, not an integer");
  }
  for (std::string key : {"type", "job_type", "description", "source_type",
                          "base_url", "authentication", "schedule", "timeout"})
    check_top(key + " = 5", key,
              "'" + key + "' must be a string, not an integer");
  for (std::string key : {"enabled", "auto_start", "extension"})
    check_top(key + " = \"yes\"", key,
              "must be a boolean (true or false), not a string");
  for (std::string key : {"tags", "url_patterns", "pre_jobs", "post_jobs"}) {
    check_top(key + " = \"x\"", key, "must be an array of strings");
    check_top(key + " = [1]", key, "must be an array of strings");
  }
  check_top("config = 1", "config", "must be a table");
  check_top("error_tolerance = true", "error_tolerance", "must be a table");
}

BOOST_AUTO_TEST_CASE(every_step_key_has_one_kind) {
  for (std::string key : {"description", "on_error", "condition"})
    check_step(key + " = 5", key, "must be a string");
  check_step("always_run = 1", "always_run", "must be a boolean");
  check_step("depends = 1", "depends", "must be a string or an array");
  check_step("depends = [1]", "depends", "must be an array of strings");
  check_step("retry = \"3\"", "retry", "must be an integer or a table");
  auto e = only_error(parse_toml(head + "[step.one]\ntype = 1\n"));
  BOOST_TEST(e.line == 4u);
  BOOST_TEST(e.message
             == "step 'one': 'type' must be a string, not an integer");
}

BOOST_AUTO_TEST_CASE(steps_are_tables) {
  auto e = only_error(parse_toml(head + "[[steps]]\nname = \"x\"\n"));
  BOOST_TEST(e.line == 3u);
  BOOST_TEST(contains(e.message, "use [step.{name}]"));
  e = only_error(parse_toml(head + tail + "[[step.two]]\ntype = \"noop\"\n"));
  BOOST_TEST(e.line == 5u);
  BOOST_TEST(contains(e.message, "step 'two' must be a table"));
  auto errors = parse_toml(head + "step = 5\n").errors;
  BOOST_REQUIRE(!errors.empty());
  BOOST_TEST(contains(all_errors({{}, errors}), "line 3: step: "));
}

BOOST_AUTO_TEST_CASE(unknown_keys_are_refused_with_a_suggestion) {
  check_top("colour = 1", "colour", "unknown key 'colour'");
  check_top("enabledd = true", "enabledd",
            "unknown key 'enabledd', did you mean 'enabled'?");
  check_top("shedule = \"\"", "shedule", "did you mean 'schedule'?");
  check_top("[meta]", "meta", "unknown key 'meta'");
  check_top("error_tolerance = { max_child_failure = 1 }",
            "error_tolerance.max_child_failure",
            "did you mean 'max_child_failures'?");
}

BOOST_AUTO_TEST_CASE(step_keys_that_look_reserved_are_refused) {
  check_step("on_eror = \"fail\"", "on_eror",
             "unknown key 'on_eror', did you mean 'on_error'?");
  check_step("depend = \"x\"", "depend", "did you mean 'depends'?");
  check_step("depends_on = \"x\"", "depends_on", "did you mean 'depends'?");
  check_step("alwaysrun = true", "alwaysrun", "did you mean 'always_run'?");
  good(parse_toml(head + tail
                  + "time = 1\nquery = 2\nretry_backoff = 3\nname = \"x\"\n"));
}

BOOST_AUTO_TEST_CASE(worker_types_are_known) {
  auto e = only_error(parse_toml(head + "[step.one]\ntype = \"nope\"\n"));
  BOOST_TEST(e.message.rfind("step 'one': invalid type 'nope' - must be one "
                             "of: agent, aggregate_summary, ",
                             0)
             == 0u);
  e = only_error(parse_toml(head + "[step.one]\n"));
  BOOST_TEST(e.message == "step 'one': 'type' field is required");
  BOOST_TEST(e.line == 3u);
}

BOOST_AUTO_TEST_CASE(step_names_fit_into_lists) {
  for (std::string name : {"a,b", " a", "a "}) {
    auto e = only_error(
      parse_toml(head + "[step.\"" + name + "\"]\ntype = \"noop\"\n"));
    BOOST_TEST(contains(e.message, "name must not have"), e.message);
  }
  auto e = only_error(parse_toml(head + "[step.\"\"]\ntype = \"noop\"\n"));
  BOOST_TEST(e.message == "step 0 validation failed: name is required");
}

BOOST_AUTO_TEST_CASE(dependencies_are_other_steps) {
  check_step("depends = \"ghost\"", "depends",
             "step 'one' depends on unknown step 'ghost'");
  check_step("depends = \"one\"", "depends",
             "step 'one' cannot depend on itself");
}

BOOST_AUTO_TEST_CASE(cycles_name_their_members) {
  auto linked
    = [](std::initializer_list<std::pair<std::string, std::string>> steps) {
        auto text = head;
        for (auto& [name, depends] : steps)
          text += "[step." + name + "]\ntype = \"noop\"\ndepends = \"" + depends
                  + "\"\n";
        return parse_toml(text);
      };
  auto e = only_error(linked({{"a", "b"}, {"b", "a"}}));
  BOOST_TEST(e.message == "step dependency cycle: a -> b -> a");
  BOOST_TEST(e.line == 5u);
  BOOST_TEST(e.field == "step.a.depends");
  e = only_error(linked({{"x", "c"}, {"a", "c"}, {"b", "a"}, {"c", "b"}}));
  BOOST_TEST(e.message == "step dependency cycle: a -> c -> b -> a");
  auto two = linked({{"a", "b"}, {"b", "a"}, {"c", "d"}, {"d", "c"}});
  BOOST_TEST(two.errors.size() == 2u);
  good(linked({{"a", "b,c"}, {"b", "d"}, {"c", "d"}, {"d", ""}}));
}

BOOST_AUTO_TEST_CASE(a_long_chain_of_steps_is_checked_without_the_stack) {
  std::string text = head;
  constexpr size_t n = 5000;
  for (size_t i = 0; i < n; ++i)
    text += "[step.s" + std::to_string(i) + "]\ntype = \"noop\"\ndepends = \"s"
            + std::to_string((i + 1) % n) + "\"\n";
  definition_limits limits;
  limits.steps_max = n;
  BOOST_TEST(contains(only_error(parse_toml(text, limits)).message,
                      "step dependency cycle: s0 -> s1 -> s2"));
}

BOOST_AUTO_TEST_CASE(tolerance_is_checked) {
  auto tolerant = [](const std::string& lines) {
    return parse_toml(head + "[error_tolerance]\n" + lines + tail);
  };
  good(tolerant("max_child_failures = 0\n"));
  auto e = only_error(tolerant("max_child_failures = -1\n"));
  BOOST_TEST(e.line == 4u);
  BOOST_TEST(e.message == "error_tolerance.max_child_failures must be >= 0");
  only_error(tolerant("max_child_failures = \"1\"\n"));
  e = only_error(tolerant("failure_action = \"x\"\n"));
  BOOST_TEST(e.line == 4u);
  BOOST_TEST(
    contains(e.message, "invalid error_tolerance.failure_action: 'x'"));
}

BOOST_AUTO_TEST_CASE(retention_is_checked) {
  auto kept = [](const std::string& lines) {
    return parse_toml(head + "[retention]\n" + lines + tail);
  };
  const auto x = good(kept("completed_age = \"0s\"\nfailed_max = 1000000\n"
                           "cancelled_age = \"3650d\"\n"));
  BOOST_CHECK(x.retention[0].age == std::chrono::nanoseconds{0});
  BOOST_CHECK(!x.retention[0].count);
  BOOST_CHECK(x.retention[1].count == 1'000'000u);
  BOOST_CHECK(x.retention[2].age == std::chrono::hours{24 * 3650});
  BOOST_CHECK(good(parse_toml(to_toml(x))).retention == x.retention);
  auto e = only_error(kept("completed_max = 1000001\n"));
  BOOST_TEST(e.line == 4u);
  BOOST_TEST(e.message
             == "retention: 'completed_max' must be from 0 to 1000000, not "
                "1000001");
  e = only_error(kept("failed_age = \"10y\"\n"));
  BOOST_TEST(contains(e.message, "'failed_age' must be a duration from 0s"));
  e = only_error(kept("failed_age = 30\n"));
  BOOST_TEST(contains(e.message, "'failed_age' must be a duration"));
  e = only_error(kept("skipped_max = 1\n"));
  BOOST_TEST(contains(e.message, "unknown key 'skipped_max'"));
}

BOOST_AUTO_TEST_CASE(retry_ranges_are_checked) {
  check_step("retry = 0", "retry", "retry attempts must be within 1 to 100");
  check_step("retry = 101", "retry", "retry attempts must be within 1 to 100");
  check_step("retry = { attempts = -1 }", "retry.attempts", "within 1 to 100");
  check_step("retry = { attempts = 4294967297 }", "retry.attempts",
             "within 1 to 100");
  check_step("retry = { attempts = 1.5 }", "retry.attempts",
             "must be an integer");
  check_step("retry = { backoff = 5 }", "retry.backoff", "must be a duration");
  check_step("retry = { backoff = \"x\" }", "retry.backoff",
             "must be a duration");
  check_step("retry = { backoff = \"9s\", backoff_max = \"8s\" }",
             "retry.backoff_max", "must be >= retry.backoff");
  check_step("retry = { backoff_max = \"8s\", max_backoff = \"8s\" }",
             "retry.max_backoff", "is the same as");
  check_step("retry = { jitter = 1.1 }", "retry.jitter", "within 0 to 1");
  check_step("retry = { jitter = -0.1 }", "retry.jitter", "within 0 to 1");
  check_step("retry = { attempt = 1 }", "retry.attempt",
             "did you mean 'attempts'?");
  good(parse_toml(head + tail + "retry = 100\n"));
}

BOOST_AUTO_TEST_CASE(crawler_keys_are_checked) {
  auto e = only_error(parse_toml(head + "start_urls = \"http://x/\"\n"));
  BOOST_TEST(e.line == 3u);
  BOOST_TEST(contains(e.message, "must be an array of strings"));
  only_error(parse_toml(head + "max_depth = \"2\"\n"));
  only_error(parse_toml(head + "max_pages = -1\n"));
  only_error(parse_toml(head + "follow_links = 1\n"));
  check_top("start_urls = [\"http://x/\"]", "start_urls",
            "belongs into a step of type 'crawler'");
}

BOOST_AUTO_TEST_CASE(agent_steps_of_agent_definitions_are_checked) {
  auto agent = [](const std::string& lines) {
    return parse_toml(head + "[step.one]\ntype = \"agent\"\n" + lines);
  };
  std::string start = "agent_type = \"rule_classifier\"\n";
  good(agent(start));
  good(agent(start
             + "operation_type = \"scan\"\nfilter_limit = 1\n"
               "filter_created_after = \"2026-01-20T02:00:04Z\"\n"
               "filter_tags = [\"x\"]\n"));
  only_error(agent(""));
  only_error(agent(start + "operation_type = \"x\"\n"));
  only_error(agent(start + "filter_limit = 0\n"));
  only_error(agent(start + "filter_updated_after = \"monday\"\n"));
  only_error(agent(start + "filter_tags = 1\n"));
}

BOOST_AUTO_TEST_CASE(the_number_of_steps_is_limited) {
  BOOST_TEST(good(parse_toml(many_steps(200))).steps.size() == 200u);
  BOOST_TEST(only_error(parse_toml(many_steps(201))).message
             == "job definition has 201 steps, allowed 200");
}

BOOST_AUTO_TEST_CASE(the_size_of_the_text_is_limited) {
  auto text = head + tail + "#";
  text.resize(definition_limits{}.bytes_max, 'x');
  good(parse_toml(text));
  BOOST_TEST(only_error(parse_toml(text + "x")).message
             == "the text has 1048577 bytes, allowed 1048576");
  text.resize(10 * 1024 * 1024, 'x');
  only_error(parse_toml(text));
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_found_by_its_byte) {
  auto e = only_error(parse_toml(head + "description = \"a\xFFz\"\n" + tail));
  BOOST_TEST(e.line == 3u);
  BOOST_TEST(e.message
             == "invalid UTF-8 at byte " + std::to_string(head.size() + 16));
}

BOOST_AUTO_TEST_CASE(depth_is_limited_without_using_up_the_stack) {
  auto nested = [](size_t n) {
    return head + tail + "x = " + std::string(n, '[') + std::string(n, ']')
           + "\n";
  };
  good(parse_toml(nested(50)));
  only_error(parse_toml(nested(100)));
  only_error(parse_toml(nested(10'000)));
  std::string keys = "a";
  for (int i = 0; i < 300'000; ++i)
    keys += ".a";
  for (auto text : {keys + " = 1\n", "[" + keys + "]\n", "x = {" + keys + "=1}",
                    "a = '''\n'''\n" + keys + " = 1\n"})
    BOOST_TEST(contains(only_error(parse_toml(text)).message,
                        "a key has more than 32 parts"));
  good(parse_toml(head + tail + "x = '" + std::string(100, '.') + "' # "
                  + std::string(100, '.') + "\ny = [" + "1.5,\n1.5, 1.5]\n"
                  + "z = \"\"\"\n" + std::string(100, '.') + "\"\"\"\n"));
}

BOOST_AUTO_TEST_CASE(numbers_are_finite) {
  check_step("x = inf", "x", "a number must be finite");
  check_step("x = nan", "x", "a number must be finite");
}

BOOST_AUTO_TEST_CASE(definitions_made_by_code_are_checked_too) {
  job_definition x;
  x.id = "a";
  x.name = "A";
  x.steps.resize(2);
  for (auto& s : x.steps) {
    s.name = "one";
    s.type = "noop";
  }
  x.error_tolerance.emplace().max_child_failures = -1;
  x.steps[0].retry.emplace().attempts = 0;
  x.steps[1].config.set("type", "noop");
  definition_result result{x, validate(x)};
  BOOST_TEST(all_errors(result)
             == "error_tolerance.max_child_failures: "
                "error_tolerance.max_child_failures must be >= 0\n"
                "step.one.retry.attempts: step 'one': retry attempts must be "
                "within 1 to 100\n"
                "step.one.name: duplicate step name 'one'\n"
                "step.one.type: step 'one': key 'type' is reserved, it cannot "
                "be in config\n");
}

BOOST_AUTO_TEST_SUITE_END()
