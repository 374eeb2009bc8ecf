#include "bench/options.hpp"

#include <CLI/CLI.hpp>

namespace quaero::bench {

namespace {

constexpr uint64_t jobs_max = 100'000'000;

template <class T>
CLI::Option* add_number(CLI::App& app, const char* name, T& to, T from, T max,
                        const char* what) {
  return app.add_option(name, to, what)
    ->check(CLI::Range(from, max))
    ->capture_default_str();
}

void add_runtime_options(CLI::App& app, bench_options& to) {
  add_number(app, "--threads", to.threads, uint64_t{1}, uint64_t{64},
             "of the actors");
  app.add_option("--policy", to.policy, "of the scheduler: sharing, stealing")
    ->check(CLI::IsMember({"sharing", "stealing"}))
    ->capture_default_str();
  add_number(app, "--block-jobs", to.block_jobs, 1u, 100'000u,
             "jobs in one assignment, at most");
  add_number(app, "--commits-in-flight", to.commits_in_flight, 1u, 1000u,
             "of the queue");
  add_number(app, "--commit-kib", to.commit_kib, 1u, 1u << 20,
             "a larger group of commits is written at once");
}

void add_store_options(CLI::App& app, storage::leveldb_options& to) {
  auto mib = [&app](const char* name, size_t& bytes, const char* what) {
    app
      .add_option_function<uint64_t>(
        name, [&bytes](uint64_t x) { bytes = size_t{x} << 20; }, what)
      ->check(CLI::Range(uint64_t{1}, uint64_t{65'536}))
      ->default_str(std::to_string(bytes >> 20));
  };
  mib("--write-buffer", to.write_buffer_bytes, "MiB, of the database");
  mib("--block-cache", to.block_cache_bytes, "MiB, of the database");
  add_number(app, "--bloom-bits", to.bloom_bits_per_key, 0, 64,
             "a key; 0: no filter");
  add_number(app, "--open-files", to.max_open_files, 16, 1'000'000,
             "of the database");
  app
    .add_option_function<std::string>(
      "--compression",
      [&to](const std::string& x) { to.compression = x != "none"; },
      "of the database: snappy, none")
    ->check(CLI::IsMember({"snappy", "none"}))
    ->default_str("snappy");
}

void add_submission_options(CLI::App& app, bench_options& to) {
  add_number(app, "--batch", to.batch, 1u, 100'000u, "jobs in one submission");
  add_number(app, "--in-flight", to.in_flight, 1u, 10'000u,
             "submissions of a client that wait for their answer");
  add_number(app, "--clients", to.clients, 1u, 10'000u, "callers");
}

} // namespace

void add_options(CLI::App& app, bench_options& to, const option_set& takes) {
  if (takes.jobs)
    add_number(app, "--jobs", to.jobs, uint64_t{1}, jobs_max, "in each run");
  add_number(app, "--payload", to.payload, 14u, 65'536u, "bytes a job");
  app
    .add_option_function<std::string>(
      "--durability", [&to](const std::string& x) { from_string(x, to.level); },
      "buffered, group or each")
    ->check(CLI::IsMember({"buffered", "group", "each"}))
    ->default_str(to_string(to.level));
  if (takes.submission)
    add_submission_options(app, to);
  if (takes.slots)
    add_number(app, "--slots", to.slots, 0u, 1'000'000u,
               "jobs that the pool has at a time; 0: the worker's own");
  add_runtime_options(app, to);
  add_store_options(app, to.store);
  add_number(app, "--runs", to.runs, 1u, 1000u, "the one in the middle counts");
  if (takes.warm_up)
    add_number(app, "--warm-up", to.warm_up, uint64_t{0}, jobs_max,
               "jobs before it is measured");
  if (takes.raw)
    app.add_flag("!--no-raw", to.raw, "not the database alone as well");
  if (takes.server) {
    app.add_option("--server", to.server,
                   "URL of a daemon to measure; nobody else may use it");
    app.add_option("--token", to.token, "for that daemon")
      ->envname("QUAERO_TOKEN");
  }
  app.add_option("--dir", to.dir, "for the databases");
  app.add_flag("--json", to.json, "one JSON line");
}

value settings_of(const bench_options& x, const option_set& takes) {
  auto out = value::make_object({{"durability", to_string(x.level)},
                                 {"jobs", x.jobs},
                                 {"payload_bytes", x.payload}});
  if (takes.submission) {
    out.set("batch", x.batch);
    out.set("in_flight", x.in_flight);
    out.set("clients", x.clients);
  }
  if (takes.slots && x.slots != 0)
    out.set("slots", x.slots);
  if (takes.warm_up && x.warm_up != 0)
    out.set("warm_up", x.warm_up);
  if (!x.server.empty())
    out.set("over", "http");
  return out;
}

runtime_config runtime_of(const bench_options& x, uint64_t jobs) {
  runtime_config out;
  out.store.commit_bytes_max = size_t{x.commit_kib} << 10;
  out.queue.report_durability = x.level;
  out.queue.length_max = jobs + 1;
  out.queue.block_jobs_max = x.block_jobs;
  out.queue.commits_in_flight_max = x.commits_in_flight;
  return out;
}

} // namespace quaero::bench
