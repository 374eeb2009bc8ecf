#include "programs/cli/enqueue.hpp"
#include "programs/cli/job_lines.hpp"
#include "tests/programs/cli_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

constexpr const char* post = "POST /api/jobs";
constexpr const char* made = R"({"ids":["j1"]})";

std::string many(size_t n) {
  std::string result;
  for (size_t i = 0; i < n; ++i)
    result += "{\"type\":\"noop\",\"name\":\"" + std::to_string(i) + "\"}\n";
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(enqueue)

// -- one job ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(every_option_is_a_member_of_the_job) {
  session s;
  s.answer(post, 201, made);
  BOOST_TEST(s.run({"enqueue",   "noop",     "--name",
                    "n",         "--config", R"({"count":5})",
                    "--queue",   "slow",     "--priority",
                    "7",         "--delay",  "90s",
                    "--expires", "1h",       "--unique-key",
                    "u",         "--tag",    "a",
                    "--tag",     "b",        "--durability",
                    "each",      "--retry",  "3",
                    "--key",     "once"})
             == exit_ok);
  BOOST_TEST(s.request(0).body
             == R"({"type":"noop","name":"n","queue":"slow","unique_key":"u",)"
                R"("durability":"each","priority":7,"tags":["a","b"],)"
                R"("config":{"count":5},"retry":3,)"
                R"("run_at":"2026-01-20T02:01:30.000Z",)"
                R"("expires_at":"2026-01-20T03:00:00.000Z"})");
  BOOST_TEST(field_of(s.request(0), "Idempotency-Key") == "once");
  BOOST_TEST(s.out.str() == "j1\n");
}

BOOST_AUTO_TEST_CASE(an_enqueued_job_is_followed_to_its_end) {
  session s;
  s.answer(post, 201, made);
  s.answer("GET /api/jobs/j1", 200, R"({"name":"n","status":"completed"})");
  BOOST_TEST(s.run({"enqueue", "noop", "-f"}) == exit_ok);
  BOOST_TEST(s.out.str() == "n completed\n");
}

BOOST_AUTO_TEST_CASE(a_job_that_is_there_already_is_said_to_be) {
  session s;
  s.answer(post, 201, R"({"ids":["j0"],"existing":[0]})");
  BOOST_TEST(s.run({"enqueue", "noop", "--unique-key", "u"}) == exit_ok);
  BOOST_TEST(s.out.str() == "j0\n");
  BOOST_TEST(contains(s.err.str(), "there already"));
}

BOOST_AUTO_TEST_CASE(a_wrong_job_is_not_sent) {
  for (auto words : std::vector<std::vector<const char*>>{
         {"enqueue"},
         {"enqueue", "noop", "--config", "{"},
         {"enqueue", "noop", "--config", "[]"},
         {"enqueue", "noop", "--config", "@/nonexistent"},
         {"enqueue", "noop", "--priority", "10"},
         {"enqueue", "noop", "--delay", "soon"},
         {"enqueue", "noop", "--at", "90s"},
         {"enqueue", "noop", "--delay", "1s", "--at", "2026-01-20T02:00:00Z"},
         {"enqueue", "noop", "--lines", "-"}}) {
    session s;
    BOOST_TEST(s.run(words) == exit_usage);
    BOOST_TEST(s.server->requests.empty());
  }
}

// -- many jobs ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(lines_go_out_in_blocks_with_a_key_each) {
  session s;
  s.in.str(many(2500));
  s.answer(post, 201, R"({"ids":[]})");
  BOOST_TEST(s.run({"enqueue", "--lines", "-", "--key", "k"}) == exit_ok);
  BOOST_TEST(s.out.str() == "2,500 jobs accepted\n");
  BOOST_TEST_REQUIRE(s.server->requests.size() == 3u);
  BOOST_TEST(field_of(s.request(0), "Idempotency-Key") == "k-1");
  BOOST_TEST(field_of(s.request(1), "Idempotency-Key") == "k-1001");
  BOOST_TEST(field_of(s.request(2), "Idempotency-Key") == "k-2001");
  BOOST_TEST(
    s.request(2).body.starts_with(R"([{"type":"noop","name":"2000"})"));
}

BOOST_AUTO_TEST_CASE(a_lost_answer_is_asked_for_again_under_the_same_key) {
  session s;
  s.in.str(many(1500));
  s.answer(post, 201, "{}");
  s.no_answer(post);
  s.answer(post, 503, "{}", {{"retry-after", "1"}});
  s.answer(post, 201, "{}");
  BOOST_TEST(s.run({"enqueue", "--lines", "-"}) == exit_ok);
  BOOST_TEST_REQUIRE(s.server->requests.size() == 4u);
  auto key = field_of(s.request(1), "Idempotency-Key");
  BOOST_TEST(key.size() > 30u);
  BOOST_TEST(field_of(s.request(2), "Idempotency-Key") == key);
  BOOST_TEST(field_of(s.request(3), "Idempotency-Key") == key);
  BOOST_TEST(s.request(3).body == s.request(1).body);
}

