#include "bench/recover.hpp"

#include "bench/harness.hpp"
#include "storage/tables.hpp"

#include <filesystem>

namespace quaero::bench {

recover_result run_recover(const recover_config& how) {
  const auto dir = how.dir + "/recover";
  runtime_config config;
  config.queue.length_max = how.jobs + 1;
  config.queue.report_durability = durability::buffered;
  {
    bench_runtime rt{make_database(dir), how.threads, config, no_workers};
    rt.actors().recover();
    rt.submit(how.jobs, make_noop(how.payload), durability::buffered);
  }
  recover_result out;
  const auto begin = clock::now();
  auto db = open_database(dir);
  out.opened_s = seconds_since(begin);
  {
    bench_runtime rt{db, how.threads, config, noop_only};
    rt.count_ends(1);
    rt.count_ends(how.jobs);
    const auto found = rt.actors().recover();
    out.recovered_s = seconds_since(begin);
    rt.await_done();
    out.first_s = seconds_since(begin);
    rt.await_done();
    out.all_s = seconds_since(begin);
    out.exact = found.engaged();
  }
  uint64_t waiting = 0;
  require(storage::read_queue(*db, [&](storage::queue_entry&&) { ++waiting; }));
  storage::totals all;
  require(storage::read_totals(*db, all));
  const auto completed = static_cast<size_t>(job_status::completed);
  out.exact = out.exact && waiting == 0 && all.jobs[completed] == how.jobs;
  db.reset();
  std::filesystem::remove_all(dir);
  return out;
}

} // namespace quaero::bench
