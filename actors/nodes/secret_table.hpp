#pragma once

#include "actors/nodes/wire_items.hpp"
#include "definitions/secrets.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace quaero {

/// The secrets that jobs came with, for their configurations.
/// Bounds: `secrets_max`; the oldest go.
/// Threads: any.
class secret_table {
public:
  explicit secret_table(size_t secrets_max) : secrets_max_{secrets_max} {}

  void put(const wire_secret_v1& x) {
    std::lock_guard lock{guard_};
    const auto added
      = all_.insert_or_assign(x.key, key_text{x.text, x.seal}).second;
    if (!added)
      return;
    order_.push_back(x.key);
    if (order_.size() > secrets_max_) {
      all_.erase(order_.front());
      order_.pop_front();
    }
  }

  std::optional<key_text> find(std::string_view key) const {
    std::lock_guard lock{guard_};
    auto i = all_.find(key);
    return i == all_.end() ? std::nullopt : std::optional{i->second};
  }

private:
  size_t secrets_max_;
  mutable std::mutex guard_;
  std::map<std::string, key_text, std::less<>> all_;
  std::deque<std::string> order_;
};

} // namespace quaero
