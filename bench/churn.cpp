#include "bench/churn.hpp"

#include "bench/harness.hpp"
#include "storage/tables.hpp"

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

} // namespace

churn_result run_churn(const churn_config& how,
                       const std::function<void(const churn_part&)>& progress) {
  const auto dir = how.dir + "/churn";
  auto db = make_database(dir);
  churn_result out;
  runtime_config config;
  config.queue.length_max = how.part + 1;
  config.queue.report_durability = how.level;
  const auto job = make_noop(how.payload);
  {
    bench_runtime rt{db, how.threads, config, noop_only};
    rt.actors().recover();
    for (uint64_t done = 0; done < how.jobs; done += how.part) {
      rt.count_ends(how.part);
      const auto begin = clock::now();
      rt.submit(how.part, job, how.level);
      rt.await_done();
      out.parts.push_back(
        {static_cast<double>(how.part) / seconds_since(begin), bytes_in(dir)});
      progress(out.parts.back());
    }
  }
  uint64_t waiting = 0;
  require(storage::read_queue(*db, [&](storage::queue_entry&&) { ++waiting; }));
  storage::totals all;
  require(storage::read_totals(*db, all));
  out.exact = waiting == 0
              && all.jobs[static_cast<size_t>(job_status::completed)]
                   == out.parts.size() * how.part;
  out.live_bytes = live_bytes(*db);
  db.reset();
  out.disk_bytes = bytes_in(dir);
  fs::remove_all(dir);
  return out;
}

} // namespace quaero::bench
