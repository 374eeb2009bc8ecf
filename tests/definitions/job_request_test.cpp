#include "definitions/job_request.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;

namespace {

const timestamp now{
  std::chrono::seconds{1'768'874'400}}; // 2026-01-20T02:00:00Z
const std::vector<std::string> types{"noop", "page"};

job_request read(std::string_view text, const job_request_limits& limits = {}) {
  return read_job_request(text, types, now, durability::group, limits);
}

/// "POINTER MESSAGE; ..." of all errors.
std::string errors(std::string_view text, const job_request_limits& limits
                                          = {}) {
  std::string out;
  for (const auto& x : read(text, limits).errors)
    out += (out.empty() ? "" : "; ") + x.pointer + ": " + x.message;
  return out;
}

std::string noop_with(const std::string& members) {
  return R"({"type":"noop",)" + members + "}";
}

} // namespace

BOOST_AUTO_TEST_SUITE(job_requests)

BOOST_AUTO_TEST_CASE(every_member_is_read) {
  auto x = read(R"({"type":"page","name":"a page","config":{"url": "x\u00e4"},
    "queue":"slow.1","priority":0,"run_at":"2026-01-21T02:00:00Z",
    "expires_at":"2026-01-22T02:00:00Z","unique_key":"k",
    "retry":{"attempts":7,"backoff":"2s","backoff_max":"1m","jitter":0.5},
    "durability":"each","tags":["a","b"],"metadata":{"m":[1,{"n":null}]}})");
  BOOST_REQUIRE(x.ok());
  BOOST_REQUIRE_EQUAL(x.jobs.size(), 1u);
  const auto& job = x.jobs[0];
  BOOST_TEST(job.type == "page");
  BOOST_TEST(job.name == "a page");
  BOOST_TEST(job.config == R"({"url": "x\u00e4"})");
  BOOST_TEST(job.metadata == R"({"m":[1,{"n":null}]})");
  BOOST_TEST(job.queue == "slow.1");
  BOOST_TEST(int{job.priority} == 0);
  BOOST_TEST(to_rfc3339(job.run_at) == "2026-01-21T02:00:00.000Z");
  BOOST_TEST(to_rfc3339(job.expires_at) == "2026-01-22T02:00:00.000Z");
  BOOST_TEST(job.unique_key == "k");
  BOOST_CHECK((
    job.retry
    == retry_policy{7, std::chrono::seconds{2}, std::chrono::minutes{1}, 0.5}));
  BOOST_TEST(job.tags == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
  BOOST_CHECK(x.level == durability::each);
}

BOOST_AUTO_TEST_CASE(a_type_is_enough) {
  auto x = read(R"({"type":"noop"})");
  BOOST_REQUIRE(x.ok());
  BOOST_TEST(x.jobs[0].name == "noop");
  BOOST_TEST(x.jobs[0].queue == "default");
  BOOST_TEST(x.jobs[0].config == "{}");
  BOOST_CHECK(x.level == durability::group);
}

BOOST_AUTO_TEST_CASE(an_array_keeps_its_order) {
  auto x = read(R"([{"type":"noop","name":"1"},{"type":"page","name":"2"}])");
  BOOST_REQUIRE(x.ok());
  BOOST_REQUIRE_EQUAL(x.jobs.size(), 2u);
  BOOST_TEST(x.jobs[0].name == "1");
  BOOST_TEST(x.jobs[1].name == "2");
}

BOOST_AUTO_TEST_CASE(the_strongest_durability_holds_for_all) {
  auto level = [](const char* text) { return read(text).level; };
  BOOST_CHECK(level(R"([{"type":"noop","durability":"buffered"}])")
              == durability::buffered);
  // The second one names none, so it has the daemon's: group.
  BOOST_CHECK(
    level(R"([{"type":"noop","durability":"buffered"},{"type":"noop"}])")
    == durability::group);
  BOOST_CHECK(level(R"([{"type":"noop","durability":"each"},
                        {"type":"noop","durability":"buffered"}])")
              == durability::each);
}

BOOST_AUTO_TEST_CASE(a_number_is_a_count_of_attempts) {
  BOOST_TEST(read(noop_with(R"("retry":9)")).jobs[0].retry.attempts == 9u);
  BOOST_TEST(errors(noop_with(R"("retry":0)"))
             == "/retry: must be 1 to 100 attempts");
}

BOOST_AUTO_TEST_CASE(all_errors_are_told_with_their_pointers) {
  BOOST_TEST(errors(R"([{"type":"noop"},{"type":"nope","tags":1},
                        {"colour":"red"}])")
             == "/1/type: no worker executes jobs of that type; "
                "/1/tags: must be an array of texts; "
                "/2/colour: there is no such member; "
                "/2/type: must be there");
}

BOOST_AUTO_TEST_CASE(an_unknown_member_is_refused_by_its_name) {
  BOOST_TEST(errors(noop_with(R"("a/b~c":{"x":[1]})"))
             == "/a~1b~0c: there is no such member");
  BOOST_TEST(errors(noop_with(R"("retry":{"tries":1})"))
               .starts_with("/retry/tries: there is no such member"));
}

