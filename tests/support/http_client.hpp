#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cctype>
#include <cerrno>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace quaero::test {

/// What a server answered.
struct http_reply {
  int status = 0; ///< 0: the connection ended before an answer.
  std::map<std::string, std::string> headers; ///< Names in lower case.
  std::string body;

  std::string header(const std::string& name) const {
    auto it = headers.find(name);
    return it == headers.end() ? std::string{} : it->second;
  }
};

/// One connection to a server on this machine. Blocks, at most `patience`
/// seconds a read; then throws. One thread at a time.
class http_client {
public:
  using fields = std::vector<std::pair<std::string, std::string>>;

  static constexpr int patience = 10;

  /// Throws if nobody listens.
  explicit http_client(uint16_t port) : port_{port} {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{patience, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
      ::close(fd_);
      throw std::runtime_error("cannot connect");
    }
  }

  ~http_client() { ::close(fd_); }

  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Sends a request, with Host and Content-Length unless `extra` has them,
  /// and reads its answer.
  http_reply request(const std::string& method, const std::string& target,
                     const std::string& body = {}, const fields& extra = {}) {
    send(head(method, target, body, extra) + body);
    return read_reply(method == "HEAD");
  }

  /// Sends a request and reads the head of its answer only.
  http_reply request_head(const std::string& method, const std::string& target,
                          const fields& extra = {}) {
    send(head(method, target, {}, extra));
    return read_head();
  }

  http_reply get(const std::string& target) { return request("GET", target); }

  /// Sends bytes as they are. What the server does not take is dropped.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0)
        return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  /// Sends nothing any more, goes on reading.
  void finish() { ::shutdown(fd_, SHUT_WR); }

  http_reply read_reply(bool no_body = false) {
    http_reply out;
    std::string line;
    if (!read_line(line) || line.size() < 12)
      return out;
    out.status = std::stoi(line.substr(9, 3));
    while (read_line(line) && !line.empty()) {
      auto colon = line.find(": ");
      if (colon != std::string::npos)
        out.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
    }
    auto length = out.header("content-length");
    if (no_body)
      return out;
    if (!length.empty())
      read_exactly(std::stoul(length), out.body);
    else if (out.header("transfer-encoding") == "chunked")
      while (read_chunk(out.body)) {
        // Reads on.
      }
    return out;
  }

  /// The head of an answer; what follows is read by read_chunk(), read_line()
  /// or read_exactly().
  http_reply read_head() { return read_reply(true); }

  /// Appends the next chunk of a long answer.
  /// @returns false if it was the last one, which is empty, or none came.
  bool read_chunk(std::string& out) {
    std::string line;
    if (!read_line(line))
      return false;
    std::string bytes;
    read_exactly(std::stoul(line, nullptr, 16), bytes);
    out += bytes;
    return read_line(line) && !bytes.empty();
  }

  /// The next line, without its end; false if there is none.
  bool read_line(std::string& out) {
    size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos)
      if (!read_more())
        return false;
    out = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return true;
  }

  /// The next `n` bytes, or fewer at the end.
  void read_exactly(size_t n, std::string& out) {
    while (buffer_.size() < n && read_more()) {
      // Reads on.
    }
    out = buffer_.substr(0, n);
    buffer_.erase(0, out.size());
  }

  /// Whether the server ends the connection without another byte.
  bool at_end() { return buffer_.empty() && !read_more(); }

private:
  std::string head(const std::string& method, const std::string& target,
                   const std::string& body, const fields& extra) const {
    auto out = method + " " + target + " HTTP/1.1\r\n";
    bool has_host = false;
    bool has_length = false;
    for (const auto& [name, val] : extra) {
      out += name + ": " + val + "\r\n";
      has_host = has_host || lower(name) == "host";
      has_length = has_length || lower(name) == "content-length";
    }
    if (!has_host)
      out += "Host: 127.0.0.1:" + std::to_string(port_) + "\r\n";
    if (!has_length && (!body.empty() || method == "POST"))
      out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return out + "\r\n";
  }

  static std::string lower(std::string x) {
    for (auto& c : x)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return x;
  }

  bool read_more() {
    char bytes[16384];
    auto n = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw std::runtime_error("the server said nothing for too long");
    if (n <= 0)
      return false;
    buffer_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  int fd_ = -1;
  uint16_t port_;
  std::string buffer_;
};

} // namespace quaero::test
