#include "definitions/json.hpp"
#include "programs/cli/keys.hpp"
#include "programs/cli/top_view.hpp"
#include "tests/programs/cli_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

value parsed(const std::string& text) {
  value result;
  std::string error;
  BOOST_REQUIRE_MESSAGE(parse_json(text, result, error), error);
  return result;
}

top_sample busy_sample(size_t running) {
  top_sample x;
  x.at = fixed_clock{}.at;
  x.server = "http://127.0.0.1:1";
  x.state = "crawling";
  x.jobs.completed = 12345;
  x.queues.resize(10);
  x.actors.resize(10, {"queue", 7});
  for (size_t i = 0; i < running; ++i)
    x.running.push_back({.id = "id" + std::to_string(i),
                         .type = "crawler_url",
                         .name = "日本語日本語日本語日本語日本語\x1b[2J"});
  x.running_total = 500;
  return x;
}

void play_daemon(session& s) {
  s.answer("GET /api/status", 200, R"({"state":"crawling"})");
  s.answer("GET /api/queues", 200,
           R"({"queues":[
               {"name":"default","ready":5,"delayed":1,"running":2,
                "oldest_age_ms":61000,"paused":false},
               {"name":"slow","ready":1200,"delayed":0,"running":0,
                "oldest_age_ms":null,"paused":true}],"count":2})");
  s.answer("GET /api/actors", 200,
           R"({"name":"quaerod","mailbox":0,"children":[
               {"name":"store","mailbox":1},{"name":"queue","mailbox":9}]})");
  s.answer("GET /api/version", 200, R"({"version":"0.1.0"})");
  s.answer("GET /api/jobs/stats", 200,
           R"({"total_jobs":10,"running_jobs":2,"completed_jobs":8})");
  s.answer("GET /api/jobs?limit=100&status=running", 200,
           R"({"jobs":[{"id":"j1","type":"noop","name":"a",
               "started_at":"2026-01-20T01:59:00Z","child_count":4,
               "completed_children":1}],"total_count":1})");
}

} // namespace

BOOST_AUTO_TEST_SUITE(top)

BOOST_AUTO_TEST_CASE(rates_are_differences_over_time) {
  top_sample before;
  top_sample now;
  before.at = fixed_clock{}.at;
  now.at = before.at + std::chrono::seconds{4};
  now.jobs = {.total = 40, .completed = 10, .failed = 2};
  auto x = rates_between(before, now);
  BOOST_TEST(x.made == 10.0);
  BOOST_TEST(x.completed == 2.5);
  BOOST_TEST(x.failed == 0.5);
  BOOST_TEST(rates_between(now, now).made == 0.0);
  BOOST_TEST(rates_between(now, before).made == 0.0);
}

BOOST_AUTO_TEST_CASE(actors_are_listed_by_their_mailboxes) {
  const auto tree = R"({"name":"a","mailbox":1,"children":[
      {"name":"b","mailbox":5},{"name":"c","mailbox":3}]})";
  auto actors = read_actors(parsed(tree));
  BOOST_TEST_REQUIRE(actors.size() == 3u);
  BOOST_TEST(actors[0].name == "b");
  BOOST_TEST(actors[1].name == "c");
}

BOOST_AUTO_TEST_CASE(queues_that_find_no_room_are_added_up) {
  top_sample sample;
  for (int64_t i = 1; i <= 8; ++i)
    sample.queues.push_back({.name = "q" + std::to_string(i),
                             .ready = i,
                             .delayed = 10,
                             .running = 1,
                             .oldest_ms = 1000 * i,
                             .paused = i == 2});
  std::ostringstream out;
  console to{out, out};
  std::string text;
  for (const auto& line : top_lines(to, sample, {}))
    text += line + '\n';
  BOOST_TEST(contains(text, "q4          4       10        1   4.0 s  open\n"
                            "3 more      6       30        3   3.0 s  paused"),
             text);
  BOOST_TEST(!contains(text, "q3"));
}

BOOST_AUTO_TEST_CASE(a_screen_fits_whatever_its_size) {
  auto sample = busy_sample(100);
  std::ostringstream out;
  for (size_t width : {1, 20, 40, 80, 200})
    for (size_t height : {1, 2, 5, 10, 24, 60}) {
      console to{out, out};
      to.width = width;
      to.height = height;
      auto lines
        = top_lines(to, sample, {.rates = job_rates{}, .problem = "p"});
      BOOST_TEST(lines.size() <= height, width << 'x' << height);
      for (const auto& line : lines) {
        BOOST_TEST(display_width(line) <= width, line);
        BOOST_TEST(!contains(line, "\x1b"));
      }
    }
}

BOOST_AUTO_TEST_CASE(scrolling_moves_the_running_jobs) {
  auto sample = busy_sample(50);
  std::ostringstream out;
  console to{out, out};
  to.width = 80;
  to.height = 40;
  auto text = [&](size_t offset) {
    std::string result;
    for (const auto& line : top_lines(to, sample, {.offset = offset}))
      result += line + '\n';
    return result;
  };
  BOOST_TEST(contains(text(0), "\nid0 "));
  BOOST_TEST(!contains(text(1), "\nid0 "));
  BOOST_TEST(contains(text(49), "\nid49 "));
  BOOST_TEST(contains(text(0), "50 of 500 running jobs"));
}

BOOST_AUTO_TEST_CASE(without_a_terminal_it_prints_once) {
  session s;
  play_daemon(s);
  BOOST_TEST(s.run({"top"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "quaero 0.1.0  http://127.0.0.1:1"));
  BOOST_TEST(contains(s.out.str(), "running 2  completed 8"));
  BOOST_TEST(contains(s.out.str(),
                      "QUEUE    READY  DELAYED  RUNNING  OLDEST  STATE\n"
                      "slow     1,200        0        0          paused\n"
                      "default      5        1        2   1m01s  open\n"));
  BOOST_TEST(contains(s.out.str(), "queue          9\nstore          1\n"));
  BOOST_TEST(contains(s.out.str(), "1m00s   1/4\n"));
  BOOST_TEST(!contains(s.out.str(), "\x1b"));
  BOOST_TEST(!contains(s.out.str(), "quit"));
}

BOOST_AUTO_TEST_CASE(json_has_all_answers) {
  session s;
  play_daemon(s);
  BOOST_TEST(s.run({"top", "--once", "--json"}) == exit_ok);
  auto x = parsed(s.out.str());
  for (const char* name :
       {"status", "stats", "version", "queues", "jobs", "actors"})
    BOOST_TEST(x.find(name) != nullptr, name);
}

BOOST_AUTO_TEST_CASE(once_without_a_daemon_ends_with_4) {
  session s;
  s.no_answer("GET /api/status");
  BOOST_TEST(s.run({"top", "--once"}) == exit_unreachable);
  BOOST_TEST(session{}.run({"top", "--interval", "1ms"}) == exit_usage);
}

BOOST_AUTO_TEST_CASE(keys_are_read_whatever_comes_between_them) {
  auto keys = read_keys("p\x1b[A\x1bOB\x1b[Ckjxq");
  const std::vector<key> wanted{key::pause, key::up,   key::down,  key::other,
                                key::up,    key::down, key::other, key::quit};
  BOOST_TEST((keys == wanted));
}

BOOST_AUTO_TEST_SUITE_END()
