#include "definitions/log.hpp"
#include "tests/gateway/live_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <thread>

using namespace quaero;
using namespace quaero::test;

namespace {

const value& member(const value& x, const char* name) {
  static const value none;
  const auto* out = x.find(name);
  return out ? *out : none;
}

std::string messages(const value& logs) {
  std::string out;
  for (const auto& x : member(logs, "logs").as_array())
    out += x.get_string("message").value_or("?");
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(event_streams, live_fixture)

BOOST_AUTO_TEST_CASE(a_stream_says_how_to_come_back) {
  start();
  event_client client{port, "/api/events?run=" + run_id() + "&after=0"};
  BOOST_TEST(client.head.status == 200);
  BOOST_TEST(client.head.header("content-type") == "text/event-stream");
  BOOST_TEST(client.head.header("x-accel-buffering") == "no");
  say("one");
  auto x = client.next("job_log");
  BOOST_TEST(client.retry == "1000");
  BOOST_TEST(x.id == "1");
  BOOST_TEST(*x.data.get_string("message") == "one");
}

BOOST_AUTO_TEST_CASE(cuts_and_restarts_lose_nothing_and_repeat_nothing) {
  limits.live.frame_interval = std::chrono::milliseconds{2};
  limits.stream_bytes_max = 16 * 1024;
  how.hub.blocks_max = 16;
  start();
  std::mt19937 random{9};
  std::string last;
  int said = 0;
  int seen = 0;
  const auto target = "/api/events?types=job_log&run=" + run_id();
  const std::string filler(400, '.');
  for (int round = 0; round < 40; ++round) {
    event_client client{port, target + (last.empty() ? "&after=0" : ""), last};
    std::thread other{[&] {
      for (auto n = 0; n < 50; ++n)
        say(std::to_string(++said) + filler);
    }};
    const auto wanted = seen + static_cast<int>(random() % 50);
    while (seen < wanted) {
      auto x = client.next("job_log");
      last = x.id;
      BOOST_REQUIRE_EQUAL(*x.data.get_string("message"),
                          std::to_string(++seen) + filler);
      BOOST_REQUIRE_EQUAL(last, std::to_string(seen));
    }
    other.join();
    if (round % 10 == 9)
      restart();
  }
  event_client client{port, target, last};
  while (seen < said)
    BOOST_REQUIRE_EQUAL(client.next("job_log").id, std::to_string(++seen));
}

BOOST_AUTO_TEST_CASE(who_reads_slowly_is_sent_everything_at_its_own_pace) {
  limits.stream_bytes_max = 64 * 1024;
  how.hub.bytes_max = 256 * 1024;
  start();
  event_client client{port,
                      "/api/events?types=job_log&run=" + run_id() + "&after=0"};
  constexpr int lines = 2000;
  const std::string text(4000, 'x');
  for (int i = 0; i < lines; ++i)
    say(text);
  for (int i = 1; i <= lines; ++i)
    BOOST_REQUIRE_EQUAL(client.next("job_log").id, std::to_string(i));
}

BOOST_AUTO_TEST_CASE(the_daemons_events_and_what_is_unknown) {
  start();
  event_client client{port, "/api/events?types=job_status_change&after=0"};
  move(run, job_status::pending, job_status::running);
  auto x = client.next("job_status_change");
  BOOST_TEST(x.id == "1");
  BOOST_TEST(*x.data.get_string("job_id") == run_id());
  http_client other{port};
  BOOST_TEST(other.get("/api/events?types=x").status == 400);
  BOOST_TEST(other.get("/api/events?types=job_log").status == 400);
  BOOST_TEST(other.get("/api/events?run=x").status == 400);
  BOOST_TEST(other.get("/api/events?after=x").status == 400);
  BOOST_TEST(other.get("/api/events?run=" + to_string(ids.next())).status
             == 404);
}

BOOST_AUTO_TEST_CASE(who_was_away_too_long_is_told_so) {
  how.log.streams.events_kept_max = 8;
  start();
  for (int i = 0; i < 20; ++i)
    move(run, job_status::pending, job_status::running);
  restart(); // else the hub still has what is not stored any more
  event_client client{port, "/api/events?types=job_status_change", "2"};
  auto reset = client.next("reset");
  const auto after = reset.data.get_int("after").value_or(0);
  BOOST_TEST(after >= 10);
  BOOST_TEST(reset.id == std::to_string(after));
  BOOST_TEST(client.next("job_status_change").id == std::to_string(after + 1));
}

BOOST_AUTO_TEST_CASE(a_log_begins_with_its_newest_lines_and_goes_on) {
  start();
  move(run, job_status::pending, job_status::running);
  for (const char* text : {"a", "b", "c", "d"})
    say(text);
  event_client client{port, "/api/logs/stream?limit=2&job_id=" + run_id()};
  auto first = client.next("logs");
  BOOST_TEST(messages(first.data) == "cd");
  const auto& meta = member(first.data, "meta");
  BOOST_TEST(*meta.get_int("total_count") == 4);
  BOOST_TEST(*meta.get_int("displayed_count") == 2);
  BOOST_TEST(*meta.get_bool("has_more"));
  const auto& line = member(first.data, "logs").as_array()[0];
  BOOST_TEST(*line.get_string("step_name") == "scan");
  BOOST_TEST(*line.get_int("line_number") == 3);
  auto status = client.next("status");
  BOOST_TEST(*member(status.data, "job").get_string("status") == "running");
  say("e");
  auto more = client.next("logs");
  BOOST_TEST(messages(more.data) == "e");
  BOOST_TEST(*member(more.data, "meta").get_int("total_count") == 5);
  BOOST_TEST(!*member(more.data, "meta").get_bool("has_more"));
  move(run, job_status::running, job_status::completed);
  status = client.next("status");
  BOOST_TEST(*member(status.data, "job").get_string("status") == "completed");
  // What came before the last event is not told again.
  event_client again{port, "/api/logs/stream?job_id=" + run_id(), more.id};
  auto next = *again.next();
  BOOST_TEST(next.name == "status");
}

BOOST_AUTO_TEST_CASE(a_log_of_one_step_has_its_lines_only) {
  start();
  auto x = std::make_shared<commit>();
  x->lines = {line("of the step"), line("of the run")};
  x->lines[1].owner = x->lines[1].job = run.id;
  apply(std::move(x));
  event_client client{port, "/api/logs/stream?job_id=" + to_string(step.id)};
  BOOST_TEST(messages(client.next("logs").data) == "of the step");
}

BOOST_AUTO_TEST_CASE(the_daemons_own_log_can_be_followed) {
  start();
  log::setup("info", log::format::text);
  log::info("test.happened", {{"n", 1}});
  event_client client{port, "/api/logs/stream?scope=service"};
  auto first = client.next("logs");
  BOOST_TEST(messages(first.data).find("test.happened n=1")
             != std::string::npos);
  log::info("test.happened", {{"n", 2}});
  BOOST_TEST(messages(client.next("logs").data) == "test.happened n=2");
  auto once = parsed(http_client{port}.get("/api/logs?limit=1").body);
  BOOST_TEST(messages(once) == "test.happened n=2");
  BOOST_TEST(*once.get_string("scope") == "service");
  log::setup("off", log::format::text);
}

BOOST_AUTO_TEST_CASE(a_silent_stream_is_pinged_with_where_it_is) {
  limits.live.ping_interval = std::chrono::milliseconds{30};
  start();
  say("a");
  event_client client{
    port, "/api/events?types=job_log&level=error&run=" + run_id() + "&after=0"};
  while (client.next("ping").id != "1") {
    // It has not read that far.
  }
}

BOOST_AUTO_TEST_SUITE_END()
