#pragma once

#include "actors/gateway/exchange.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// One log that takes part in a merge.
struct log_source {
  job_id id;
  std::string step_name;  ///< "" if it is no step's.
  bool own_lines = false; ///< Only those the job itself said.
};

/// What a merge is asked for.
struct merge_query {
  log_level level = log_level::debug;
  size_t limit = 1000;
  bool newest = false; ///< From the end backwards.
  std::string cursor;  ///< Of an earlier page, "" is the start.
};

struct merged_log {
  std::vector<log_entry> lines; ///< In the order asked for.
  uint64_t total = 0;           ///< Of all pages.
  std::string next_cursor;      ///< "" at the end.
};

/// Merges logs by the order their lines were said in. Reads each log in parts,
/// so that the work is bounded by the lines wanted and not by the logs.
/// A cursor holds a position in each log, in the order of the sources; sources
/// that are appended later are read from their start.
class log_merge : public std::enable_shared_from_this<log_merge> {
public:
  using handler = std::function<void(merged_log&)>;

  log_merge(exchange_ptr ex, std::vector<log_source> sources,
            merge_query query);

  /// Answers 400 if the cursor is malformed, else calls `done` once.
  void start(handler done);

private:
  struct state {
    log_source source;
    uint64_t position = 0;         ///< Index of the last line taken, 0 before.
    uint64_t fetched = 0;          ///< Index of the last line read, 0 before.
    std::deque<log_entry> waiting; ///< In the order asked for.
    bool exhausted = false;
    bool asked_before = false;
  };

  bool read_cursor();
  std::string write_cursor() const;
  void go_on();
  void fetch(state& x);
  void on_page(state& x, log_page& page);
  void on_error(state& x, const caf::error& why);
  bool take_one();

  exchange_ptr ex_;
  merge_query query_;
  std::vector<state> logs_;
  size_t part_;     ///< Lines that are read from a log at a time.
  size_t open_ = 0; ///< Reads in flight.
  merged_log out_;
  handler done_;
};

} // namespace quaero
