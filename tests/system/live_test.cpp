#define BOOST_TEST_MODULE live_test

#include "tests/support/live_client.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

using namespace quaero;
using namespace quaero::test;

namespace {

// 10 * (1 + 4 + 4 * 2 + 4 * 2 * 1) jobs.
const std::string many_jobs
  = "[step.work]\ntype = \"test_job_generator\"\nworker_count = 10\n"
    "failure_rate = 0.1\nchild_count = 4\nrecursion_depth = 3\n"
    "log_count = 40\nlog_delay_ms = 5\n"
    "[step.after]\ntype = \"noop\"\ndepends = \"work\"\n";

const std::string many_lines
  = "[step.talk]\ntype = \"test_job_generator\"\nworker_count = 40\n"
    "failure_rate = 0\nlog_count = 1500\nlog_delay_ms = 0\n";

/// Where the daemon is; it moves with each start.
class address {
public:
  void set(uint16_t port) {
    std::lock_guard guard{mutex_};
    port_ = port;
    changed_.notify_all();
  }

  uint16_t port() const {
    std::lock_guard guard{mutex_};
    return port_;
  }

  /// After a failure at `old`: waits a moment, or for another one.
  void wait(uint16_t old) {
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, std::chrono::milliseconds{20},
                      [&] { return port_ != old; });
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint16_t port_ = 0;
};

/// One numbered message, as it was told.
struct told {
  uint64_t number = 0;
  std::string text;
  bool operator==(const told&) const = default;
};

bool ends(const value& payload, const std::string& run) {
  const auto status = text_of(payload, "status");
  return text_of(payload, "job_id") == run
         && (status == "completed" || status == "failed");
}

/// Follows until the run's last event, over as many connections as it takes;
/// cuts them itself every now and then.
class follower {
public:
  follower(address& where, std::string run, bool is_socket, unsigned seed)
    : where_{where}, run_{std::move(run)}, random_{seed}, thread_{[this,
                                                                   is_socket] {
        while (!over_ && connections < 10'000)
          connect(is_socket);
      }} {}

  void join() { thread_.join(); }

  std::vector<told> all;
  size_t connections = 0;
  std::string problem;

private:
  uint64_t seen() const { return all.empty() ? 0 : all.back().number; }

  void connect(bool is_socket) {
    const auto port = where_.port();
    ++connections;
    cut_after_ = 50 + random_() % 600;
    try {
      if (is_socket)
        by_socket(port);
      else
        by_events(port);
    } catch (const std::exception&) {
      where_.wait(port); // The daemon is away.
    }
  }

  /// @returns whether to go on with this connection.
  bool take(uint64_t number, const value& payload) {
    if (number != seen() + 1 && problem.empty())
      problem = std::to_string(number) + " after " + std::to_string(seen());
    all.push_back({number, to_json(payload)});
    over_ = ends(payload, run_);
    return !over_ && --cut_after_ > 0;
  }

  void by_socket(uint16_t port) {
    socket_client client{port};
    client.send(R"({"type":"subscribe","level":"debug","run":")" + run_
                + R"(","after":)" + std::to_string(seen()) + '}');
    while (auto x = client.next()) {
      const auto number = x->get_int("seq").value_or(0);
      if (x->get_string("run") == run_ && number > 0
          && !take(static_cast<uint64_t>(number), *x->find("payload")))
        return;
      if (x->get_string("type") == "resume")
        return;
    }
  }

  void by_events(uint16_t port) {
    event_client client{port,
                        "/api/events?level=debug&types=job_log,"
                        "job_status_change&run="
                          + run_,
                        std::to_string(seen())};
    while (auto x = client.next())
      if (x->name != "ping" && !take(std::stoull(x->id), x->data))
        return;
  }

