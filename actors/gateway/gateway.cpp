#include "actors/gateway/gateway.hpp"

#include "actors/deadlines.hpp"
#include "actors/gateway/gatekeeper.hpp"
#include "actors/gateway/gzip.hpp"
#include "actors/gateway/http_session.hpp"
#include "actors/gateway/line.hpp"
#include "actors/gateway/live_feed.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/tls.hpp"
#include "definitions/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/scoped_execution_unit.hpp>
#include <caf/send.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <future>
#include <random>
#include <thread>
#include <unistd.h>
#include <unordered_set>

namespace quaero {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// Refused connections that may still be told so; more are cut at once.
constexpr size_t refusals_max = 64;
/// After a failed accept (no descriptor left), before the next.
constexpr std::chrono::milliseconds accept_pause{100};
/// Texts up to this size are made small on the gateway's own thread.
constexpr size_t encoded_here_bytes_max = 64 * 1024;

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
/// Until uses of tokens and refusals that were not recorded are told.
constexpr std::chrono::seconds news_interval{10};

caf::error unusable(std::string message) {
  return make_error(ec::invalid_config, std::move(message));
}

bool all_set(const gateway_actors& x) {
  return x.dispatcher && x.job_manager && x.step_manager && x.queue && x.reader
         && x.log_collector && x.document_store && x.searcher && x.key_store
         && x.credential_store && x.catalog && x.tokens && x.audit && x.census
         && x.store && x.answers && x.operations;
}

/// The name of a limit of the live streams that is 0, or nullptr.
const char* name_broken_limit(const live_config& x) {
  const std::pair<const char*, bool> limits[] = {
    {"clients_max", x.clients_max > 0},
    {"subscriptions_max", x.subscriptions_max > 0},
    {"errors_max", x.errors_max > 0},
    {"notices_max", x.notices_max > 0},
    {"runs_max", x.runs_max > 0},
    {"held_lines_max", x.held_lines_max > 0},
    {"frame_interval", x.frame_interval.count() > 0},
    {"stats_interval", x.stats_interval.count() > 0},
    {"spawn_interval", x.spawn_interval.count() > 0},
    {"logs_interval", x.logs_interval.count() > 0},
    {"status_interval", x.status_interval.count() > 0},
    {"ping_interval", x.ping_interval.count() > 0},
    {"retry_after", x.retry_after.count() > 0},
  };
  for (const auto& [name, good] : limits)
    if (!good)
      return name;
  return nullptr;
}

std::string name_broken_limit(const gateway_config& x) {
  constexpr std::chrono::milliseconds zero{0};
  const std::pair<const char*, bool> limits[] = {
    {"body_bytes_max", x.body_bytes_max > 0},
    {"bodies_bytes_max", x.bodies_bytes_max > 0},
    {"header_bytes_max",
     x.header_bytes_max > 0 && x.header_bytes_max <= UINT32_MAX},
    {"target_bytes_max", x.target_bytes_max > 0},
    {"headers_max", x.headers_max > 0},
    {"stream_bytes_max", x.stream_bytes_max > 0},
    {"message_bytes_max", x.message_bytes_max > 0},
    {"connections_max", x.connections_max > 0},
    {"handshake_timeout", x.handshake_timeout > zero},
    {"idle_timeout", x.idle_timeout > zero},
    {"read_timeout", x.read_timeout > zero},
    {"request_timeout", x.request_timeout > zero},
    {"write_timeout", x.write_timeout > zero},
    {"ping_interval", x.ping_interval > zero},
    {"drain_timeout", x.drain_timeout > zero},
  };
  for (const auto& [name, good] : limits)
    if (!good)
      return name;
  if (auto name = name_broken_limit(x.live))
    return std::string{"live."} + name;
  return {};
}

} // namespace

class gateway::impl final : public session_host {
public:
  impl() : random_{std::random_device{}()} {}

  ~impl() override { stop(); }

  caf::expected<uint16_t> start(caf::actor_system& sys, gateway_config config,
                                gateway_actors actors);
  void stop();

  // -- session_host -----------------------------------------------------------

  const gateway_config& config() const override { return context_.config; }
  asio::io_context& io() override { return io_; }
  std::string_view http_date() override;
  bool hold(size_t bytes) override {
    return (held_ += bytes) <= context_.config.bodies_bytes_max;
  }
  void let_go(size_t bytes) override { held_ -= bytes; }
  void encode(std::string text,
              std::function<void(std::string, std::string)> done) override;
  bool draining() const override { return draining_; }
  std::string new_request_id() override;
  std::optional<http_answer> check(http_request& request) override;
  void answered(const http_request& request, unsigned status) override;
  exchange_ptr make_exchange(http_request request,
                             std::weak_ptr<answer_sink> sink,
                             uint64_t round) override;
  void handle(const exchange_ptr& ex) override;
  void closed(http_session& session) override;

