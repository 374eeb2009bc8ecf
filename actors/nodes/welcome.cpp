#include "actors/nodes/welcome.hpp"

namespace quaero {

const char* explain(welcome x) {
  switch (x) {
    case welcome::ok:
      return "welcome";
    case welcome::same_process:
      return "the node's process cannot be told from the hub's: both have one "
             "number and one network address; start it under another number "
             "(an init) or in a network of its own";
    case welcome::process_in_use:
      return "the node's process cannot be told from that of another node: "
             "both have one number and one network address; start it under "
             "another number (an init) or in a network of its own";
    case welcome::no_process:
      return "the node does not say which process it is";
    case welcome::busy:
      return "the former connection of the node is not over yet";
    case welcome::closing:
      return "the hub takes no more nodes";
    case welcome::too_often:
      return "the node was started too often in the last hour";
  }
  return "the hub says what is not understood";
}

} // namespace quaero
