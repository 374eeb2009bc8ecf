#include "actors/definition_worker.hpp"
#include "actors/job_context.hpp"
#include "actors/workers/noop/noop_worker.hpp"
#include "bench/exact.hpp"
#include "bench/measured_run.hpp"
#include "definitions/validation.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>

/// Runs of definitions.
namespace quaero::bench {

namespace {

constexpr const char* parent_type = "parent";
/// A step type that definitions may name, and that has no worker of its own.
constexpr const char* step_type = "orchestrator";
constexpr const char* definition_id = "bench";

step make_step(const std::string& name, const bench_options& how) {
  step out;
  out.name = name;
  out.type = noop::type;
  out.config.set("payload", how.payload);
  return out;
}

job_definition make_definition(std::vector<step> steps) {
  job_definition out;
  out.id = definition_id;
  out.name = "Bench";
  out.steps = std::move(steps);
  out.created_at = out.updated_at = system_wall_clock().now();
  return out;
}

/// From the request for a run until it is over.
measurement measure_run(const bench_options& how, const std::string& name,
                        const worker_kinds& kinds, const job_definition& what,
                        uint64_t count, uint64_t jobs_in_all) {
  measured_run x{how, name, jobs_in_all, kinds};
  x.runtime().put(what);
  x.begin();
  x.runtime().run(what.id);
  x.end(count);
  auto out = x.finish(
    [&](const storage::store& db) { return check_trees(db, jobs_in_all); });
  return out;
}

// -- one parent with many children --------------------------------------------

/// A step with one job.
class one_job final : public definition_logic {
public:
  std::vector<std::string> validate(const step&) override { return {}; }

  init_result init(const step_context&) override {
    init_result out;
    out.work_items = 1;
    return out;
  }

  step_output create(const step_context&, const init_result&) override {
    new_job job;
    job.type = job.name = parent_type;
    step_output out;
    out.jobs.push_back(std::move(job));
    return out;
  }
};

job_worker_actor::behavior_type
parent(job_worker_actor::pointer, const new_job& child, uint64_t children) {
  return {
    [=](atom::execute, const job_context_ptr& x) {
      for (uint64_t i = 0; i < children; ++i)
        if (!x->spawn(child))
          return job_outcome::failure("too many children", false);
      return job_outcome::ok();
    },
  };
}

worker_kinds fanout_kinds(const bench_options& how) {
  return [=](const worker_environment& x) {
    worker_kind out;
    out.step_type = step_type;
    out.job_type = parent_type;
    out.definition
      = x.system.spawn(definition_worker, std::make_shared<one_job>());
    out.spawn_worker = [system = &x.system, child = make_noop(how.payload),
                        children = how.jobs] {
      return system->spawn(parent, child, children);
    };
    auto all = noop_only(how.slots)(x);
    all.push_back(std::move(out));
    return all;
  };
}

class fanout_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  std::string fit(bench_options& how) override {
    const auto most = job_context_limits{}.children_max;
    return how.jobs <= most ? ""
                            : "--jobs: at most " + std::to_string(most)
                                + ", which is what an attempt may spawn";
  }

  measurement run(const bench_options& how) override {
    step only;
    only.name = only.type = step_type;
    constexpr uint64_t above = 3; // the run, its step, the parent
    return measure_run(how, about_.name, fanout_kinds(how),
                       make_definition({only}), how.jobs, how.jobs + above);
  }

private:
  static bench_options defaults() {
    bench_options out;
    out.jobs = 10'000;
    return out;
  }

  const description about_{"fanout",
                           "a run whose one job spawns many",
                           "job",
                           {.jobs = true, .slots = true, .raw = true},
                           defaults()};
};

// -- graphs of steps ----------------------------------------------------------

uint64_t steps_max() {
  return definition_limits{}.steps_max;
}

constexpr uint64_t jobs_of(uint64_t steps) {
  return 1 + 2 * steps; // the run; each step and its job
}

class chain_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--steps", steps_, "one after another")
      ->check(CLI::Range(uint64_t{1}, steps_max()))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    how.jobs = steps_;
    return {};
  }

  measurement run(const bench_options& how) override {
    std::vector<step> steps;
    for (uint64_t i = 0; i < steps_; ++i) {
      auto x = make_step("s" + std::to_string(i), how);
      if (i > 0)
        x.depends = {steps.back().name};
      steps.push_back(std::move(x));
    }
    return measure_run(how, about_.name, noop_only(how.slots),
                       make_definition(std::move(steps)), steps_,
                       jobs_of(steps_));
  }

private:
  uint64_t steps_ = 100;
  const description about_{"chain",
                           "a run of steps that wait for each other",
                           "step",
                           {.slots = true, .raw = true},
                           {}};
};

class dag_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--layers", layers_, "each waits for all of the one before")
      ->check(CLI::Range(uint64_t{1}, steps_max()))
      ->capture_default_str();
    app.add_option("--width", width_, "steps of a layer, at once")
      ->check(CLI::Range(uint64_t{1}, steps_max()))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    how.jobs = layers_ * width_;
    return how.jobs <= steps_max()
             ? ""
             : "--layers times --width: at most " + std::to_string(steps_max())
                 + ", which is what a definition may have";
  }

  value settings() const override {
    return value::make_object({{"layers", layers_}, {"width", width_}});
  }

  measurement run(const bench_options& how) override {
    std::vector<step> steps;
    std::vector<std::string> above;
    for (uint64_t layer = 0; layer < layers_; ++layer) {
      std::vector<std::string> names;
      for (uint64_t i = 0; i < width_; ++i) {
        names.push_back("s" + std::to_string(layer) + '_' + std::to_string(i));
        auto x = make_step(names.back(), how);
        x.depends = above;
        steps.push_back(std::move(x));
      }
      above = std::move(names);
    }
    return measure_run(how, about_.name, noop_only(how.slots),
                       make_definition(std::move(steps)), how.jobs,
                       jobs_of(how.jobs));
  }

private:
  uint64_t layers_ = 10;
  uint64_t width_ = 10;
  const description about_{"dag",
                           "a run of layers of steps",
                           "step",
                           {.slots = true, .raw = true},
                           {}};
};

} // namespace

std::unique_ptr<scenario> make_fanout_scenario() {
  return std::make_unique<fanout_scenario>();
}

std::unique_ptr<scenario> make_chain_scenario() {
  return std::make_unique<chain_scenario>();
}

std::unique_ptr<scenario> make_dag_scenario() {
  return std::make_unique<dag_scenario>();
}

} // namespace quaero::bench
