#include "tests/nodes/nodes_fixture.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <unistd.h>

namespace quaero::test {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

std::string number(uint64_t x, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;)
    out += static_cast<char>(x >> (8 * i) & 255);
  return out;
}

// A hub that does not close would hang a test for ever.
void limit(tcp::socket& socket) {
  timeval wait{10, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &wait,
               sizeof(wait));
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &wait,
               sizeof(wait));
}

} // namespace

folder::folder() {
  path_ = std::filesystem::temp_directory_path() / "quaero_nodes_XXXXXX";
  BOOST_REQUIRE(::mkdtemp(path_.data()) != nullptr);
}

folder::~folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string folder::path(const std::string& name) const {
  return path_ + "/" + name;
}

void event_list::add(std::string x) {
  std::lock_guard lock{guard_};
  all_.push_back(std::move(x));
  changed_.notify_all();
}

std::string event_list::next() {
  std::unique_lock lock{guard_};
  if (!changed_.wait_for(lock, 10s, [&] { return !all_.empty(); }))
    return "nothing";
  auto out = std::move(all_.front());
  all_.pop_front();
  return out;
}

caf_node process_id(uint32_t number_) {
  const auto text
    = number(0x3E9AAB9BAC79ULL, 8) + number(number_, 4) + std::string(20, 'h');
  caf_node out{};
  std::memcpy(out.data(), text.data(), out.size());
  return out;
}

taken_sockets::~taken_sockets() {
  for (auto fd : all_)
    ::close(fd);
}

void taken_sockets::attach(int socket, const caf_node&,
                           std::function<void(end_verdict)> done) {
  if (busy-- > 0)
    return done(end_verdict::busy);
  {
    std::lock_guard lock{guard_};
    all_.push_back(socket);
    changed_.notify_all();
  }
  done(end_verdict::taken);
}

