#pragma once

#include "actors/gateway/http_message.hpp"
#include "definitions/error.hpp"
#include "definitions/job_request.hpp"
#include "definitions/validation.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Every refusal of the gateway: RFC 9457 problem details, plus `error` (the
/// sentence again, for older clients) and `code` (for programs).
namespace quaero {

/// The reason phrase of a status that the gateway uses.
std::string_view status_title(unsigned status);

/// What `type` says of a code: where the manual explains it.
std::string problem_type(std::string_view code);

/// @param code a word for programs, lower case, that docs/errors.md explains.
/// @param detail one sentence for people.
/// @param extra more members, an object or null.
http_answer make_problem(unsigned status, std::string_view code,
                         std::string detail, const value& extra = {});

/// What an actor's error means for a client. 429 and 503 say Retry-After.
http_answer make_problem(const caf::error& why);

/// 400 with every error of a definition; the detail is the first one.
http_answer make_problem(const std::vector<definition_error>& errors);

/// 400 with every error of a request; the detail is the first one.
http_answer make_problem(const std::vector<request_error>& errors);

/// [{field, line, message}]
value errors_json(const std::vector<definition_error>& errors);

} // namespace quaero