  const std::string& url() const { return context_.url; }

private:
  caf::error learn_tokens(caf::actor_system& sys);
  caf::error bind();
  caf::error check_listen();
  void on_tokens(const token_table_ptr& all);
  void end_unknown_callers();
  void arm_news();
  void arm_end();
  void report_uses();
  void make_companion(caf::actor_system& sys);
  void make_feed();
  void run();
  void accept();
  void refuse_waiting();
  void add_session(tcp::socket socket);
  void drain();
  void finish();

  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer timer_{io_}; ///< Of the acceptor, then of the drain.
  gateway_context context_;
  router router_{all_routes()};
  std::optional<gatekeeper> keeper_;
  asio::steady_timer news_timer_{io_}; ///< Of what the gatekeeper has to tell.
  bool news_armed_ = false;
  asio::steady_timer end_timer_{io_}; ///< Of the token that ends next.
  caf::strong_actor_ptr companion_;
  std::optional<caf::scoped_execution_unit> execution_unit_;
  std::unique_ptr<live_feed> live_;
  std::unordered_set<std::shared_ptr<http_session>> sessions_;
  std::mt19937_64 random_;
  tls_context tls_; ///< Null: plain.
  size_t held_ = 0; ///< Bytes of bodies.
  gzip_encoder gzip_;
  std::optional<asio::thread_pool>
    encoders_;       ///< Made with the first large text.
  int spare_ = -1;   ///< A descriptor to give up when there is no other.
  std::string date_; ///< Made once a second.
  std::time_t date_of_ = 0;
  std::thread thread_;
  bool draining_ = false; ///< On the gateway's thread only.
};

caf::expected<uint16_t> gateway::impl::start(caf::actor_system& sys,
                                             gateway_config config,
                                             gateway_actors actors) {
  if (config.address == "localhost")
    config.address = "127.0.0.1";
  if (auto name = name_broken_limit(config); !name.empty())
    return unusable("gateway." + name + " is out of range");
  if (!all_set(actors))
    return unusable("the gateway misses an actor");
  context_.config = std::move(config);
  context_.actors = std::move(actors);
  context_.docs.load(context_.config.docs_dir);
  const auto& how = context_.config;
  if (!how.tls_certificate.empty() || !how.tls_key.empty())
    if (auto why = load_tls(how.tls_certificate, how.tls_key, tls_);
        !why.empty())
      return unusable(std::move(why));
  if (!context_.config.meter)
    context_.config.meter = std::make_shared<metrics>();
  context_.started_at = context_.config.clock->now();
  context_.report_uses = [this] { report_uses(); };
  context_.count_connections = [this] {
    connection_counts out{sessions_.size(), 0};
    for (const auto& x : sessions_)
      out.web_sockets += x->is_web_socket();
    return out;
  };
  keeper_.emplace(context_.config, router_, [this](audit_record x) {
    caf::anon_send(context_.actors.audit, atom::put_v,
                   audit_block{{std::move(x)}});
  });
  make_companion(sys);
  if (auto e = learn_tokens(sys))
    return e;
  if (auto e = bind())
    return e;
  if (auto e = check_listen())
    return e;
  auto bound = acceptor_.local_endpoint();
  context_.config.port = bound.port();
  const bool v6 = bound.address().is_v6();
  auto host = bound.address().to_string();
  context_.url = (tls_ ? "https://" : "http://")
                 + (v6 ? "[" + host + "]" : host) + ":"
                 + std::to_string(bound.port());
  spare_ = open_spare();
  make_feed();
  accept();
  thread_ = std::thread{[this] { run(); }};
  return bound.port();
}

caf::error gateway::impl::learn_tokens(caf::actor_system& sys) {
  caf::scoped_actor self{sys};
  caf::error failed;
  self
    ->request(context_.actors.tokens, answer_deadline, atom::subscribe_v,
              caf::actor_cast<token_watcher_actor>(companion_))
    .receive([&](const token_table_ptr& all) { keeper_->set_tokens(all); },
             [&](caf::error& e) { failed = std::move(e); });
  arm_end();
  return failed;
}

caf::error gateway::impl::check_listen() {
  const bool has_tls = tls_ != nullptr;
  auto why = keeper_->forbids_listening(has_tls);
  if (why.empty()) {
    if (!has_tls && !is_loopback_name(context_.config.address))
      log::warn("gateway.insecure", {{"address", context_.config.address}});
    return caf::none;
  }
  error_code ignored;
  acceptor_.close(ignored);
  return unusable(std::move(why));
}