int taken_sockets::take() {
  std::unique_lock lock{guard_};
  if (!changed_.wait_for(lock, 10s, [&] { return !all_.empty(); }))
    return -1;
  auto out = all_.front();
  all_.pop_front();
  timeval wait{10, 0};
  ::setsockopt(out, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  return out;
}

identity join(authority& by, const std::string& node) {
  identity out;
  out.key = make_key();
  auto token = by.invite(node, {"noop"});
  BOOST_REQUIRE(token);
  auto issued
    = by.redeem(read_invitation(*token)->secret, make_request(out.key, node));
  BOOST_REQUIRE(issued);
  out.certificate = issued->certificate;
  return out;
}

// -- peers --------------------------------------------------------------------

raw_peer::raw_peer(uint16_t port, const tls_wish& wish)
  : context_{ssl::context::tls_client},
    stream_{[&] {
              auto* raw = context_.native_handle();
              SSL_CTX_set_security_level(raw, 0);
              if (wish.own != nullptr) {
                context_.use_certificate(asio::buffer(wish.own->certificate),
                                         ssl::context::pem);
                context_.use_private_key(asio::buffer(wish.own->key),
                                         ssl::context::pem);
              }
              if (wish.version_max != 0) {
                SSL_CTX_set_cipher_list(raw, "ALL:@SECLEVEL=0");
                SSL_CTX_set_min_proto_version(raw, 0);
                SSL_CTX_set_max_proto_version(raw, wish.version_max);
              }
              return tcp::socket{io_};
            }(),
            context_} {
  if (!wish.protocol.empty()) {
    auto names = static_cast<char>(wish.protocol.size()) + wish.protocol;
    SSL_set_alpn_protos(stream_.native_handle(),
                        reinterpret_cast<const unsigned char*>(names.data()),
                        static_cast<unsigned>(names.size()));
  }
  stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
  limit(stream_.next_layer());
}

std::string raw_peer::handshake() {
  error_code failed;
  stream_.handshake(ssl::stream_base::client, failed);
  return failed ? failed.message() : "";
}

std::string raw_peer::peer_certificate() {
  auto* x = SSL_get0_peer_certificate(stream_.native_handle());
  unsigned char* bytes = nullptr;
  const int size = x == nullptr ? 0 : i2d_X509(x, &bytes);
  std::string out{reinterpret_cast<char*>(bytes),
                  static_cast<size_t>(std::max(size, 0))};
  OPENSSL_free(bytes);
  return out;
}

int raw_peer::greet(uint32_t process) {
  if (!send(to_bytes(process_id(process))))
    return -1;
  auto in = receive(33);
  return in.size() == 33 ? in[0] : -1;
}

bool raw_peer::send(const std::string& bytes) {
  error_code failed;
  asio::write(stream_, asio::buffer(bytes), failed);
  return !failed;
}

std::string raw_peer::receive(size_t bytes) {
  std::string out(bytes, '\0');
  error_code failed;
  out.resize(asio::read(stream_, asio::buffer(out), failed));
  return out;
}

bool raw_peer::at_end() {
  char in[4096];
  error_code failed;
  while (!failed)
    stream_.read_some(asio::buffer(in), failed);
  return failed != asio::error::would_block && failed != asio::error::try_again;
}

void raw_peer::close() {
  error_code ignored;
  stream_.next_layer().close(ignored);
}

plain_peer::plain_peer(uint16_t port, const char* from) : socket_{io_} {
  socket_.open(tcp::v4());
  socket_.bind({asio::ip::make_address(from), 0});
  socket_.connect({asio::ip::address_v4::loopback(), port});
  limit(socket_);
}

bool plain_peer::send(const std::string& bytes) {
  error_code failed;
  asio::write(socket_, asio::buffer(bytes), failed);
  return !failed;
}

bool plain_peer::at_end() {
  char in[4096];
  error_code failed;
  while (!failed)
    socket_.read_some(asio::buffer(in), failed);
  return failed != asio::error::would_block && failed != asio::error::try_again;
}

// -- frames -------------------------------------------------------------------

std::string to_bytes(const frame& x) {
  return std::string{static_cast<char>(x.operation)} + std::string(2, '\0')
         + static_cast<char>(x.flags)
         + number(x.length == UINT64_MAX ? x.payload.size() : x.length, 4)
         + number(x.data, 8) + number(x.source, 8) + number(x.target, 8)
         + x.payload;
}

std::string to_bytes(const caf_node& x) {
  return {x.data(), x.size()};
}

std::string message_payload(const std::string& types,
                            const std::string& contents) {
  std::string length;
  for (auto n = types.size(); length.empty() || n > 0; n >>= 7)
    length += static_cast<char>((n & 127) | (n > 127 ? 128 : 0));
  return std::string(3, '\0') + length + types + contents;
}

std::string client_handshakes(uint32_t process) {
  frame x;
  x.operation = 1;
  x.payload = to_bytes(process_id(process));
  auto out = to_bytes(x);
  x.flags = 2;
  return out + to_bytes(x);
}

// -- the hub ------------------------------------------------------------------

hub_fixture::hub_fixture() {
  std::string why;
  hub = authority::open({data.path(), {}}, why);
  BOOST_REQUIRE_MESSAGE(hub, why);
  config.types = {"@<>+@u32", "@<>+@u64", "@<>+@str", "@<>+@atom"};
  config.on_open = [this](const std::string& node, const caf_node&,
                          const std::string&) { events.add("open " + node); };
  config.on_close = [this](const std::string& node, const std::string& why_,
                           bool) { events.add("close " + node + ": " + why_); };
}

hub_fixture::~hub_fixture() {
  tunnel.stop();
}

void hub_fixture::start(line_end_ptr end) {
  auto bound = tunnel.start(config, *hub, std::move(end));
  BOOST_REQUIRE(bound);
  port = *bound;
}

hub_place hub_fixture::place(const std::string& host) const {
  return {host, port};
}

// -- processes ----------------------------------------------------------------

child::child(std::function<int(child&)> body) {
  int down[2];
  int up[2];
  BOOST_REQUIRE(::pipe(down) == 0 && ::pipe(up) == 0);
  pid_ = ::fork();
  BOOST_REQUIRE(pid_ >= 0);
  const bool is_child = pid_ == 0;
  ::close(down[is_child ? 1 : 0]);
  ::close(up[is_child ? 0 : 1]);
  in_ = is_child ? down[0] : up[0];
  out_ = is_child ? up[1] : down[1];
  if (!is_child)
    return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  ::alarm(200);
  ::_exit(body(*this));
}

child::~child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(in_);
  ::close(out_);
}

void child::say(const std::string& line) {
  auto text = line + "\n";
  BOOST_REQUIRE(::write(out_, text.data(), text.size())
                == static_cast<ssize_t>(text.size()));
}

std::string child::hear() {
  for (;;) {
    if (auto end = held_.find('\n'); end != held_.npos) {
      auto out = held_.substr(0, end);
      held_.erase(0, end + 1);
      return out;
    }
    pollfd wanted{in_, POLLIN, 0};
    char in[4096];
    if (::poll(&wanted, 1, 60'000) <= 0)
      return {};
    const auto n = ::read(in_, in, sizeof(in));
    if (n <= 0)
      return {};
    held_.append(in, static_cast<size_t>(n));
  }
}

int child::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void child::kill(int signal) {
  ::kill(pid_, signal);
}

std::chrono::microseconds processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return std::chrono::seconds{used.ru_utime.tv_sec + used.ru_stime.tv_sec}
         + std::chrono::microseconds{used.ru_utime.tv_usec
                                     + used.ru_stime.tv_usec};
}

size_t descriptors() {
  size_t out = 0;
  for ([[maybe_unused]] const auto& x :
       std::filesystem::directory_iterator{"/proc/self/fd"})
    ++out;
  return out;
}

} // namespace quaero::test
