#include "bench/idle.hpp"

#include "bench/daemon_process.hpp"
#include "bench/harness.hpp"
#include "bench/http_plans.hpp"
#include "storage/tables.hpp"

#include <filesystem>

namespace quaero::bench {

namespace {

/// Each fires once a year.
job_definition make_scheduled(uint32_t i) {
  job_definition out;
  out.id = "idle-" + std::to_string(i);
  out.name = "Idle";
  out.schedule = std::to_string(i % 60) + ' ' + std::to_string(i / 60 % 24)
                 + ' ' + std::to_string(1 + i / 1440 % 28) + " 2 *";
  auto& only = out.steps.emplace_back();
  only.name = "noop";
  only.type = "test_job_generator";
  out.created_at = out.updated_at = system_wall_clock().now();
  return out;
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds{static_cast<int64_t>(seconds * 1000)};
}

} // namespace

idle_result run_idle(const idle_config& how) {
  const auto dir = how.dir + "/idle";
  {
    auto db = make_database(dir);
    storage::write_batch all;
    for (uint32_t i = 0; i < how.schedules; ++i)
      storage::put_definition(all, make_scheduled(i));
    require(db->write(all, true));
  }
  idle_result out;
  daemon_process daemon{dir, durability::group, true};
  daemon.run_for(milliseconds_of(how.settle_s));
  const auto cpu = daemon.cpu_seconds();
  const auto waits = daemon.waits();
  const auto begin = clock::now();
  daemon.run_for(milliseconds_of(how.seconds));
  const auto seconds = seconds_since(begin);
  out.cores = (daemon.cpu_seconds() - cpu) / seconds;
  out.wakeups_per_s = static_cast<double>(daemon.waits() - waits) / seconds;
  out.resident_bytes = daemon.resident_bytes();
  const http_target to{parse_server(daemon.url()), {}};
  const auto shown = to.ask("/api/scheduler");
  const auto* all = shown.find("schedules");
  const auto jobs = to.ask("/api/jobs/stats").get_int("total_jobs");
  out.exact = all != nullptr && all->is_array()
              && all->as_array().size() == how.schedules && jobs == 0;
  daemon.stop();
  std::filesystem::remove_all(dir);
  return out;
}

} // namespace quaero::bench