  address& where_;
  std::string run_;
  std::mt19937 random_;
  uint64_t cut_after_ = 0;
  bool over_ = false;
  std::thread thread_;
};

/// Everything that is stored of a run, read at once.
std::vector<told> stored(uint16_t port, const std::string& run) {
  std::vector<told> out;
  event_client client{port, "/api/events?level=debug&types=job_log,"
                            "job_status_change&after=0&run="
                              + run};
  while (auto x = client.next()) {
    out.push_back({std::stoull(x->id), to_json(x->data)});
    if (ends(x->data, run))
      break;
  }
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(cuts_and_kills_lose_nothing_and_repeat_nothing,
                        system_fixture) {
  const strings some{"--workers-test-job-generator-slots", "16"};
  start(some);
  address where;
  where.set(port());
  const auto job = run_toml("forest", many_jobs);
  follower sockets{where, job, true, 1};
  follower events{where, job, false, 2};
  for (int64_t aim = 30; aim < 200; aim += 40) {
    wait_until(
      [&] { return number("/api/jobs/stats", "completed_jobs") >= aim; });
    kill();
    start(some);
    where.set(port());
  }
  wait_over(job);
  sockets.join();
  events.join();
  const auto expected = stored(port(), job);
  BOOST_TEST(expected.size() > 3000u);
  for (auto* x : {&sockets, &events}) {
    BOOST_TEST(x->problem == "");
    BOOST_TEST(x->connections > 10u);
    BOOST_TEST(x->all.size() == expected.size());
    BOOST_TEST((x->all == expected));
  }
}

BOOST_FIXTURE_TEST_CASE(a_client_that_never_reads_costs_bounded_memory,
                        system_fixture) {
  // Writes that wait to be sorted are no part of what is looked at.
  start({"--store-write-buffer-mib", "16"});
  run_toml("warm-up", many_lines);
  const auto first = run_toml("first", many_lines);
  wait_over(first);
  const auto before = peak_memory_mib();
  std::vector<std::unique_ptr<socket_client>> sockets;
  std::vector<std::unique_ptr<event_client>> streams;
  const auto job = run_toml("talk", many_lines);
  for (int i = 0; i < 8; ++i) {
    sockets.push_back(std::make_unique<socket_client>(port()));
    sockets.back()->send(R"({"type":"subscribe","after":0,"run":")" + job
                         + R"("})");
    streams.push_back(
      std::make_unique<event_client>(port(), "/api/events?after=0&run=" + job));
  }
  BOOST_TEST(wait_over(job) == "completed");
  // 16 clients have 60,000 lines of about 400 bytes before them: 380 MB.
  BOOST_TEST(peak_memory_mib() < before + 96);
  auto& client = *sockets.front();
  uint64_t seen = 0;
  for (bool over = false; !over;) {
    auto x = *client.next();
    if (x.get_string("type") == "resume")
      client.send(R"({"type":"subscribe","after":)" + std::to_string(seen)
                  + R"(,"run":")" + job + R"("})");
    if (const auto n = x.get_int("seq").value_or(0); n > 0) {
      BOOST_REQUIRE_EQUAL(static_cast<uint64_t>(n), ++seen);
      over = ends(*x.find("payload"), job);
    }
  }
  BOOST_TEST(seen > 60'000u);
}

BOOST_FIXTURE_TEST_CASE(another_implementation_follows_over_cut_connections,
                        system_fixture) {
  start();
  const auto job = run_toml("forest", many_jobs);
  const auto url = "ws://127.0.0.1:" + std::to_string(port()) + "/ws";
  const auto seen
    = run_program({"/usr/bin/python3", "-B",
                   source_path("tests/system/follow.py"), url, job, "700"},
                  patience);
  BOOST_TEST(seen.exit == 0, seen.err);
  const auto told = parsed(seen.out);
  BOOST_TEST(told.get_bool("in_order").value_or(false), seen.out);
  BOOST_TEST(static_cast<size_t>(int_of(told, "count"))
             == stored(port(), job).size());
}

BOOST_FIXTURE_TEST_CASE(curl_follows_a_log_until_it_is_over, system_fixture) {
  start();
  const auto job = run_toml("tree", many_jobs);
  const auto seen = run_program(
    {"/usr/bin/curl", "-sN", "--max-time", "4",
     url() + "/api/logs/stream?level=all&limit=5000&job_id=" + job},
    patience);
  BOOST_TEST(contains(seen.out, "event: logs"));
  BOOST_TEST(contains(seen.out, "event: status"));
  BOOST_TEST(contains(seen.out, "\"step_name\":\"work\""));
}
