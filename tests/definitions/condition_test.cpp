#include "definitions/condition.hpp"
#include "definitions/definition_reader.hpp"
#include "definitions/validation.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace quaero;

namespace {

struct fixture {
  fixture() {
    steps["fetch"] = {job_status::completed, {0, 0, 8, 2, 1, 30}};
    steps["dry run"] = {job_status::skipped, {}};
    config = value::make_object({{"mode", "full"},
                                 {"force", true},
                                 {"share", 0.5},
                                 {"max", 10},
                                 {"hosts", value::make_array({"a"})}});
  }

  condition::verdict ask(const std::string& text) const {
    std::string error;
    const auto x = condition::parse(text, error);
    BOOST_REQUIRE_MESSAGE(x, text << ": " << error);
    return x->evaluate([this](const std::string& n) { return steps.at(n); },
                       config);
  }

  bool holds(const std::string& text) const {
    const auto x = ask(text);
    BOOST_TEST(x.error == "", text << ": " << x.error);
    return x.holds;
  }

  std::map<std::string, step_facts> steps;
  value config;
};

std::string refusal(const std::string& text) {
  std::string error;
  BOOST_TEST(!condition::parse(text, error).has_value(), text);
  return error;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(conditions, fixture)

BOOST_AUTO_TEST_CASE(a_step_is_asked_for_its_end_and_its_jobs) {
  BOOST_TEST(holds("steps.fetch.status == 'completed'"));
  BOOST_TEST(!holds("steps.fetch.status != \"completed\""));
  BOOST_TEST(holds("steps.'dry run'.status == 'skipped'"));
  BOOST_TEST(holds("steps.fetch.completed == 8"));
  BOOST_TEST(holds("steps.fetch.failed > 1"));
  BOOST_TEST(holds("steps.fetch.cancelled <= 1"));
  BOOST_TEST(holds("steps.fetch.documents >= 30.0"));
}

BOOST_AUTO_TEST_CASE(the_configuration_is_asked_by_key) {
  BOOST_TEST(holds("config.force"));
  BOOST_TEST(holds("config.mode == 'full'"));
  BOOST_TEST(holds("config.share < 0.75"));
  BOOST_TEST(holds("config.max == 10.0"));
  BOOST_TEST(!holds("config.absent == 'x'"));
  BOOST_TEST(holds("config.absent != 'x'"));
  BOOST_TEST(!holds("config.absent == config.absent"));
  BOOST_TEST(!holds("config.max == '10'"), "kinds differ");
}

BOOST_AUTO_TEST_CASE(not_binds_closer_than_and_and_that_than_or) {
  BOOST_TEST(holds("true or false and false"));
  BOOST_TEST(!holds("(true or false) and false"));
  BOOST_TEST(holds("not false and true"));
  BOOST_TEST(!holds("not (false or true)"));
  BOOST_TEST(holds("not config.max == 11"));
  BOOST_TEST(holds("not not true"));
  BOOST_TEST(holds("-1 < 2 and 'a' < 'b' and 1 >= 1"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_said_does_not_hold_and_says_why) {
  for (std::string text : {"config.mode", "config.mode < 3", "config.absent",
                           "config.absent <= 0", "config.hosts > 1", "7"}) {
    const auto x = ask(text);
    BOOST_TEST(!x.holds, text);
    BOOST_TEST(!x.error.empty(), text);
  }
  BOOST_TEST(ask("config.mode").error
             == "config.mode is a string, not true or false");
  BOOST_TEST(ask("config.mode < 3").error
             == "config.mode (a string) and a constant (an integer) have no "
                "order");
}

BOOST_AUTO_TEST_CASE(a_mistake_is_named_with_its_place) {
  BOOST_TEST(refusal("steps.fetch.failed > ")
             == "expected steps.NAME.FIELD, config.KEY, a number, a quoted "
                "text, true or false at character 22");
  BOOST_TEST(refusal("true true")
             == "expected 'and', 'or' or the end at character 6");
  BOOST_TEST(refusal("(true") == "expected ')' at character 6");
  BOOST_TEST(refusal("steps.fetch")
             == "expected '.' and a name behind 'steps.fetch' at character 12");
  BOOST_TEST(refusal("steps.fetch.count > 1")
             == "a step has no 'count' - must be one of: status, completed, "
                "failed, cancelled, documents at character 18");
  BOOST_TEST(refusal("config.mode == 'full")
             == "the quotes are not closed at character 16");
  for (std::string text : {"", "and", "1 < 2 < 3", "nan < 1", "inf > 1", "=",
                           "config.", "config .x", "not", "()", "true or"})
    BOOST_TEST(!refusal(text).empty(), text);
}

BOOST_AUTO_TEST_CASE(its_size_and_its_depth_are_bounded) {
  std::string fits(condition_bytes_max - 4, ' ');
  BOOST_TEST(holds(fits + "true"));
  BOOST_TEST(refusal(fits + " true") == "has 1001 bytes, allowed 1000");
  std::string deep;
  for (size_t i = 0; i + 1 < condition_depth_max; ++i)
    deep += "not ";
  BOOST_TEST(!holds(deep + "true"));
  BOOST_TEST(refusal(deep + "not true").starts_with("more than 32 brackets"));
}

BOOST_AUTO_TEST_CASE(it_knows_the_steps_that_it_names) {
  std::string error;
  const auto x = condition::parse(
    "steps.a.failed > 0 or steps.b.failed > steps.a.completed", error);
  BOOST_REQUIRE(x);
  BOOST_TEST(x->steps() == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_definition_is_refused_if_it_names_a_step_too_early) {
  job_definition x;
  x.id = x.name = "d";
  for (std::string name : {"a", "b", "c", "other"})
    x.steps.emplace_back().name = name;
  for (auto& one : x.steps)
    one.type = "noop";
  x.steps[1].depends = {"a"};
  x.steps[2].depends = {"b"};
  x.steps[2].condition = "steps.a.failed > 0"; // not a direct one
  BOOST_TEST(validate(x, {}).empty());
  x.steps[2].condition = "steps.other.failed > 0";
  auto errors = validate(x, {});
  BOOST_REQUIRE(errors.size() == 1u);
  BOOST_TEST(errors[0].message
             == "step 'c': condition names step 'other', which the step does "
                "not depend on");
  x.steps[2].condition = "sometimes";
  errors = validate(x, {});
  BOOST_REQUIRE(errors.size() == 1u);
  BOOST_TEST(errors[0].field.ends_with("condition"));
}

BOOST_AUTO_TEST_SUITE_END()
