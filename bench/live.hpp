#pragma once

#include <cstdint>
#include <string>

namespace quaero::bench {

struct live_bench_config {
  uint32_t clients = 50;         ///< > 0; WebSockets that follow one run.
  uint32_t lines_per_s = 10'000; ///< > 0
  uint32_t seconds = 10;         ///< > 0
  uint64_t threads = 2;          ///< Of the actors.
  std::string dir; ///< For the database; emptied before and after.
};

struct live_bench_result {
  uint64_t lines = 0;      ///< Said, and delivered to each client.
  double lines_per_s = 0;  ///< To each client.
  double seconds = 0;      ///< From the first line said to the last delivered.
  double behind_ms = 0;    ///< Of it, after the last line was said.
  double server_cores = 0; ///< Busy, without the thread that plays the clients.
  uint64_t frames = 0;
  uint64_t resumed = 0; ///< How often a client was told to resume, over all.
  bool exact = false;   ///< Every client had every line once and in order.
};

/// Says lines in a run at a steady pace while clients follow it over real
/// connections. The clients are in this process, on one thread; they look at
/// every number and, when told to, resume.
live_bench_result run_live(const live_bench_config& how);

} // namespace quaero::bench
