#include "actors/nodes/hub_tunnel.hpp"

#include "actors/nodes/hub_peer.hpp"
#include "actors/nodes/process_watch.hpp"
#include "actors/nodes/refusal_log.hpp"
#include "definitions/error.hpp"
#include "definitions/log.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <unistd.h>

namespace quaero {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// After a failed accept (no descriptor left), before the next.
constexpr std::chrono::milliseconds accept_pause{100};
/// Connections that are closed at once when there is no descriptor.
constexpr size_t refusals_max = 64;

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

caf::error unusable(std::string why) {
  return make_error(ec::invalid_config, std::move(why));
}

const char* name_broken_limit(const tunnel_limits& x) {
  constexpr std::chrono::milliseconds zero{0};
  const std::pair<const char*, bool> limits[] = {
    {"connections_max", x.connections_max > 0},
    {"handshakes_max", x.handshakes_max > 0},
    {"address_handshakes_max", x.address_handshakes_max > 0},
    {"handshake_timeout", x.handshake_timeout > zero},
    {"idle_timeout", x.idle_timeout > zero},
    {"write_timeout", x.write_timeout > zero},
    {"former_timeout", x.former_timeout > zero},
    {"buffer_bytes_max", x.buffer_bytes_max > 0},
    {"enrolment_bytes_max", x.enrolment_bytes_max > 0},
    {"processes_max", x.processes_max > 0},
  };
  for (const auto& [name, good] : limits)
    if (!good)
      return name;
  return nullptr;
}

} // namespace

class hub_tunnel::impl final : public peer_host {
public:
  ~impl() override { stop(); }

  caf::expected<uint16_t> start(hub_tunnel_config config, authority& by,
                                line_end_ptr end);
  void stop();
  void cut(const std::string& node, const std::string& why);
  hub_tunnel_counts counts() const;

  // -- peer_host --------------------------------------------------------------

  const std::shared_ptr<asio::io_context>& io() override { return io_; }
  const hub_tunnel_config& config() const override { return config_; }
  authority& by() override { return *by_; }
  line_end& end() override { return *end_; }
  welcome admit(hub_peer& peer) override;
  void opened(hub_peer& peer) override;
  void joined(const hub_peer& peer, const std::string& node) override;
  void closed(hub_peer& peer, const std::string& why) override;

private:
  caf::error bind();
  void run();
  void accept();
  void add(tcp::socket socket);
  void refuse_waiting();
  void close_all();
  void count();
  caf::error load_certificate();
  void renew_certificate();

  std::shared_ptr<asio::io_context> io_ = std::make_shared<asio::io_context>(1);
  tcp::acceptor acceptor_{*io_};
  asio::steady_timer pause_{*io_};
  asio::steady_timer renewal_{*io_};
  hub_tunnel_config config_;
  authority* by_ = nullptr;
  line_end_ptr end_;
  std::string shown_; ///< The certificate of `context_`.
  tls_context_ptr context_;
  std::set<hub_peer_ptr> peers_;
  process_watch processes_;
  std::map<std::string, hub_peer*> nodes_; ///< Admitted ones, by name.
  std::optional<refusal_log> refusals_;
  int spare_ = -1; ///< A descriptor to give up when there is no other.
  bool stopping_ = false;
  std::thread thread_;

  std::atomic<uint64_t> open_{0};
  std::atomic<uint64_t> handshakes_{0};
  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> accept_failures_{0};
};

// -- begin and end ------------------------------------------------------------

caf::expected<uint16_t> hub_tunnel::impl::start(hub_tunnel_config config,
                                                authority& by,
                                                line_end_ptr end) {
  if (const auto* name = name_broken_limit(config.limits))
    return unusable("nodes: " + std::string{name} + " is out of range");
  if (!end)
    return unusable("nodes: this process has no part for them");
  config_ = std::move(config);
  by_ = &by;
  end_ = std::move(end);
  refusals_.emplace(config_.limits.refusals_logged_max);
  processes_ = process_watch{config_.limits.processes_max,
                             std::chrono::steady_clock::now()};
  if (auto e = load_certificate())
    return e;
  if (auto e = bind())
    return e;
  error_code ignored;
  const auto port = acceptor_.local_endpoint(ignored).port();
  spare_ = open_spare();
  accept();
  renew_certificate();
  thread_ = std::thread{[this] { run(); }};
  return port;
}

