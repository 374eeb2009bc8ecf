#include "bench/exact.hpp"
#include "bench/histogram.hpp"
#include "bench/remote_hub.hpp"
#include "bench/scenario.hpp"
#include "definitions/log.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <thread>

/// Work on other machines, which are processes of this one.
namespace quaero::bench {

namespace {

constexpr const char* waiting_type = "test_job_generator";
constexpr std::chrono::minutes moves_limit{10};

/// A job that waits so long, and says three lines beside the one that it waits
/// behind.
new_job make_waiting(int64_t ms) {
  new_job job;
  job.type = waiting_type;
  job.name = "waits";
  job.config = R"({"log_count":1,"failure_rate":0,"child_count":0,)"
               R"("recursion_depth":0,"log_delay_ms":)"
               + std::to_string(ms) + "}";
  return job;
}

/// Moves of jobs, as they are published. Threads: any.
class moves {
public:
  void add(const event_block_ptr& block) {
    const std::lock_guard lock{guard_};
    for (const auto& x : block->events)
      all_.push_back({x, clock::now()});
    changed_.notify_all();
  }

  struct move {
    job_event event;
    clock::time_point at;
  };

  /// Waits until `enough` is true of all that were published so far.
  template <class F>
  std::vector<move> await(F enough) {
    std::unique_lock lock{guard_};
    if (!changed_.wait_for(lock, moves_limit, [&] { return enough(all_); }))
      throw std::runtime_error{"jobs do not move"};
    return all_;
  }

  void clear() {
    const std::lock_guard lock{guard_};
    all_.clear();
  }

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::vector<move> all_;
};

event_sink_actor::behavior_type listener(event_sink_actor::pointer, moves* to) {
  return {[to](atom::publish, const event_block_ptr& x) { to->add(x); }};
}

size_t count_of(const std::vector<moves::move>& all, job_status status) {
  return static_cast<size_t>(
    std::count_if(all.begin(), all.end(),
                  [&](const auto& x) { return x.event.status == status; }));
}

class remote_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app
      .add_option("--mode", mode_,
                  "noop: short jobs; pickup: until a worker begins; loss: "
                  "a node is killed; waiting: jobs that wait")
      ->check(CLI::IsMember({"noop", "pickup", "loss", "waiting"}))
      ->capture_default_str();
    app.add_option("--nodes", nodes_, "processes that run the jobs")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
    app.add_option("--rate", rate_, "of pickup: jobs a second")
      ->check(CLI::Range(1.0, 100'000.0))
      ->capture_default_str();
    app.add_option("--rounds", rounds_, "of loss: nodes that are killed")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
    app.add_option("--wait-ms", wait_ms_, "of waiting: how long a job waits")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    if (mode_ == "loss" && nodes_ < 2)
      nodes_ = 2;
    if (mode_ == "loss")
      how.jobs = rounds_ * loss_jobs;
    if (mode_ == "waiting" && how.slots == 0)
      how.slots = 8;
    return {};
  }

  value settings() const override {
    auto out = value::make_object({{"mode", mode_}, {"nodes", nodes_}});
    if (mode_ == "pickup")
      out.set("rate", rate_);
    if (mode_ == "loss")
      out.set("rounds", rounds_);
    if (mode_ == "waiting")
      out.set("wait_ms", wait_ms_);
    return out;
  }

  measurement run(const bench_options& how) override {
    log::setup("error", log::format::text); // Nodes come and go on purpose.
    const auto dir = how.dir + '/' + about_.name;
    auto db = make_database(dir, how.store);
    measurement out;
    {
      bench_runtime rt{
        db,  how, runtime_of(how, how.jobs), no_workers, system_wall_clock(),
        true};
      rt.recover();
      remote_hub hub{rt, dir};
      for (uint32_t i = 1; i <= nodes_; ++i)
        hub.join("node" + std::to_string(i),
                 mode_ == "noop" || mode_ == "pickup" ? "noop" : waiting_type,
                 mode_ == "loss" ? loss_jobs : how.slots);
      hub.await_ready(nodes_);
      if (mode_ == "pickup")
        measure_pickup(rt, how, out);
      else if (mode_ == "loss")
        measure_loss(rt, hub, how, out);
      else
        measure_rate(rt, how, out);
    }
    out.problem = check_totals(*db, how.jobs + how.warm_up);
    if (out.problem.empty() && mode_ == "noop")
      out.problem = check_roots(*db, how.jobs + how.warm_up);
    db.reset();
    std::filesystem::remove_all(dir);
    return out;
  }

private:
  static constexpr uint32_t loss_jobs = 8;

  void measure_rate(bench_runtime& rt, const bench_options& how,
                    measurement& out) const {
    const auto job
      = mode_ == "noop" ? make_noop(how.payload) : make_waiting(wait_ms_);
    if (how.warm_up > 0) {
      rt.count_ends(how.warm_up);
      rt.submit(how.warm_up, job, how);
      rt.await_done();
    }
    rt.count_ends(how.jobs);
    const auto begin = clock::now();
    rt.submit(how.jobs, job, how);
    rt.await_done();
    out.per_s = static_cast<double>(how.jobs) / seconds_since(begin);
    out.count = how.jobs;
  }

  // All processes have one clock. A job's id is larger than those before it.
  void measure_pickup(bench_runtime& rt, const bench_options& how,
                      measurement& out) const {
    moves seen;
    auto sink = listen(rt, seen);
    std::vector<timestamp> moments;
    const auto job = make_noop(how.payload);
    const auto begin = clock::now();
    for (uint64_t i = 0; i < how.jobs; ++i) {
      std::this_thread::sleep_until(
        begin
        + std::chrono::duration_cast<clock::duration>(
          std::chrono::duration<double>{static_cast<double>(i) / rate_}));
      submission x;
      x.jobs = {job};
      x.level = how.level;
      moments.push_back(system_wall_clock().now());
      caf::anon_send(rt.actors().jobs, atom::submit_v, std::move(x));
    }
    auto ends = seen.await([&](const auto& all) {
      return count_of(all, job_status::completed) >= how.jobs;
    });
    std::erase_if(ends, [](const auto& x) {
      return x.event.status != job_status::completed;
    });
    std::sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) {
      return a.event.id < b.event.id;
    });
    histogram pickup;
    histogram done;
    for (size_t i = 0; i < ends.size(); ++i) {
      pickup.add(ends[i].event.started_at - moments[i]);
      done.add(ends[i].event.at - moments[i]);
    }
    stop_listening(rt, sink);
    out.rank = pickup.us_at(0.5);
    out.more.set("pickup", as_value(pickup));
    out.more.set("done", as_value(done));
  }

