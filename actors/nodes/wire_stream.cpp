#include "actors/nodes/wire_stream.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace quaero {

namespace {

constexpr size_t length_bytes = 4;

std::string length_of(size_t bytes) {
  std::string out(length_bytes, '\0');
  for (size_t i = 0; i < length_bytes; ++i)
    out[i] = static_cast<char>(bytes >> (8 * i) & 0xff);
  return out;
}

size_t read_length(std::string_view in) {
  size_t out = 0;
  for (size_t i = 0; i < length_bytes; ++i)
    out |= size_t{static_cast<unsigned char>(in[i])} << (8 * i);
  return out;
}

} // namespace

// -- sender -------------------------------------------------------------------

bool stream_sender::push(std::string item) {
  if (item.empty() || item.size() > limits_.item_bytes_max)
    return false;
  item.insert(0, length_of(item.size()));
  bytes_ += item.size();
  items_.push_back(std::move(item));
  return true;
}

/// @returns false if there is nothing to say.
bool stream_sender::cut(sent_block& out) {
  size_t begun = 0;
  while (next_item_ < items_.size()
         && out.payload.size() < limits_.block_bytes_max
         && begun < limits_.block_items_max) {
    const auto& item = items_[next_item_];
    const auto n = std::min(item.size() - next_byte_,
                            limits_.block_bytes_max - out.payload.size());
    out.payload.append(item, next_byte_, n);
    next_byte_ += n;
    ++begun;
    if (next_byte_ < item.size())
      break;
    ++out.items_ended;
    ++next_item_;
    next_byte_ = 0;
  }
  return begun != 0;
}

void stream_sender::flush(const send_block& send) {
  while (next_number_ <= granted_ && sent_.size() < limits_.window_blocks) {
    sent_block x;
    x.number = next_number_;
    if (!cut(x))
      return;
    ++next_number_;
    sent_.push_back(std::move(x));
    send(sent_.back().number, sent_.back().payload);
  }
}

void stream_sender::resend(const send_block& send) const {
  for (const auto& x : sent_)
    send(x.number, x.payload);
}

bool stream_sender::on_signal(uint64_t received, uint64_t granted) {
  if (received >= next_number_)
    return false;
  granted_ = std::max(granted_, granted);
  acknowledged_ = std::max(acknowledged_, received);
  while (!sent_.empty() && sent_.front().number <= received) {
    next_item_ -= sent_.front().items_ended;
    for (size_t i = 0; i < sent_.front().items_ended; ++i) {
      bytes_ -= items_.front().size();
      items_.pop_front();
    }
    sent_.pop_front();
  }
  return true;
}

void stream_sender::restart(
  const std::function<bool(std::string_view item)>& keep) {
  std::erase_if(items_, [&](const std::string& x) {
    return !keep(std::string_view{x}.substr(length_bytes));
  });
  bytes_ = 0;
  for (const auto& x : items_)
    bytes_ += x.size();
  sent_.clear();
  next_item_ = 0;
  next_byte_ = 0;
  next_number_ = 1;
  acknowledged_ = 0;
  granted_ = 0;
}

void stream_sender::clear() {
  restart([](std::string_view) { return false; });
}

// -- receiver -----------------------------------------------------------------

stream_receiver::verdict
stream_receiver::take(uint64_t number, std::string_view payload,
                      const std::function<void(std::string_view)>& item) {
  if (number != received_ + 1)
    return verdict::old;
  open_.append(payload);
  size_t at = 0;
  std::vector<std::pair<size_t, size_t>> found;
  while (open_.size() - at >= length_bytes) {
    const auto n = read_length(std::string_view{open_}.substr(at));
    if (n == 0 || n > limits_.item_bytes_max)
      return verdict::broken;
    if (open_.size() - at - length_bytes < n)
      break;
    found.emplace_back(at + length_bytes, n);
    at += length_bytes + n;
  }
  ++received_;
  // Who takes them may clear this meanwhile.
  const auto whole = found.empty() ? std::string{} : std::exchange(open_, {});
  if (!found.empty())
    open_ = whole.substr(at);
  for (const auto& [begin, n] : found)
    item(std::string_view{whole}.substr(begin, n));
  return verdict::taken;
}

void stream_receiver::clear() {
  open_.clear();
  received_ = 0;
}

} // namespace quaero
