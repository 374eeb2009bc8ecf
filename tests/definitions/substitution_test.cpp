#include "definitions/json.hpp"
#include "definitions/substitution.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace quaero;

namespace {

struct fixture {
  value config
    = value::make_object({{"root", "/srv"},
                          {"count", 5},
                          {"list", value::make_array({1, 2})},
                          {"nested", value::make_object({{"deep", true}})},
                          {"dotted.name", 7},
                          {"secret", "{llm-key}"},
                          {"self", "{config.self}"}});
  std::map<std::string, std::string, std::less<>> keys{
    {"llm-key", "abc"},
    {"team_mail", "t@example.org"},
    {"tricky", "{llm-key}"}};
  std::vector<std::string> unresolved;

  value run(value x) {
    unresolved = substitute(x, config, [this](std::string_view key) {
      auto there = keys.find(key);
      return there == keys.end() ? std::nullopt : std::optional{there->second};
    });
    return x;
  }
};

using strings = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(substitutions, fixture)

BOOST_AUTO_TEST_CASE(a_whole_config_placeholder_keeps_the_type) {
  BOOST_CHECK(run("{config.root}") == value{"/srv"});
  BOOST_CHECK(run("{config.count}") == value{5});
  BOOST_CHECK(run("{config.list}") == value::make_array({1, 2}));
  BOOST_CHECK(run("{config.nested.deep}") == value{true});
  BOOST_CHECK(run("{config.dotted.name}") == value{7});
  BOOST_TEST(unresolved.empty());
}

BOOST_AUTO_TEST_CASE(a_key_is_replaced_anywhere_in_any_case) {
  BOOST_CHECK(run("{llm-key}") == value{"abc"});
  BOOST_CHECK(run("Bearer {LLM-Key}, {team_mail}!")
              == value{"Bearer abc, t@example.org!"});
  BOOST_CHECK(run("{{llm-key}}") == value{"{abc}"});
}

BOOST_AUTO_TEST_CASE(strings_at_any_depth_are_replaced) {
  auto x = value::make_object(
    {{"a",
      value::make_array(
        {"{llm-key}", 1, value::make_object({{"b", "{config.count}"}})})}});
  BOOST_TEST(to_json(run(x)) == R"({"a":["abc",1,{"b":5}]})");
}

BOOST_AUTO_TEST_CASE(what_is_unresolved_stays_and_is_told_once) {
  BOOST_CHECK(run(value::make_array(
                {"{nope} {nope}", "{config.nope}", "x {config.root}"}))
              == value::make_array(
                {"{nope} {nope}", "{config.nope}", "x {config.root}"}));
  BOOST_CHECK(
    (unresolved == strings{"{nope}", "{config.nope}", "{config.root}"}));
}

BOOST_AUTO_TEST_CASE(other_braces_are_no_placeholders) {
  for (auto text : {"{}", "{", "}", "a{2,3}", "\\d{4}", "{\"a\": 1}", "{a b}",
                    "{ns:key}", "x{y", ""}) {
    BOOST_CHECK(run(text) == value{text});
    BOOST_TEST(unresolved.empty(), text);
  }
}

BOOST_AUTO_TEST_CASE(replaced_text_is_not_replaced_again) {
  BOOST_CHECK(run("{tricky}") == value{"{llm-key}"});
  BOOST_CHECK(run("{config.secret}") == value{"abc"});
  BOOST_CHECK(run("{config.self}") == value{"{config.self}"});
}

BOOST_AUTO_TEST_CASE(without_keys_nothing_is_found) {
  value x = "{llm-key}";
  BOOST_CHECK((substitute(x, config, nullptr) == strings{"{llm-key}"}));
}

BOOST_AUTO_TEST_SUITE_END()
