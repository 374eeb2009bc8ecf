#include "definitions/queue_job.hpp"

namespace quaero {

std::string to_string(durability x) {
  switch (x) {
    case durability::group:
      return "group";
    case durability::buffered:
      return "buffered";
    case durability::each:
      return "each";
  }
  return "unknown";
}

bool from_string(std::string_view text, durability& out) {
  for (auto x : {durability::group, durability::buffered, durability::each}) {
    if (text == to_string(x)) {
      out = x;
      return true;
    }
  }
  return false;
}

durability stronger(durability a, durability b) {
  if (a == durability::each || b == durability::each)
    return durability::each;
  return a == durability::group || b == durability::group
           ? durability::group
           : durability::buffered;
}

} // namespace quaero
