#include "bench/http_load.hpp"

#include "bench/clock.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <deque>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <stdexcept>
#include <unistd.h>

namespace quaero::bench {

namespace {

constexpr int patience_ms = 60'000;
constexpr size_t read_bytes = 256 * 1024;

double cpu_seconds() {
  rusage x{};
  getrusage(RUSAGE_THREAD, &x);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(x.ru_utime) + seconds(x.ru_stime);
}

int connect_to(const http_server& server) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto name = server.host + ":" + server.port;
  if (getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found)
      != 0)
    throw std::runtime_error{"there is no " + name};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(fd, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (!connected) {
    close(fd);
    throw std::runtime_error{"cannot connect to " + name};
  }
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/// The parts of one answer, good as long as its bytes.
struct http_answer_view {
  size_t bytes = 0; ///< 0: it is not all there.
  unsigned status = 0;
  std::string_view body;
};

http_answer_view read_answer(std::string_view in) {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  constexpr std::string_view length_field = "\r\nContent-Length: ";
  constexpr size_t status_at = std::string_view{"HTTP/1.1 "}.size();
  const auto head = in.find(end_of_head);
  if (head == std::string_view::npos)
    return {};
  http_answer_view out;
  const auto at = in.substr(0, head).find(length_field);
  if (at == std::string_view::npos)
    throw std::runtime_error{"an answer without a length"};
  size_t length = 0;
  std::from_chars(in.data() + at + length_field.size(), in.data() + head,
                  length);
  std::from_chars(in.data() + status_at, in.data() + head, out.status);
  const auto body = head + end_of_head.size();
  if (in.size() - body < length)
    return {};
  out.bytes = body + length;
  out.body = in.substr(body, length);
  return out;
}

struct sent_request {
  uint64_t number = 0;
  clock::time_point begin;
};

struct connection {
  explicit connection(const http_server& server) : fd{connect_to(server)} {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { close(fd); }

  const int fd;
  std::string_view unsent;          ///< Of the newest request.
  std::deque<sent_request> waiting; ///< For their answers.
  std::string in;                   ///< The beginning of an answer.
  bool wants_room = false;          ///< The socket took no more.
};

class load {
public:
  load(const http_load_config& how, http_load_plan& plan)
    : how_{how}, plan_{plan}, epoll_{epoll_create1(EPOLL_CLOEXEC)} {}
  load(const load&) = delete;
  load& operator=(const load&) = delete;
  ~load() { close(epoll_); }

  void connect() {
    for (uint32_t i = 0; i < how_.connections; ++i) {
      all_.push_back(std::make_unique<connection>(how_.server));
      watch(*all_.back(), EPOLL_CTL_ADD);
    }
  }

  http_load_result run() {
    const auto server_cpu = server_cpu_seconds();
    const auto cpu = cpu_seconds();
    const auto begin = begin_ = clock::now();
    end_ = begin + std::chrono::duration_cast<clock::duration>(how_.time);
    for (auto& x : all_)
      fill(*x);
    while (answered_ < started_ || is_paced())
      step();
    http_load_result out;
    out.requests = answered_;
    out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
    out.client_cores = (cpu_seconds() - cpu) / out.seconds;
    out.server_cores = (server_cpu_seconds() - server_cpu) / out.seconds;
    out.latency_ms = std::move(latency_ms_);
    std::sort(out.latency_ms.begin(), out.latency_ms.end());
    return out;
  }

private:
  double server_cpu_seconds() const {
    return how_.server_cpu_seconds ? how_.server_cpu_seconds() : 0;
  }

  void watch(connection& x, int change) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (x.wants_room)
      wanted.events |= EPOLLOUT;
    wanted.data.ptr = &x;
    epoll_ctl(epoll_, change, x.fd, &wanted);
  }

  void step() {
    std::array<epoll_event, 256> ready;
    const auto patience = time_to_next();
    const int n = epoll_pwait2(
      epoll_, ready.data(), static_cast<int>(ready.size()), &patience, nullptr);
    if (n < 0 && errno == EINTR)
      return;
    if (n == 0 && is_paced()) {
      send_due();
      return;
    }
    if (n <= 0)
      throw std::runtime_error{"the server said nothing for too long"};
    for (int i = 0; i < n; ++i) {
      auto& x = *static_cast<connection*>(ready[i].data.ptr);
      if ((ready[i].events & ~EPOLLOUT) != 0)
        receive(x);
      fill(x);
    }
  }

  /// Whether a request has yet to come to its moment.
  bool is_paced() const {
    return how_.rate > 0 && started_ < how_.requests && due() < end_;
  }

  /// The moment of the next request.
  clock::time_point due() const {
    return begin_
           + std::chrono::duration_cast<clock::duration>(
             std::chrono::duration<double>{static_cast<double>(started_)
                                           / how_.rate});
  }

  timespec time_to_next() const {
    const std::chrono::milliseconds most{patience_ms};
    auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(most);
    if (is_paced() && has_room())
      wait = std::max(std::chrono::nanoseconds{0},
                      std::chrono::nanoseconds{due() - clock::now()});
    constexpr int64_t second = 1'000'000'000;
    return {wait.count() / second, wait.count() % second};
  }

  bool has_room() const {
    return std::any_of(all_.begin(), all_.end(), [this](const auto& x) {
      return x->waiting.size() < how_.in_flight && x->unsent.empty();
    });
  }

  /// Gives what is due to those that have the most room.
  void send_due() {
    std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
      return a->waiting.size() < b->waiting.size();
    });
    for (auto& x : all_)
      fill(*x);
  }

