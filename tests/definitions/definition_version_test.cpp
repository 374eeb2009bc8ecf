#include "definitions/definition_version.hpp"
#include "definitions/job_template.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;

BOOST_AUTO_TEST_SUITE(definition_versions)

BOOST_AUTO_TEST_CASE(a_version_is_that_of_the_content) {
  job_definition x;
  x.id = "a";
  const auto first = definition_version(x);
  BOOST_TEST(first.size() == 16u);
  BOOST_TEST(definition_version(x) == first);
  x.description = "new";
  BOOST_TEST(definition_version(x) != first);
}

BOOST_AUTO_TEST_CASE(a_field_names_a_version_by_one_of_its_tags) {
  const std::string version = "0123456789abcdef";
  for (auto field :
       {"*", " * ", "\"0123456789abcdef\"", "\"x\", \"0123456789abcdef\"",
        "\"0123456789abcdef-deadbeef\""})
    BOOST_TEST(names_version(field, version, false), field);
  for (auto field : {"", "0123456789abcdef", "\"0123456789abcde\"",
                     "\"0123456789abcdef0\"", "\"", "W/\"0123456789abcdef\""})
    BOOST_TEST(!names_version(field, version, false), field);
  BOOST_TEST(names_version("W/\"0123456789abcdef\"", version, true));
}

BOOST_AUTO_TEST_CASE(a_template_is_read_before_its_parts_are_filled_in) {
  job_template x;
  BOOST_TEST(read_template(R"(
name = "Watch {stock:ticker}"
type = "custom"
tags = ["{stock:ticker_lower}", "daily"]
[step.second]
type = "summary"
[step.first]
type = "market_data"
)",
                           x)
             == "");
  BOOST_TEST(x.name == "Watch {stock:ticker}");
  BOOST_TEST(x.tags.size() == 2u);
  BOOST_REQUIRE(x.steps.size() == 2u);
  BOOST_TEST(x.steps[0].first == "second"); // As the file has them.
  BOOST_TEST(x.steps[1].second == "market_data");
  for (auto broken : {"name = ", "name = \"x\"", "[step]", "[step]\na = 1"})
    BOOST_TEST(read_template(broken, x) != "", broken);
}

BOOST_AUTO_TEST_SUITE_END()
