#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace quaero;

namespace {

value parsed(std::string_view text, const json_limits& limits = {}) {
  value result;
  std::string error;
  BOOST_TEST(parse_json(text, result, error, limits), error);
  return result;
}

std::string refused(std::string_view text, const json_limits& limits = {}) {
  value result = "untouched";
  std::string error;
  BOOST_TEST(!parse_json(text, result, error, limits));
  BOOST_CHECK(result == value{"untouched"});
  return error;
}

std::string nested(size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(every_kind_is_read_and_written_back) {
  auto text = R"({"z":null,"a":[true,false,1,-2,0.5,"x"],"o":{},"e":[]})";
  BOOST_TEST(to_json(parsed(text)) == text);
  BOOST_CHECK(parsed(" 7 ") == value{7});
}

BOOST_AUTO_TEST_CASE(integers_of_64_bits_stay_integers) {
  for (auto x : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0},
                 int64_t{5'000'000'000}, std::numeric_limits<int64_t>::max()})
    BOOST_CHECK(parsed(std::to_string(x)) == value{x});
  BOOST_TEST(parsed("9223372036854775808").is_double());
  BOOST_TEST(parsed("18446744073709551616").is_double());
}

BOOST_AUTO_TEST_CASE(doubles_survive_to_the_last_bit) {
  for (auto x :
       {0.1, 5.0, 1e300, -2.2250738585072014e-308, 1e23, 3.141592653589793}) {
    BOOST_TEST(parsed(to_json(value{x})).is_double());
    BOOST_TEST(parsed(to_json(value{x})).as_double() == x);
  }
  BOOST_TEST(to_json(value{5.0}) == "5.0");
  BOOST_TEST(to_json(value{std::nan("")}) == "null");
  BOOST_TEST(to_json(value{std::numeric_limits<double>::infinity()}) == "null");
  BOOST_TEST(contains(refused("[1e999]"), "line 1, column"));
}

BOOST_AUTO_TEST_CASE(errors_tell_line_and_column) {
  BOOST_TEST(
    contains(refused("{\n  \"a\": 1,\n  \"b\": ?\n}"), "line 3, column 8: "));
  BOOST_TEST(contains(refused(""), "line 1, column 1: "));
  for (auto text : {"{", "[1,]", "{\"a\" 1}", "01", "nul", "'a'", "NaN",
                    "Infinity", "\"a\nb\"", "// x\n1", "\"\\x\"", "+1"})
    BOOST_TEST(contains(refused(text), "line "), text);
}

BOOST_AUTO_TEST_CASE(text_after_the_value_is_refused) {
  refused("1 2");
  refused("{} x");
  refused(std::string_view{"{}\0", 3});
  refused(std::string_view{"{}\0{}", 5});
}

BOOST_AUTO_TEST_CASE(a_repeated_member_is_refused) {
  BOOST_TEST(contains(refused(R"({"a":1,"b":2,"a":3})"), "'a' is given twice"));
  BOOST_TEST(contains(refused(R"([{"\u0061":1,"a":3}])"), "'a'"));
  parsed(R"([{"a":1},{"a":{"a":2}}])");
}

BOOST_AUTO_TEST_CASE(depth_is_limited_without_using_the_stack) {
  parsed(nested(100));
  BOOST_TEST(contains(refused(nested(101)), "nested deeper than 100 levels"));
  refused(nested(10'000));
  refused(std::string(1'000'000, '['));
  std::string objects;
  for (int i = 0; i < 10'000; ++i)
    objects += "{\"a\":";
  refused(objects);
  parsed(nested(3), {.depth_max = 3});
  refused(nested(4), {.depth_max = 3});
}

BOOST_AUTO_TEST_CASE(size_is_limited) {
  parsed("[1]", {.bytes_max = 3});
  BOOST_TEST(
    contains(refused("[12]", {.bytes_max = 3}), "has 4 bytes, allowed 3"));
}

BOOST_AUTO_TEST_CASE(invalid_unicode_is_refused) {
  BOOST_TEST(contains(refused("[\"a\xFF\"]"), "invalid UTF-8 at byte 3"));
  refused("\"\xED\xA0\x80\"");
  refused(R"("\ud800")");
  refused(R"("\udc00")");
  refused(R"({"\udc00":1})");
  BOOST_TEST(parsed(R"("\ud83d\ude00\u00e9\u0000")").as_string()
             == std::string_view("\xF0\x9F\x98\x80\xC3\xA9\0", 7));
}

BOOST_AUTO_TEST_CASE(utf8_is_told_from_what_only_looks_like_it) {
  for (auto good : {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                    "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
    BOOST_TEST(is_utf8(good));
  for (auto bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80",
                   "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                   "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"})
    BOOST_TEST(!is_utf8(bad));
  BOOST_TEST(to_utf8("a\xFF"
                     "b\xE2\x82"
                     "c")
             == "a\xEF\xBF\xBD"
                "b\xEF\xBF\xBD"
                "c");
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_and_repaired) {
  std::string out = "x";
  append_json_string(out,
                     std::string_view{"\"\\\n\r\t\x01\0\x1F/\xC3\xA9", 11});
  BOOST_TEST(out == "x\"\\\"\\\\\\n\\r\\t\\u0001\\u0000\\u001f/\xC3\xA9\"");
  BOOST_TEST(to_json(value{"\xFF"}) == "\"\xEF\xBF\xBD\"");
}

BOOST_AUTO_TEST_CASE(malformed_text_is_found_wherever_it_is) {
  for (size_t before = 0; before < 20; ++before)
    for (size_t behind = 0; behind < 20; ++behind) {
      const std::string text
        = std::string(before, 'a') + "\xC3\xA9" + std::string(behind, 'b');
      BOOST_TEST(is_utf8(text));
      BOOST_TEST(!is_utf8(text + "\xC3"));
    }
}

namespace {

/// Writes down what it is told; stops at a true.
struct recorder final : json_sink {
  std::string told;

  bool add(const std::string& x) {
    told += x + ' ';
    return true;
  }
  bool on_null() override { return add("null"); }
  bool on_bool(bool x) override { return add("bool") && !x; }
  bool on_int(int64_t x) override { return add(std::to_string(x)); }
  bool on_double(double) override { return add("double"); }
  bool on_string(std::string_view x) override {
    return add("'" + std::string{x} + "'");
  }
  bool on_key(std::string_view x) override { return add(std::string{x} + ":"); }
  bool on_open(bool is_object, size_t offset) override {
    return add((is_object ? "{" : "[") + std::to_string(offset));
  }
  bool on_close(size_t offset) override {
    return add("<" + std::to_string(offset));
  }
};

std::string scanned(std::string_view text, std::string& error) {
  recorder x;
  scan_json(text, x, error);
  return x.told;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_sink_gets_the_parts_and_where_they_are) {
  std::string error;
  BOOST_TEST(scanned(R"( {"a": [1, 2.5, null], "b":{"c":"x"} } )", error)
             == "{1 a: [7 1 double null <21 b: {27 c: 'x' <36 <38 ");
  BOOST_TEST(error == "");
}

BOOST_AUTO_TEST_CASE(a_sink_may_stop_and_rules_hold) {
  std::string error;
  BOOST_TEST(scanned("[true, 1]", error) == "[0 bool ");
  BOOST_TEST(error == "");
  scanned(R"({"a":{"x":1},"b":{"x":1},"a":2})", error);
  BOOST_TEST(error.find("'a' is given twice") != std::string::npos);
  scanned("[1", error);
  BOOST_TEST(error.find("line 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(pretty_text_is_indented_by_two) {
  BOOST_TEST(to_pretty_json(parsed(R"({"a":[1,2],"b":{},"c":[]})"))
             == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n"
                "  \"c\": []\n}");
}

BOOST_AUTO_TEST_SUITE_END()
