#include "tests/gateway/live_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <fstream>
#include <random>
#include <thread>

using namespace quaero;
using namespace quaero::test;

namespace {

const value& payload_of(const value& x) {
  static const value none = value::make_object();
  const auto* out = x.find("payload");
  return out ? *out : none;
}

std::string text_at(const value& x, const char* name) {
  return payload_of(x).get_string(name).value_or("");
}

int64_t number_at(const value& x, const char* name) {
  return payload_of(x).get_int(name).value_or(-1);
}

uint64_t seq_of(const value& x) {
  return static_cast<uint64_t>(x.get_int("seq").value_or(0));
}

/// Resident memory of this process.
size_t resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  size_t all = 0;
  size_t resident = 0;
  in >> all >> resident;
  return resident * 4096;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(live_sockets, live_fixture)

BOOST_AUTO_TEST_CASE(a_client_is_told_at_once_how_the_daemon_is) {
  start();
  socket_client client{port};
  auto first = *client.next();
  BOOST_TEST(*first.get_string("type") == "status");
  BOOST_TEST(text_at(first, "service") == "ONLINE");
  BOOST_TEST(!text_at(first, "serverInstanceId").empty());
  auto stats = client.next("job_stats");
  BOOST_TEST(number_at(stats, "total_jobs") == 2);
}

BOOST_AUTO_TEST_CASE(a_run_is_told_from_its_beginning_and_then_as_it_goes_on) {
  start();
  move(run, job_status::pending, job_status::running);
  say("one");
  socket_client client{port};
  client.send(subscribe(R"(,"after":0)"));
  auto begun = client.next("subscribed");
  BOOST_TEST(begun.get_string("run").value_or("") == run_id());
  BOOST_TEST(text_at(begun, "status") == "running");
  auto moved = client.next("job_status_change");
  BOOST_TEST(seq_of(moved) == 1u);
  BOOST_TEST(text_at(moved, "previous_status") == "pending");
  BOOST_TEST(moved.get_string("run").value_or("") == run_id());
  BOOST_TEST(text_at(client.next("job_log"), "message") == "one");
  say("two");
  auto line = client.next("job_log");
  BOOST_TEST(text_at(line, "message") == "two");
  BOOST_TEST(number_at(line, "line_number") == 2);
  BOOST_TEST(text_at(line, "step_id") == to_string(step.id));
  BOOST_TEST(seq_of(line) == 3u);
}

BOOST_AUTO_TEST_CASE(filters_leave_out_and_numbers_still_ascend) {
  start();
  socket_client client{port};
  client.send(subscribe(R"(,"after":0,"level":"warn","types":["job_log"])"));
  client.next("subscribed");
  say("a");
  say("b", log_level::error);
  move(run, job_status::pending, job_status::running);
  say("c", log_level::warn);
  // What tells of the whole daemon may come at any time.
  auto next_of_run = [&] {
    auto x = *client.next();
    while (!x.get_string("run"))
      x = *client.next();
    return x;
  };
  auto b = next_of_run();
  auto c = next_of_run();
  BOOST_TEST(text_at(b, "message") == "b");
  BOOST_TEST(text_at(c, "message") == "c");
  BOOST_TEST(seq_of(b) == 2u);
  BOOST_TEST(seq_of(c) == 4u);
}

BOOST_AUTO_TEST_CASE(without_a_subscription_the_overview_is_told) {
  start();
  socket_client client{port};
  client.next("job_stats");
  run_progress progress;
  progress.manager = run.id;
  progress.status = job_status::running;
  progress.steps
    = {{step.id, "scan", "local_dir", job_status::running, {}, {}}};
  progress.children.pending = 3;
  event_block block;
  block.progress = {progress};
  // The subscription is ready when it is told of something.
  publish(block);
  auto update = client.next("job_update");
  BOOST_TEST(text_at(update, "context") == "job_step");
  BOOST_TEST(text_at(update, "step_name") == "scan");
  BOOST_TEST(text_at(client.next("job_step_progress"), "step_status")
             == "running");
  client.next("step_progress");
  BOOST_TEST(text_at(client.next("job_update"), "context") == "job");
  BOOST_TEST(text_at(client.next("parent_job_progress"), "progress_text")
             == "3 pending, 0 running, 0 completed, 0 failed");
  block.progress[0].status = job_status::completed;
  publish(block);
  auto end = client.next("job_update");
  BOOST_TEST(text_at(end, "status") == "completed");
  BOOST_TEST(*payload_of(end).get_bool("refresh_logs"));
}

BOOST_AUTO_TEST_CASE(counters_are_told_at_most_so_often_and_the_last_always) {
  start();
  socket_client client{port};
  client.next("job_stats");
  client.send(R"({"type":"ping"})");
  client.next("pong");
  size_t told = 0;
  for (int i = 0; i < 200; ++i) {
    auto x = std::make_shared<commit>();
    x->add_job(job_id{}, x->facets_index({}, "t", "", {}, false));
    x->lines.push_back(line("x"));
    apply(std::move(x));
  }
  for (;;) {
    ++told;
    if (number_at(client.next("job_stats"), "total_jobs") == 202)
      break;
  }
  BOOST_TEST(told < 100u);
}

BOOST_AUTO_TEST_CASE(cuts_and_restarts_lose_nothing_and_repeat_nothing) {
  limits.live.frame_interval = std::chrono::milliseconds{2};
  how.hub.blocks_max = 16;
  start();
  std::mt19937 random{5};
  std::vector<std::string> got;
  uint64_t seen = 0;
  int said = 0;
  auto take = [&](const value& x) {
    if (seq_of(x) == 0)
      return;
    BOOST_REQUIRE_EQUAL(seq_of(x), ++seen);
    got.push_back(text_at(x, "message"));
  };
  for (int round = 0; round < 60; ++round) {
    socket_client client{port};
    client.send(subscribe(R"(,"after":)" + std::to_string(seen)));
    client.next("subscribed");
    // Commits while it catches up, and while it is live.
    std::thread other{[&] {
      for (auto n = 0; n < 30; ++n)
        say(std::to_string(++said));
    }};
    const auto wanted = seen + random() % 30;
    while (seen < wanted)
      take(*client.next());
    other.join();
    if (round % 10 == 9)
      restart();
  }
  socket_client client{port};
  client.send(subscribe(R"(,"after":)" + std::to_string(seen)));
  while (got.size() < static_cast<size_t>(said))
    take(*client.next());
  for (size_t i = 0; i < got.size(); ++i)
    BOOST_REQUIRE_EQUAL(got[i], std::to_string(i + 1));
}

BOOST_AUTO_TEST_CASE(
  who_does_not_read_is_told_to_resume_and_memory_stays_flat) {
  limits.stream_bytes_max = 64 * 1024;
  limits.live.frame_interval = std::chrono::milliseconds{2};
  how.hub.bytes_max = 256 * 1024;
  start();
  socket_client client{port};
  client.send(subscribe());
  client.next("subscribed");
  // One that reads: with it nobody else is behind in the gateway, which would
  // read the database for him, at his pace, and have nothing to tell.
  socket_client reader{port};
  reader.send(subscribe());
  reader.next("subscribed");
  uint64_t read = 0;
  const auto before = resident_bytes();
  constexpr uint64_t lines = 3000;
  constexpr uint64_t at_once = 10; // less than its buffer holds
  const std::string text(4000, 'x');
  for (uint64_t said = 1; said <= lines; ++said) {
    say(text);
    while (said % at_once == 0 && read < said)
      read = std::max(read, seq_of(*reader.next()));
  }
  // What is stored in memory here is as large as what was said.
  const auto grown = resident_bytes() - before;
  BOOST_TEST(grown < 4u * lines * text.size());
  uint64_t seen = 0;
  int resumed = 0;
  while (seen < lines) {
    auto x = *client.next();
    if (x.get_string("type") == "resume") {
      ++resumed;
      BOOST_TEST(x.get_string("run").value_or("") == run_id());
      BOOST_REQUIRE_EQUAL(x.get_int("after").value_or(-1), seen);
      client.send(subscribe(R"(,"after":)" + std::to_string(seen)));
    } else if (seq_of(x) != 0) {
      BOOST_REQUIRE_EQUAL(seq_of(x), ++seen);
    }
  }
  BOOST_TEST(resumed > 0);
}

BOOST_AUTO_TEST_CASE(the_daemons_stream_has_events_of_all_jobs) {
  start();
  move(run, job_status::pending, job_status::running);
  socket_client client{port};
  client.send(
    R"({"type":"subscribe","after":0,"types":["job_status_change"]})");
  client.next("subscribed");
  auto one = client.next("job_status_change");
  BOOST_TEST(seq_of(one) == 1u);
  BOOST_TEST(!one.find("run"));
  BOOST_TEST(text_at(one, "run_id") == run_id());
  queue_job job;
  job.id = ids.next();
  job.type = "t";
  move(job, job_status::pending, job_status::running);
  auto two = client.next("job_status_change");
  BOOST_TEST(seq_of(two) == 2u);
  BOOST_TEST(text_at(two, "job_id") == to_string(job.id));
  BOOST_TEST(payload_of(two).find("run_id")->is_null());
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused_and_then_the_client) {
  limits.live.errors_max = 6;
  start();
  socket_client client{port};
  auto refused = [&](const std::string& text, const std::string& why) {
    client.send(text);
    const auto detail = text_at(client.next("error"), "detail");
    BOOST_TEST(detail.find(why) != std::string::npos, detail);
  };
  refused("{", "no JSON");
  refused(R"({"type":"fly"})", "type: must be");
  refused(R"({"type":"subscribe","run":"x"})", "run: must be a job id");
  refused(R"({"type":"subscribe","types":["x"]})", "types: \"x\"");
  refused(R"({"type":"subscribe","color":1})", "color: there is no such");
  client.send(R"({"type":"subscribe","run":")" + to_string(ids.next())
              + R"("})");
  BOOST_TEST(text_at(client.next("error"), "code") == "not_found");
  refused(R"({"type":"subscribe","after":-1})", "after: must be");
  while (client.next()) {
    // Reads on.
  }
  BOOST_TEST(client.close_code == 1008);
}

BOOST_AUTO_TEST_CASE(clients_and_subscriptions_are_limited) {
  limits.live.clients_max = 1;
  limits.live.subscriptions_max = 1;
  start();
  socket_client client{port};
  client.next("status");
  auto refused = http_client{port}.get("/api/events");
  BOOST_TEST(refused.status == 503);
  BOOST_TEST(refused.header("retry-after") == "5");
  client.send(subscribe());
  client.next("subscribed");
  client.send(R"({"type":"subscribe"})");
  BOOST_TEST(text_at(client.next("error"), "code") == "limit_reached");
  client.send(R"({"type":"unsubscribe","run":")" + run_id() + R"("})");
  client.next("unsubscribed");
  client.send(R"({"type":"subscribe"})");
  client.next("subscribed");
}

BOOST_AUTO_TEST_CASE(clients_are_told_when_the_daemon_stops) {
  start();
  socket_client client{port};
  client.next("status");
  server->stop();
  while (client.next()) {
    // Reads on.
  }
  BOOST_TEST(client.close_code == 1001);
}

BOOST_AUTO_TEST_SUITE_END()
