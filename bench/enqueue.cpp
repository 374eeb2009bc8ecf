#include "bench/exact.hpp"
#include "bench/measured_run.hpp"
#include "bench/over_http.hpp"

#include <CLI/CLI.hpp>

namespace quaero::bench {

namespace {

/// Submissions alone: nobody executes anything.
class enqueue_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app_ = &app;
    app
      .add_option("--mode", mode_,
                  "batch, or single: 256 clients, one job and one submission "
                  "each, unless said otherwise")
      ->check(CLI::IsMember({"batch", "single"}))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    if (mode_ != "single")
      return {};
    if (app_->count("--batch") > 0 && how.batch != 1)
      return "--batch: 1 with --mode single";
    how.batch = 1;
    if (app_->count("--clients") == 0)
      how.clients = single_clients;
    if (app_->count("--in-flight") == 0)
      how.in_flight = 1;
    return {};
  }

  value settings() const override {
    return value::make_object({{"mode", mode_}});
  }

  measurement run(const bench_options& how) override {
    if (!how.server.empty())
      return enqueue_over_http(how);
    measured_run x{how, about_.name, how.jobs, no_workers};
    const auto job = make_noop(how.payload);
    x.begin();
    x.runtime().submit(how.jobs, job, how);
    x.end(how.jobs);
    return x.finish(
      [&](const storage::store& db) { return check_waiting(db, how.jobs); });
  }

private:
  static constexpr uint32_t single_clients = 256;

  const CLI::App* app_ = nullptr;
  std::string mode_ = "batch";
  const description about_{
    "enqueue",
    "submit noop jobs that nobody executes",
    "job",
    {.jobs = true, .submission = true, .raw = true, .server = true},
    {}};
};

} // namespace

std::unique_ptr<scenario> make_enqueue_scenario() {
  return std::make_unique<enqueue_scenario>();
}

} // namespace quaero::bench
