#include "definitions/job_filter.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace quaero;
using namespace std::chrono_literals;

namespace {

const timestamp now{1'700'000'000'123ms};
constexpr auto id_text = "0190b6f4-1234-7abc-8def-0123456789ab";

using texts = std::vector<std::string>;

job_filter read(std::string_view text) {
  job_filter out;
  std::string error;
  BOOST_REQUIRE_MESSAGE(parse_job_filter(text, now, out, error),
                        text << ": " << error);
  return out;
}

std::string refusal(std::string_view text, const job_filter_limits& how = {}) {
  job_filter out;
  std::string error;
  BOOST_CHECK_MESSAGE(!parse_job_filter(text, now, out, error, how), text);
  return error;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(job_filters)

BOOST_AUTO_TEST_CASE(no_terms_let_every_job_pass) {
  BOOST_CHECK(read("").empty());
  BOOST_CHECK(read(" \t\n ").empty());
  BOOST_CHECK(!read("a").empty());
}

BOOST_AUTO_TEST_CASE(each_key_goes_to_its_member) {
  auto x = read("state:failed,cancelled type:crawler_url definition:x,y "
                "queue:q tag:a,b tag:c name:page");
  BOOST_CHECK(
    (x.states == std::vector{job_status::failed, job_status::cancelled}));
  BOOST_CHECK((x.types == texts{"crawler_url"}));
  BOOST_CHECK((x.definitions == texts{"x", "y"}));
  BOOST_CHECK((x.queues == texts{"q"}));
  BOOST_CHECK((x.tags == std::vector<texts>{{"a", "b"}, {"c"}}));
  BOOST_CHECK((x.names == texts{"page"}));
  BOOST_CHECK(x.texts.empty());
}

BOOST_AUTO_TEST_CASE(dead_letters_are_all_or_those_of_some_reasons) {
  BOOST_CHECK((read("dead:any").dead == all_failure_reasons()));
  BOOST_CHECK(
    (read("dead:expired,timed_out,expired").dead
     == std::vector{failure_reason::expired, failure_reason::timed_out}));
  BOOST_CHECK(read("dead:any").empty() == false);
  BOOST_TEST(to_string(read("dead:timed_out,expired"))
             == R"(dead:"expired","timed_out")");
  BOOST_CHECK((read(to_string(read("dead:any"))) == read("dead:any")));
  BOOST_CHECK(has(refusal("dead:old"), "'old' is not why a job"));
  BOOST_CHECK(has(refusal("dead:any,expired"), "'any' is not why a job"));
  BOOST_CHECK(has(refusal("dead:any dead:any"), "is there twice"));
}

BOOST_AUTO_TEST_CASE(ids_and_roots_are_read) {
  job_id id;
  BOOST_REQUIRE(from_string(id_text, id));
  const std::string text{id_text};
  BOOST_CHECK((read("parent:" + text).parents == std::vector{id}));
  BOOST_CHECK((read("run:" + text).runs == std::vector{id}));
  BOOST_CHECK((read("id:" + text + "," + text).ids == std::vector{id, id}));
  BOOST_CHECK(read("parent:root").roots);
  BOOST_CHECK(read("parent:root").parents.empty());
  BOOST_CHECK(has(refusal("run:abc"), "'abc' is not a job id"));
  BOOST_CHECK(has(refusal("parent:root parent:" + text), "twice"));
  BOOST_CHECK(has(refusal("parent:root," + text), "'root' is not a job id"));
}

BOOST_AUTO_TEST_CASE(ages_are_measured_from_now) {
  auto x = read("age>1h age<2d");
  BOOST_CHECK(x.created_before == now - 1h);
  BOOST_CHECK(x.created_after == now - 48h);
  BOOST_CHECK(has(refusal("age:1h"), "age>1h"));
  BOOST_CHECK(has(refusal("age>"), "a value is missing"));
  BOOST_CHECK(has(refusal("age>soon"), "not a duration"));
  BOOST_CHECK(has(refusal("age>-1h"), "not a duration"));
  BOOST_CHECK(has(refusal("age<1h age<2h"), "twice"));
  BOOST_CHECK(has(refusal("age>1h,2h"), "not a duration"));
}

BOOST_AUTO_TEST_CASE(an_age_before_all_time_is_the_first_moment) {
  job_filter x;
  std::string error;
  BOOST_REQUIRE(parse_job_filter("age>1h", timestamp{5min}, x, error));
  BOOST_CHECK(x.created_before == timestamp{1ms});
}

BOOST_AUTO_TEST_CASE(moments_are_read) {
  auto x = read("after:2026-01-20T02:00:00.5Z before:\"2026-01-21T02:00:00Z\"");
  BOOST_CHECK(to_rfc3339(x.created_after) == "2026-01-20T02:00:00.500Z");
  BOOST_CHECK(to_rfc3339(x.created_before) == "2026-01-21T02:00:00.000Z");
  BOOST_CHECK(has(refusal("before:yesterday"), "must be a time like"));
  BOOST_CHECK(has(refusal("before:1970-01-01T00:00:00Z"), "must be a time"));
  BOOST_CHECK(has(refusal("age>1h before:2026-01-21T02:00:00Z"), "twice"));
}

BOOST_AUTO_TEST_CASE(what_has_no_key_is_text) {
  BOOST_CHECK((read("one two,three").texts == texts{"one", "two,three"}));
  BOOST_CHECK((read("\"a b\" c").texts == texts{"a b", "c"}));
  BOOST_CHECK(
    (read(R"("http://x/?a=\"b\\\"")").texts == texts{R"(http://x/?a="b\")"}));
  BOOST_CHECK((read("caf\xc3\xa9").texts == texts{"caf\xc3\xa9"}));
}

BOOST_AUTO_TEST_CASE(quotes_keep_blanks_commas_and_colons) {
  BOOST_CHECK((read(R"(name:"a, b: c")").names == texts{"a, b: c"}));
  BOOST_CHECK(
    (read(R"(tag:"a,b",c)").tags == std::vector<texts>{{"a,b", "c"}}));
  BOOST_CHECK((read(R"(type:"x y")").types == texts{"x y"}));
  BOOST_CHECK((read("name:http://x/").names == texts{"http://x/"}));
}

BOOST_AUTO_TEST_CASE(broken_quotes_are_refused) {
  BOOST_CHECK(has(refusal("\"a"), "closing quote is missing"));
  BOOST_CHECK(has(refusal("\"a\\"), "closing quote is missing"));
  BOOST_CHECK(has(refusal(R"("a\n")"), "stand for a character"));
  BOOST_CHECK(has(refusal(R"(ab"c")"), "in the middle"));
  BOOST_CHECK(has(refusal(R"(tag:ab"c")"), "in the middle"));
  BOOST_CHECK(has(refusal(R"("a"b)"), "a blank behind"));
  BOOST_CHECK(has(refusal(R"(tag:"a"b)"), "a blank behind"));
  BOOST_CHECK(has(refusal("\"\""), "a value is missing"));
}

BOOST_AUTO_TEST_CASE(a_refusal_names_the_term_and_its_place) {
  BOOST_TEST(
    refusal("type:x  stat:failed")
    == "'stat:failed' at 9: the keys are state, dead, type, "
       "definition, queue, tag, name, parent, run, id, before, after and age; "
       "text with a colon needs quotes");
  BOOST_CHECK(has(refusal("state:done"), "'state:done' at 1: 'done' is not"));
  BOOST_CHECK(has(refusal("state:"), "a value is missing"));
  BOOST_CHECK(has(refusal("state:failed,"), "a value is missing"));
  BOOST_CHECK(has(refusal("state:,failed"), "a value is missing"));
  BOOST_CHECK(has(refusal("state>failed"), "only age is compared"));
  BOOST_CHECK(has(refusal("<5"), "only age is compared"));
  BOOST_CHECK(has(refusal(":x"), "the keys are"));
  BOOST_CHECK(has(refusal("http://x"), "needs quotes"));
}

BOOST_AUTO_TEST_CASE(a_key_that_has_one_value_is_there_once) {
  for (auto text :
       {"state:failed state:failed", "type:a type:b",
        "definition:a definition:b", "queue:a queue:b", "name:a name:b"})
    BOOST_CHECK_MESSAGE(has(refusal(text), "twice"), text);
  job_filter x;
  x.states = {job_status::failed};
  std::string error;
  BOOST_CHECK(!parse_job_filter("state:completed", now, x, error));
}

BOOST_AUTO_TEST_CASE(keys_are_read_in_any_case_and_values_are_not) {
  BOOST_CHECK((read("Type:Fetch").types == texts{"Fetch"}));
  BOOST_CHECK(has(refusal("state:Failed"), "not the state"));
}

BOOST_AUTO_TEST_CASE(limits_hold) {
  job_filter_limits how;
  how.text_bytes_max = 10;
  how.terms_max = 3;
  how.values_max = 2;
  job_filter x;
  std::string error;
  BOOST_CHECK(parse_job_filter("aaaaaaaaaa", now, x, error, how));
  BOOST_CHECK(has(refusal("aaaaaaaaaaa", how), "more than 10 bytes"));
  BOOST_CHECK(parse_job_filter("a b c", now, x, error, how));
  BOOST_CHECK(has(refusal("a b c d", how), "more than 3 terms"));
  BOOST_CHECK(parse_job_filter("tag:a,b", now, x, error, how));
  BOOST_CHECK(has(refusal("tag:a,b,c", how), "more than 2 values"));
  BOOST_CHECK(has(refusal("\xff"), "UTF-8"));
}

BOOST_AUTO_TEST_CASE(the_text_of_a_filter_is_read_back) {
  const auto text
    = "state:failed,completed type:t definition:\"x y\" queue:q tag:b,a tag:c "
      "name:n run:"
      + std::string{id_text} + " id:" + id_text
      + R"( age>1h age<2d "a \"b\" \\c" d parent:root)";
  auto x = read(text);
  auto again = read(to_string(x));
  BOOST_TEST(to_string(again) == to_string(x));
  BOOST_CHECK(again.created_before == x.created_before);
  BOOST_CHECK(again.texts == x.texts);
  BOOST_CHECK(again.roots);
  BOOST_TEST(to_string(read("state:failed,completed"))
             == to_string(read("state:completed,failed,completed")));
  BOOST_TEST(to_string(job_filter{}).empty());
}

BOOST_AUTO_TEST_CASE(parts_are_found_in_any_ascii_case) {
  BOOST_CHECK(contains_any_case("Nightly Index", "ly in"));
  BOOST_CHECK(contains_any_case("x", ""));
  BOOST_CHECK(!contains_any_case("x", "xx"));
  BOOST_CHECK(!contains_any_case("\xc3\x89", "\xc3\xa9"));
}

BOOST_AUTO_TEST_SUITE_END()
