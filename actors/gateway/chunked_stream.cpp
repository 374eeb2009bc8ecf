#include "actors/gateway/chunked_stream.hpp"

#include <charconv>
#include <utility>

namespace quaero {

namespace {

std::string chunk_head(size_t size) {
  char digits[16];
  auto end = std::to_chars(digits, digits + sizeof(digits), size, 16).ptr;
  return std::string{digits, end} + "\r\n";
}

} // namespace

chunked_stream::chunked_stream(std::weak_ptr<wire> out, limits bounds,
                               bool chunked, bool reusable)
  : out_{std::move(out)}, limits_{bounds}, chunked_{chunked}, reusable_{
                                                                reusable
                                                                && chunked} {}

bool chunked_stream::write(std::shared_ptr<const std::string> piece) {
  auto out = out_.lock();
  if (!out)
    return false;
  if (piece->empty())
    return true;
  if (out->unsent() + piece->size() > limits_.bytes_max) {
    refused_ = true;
    return false;
  }
  if (out->unsent() == 0)
    out->expire_in(limits_.write_timeout);
  auto head = chunked_ ? chunk_head(piece->size()) : std::string{};
  out->push({std::move(head), {}, std::move(piece), chunked_ ? "\r\n" : ""});
  return true;
}

size_t chunked_stream::buffered() const {
  auto out = out_.lock();
  return out ? out->unsent() : 0;
}

void chunked_stream::close() {
  on_drained = nullptr;
  on_closed = nullptr;
  end();
}

void chunked_stream::on_drain() {
  end();
  on_gone();
}

// Without its last chunk a client sees that the answer is not whole.
void chunked_stream::cut() {
  if (auto out = std::exchange(out_, {}).lock())
    out->cut();
  on_gone();
}

void chunked_stream::on_sent() {
  auto out = out_.lock();
  if (!out)
    return;
  const auto unsent = out->unsent();
  out->expire_in(unsent == 0 ? std::chrono::milliseconds::max()
                             : limits_.write_timeout);
  if (refused_ && unsent <= limits_.bytes_max / 2) {
    refused_ = false;
    if (on_drained)
      on_drained();
  }
}

void chunked_stream::on_gone() {
  out_.reset();
  on_drained = nullptr;
  if (auto tell = std::exchange(on_closed, nullptr))
    tell();
}

void chunked_stream::end() {
  auto out = std::exchange(out_, {}).lock();
  if (!out)
    return;
  if (chunked_)
    out->push({{}, {}, {}, "0\r\n\r\n"});
  out->release(reusable_);
}

} // namespace quaero
