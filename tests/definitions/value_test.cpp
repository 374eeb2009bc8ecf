#include "definitions/value.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace quaero;

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(members_keep_their_order_and_are_replaced_in_place) {
  value x;
  x.set("b", 1);
  x.set("a", "two");
  x.set("b", true);
  BOOST_CHECK(x == value::make_object({{"b", true}, {"a", "two"}}));
  x.erase("b");
  BOOST_CHECK(x == value::make_object({{"a", "two"}}));
  BOOST_CHECK(x.find("b") == nullptr);
  BOOST_CHECK(value{5}.find("b") == nullptr);
}

BOOST_AUTO_TEST_CASE(an_integer_may_be_written_in_three_ways) {
  auto x = value::make_object({{"int", 5},
                               {"double", 5.0},
                               {"text", "5"},
                               {"half", 5.5},
                               {"word", "5 apples"},
                               {"huge", 9223372036854775808.0},
                               {"least", -9223372036854775808.0},
                               {"nan", std::nan("")},
                               {"flag", true}});
  BOOST_CHECK(x.get_int("int") == 5);
  BOOST_CHECK(x.get_int("double") == 5);
  BOOST_CHECK(x.get_int("text") == 5);
  BOOST_CHECK(x.get_int("least") == std::numeric_limits<int64_t>::min());
  for (auto name : {"half", "word", "huge", "nan", "flag", "absent"})
    BOOST_CHECK(!x.get_int(name));
}

BOOST_AUTO_TEST_CASE(a_number_may_be_an_integer_or_text) {
  auto x = value::make_object(
    {{"int", 5}, {"double", 0.5}, {"text", "0.25"}, {"bad", "inf"}});
  BOOST_CHECK(x.get_double("int") == 5.0);
  BOOST_CHECK(x.get_double("double") == 0.5);
  BOOST_CHECK(x.get_double("text") == 0.25);
  BOOST_CHECK(!x.get_double("bad"));
  BOOST_CHECK(!x.get_double("absent"));
}

BOOST_AUTO_TEST_CASE(text_and_flags_are_not_converted) {
  auto x = value::make_object({{"text", "a"}, {"flag", false}, {"int", 1}});
  BOOST_CHECK(x.get_string("text") == "a");
  BOOST_CHECK(!x.get_string("int"));
  BOOST_CHECK(x.get_bool("flag") == false);
  BOOST_CHECK(!x.get_bool("int"));
  BOOST_CHECK(!x.get_bool("text"));
}

BOOST_AUTO_TEST_CASE(a_list_may_be_one_string) {
  auto x = value::make_object({{"one", "a,b"},
                               {"many", value::make_array({"a", "b"})},
                               {"none", value::make_array()},
                               {"mixed", value::make_array({"a", 1})},
                               {"int", 1}});
  using strings = std::vector<std::string>;
  BOOST_CHECK((x.get_strings("one") == strings{"a,b"}));
  BOOST_CHECK((x.get_strings("many") == strings{"a", "b"}));
  BOOST_CHECK((x.get_strings("none") == strings{}));
  BOOST_CHECK(!x.get_strings("mixed"));
  BOOST_CHECK(!x.get_strings("int"));
  BOOST_CHECK(!x.get_strings("absent"));
}

BOOST_AUTO_TEST_CASE(every_kind_has_a_name) {
  BOOST_TEST(kind_name(value{}) == "null");
  BOOST_TEST(kind_name(value{true}) == "a boolean");
  BOOST_TEST(kind_name(value{1}) == "an integer");
  BOOST_TEST(kind_name(value{1.5}) == "a number");
  BOOST_TEST(kind_name(value{"x"}) == "a string");
  BOOST_TEST(kind_name(value::make_array()) == "an array");
  BOOST_TEST(kind_name(value::make_object()) == "a table");
}

BOOST_AUTO_TEST_SUITE_END()
