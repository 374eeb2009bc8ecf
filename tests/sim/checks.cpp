#include "storage/tables.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>

using namespace std::chrono_literals;

namespace quaero::sim {

namespace {

/// Timers that may fire until everything has come to its end.
constexpr int timers_max = 20'000;

std::string text_of(const job_fact& x) {
  return x.record.type + " job '" + x.record.name + "' "
         + to_string(x.record.id) + " (" + to_string(x.status) + ")";
}

std::string text_of(const storage::totals& x) {
  auto out = std::to_string(x.roots) + " roots";
  for (size_t i = 0; i < job_status_count; ++i)
    out += ", " + std::to_string(x.jobs[i]) + ' '
           + to_string(static_cast<job_status>(i));
  return out;
}

uint64_t limit_of(const std::map<std::string, moving_limit>& all,
                  const std::string& name) {
  const auto i = all.find(name);
  return i == all.end() ? UINT64_MAX : i->second.now;
}

} // namespace

// -- while it runs ------------------------------------------------------------

/// Asks about everything, when nothing is under way.
void world::look() {
  settle_line();
  if (!up() || !expected_empty() || !sched.jobs.empty())
    return;
  look_at_queues();
  std::vector<job_id> open;
  for (const auto& [id, x] : facts.jobs())
    if (!x.is_over())
      open.push_back(id);
  for (size_t n = 0; n < 12 && !open.empty() && !broken(); ++n) {
    const auto i = random.below(open.size());
    look_at_job(*facts.find(open[i]));
    open.erase(open.begin() + static_cast<ptrdiff_t>(i));
  }
  for (const auto& [id, x] : facts.jobs())
    if (x.record.type == manager_job_type && !x.is_over())
      look_at_run(x);
  if (reader_of_stream.is_live()
      && reader_of_stream.seen() != facts.stream().size())
    facts.fail("P10", "who follows the stream has seen "
                        + std::to_string(reader_of_stream.seen()) + " of "
                        + std::to_string(facts.stream().size()) + " events");
}

/// The numbers of the QUEUE are those of the workers and of the database.
void world::look_at_queues() {
  const auto types
    = ask_now<std::vector<type_info>>(rt->queue, atom::list_v).value;
  for (const auto& x : types)
    if (x.busy != running_of_type(x.type))
      facts.fail("P8", std::to_string(x.busy) + " slots of '" + x.type
                         + "' are taken, and "
                         + std::to_string(running_of_type(x.type))
                         + " attempts run");
  const auto all
    = ask_now<std::vector<queue_info>>(rt->queue, atom::queues_v).value;
  for (const auto& x : all) {
    uint64_t open = 0;
    for (const auto& [id, y] : facts.jobs())
      open += uint64_t{y.is_leaf() && !y.is_over() && y.record.queue == x.name};
    const auto runs = static_cast<uint64_t>(
      std::count_if(held.begin(), held.end(), [&](const auto& y) {
        return y.context->job().queue == x.name;
      }));
    if (x.ready + x.delayed + x.running != open || x.running != runs)
      facts.fail("P8", "queue '" + x.name + "' says "
                         + std::to_string(x.ready + x.delayed) + " wait, "
                         + std::to_string(x.running) + " run; there are "
                         + std::to_string(open) + " and "
                         + std::to_string(runs));
  }
  for (const auto& [name, x] : changed_queues)
    if (const auto i
        = std::find_if(all.begin(), all.end(),
                       [&, &of = name](const auto& y) { return y.name == of; });
        i != all.end() && !(i->settings == x))
      facts.fail("P8", "queue '" + name + "' has lost its settings");
}

void world::look_at_job(const job_fact& x) {
  const auto answer
    = ask_now<explanation>(rt->jobs, atom::explain_v, x.record.id);
  if (!answer.ok())
    facts.fail("P11", text_of(x) + " is not explained: "
                        + (answer.done ? message_of(answer.error)
                                       : std::string{"no answer"}));
  else if (answer.value.detail.empty())
    facts.fail("P11", text_of(x) + " is explained without a word");
  else if (x.is_leaf())
    check_leaf(x, answer.value);
  else
    check_parent(x, answer.value);
}

/// Nothing is under way: so whatever a job waits for must be there.
void world::check_leaf(const job_fact& x, const explanation& why) {
  const auto& job = x.record;
  const bool is_held
    = std::any_of(held.begin(), held.end(),
                  [&](const auto& y) { return y.context->job().id == job.id; });
  auto stuck = [&](const char* promise, const std::string& but) {
    facts.fail(promise,
               text_of(x) + ": '" + to_string(why.reason) + "', but " + but);
  };
  auto held_in_queue = [&](bool with_key) {
    return static_cast<uint64_t>(
      std::count_if(held.begin(), held.end(), [&](const auto& y) {
        const auto& other = y.context->job();
        return other.queue == job.queue
               && (!with_key || other.limit_key == job.limit_key);
      }));
  };
  // One that goes first may have been let through, and wait for something else.
  auto another_waits = [&](const queue_job& y) {
    return std::any_of(
      facts.jobs().begin(), facts.jobs().end(), [&](const auto& z) {
        const auto& other = z.second.record;
        return !z.second.is_over() && other.id != y.id && other.queue == y.queue
               && other.limit_key == y.limit_key;
      });
  };
  switch (why.reason) {
    case job_reason::running:
    case job_reason::cancelling:
      if (!is_held)
        stuck("P7", "no worker has it");
      return;
    case job_reason::behind_others:
    case job_reason::no_free_slot:
      if (running_of_type(job.type) < slots_of(job.type))
        stuck("P8", "a slot is free");
      break;
    case job_reason::queue_paused:
      if (!paused[job.queue])
        stuck("P11", "its queue is not paused");
      break;
    case job_reason::queue_limit:
      if (held_in_queue(false) < limit_of(running, job.queue))
        stuck("P8", "its queue has room");
      break;
    case job_reason::key_limit:
      if (held_in_queue(true) < limit_of(per_key, job.queue)
          && !another_waits(job))
        stuck("P8", "its key has room");
      break;
    case job_reason::delayed_until:
    case job_reason::retry_at:
    case job_reason::snoozed_until:
    case job_reason::no_worker:
      if (why.reason == job_reason::no_worker && !is_far(job.type)
          && !pools[job.type].empty())
        stuck("P11", "there is a worker");
      break;
    case job_reason::rate_limit:
    case job_reason::suspected:
      break;
    default:
      stuck("P11", "nothing is under way");
  }
  if (is_held)
    stuck("P11", "a worker has it");
}

void world::check_parent(const job_fact& x, const explanation& why) {
  auto stuck = [&](const std::string& but) {
    facts.fail("rest",
               text_of(x) + ": '" + to_string(why.reason) + "', but " + but);
  };
  const bool open
    = std::any_of(facts.jobs().begin(), facts.jobs().end(), [&](const auto& y) {
        const auto& below = y.second;
        return !below.is_over() && below.record.id != x.record.id
               && (below.record.step_id == x.record.id
                   || below.record.manager_id == x.record.id);
      });
  switch (why.reason) {
    case job_reason::waiting_for_steps:
    case job_reason::waiting_for_children:
    case job_reason::cancelling:
      if (!open)
        stuck("all below it is over");
      return;
    case job_reason::retry_at:
      return;
    default:
      stuck("nothing is under way");
  }
}

/// What is told of a run while it goes on is what its jobs are.
void world::look_at_run(const job_fact& x) {
  child_counts real;
  for (const auto& [id, y] : facts.jobs()) {
    if (y.record.manager_id != x.record.id || id == x.record.id)
      continue;
    if (!y.is_leaf()) {
      for (const auto& e : y.history)
        if (e.status == job_status::pending)
          return; // tried again: only its last try counts
      continue;
    }
    real.completed += uint64_t{y.status == job_status::completed};
    real.failed += uint64_t{y.status == job_status::failed};
    real.cancelled += uint64_t{y.status == job_status::cancelled};
    real.pending += uint64_t{!y.is_over()};
  }
  const auto said
    = ask_now<run_progress>(rt->jobs, atom::progress_v, x.record.id);
  const auto& now = said.value.children;
  if (!said.ok())
    facts.fail("rest", text_of(x) + " goes on, and nobody knows it");
  else if (now.completed != real.completed || now.failed != real.failed
           || now.cancelled != real.cancelled || now.open() != real.pending)
    facts.fail("P6", text_of(x) + " counts " + std::to_string(now.completed)
                       + " completed, " + std::to_string(now.failed)
                       + " failed, " + std::to_string(now.cancelled)
                       + " cancelled, " + std::to_string(now.open())
                       + " open; there are " + std::to_string(real.completed)
                       + ", " + std::to_string(real.failed) + ", "
                       + std::to_string(real.cancelled) + ", "
                       + std::to_string(real.pending));
}

// -- at the end ---------------------------------------------------------------

void world::finish() {
  over = true;
  note = "the end";
  if (doomed || draining || random.chance(50))
    crash_now(false);
  rest();
  settle_line();
  for (const auto& type : {slow_type, other_type, block_type})
    if (!is_far(type) && pools[type].empty())
      add_pool(type);
  if (far.hub.registry && !far.side.link)
    join_node();
  while (!held.empty() && !broken()) {
    end_attempt(held.size() - 1);
    rest();
  }
  for (const auto* queue : {"default", "q1", "q2"}) {
    queue_change x;
    x.name = queue;
    x.paused = false;
    x.running_max = x.key_running_max = x.rate_max = std::optional<uint64_t>{};
    set_queue(x);
  }
  rest();
  check_ticks();
  for (uint64_t i = 0; i < how.definitions; ++i)
    ask_later<bool>([](const auto&) {}, rt->dispatcher, atom::put_v,
                    draw_definition("d" + std::to_string(i)));
  rest();
  for (int n = 0; !all_over() && !broken(); ++n) {
    if (n == timers_max || !sched.trigger_timeout()) {
      for (const auto& [id, x] : facts.jobs())
        if (!x.is_over())
          facts.fail("rest", text_of(x) + " does not come to its end");
    }
    latest = std::max(latest, clock.now());
    rest();
  }
  check_end();
  if (broken())
    return;
  crash_now(false);
  rest();
  check_end();
}

bool world::all_over() const {
  return std::all_of(facts.jobs().begin(), facts.jobs().end(),
                     [](const auto& x) { return x.second.is_over(); });
}

void world::check_end() {
  std::vector<job_id> active;
  storage::read_active(*watched, active);
  if (!active.empty())
    facts.fail("P6", "a run is over and is still marked as going on");
  storage::totals stored;
  storage::read_totals(*watched, stored);
  storage::totals real;
  for (const auto& [id, x] : facts.jobs()) {
    ++real.jobs[static_cast<size_t>(x.status)];
    real.roots += uint64_t{!x.record.parent_id};
  }
  if (stored.roots != real.roots
      || !std::equal(std::begin(real.jobs), std::end(real.jobs),
                     std::begin(stored.jobs)))
    facts.fail("P5", "the totals are " + text_of(stored) + ", of the jobs "
                       + text_of(real));
  if (reader_of_stream.seen() != facts.stream().size())
    facts.fail("P10", "who follows the stream has seen "
                        + std::to_string(reader_of_stream.seen()) + " of "
                        + std::to_string(facts.stream().size()) + " events");
}

/// Of schedules that owe a run for each tick, each has one, however late.
void world::check_ticks() {
  const auto until = clock.now();
  auto missing = [&]() -> std::string {
    for (const auto& [id, x] : every_tick) {
      const auto& made_for = facts.ticks(id);
      auto tick = std::chrono::ceil<std::chrono::minutes>(x.since + 1ns);
      while (tick.time_since_epoch() % x.period != 0min)
        tick += 1min;
      for (; tick <= until; tick += x.period) {
        const auto i = made_for.find(tick);
        if (i == made_for.end() || i->second != 1)
          return "'" + id + "' has no run for its tick " + to_rfc3339(tick);
      }
    }
    return {};
  };
  auto what = missing();
  for (int n = 0; !what.empty() && !broken(); ++n) {
    if (n == timers_max || !sched.trigger_timeout())
      facts.fail("P9", what);
    latest = std::max(latest, clock.now());
    rest();
    what = missing();
  }
}

} // namespace quaero::sim
