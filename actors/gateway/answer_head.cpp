#include "actors/gateway/answer_head.hpp"

#include "actors/gateway/gzip.hpp"
#include "actors/gateway/problem.hpp"
#include "definitions/log.hpp"

#include <algorithm>

namespace quaero {

namespace {

constexpr size_t usual_bytes = 512;
/// Of a path in the daemon's log.
constexpr size_t logged_path_bytes_max = 256;

// Values may hold what a user wrote; a line break would begin another field.
void append_field(std::string& out, std::string_view name,
                  std::string_view val) {
  out += name;
  out += ": ";
  const auto start = out.size();
  out += val;
  std::replace_if(
    out.begin() + static_cast<ptrdiff_t>(start), out.end(),
    [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  out += "\r\n";
}

} // namespace

std::string answer_head(const http_answer& x, const header_fields& more,
                        std::string_view id, std::string_view date,
                        std::string_view framing, std::string_view connection,
                        size_t room) {
  std::string out;
  out.reserve(usual_bytes + room);
  out += "HTTP/1.1 ";
  out += std::to_string(x.status);
  out += ' ';
  out += status_title(x.status);
  out += "\r\nDate: ";
  out += date;
  out += "\r\nX-Request-ID: ";
  out += id;
  out += "\r\nX-Content-Type-Options: nosniff\r\n";
  out += framing;
  out += connection;
  if (!x.content_type.empty())
    append_field(out, "Content-Type", x.content_type);
  for (const auto* fields : {&x.headers, &more})
    for (const auto& [name, val] : *fields)
      append_field(out, name, val);
  out += "\r\n";
  return out;
}

void log_answer(const http_answer& x, const http_request* request,
                std::string_view id, std::chrono::nanoseconds took) {
  const bool failed = x.status >= 500;
  if (!failed && !log::shows_debug())
    return;
  static const http_request none;
  const auto& to = request != nullptr ? *request : none;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took);
  const std::string_view path = to.path;
  const log::fields about{{"request_id", id},
                          {"method", to.method},
                          {"path", path.substr(0, logged_path_bytes_max)},
                          {"status", x.status},
                          {"ms", ms.count()},
                          {"bytes", x.body.size()},
                          {"caller", to.caller.name},
                          {"error", x.error}};
  if (failed)
    log::warn("http.failed", about);
  else
    log::debug("http.answered", about);
}

// An answer with an ETag is the same, byte for byte, for everybody: its tag is
// a strong one, which If-Match needs.
bool may_encode(const http_answer& x, size_t least) {
  if (least == 0 || x.body.size() < least || !is_text(x.content_type))
    return false;
  return std::none_of(x.headers.begin(), x.headers.end(), [](const auto& y) {
    return y.first == "ETag" || y.first == "Content-Encoding";
  });
}

} // namespace quaero
