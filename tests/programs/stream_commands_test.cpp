#include "programs/cli/event_stream.hpp"
#include "tests/programs/cli_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

constexpr const char* events = "GET /api/events";
constexpr const char* log_stream
  = "GET /api/logs/stream?scope=job&job_id=m1&level=warn&after=0";
constexpr const char* last_line
  = "event: logs\ndata: {\"logs\":[{\"message\":\"last\"}]}\n\n";

std::string status_event(const std::string& status) {
  return "event: status\ndata: {\"job\":{\"id\":\"m1\",\"status\":\"" + status
         + "\"}}\n\n";
}

struct collected {
  std::vector<stream_event> all;
  event_parser parser{[this](const stream_event& x) {
    all.push_back(x);
    return x.data != "end";
  }};
};

} // namespace

BOOST_AUTO_TEST_SUITE(stream_commands)

// -- the format ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(events_are_read_in_pieces_of_any_size) {
  const std::string text = ":comment\nid: 1\nevent: a\ndata: x\ndata:y\n\n"
                           "retry: 700\r\ndata: z\r\n\r\nid:2\rdata\r\r";
  for (size_t size = 1; size <= text.size(); ++size) {
    collected c;
    for (size_t at = 0; at < text.size(); at += size)
      BOOST_TEST(c.parser.take(std::string_view{text}.substr(at, size)));
    BOOST_TEST_REQUIRE(c.all.size() == 3u);
    BOOST_TEST(c.all[0].id == "1");
    BOOST_TEST(c.all[0].type == "a");
    BOOST_TEST(c.all[0].data == "x\ny");
    BOOST_TEST(c.all[1].id == "1");
    BOOST_TEST(c.all[1].type == "message");
    BOOST_TEST(c.all[1].data == "z");
    BOOST_TEST(c.all[2].id == "2");
    BOOST_TEST(c.all[2].data == "");
    BOOST_TEST(c.parser.retry().count() == 700);
  }
}

BOOST_AUTO_TEST_CASE(an_event_without_an_end_is_forgotten) {
  collected c;
  c.parser.take("id: 1\ndata: a\n\nid: 2\ndata: half");
  c.parser.start_again();
  c.parser.take("data: b\n\n");
  BOOST_TEST_REQUIRE(c.all.size() == 2u);
  BOOST_TEST(c.all[1].data == "b");
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_behind_the_wanted_end) {
  collected c;
  BOOST_TEST(!c.parser.take("data: end\n\ndata: more\n\n"));
  BOOST_TEST(c.all.size() == 1u);
  BOOST_TEST(c.parser.done());
}

BOOST_AUTO_TEST_CASE(an_event_has_a_greatest_size) {
  collected c;
  std::string line(event_bytes_max - 6, 'x');
  BOOST_TEST(c.parser.take("data: " + line + "\n\n"));
  BOOST_TEST(!c.parser.take("data: " + line + "xx"));
  BOOST_TEST(c.parser.too_large());
}

// -- events -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(events_of_a_run_are_printed_until_it_ends) {
  session s;
  s.answer("GET /api/events?run=m1&types=job_status_change&after=0", 200,
           "id: 7\nevent: job_status_change\ndata: {\"job_id\":\"c\","
           "\"status\":\"completed\",\"timestamp\":\"T\"}\n\n"
           "event: ping\ndata: {}\n\n"
           "id: 8\nevent: job_status_change\ndata: {\"job_id\":\"m1\","
           "\"status\":\"failed\",\"error\":\"e\\u001b[2J\"}\n\n"
           "data: never\n\n");
  BOOST_TEST(
    s.run({"events", "-f", "--run", "m1", "--type", "job_status_change"})
    == exit_ok);
  BOOST_TEST(s.out.str()
             == "T job_status_change    c  completed\n"
                "job_status_change    m1  failed  e [2J\n");
  BOOST_TEST(field_of(s.request(0), "Accept") == "text/event-stream");
}

BOOST_AUTO_TEST_CASE(without_follow_events_end_with_what_there_is) {
  session s;
  s.answer(events, 200, "data: {\"status\":\"a\"}\n\n");
  BOOST_TEST(s.run({"events"}) == exit_ok);
  BOOST_TEST(s.server->requests.size() == 1u);
  BOOST_TEST((s.request(0).silence_max < stream_silence_max));
}

BOOST_AUTO_TEST_CASE(a_broken_stream_goes_on_behind_the_last_event) {
  session s;
  s.answer(events, 200, "id: 1\ndata: {\"status\":\"a\"}\n\nid: 2\ndata: {\"s");
  s.no_answer(events);
  s.answer(events, 200, "id: 2\ndata: {\"status\":\"b\"}\n\n");
  s.waits_max = 3;
  BOOST_TEST(s.run({"events", "-f", "--json"}) == exit_detached);
  BOOST_TEST(
    s.out.str()
    == "{\"id\":\"1\",\"type\":\"message\",\"data\":{\"status\":\"a\"}}"
       "\n{\"id\":\"2\",\"type\":\"message\",\"data\":{\"status\":"
       "\"b\"}}\n");
  BOOST_TEST(field_of(s.request(0), "Last-Event-ID") == "");
  BOOST_TEST(field_of(s.request(2), "Last-Event-ID") != "");
}

BOOST_AUTO_TEST_CASE(a_stream_that_stays_away_ends_with_4) {
  session s;
  s.no_answer(events);
  BOOST_TEST(s.run({"events", "-f"}) == exit_unreachable);
  BOOST_TEST(s.waits == reconnects_max);
}

BOOST_AUTO_TEST_CASE(a_refused_stream_is_not_asked_for_again) {
  for (auto [status, code] : std::vector<std::pair<int, int>>{
         {401, exit_refused}, {404, exit_not_found}}) {
    session s;
    s.answer(events, status, "{}");
    BOOST_TEST(s.run({"events", "-f"}) == code);
    BOOST_TEST(s.server->requests.size() == 1u);
    BOOST_TEST(s.err.str() != "");
  }
}

// -- logs ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_log_is_streamed_until_its_job_ends) {
  session s;
  s.answer(log_stream, 200,
           status_event("running")
             + "id: 4\nevent: logs\ndata: {\"logs\":[{\"timestamp\":\"1\","
               "\"level\":\"warn\",\"message\":\"m\\u001b[2J\","
               "\"step_name\":\"s\"}]}\n\n"
             + "id: 5\n" + status_event("completed") + last_line);
  BOOST_TEST(s.run({"jobs", "logs", "m1", "-f", "--level", "warn"}) == exit_ok);
  BOOST_TEST(s.out.str() == "1 warn  s: m [2J\n");
}

BOOST_AUTO_TEST_CASE(a_job_that_is_over_already_still_has_its_lines) {
  session s;
  s.answer(log_stream, 200,
           status_event("failed") + last_line + "id: 5\n"
             + status_event("failed"));
  BOOST_TEST(s.run({"jobs", "logs", "m1", "-f", "--level", "warn"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "last"));
}

BOOST_AUTO_TEST_CASE(a_log_whose_end_was_removed_ends_with_silence) {
  session s;
  s.answer(log_stream, 200,
           status_event("failed") + last_line
             + "event: ping\ndata: {}\n\ndata: never\n\n");
  BOOST_TEST(s.run({"jobs", "logs", "m1", "-f", "--level", "warn"}) == exit_ok);
  BOOST_TEST(s.server->requests.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