caf::error gateway::impl::bind() {
  const auto& config = context_.config;
  auto where = config.address + ":" + std::to_string(config.port);
  error_code failed;
  auto address = asio::ip::make_address(config.address, failed);
  if (failed)
    return unusable("'" + config.address + "' is not an IP address");
  tcp::endpoint endpoint{address, config.port};
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed)
    acceptor_.set_option(tcp::acceptor::reuse_address{true}, failed);
  if (!failed)
    acceptor_.bind(endpoint, failed);
  if (!failed)
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed == asio::error::address_in_use)
    return unusable("address " + where
                    + " is in use; choose another with --listen");
  if (failed)
    return unusable("cannot listen on " + where + ": " + failed.message());
  return caf::none;
}

// Messages for the companion are handled on the gateway's thread, between the
// events of the sockets.
void gateway::impl::make_companion(caf::actor_system& sys) {
  companion_ = caf::actor_cast<caf::strong_actor_ptr>(sys.spawn<bridge>());
  auto* self = static_cast<bridge*>(companion_->get());
  context_.self = self;
  execution_unit_.emplace(&sys);
  self->set_default_handler(caf::drop);
  self->become([this](atom::put, const token_table_ptr& x) { on_tokens(x); });
  self->on_enqueue([this, self](caf::mailbox_element_ptr x) {
    asio::post(io_, [this, self, x = std::move(x)] {
      self->activate(&*execution_unit_, *x);
    });
  });
}

void gateway::impl::make_feed() {
  context_.after
    = [this](std::chrono::milliseconds wait, std::function<void()> f) {
        auto timer = std::make_shared<asio::steady_timer>(io_, wait);
        timer->async_wait([timer, f = std::move(f)](error_code cancelled) {
          if (!cancelled)
            f();
        });
      };
  if (!context_.actors.hub)
    return;
  live_ = std::make_unique<live_feed>(context_, new_request_id());
  context_.live = live_.get();
}

void gateway::impl::run() {
  // What a handler throws must not end the daemon; its session is then over
  // by its timeout.
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& e) {
      log::error("gateway.failed", {{"error", e.what()}});
    }
  }
}

void gateway::impl::accept() {
  acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
    if (draining_ || !acceptor_.is_open())
      return;
    if (!failed) {
      add_session(std::move(socket));
      return accept();
    }
    if (failed == asio::error::no_descriptors)
      refuse_waiting();
    timer_.expires_after(accept_pause);
    timer_.async_wait([this](error_code stopped) {
      if (!stopped && !draining_)
        accept();
    });
  });
}

// With no descriptor left, connections would wait for an answer that nobody can
// give. One is kept back to accept and close them with.
void gateway::impl::refuse_waiting() {
  log::warn("http.no_descriptors", {{"connections", sessions_.size()}});
  if (spare_ < 0)
    return;
  ::close(spare_);
  error_code failed;
  acceptor_.non_blocking(true, failed);
  for (size_t i = 0; i < refusals_max && !failed; ++i)
    acceptor_.accept(failed).close(failed);
  spare_ = open_spare();
}

void gateway::impl::add_session(tcp::socket socket) {
  const auto limit = context_.config.connections_max;
  if (sessions_.size() >= limit + refusals_max)
    return; // Closes it.
  const bool full = sessions_.size() >= limit;
  error_code ignored;
  socket.set_option(tcp::no_delay{true}, ignored);
  auto remote = socket.remote_endpoint(ignored).address().to_string();
  auto connection
    = tls_ ? tls_line(std::move(socket), tls_) : plain_line(std::move(socket));
  auto session = std::make_shared<http_session>(std::move(connection),
                                                std::move(remote), *this);
  sessions_.insert(session);
  session->start(full);
}

std::string gateway::impl::new_request_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(16, '0');
  auto bits = random_();
  for (auto& c : out) {
    c = digits[bits & 15];
    bits >>= 4;
  }
  return out;
}

