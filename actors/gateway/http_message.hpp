#pragma once

#include "definitions/api_access.hpp"
#include "definitions/value.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quaero {

struct route;

/// Who sent a request.
struct api_caller {
  std::string
    name; ///< Of the token; "" is anybody, "local" this machine's CLI.
  access_scope scope = access_scope::read;
  job_id token; ///< None for those two.
};

/// One HTTP request, read whole and taken apart.
struct http_request {
  std::string method;                ///< "GET"; a HEAD request says "HEAD".
  std::string path;                  ///< As sent, without the query.
  std::vector<std::string> segments; ///< Of the path, decoded, none empty.
  std::vector<std::pair<std::string, std::string>> query; ///< Decoded.
  std::string body;
  std::string host;   ///< Of the Host field, or of an absolute target.
  std::string origin; ///< Of the Origin field, "" if absent.
  std::string id;     ///< 1 to 128 of [A-Za-z0-9._-].
  /// Those fields of the head that kept_fields() names, in lower case.
  std::vector<std::pair<std::string_view, std::string>> fields;

  // What the gateway found out, before the body was read.
  api_caller caller;
  std::string remote;              ///< The address that it came from.
  const route* target = nullptr;   ///< Who answers it; null if nobody does.
  std::vector<std::string> params; ///< Of the target's placeholders, in order.
  bool refused = false;            ///< Its caller may not.
  std::chrono::steady_clock::time_point arrived{};
  /// Fields that any answer to it has.
  std::vector<std::pair<std::string, std::string>> answer_fields;

  /// The value of a field that kept_fields() names, "" if absent.
  std::string_view field(std::string_view name) const;
};

/// Names of the head's fields that a request keeps, in lower case.
const std::vector<std::string_view>& kept_fields();

/// What is answered to a request. The session adds Content-Length, Date,
/// Connection and X-Request-ID.
struct http_answer {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  /// Why, for the daemon's log; of a status of 500 and above.
  std::string error = {};
};

/// An answer that holds `x` as JSON.
http_answer json_answer(const value& x, unsigned status = 200);

/// Takes a request target apart: "/a/b?c=d", "http://host/a" (sets `host`) or
/// "*". Fills path, segments and query.
/// @returns "" or what is wrong: a bad escape, malformed UTF-8, a zero byte.
std::string read_target(std::string_view target, http_request& out);

/// Replaces %xx, and '+' by a blank if `plus` is set.
/// @returns nothing if an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text, bool plus);

/// Whether `text` may be used as the id of a request.
bool is_request_id(std::string_view text);

/// Reads the query of a request and remembers the first value that breaks its
/// rule. Parameters that nobody asks for do not matter.
class query_reader {
public:
  explicit query_reader(const http_request& request) : request_{request} {}

  /// The value as sent, "" if absent.
  std::string text(std::string_view name) const;

  /// A whole number of at least `min`; above `max` means `max`.
  size_t number(std::string_view name, size_t fallback, size_t min, size_t max);

  /// True or false.
  std::optional<bool> flag(std::string_view name);

  /// One of `choices` in any case, as `choices` spells it; else `fallback`.
  std::string choice(std::string_view name, std::string_view fallback,
                     const std::vector<std::string_view>& choices);

  /// Values separated by commas, blanks trimmed, none empty.
  std::vector<std::string> list(std::string_view name) const;

  /// Says that a value breaks a rule.
  void refuse(std::string_view name, std::string rule);

  bool ok() const { return name_.empty(); }

  /// 400 that names the parameter. REQUIRES: !ok().
  http_answer problem() const;

private:
  const http_request& request_;
  std::string name_;
  std::string rule_;
};

} // namespace quaero
