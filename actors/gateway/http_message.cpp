#include "actors/gateway/http_message.hpp"

#include "actors/gateway/problem.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace quaero {

namespace {

constexpr size_t request_id_bytes_max = 128;

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x))
           == std::tolower(static_cast<unsigned char>(y));
  });
}

// Decodes one part of a target into `out`; says whether it was well-formed.
bool read_part(std::string_view text, bool plus, std::string& out) {
  auto decoded = percent_decode(text, plus);
  if (!decoded || decoded->find('\0') != std::string::npos
      || !is_utf8(*decoded))
    return false;
  out = std::move(*decoded);
  return true;
}

bool read_path(std::string_view path, http_request& out) {
  out.path = path;
  out.segments.clear();
  while (!path.empty()) {
    auto end = std::min(path.find('/'), path.size());
    std::string segment;
    if (!read_part(path.substr(0, end), false, segment))
      return false;
    if (!segment.empty())
      out.segments.push_back(std::move(segment));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

bool read_query(std::string_view query, http_request& out) {
  out.query.clear();
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto item = query.substr(0, end);
    auto equals = std::min(item.find('='), item.size());
    std::string name;
    std::string val;
    if (!read_part(item.substr(0, equals), true, name)
        || !read_part(item.substr(std::min(equals + 1, item.size())), true,
                      val))
      return false;
    if (!name.empty())
      out.query.emplace_back(std::move(name), std::move(val));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return true;
}

} // namespace

std::string_view http_request::field(std::string_view name) const {
  for (const auto& [key, val] : fields)
    if (key == name)
      return val;
  return {};
}

const std::vector<std::string_view>& kept_fields() {
  static const std::vector<std::string_view> names{
    "accept",
    "accept-encoding",
    "access-control-request-method",
    "authorization",
    "connection",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "sec-fetch-site",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "upgrade"};
  return names;
}

http_answer json_answer(const value& x, unsigned status) {
  return {
    status, to_json(x), "application/json", {{"Cache-Control", "no-store"}}};
}

std::string read_target(std::string_view target, http_request& out) {
  constexpr std::string_view schemes[] = {"http://", "https://"};
  if (target == "*") {
    out.path = "*";
    return {};
  }
  for (auto scheme : schemes) {
    if (target.size() <= scheme.size()
        || !same_text(target.substr(0, scheme.size()), scheme))
      continue;
    target.remove_prefix(scheme.size());
    auto end = std::min(target.find_first_of("/?"), target.size());
    out.host = target.substr(0, end);
    target.remove_prefix(end);
    if (target.empty())
      target = "/";
    break;
  }
  if (target.empty() || target.front() != '/')
    return "the request target must start with '/'";
  auto mark = std::min(target.find('?'), target.size());
  if (!read_path(target.substr(0, mark), out)
      || !read_query(target.substr(std::min(mark + 1, target.size())), out))
    return "the request target holds a malformed escape or malformed UTF-8";
  return {};
}

std::optional<std::string> percent_decode(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size())
        return std::nullopt;
      auto high = hex_digit(text[i + 1]);
      auto low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0)
        return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= request_id_bytes_max
         && std::all_of(text.begin(), text.end(), [](unsigned char c) {
              return std::isalnum(c) || c == '.' || c == '_' || c == '-';
            });
}

std::string query_reader::text(std::string_view name) const {
  for (const auto& [key, val] : request_.query)
    if (key == name)
      return val;
  return {};
}

size_t query_reader::number(std::string_view name, size_t fallback, size_t min,
                            size_t max) {
  auto val = text(name);
  if (val.empty())
    return fallback;
  size_t out = 0;
  auto [end, failed]
    = std::from_chars(val.data(), val.data() + val.size(), out);
  if (failed == std::errc::result_out_of_range
      && end == val.data() + val.size())
    return max;
  if (failed != std::errc{} || end != val.data() + val.size() || out < min) {
    refuse(name, "must be a whole number of at least " + std::to_string(min));
    return fallback;
  }
  return std::min(out, max);
}

std::optional<bool> query_reader::flag(std::string_view name) {
  auto val = choice(name, "", {"true", "false", "1", "0"});
  if (val.empty())
    return std::nullopt;
  return val == "true" || val == "1";
}

std::string query_reader::choice(std::string_view name,
                                 std::string_view fallback,
                                 const std::vector<std::string_view>& choices) {
  auto val = text(name);
  if (val.empty())
    return std::string{fallback};
  std::string rule = "must be one of";
  for (auto one : choices) {
    if (same_text(one, val))
      return std::string{one};
    rule += one == choices.front() ? " " : ", ";
    rule += one;
  }
  refuse(name, std::move(rule));
  return std::string{fallback};
}

std::vector<std::string> query_reader::list(std::string_view name) const {
  std::vector<std::string> out;
  auto val = text(name);
  std::string_view rest = val;
  while (!rest.empty()) {
    auto end = std::min(rest.find(','), rest.size());
    auto item = rest.substr(0, end);
    while (!item.empty() && item.front() == ' ')
      item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ')
      item.remove_suffix(1);
    if (!item.empty())
      out.emplace_back(item);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

void query_reader::refuse(std::string_view name, std::string rule) {
  if (!ok())
    return;
  name_ = name;
  rule_ = std::move(rule);
}

http_answer query_reader::problem() const {
  return make_problem(400, "invalid_argument", name_ + ": " + rule_,
                      value::make_object({{"parameter", name_}}));
}

} // namespace quaero
