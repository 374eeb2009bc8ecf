#include "definitions/error.hpp"

#include <caf/sec.hpp>

#include <utility>

namespace quaero {

std::string to_string(ec x) {
  switch (x) {
    case ec::none:
      return "none";
    case ec::invalid_argument:
      return "invalid_argument";
    case ec::invalid_config:
      return "invalid_config";
    case ec::not_found:
      return "not_found";
    case ec::conflict:
      return "conflict";
    case ec::disabled:
      return "disabled";
    case ec::limit_reached:
      return "limit_reached";
    case ec::storage_failed:
      return "storage_failed";
    case ec::no_worker:
      return "no_worker";
    case ec::worker_failed:
      return "worker_failed";
    case ec::shutting_down:
      return "shutting_down";
    case ec::read_only:
      return "read_only";
    case ec::changed:
      return "changed";
    case ec::wrong_state:
      return "wrong_state";
  }
  return "unknown";
}

caf::error make_error(ec code, std::string message) {
  return caf::error{static_cast<uint8_t>(code), caf::atom("quaero"),
                    caf::make_message(std::move(message))};
}

std::string message_of(const caf::error& x) {
  if (!x) // has no context to look at
    return "no error";
  const auto& context = x.context();
  if (context.size() == 1 && context.match_element<std::string>(0))
    return context.get_as<std::string>(0);
  if (x.category() == caf::atom("quaero"))
    return to_string(static_cast<ec>(x.code()));
  if (x == caf::sec::request_timeout)
    return "a part of the daemon did not answer in time";
  if (x == caf::sec::request_receiver_down)
    return "a part of the daemon is not running";
  return to_string(x);
}

} // namespace quaero