BOOST_AUTO_TEST_CASE(a_failure_says_how_many_lines_are_accepted_and_goes_on) {
  session s;
  s.in.str(many(2500));
  s.answer(post, 201, "{}");
  s.answer(post, 400,
           R"({"detail":"d","errors":[{"pointer":"/3/type","message":"m"},
               {"pointer":"/9/retry/attempts","message":"n"},
               {"pointer":"/9","message":"o"},
               {"pointer":"/1000/type","message":"p"}]})");
  BOOST_TEST(s.run({"enqueue", "--lines", "-", "--key", "k"}) == exit_refused);
  BOOST_TEST(contains(s.err.str(), "lines 1001 to 2000 were not accepted"));
  BOOST_TEST(contains(s.err.str(), "  line 1004: type: m\n"
                                   "  line 1010: retry/attempts: n\n"
                                   "  line 1010: o\n"
                                   "  /1000/type: p\n"));
  BOOST_TEST(contains(s.err.str(), "1000 lines are accepted."));
  BOOST_TEST(
    contains(s.err.str(), "quaero enqueue --lines - --skip 1000 --key k\n"));
  session again;
  again.in.str(many(2500));
  again.answer(post, 201, "{}");
  BOOST_TEST(
    again.run({"enqueue", "--lines", "-", "--skip", "1000", "--key", "k"})
    == exit_ok);
  BOOST_TEST(again.request(0).body == s.request(1).body);
  BOOST_TEST(field_of(again.request(0), "Idempotency-Key")
             == field_of(s.request(1), "Idempotency-Key"));
  BOOST_TEST(again.out.str() == "1,500 jobs accepted\n");
}

BOOST_AUTO_TEST_CASE(a_daemon_that_stays_away_ends_with_4) {
  session s;
  s.in.str(many(10));
  s.no_answer(post);
  BOOST_TEST(s.run({"enqueue", "--lines", "-"}) == exit_unreachable);
  BOOST_TEST(s.server->requests.size() == size_t{block_tries_max});
  BOOST_TEST(contains(s.err.str(), "0 lines are accepted."));
}

BOOST_AUTO_TEST_CASE(leaving_tells_where_to_go_on) {
  session s;
  s.in.str(many(10));
  s.waits_max = 1;
  s.no_answer(post);
  BOOST_TEST(s.run({"enqueue", "--lines", "-", "--key", "k"}) == exit_detached);
  BOOST_TEST(contains(s.err.str(), "--skip 0 --key k"));
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_job_is_named) {
  session s;
  s.in.str(many(1000) + "\n" + R"({"type":"noop"})" + "\n[1]\n");
  s.answer(post, 201, "{}");
  BOOST_TEST(s.run({"enqueue", "--lines", "-"}) == exit_usage);
  BOOST_TEST(contains(s.err.str(), "line 1003: expected an object"));
  BOOST_TEST(contains(s.err.str(), "1000 lines are accepted."));
  BOOST_TEST(s.server->requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(with_json_each_block_is_answered_by_a_line) {
  session s;
  s.in.str(many(1001));
  s.answer(post, 201, R"({"ids":["a"]})");
  s.answer(post, 201, R"({"ids":["b"]})");
  BOOST_TEST(s.run({"enqueue", "--lines", "-", "--json"}) == exit_ok);
  BOOST_TEST(s.out.str() == "{\"ids\":[\"a\"]}\n{\"ids\":[\"b\"]}\n");
}

BOOST_AUTO_TEST_CASE(blocks_and_lines_have_limits) {
  auto line
    = "{\"type\":\"" + std::string(job_line_bytes_max - 11, 'x') + "\"}";
  BOOST_REQUIRE(line.size() == job_line_bytes_max);
  std::istringstream in{line + '\n' + line + '\n' + line + '\n' + line + '\n'
                        + line + '\n'};
  job_lines lines{in};
  job_block block;
  BOOST_TEST(lines.next(block));
  BOOST_TEST(block.jobs == 4u); // 4 MiB are passed by the fourth
  BOOST_TEST(lines.next(block));
  BOOST_TEST(block.first == 5);
  BOOST_TEST(!lines.next(block));
  BOOST_TEST(lines.error() == "");
  std::istringstream longer{line + "x"};
  job_lines refused{longer};
  BOOST_TEST(!refused.next(block));
  BOOST_TEST(refused.error() == "line 1: longer than 1048576 bytes");
}

BOOST_AUTO_TEST_CASE(the_last_line_needs_no_end_and_empty_ones_count) {
  std::istringstream in{"\n{\"type\":\"a\"}\n\n  \n{\"type\":\"b\"}"};
  job_lines lines{in};
  job_block block;
  BOOST_TEST(lines.next(block));
  BOOST_TEST(block.body == R"([{"type":"a"},{"type":"b"}])");
  BOOST_TEST(block.first == 1);
  BOOST_TEST(block.last == 5);
  std::istringstream few{"a\nb\n"};
  BOOST_TEST(!job_lines{few}.skip(3));
}

BOOST_AUTO_TEST_SUITE_END()
