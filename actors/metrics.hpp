#pragma once

#include "definitions/job_state.hpp"

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

  /// Jobs of that queue and type were stored.
  void jobs_enqueued(std::string_view queue, std::string_view type, uint64_t n);

  /// Jobs were handed to a pool.
  void jobs_started(std::string_view queue, std::string_view type, uint64_t n);

  /// Jobs are over, with that outcome.
  void jobs_finished(std::string_view type, job_status outcome, uint64_t n);

  /// Attempts failed and will be repeated.
  void jobs_retried(std::string_view type, uint64_t n);

  /// Attempts ended without a word: their pool or the daemon did.
  void jobs_orphaned(std::string_view type, uint64_t n);

  /// Seconds from the moment when jobs might run until they were handed out.
  void job_waits(std::string_view type, const std::vector<double>& seconds);

  /// Seconds from the start of attempts to their end.
  void job_runs(std::string_view type, const std::vector<double>& seconds);

  /// Seconds from handing jobs out to the start of their attempts.
  void dispatches(std::string_view type, const std::vector<double>& seconds);

  // -- the database -----------------------------------------------------------

  /// One write, with so many events of jobs. `seconds` counts if it was synced.
  void store_write(uint64_t jobs, bool synced, double seconds);

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
