#include "actors/gateway/outbox.hpp"

#include <algorithm>

namespace quaero {

namespace {

std::array<std::string_view, 4> parts_of(const outbox::piece& x) {
  std::string_view shared;
  if (x.shared)
    shared = *x.shared;
  return {x.head, x.body, shared, x.tail};
}

size_t size_of(const outbox::piece& x) {
  size_t out = 0;
  for (auto part : parts_of(x))
    out += part.size();
  return out;
}

} // namespace

void outbox::push(piece x) {
  auto size = size_of(x);
  if (size == 0)
    return;
  bytes_ += size;
  if (size > small_bytes_max) {
    pieces_.push_back(std::move(x));
    return;
  }
  // What is being sent must stay where it is.
  const bool fits = pieces_.size() > viewed_ && pieces_.back().joins
                    && pieces_.back().head.size() + size <= joined_bytes_max;
  if (!fits && x.head.size() == size) {
    x.joins = true;
    pieces_.push_back(std::move(x));
    return;
  }
  if (!fits)
    pieces_.emplace_back().joins = true;
  for (auto part : parts_of(x))
    pieces_.back().head += part;
}

byte_view outbox::view() {
  size_t n = 0;
  auto skip = offset_;
  viewed_ = 0;
  for (const auto& x : pieces_) {
    if (n + parts_max > buffers_max)
      break;
    ++viewed_;
    for (auto part : parts_of(x)) {
      auto gone = std::min(skip, part.size());
      skip -= gone;
      if (gone < part.size())
        buffers_[n++] = {part.data() + gone, part.size() - gone};
    }
  }
  return {buffers_.data(), buffers_.data() + n};
}

void outbox::sent(size_t n) {
  bytes_ -= n;
  offset_ += n;
  viewed_ = 0;
  while (!pieces_.empty()) {
    auto size = size_of(pieces_.front());
    if (offset_ < size)
      break;
    offset_ -= size;
    pieces_.pop_front();
  }
}

void outbox::clear() {
  pieces_.clear();
  bytes_ = 0;
  offset_ = 0;
  viewed_ = 0;
}

} // namespace quaero
