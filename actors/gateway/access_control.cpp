#include "actors/gateway/access_control.hpp"

#include "actors/gateway/problem.hpp"
#include "actors/gateway/router.hpp"
#include "actors/token_secret.hpp"
#include "definitions/ascii.hpp"

#include <algorithm>

namespace quaero {

namespace {

constexpr std::string_view bearer = "bearer ";
constexpr const char* local_name = "local";

std::string_view trimmed(std::string_view x) {
  while (!x.empty() && (x.front() == ' ' || x.front() == '\t'))
    x.remove_prefix(1);
  while (!x.empty() && (x.back() == ' ' || x.back() == '\t'))
    x.remove_suffix(1);
  return x;
}

http_answer challenge(http_answer x, std::string_view more = {}) {
  std::string field = "Bearer realm=\"quaero\"";
  field += more;
  x.headers.emplace_back("WWW-Authenticate", std::move(field));
  return x;
}

http_answer too_low(const api_caller& who, access_scope needed) {
  const auto wanted = to_string(needed);
  auto extra = value::make_object(
    {{"scope", to_string(who.scope)}, {"needed_scope", wanted}});
  return challenge(make_problem(403, "scope_too_low",
                                "this needs a token of scope '" + wanted
                                  + "', and '" + who.name + "' has '"
                                  + to_string(who.scope) + "'",
                                extra),
                   ", error=\"insufficient_scope\", scope=\"" + wanted + "\"");
}

} // namespace

access_scope required_scope(access needs, const std::string& method) {
  switch (needs) {
    case access::read:
      return access_scope::read;
    case access::submit:
      return access_scope::submit;
    case access::operate:
      return access_scope::operate;
    case access::admin:
      return access_scope::admin;
    default:
      return method == "GET" || method == "HEAD" ? access_scope::read
                                                 : access_scope::operate;
  }
}

std::string_view presented_token(const http_request& request,
                                 bool& other_scheme) {
  auto text = request.field("authorization");
  if (!text.empty()) {
    other_scheme = text.size() < bearer.size()
                   || to_lower(text.substr(0, bearer.size())) != bearer;
    return other_scheme ? std::string_view{}
                        : trimmed(text.substr(bearer.size()));
  }
  for (auto rest = request.field("sec-websocket-protocol"); !rest.empty();) {
    const auto end = std::min(rest.find(','), rest.size());
    const auto item = trimmed(rest.substr(0, end));
    if (item.starts_with(token_protocol))
      return item.substr(token_protocol.size());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

bool access_control::text_equal::operator()(const std::string& a,
                                            const std::string& b) const {
  return same_secret(a, b);
}

access_control::access_control(bool loopback, std::optional<digest> local,
                               address_limits limits)
  : loopback_{loopback}, closed_{!loopback}, local_{local}, watch_{limits} {
  set_tokens({}, {});
}

void access_control::set_tokens(const std::vector<api_token>& all,
                                timestamp now) {
  auto old = std::exchange(by_hash_, {});
  by_text_.clear();
  closed_ = !loopback_ || !all.empty();
  if (local_)
    by_hash_[*local_]
      = {{local_name, access_scope::admin, {}}, *local_, {}, {}};
  for (const auto& x : all) {
    if (!x.live(now))
      continue;
    auto& made = by_hash_[x.hash];
    made = {{x.name, x.scope, x.id}, x.hash, x.expires_at, {}};
    if (auto i = old.find(x.hash); i != old.end())
      made.used_at = i->second.used_at;
  }
}

bool access_control::has_tokens(timestamp now) const {
  return std::any_of(by_hash_.begin(), by_hash_.end(), [&](const auto& x) {
    return x.second.caller.token && x.second.live(now);
  });
}

access_control::entry* access_control::find(std::string_view token,
                                            timestamp now) {
  if (!is_secret(token))
    return nullptr;
  std::string text{token};
  if (auto i = by_text_.find(text); i != by_text_.end())
    return i->second->live(now) ? i->second : nullptr;
  const auto hash = hash_secret(token);
  auto i = by_hash_.find(hash);
  if (i == by_hash_.end() || !same_secret(i->second.hash, hash)
      || !i->second.live(now))
    return nullptr;
  if (by_text_.size() >= remembered_max)
    by_text_.clear();
  by_text_.emplace(std::move(text), &i->second);
  return &i->second;
}

http_answer access_control::refuse_unknown(const http_request& request,
                                           timestamp now, std::string detail) {
  const auto wait = watch_.fail(request.remote, now);
  if (wait.count() == 0)
    return challenge(make_problem(401, "token_invalid", std::move(detail)),
                     ", error=\"invalid_token\"");
  auto out = make_problem(429, "too_many_failures",
                          "too many wrong tokens came from your address; try "
                          "again in "
                            + std::to_string(wait.count()) + " s");
  std::erase_if(out.headers,
                [](const auto& x) { return x.first == "Retry-After"; });
  out.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return out;
}

std::optional<http_answer> access_control::admit(http_request& request,
                                                 access needs, timestamp now) {
  if (needs == access::open || request.method == "OPTIONS")
    return std::nullopt;
  bool other_scheme = false;
  const auto token = presented_token(request, other_scheme);
  if (token.empty() && !other_scheme) {
    if (!closed_) {
      request.caller.scope = access_scope::admin;
      return std::nullopt;
    }
    return challenge(
      make_problem(401, "token_missing",
                   "this needs a token: send 'Authorization: Bearer TOKEN'"));
  }
  auto* known = other_scheme ? nullptr : find(token, now);
  if (known == nullptr)
    return refuse_unknown(request, now,
                          other_scheme
                            ? "the only kind of Authorization is Bearer"
                            : "the token is unknown, revoked or expired");
  known->used_at = now;
  request.caller = known->caller;
  const auto needed = required_scope(needs, request.method);
  if (known->caller.scope < needed)
    return too_low(known->caller, needed);
  return std::nullopt;
}

bool access_control::still_admits(const api_caller& x, timestamp now) const {
  if (!x.token)
    return x.name == local_name || !closed_;
  return std::any_of(by_hash_.begin(), by_hash_.end(), [&](const auto& one) {
    return one.second.caller.token == x.token && one.second.live(now);
  });
}

std::optional<timestamp> access_control::next_end(timestamp now) const {
  std::optional<timestamp> out;
  for (const auto& [hash, x] : by_hash_)
    if (x.expires_at > now && (!out || x.expires_at < *out))
      out = x.expires_at;
  return out;
}

token_uses access_control::take_uses() {
  token_uses out;
  for (auto& [hash, x] : by_hash_) {
    const auto at = std::exchange(x.used_at, {});
    if (at != timestamp{} && x.caller.token)
      out.last.emplace_back(x.caller.token, at);
  }
  return out;
}

} // namespace quaero
