#pragma once

#include "actors/commit_messages.hpp"
#include "storage/stream_tables.hpp"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace quaero {

struct stream_config {
  /// > 0; events that the daemon's stream keeps. Up to an eighth more are
  /// there before the oldest are removed.
  uint64_t events_kept_max = 100'000;
};

/// Gives what a commit holds its numbers: in the stream of its run, and events
/// also in the daemon's stream. Encodes the records into the commit.
/// Threads: the LOG COLLECTOR's, which may block on a read.
class run_streams {
public:
  /// Reads where the daemon's stream ends and begins.
  storage::status open(stream_config config,
                       std::shared_ptr<const storage::store> db);

  /// Numbers the events and lines of `block`; lines must have their indexes.
  /// Bounds: O(1) an entry, a read for each run that is not known, one walk
  /// over what is removed for every eighth of `events_kept_max`.
  storage::status number(event_block& block, storage::write_batch& out);

  /// The run is over: its number leaves the memory.
  void forget(const job_id& run) { ends_.erase(run); }

  size_t size() const { return ends_.size(); } ///< Streams in memory.
  uint64_t events() const { return last_event_; }

private:
  /// What one commit adds to one stream.
  struct part {
    storage::stream_block block;
    uint64_t before = 0; ///< The stream's last number so far.
    uint64_t events = 0;
    bool over = false; ///< Nothing will follow.
  };

  /// Where a stream ends, and its part of the commit at hand, if any.
  struct end {
    uint64_t last = 0;
    uint64_t commit = 0;
    uint32_t part = 0;
  };

  part& part_of(const job_id& run, bool is_new);
  static bool is_short(const job_event& x, const event_place& place);
  void add_lines(event_block& block);
  void add_events(event_block& block);
  void put_daemon_block(const event_block& block, storage::write_batch& out);
  storage::status trim(storage::write_batch& out);

  stream_config config_;
  std::shared_ptr<const storage::store> db_;
  std::unordered_map<job_id, end> ends_;
  uint64_t commit_ = 0;                 ///< Number of the one at hand.
  std::vector<part> parts_;             ///< Of the commit at hand.
  std::vector<uint32_t> part_of_event_; ///< Its index; UINT32_MAX: none.
  std::vector<uint64_t> nth_event_;     ///< Among the events of its part.
  uint64_t last_event_ = 0;
  uint64_t begin_ = 0; ///< Below the oldest event that is kept.
  storage::status error_;
};

} // namespace quaero
