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

bool is_loopback(std::string_view name) {
  return name == "localhost" || name == "::1" || is_loopback_v4(name);
}

bool is_safe(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

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

admission::admission(std::string address)
  : address_{to_lower(address)}, only_loopback_{is_loopback(address_)} {}

bool admission::knows_host(std::string_view name) const {
  return !only_loopback_ || name == address_ || is_loopback(name);
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
  if (is_safe(request.method) || request.origin.empty())
    return std::nullopt;
  if (to_lower(authority_of(request.origin)) == to_lower(request.host))
    return std::nullopt;
  return make_problem(403, "foreign_origin",
                      "pages of '" + request.origin
                        + "' may not change anything here");
}

} // namespace quaero
