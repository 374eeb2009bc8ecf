#include "tests/sim/world.hpp"

#include <algorithm>
#include <stdexcept>

namespace quaero::sim {

namespace {

/// The period of every rate.
constexpr std::chrono::seconds rate_period{10};

} // namespace

job_worker_actor world::spawn_worker() {
  return sys.spawn([this](job_worker_actor::pointer self)
                     -> job_worker_actor::behavior_type {
    return {[this, self](atom::execute, const job_context_ptr& x) {
      // The promise takes it along.
      auto attempt = caf::actor_cast<caf::actor>(self->current_sender());
      auto reply = self->make_response_promise<job_outcome>();
      on_execute(x, self->address());
      if (over || !random.chance(how.held_percent))
        reply.deliver(answer_of(*x));
      else
        held.push_back({x, {self, reply}, self->address(), std::move(attempt)});
      return reply;
    }};
  });
}

block_worker_actor world::spawn_block_worker() {
  return sys.spawn(
    [this](block_worker_actor::pointer) -> block_worker_actor::behavior_type {
      return {[this](atom::execute, const job_block& block) {
        std::vector<job_outcome> out;
        for (const auto& lease : block.jobs) {
          facts.on_attempt(lease, false);
          out.push_back(draw_outcome());
          last_words words;
          words.status = out.back().status;
          words.again
            = out.back().snooze.count() > 0
              || (words.status == job_status::failed && out.back().retryable);
          facts.on_words(lease.job.id, lease.epoch, std::move(words));
          count_start(lease.job.queue);
        }
        return out;
      }};
    });
}

void world::on_execute(const job_context_ptr& x,
                       const caf::actor_addr& worker) {
  facts.on_attempt(x->lease(), true);
  for (const auto& other : held)
    if (other.context->job().id == x->job().id)
      facts.fail("P2", "two attempts of job " + to_string(x->job().id)
                         + " at a time");
  check_limits(*x, worker);
  if (!is_far(x->job().type)) // it starts here later than it was counted
    count_start(x->job().queue);
}

void world::count_start(const std::string& queue) {
  auto& all = started[queue];
  const auto now = sched.clock().now();
  all.push_back(now);
  while (all.front() + rate_period <= now)
    all.pop_front();
  const auto i = rates.find(queue);
  if (i != rates.end() && all.size() > i->second.most)
    facts.fail("P8", std::to_string(all.size()) + " jobs of queue '" + queue
                       + "' started in its period, "
                       + std::to_string(i->second.most) + " may");
}

/// With this attempt, no more run than may.
void world::check_limits(const job_context& x, const caf::actor_addr& worker) {
  const auto& job = x.job();
  uint64_t of_pool = 1; // whose worker it is
  uint64_t of_queue = 1;
  uint64_t of_key = 1;
  for (const auto& other : held) {
    const auto& y = other.context->job();
    of_pool += uint64_t{other.worker == worker};
    of_queue += uint64_t{y.queue == job.queue};
    of_key += uint64_t{y.queue == job.queue && y.limit_key == job.limit_key};
  }
  auto check = [&](uint64_t n, const std::map<std::string, moving_limit>& of,
                   const std::string& name, const char* what) {
    const auto i = of.find(name);
    if (i != of.end() && n > i->second.most)
      facts.fail("P8", std::to_string(n) + " jobs run of " + what + " '" + name
                         + "', " + std::to_string(i->second.most) + " may");
  };
  check(of_pool, slots, job.type, "a pool of type");
  check(of_queue, running, job.queue, "queue");
  if (!job.limit_key.empty())
    check(of_key, per_key, job.queue, "a key of queue");
}

job_outcome world::draw_outcome() {
  if (over)
    return job_outcome::ok();
  if (random.chance(how.snooze_percent))
    return job_outcome::later(std::chrono::seconds{random.from(1, 90)});
  if (random.chance(how.failure_percent))
    return job_outcome::failure("by the dice", random.chance(70));
  auto out = job_outcome::ok();
  out.result_count = random.below(3);
  return out;
}

/// Says, spawns and saves what the dice want, and answers.
job_outcome world::answer_of(job_context& x) {
  auto out = draw_outcome();
  if (x.cancelled() && random.chance(70))
    out = job_outcome::stopped();
  last_words words;
  words.status = out.status;
  words.again
    = out.snooze.count() > 0
      || (out.status == job_status::failed && out.retryable)
      || (out.status == job_status::cancelled && x.job().timeout.count() > 0);
  const auto number = std::to_string(x.epoch()) + "-" + to_string(x.job().id);
  job_report copy;
  copy.id = x.job().id;
  copy.epoch = x.epoch();
  copy.attempt = x.attempt();
  copy.started_at = x.now();
  copy.start_logged = true;
  copy.outcome = out;
  if (!over && facts.jobs().size() < 400 && random.chance(how.spawn_percent))
    for (auto n = random.from(1, 2); n > 0; --n) {
      const auto name = "child" + std::to_string(n) + "-" + number;
      copy.children.push_back(draw_job(name));
      copy.children.back().unique_key.clear();
      words.children.push_back(name);
      x.spawn(copy.children.back());
    }
  if (random.chance(how.save_percent)) {
    document page;
    page.source_type = "sim";
    page.source_id = number;
    words.documents.push_back(number);
    copy.documents.push_back(page);
    x.save(page);
  }
  if (random.chance(30)) {
    words.lines.push_back("line of " + number);
    x.log(log_level::info, words.lines.back());
  } else if (rt && !words.again && random.chance(10)) {
    // It comes twice, and nobody knows which is first.
    report_block twice;
    twice.reports.push_back(copy);
    caf::anon_send(rt->queue, atom::report_v, std::move(twice));
  }
  facts.on_words(x.job().id, x.epoch(), std::move(words));
  reports.push_back(std::move(copy));
  return out;
}

step_output world::create(const step_context& x) {
  step_output out;
  if (!over && random.chance(5))
    throw std::runtime_error{"the dice say no"};
  const auto n = over ? 0 : random.below(6);
  std::set<std::string> names;
  for (uint64_t i = 0; i < n && facts.jobs().size() < 400; ++i) {
    out.jobs.push_back(draw_job("made-" + std::to_string(++made)));
    out.jobs.back().unique_key.clear();
    names.insert(out.jobs.back().name);
  }
  if (names.empty() && random.chance(30)) {
    auto& page = out.documents.emplace_back();
    page.source_type = "sim";
    page.source_id = "step-" + std::to_string(++made);
  }
  if (!names.empty())
    facts.on_created(x.scope.step, std::move(names));
  return out;
}

void world::end_attempt(size_t i) {
  auto x = std::move(held[i]);
  held.erase(held.begin() + static_cast<ptrdiff_t>(i));
  auto out = answer_of(*x.context);
  x.reply.deliver(std::move(out));
}

size_t world::running_of_type(const std::string& type) const {
  return static_cast<size_t>(
    std::count_if(held.begin(), held.end(), [&](const auto& x) {
      return x.context->job().type == type;
    }));
}

} // namespace quaero::sim
