#include "actors/workers/test_job_generator/test_job_generator.hpp"

#include "actors/job_context.hpp"
#include "actors/workers/config_rules.hpp"
#include "definitions/json.hpp"

#include <caf/send.hpp>

#include <cmath>
#include <cstdio>
#include <utility>

namespace quaero::test_job_generator {

namespace {

constexpr int64_t lines_at_a_time = 1'000;
constexpr const char* mark = "[SIMULATED] ";

std::string percent(double rate) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", std::round(rate * 1000) / 10);
  return buffer;
}

retry_policy no_retry() {
  retry_policy once;
  once.attempts = 1; // a simulated failure is wanted, not repaired
  return once;
}

/// The seed of the i-th job made from one with `seed`. Wraps.
int64_t derive(int64_t seed, int64_t i) {
  return static_cast<int64_t>(static_cast<uint64_t>(seed) * 1'000'003u
                              + static_cast<uint64_t>(i));
}

new_job make_job(std::string name, const settings& how,
                 const std::string& metadata) {
  new_job job;
  job.type = type;
  job.name = std::move(name);
  job.config = to_json(to_value(how));
  job.metadata = metadata;
  job.retry = no_retry();
  return job;
}

} // namespace

settings read_settings(const value& x) {
  settings out;
  out.worker_count = x.get_int("worker_count").value_or(out.worker_count);
  out.log_count = x.get_int("log_count").value_or(out.log_count);
  out.log_delay_ms = x.get_int("log_delay_ms").value_or(out.log_delay_ms);
  out.failure_rate = x.get_double("failure_rate").value_or(out.failure_rate);
  out.child_count = x.get_int("child_count").value_or(out.child_count);
  out.recursion_depth
    = x.get_int("recursion_depth").value_or(out.recursion_depth);
  out.level = x.get_int("level").value_or(out.level);
  out.seed = x.get_int("seed").value_or(out.seed);
  return out;
}

value to_value(const settings& x) {
  return value::make_object({{"log_count", x.log_count},
                             {"log_delay_ms", x.log_delay_ms},
                             {"failure_rate", x.failure_rate},
                             {"child_count", x.child_count},
                             {"recursion_depth", x.recursion_depth},
                             {"level", x.level},
                             {"seed", x.seed}});
}

// -- the step -----------------------------------------------------------------

