#include "tests/sim/world.hpp"

#include "storage/memory_store.hpp"
#include "storage/tables.hpp"

#include <algorithm>

namespace quaero::sim {

namespace {

/// More messages than anything here may need to come to rest.
constexpr uint64_t messages_max = 300'000;

constexpr const char* names[operation_count]
  = {"enqueue",       "put_definition", "execute",      "finish_attempts",
     "pass_time",     "pass_hours",     "set_clock",    "cancel",
     "change_queue",  "change_slots",   "kill_worker",  "kill_attempt",
     "repeat_report", "fail_writes",    "crash",        "drain",
     "rerun",         "retry",          "look",         "reconnect",
     "cut_line",      "kill_pool",      "change_pools", "lose_node"};

/// How often what happens, if it happens at all.
constexpr uint32_t usual[operation_count]
  = {20, 4, 8, 30, 15, 2, 2, 4, 5, 2, 2, 3, 5, 1, 3, 1, 2, 2, 5, 3, 3, 3, 2, 2};

} // namespace

const char* name_of(operation x) {
  return names[static_cast<size_t>(x)];
}

habits draw_habits(dice& random) {
  habits out;
  for (size_t i = 0; i < operation_count; ++i) {
    const bool never = random.chance(25);
    out.weights[i]
      = never ? 0 : usual[i] * static_cast<uint32_t>(random.from(1, 3));
  }
  for (auto always : {operation::finish_attempts, operation::pass_time})
    out.weights[static_cast<size_t>(always)] = 20;
  for (auto work : {operation::enqueue, operation::execute})
    out.weights[static_cast<size_t>(work)] += 3;
  out.weights[static_cast<size_t>(operation::put_definition)] += 1;
  out.definitions = random.from(1, 4);
  out.held_percent = random.from(20, 95);
  out.failure_percent = random.below(40);
  out.snooze_percent = random.below(10);
  out.spawn_percent = random.below(50);
  out.save_percent = random.below(50);
  out.rest_percent = random.from(10, 90);
  out.power_percent = random.below(100);
  out.schedules = random.chance(50);
  out.node = random.chance(50);
  out.loss_percent = random.below(30);
  out.level = random.chance(70) ? durability::group : durability::buffered;
  return out;
}

world::world(uint64_t seed) : random{seed}, how{draw_habits(random)} {
  auto inner = std::make_unique<watched_store>(
    std::make_unique<storage::memory_store>());
  watched = std::shared_ptr<watched_store>(inner.get(), [](auto*) {});
  db = std::make_shared<storage::fault_store>(std::move(inner));
  settings.detach = false;
  // Hours pass here between two messages: every pool would be silent for long.
  settings.queue.lease = std::chrono::hours{24 * 365};
  settings.queue.head_lag_max = random.from(1, 20);
  settings.queue.commits_in_flight_max
    = static_cast<uint32_t>(random.from(1, 3));
  settings.queue.block_jobs_max = static_cast<uint32_t>(random.from(1, 8));
  settings.queue.deaths_max = static_cast<uint32_t>(random.from(2, 4));
  settings.queue.resident_bytes_max = random.chance(50) ? 2000 : 1 << 20;
  settings.queue.report_durability
    = random.chance(70) ? durability::group : durability::buffered;
  settings.store.commit_bytes_max = random.chance(50) ? 2000 : 1 << 20;
  // Of two jobs that are due at one moment the one whose queue lies at the
  // lower address goes first, so there must not be any.
  settings.queue.priority_aging = std::chrono::nanoseconds{599'987'654'321};
  settings.scheduler.missed_max = 1000;
  settings.hub.blocks_max = random.from(1, 30);
  settings.hub.answer_blocks_max = random.from(1, 8);
  began = clock.now();
  latest = began;
  boot();
  rest();
}

world::~world() {
  reader_of_stream.cut();
  rt.reset();
  end_node();
  held.clear();
  end_pools();
  watched->watch = nullptr;
  end_actors();
  held.clear();
}

// -- messages -----------------------------------------------------------------

bool world::run_one() {
  auto& ready = sched.jobs;
  if (ready.empty())
    return false;
  const auto i = random.below(ready.size());
  std::swap(ready[0], ready[i]);
  trace_hash = (trace_hash ^ (i + (ready.size() << 16))) * 0x100000001b3ull;
  ++messages;
  sched.try_run_once();
  poll();
  return true;
}

void world::run_some(uint64_t n) {
  while (n > 0 && run_one())
    --n;
}

void world::rest() {
  for (uint64_t n = 0; run_one(); ++n)
    if (n > messages_max) {
      facts.fail("rest", "messages go round without an end");
      return;
    }
  at_rest();
}

void world::at_rest() {
  facts.on_rest();
  if (how.node && !far.settled)
    return; // a job may be on its way to the node since long ago
  // Who was on his way to a worker when the rate was set does not count.
  for (const auto& [name, x] : rates)
    if (x.most != x.now)
      started[name].clear();
  for (auto* limits : {&slots, &running, &per_key, &rates})
    for (auto& [name, x] : *limits)
      x.most = x.now;
}

void world::poll() {
  for (size_t i = 0; i < expected_.size();) {
    if (expected_[i]()) {
      std::swap(expected_[i], expected_.back());
      expected_.pop_back();
    } else {
      ++i;
    }
  }
}

void world::pass(std::chrono::nanoseconds time) {
  sched.advance_time(time);
  latest = std::max(latest, clock.now());
  rest();
}

// -- the daemon ---------------------------------------------------------------

void world::boot() {
  ++starts;
  recovered = draining = drained = doomed = false;
  settings.id_seed = starts;
  watched->watch = [this](const storage::write_batch& batch, bool sync) {
    facts.on_write(*watched, batch, sync);
  };
  read_limits();
  rt = std::make_unique<runtime>(
    sys, settings, db, starts, clock,
    [](std::string_view) { return std::optional<std::string>{}; },
    [this](const worker_environment& x) { return make_kinds(x); });
  take_pools();
  reader_of_stream.connect(sys, rt->readers.front(), rt->hub);
  auto back = [this, mine = starts](const test::answer<uint64_t>& x) {
    if (mine != starts || !rt)
      return;
    if (!x.ok()) {
      if (!doomed)
        facts.fail("P5", "nothing is brought back: " + message_of(x.error));
      return;
    }
    recovered = true;
    boot_node();
    caf::anon_send(rt->dispatcher, atom::recover_v);
    caf::anon_send(rt->operations, atom::recover_v);
    caf::anon_send(rt->scheduler, atom::recover_v);
  };
  ask_later<uint64_t>(back, rt->jobs, atom::recover_v);
}

/// What was set before the daemon started.
void world::read_limits() {
  slots = {{slow_type, {4, 4}}, {other_type, {2, 2}}, {block_type, {8, 8}}};
  running.clear();
  per_key.clear();
  rates.clear();
  paused.clear();
  started.clear();
  std::vector<std::pair<std::string, uint32_t>> of_types;
  storage::read_type_slots(*watched, of_types);
  for (const auto& [type, n] : of_types)
    slots[type] = {n, n};
  std::vector<std::pair<std::string, queue_settings>> of_queues;
  storage::read_queue_settings(*watched, of_queues);
  for (const auto& [queue, x] : of_queues) {
    const auto most = x.running_max.value_or(UINT64_MAX);
    const auto key = x.key_running_max.value_or(UINT64_MAX);
    const auto rate = x.rate_max.value_or(UINT64_MAX);
    running[queue] = {most, most};
    per_key[queue] = {key, key};
    rates[queue] = {rate, rate};
    paused[queue] = x.paused;
  }
}

void world::crash_now(bool power_lost) {
  recovered = false;
  reader_of_stream.cut();
  rt.reset();
  end_node();
  held.clear();
  end_pools();
  rest();
  held.clear();
  expected_.clear();
  watched->watch = nullptr;
  db->heal();
  if (power_lost && !db->power_loss(random.below(db->unsynced() + 1)).ok())
    facts.fail("rest", "the store cannot take back what was not synced");
  facts.on_restart(*watched, power_lost);
  reader_of_stream.on_restart();
  reports.clear();
  boot();
}

// -- steps --------------------------------------------------------------------

void world::step() {
  uint64_t total = 0;
  for (auto x : how.weights)
    total += x;
  auto left = random.below(total);
  size_t which = 0;
  while (left >= how.weights[which])
    left -= how.weights[which++];
  auto what = static_cast<operation>(which);
  if ((doomed && random.chance(20)) || (drained && random.chance(50)))
    what = operation::crash;
  note = name_of(what);
  perform(what);
  if (random.chance(how.rest_percent))
    rest();
  else
    run_some(random.below(60));
  if (sched.jobs.empty() && random.chance(15))
    look();
}

void world::perform(operation x) {
  switch (x) {
    case operation::enqueue:
      return enqueue();
    case operation::put_definition:
      return put_definition();
    case operation::execute:
      return execute();
    case operation::finish_attempts:
      return finish_attempts();
    case operation::pass_time:
      return pass_time(false);
    case operation::pass_hours:
      return pass_time(true);
    case operation::set_clock:
      return set_clock();
    case operation::cancel:
      return cancel();
    case operation::change_queue:
      return change_queue();
    case operation::change_slots:
      return change_slots();
    case operation::kill_worker:
      return kill_worker();
    case operation::kill_attempt:
      return kill_attempt();
    case operation::repeat_report:
      return repeat_report();
    case operation::fail_writes:
      return fail_writes();
    case operation::crash:
      return crash_now(random.chance(how.power_percent));
    case operation::drain:
      return drain();
    case operation::rerun:
      return rerun();
    case operation::retry:
      return retry();
    case operation::look:
      rest();
      return look();
    case operation::cut_line:
      return cut_line();
    case operation::kill_pool:
      return kill_pool();
    case operation::change_pools:
      return change_pools();
    case operation::lose_node:
      return lose_node();
    case operation::reconnect:
      return reader_of_stream.connect(sys, rt->readers.front(), rt->hub);
  }
}

} // namespace quaero::sim
