#include "bench/kill.hpp"

#include "bench/daemon_process.hpp"
#include "bench/kill_check.hpp"
#include "bench/kill_plan.hpp"
#include "definitions/kill_point.hpp"
#include "programs/process.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

namespace quaero::bench {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::chrono::seconds patience{60};

/// Longer than any place takes that is passed at all under this load.
constexpr milliseconds point_limit{2000};
constexpr milliseconds random_limit{400}; ///< Until a random kill.
constexpr milliseconds start_limit{120};  ///< The same while it starts.
constexpr uint64_t passes_max = 40;       ///< Of a point, before it kills.
constexpr uint64_t end_passes_max = 3;    // Of ends of steps and runs.
constexpr milliseconds pause{5};
constexpr int killed = 128 + SIGKILL;

/// How one daemon dies.
struct death {
  std::string place;     ///< "random", "start", or the name of a point.
  std::string point;     ///< For the daemon; "" if it is killed from outside.
  milliseconds after{0}; ///< Until it is killed from outside.
};

class kill_run {
public:
  explicit kill_run(const kill_config& how)
    : how_{how}, random_{how.seed}, known_{how.seed + 1}, data_{how.dir
                                                                + "/data"} {}

  kill_result run() {
    const auto begin = clock::now();
    std::filesystem::remove_all(data_);
    define();
    while (out_.kills < how_.kills) {
      live_and_die(next_death());
      if (how_.verify_every > 0 && out_.kills % how_.verify_every == 0)
        verify();
    }
    finish();
    verify();
    check_kills(data_ + "/db", known_, out_);
    daemon_.reset();
    std::filesystem::remove_all(data_);
    out_.acknowledged = known_.jobs().size() + known_.runs().size();
    out_.resent = known_.resent();
    out_.seconds = std::chrono::duration<double>(clock::now() - begin).count();
    return std::move(out_);
  }

private:
  uint64_t draw(uint64_t below) { return random_() % below; }

  /// Points take turns, so that none is left to chance.
  death next_death() {
    death out;
    const auto turn = deaths_++;
    if (turn % 3 == 0) {
      out.place = draw(4) == 0 ? "start" : "random";
      const auto limit = out.place == "start" ? start_limit : random_limit;
      out.after = milliseconds{draw(static_cast<uint64_t>(limit.count()))};
      return out;
    }
    out.place = kill_point_names[next_point_++ % kill_point_names.size()];
    auto is_of
      = [&](std::string_view head) { return out.place.starts_with(head); };
    // What is passed once a start, seldom, and all the time.
    uint64_t limit = passes_max;
    if (is_of("start") || is_of("recovery") || is_of("schedule")
        || is_of("index"))
      limit = 1;
    else if (is_of("step") || is_of("run"))
      limit = end_passes_max;
    out.point = out.place + ":" + std::to_string(1 + draw(limit));
    return out;
  }

  void start(const std::string& point) {
    daemon_.reset();
    environment more;
    if (!point.empty())
      more.emplace_back(kill_point_variable, point);
    // An index is made anew by another command.
    auto words = point.starts_with("index")
                   ? std::vector<std::string>{daemon_program(), "verify",
                                              "--data-dir", data_, "--rebuild"}
                   : std::vector<std::string>{daemon_program(), "--data-dir",
                                              data_, "--listen", "127.0.0.1:0"};
    daemon_ = std::make_unique<process>(std::move(words), more);
  }

  /// What a kill has left must be whole at once, not only when a start has
  /// mended it.
  void verify() {
    daemon_.reset();
    const auto x = run_program(
      {daemon_program(), "verify", "--data-dir", data_}, patience);
    ++out_.verified;
    if (x.exit != 0) {
      ++out_.wrong;
      if (out_.problem.empty())
        out_.problem
          = "after " + std::to_string(out_.kills) + " kills: " + x.out + x.err;
    }
  }

  /// @returns whether it came that far.
  bool wait_ready() {
    if (!daemon_->wait_for_err("daemon.ready", patience))
      return false;
    std::ifstream in{data_ + "/endpoint"};
    std::string url;
    std::getline(in, url);
    target_.emplace(parse_server(url), std::string{});
    return true;
  }

  void define() {
    start({});
    if (!wait_ready())
      throw std::runtime_error{"the daemon is not ready: " + daemon_->err()};
    for (const auto& x : kill_plan::definitions())
      target_->send("/api/job-definitions/upload", x);
    stop();
  }

  void stop() {
    daemon_->signal(SIGINT);
    if (daemon_->wait(patience) != 0)
      throw std::runtime_error{"the daemon did not end well: "
                               + daemon_->err()};
  }

  void live_and_die(const death& how) {
    start(how.point);
    bool reached = true;
    if (how.place == "start") {
      daemon_->runs_for(how.after);
      daemon_->signal(SIGKILL);
    } else if (wait_ready()) {
      reached = load(how) || how.point.empty();
    }
    ++out_.places[reached ? how.place : "random"];
    if (daemon_->wait(patience) != killed)
      throw std::runtime_error{
        how.place + ": the daemon was not killed: " + daemon_->err()};
    ++out_.kills;
  }

  /// Until it is dead.
  /// @returns whether it died by itself.
  bool load(const death& how) {
    known_.turn_to(*target_);
    const auto limit = how.point.empty() ? how.after : point_limit;
    std::atomic<bool> by_us{false};
    std::thread killer{[&] {
      by_us = daemon_->runs_for(limit);
      if (by_us)
        daemon_->signal(SIGKILL);
    }};
    bool cut_before = false;
    std::string problem;
    try {
      put_load();
    } catch (const std::runtime_error&) {
      cut_before = !by_us;
    } catch (const std::logic_error& e) {
      problem = e.what();
    }
    killer.join();
    if (!problem.empty())
      throw std::runtime_error{problem};
    if (by_us && cut_before)
      throw std::runtime_error{"the daemon cut a connection and lived: "
                               + daemon_->err()};
    return !by_us;
  }

  void put_load() {
    http_load_config how;
    how.server = target_->server();
    how.connections = 4;
    how.in_flight = 2;
    how.requests = UINT64_MAX;
    how.time = patience;
    run_load(how, known_);
  }

  void finish() {
    known_.finish();
    start({});
    if (!wait_ready())
      throw std::runtime_error{"the daemon is not ready: " + daemon_->err()};
    known_.turn_to(*target_);
    while (known_.owed() > 0) {
      http_load_config how;
      how.server = target_->server();
      how.requests = known_.owed();
      run_load(how, known_);
    }
    wait_idle();
    stop();
  }

  void wait_idle() {
    const auto end = clock::now() + patience;
    for (;;) {
      const auto x = target_->ask("/api/jobs/stats");
      const auto open = x.get_int("pending_jobs").value_or(0)
                        + x.get_int("running_jobs").value_or(0);
      if (open == 0)
        return;
      if (clock::now() > end)
        throw std::runtime_error{std::to_string(open) + " jobs never end"};
      std::this_thread::sleep_for(pause);
    }
  }

  const kill_config& how_;
  std::mt19937_64 random_;
  kill_plan known_;
  std::string data_;
  std::unique_ptr<process> daemon_;
  std::optional<http_target> target_;
  uint64_t deaths_ = 0;
  uint64_t next_point_ = 0;
  kill_result out_;
};

} // namespace

kill_result run_kill(const kill_config& how) {
  return kill_run{how}.run();
}

} // namespace quaero::bench
