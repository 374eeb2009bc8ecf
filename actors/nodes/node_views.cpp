#include "actors/nodes/node_views.hpp"

namespace quaero {

std::string to_string(node_state x) {
  switch (x) {
    case node_state::connected:
      return "connected";
    case node_state::lost:
      return "lost";
    case node_state::refused:
      return "refused";
    default:
      return "over";
  }
}

std::string to_string(link_state x) {
  switch (x) {
    case link_state::offline:
      return "offline";
    case link_state::dialing:
      return "dialing";
    case link_state::greeting:
      return "greeting";
    default:
      return "online";
  }
}

} // namespace quaero
