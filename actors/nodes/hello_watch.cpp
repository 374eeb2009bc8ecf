#include "actors/nodes/hello_watch.hpp"

namespace quaero {

namespace {

constexpr std::chrono::minutes period{1};

} // namespace

std::string hello_watch::take(const std::string& node, uint64_t connection,
                              clock::time_point now) {
  if (nodes_.size() >= nodes_max_ && !nodes_.contains(node))
    prune(now);
  auto& x = nodes_.try_emplace(node, account{0, {minute_max_, period, now}})
              .first->second;
  if (connection != 0 && x.connection == connection)
    return "it says hello twice on one connection";
  x.connection = connection;
  if (x.rate.take(now))
    return {};
  return "it says hello more often than hellos_minute_max, "
         + std::to_string(minute_max_);
}

// Who said nothing for a minute may say it as often as one that is new.
void hello_watch::prune(clock::time_point now) {
  std::erase_if(nodes_, [&](const auto& x) {
    return now - x.second.rate.last() >= period;
  });
}

} // namespace quaero
