#include "actors/gateway/admission.hpp"

#include "actors/gateway/problem.hpp"
#include "definitions/ascii.hpp"

#include <algorithm>
#include <cctype>

namespace quaero {

namespace {

bool is_port(std::string_view text) {
  constexpr size_t digits_max = 5;
  return text.size() <= digits_max
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return c >= '0' && c <= '9'; });
}

// 127.0.0.0/8 as four numbers; nothing that merely starts like it.
bool is_loopback_v4(std::string_view name) {
  if (!name.starts_with("127."))
    return false;
  return std::count(name.begin(), name.end(), '.') == 3
         && std::all_of(name.begin(), name.end(), [](char c) {
              return c == '.' || (c >= '0' && c <= '9');
            });
}

// A WebSocket is opened by GET and may do anything afterwards.
bool is_harmless(const http_request& x) {
  return (x.method == "GET" || x.method == "HEAD" || x.method == "OPTIONS")
         && x.field("upgrade").empty();
}

/// For how long a browser may remember what a preflight said.
constexpr const char* preflight_seconds = "600";

// "http://host:port" without its scheme; "" for "null".
std::string_view authority_of(std::string_view origin) {
  auto at = origin.find("://");
  return at == std::string_view::npos ? std::string_view{}
                                      : origin.substr(at + 3);
}

} // namespace

std::string host_name(std::string_view authority) {
  auto name = authority;
  std::string_view rest;
  if (name.starts_with('[')) {
    auto end = name.find(']');
    if (end == std::string_view::npos)
      return {};
    rest = name.substr(end + 1);
    name = name.substr(1, end - 1);
  } else if (auto colon = name.find(':'); colon != std::string_view::npos) {
    rest = name.substr(colon);
    name = name.substr(0, colon);
  }
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1))))
    return {};
  if (name.find_first_of(" \t/@,") != std::string_view::npos)
    return {};
  return to_lower(name);
}

bool is_loopback_name(std::string_view name) {
  return name == "localhost" || name == "::1" || is_loopback_v4(name);
}

admission::admission(std::string address, std::vector<std::string> origins)
  : address_{to_lower(address)},
    only_loopback_{is_loopback_name(address_)}, origins_{std::move(origins)} {}

bool admission::knows_host(std::string_view name) const {
  return !only_loopback_ || name == address_ || is_loopback_name(name);
}

bool admission::knows_origin(std::string_view origin) const {
  return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

std::optional<http_answer> admission::check(const http_request& request) const {
  auto name = host_name(request.host);
  if (name.empty())
    return make_problem(400, "bad_request",
                        "the Host field is missing or malformed");
  if (!knows_host(name))
    return make_problem(403, "foreign_host",
                        "the host '" + name
                          + "' is not one of this daemon, which listens on "
                          + address_);
  if (is_harmless(request) || knows_origin(request.origin))
    return std::nullopt;
  // Says what Origin says, and is there when a page has no origin to tell.
  const bool foreign = request.field("sec-fetch-site") == "cross-site";
  const bool own
    = request.origin.empty()
      || to_lower(authority_of(request.origin)) == to_lower(request.host);
  if (own && !foreign)
    return std::nullopt;
  return make_problem(403, "foreign_origin",
                      "pages of '" + request.origin
                        + "' may not change anything here");
}

std::optional<http_answer>
admission::preflight(const http_request& request) const {
  const auto method = request.field("access-control-request-method");
  if (request.method != "OPTIONS" || method.empty()
      || !knows_origin(request.origin))
    return std::nullopt;
  return http_answer{
    204,
    "",
    "",
    {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE"},
     {"Access-Control-Allow-Headers",
      "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
      "Last-Event-ID, X-Request-ID"},
     {"Access-Control-Max-Age", preflight_seconds}}};
}

std::vector<std::pair<std::string, std::string>>
admission::fields_for(const http_request& request) const {
  std::vector<std::pair<std::string, std::string>> out;
  if (origins_.empty())
    return out;
  out.emplace_back("Vary", "Origin");
  if (knows_origin(request.origin)) {
    out.emplace_back("Access-Control-Allow-Origin", request.origin);
    out.emplace_back("Access-Control-Expose-Headers",
                     "ETag, Location, Retry-After, X-Request-ID");
  }
  return out;
}

} // namespace quaero
