#pragma once

#include "definitions/json.hpp"
#include "tests/support/http_client.hpp"

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

/// Clients of the live streams. One thread at a time each; they block as long
/// as http_client does, then throw.
namespace quaero::test {

/// Throws if `text` is no JSON.
inline value parsed(const std::string& text) {
  value out;
  std::string error;
  if (!parse_json(text, out, error))
    throw std::runtime_error(error + " in " + text);
  return out;
}

/// A WebSocket at /ws. Frames that the server joined are taken apart.
class socket_client {
public:
  /// Throws if it is not let in.
  explicit socket_client(uint16_t port) : line_{port} {
    auto reply
      = line_.request_head("GET", "/ws",
                           {{"Upgrade", "websocket"},
                            {"Connection", "Upgrade"},
                            {"Sec-WebSocket-Version", "13"},
                            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
    if (reply.status != 101)
      throw std::runtime_error("refused with " + std::to_string(reply.status));
  }

  void send(const std::string& text) { send_frame('\x81', text); }

  /// The next message; nothing when the server has closed, see `close_code`.
  std::optional<value> next() {
    while (waiting_.empty())
      if (!read_frame())
        return std::nullopt;
    auto out = std::move(waiting_.front());
    waiting_.pop_front();
    return out;
  }

  /// The next message of that type; others are dropped.
  value next(const std::string& type) {
    while (auto x = next())
      if (x->get_string("type") == type)
        return *x;
    throw std::runtime_error("closed before a message of type " + type);
  }

  int close_code = 0;
  size_t frames = 0;

private:
  void send_frame(char head, const std::string& payload) {
    std::string out{head};
    const auto n = payload.size();
    if (n < 126) {
      out += static_cast<char>(0x80 | n);
    } else {
      out += static_cast<char>(0x80 | 126);
      out += static_cast<char>(n >> 8);
      out += static_cast<char>(n);
    }
    line_.send(out + std::string(4, '\0') + payload); // a mask of zeros
  }

  uint64_t read_number(size_t bytes) {
    std::string text;
    line_.read_exactly(bytes, text);
    uint64_t out = 0;
    for (char c : text)
      out = out << 8 | static_cast<unsigned char>(c);
    return text.size() == bytes ? out : 0;
  }

  bool read_frame() {
    std::string head;
    line_.read_exactly(2, head);
    if (head.size() != 2)
      return false;
    uint64_t n = static_cast<unsigned char>(head[1]) & 127;
    if (n == 126)
      n = read_number(2);
    else if (n == 127)
      n = read_number(8);
    std::string payload;
    line_.read_exactly(n, payload);
    switch (head[0] & 15) {
      case 1:
        take(parsed(payload));
        return true;
      case 9:
        send_frame('\x8A', payload);
        return true;
      case 8:
        if (payload.size() >= 2)
          close_code = static_cast<unsigned char>(payload[0]) * 256
                       + static_cast<unsigned char>(payload[1]);
        return false;
      default:
        return true;
    }
  }

  void take(value frame) {
    ++frames;
    if (!frame.is_array()) {
      waiting_.push_back(std::move(frame));
      return;
    }
    for (auto& x : frame.as_array())
      waiting_.push_back(std::move(x));
  }

  http_client line_;
  std::deque<value> waiting_;
};

/// A stream of server-sent events.
class event_client {
public:
  struct event {
    std::string name;
    std::string id;
    value data;
  };

  event_client(uint16_t port, const std::string& target,
               const std::string& last_id = {})
    : line_{port} {
    http_client::fields extra;
    if (!last_id.empty())
      extra.emplace_back("Last-Event-ID", last_id);
    head = line_.request_head("GET", target, extra);
  }

  /// The next event; nothing at the end.
  std::optional<event> next() {
    size_t end = 0;
    while ((end = text_.find("\n\n")) == std::string::npos)
      if (!line_.read_chunk(text_))
        return std::nullopt;
    event out;
    std::string_view part{text_.data(), end + 1};
    while (!part.empty()) {
      const auto line = part.substr(0, part.find('\n'));
      part.remove_prefix(line.size() + 1);
      if (line.starts_with("event: "))
        out.name = line.substr(7);
      else if (line.starts_with("id: "))
        out.id = line.substr(4);
      else if (line.starts_with("data: "))
        out.data = parsed(std::string{line.substr(6)});
      else if (line.starts_with("retry: "))
        retry = line.substr(7);
    }
    text_.erase(0, end + 2);
    return out.name.empty() ? next() : out;
  }

  event next(const std::string& name) {
    while (auto x = next())
      if (x->name == name)
        return *x;
    throw std::runtime_error("the stream ended before an event " + name);
  }

  http_reply head;
  std::string retry;

private:
  http_client line_;
  std::string text_;
};

} // namespace quaero::test
