#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

namespace quaero::cli::test {

/// Answers one request on loopback; reads what came first.
class one_answer {
public:
  one_answer(std::string request_end, std::string head, size_t body_bytes)
    : request_end_{std::move(request_end)}, head_{std::move(head)},
      body_bytes_{body_bytes} {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* base = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (::bind(listener_, base, size) != 0 || ::listen(listener_, 1) != 0)
      throw std::runtime_error{"no free port"};
    ::getsockname(listener_, base, &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread{[this] { serve(); }};
  }
  ~one_answer() {
    thread_.join();
    ::close(listener_);
  }

  std::string url;
  std::string request; // to be read when the answer is there

private:
  void serve() {
    int peer = ::accept(listener_, nullptr, nullptr);
    char buffer[4096];
    while (!request.ends_with(request_end_)) {
      auto n = ::recv(peer, buffer, sizeof(buffer), 0);
      if (n <= 0)
        break;
      request.append(buffer, static_cast<size_t>(n));
    }
    ::send(peer, head_.data(), head_.size(), MSG_NOSIGNAL);
    std::string block(1 << 20, 'x');
    for (size_t sent = 0; sent < body_bytes_; sent += block.size()) {
      block.resize(std::min(block.size(), body_bytes_ - sent));
      if (::send(peer, block.data(), block.size(), MSG_NOSIGNAL) < 0)
        break;
    }
    ::close(peer);
  }

  std::string request_end_;
  std::string head_;
  size_t body_bytes_;
  int listener_;
  std::thread thread_;
};

} // namespace quaero::cli::test
