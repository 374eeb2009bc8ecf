#include "bench/measured_run.hpp"

#include "bench/heap.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace quaero::bench {

namespace {

/// What a run and its recording take, about.
size_t memory_of(const bench_options& how, uint64_t jobs) {
  constexpr size_t each = 1024; // besides the payload, twice
  constexpr size_t most = size_t{4} << 30;
  const auto buffers = 3 * how.store.write_buffer_bytes;
  return std::min<size_t>(most, buffers + jobs * (each + 2 * how.payload));
}

} // namespace

measured_run::measured_run(const bench_options& how, const std::string& name,
                           uint64_t jobs, const worker_kinds& kinds,
                           preparation prepare, const wall_clock& time)
  : how_{how}, dir_{how.dir + '/' + name}, prepare_{std::move(prepare)} {
  warm_memory(memory_of(how, jobs + how.warm_up));
  auto db = make_database(dir_, how.store);
  if (prepare_)
    prepare_(*db);
  counted_ = std::make_shared<counting_store>(
    std::move(db), how.raw ? recording_bytes_max() : 0);
  runtime_ = std::make_unique<bench_runtime>(
    counted_, how, runtime_of(how, jobs + how.warm_up), kinds, time);
  runtime_->recover();
}

measured_run::~measured_run() {
  runtime_.reset();
  counted_.reset();
  std::filesystem::remove_all(dir_);
}

void measured_run::warm_up(const new_job& job) {
  if (how_.warm_up == 0)
    return;
  runtime_->count_ends(how_.warm_up);
  runtime_->submit(how_.warm_up, job, how_);
  runtime_->await_done();
}

void measured_run::begin() {
  counted_->begin();
  begin_ = clock::now();
}

void measured_run::end(uint64_t count) {
  const auto seconds = seconds_since(begin_);
  out_.runtime = counted_->end();
  out_.count = count;
  out_.per_s = static_cast<double>(count) / seconds;
  out_.more.set("seconds", seconds);
}

recording measured_run::finish_recording(const database_check& check) {
  runtime_.reset();
  if (check)
    out_.problem = check(*counted_);
  auto recorded = counted_->take_recording();
  counted_.reset();
  std::filesystem::remove_all(dir_);
  return recorded;
}

measurement measured_run::finish(const database_check& check) {
  const auto recorded = finish_recording(check);
  if (!how_.raw || !out_.problem.empty())
    return std::move(out_);
  if (!recorded.whole) {
    std::fprintf(stderr, "the database alone is not measured: its commits do "
                         "not fit into a third of the memory\n");
    return std::move(out_);
  }
  const auto alone = replay(how_, dir_, recorded, prepare_, {});
  out_.raw = alone.counts;
  out_.raw_per_s = static_cast<double>(out_.count) / alone.seconds;
  return std::move(out_);
}

replayed replay(const bench_options& how, const std::string& dir,
                const recording& x, const preparation& prepare,
                const database_check& check) {
  replayed out;
  {
    auto plain = make_database(dir, how.store);
    if (prepare)
      prepare(*plain);
    counting_store db{std::move(plain), 0};
    auto begin = clock::now();
    for (size_t i = 0; i < x.commits.size(); ++i) {
      if (i == x.measured) {
        db.begin();
        begin = clock::now();
      }
      require(db.write(x.commits[i].ops, x.commits[i].sync));
    }
    out.seconds = seconds_since(begin);
    out.counts = db.end();
    out.problem = check ? check(db) : "";
  }
  std::filesystem::remove_all(dir);
  return out;
}

} // namespace quaero::bench
