#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace quaero::crawler {

/// Decides which waiting fetch starts next: at most so many at a time and not
/// too soon after each other for one host, and each host in its turn. Each
/// step takes logarithmic time. Not for two threads at once.
class host_queue {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  struct entry {
    uint64_t id = 0; ///< Unique among those that wait.
    std::string host;
    time_point ready_at;      ///< Not before; also its place among its host's.
    clock::duration delay{};  ///< Least time since the host's last start.
    uint32_t concurrency = 1; ///< Not if this many of the host are active.
  };

  void add(entry x);

  /// Takes out a waiting fetch. @returns false if it does not wait.
  bool remove(uint64_t id);

  /// Takes out the one that may start at `now` and counts it as active until
  /// finished() is called for its host.
  std::optional<uint64_t> next(time_point now);

  void finished(const std::string& host);

  /// When next() may have something, unless finished() comes first; nothing if
  /// only that can help.
  std::optional<time_point> next_at() const;

  size_t waiting() const { return places_.size(); }
  /// Hosts that are remembered.
  size_t hosts() const { return hosts_.size(); }

  /// Forgets hosts that nothing waits for and whose delay is over.
  void forget_idle(time_point now);

private:
  using place = std::pair<time_point, uint64_t>; // sequence makes it unique

  /// When it may start, then who waits longest for being served.
  using turn = std::tuple<time_point, uint64_t, std::string>;

  struct host_state {
    std::map<place, entry> waiting;
    uint32_t active = 0;
    std::optional<time_point> last_start;
    clock::duration last_delay{};
    uint64_t served = 0;      ///< When it was last served, among all hosts.
    std::optional<turn> next; ///< Its place in turns_, if it is there.
  };

  void update_turn(const std::string& name, host_state& host);

  std::map<std::string, host_state> hosts_;
  std::set<turn> turns_;
  std::map<uint64_t, std::pair<std::string, place>> places_;
  uint64_t sequence_ = 0;
};

} // namespace quaero::crawler
