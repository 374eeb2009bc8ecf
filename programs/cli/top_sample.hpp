#pragma once

#include "definitions/time.hpp"
#include "definitions/value.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace quaero::cli {

struct job_numbers {
  int64_t total = 0;
  int64_t pending = 0;
  int64_t running = 0;
  int64_t completed = 0;
  int64_t failed = 0;
  int64_t cancelled = 0;
};

struct queue_numbers {
  std::string name;
  int64_t ready = 0;
  int64_t delayed = 0;
  int64_t running = 0;
  int64_t oldest_ms = 0; ///< Of what waits; 0 = not known.
  bool paused = false;
};

struct running_job {
  std::string id = {};
  std::string type = {};
  std::string name = {};
  int64_t duration_ms = 0;
  int64_t children = 0; ///< 0 = it has none.
  int64_t finished = 0; ///< Of the children.
};

struct actor_numbers {
  std::string name;
  int64_t mailbox = 0;
};

/// What a daemon said at one moment. What it does not tell is left empty.
struct top_sample {
  timestamp at{};
  std::string server = {};
  std::string version = {};
  std::string state = {};
  job_numbers jobs = {};
  std::vector<queue_numbers> queues = {};
  std::vector<running_job> running = {};
  int64_t running_total = 0;
  std::vector<actor_numbers> actors = {}; ///< The longest mailbox first.
};

/// Jobs a second.
struct job_rates {
  double made = 0;
  double completed = 0;
  double failed = 0;
};

// Readers of the answers of the API.
job_numbers read_job_numbers(const value& stats);
std::vector<queue_numbers> read_queues(const value& queues);
std::vector<running_job> read_running(const value& jobs, timestamp now);
std::vector<actor_numbers> read_actors(const value& actors);

/// From `before` to `now`; all zero if no time has passed.
job_rates rates_between(const top_sample& before, const top_sample& now);

} // namespace quaero::cli
