#include "actors/workers/noop/noop_worker.hpp"
#include "bench/exact.hpp"
#include "bench/histogram.hpp"
#include "bench/measured_run.hpp"
#include "storage/tables.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>

#include <atomic>
#include <thread>
#include <unordered_map>

namespace quaero::bench {

namespace {

/// The machine's clock, moved.
class moved_clock final : public wall_clock {
public:
  timestamp now() const override {
    return system_wall_clock().now() + std::chrono::nanoseconds{offset_.load()};
  }

  void move_to(timestamp x) {
    offset_ = std::chrono::nanoseconds{x - system_wall_clock().now()}.count();
  }

private:
  std::atomic<int64_t> offset_{0};
};

/// Runs as they become known.
struct seen_runs {
  timestamp tick;
  uint64_t wanted = 0;
  histogram late;                        ///< The start of each run.
  std::unordered_map<job_id, bool> runs; ///< Whether it is over.
  uint64_t over = 0;
};

event_sink_actor::behavior_type watcher(event_sink_actor::pointer,
                                        const std::shared_ptr<seen_runs>& to,
                                        const wall_clock* time,
                                        const caf::actor& tell) {
  return {
    [=](atom::publish, const event_block_ptr& block) {
      for (size_t i = 0; i < block->events.size(); ++i) {
        const auto& event = block->events[i];
        if (block->places[i].type != manager_job_type)
          continue;
        const auto [run, is_new] = to->runs.try_emplace(event.id, false);
        if (is_new)
          to->late.add(time->now() - to->tick);
        if (is_new && to->runs.size() == to->wanted)
          caf::anon_send(tell, atom::start_v);
        if (is_terminal(event.status) && !std::exchange(run->second, true)
            && ++to->over == to->wanted)
          caf::anon_send(tell, atom::done_v);
      }
    },
  };
}

/// Fires each hour; the run has one step with one job.
job_definition make_scheduled(uint64_t i, timestamp at) {
  job_definition out;
  out.id = "tick-" + std::to_string(i);
  out.name = "Tick";
  out.schedule = "0 * * * *";
  auto& only = out.steps.emplace_back();
  only.name = only.type = noop::type;
  out.created_at = out.updated_at = at;
  return out;
}

/// Many schedules that fire at the same moment.
class schedule_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--schedules", schedules_, "that fire at one moment")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000}))
      ->capture_default_str();
    app.add_option("--wait", wait_s_, "seconds before that moment")
      ->check(CLI::Range(0.1, 30.0))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    how.jobs = schedules_;
    return {};
  }

  measurement run(const bench_options& how) override {
    moved_clock time;
    auto seen = std::make_shared<seen_runs>();
    seen->wanted = schedules_;
    // Far enough, so that the clock need not go back.
    seen->tick = std::chrono::ceil<std::chrono::hours>(
      time.now() + std::chrono::minutes{1});
    measured_run x{how,
                   about_.name,
                   schedules_,
                   noop_only(how.slots),
                   [&](storage::store& db) { write_schedules(db, seen->tick); },
                   time};
    auto& rt = x.runtime();
    rt.self()->send(
      rt.actors().hub, atom::subscribe_v,
      event_sink_actor{rt.system().spawn(
        watcher, seen, &time, caf::actor_cast<caf::actor>(rt.self()))});
    const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>{wait_s_});
    time.move_to(seen->tick - wait);
    rt.actors().start_schedules();
    std::this_thread::sleep_for(seen->tick - time.now());
    x.begin();
    rt.self()->receive([](atom::start) {});
    x.end(schedules_);
    rt.await_done();
    constexpr uint64_t jobs_a_run = 3; // with its step
    auto out = x.finish([&](const storage::store& db) {
      return check_trees(db, schedules_ * jobs_a_run);
    });
    out.more.set("late", as_value(seen->late));
    return out;
  }

private:
  void write_schedules(storage::store& db, timestamp tick) const {
    constexpr size_t commit_bytes_max = 1 << 20;
    // No other full hour lies in between.
    const auto changed = tick - std::chrono::seconds{30};
    storage::write_batch all;
    for (uint64_t i = 0; i < schedules_; ++i) {
      storage::put_definition(all, make_scheduled(i, changed));
      if (all.bytes() > commit_bytes_max) {
        require(db.write(all, false));
        all.clear();
      }
    }
    require(db.write(all, false));
  }

  uint64_t schedules_ = 10'000;
  double wait_s_ = 1;
  const description about_{"schedule",
                           "schedules that fire at one moment",
                           "tick",
                           {.slots = true, .raw = true},
                           {}};
};

} // namespace

std::unique_ptr<scenario> make_schedule_scenario() {
  return std::make_unique<schedule_scenario>();
}

} // namespace quaero::bench
