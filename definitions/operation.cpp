#include "definitions/operation.hpp"

namespace quaero {

std::string to_string(operation_action x) {
  switch (x) {
    case operation_action::cancel:
      return "cancel";
    case operation_action::retry:
      return "retry";
    case operation_action::remove:
      return "delete";
  }
  return "unknown";
}

bool from_string(std::string_view text, operation_action& out) {
  for (auto x : {operation_action::cancel, operation_action::retry,
                 operation_action::remove}) {
    if (text == to_string(x)) {
      out = x;
      return true;
    }
  }
  return false;
}

std::string to_string(operation_status x) {
  switch (x) {
    case operation_status::running:
      return "running";
    case operation_status::completed:
      return "completed";
    case operation_status::cancelled:
      return "cancelled";
    case operation_status::failed:
      return "failed";
  }
  return "unknown";
}

} // namespace quaero