caf::error hub_tunnel::impl::load_certificate() {
  const auto hub = by_->hub();
  auto made = make_hub_context(
    hub, by_->certificate(),
    [by = by_](const std::string& node, const std::string& serial) {
      return by->check(node, serial);
    });
  if (!made)
    return unusable("nodes: the hub's certificate cannot be used");
  context_ = std::move(made);
  shown_ = hub.certificate;
  return {};
}

// Connections that are there keep what they were shown.
void hub_tunnel::impl::renew_certificate() {
  renewal_.expires_after(config_.renewal_interval);
  renewal_.async_wait([this](error_code stopped) {
    if (stopped || stopping_)
      return;
    auto why = by_->renew_hub();
    if (why.empty() && by_->hub().certificate != shown_) {
      if (auto e = load_certificate())
        why = message_of(e);
      else
        log::info("nodes.certificate_renewed", {});
    }
    if (!why.empty())
      log::error("nodes.certificate_not_renewed", {{"error", why}});
    renew_certificate();
  });
}

caf::error hub_tunnel::impl::bind() {
  error_code failed;
  const auto address = asio::ip::make_address(config_.address, failed);
  if (failed)
    return unusable("nodes: '" + config_.address + "' is no IP address");
  const tcp::endpoint at{address, config_.port};
  acceptor_.open(at.protocol(), failed);
  if (!failed)
    acceptor_.set_option(tcp::acceptor::reuse_address{true}, failed);
  if (!failed)
    acceptor_.bind(at, failed);
  if (!failed)
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed)
    return unusable("nodes: cannot listen on " + config_.address + ":"
                    + std::to_string(config_.port) + ": " + failed.message());
  return {};
}

void hub_tunnel::impl::run() {
  for (;;) {
    try {
      io_->run();
      return;
    } catch (const std::exception& e) {
      log::error("nodes.tunnel_failed", {{"error", e.what()}});
    }
  }
}

void hub_tunnel::impl::stop() {
  if (thread_.joinable()) {
    asio::post(*io_, [this] { close_all(); });
    thread_.join();
  }
  if (spare_ >= 0)
    ::close(std::exchange(spare_, -1));
  end_ = nullptr;
}

void hub_tunnel::impl::close_all() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  renewal_.cancel();
  auto all = peers_; // One that closes leaves the set.
  for (const auto& x : all)
    x->close("the hub ends");
}

// -- accepting ----------------------------------------------------------------

void hub_tunnel::impl::accept() {
  acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
    if (stopping_)
      return;
    if (!failed) {
      add(std::move(socket));
      return accept();
    }
    ++accept_failures_;
    if (failed == asio::error::no_descriptors)
      refuse_waiting();
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](error_code stopped) {
      if (!stopped && !stopping_)
        accept();
    });
  });
}

// With no descriptor left, connections would wait for an answer that nobody can
// give. One is kept back to accept and close them with.
void hub_tunnel::impl::refuse_waiting() {
  if (refusals_->take())
    log::warn("nodes.no_descriptors", {{"peers", peers_.size()}});
  if (spare_ >= 0) {
    ::close(spare_);
    error_code failed;
    acceptor_.non_blocking(true, failed);
    for (size_t i = 0; i < refusals_max && !failed; ++i) {
      acceptor_.accept(failed).close(failed);
      refused_ += failed ? 0 : 1;
    }
  }
  spare_ = open_spare();
}