BOOST_AUTO_TEST_CASE(what_is_no_job_is_refused) {
  BOOST_TEST(errors("1") == ": must be an object or an array of objects");
  BOOST_TEST(errors("\"x\"") == ": must be an object or an array of objects");
  BOOST_TEST(errors("[]") == ": there is no job in the array");
  BOOST_TEST(errors(R"([1,{"type":"noop"},["a",{"b":[]}],null])")
             == "/0: must be an object, not a number; "
                "/2: must be an object, not an array; "
                "/3: must be an object, not null");
  BOOST_TEST(errors("{").starts_with(": line 1"));
  BOOST_TEST(errors("") != "");
}

BOOST_AUTO_TEST_CASE(members_of_the_wrong_type_are_refused) {
  for (const auto* member :
       {R"("name":1)", R"("config":"x")", R"("config":[])", R"("queue":null)",
        R"("priority":"1")", R"("priority":1.5)", R"("run_at":1)",
        R"("expires_at":true)", R"("unique_key":{})", R"("retry":"x")",
        R"("durability":1)", R"("tags":{"a":1})", R"("tags":[1])",
        R"("tags":[["a"]])", R"("metadata":3)", R"("retry":{"attempts":"1"})",
        R"("retry":{"backoff":1})", R"("retry":{"jitter":[1]})"}) {
    auto x = read(noop_with(member));
    BOOST_TEST(x.errors.size() == 1u, member);
    BOOST_TEST(x.jobs.empty());
  }
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_refused) {
  for (
    const auto* member :
    {R"("name":"")", R"("queue":"a b")", R"("queue":"")", R"("priority":-1)",
     R"("priority":10)", R"("run_at":"tomorrow")",
     R"("expires_at":"2026-01-20T02:00:00Z")",
     R"("run_at":"2026-01-22T02:00:00Z","expires_at":"2026-01-21T00:00:00Z")",
     R"("unique_key":"")", R"("durability":"disk")", R"("tags":[""])",
     R"("retry":{"attempts":101})", R"("retry":{"jitter":1.5})",
     R"("retry":{"backoff":"1m","backoff_max":"1s"})",
     R"("retry":{"backoff":"soon"})"})
    BOOST_TEST(read(noop_with(member)).errors.size() == 1u, member);
}

BOOST_AUTO_TEST_CASE(each_limit_holds_and_lets_what_is_within_pass) {
  job_request_limits limits;
  limits.jobs_max = 2;
  limits.name_bytes_max = 3;
  limits.config_bytes_max = limits.metadata_bytes_max = 9;
  limits.unique_key_bytes_max = 3;
  limits.tags_max = 2;
  limits.tag_bytes_max = 3;
  const std::string fits
    = noop_with(R"("name":"abc","config":{"a":"b"},"metadata":{"a":"b"},)"
                R"("unique_key":"abc","tags":["abc","b"])");
  BOOST_TEST(errors("[" + fits + "," + fits + "]", limits) == "");
  for (const auto* member :
       {R"("name":"abcd")", R"("config":{"a":"bc"})",
        R"("metadata":{"a":"bc"})", R"("unique_key":"abcd")",
        R"("tags":["abcd"])", R"("tags":["a","b","c"])"})
    BOOST_TEST(read(noop_with(member), limits).errors.size() == 1u, member);
  BOOST_TEST(errors("[" + fits + "," + fits + "," + fits + "]", limits)
             == ": there are more than 2 jobs in one request");
}

BOOST_AUTO_TEST_CASE(the_list_of_errors_ends) {
  job_request_limits limits;
  limits.errors_max = 3;
  BOOST_TEST(read("[1,2,3,4,5,6]", limits).errors.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_rules_of_json_hold) {
  BOOST_TEST(errors(R"({"type":"noop","type":"noop"})") != "");
  BOOST_TEST(errors(noop_with(R"("config":{"a":1,"a":2})")) != "");
  BOOST_TEST(errors(noop_with(R"("name":"\ud800")")) != "");
  BOOST_TEST(errors("{\"type\":\"noop\",\"name\":\"\xff\"}") != "");
  BOOST_TEST(errors(noop_with("\"config\":{\"a\":" + std::string(500, '[')
                              + std::string(500, ']') + "}"))
               .find("nested deeper")
             != std::string::npos);
  BOOST_TEST(errors(R"({"type":"noop"} x)") != "");
}

BOOST_AUTO_TEST_CASE(the_answer_lists_ids_and_what_was_there) {
  job_id a;
  a.bytes.fill(0x11);
  const auto text = to_string(a);
  BOOST_TEST(enqueued_json({a}, {}) == "{\"ids\":[\"" + text + "\"]}");
  BOOST_TEST(enqueued_json({a, a}, {0, 1})
             == "{\"ids\":[\"" + text + "\",\"" + text
                  + "\"],\"existing\":[0,1]}");
}

BOOST_AUTO_TEST_SUITE_END()
