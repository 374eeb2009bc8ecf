#include "actors/gateway/gatekeeper.hpp"

#include "actors/gateway/problem.hpp"
#include "actors/token_secret.hpp"

#include <utility>

namespace quaero {

namespace {

/// Of a path in the audit log.
constexpr size_t path_bytes_max = 512;

bool changes_something(const http_request& x) {
  return x.method != "GET" && x.method != "HEAD" && x.method != "OPTIONS";
}

// What somebody did that others may have to know of. Work that is handed in
// has a history of its own.
bool is_act(const http_request& x) {
  return x.target != nullptr && changes_something(x)
         && required_scope(x.target->needs, x.method) >= access_scope::operate;
}

} // namespace

gatekeeper::gatekeeper(const gateway_config& config, const router& routes,
                       audit_sink audit)
  : config_{config}, routes_{routes}, audit_{std::move(audit)},
    loopback_{is_loopback_name(config.address)},
    admission_{config.address, config.cors_origins}, control_{
                                                       loopback_,
                                                       config.local_token,
                                                       config.addresses} {}

std::optional<http_answer> gatekeeper::check(http_request& request) {
  request.arrived = std::chrono::steady_clock::now();
  request.answer_fields = admission_.fields_for(request);
  routes_.find(request);
  auto out = admission_.check(request);
  if (!out) {
    // What is not there is told to those who may look.
    const auto needs
      = request.target != nullptr ? request.target->needs : access::read;
    out = control_.admit(request, needs, config_.clock->now());
    used_ |= static_cast<bool>(request.caller.token);
  }
  request.refused = out.has_value() && out->status != 400;
  return out;
}

void gatekeeper::answered(const http_request& request, unsigned status) {
  if (config_.meter && request.arrived.time_since_epoch().count() != 0) {
    const std::chrono::duration<double> took
      = std::chrono::steady_clock::now() - request.arrived;
    const auto* to = request.target;
    config_.meter->http_request(to != nullptr ? to->method : "",
                                to != nullptr ? to->pattern : "", status,
                                took.count());
  }
  if (request.refused || status == 403 || is_act(request))
    record(request, status);
}

void gatekeeper::record(const http_request& request, unsigned status) {
  const auto now = config_.clock->now();
  const bool refusal = request.refused || status == 403;
  if (refusal && !control_.watch().record(request.remote, now))
    return;
  audit_record out;
  out.at = now;
  out.status = status;
  out.caller = request.caller.name;
  out.token = request.caller.token;
  out.remote = request.remote;
  out.method = request.method;
  out.path = without_secrets(request.path.substr(0, path_bytes_max));
  out.request_id = request.id;
  audit_(std::move(out));
}

void gatekeeper::tick() {
  used_ = false;
  const auto now = config_.clock->now();
  for (auto& [remote, count] : control_.watch().take_suppressed(now)) {
    audit_record out;
    out.at = now;
    out.status = 403;
    out.remote = std::move(remote);
    out.more = count;
    audit_(std::move(out));
  }
}

void gatekeeper::set_tokens(const token_table_ptr& all) {
  control_.set_tokens(*all, config_.clock->now());
}

bool gatekeeper::still_admits(const api_caller& x) const {
  return control_.still_admits(x, config_.clock->now());
}

std::optional<timestamp> gatekeeper::next_end() const {
  return control_.next_end(config_.clock->now());
}

std::string gatekeeper::forbids_listening(bool has_tls) const {
  if (loopback_)
    return {};
  const auto start
    = "listen: other machines can reach " + config_.address + ", and ";
  if (!control_.has_tokens(config_.clock->now()))
    return start
           + "there is no token yet. Start with --listen 127.0.0.1:8085, make "
             "one with 'quaero tokens create NAME --scope admin', then start "
             "like this again";
  if (!has_tls && !config_.insecure)
    return start
           + "without TLS they could read tokens on the way. Set "
             "tls.certificate "
             "and tls.key, or http.insecure = true if something else protects "
             "the way";
  return {};
}

} // namespace quaero
