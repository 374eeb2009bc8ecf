#pragma once

#include "definitions/job_state.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// Streams: what happened, numbered from 1 in the order of the commits. One
/// record for each commit and stream; its key holds the number of its last
/// entry.
/// - The stream of a run has its lines and the events of its jobs. Lines are
///   references to the logs that hold them. A job outside of any run has a
///   stream under its own id; if all its life was one event, that is entry 1
///   of a stream without records.
/// - The daemon's stream has every event; those of runs are references to the
///   runs' streams. Its oldest records are removed.
namespace quaero::storage {

/// A longer reason is cut in streams; the job's own event has all of it.
inline constexpr size_t stream_error_bytes_max = 1024;

/// A reason as streams keep it: cut between characters.
std::string_view cut_stream_error(std::string_view x);

/// A job's move as streams tell it: without its result.
struct stream_event {
  job_event event;
  job_status from = job_status::pending;
  job_id manager; ///< None outside of a run.
  job_id step;    ///< None outside of a step.
  std::string type;
  bool operator==(const stream_event&) const = default;
};

/// What an event is told by its difference from.
struct stream_context {
  explicit stream_context(const job_id& base);

  job_id base; ///< The run, or any id whose time is near.
  timestamp at;
  uint64_t epoch = 0;
  job_id step;
  std::string type;
};

// -- writing ------------------------------------------------------------------

/// Makes the record of one commit in the stream of one run.
class stream_block {
public:
  explicit stream_block(const job_id& run) : run_{run}, before_{run} {}

  const job_id& run() const { return run_; }
  uint64_t count() const { return count_; } ///< Entries.

  void add_line(const job_id& owner, uint64_t index);
  void add_event(const job_event& x, job_status from, bool in_run,
                 const job_id& step, const std::string& type);

  /// Adds the record. @param last the number of the last entry.
  void put(write_batch& out, uint64_t last);

private:
  void end_lines();

  job_id run_;
  stream_context before_;
  std::string body_;
  uint64_t count_ = 0;
  job_id owner_; ///< Of the lines that are not written yet.
  uint64_t first_index_ = 0;
  uint64_t lines_ = 0;
};

/// Makes the record of one commit in the daemon's stream.
class daemon_block {
public:
  uint64_t count() const { return count_; } ///< Events.

  /// The next event is number `nth` (from 0) of the events in the record of
  /// the stream of `run` that ends with `last`.
  void add_reference(const job_id& run, uint64_t last, uint64_t nth);

  /// The next event is of a job outside of any run.
  void add_event(const job_event& x, job_status from, const std::string& type);

  void put(write_batch& out, uint64_t last);

private:
  void end_references();

  stream_context before_{job_id{}};
  std::string body_;
  uint64_t count_ = 0;
  job_id run_; ///< Of the references that are not written yet.
  uint64_t last_ = 0;
  uint64_t first_ = 0;
  uint64_t references_ = 0;
};

// -- reading ------------------------------------------------------------------

/// An entry of a stream.
struct stream_item {
  uint64_t sequence = 0;
  bool is_line = false;
  job_id owner;          ///< Of a line: in whose log it is.
  uint64_t index = 0;    ///< Of a line: its index there.
  stream_event happened; ///< If it is no line.
};
using stream_visitor = std::function<bool(stream_item&&)>;

/// The number of the newest entry; 0 if there is none. `run` none: the
/// daemon's stream.
status read_stream_end(const store& db, const job_id& run, uint64_t& last);

/// Calls `f` for every entry with a number above `after`, ascending, until it
/// returns false.
status read_stream(const store& db, const job_id& run, uint64_t after,
                   const stream_visitor& f);

/// The same from the newest entry backwards.
status read_stream_back(const store& db, const job_id& run,
                        const stream_visitor& f);

/// Events of the daemon's stream with a number above `after`. Those of a run
/// that was removed are left out. Must not be called with an `after` below
/// what trim_daemon_stream() has removed.
status read_daemon_stream(const store& db, uint64_t after,
                          const stream_visitor& f);

// -- removing -----------------------------------------------------------------

/// Removes the records of the daemon's stream that hold nothing above `keep`,
/// and remembers where it begins then. @param begin where it begins now;
/// becomes the number below the oldest entry that is left.
status trim_daemon_stream(const store& db, write_batch& out, uint64_t keep,
                          uint64_t& begin);

/// The number below the oldest entry that is kept.
status read_daemon_stream_begin(const store& db, uint64_t& begin);

/// Removes the stream of a run.
status remove_stream(const store& db, write_batch& out, const job_id& run);

} // namespace quaero::storage
