#pragma once

#include "definitions/job_state.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quaero {

/// What the program is, for `quaero_build_info`.
struct build_facts {
  std::string version = "0.1.0";
  std::string build = "unknown";
  std::string git_commit = "unknown";
};

/// A number that is as it is at the moment when somebody looks.
struct gauge_sample {
  std::string name; ///< "quaero_queue_depth".
  std::string help;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

/// Times of jobs, sorted into the buckets of a histogram. An actor gathers them
/// by itself, without a lock, and tells them as a whole.
class job_times {
  using us = std::chrono::microseconds;
  using ms = std::chrono::milliseconds;
  using s = std::chrono::seconds;

public:
  using duration = std::chrono::nanoseconds;

  /// The longest time of each bucket; one more is for what is longer.
  static constexpr std::array<duration, 14> limits{
    us{100}, us{500}, ms{1}, ms{5}, ms{10}, ms{50}, ms{100},
    ms{500}, s{1},    s{5},  s{10}, s{60},  s{600}, s{3600}};

  /// A time below 0, which a clock that was set back makes, counts as 0.
  void add(duration x) {
    x = std::max(x, duration{0});
    size_t i = 0;
    while (i < limits.size() && x > limits[i])
      ++i;
    ++counts_[i];
    ++size_;
    sum_ += x;
  }

  uint64_t size() const { return size_; }
  duration sum() const { return sum_; }
  const std::array<uint64_t, limits.size() + 1>& counts() const {
    return counts_;
  }

private:
  std::array<uint64_t, limits.size() + 1> counts_{};
  uint64_t size_ = 0;
  duration sum_{0};
};

/// Counts and times of everything, in the words of Prometheus. Whoever does
/// something says so here, once for a block of jobs or a commit; nobody else
/// owns a number of it.
/// Label values are names of queues, worker types and routes, never of jobs;
/// beyond `label_values_max` of them a new one counts as "other".
/// Threads: any, except http_request(), which is the gateway's.
class metrics {
public:
  /// Values of one label, > 0.
  static constexpr size_t label_values_max = 200;

  explicit metrics(const build_facts& what = {});
  ~metrics();

  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  // -- jobs -------------------------------------------------------------------

  /// Where jobs of one queue and worker type are counted.
  struct lane;
  /// Where jobs of one worker type are counted.
  struct type;

  /// Looked up once, and kept: a lookup locks. They live as long as this does.
  lane& lane_of(std::string_view queue, std::string_view worker_type);
  type& type_of(std::string_view worker_type);

  /// Jobs were stored.
  static void jobs_enqueued(lane& of, uint64_t n);

  /// Attempts were handed to a pool.
  static void jobs_started(lane& of, uint64_t n);

  /// Jobs are over, with that outcome.
  static void jobs_finished(type& of, job_status outcome, uint64_t n);

  /// Attempts have ended and will be repeated.
  static void jobs_retried(type& of, uint64_t n);

  /// Attempts ended without a word: their pool or the daemon did.
  static void jobs_orphaned(type& of, uint64_t n);

  /// From the moment when jobs might run until they were handed out.
  static void job_waits(type& of, const job_times& x);

  /// From the start of attempts to their end.
  static void job_runs(type& of, const job_times& x);

  /// From handing jobs out to the start of their attempts.
  static void dispatches(type& of, const job_times& x);

  /// What a queue is called here: by its name, or "other".
  std::string queue_label(std::string_view queue);

  // -- the database -----------------------------------------------------------

  /// One write, with so many events of jobs. `seconds` counts if it was synced.
  void store_write(uint64_t jobs, bool synced, double seconds);

  /// RETENTION has removed a tree of so many jobs.
  void retention_removed(uint64_t jobs);

  /// What jobs left behind was compacted, in so many seconds.
  void compacted(double seconds);

  // -- the gateway ------------------------------------------------------------

  /// @param method, pattern of a route, or of none if `pattern` is empty; must
  ///        live as long as this object.
  void http_request(std::string_view method, std::string_view pattern,
                    unsigned status, double seconds);

  /// All of it and `now` as text (version 0.0.4 of the format).
  std::string expose(const std::vector<gauge_sample>& now) const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};
using metrics_ptr = std::shared_ptr<metrics>;

} // namespace quaero
