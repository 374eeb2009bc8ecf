#pragma once

#include "definitions/key_pair.hpp"
#include "definitions/secrets.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace quaero {

/// What placeholders stand for: the pairs of the KEY STORE, and behind them
/// what else the daemon knows. Threads: any.
class key_ring {
public:
  /// @param others asked for a key that no pair has; any thread.
  explicit key_ring(key_lookup others) : others_{std::move(others)} {}

  std::optional<key_text> find(std::string_view key) const;

  // -- for the KEY STORE ------------------------------------------------------

  void put(const key_pair& x);
  void remove(const std::string& key);

private:
  const key_lookup others_;
  mutable std::mutex mutex_;
  std::map<std::string, key_text, std::less<>> pairs_;
};

} // namespace quaero
