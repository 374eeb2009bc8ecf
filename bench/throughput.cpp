#include "bench/throughput.hpp"

#include "actors/new_jobs.hpp"
#include "bench/harness.hpp"
#include "storage/tables.hpp"

#include <filesystem>
#include <stdexcept>

namespace quaero::bench {

namespace {

double per_second(uint64_t n, clock::time_point begin) {
  return static_cast<double>(n) / seconds_since(begin);
}

/// Every job there, completed by its first attempt, nothing waiting.
std::string check(const storage::store& db, uint64_t jobs) {
  uint64_t waiting = 0;
  storage::read_queue(db, [&](storage::queue_entry&&) { ++waiting; });
  if (waiting != 0)
    return std::to_string(waiting) + " queue entries are left";
  uint64_t found = 0;
  uint64_t completed = 0;
  job_id before;
  std::vector<job_id> ids;
  do {
    ids.clear();
    storage::read_roots(db, before, 10'000, ids);
    for (const auto& id : ids) {
      ++found;
      std::vector<job_event> events;
      storage::read_events(db, id, events);
      completed += events.size() == 1
                   && fold(events).status == job_status::completed
                   && events[0].attempt == 1;
      before = id;
    }
  } while (!ids.empty());
  if (found != jobs)
    return std::to_string(found) + " jobs are there";
  if (completed != jobs)
    return std::to_string(completed) + " jobs are completed exactly once";
  return {};
}

runtime_config runtime_of(const throughput_config& how) {
  runtime_config out;
  out.queue.report_durability = how.level;
  out.queue.length_max = how.jobs + 1;
  return out;
}

} // namespace

throughput_result run_throughput(const throughput_config& how) {
  throughput_result out;
  const auto dir = how.dir + "/actors";
  auto db = make_database(dir);
  {
    bench_runtime rt{db, how.threads, runtime_of(how), noop_only};
    rt.actors().recover();
    rt.count_ends(how.jobs);
    const auto begin = clock::now();
    rt.submit(how.jobs, make_noop(how.payload), how.level, how.batch,
              how.in_flight);
    rt.await_done();
    out.jobs_per_s = per_second(how.jobs, begin);
  }
  out.problem = check(*db, how.jobs);
  out.exact = out.problem.empty();
  db.reset();
  std::filesystem::remove_all(dir);
  out.raw_jobs_per_s = run_raw(how);
  return out;
}

double run_raw(const throughput_config& how) {
  const auto dir = how.dir + "/raw";
  auto db = make_database(dir);
  id_generator ids{system_wall_clock(), 1};
  const auto job = make_noop(how.payload);
  const bool sync = how.level != durability::buffered;
  const auto begin = clock::now();
  uint64_t sequence = 0;
  uint64_t epoch = uint64_t{1} << 32;
  for (uint64_t done = 0; done < how.jobs;) {
    const auto n = std::min<uint64_t>(how.batch, how.jobs - done);
    const auto now = system_wall_clock().now();
    std::vector<new_job> jobs(n, job);
    storage::write_batch batch;
    auto made = make_jobs(jobs, {}, ids, now, batch);
    for (const auto& x : made)
      storage::put_queue_entry(batch, {{x.priority, ++sequence},
                                       x.id,
                                       {},
                                       {},
                                       x.type,
                                       x.queue,
                                       x.priority,
                                       {},
                                       0,
                                       {},
                                       {},
                                       {}});
    auto result = db->write(batch, sync);
    batch.clear();
    sequence -= n;
    for (const auto& x : made) {
      job_event event;
      event.id = x.id;
      event.status = job_status::completed;
      event.at = event.started_at = now;
      event.epoch = ++epoch;
      event.attempt = 1;
      storage::put_event(batch, 2, event);
      storage::remove_queue_entry(batch, {x.priority, ++sequence});
    }
    if (result.ok())
      result = db->write(batch, sync);
    if (!result.ok())
      throw std::runtime_error{result.message};
    done += n;
  }
  const auto rate = per_second(how.jobs, begin);
  db.reset();
  std::filesystem::remove_all(dir);
  return rate;
}

} // namespace quaero::bench
