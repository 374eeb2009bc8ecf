#pragma once

#include "storage/tables.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quaero::storage {

/// Queue entries as a start finds them. There may be millions: what neighbours
/// share, as nearly all do, is kept once. Bounds: 48 bytes an entry, a whole
/// one more for each that has what few have.
class queue_entries {
public:
  void push_back(queue_entry&& x) {
    plain own{x.id, x.run_at,   x.key.sequence, x.attempt,
              0,    x.key.lane, x.priority,     x.snoozed};
    x.id = {};
    x.run_at = {};
    x.key = {};
    x.attempt = 0;
    x.priority = 0;
    x.snoozed = false;
    if (kinds_.empty() || kinds_.back() != x)
      kinds_.push_back(std::move(x));
    own.kind = static_cast<uint32_t>(kinds_.size() - 1);
    all_.push_back(own);
  }

  bool empty() const { return all_.empty(); }
  size_t size() const { return all_.size(); }
  queue_key back_key() const { return key_of(all_.back()); }
  void pop_back() { all_.pop_back(); }

  /// Calls `f` with each, in the order in which they came. What it gets is
  /// gone after the call.
  template <class F>
  void for_each(F f) const {
    queue_entry x;
    uint32_t kind = UINT32_MAX;
    for (const auto& own : all_) {
      if (own.kind != kind)
        x = kinds_[kind = own.kind];
      x.id = own.id;
      x.run_at = own.run_at;
      x.key = key_of(own);
      x.attempt = own.attempt;
      x.priority = own.priority;
      x.snoozed = own.snoozed;
      f(std::as_const(x));
    }
  }

private:
  /// What each has of its own.
  struct plain {
    job_id id;
    timestamp run_at;
    uint64_t sequence;
    uint32_t attempt;
    uint32_t kind; ///< What it shares with neighbours: index of kinds_.
    uint8_t lane;
    uint8_t priority;
    bool snoozed;
  };

  static queue_key key_of(const plain& x) { return {x.lane, x.sequence}; }

  std::vector<plain> all_;
  std::vector<queue_entry> kinds_;
};

} // namespace quaero::storage
