#include "actors/retention.hpp"

#include "actors/deadlines.hpp"
#include "definitions/log.hpp"
#include "storage/tables.hpp"

#include <caf/sec.hpp>

#include <utility>

namespace quaero {

namespace {

bool daemon_ends(const caf::error& why) {
  return why == caf::sec::request_receiver_down
         || why == caf::exit_reason::kill;
}

} // namespace

void retention_state::on_recover() {
  if (config.interval.count() > 0 && !std::exchange(recovered, true))
    self->send(self, atom::wake_v);
}

void retention_state::on_wake() {
  std::vector<job_definition> definitions;
  auto result = storage::read_definitions(*db, definitions);
  if (!result.ok())
    log::error("retention.unreadable", {{"error", result.message}});
  // Without the definitions, what they say could not be kept.
  auto found = result.ok() ? retention_rules(config.limits, definitions)
                           : std::vector<retention_rule>{};
  rules.assign(std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  report.limited = !rules.empty();
  report.running = true;
  report.next_at = {};
  report.last_trees = report.last_jobs = 0;
  kept_before = report.kept;
  began = clock->now();
  on_flush();
}

void retention_state::on_flush() {
  if (rules.empty()) {
    end_pass();
    return;
  }
  if (!walk)
    walk.emplace(db, rules.front(), began);
  auto looks = config.looks_max;
  std::vector<job_id> found;
  auto why = walk->next(config.block_trees_max, looks, found);
  if (why)
    log::error("retention.unreadable", {{"error", message_of(why)}});
  if (why || walk->done()) {
    walk.reset();
    rules.pop_front();
  }
  due.assign(found.begin(), found.end());
  if (due.empty())
    next_piece();
  else
    pump();
}

/// By a message, so that others are answered in between.
void retention_state::next_piece() {
  self->send(self, atom::flush_v);
}

void retention_state::pump() {
  while (in_flight < config.in_flight_max && !due.empty()) {
    const auto tree = due.front();
    due.pop_front();
    ++in_flight;
    remove(tree);
  }
  if (in_flight == 0)
    next_piece();
}

void retention_state::remove(const job_id& tree) {
  self->request(jobs, store_deadline, atom::remove_v, tree)
    .then(
      [this](const removal& x) {
        --in_flight;
        const auto all = x.jobs + 1;
        ++report.trees;
        ++report.last_trees;
        report.jobs += all;
        report.last_jobs += all;
        meter->retention_removed(all);
        pump();
      },
      [this](caf::error& e) {
        if (daemon_ends(e))
          return; // the next one goes on
        --in_flight;
        report.kept += uint64_t{e != caf::error{ec::not_found}};
        pump();
      });
}

void retention_state::end_pass() {
  const auto now = clock->now();
  report.running = false;
  report.last_at = now;
  report.next_at = now + config.interval;
  ++report.passes;
  const auto kept = report.kept - kept_before;
  const auto took
    = std::chrono::duration_cast<std::chrono::milliseconds>(now - began);
  if (report.last_trees > 0 || kept > 0)
    log::info("retention.passed", {{"trees", report.last_trees},
                                   {"jobs", report.last_jobs},
                                   {"kept", kept},
                                   {"ms", took.count()}});
  self->delayed_send(self, config.interval, atom::wake_v);
}

actor_status retention_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"passes", static_cast<int64_t>(report.passes)},
           {"removed_trees", static_cast<int64_t>(report.trees)},
           {"removed_jobs", static_cast<int64_t>(report.jobs)},
           {"in_flight", static_cast<int64_t>(in_flight)}}};
}

retention_impl::behavior_type
retention(retention_impl::stateful_pointer<retention_state> self,
          retention_config config, std::shared_ptr<const storage::store> db,
          job_manager_actor jobs, metrics_ptr meter, const wall_clock* clock) {
  if (config.block_trees_max == 0 || config.in_flight_max == 0
      || config.looks_max == 0) {
    self->quit(make_error(ec::invalid_config, "retention: a limit is 0"));
    return retention_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = config;
  st.db = std::move(db);
  st.jobs = std::move(jobs);
  st.meter = std::move(meter);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::get) { return self->state.report; },
    [self](atom::recover) { self->state.on_recover(); },
    [self](atom::wake) { self->state.on_wake(); },
    [self](atom::flush) { self->state.on_flush(); },
  };
}

} // namespace quaero
