#include "bench/live.hpp"

#include "actors/gateway/gateway.hpp"
#include "actors/gateway/runtime_actors.hpp"
#include "actors/runtime.hpp"
#include "bench/harness.hpp"
#include "storage/tables.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

namespace quaero::bench {

namespace {

double cpu_seconds(clockid_t of) {
  timespec t{};
  clock_gettime(of, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// A WebSocket that looks for the numbers of lines and nothing else.
class client {
public:
  client(uint16_t port, std::string run) : run_{std::move(run)} {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0)
      throw std::runtime_error{"cannot connect"};
    write_all("GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    while (in_.find("\r\n\r\n") == std::string::npos)
      read();
    in_.erase(0, in_.find("\r\n\r\n") + 4);
    subscribe();
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { close(fd_); }

  int fd() const { return fd_; }

  /// Reads what is there and takes it apart.
  void on_readable() {
    read();
    size_t at = 0;
    while (take_frame(at)) {
      // The next one.
    }
    in_.erase(0, at);
  }

  uint64_t seen = 0;
  uint64_t frames = 0;
  uint64_t resumed = 0;
  bool in_order = true;

private:
  void write_all(const std::string& x) {
    if (send(fd_, x.data(), x.size(), MSG_NOSIGNAL)
        != static_cast<ssize_t>(x.size()))
      throw std::runtime_error{"cannot send"};
  }

  void subscribe() {
    const auto text = R"({"type":"subscribe","types":["job_log"],"after":)"
                      + std::to_string(seen) + R"(,"run":")" + run_ + "\"}";
    std::string frame{'\x81', static_cast<char>(0x80 | text.size())};
    if (text.size() > 125)
      throw std::logic_error{"a long subscription"};
    write_all(frame + std::string(4, '\0') + text);
  }

  void read() {
    char buffer[256 * 1024];
    const auto n = recv(fd_, buffer, sizeof(buffer), 0);
    if (n <= 0)
      throw std::runtime_error{"a client was cut"};
    in_.append(buffer, static_cast<size_t>(n));
  }

  bool take_frame(size_t& at) {
    const auto* p = reinterpret_cast<const unsigned char*>(in_.data()) + at;
    const auto left = in_.size() - at;
    if (left < 2)
      return false;
    uint64_t size = p[1] & 127;
    size_t head = 2;
    if (size > 125) {
      const size_t bytes = size == 126 ? 2 : 8;
      head += bytes;
      if (left < head)
        return false;
      size = 0;
      for (size_t i = 0; i < bytes; ++i)
        size = size << 8 | p[2 + i];
    }
    if (left < head + size)
      return false;
    take({in_.data() + at + head, size});
    at += head + size;
    return true;
  }

  void take(std::string_view frame) {
    ++frames;
    constexpr std::string_view mark = "\"seq\":";
    for (size_t i = 0; (i = frame.find(mark, i)) != std::string_view::npos;) {
      i += mark.size();
      uint64_t number = 0;
      while (i < frame.size() && frame[i] >= '0' && frame[i] <= '9')
        number = number * 10 + static_cast<uint64_t>(frame[i++] - '0');
      in_order = in_order && number == seen + 1;
      seen = number;
    }
    if (frame.find("\"type\":\"resume\"") == std::string_view::npos)
      return;
    ++resumed;
    subscribe();
  }

  std::string run_;
  int fd_ = -1;
  std::string in_;
};

/// A run to say something in.
queue_job make_run(runtime& rt, caf::scoped_actor& self, id_generator& ids) {
  queue_job run;
  run.id = run.manager_id = ids.next();
  run.type = manager_job_type;
  auto x = std::make_shared<commit>();
  storage::put_job(x->ops, run);
  self->request(rt.collector, caf::infinite, atom::commit_v, x)
    .receive(
      [] {},
      [](const caf::error& e) { throw std::runtime_error{message_of(e)}; });
  return run;
}

/// Says all lines at their pace, a hundredth of a second at a time.
void say_all(runtime& rt, const job_id& run, const live_bench_config& how) {
  const auto begin = clock::now();
  const uint64_t all = uint64_t{how.lines_per_s} * how.seconds;
  for (uint64_t said = 0; said < all;) {
    const auto now = clock::now();
    const auto due = std::min<uint64_t>(
      all,
      static_cast<uint64_t>(std::chrono::duration<double>(now - begin).count()
                            * how.lines_per_s)
        + 1);
    auto x = std::make_shared<commit>();
    x->level = durability::buffered;
    for (; said < due; ++said)
      x->lines.push_back({run, run, run, log_level::info, log_origin::worker,
                          system_wall_clock().now(),
                          "Fetched page " + std::to_string(said)
                            + " of the site, 200 OK, 14233 bytes"});
    if (!x->lines.empty())
      caf::anon_send(rt.collector, atom::commit_v, std::move(x));
    std::this_thread::sleep_until(now + std::chrono::milliseconds{10});
  }
}

struct played {
  clock::time_point end;
  double cpu = 0; ///< Seconds.
};

played play(std::vector<std::unique_ptr<client>>& clients, uint64_t lines) {
  std::vector<pollfd> polled;
  for (const auto& x : clients)
    polled.push_back({x->fd(), POLLIN, 0});
  for (size_t open = clients.size(); open > 0;) {
    constexpr int patience_ms = 1000;
    poll(polled.data(), polled.size(), patience_ms);
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0)
        continue;
      clients[i]->on_readable();
      if (clients[i]->seen >= lines) {
        polled[i].fd = -1;
        --open;
      }
    }
  }
  return {clock::now(), cpu_seconds(CLOCK_THREAD_CPUTIME_ID)};
}

} // namespace

live_bench_result run_live(const live_bench_config& how) {
  const auto dir = how.dir + "/live";
  auto db = make_database(dir);
  live_bench_result out;
  {
    actors_config config{how.threads};
    caf::actor_system system{config};
    runtime rt{
      system,
      {},
      db,
      1,
      system_wall_clock(),
      [](std::string_view) { return std::nullopt; },
      [](const worker_environment&) { return std::vector<worker_kind>{}; }};
    gateway server;
    gateway_config listen;
    listen.port = 0;
    auto port = server.start(system, listen, gateway_actors_of(rt));
    if (!port)
      throw std::runtime_error{message_of(port.error())};
    caf::scoped_actor self{system};
    id_generator ids{system_wall_clock(), 1};
    const auto run = make_run(rt, self, ids);
    std::vector<std::unique_ptr<client>> clients;
    for (uint32_t i = 0; i < how.clients; ++i)
      clients.push_back(std::make_unique<client>(*port, to_string(run.id)));
    out.lines = uint64_t{how.lines_per_s} * how.seconds;
    played ended;
    const auto cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    const auto begin = clock::now();
    std::thread players{[&] { ended = play(clients, out.lines); }};
    say_all(rt, run.id, how);
    const auto said = clock::now();
    players.join();
    const auto took = std::chrono::duration<double>(ended.end - begin);
    out.seconds = took.count();
    out.behind_ms
      = std::chrono::duration<double, std::milli>(ended.end - said).count();
    out.lines_per_s = static_cast<double>(out.lines) / out.seconds;
    out.server_cores
      = (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu - ended.cpu) / out.seconds;
    out.exact = true;
    for (const auto& x : clients) {
      out.exact = out.exact && x->in_order && x->seen == out.lines;
      out.frames += x->frames;
      out.resumed += x->resumed;
    }
    server.stop();
  }
  db.reset();
  std::filesystem::remove_all(dir);
  return out;
}

} // namespace quaero::bench
