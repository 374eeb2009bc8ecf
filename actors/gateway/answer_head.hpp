#pragma once

#include "actors/gateway/http_message.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quaero {

using header_fields = std::vector<std::pair<std::string, std::string>>;

/// The head of an answer, with the empty line behind it.
/// @param more fields that the request is answered with, whatever the answer.
/// @param framing the line that tells where the body ends, or "".
/// @param connection the line about the connection, or "".
/// @param room for what the caller puts behind it.
std::string answer_head(const http_answer& x, const header_fields& more,
                        std::string_view id, std::string_view date,
                        std::string_view framing, std::string_view connection,
                        size_t room);

/// Tells the daemon's log of an answer: of 500 and above as a warning, of any
/// other one for debugging.
/// @param request null if there was none to read.
void log_answer(const http_answer& x, const http_request* request,
                std::string_view id, std::chrono::nanoseconds took);

/// Whether the body may be sent as gzip.
/// @param least bytes of a body; 0: never.
bool may_encode(const http_answer& x, size_t least);

} // namespace quaero