std::vector<std::string> logic::validate(const step& x) {
  config_rules rules{x.config};
  rules.integer("worker_count", 0, 100'000);
  rules.integer("log_count", 0, 100'000);
  rules.integer("log_delay_ms", 0, 3'600'000);
  rules.number("failure_rate", 0, 1);
  rules.integer("child_count", 0, 1'000);
  rules.integer("recursion_depth", 0, 100);
  rules.integer("seed", INT64_MIN, INT64_MAX);
  rules.no_other_keys();
  return rules.problems();
}

init_result logic::init(const step_context& x) {
  init_result out;
  out.work_items
    = static_cast<uint64_t>(read_settings(x.definition.config).worker_count);
  return out;
}

step_output logic::create(const step_context& x, const init_result&) {
  auto how = read_settings(x.definition.config);
  const auto base = how.seed;
  const auto metadata
    = to_json(value::make_object({{"step_name", x.scope.step_name},
                                  {"step_id", to_string(x.scope.step)},
                                  {"manager_id", to_string(x.scope.manager)}}));
  step_output out;
  for (int64_t i = 1; i <= how.worker_count; ++i) {
    how.seed = derive(base, i);
    out.jobs.push_back(make_job(
      "Test Job Generator Worker " + std::to_string(i), how, metadata));
  }
  const auto n = out.jobs.size();
  out.lines.push_back(
    say(log_level::info,
        n == 0 ? "No test job generator jobs to create"
               : "Created " + std::to_string(n) + " test job generator jobs"));
  return out;
}

// -- the jobs -----------------------------------------------------------------

caf::typed_response_promise<job_outcome>
worker_state::on_execute(const job_context_ptr& context) {
  auto reply = self->make_response_promise<job_outcome>();
  value config;
  std::string error;
  const auto& job = context->job();
  if (!parse_json(job.config, config, error)) {
    reply.deliver(job_outcome::failure("config: " + error, false));
    return reply;
  }
  value metadata;
  std::string step_name;
  if (parse_json(job.metadata, metadata, error))
    step_name = metadata.get_string("step_name").value_or("");
  work x;
  x.context = context;
  x.reply = reply;
  x.how = read_settings(config);
  x.label = step_name + '/' + job.name;
  x.random.seed(static_cast<uint64_t>(x.how.seed));
  context->log(log_level::info,
               mark
                 + ("Starting: " + std::to_string(x.how.log_count) + " logs, "
                    + std::to_string(x.how.log_delay_ms) + "ms delay, "
                    + percent(x.how.failure_rate) + "% failure rate"));
  const auto epoch = context->epoch();
  attempts.insert_or_assign(epoch, std::move(x));
  context->on_cancel([weak = self->address(), epoch] {
    if (auto strong = caf::actor_cast<impl>(weak))
      caf::anon_send(strong, atom::wake_v, epoch);
  });
  on_wake(epoch);
  return reply;
}

void worker_state::on_wake(uint64_t epoch) {
  auto i = attempts.find(epoch);
  if (i == attempts.end())
    return;
  auto& x = i->second;
  for (int64_t n = 0; x.line < x.how.log_count; ++n) {
    if (n == lines_at_a_time) { // others want the thread too
      self->send(self, atom::wake_v, epoch);
      return;
    }
    if (x.context->cancelled()) {
      x.context->log(log_level::warn, mark + std::string{"Job cancelled"});
      x.reply.deliver(job_outcome::stopped());
      attempts.erase(i);
      return;
    }
    write_line(x);
    if (x.how.log_delay_ms > 0) {
      self->delayed_send(self, std::chrono::milliseconds{x.how.log_delay_ms},
                         atom::wake_v, epoch);
      return;
    }
  }
  finish(epoch, x);
}

void worker_state::write_line(work& x) {
  ++x.line;
  const auto at
    = std::to_string(x.line) + '/' + std::to_string(x.how.log_count);
  const auto draw = x.random() % 100;
  auto level = log_level::info;
  auto text = "Processing item " + at;
  if (draw >= 95) {
    level = log_level::error;
    text = "Error at item " + at + " (simulated operation failed)";
  } else if (draw >= 80) {
    level = log_level::warn;
    text = "Warning at item " + at + " (simulated resource usage high)";
  }
  ++x.counts[static_cast<size_t>(level)];
  x.context->log(level, mark + x.label + ": " + text);
}

void worker_state::spawn_children(work& x) {
  if (x.how.level >= x.how.recursion_depth)
    return;
  auto how = x.how;
  how.log_count /= 2;
  how.child_count /= 2;
  ++how.level;
  for (int64_t i = 1; i <= x.how.child_count; ++i) {
    how.seed = derive(x.how.seed, i);
    if (x.context->spawn(
          make_job("Test Job Generator Child " + std::to_string(i), how,
                   x.context->job().metadata)))
      ++x.children;
  }
  if (x.children != 0)
    x.context->log(
      log_level::info,
      mark + ("Spawned " + std::to_string(x.children) + " child jobs"));
}

void worker_state::finish(uint64_t epoch, work& x) {
  spawn_children(x);
  auto count = [&x](log_level level) {
    return std::to_string(x.counts[static_cast<size_t>(level)]);
  };
  x.context->log(log_level::info,
                 mark
                   + ("Log summary: INF=" + count(log_level::info)
                      + ", WRN=" + count(log_level::warn)
                      + ", ERR=" + count(log_level::error)));
  const double draw = static_cast<double>(x.random() >> 11) * 0x1p-53;
  if (draw < x.how.failure_rate) {
    const std::string why
      = mark + std::string{"Failure triggered by failure_rate configuration"};
    x.context->log(log_level::error, why);
    x.reply.deliver(job_outcome::failure(why));
  } else {
    x.context->log(log_level::info,
                   mark
                     + ("Completed successfully: " + std::to_string(x.children)
                        + " children spawned"));
    x.reply.deliver(job_outcome::ok());
  }
  attempts.erase(epoch);
}

impl::behavior_type worker(impl::stateful_pointer<worker_state> self) {
  return {
    [self](atom::execute, const job_context_ptr& x) {
      return self->state.on_execute(x);
    },
    [self](atom::wake, uint64_t epoch) { self->state.on_wake(epoch); },
  };
}

worker_kind kind(const worker_environment& environment) {
  worker_kind out;
  out.step_type = type;
  out.definition
    = environment.system.spawn(definition_worker, std::make_shared<logic>());
  out.job_type = type;
  out.slots = 256; // waiting attempts take no thread
  auto* system = &environment.system;
  out.spawn_worker
    = [system]() -> job_worker_actor { return system->spawn(worker); };
  return out;
}

} // namespace quaero::test_job_generator