  /// Sends as much as may be under way and as the socket takes.
  void fill(connection& x) {
    for (;;) {
      if (!x.unsent.empty() && !flush(x))
        break;
      if (x.waiting.size() >= how_.in_flight || started_ >= how_.requests)
        break;
      const auto now = clock::now();
      const auto moment = how_.rate > 0 ? due() : now;
      if (now >= end_ || now < moment)
        break;
      x.unsent = plan_.request(started_);
      x.waiting.push_back({started_++, moment});
    }
    if (x.wants_room == x.unsent.empty()) {
      x.wants_room = !x.wants_room;
      watch(x, EPOLL_CTL_MOD);
    }
  }

  /// @returns whether all of the request is sent.
  bool flush(connection& x) {
    const auto n = send(x.fd, x.unsent.data(), x.unsent.size(), MSG_NOSIGNAL);
    if (n >= 0)
      x.unsent.remove_prefix(static_cast<size_t>(n));
    else if (errno != EAGAIN && errno != EINTR)
      throw std::runtime_error{"the server cut a connection"};
    return x.unsent.empty();
  }

  void receive(connection& x) {
    const auto n = recv(x.fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n <= 0)
      throw std::runtime_error{"the server cut a connection"};
    std::string_view bytes{buffer_.data(), static_cast<size_t>(n)};
    // Most answers come whole, and need not be copied.
    if (!x.in.empty()) {
      x.in += bytes;
      bytes = x.in;
    }
    while (const auto used = take_answer(x, bytes))
      bytes.remove_prefix(used);
    x.in = std::string{bytes};
  }

  /// @returns the bytes of the answer, 0 if it is not all there.
  size_t take_answer(connection& x, std::string_view bytes) {
    const auto found = read_answer(bytes);
    if (found.bytes == 0)
      return 0;
    if (x.waiting.empty())
      throw std::runtime_error{"an answer that nobody asked for"};
    const auto request = x.waiting.front();
    x.waiting.pop_front();
    ++answered_;
    latency_ms_.push_back(
      std::chrono::duration<double, std::milli>(clock::now() - request.begin)
        .count());
    plan_.on_answer(request.number, found.status, found.body);
    return found.bytes;
  }

  const http_load_config& how_;
  http_load_plan& plan_;
  const int epoll_;
  std::vector<std::unique_ptr<connection>> all_;
  std::vector<char> buffer_ = std::vector<char>(read_bytes);
  std::vector<double> latency_ms_;
  uint64_t started_ = 0;
  uint64_t answered_ = 0;
  clock::time_point begin_;
  clock::time_point end_;
};

} // namespace

http_server parse_server(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  auto rest = text;
  if (rest.starts_with(scheme))
    rest.remove_prefix(scheme.size());
  if (rest.ends_with('/'))
    rest.remove_suffix(1);
  const auto colon = rest.find(':');
  if (colon == 0 || colon == std::string_view::npos
      || rest.find_first_not_of("0123456789", colon + 1)
           != std::string_view::npos
      || colon + 1 == rest.size())
    throw std::runtime_error{"'" + std::string{text}
                             + "' is not http://HOST:PORT"};
  return {std::string{rest.substr(0, colon)},
          std::string{rest.substr(colon + 1)}};
}

double time_at(const std::vector<double>& sorted, double share) {
  if (sorted.empty())
    return 0;
  const auto last = sorted.size() - 1;
  return sorted[static_cast<size_t>(static_cast<double>(last) * share)];
}

http_load_result run_load(const http_load_config& how, http_load_plan& plan) {
  load x{how, plan};
  x.connect();
  return x.run();
}

} // namespace quaero::bench