void hub_tunnel::impl::add(tcp::socket socket) {
  ++accepted_;
  auto peer = std::make_shared<hub_peer>(std::move(socket), context_, *this);
  const auto& limits = config_.limits;
  const auto beside
    = std::count_if(peers_.begin(), peers_.end(), [&](const hub_peer_ptr& x) {
        return !x->is_open() && x->remote() == peer->remote();
      });
  if (handshakes_ >= limits.handshakes_max
      || static_cast<size_t>(beside) >= limits.address_handshakes_max) {
    ++refused_;
    if (refusals_->take())
      log::warn("node.refused", {{"reason", "too many peers are not nodes yet"},
                                 {"address", peer->remote()},
                                 {"not_logged", refusals_->left_out()}});
    return; // Closes it.
  }
  peers_.insert(peer);
  count();
  peer->start();
}

// -- peers --------------------------------------------------------------------

welcome hub_tunnel::impl::admit(hub_peer& peer) {
  if (!is_plain(peer.process()))
    return welcome::no_process;
  if (peer.process() == end_->self())
    return welcome::same_process;
  for (const auto& [name, other] : nodes_)
    if (name != peer.node() && other->process() == peer.process())
      return welcome::process_in_use;
  auto former = nodes_.find(peer.node());
  if (former == nodes_.end() && nodes_.size() >= config_.limits.connections_max)
    return welcome::closing;
  if (!processes_.take(peer.node(), peer.process(),
                       std::chrono::steady_clock::now()))
    return welcome::too_often;
  if (former != nodes_.end())
    former->second->shared_from_this()->close("the node has connected again");
  nodes_[peer.node()] = &peer;
  return welcome::ok;
}

void hub_tunnel::impl::joined(const hub_peer& peer, const std::string& node) {
  if (config_.on_join)
    config_.on_join(node, peer.remote());
  if (auto at = nodes_.find(node); at != nodes_.end())
    at->second->shared_from_this()->close("somebody has joined in its name");
}

void hub_tunnel::impl::opened(hub_peer& peer) {
  count();
  log::info("node.connected",
            {{"node", peer.node()}, {"address", peer.remote()}});
  if (config_.on_open)
    config_.on_open(peer.node(), peer.process(), peer.remote());
}

void hub_tunnel::impl::closed(hub_peer& peer, const std::string& why) {
  if (auto at = nodes_.find(peer.node());
      at != nodes_.end() && at->second == &peer)
    nodes_.erase(at);
  peers_.erase(peer.shared_from_this());
  count();
  if (peer.is_open()) {
    log::warn(
      "node.closed",
      {{"node", peer.node()}, {"address", peer.remote()}, {"reason", why}});
    if (config_.on_close)
      config_.on_close(peer.node(), why, why == closed_by_peer);
  } else if (!why.empty()) {
    ++refused_;
    if (refusals_->take())
      log::warn("node.refused", {{"node", peer.node()},
                                 {"address", peer.remote()},
                                 {"reason", why},
                                 {"not_logged", refusals_->left_out()}});
  }
}

void hub_tunnel::impl::count() {
  uint64_t open = 0;
  for (const auto& x : peers_)
    open += x->is_open() ? 1 : 0;
  open_ = open;
  handshakes_ = peers_.size() - open;
}

void hub_tunnel::impl::cut(const std::string& node, const std::string& why) {
  asio::post(*io_, [this, node, why] {
    if (auto at = nodes_.find(node); at != nodes_.end())
      at->second->shared_from_this()->close(why);
  });
}

hub_tunnel_counts hub_tunnel::impl::counts() const {
  return {open_, handshakes_, accepted_, refused_, accept_failures_};
}

// -- hub_tunnel ---------------------------------------------------------------

hub_tunnel::hub_tunnel() : impl_{std::make_unique<impl>()} {}

hub_tunnel::~hub_tunnel() = default;

caf::expected<uint16_t> hub_tunnel::start(hub_tunnel_config config,
                                          authority& by, line_end_ptr end) {
  return impl_->start(std::move(config), by, std::move(end));
}

void hub_tunnel::cut(const std::string& node, const std::string& why) {
  impl_->cut(node, why);
}

hub_tunnel_counts hub_tunnel::counts() const {
  return impl_->counts();
}

void hub_tunnel::stop() {
  impl_->stop();
}

} // namespace quaero