  // Until each job that a node had runs on another one.
  void measure_loss(bench_runtime& rt, remote_hub& hub,
                    const bench_options& how, measurement& out) const {
    moves seen;
    auto sink = listen(rt, seen);
    histogram lost;
    for (uint32_t round = 0; round < rounds_; ++round) {
      seen.clear();
      rt.submit(loss_jobs, make_waiting(2000), how);
      seen.await([](const auto& all) {
        return count_of(all, job_status::running) >= loss_jobs;
      });
      const auto busy = hub.running();
      const auto victim = std::max_element(
        busy.begin(), busy.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
      const auto begin = clock::now();
      hub.kill(victim->first);
      const auto all = seen.await([&](const auto& x) {
        return count_of(x, job_status::running) >= loss_jobs + victim->second;
      });
      for (const auto& x : all)
        if (x.event.status == job_status::running && x.event.attempt > 1)
          lost.add(x.at - begin);
      seen.await([](const auto& x) {
        return count_of(x, job_status::completed) >= loss_jobs;
      });
      hub.restart(victim->first);
      hub.await_ready(nodes_);
    }
    stop_listening(rt, sink);
    out.rank = lost.us_at(0.5);
    out.more.set("elsewhere", as_value(lost));
  }

  static event_sink_actor listen(bench_runtime& rt, moves& to) {
    event_sink_actor sink{rt.system().spawn(listener, &to)};
    rt.self()->send(rt.actors().hub, atom::subscribe_v, sink);
    return sink;
  }

  static void stop_listening(bench_runtime& rt, const event_sink_actor& x) {
    rt.self()->send_exit(x, caf::exit_reason::user_shutdown);
    rt.self()->wait_for(x);
  }

  static bench_options defaults() {
    bench_options out;
    out.jobs = 100'000;
    out.raw = false;
    return out;
  }

  std::string mode_ = "noop";
  uint32_t nodes_ = 1;
  double rate_ = 100;
  uint32_t rounds_ = 20;
  int64_t wait_ms_ = 10;
  const description about_{
    "remote",
    "jobs on nodes, which are processes of this machine",
    "job",
    {.jobs = true, .submission = true, .slots = true, .warm_up = true},
    defaults()};
};

} // namespace

std::unique_ptr<scenario> make_remote_scenario() {
  return std::make_unique<remote_scenario>();
}

} // namespace quaero::bench
