#include "actors/nodes/process_watch.hpp"

#include <algorithm>

namespace quaero {

namespace {

constexpr std::chrono::hours period{1};

} // namespace

bool process_watch::take(const std::string& node, const caf_node& process,
                         clock::time_point now) {
  prune(now);
  auto [at, is_new] = nodes_.try_emplace(node, account{{}, hour_max_, now});
  auto& x = at->second;
  const std::chrono::duration<double> since = now - x.at;
  x.left = std::min(
    hour_max_,
    x.left + hour_max_ * since / std::chrono::duration<double>{period});
  x.at = now;
  if (!is_new && x.last == process)
    return true;
  if (x.left < 1)
    return false;
  x.left -= 1;
  x.last = process;
  return true;
}

// Who did not come for an hour has all of it again.
void process_watch::prune(clock::time_point now) {
  if (now - pruned_at_ < period)
    return;
  pruned_at_ = now;
  std::erase_if(nodes_,
                [&](const auto& x) { return now - x.second.at >= period; });
}

} // namespace quaero
