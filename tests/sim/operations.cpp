#include "storage/tables.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>

using namespace std::chrono_literals;

namespace quaero::sim {

namespace {

const std::vector<std::string> queue_names{"default", "q1", "q2"};

retry_policy draw_retry(dice& random) {
  return {static_cast<uint32_t>(random.from(1, 3)), 1s, 5s,
          random.chance(50) ? 0.2 : 0.0};
}

std::vector<job_id> open_jobs(const model& facts) {
  std::vector<job_id> out;
  for (const auto& [id, x] : facts.jobs())
    if (!x.is_over())
      out.push_back(id);
  return out;
}

} // namespace

// -- work ---------------------------------------------------------------------

new_job world::draw_job(const std::string& name) {
  new_job out;
  out.name = name;
  out.type = random.chance(60)   ? slow_type
             : random.chance(50) ? other_type
                                 : block_type;
  out.queue = queue_names[random.below(queue_names.size())];
  out.priority = static_cast<uint8_t>(random.below(10));
  out.retry = draw_retry(random);
  if (over)
    return out;
  if (random.chance(20))
    out.run_at = clock.now() + std::chrono::seconds{random.from(1, 120)};
  else if (random.chance(5))
    out.run_at = clock.now() + 2h;
  if (random.chance(10))
    out.expires_at = clock.now() + std::chrono::seconds{random.from(1, 300)};
  if (random.chance(15))
    out.unique_key = "u" + std::to_string(random.below(4));
  if (random.chance(40))
    out.limit_key = "k" + std::to_string(random.below(2));
  if (random.chance(10))
    out.timeout = std::chrono::seconds{random.from(5, 30)};
  if (random.chance(10))
    out.tags = {"tag"};
  return out;
}

void world::enqueue() {
  if (facts.jobs().size() > 500)
    return finish_attempts();
  auto order = std::make_shared<enqueue_order>();
  for (auto n = random.from(1, random.chance(10) ? 20 : 4); n > 0; --n)
    order->jobs.push_back(draw_job("job-" + std::to_string(++made)));
  order->level = random.chance(80) ? how.level : durability::each;
  auto check = [this, level = order->level](const test::answer<enqueued>& x) {
    if (!x.ok())
      return;
    auto fresh = x.value.ids;
    std::vector<job_id> existing;
    for (auto i = x.value.existing.rbegin(); i != x.value.existing.rend();
         ++i) {
      existing.push_back(fresh[*i]);
      fresh.erase(fresh.begin() + *i);
    }
    facts.on_accepted(fresh, level);
    facts.on_accepted(existing, durability::buffered);
  };
  ask_later<enqueued>(check, rt->jobs, atom::enqueue_v, order);
}

job_definition world::draw_definition(const std::string& id) {
  job_definition out;
  out.id = out.name = id;
  const auto n = random.from(1, 4);
  for (uint64_t i = 0; i < n; ++i) {
    auto& x = out.steps.emplace_back();
    x.name = "s" + std::to_string(i);
    x.type = random.chance(80) ? slow_type : other_type;
    x.on_error = std::array{on_error::carry_on, on_error::fail, on_error::retry,
                            on_error::fatal}[random.below(4)];
    x.always_run = random.chance(20);
    x.retry = draw_retry(random);
    for (uint64_t j = 0; j < i; ++j)
      if (random.chance(40))
        x.depends.push_back("s" + std::to_string(j));
  }
  out.parallel = random.chance(70);
  if (random.chance(20))
    out.timeout = "2m";
  if (random.chance(20))
    out.error_tolerance = error_tolerance{
      static_cast<int64_t>(random.from(1, 3)),
      random.chance(50) ? failure_action::stop_all : failure_action::carry_on};
  if (!how.schedules || over)
    return out;
  out.schedule = random.chance(50) ? "0 * * * *" : "*/15 * * * *";
  out.missed = std::array{missed_runs::skip, missed_runs::run_once,
                          missed_runs::run_all}[random.below(3)];
  out.overlap = std::array{overlap::skip, overlap::queue,
                           overlap::allow}[random.below(3)];
  if (random.chance(50)) { // nothing of it may be left out
    out.missed = missed_runs::run_all;
    out.overlap = overlap::allow;
  }
  return out;
}

void world::put_definition() {
  const auto id = "d" + std::to_string(random.below(how.definitions));
  if (puts[id] == starts)
    return; // one change at a time: nobody knows which would be the last
  const auto x = draw_definition(id);
  every_tick.erase(id);
  puts[id] = starts;
  auto check = [this, x](const test::answer<bool>& stored) {
    puts[x.id] = 0;
    if (!stored.ok())
      return;
    job_definition found;
    if (!storage::read_definition(*watched, x.id, found).ok()
        || found.steps != x.steps)
      facts.fail("P1", "definition '" + x.id + "' was stored and is not there");
    if (!x.schedule.empty() && x.missed == missed_runs::run_all
        && x.overlap == overlap::allow)
      every_tick[x.id] = {latest, x.schedule == "0 * * * *" ? 60min : 15min};
  };
  ask_later<bool>(check, rt->dispatcher, atom::put_v, x);
}

void world::execute() {
  const auto id = "d" + std::to_string(random.below(how.definitions));
  auto check = [this](const test::answer<run_started>& x) {
    if (x.ok())
      facts.on_accepted({x.value.manager}, durability::group);
  };
  ask_later<run_started>(check, rt->dispatcher, atom::execute_v,
                         run_request{id, {}, {}});
}

void world::rerun() {
  std::vector<job_id> over_runs;
  for (const auto& [id, x] : facts.jobs())
    if (x.is_over() && x.record.type == manager_job_type)
      over_runs.push_back(id);
  if (over_runs.empty())
    return;
  rerun_request wanted;
  wanted.job = random.any(over_runs);
  wanted.from = random.chance(50) ? "failed" : "";
  auto check = [this](const test::answer<job_made>& x) {
    if (x.ok())
      facts.on_accepted({x.value.id}, durability::group);
  };
  ask_later<job_made>(check, rt->dispatcher, atom::rerun_v, wanted);
}

void world::retry() {
  std::vector<job_id> lost;
  for (const auto& [id, x] : facts.jobs())
    if (x.is_leaf()
        && (x.status == job_status::failed
            || x.status == job_status::cancelled))
      lost.push_back(id);
  if (lost.empty())
    return;
  auto check = [this](const test::answer<job_made>& x) {
    if (x.ok())
      facts.on_accepted({x.value.id}, durability::group);
  };
  // It has the name of the old one: the model must not take it for that.
  ask_later<job_made>(check, rt->jobs, atom::retry_v, random.any(lost));
}

void world::cancel() {
  const auto open = open_jobs(facts);
  if (open.empty())
    return;
  const auto id = open[random.below(open.size())];
  facts.on_stop_asked(id);
  auto check = [this, id](const test::answer<void>& x) {
    if (x.ok())
      facts.on_stopped(id);
  };
  ask_later<>(check, rt->jobs, atom::cancel_v, id);
}

// -- workers ------------------------------------------------------------------

void world::finish_attempts() {
  for (auto n = random.from(1, 6); n > 0 && !held.empty(); --n)
    end_attempt(random.below(held.size()));
}

/// It ends at once, with what it has not read yet.
void world::kill_now(const caf::actor& x) {
  caf::anon_send_exit(x, caf::exit_reason::kill);
  for (int i = 0; i < 8 && sched.prioritize(x); ++i)
    sched.try_run_once();
}

void world::kill_worker_of(const worker_place& x) {
  if (!x || !*x)
    return;
  const auto worker = *x;
  *x = nullptr;     // until its pool makes the next one
  kill_now(worker); // which may begin what it has been given before
  std::erase_if(
    held, [&](const held_attempt& y) { return y.worker == worker.address(); });
}

void world::kill_worker() {
  const auto& type = random.chance(70) ? slow_type : other_type;
  if (is_far(type))
    return kill_worker_of(far.worker);
  if (auto& all = pools[type]; !all.empty())
    kill_worker_of(random.any(all).worker);
}

/// Sometimes the worker has just answered: its report is lost.
void world::kill_attempt() {
  if (held.empty())
    return;
  const auto i = random.below(held.size());
  auto x = std::move(held[i]);
  held.erase(held.begin() + static_cast<ptrdiff_t>(i));
  if (random.chance(50))
    x.reply.deliver(job_outcome::ok());
  kill_now(x.attempt);
}

/// What an attempt that is over would have said now: more, and something else.
void world::repeat_report() {
  if (reports.empty())
    return;
  auto old = random.any(reports);
  const auto* x = facts.find(old.id);
  if (x == nullptr)
    return;
  const bool stored
    = std::any_of(x->history.begin(), x->history.end(), [&](const auto& e) {
        return e.epoch > old.epoch
               || (e.epoch == old.epoch && e.status != job_status::running);
      });
  if (!stored)
    return;
  old.outcome = job_outcome::ok();
  old.outcome.result_count = 12345;
  old.retry_at = {};
  old.children.assign(1, draw_job("ghost-" + std::to_string(++made)));
  report_block block;
  block.reports.push_back(std::move(old));
  caf::anon_send(rt->queue, atom::report_v, std::move(block));
}

// -- limits -------------------------------------------------------------------

void world::change_queue() {
  if (!recovered)
    return;
  queue_change x;
  x.name = queue_names[random.below(queue_names.size())];
  auto some = [this](uint64_t most) {
    return random.chance(40) ? std::optional<uint64_t>{}
                             : std::optional<uint64_t>{random.from(1, most)};
  };
  switch (random.below(4)) {
    case 0:
      x.paused = random.chance(40);
      break;
    case 1:
      x.running_max = some(4);
      break;
    case 2:
      x.key_running_max = some(2);
      break;
    default:
      x.rate_max = some(5);
      x.rate_period = 10s;
  }
  set_queue(x);
}

void world::set_queue(const queue_change& x) {
  auto& under_way = puts["queue " + x.name];
  if (under_way == starts)
    return;
  under_way = starts;
  changed_queues.erase(x.name);
  auto raise = [](moving_limit& limit, const auto& wanted) {
    if (wanted)
      limit.most = std::max(limit.most, wanted->value_or(UINT64_MAX));
  };
  raise(running[x.name], x.running_max);
  raise(per_key[x.name], x.key_running_max);
  raise(rates[x.name], x.rate_max);
  auto check = [this, x](const test::answer<queue_info>& y) {
    puts["queue " + x.name] = 0;
    if (!y.ok())
      return;
    const auto& now = y.value.settings;
    running[x.name].set(now.running_max.value_or(UINT64_MAX));
    per_key[x.name].set(now.key_running_max.value_or(UINT64_MAX));
    rates[x.name].set(now.rate_max.value_or(UINT64_MAX));
    if (x.rate_max)
      started[x.name].clear();
    paused[x.name] = now.paused;
    changed_queues[x.name] = now;
  };
  ask_later<queue_info>(check, rt->queue, atom::queues_v, x);
}

void world::change_slots() {
  if (!recovered)
    return;
  type_change x;
  x.type = random.chance(70) ? slow_type : other_type;
  if (random.chance(80))
    x.slots = static_cast<uint32_t>(random.from(1, 6));
  const auto change = "slots of " + x.type;
  if (puts[change] == starts)
    return;
  puts[change] = starts;
  const uint64_t wanted = x.slots ? *x.slots : own_slots(x.type);
  slots[x.type].most = std::max(slots[x.type].most, wanted);
  auto check = [this, x, wanted, change](const test::answer<type_info>& y) {
    puts[change] = 0;
    if (y.ok())
      slots[x.type].set(wanted);
  };
  ask_later<type_info>(check, rt->queue, atom::put_v, x);
}

// -- time and faults ----------------------------------------------------------

void world::pass_time(bool hours) {
  rest();
  if (!hours) {
    pass(std::chrono::milliseconds{random.from(1, 60'000)});
    return;
  }
  for (auto n = random.from(2, 20); n > 0 && !broken(); --n)
    pass(std::chrono::minutes{random.from(1, 12)});
}

void world::set_clock() {
  const std::chrono::minutes by{random.from(1, 120)};
  clock.set_by(random.chance(60) ? by : -by);
  latest = std::max(latest, clock.now());
}

void world::fail_writes() {
  db->fail_writes_from(random.from(1, 12),
                       {storage::errc::io_error, "the disk is gone"});
  doomed = true;
}

void world::drain() {
  if (!recovered || draining)
    return;
  draining = true;
  caf::anon_send(rt->scheduler, atom::drain_v);
  caf::anon_send(rt->dispatcher, atom::drain_v);
  auto check = [this, mine = starts](const test::answer<void>& x) {
    if (!x.ok() || mine != starts)
      return;
    drained = true;
    const auto here
      = std::count_if(held.begin(), held.end(), [this](const auto& y) {
          return !is_far(y.context->job().type);
        });
    if (here != 0)
      facts.fail("P8", "the drain is over and " + std::to_string(here)
                         + " attempts run");
  };
  ask_later<>(check, rt->queue, atom::drain_v);
}

} // namespace quaero::sim
