#include "actors/compactor.hpp"

#include "actors/deadlines.hpp"
#include "definitions/log.hpp"
#include "storage/keys.hpp"

#include <caf/sec.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace quaero {

namespace {

using storage::table;

/// Everything in one table.
key_range whole(table x) {
  const std::string prefix(1, static_cast<char>(x));
  return {prefix, storage::prefix_end(prefix)};
}

uint64_t jobs_between(const lane_heads& from, const lane_heads& to) {
  // Heads are of one sequence: they move together, where a lane is in use.
  uint64_t out = 0;
  for (size_t i = 0; i < to.sequence.size(); ++i)
    out = std::max(out,
                   to.sequence[i] - std::min(from.sequence[i], to.sequence[i]));
  return out;
}

uint64_t number_of(const actor_status& x, std::string_view name) {
  for (const auto& [key, n] : x.numbers)
    if (key == name)
      return static_cast<uint64_t>(n);
  return 0;
}

} // namespace

std::vector<key_range> consumed_queue_ranges(const lane_heads& from,
                                             const lane_heads& to) {
  using storage::fixed_key;
  std::vector<key_range> out;
  for (size_t i = 0; i < to.sequence.size(); ++i) {
    if (to.sequence[i] <= from.sequence[i])
      continue;
    auto key = [i](uint64_t sequence) {
      return std::string{fixed_key{table::queue}
                           .add_byte(static_cast<uint8_t>(i))
                           .add_be64(sequence)
                           .view()};
    };
    out.push_back({key(0), key(to.sequence[i])});
  }
  return out;
}

std::vector<key_range> removed_job_ranges() {
  std::vector<key_range> out;
  for (auto x : {table::jobs, table::children, table::log, table::job_log,
                 table::run_stream, table::labels, table::dead_letters,
                 table::job_postings})
    out.push_back(whole(x));
  return out;
}

void compactor_state::on_recover() {
  if (config.interval.count() > 0 && config.jobs_min > 0
      && !std::exchange(recovered, true))
    wait();
}

void compactor_state::wait() {
  self->delayed_send(self, config.interval, atom::wake_v);
}

void compactor_state::on_wake() {
  auto bad = [this](const caf::error& e) {
    // An actor that ends takes the daemon along.
    if (e != caf::sec::request_receiver_down)
      wait();
  };
  self->request(worker, store_deadline, atom::get_v)
    .then(
      [this, bad](const lane_heads& heads) {
        self->request(keeper, store_deadline, atom::status_v)
          .then(
            [this, heads](const actor_status& x) {
              look(heads, number_of(x, "jobs_removed"));
            },
            bad);
      },
      bad);
}

void compactor_state::look(const lane_heads& heads, uint64_t removed) {
  std::vector<key_range> ranges;
  if (jobs_between(compacted, heads) >= config.jobs_min) {
    ranges = consumed_queue_ranges(compacted, heads);
    // Its oldest events have gone with the jobs that they tell of.
    ranges.push_back(whole(table::daemon_stream));
    compacted = heads;
  }
  if (removed - removed_jobs >= config.jobs_min) {
    for (auto& x : removed_job_ranges())
      ranges.push_back(std::move(x));
    removed_jobs = removed;
  }
  if (ranges.empty())
    wait();
  else
    compact(std::move(ranges));
}

void compactor_state::compact(std::vector<key_range> ranges) {
  report.running = true;
  const auto began = clock->now();
  const auto count = ranges.size();
  for (auto& x : ranges)
    self->send(worker, atom::execute_v, std::move(x));
  self->request(worker, store_deadline, atom::done_v)
    .then(
      [this, began, count](bool) {
        report.running = false;
        report.last_at = clock->now();
        report.last_took = report.last_at - began;
        ++report.compactions;
        const std::chrono::duration<double> seconds = report.last_took;
        meter->compacted(seconds.count());
        log::info("store.compacted",
                  {{"ranges", count},
                   {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(
                            report.last_took)
                            .count()}});
        wait();
      },
      [](const caf::error&) {});
}

actor_status compactor_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"running", int64_t{report.running}},
           {"compactions", static_cast<int64_t>(report.compactions)}}};
}

compactor_impl::behavior_type
compactor(compactor_impl::stateful_pointer<compactor_state> self,
          compactor_config config, compaction_actor worker, status_actor keeper,
          metrics_ptr meter, const wall_clock* clock) {
  auto& st = self->state;
  st.config = config;
  st.worker = std::move(worker);
  st.keeper = std::move(keeper);
  st.meter = std::move(meter);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::get) { return self->state.report; },
    [self](atom::recover) { self->state.on_recover(); },
    [self](atom::wake) { self->state.on_wake(); },
  };
}

compaction_actor::behavior_type compaction(compaction_actor::pointer,
                                           std::shared_ptr<storage::store> db) {
  return {
    [db](atom::get) {
      lane_heads out;
      auto result = storage::read_queue_heads(*db, out.sequence);
      if (!result.ok())
        log::error("compactor.unreadable", {{"error", result.message}});
      return out;
    },
    [db](atom::execute, const key_range& x) { db->compact(x.from, x.to); },
    [](atom::done) { return true; },
  };
}

} // namespace quaero
