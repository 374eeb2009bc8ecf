#include "actors/gateway/problem.hpp"

#include "definitions/json.hpp"

#include <caf/sec.hpp>

namespace quaero {

namespace {

constexpr const char* retry_after_seconds = "1";

unsigned status_of(ec x) {
  switch (x) {
    case ec::invalid_argument:
    case ec::disabled:
    case ec::no_worker:
    case ec::wrong_state:
      return 400;
    case ec::not_found:
      return 404;
    case ec::conflict:
      return 409;
    case ec::limit_reached:
      return 429;
    case ec::shutting_down:
      return 503;
    case ec::read_only:
      return 403;
    case ec::changed:
      return 412;
    default:
      return 500;
  }
}

} // namespace

std::string_view status_title(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Internal Server Error";
  }
}

std::string problem_type(std::string_view code) {
  return "/docs/errors#" + std::string{code};
}

http_answer make_problem(unsigned status, std::string_view code,
                         std::string detail, const value& extra) {
  auto body = value::make_object({{"type", problem_type(code)},
                                  {"title", status_title(status)},
                                  {"status", status},
                                  {"detail", detail},
                                  {"error", detail},
                                  {"code", code}});
  if (extra.is_object())
    for (const auto& [name, val] : extra.as_object())
      body.set(name, val);
  http_answer out{status,
                  to_json(body),
                  "application/problem+json",
                  {{"Cache-Control", "no-store"}}};
  if (status >= 500)
    out.error = std::move(detail);
  if (status == 429 || status == 503)
    out.headers.emplace_back("Retry-After", retry_after_seconds);
  return out;
}

http_answer make_problem(const caf::error& why) {
  if (why.category() == caf::atom("quaero")) {
    auto code = static_cast<ec>(why.code());
    return make_problem(status_of(code), to_string(code), message_of(why));
  }
  if (why == caf::sec::request_timeout)
    return make_problem(504, "timeout", message_of(why));
  if (why == caf::sec::request_receiver_down)
    return make_problem(503, "shutting_down", message_of(why));
  return make_problem(500, "internal", message_of(why));
}

http_answer make_problem(const std::vector<definition_error>& errors) {
  auto detail = errors.empty() ? std::string{"the definition is not valid"}
                               : to_string(errors.front());
  return make_problem(400, "invalid_argument", std::move(detail),
                      value::make_object({{"errors", errors_json(errors)}}));
}

http_answer make_problem(const std::vector<request_error>& errors) {
  value::array all;
  for (const auto& x : errors)
    all.push_back(
      value::make_object({{"pointer", x.pointer}, {"message", x.message}}));
  const auto& first = errors.front();
  return make_problem(
    400, "invalid_argument",
    first.pointer.empty() ? first.message : first.pointer + " " + first.message,
    value::make_object({{"errors", std::move(all)}}));
}

value errors_json(const std::vector<definition_error>& errors) {
  value::array out;
  for (const auto& x : errors) {
    auto one = value::make_object({{"field", x.field}});
    if (x.line > 0)
      one.set("line", x.line);
    one.set("message", x.message);
    out.push_back(std::move(one));
  }
  return out;
}

} // namespace quaero
