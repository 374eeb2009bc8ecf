#pragma once

#include "definitions/queue_job.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quaero::bench {

enum class http_mode {
  arrays, ///< Enqueues many jobs with each request.
  single, ///< Enqueues one job with each request.
  get,    ///< Asks for single jobs.
};

struct http_bench_config {
  http_mode mode = http_mode::arrays;
  std::string server;       ///< Its URL; empty: a daemon for each run.
  std::string token;        ///< Empty: none.
  uint32_t connections = 1; ///< > 0
  uint32_t in_flight = 1;   ///< > 0; requests of a connection not yet answered.
  uint64_t count = 1;       ///< > 0; jobs to enqueue, or requests in mode get.
  uint32_t batch = 1000;    ///< > 0; jobs in one request of mode arrays.
  uint32_t payload = 200;   ///< Bytes of each job's configuration, at least 14.
  durability level = durability::buffered;
  double rate = 0; ///< See http_load_config.
  /// No request starts later.
  std::chrono::duration<double> time = std::chrono::hours{24};
  std::string dir; ///< For the data of the daemons; emptied before and after.
};

struct http_bench_result {
  uint64_t jobs = 0;     ///< Accepted; in mode get those that are asked for.
  uint64_t requests = 0; ///< Answered.
  double seconds = 0;    ///< From the first byte sent to the last answer.
  double per_s = 0;      ///< Jobs accepted, or requests in mode get.
  /// Until the last job was seen to be completed; nothing in mode get.
  std::optional<double> completed_per_s;
  std::vector<double> latency_ms; ///< Of each request, sorted.
  double client_cores = 0;
  std::optional<double> daemon_cores; ///< Of a daemon of our own.
  bool exact = false;
  std::string problem; ///< Why it is not exact.
};

/// Puts load on a daemon by real connections. Then waits until all jobs are
/// over, and checks that every id that was answered is another one and that the
/// daemon has exactly that many jobs more, all completed. A question counts
/// only if its answer is the job that was asked for.
/// REQUIRES: nobody else uses the daemon.
/// @throws std::runtime_error if the daemon refuses anything, or is not idle at
///         the beginning, or does not get there.
http_bench_result run_http(const http_bench_config& how);

} // namespace quaero::bench
