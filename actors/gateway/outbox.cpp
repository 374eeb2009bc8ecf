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
  pieces_.push_back(std::move(x));
}

byte_view outbox::view() {
  size_t n = 0;
  auto skip = offset_;
  for (const auto& x : pieces_) {
    if (n + parts_max > buffers_max)
      break;
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
}

} // namespace quaero