std::string_view gateway::impl::http_date() {
  auto now = std::time(nullptr);
  if (now != date_of_) {
    date_of_ = now;
    std::tm utc{};
    gmtime_r(&now, &utc);
    char out[40];
    auto size
      = std::strftime(out, sizeof(out), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    date_.assign(out, size);
  }
  return date_;
}

exchange_ptr gateway::impl::make_exchange(http_request request,
                                          std::weak_ptr<answer_sink> sink,
                                          uint64_t round) {
  return std::make_shared<exchange>(context_, std::move(request),
                                    std::move(sink), round);
}

// A large text would hold up everybody, so another thread makes it small.
void gateway::impl::encode(std::string text,
                           std::function<void(std::string, std::string)> done) {
  if (text.size() <= encoded_here_bytes_max) {
    auto gzip = gzip_.encode(text);
    return done(std::move(text), std::move(gzip));
  }
  if (!encoders_)
    encoders_.emplace(1);
  asio::post(*encoders_,
             [this, text = std::move(text), done = std::move(done)]() mutable {
               auto gzip = gzip_encoder{}.encode(text);
               asio::post(io_, [text = std::move(text), gzip = std::move(gzip),
                                done = std::move(done)]() mutable {
                 done(std::move(text), std::move(gzip));
               });
             });
}

void gateway::impl::closed(http_session& session) {
  sessions_.erase(session.shared_from_this());
  if (draining_ && sessions_.empty())
    finish();
}

void gateway::impl::handle(const exchange_ptr& ex) {
  if (auto x = keeper_->preflight(ex->request()))
    ex->reply(std::move(*x));
  else
    router_.dispatch(ex);
}

// -- who may ------------------------------------------------------------------

std::optional<http_answer> gateway::impl::check(http_request& request) {
  auto out = keeper_->check(request);
  if (keeper_->has_news())
    arm_news();
  return out;
}

void gateway::impl::answered(const http_request& request, unsigned status) {
  keeper_->answered(request, status);
  if (keeper_->has_news())
    arm_news();
}

void gateway::impl::on_tokens(const token_table_ptr& all) {
  keeper_->set_tokens(all);
  end_unknown_callers();
  arm_end();
}

// Answers that last end with the token of who asked for them.
void gateway::impl::end_unknown_callers() {
  auto all = sessions_; // A session that closes leaves the set.
  for (const auto& x : all)
    if (const auto* who = x->lasting_caller();
        who != nullptr && !keeper_->still_admits(*who))
      x->close();
}

void gateway::impl::arm_end() {
  end_timer_.cancel();
  const auto end = keeper_->next_end();
  if (!end)
    return;
  end_timer_.expires_after(*end - context_.config.clock->now());
  end_timer_.async_wait([this](error_code stopped) {
    if (stopped)
      return;
    end_unknown_callers();
    arm_end();
  });
}

void gateway::impl::arm_news() {
  if (std::exchange(news_armed_, true))
    return;
  news_timer_.expires_after(news_interval);
  news_timer_.async_wait([this](error_code stopped) {
    news_armed_ = false;
    if (stopped)
      return;
    keeper_->tick();
    report_uses();
    if (keeper_->has_news())
      arm_news();
  });
}

void gateway::impl::report_uses() {
  auto uses = keeper_->take_uses();
  if (!uses.last.empty())
    caf::anon_send(context_.actors.tokens, atom::visit_v, std::move(uses));
}

// -- the end ------------------------------------------------------------------

void gateway::impl::drain() {
  draining_ = true;
  report_uses();
  error_code ignored;
  acceptor_.close(ignored);
  timer_.expires_after(context_.config.drain_timeout);
  timer_.async_wait([this](error_code cancelled) {
    if (!cancelled)
      finish();
  });
  if (live_)
    live_->close_all();
  auto all = sessions_; // A session that closes leaves the set.
  for (const auto& x : all)
    x->drain();
  if (sessions_.empty())
    finish();
}

void gateway::impl::finish() {
  timer_.cancel();
  auto all = std::exchange(sessions_, {});
  for (const auto& x : all)
    x->close();
  io_.stop();
}

void gateway::impl::stop() {
  if (thread_.joinable()) {
    asio::post(io_, [this] { drain(); });
    thread_.join();
  }
  if (encoders_)
    encoders_->join();
  if (spare_ >= 0)
    ::close(std::exchange(spare_, -1));
  error_code ignored;
  acceptor_.close(ignored);
  if (companion_) {
    // Answers still to come go nowhere; handlers that wait for one end here.
    context_.self->leave();
    context_.self = nullptr;
    companion_ = nullptr;
  }
  context_.live = nullptr;
  live_ = nullptr;
  context_.actors = {};
}

gateway::gateway() : impl_{std::make_unique<impl>()} {}

gateway::~gateway() = default;

caf::expected<uint16_t> gateway::start(caf::actor_system& sys,
                                       gateway_config config,
                                       gateway_actors actors) {
  return impl_->start(sys, std::move(config), std::move(actors));
}

const std::string& gateway::url() const {
  return impl_->url();
}

void gateway::stop() {
  impl_->stop();
}

} // namespace quaero
