#include "tests/support/packet_line.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <random>
#include <sched.h>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

namespace quaero::test {

namespace {

using clock = std::chrono::steady_clock;

constexpr size_t packet_bytes_max = 2048;
constexpr size_t packets_max = 10'000; ///< On their way; more are lost.

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

int network_of_this_thread() {
  const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    fail("/proc/thread-self/ns/net");
  return fd;
}

void write_file(const char* path, const std::string& text) {
  std::ofstream{path} << text;
}

// Who is not root becomes it for networks of its own.
void leave_the_network() {
  const auto user = ::getuid();
  const auto group = ::getgid();
  if (::unshare(CLONE_NEWNET) == 0)
    return;
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    fail("no network of its own");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

void set_address(ifreq& x, const std::string& text) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  ::inet_pton(AF_INET, text.c_str(), &to.sin_addr);
  std::memcpy(&x.ifr_addr, &to, sizeof(to));
}

void set_up(int socket, ifreq& x) {
  x.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket, SIOCSIFFLAGS, &x) != 0)
    fail("a device does not start");
}

/// Makes the end of the line in the network of this thread.
int make_end(const char* address) {
  const int tun = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (tun < 0)
    fail("/dev/net/tun");
  ifreq x{};
  std::strncpy(x.ifr_name, "line0", IFNAMSIZ - 1);
  x.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(tun, TUNSETIFF, &x) != 0)
    fail("no device for packets");
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  set_address(x, address);
  if (::ioctl(socket, SIOCSIFADDR, &x) != 0)
    fail("no address");
  set_address(x, "255.255.255.0");
  if (::ioctl(socket, SIOCSIFNETMASK, &x) != 0)
    fail("no network");
  set_up(socket, x);
  ifreq loopback{};
  std::strncpy(loopback.ifr_name, "lo", IFNAMSIZ - 1);
  set_up(socket, loopback);
  ::close(socket);
  return tun;
}

struct packet {
  std::string bytes;
  clock::time_point due;
};

} // namespace

class packet_line::impl {
public:
  explicit impl(const packet_line_config& how) : how_{how}, random_{how.seed} {
    leave_the_network();
    near_ = network_of_this_thread();
    ends_[0] = make_end(near_address);
    if (::unshare(CLONE_NEWNET) != 0)
      fail("no second network");
    far_ = network_of_this_thread();
    ends_[1] = make_end(far_address);
    enter(near_);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread{[this] { pass(); }};
  }

  ~impl() {
    const uint64_t one = 1;
    if (::write(stop_, &one, sizeof(one)) == sizeof(one))
      thread_.join();
    for (int fd : {ends_[0], ends_[1], near_, far_, stop_})
      ::close(fd);
  }

  void far(const std::function<void()>& f) const {
    enter(far_);
    try {
      f();
    } catch (...) {
      enter(near_);
      throw;
    }
    enter(near_);
  }

  std::atomic<uint64_t> passed{0};
  std::atomic<uint64_t> lost{0};

private:
  static void enter(int network) {
    if (::setns(network, CLONE_NEWNET) != 0)
      fail("the other network");
  }

  void pass() {
    for (;;) {
      std::array<pollfd, 3> on{
        {{ends_[0], POLLIN, 0}, {ends_[1], POLLIN, 0}, {stop_, POLLIN, 0}}};
      ::poll(on.data(), on.size(), wait_ms());
      if (on[2].revents != 0)
        return;
      for (size_t i : {0, 1}) {
        take(i);
        deliver(i);
      }
    }
  }

  int wait_ms() const {
    auto next = clock::now() + std::chrono::seconds{1};
    for (const auto& x : waiting_)
      if (!x.empty())
        next = std::min(next, x.front().due);
    const auto left
      = std::chrono::ceil<std::chrono::milliseconds>(next - clock::now());
    return std::max<int>(0, static_cast<int>(left.count()));
  }

  void take(size_t from) {
    std::array<char, packet_bytes_max> bytes;
    for (;;) {
      const auto n = ::read(ends_[from], bytes.data(), bytes.size());
      if (n <= 0)
        return;
      if (random_() % 100 < how_.loss_percent
          || waiting_[from].size() >= packets_max) {
        ++lost;
        continue;
      }
      waiting_[from].push_back(
        {{bytes.data(), static_cast<size_t>(n)}, clock::now() + how_.delay});
    }
  }

  void deliver(size_t from) {
    auto& all = waiting_[from];
    for (; !all.empty() && all.front().due <= clock::now(); all.pop_front()) {
      const auto& x = all.front().bytes;
      if (::write(ends_[1 - from], x.data(), x.size()) > 0)
        ++passed;
    }
  }

  packet_line_config how_;
  std::mt19937_64 random_;
  int near_ = -1;
  int far_ = -1;
  int stop_ = -1;
  std::array<int, 2> ends_{-1, -1};
  std::array<std::deque<packet>, 2> waiting_;
  std::thread thread_;
};

packet_line::packet_line(std::unique_ptr<impl> x) : impl_{std::move(x)} {}

packet_line::~packet_line() = default;

std::unique_ptr<packet_line> packet_line::open(const packet_line_config& how,
                                               std::string& why) {
  try {
    return std::unique_ptr<packet_line>{
      new packet_line{std::make_unique<impl>(how)}};
  } catch (const std::runtime_error& e) {
    why = e.what();
    return nullptr;
  }
}

void packet_line::far(const std::function<void()>& f) const {
  impl_->far(f);
}

uint64_t packet_line::passed() const {
  return impl_->passed;
}

uint64_t packet_line::lost() const {
  return impl_->lost;
}

} // namespace quaero::test
