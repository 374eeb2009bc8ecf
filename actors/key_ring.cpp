#include "actors/key_ring.hpp"

namespace quaero {

std::optional<key_text> key_ring::find(std::string_view key) const {
  {
    std::lock_guard guard{mutex_};
    if (auto i = pairs_.find(key); i != pairs_.end())
      return i->second;
  }
  return others_ ? others_(key) : std::nullopt;
}

void key_ring::put(const key_pair& x) {
  std::lock_guard guard{mutex_};
  pairs_.insert_or_assign(x.key, key_text{x.text, x.seal});
}

void key_ring::remove(const std::string& key) {
  std::lock_guard guard{mutex_};
  pairs_.erase(key);
}

} // namespace quaero
