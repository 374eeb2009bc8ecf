#include "bench/exact.hpp"
#include "bench/harness.hpp"
#include "bench/scenario.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace quaero::bench {

namespace {

namespace fs = std::filesystem;

uint64_t bytes_in(const std::string& dir) {
  uint64_t out = 0;
  for (const auto& x : fs::recursive_directory_iterator(dir)) {
    std::error_code gone; // LevelDB removes files meanwhile
    const auto size = x.is_regular_file(gone) ? x.file_size(gone) : 0;
    out += gone ? 0 : size;
  }
  return out;
}

uint64_t live_bytes(const storage::store& db) {
  uint64_t out = 0;
  auto i = db.scan();
  for (i->seek({}); i->valid(); i->next())
    out += i->key().size() + i->val().size();
  require(i->state());
  return out;
}

/// Has jobs go through one runtime, part after part, and looks whether it
/// becomes slower, and what the database takes. A part through a new database
/// directly behind it tells what history costs from what the machine does.
class churn_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--part", part_, "jobs of which a rate is taken")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    how.jobs = (how.jobs + part_ - 1) / part_ * part_;
    return {};
  }

  value settings() const override {
    return value::make_object({{"part", part_}});
  }

  measurement run(const bench_options& how) override {
    const auto dir = how.dir + '/' + about_.name;
    auto db = make_database(dir, how.store);
    measurement out;
    const auto begin = clock::now();
    const auto rates = run_parts(how, how.jobs, db, dir, out.more);
    const auto seconds = seconds_since(begin);
    out.problem = check_totals(*db, how.jobs);
    const auto live = live_bytes(*db);
    db.reset();
    const auto disk = bytes_in(dir);
    fs::remove_all(dir);
    out.rank = static_cast<double>(how.jobs) / seconds;
    out.more.set("jobs_per_s", out.rank);
    out.more.set("last_of_first", rates.back() / rates.front());
    out.more.set("last_of_new", rates.back() / new_rate(how, dir));
    out.more.set("live_bytes", live);
    out.more.set("disk_bytes", disk);
    out.more.set("disk_of_live",
                 static_cast<double>(disk) / static_cast<double>(live));
    return out;
  }

private:
  double new_rate(const bench_options& how, const std::string& dir) const {
    auto db = make_database(dir, how.store);
    value ignored = value::make_object({});
    const auto out = run_parts(how, part_, db, dir, ignored).front();
    db.reset();
    fs::remove_all(dir);
    return out;
  }

  std::vector<double> run_parts(const bench_options& how, uint64_t jobs,
                                const std::shared_ptr<storage::store>& db,
                                const std::string& dir, value& more) const {
    const auto job = make_noop(how.payload);
    std::vector<double> rates;
    value::array parts;
    bench_runtime rt{db, how, runtime_of(how, part_), noop_only(how.slots)};
    rt.recover();
    for (uint64_t done = 0; done < jobs; done += part_) {
      rt.count_ends(part_);
      const auto begin = clock::now();
      rt.submit(part_, job, how);
      rt.await_done();
      rates.push_back(static_cast<double>(part_) / seconds_since(begin));
      const auto disk = bytes_in(dir);
      std::fprintf(stderr, "part %zu: %.0f jobs/s, %.0f MiB on disk\n",
                   rates.size(), rates.back(),
                   static_cast<double>(disk) / (1 << 20));
      parts.push_back(value::make_object(
        {{"jobs_per_s", rates.back()}, {"disk_bytes", disk}}));
    }
    more.set("parts", std::move(parts));
    return rates;
  }

  static bench_options defaults() {
    bench_options out;
    out.jobs = 10'000'000;
    out.runs = 1;
    return out;
  }

  uint64_t part_ = 1'000'000;
  const description about_{
    "churn",
    "many jobs through one runtime: rates and space over time",
    "job",
    {.jobs = true, .submission = true, .slots = true},
    defaults()};
};

} // namespace

std::unique_ptr<scenario> make_churn_scenario() {
  return std::make_unique<churn_scenario>();
}

} // namespace quaero::bench
