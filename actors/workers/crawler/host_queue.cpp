#include "actors/workers/crawler/host_queue.hpp"

#include <algorithm>

namespace quaero::crawler {

void host_queue::add(entry x) {
  place at{x.ready_at, ++sequence_};
  auto name = x.host;
  places_.emplace(x.id, std::pair{name, at});
  auto& host = hosts_[name];
  host.waiting.emplace(at, std::move(x));
  update_turn(name, host);
}

bool host_queue::remove(uint64_t id) {
  auto found = places_.find(id);
  if (found == places_.end())
    return false;
  auto [name, at] = found->second;
  places_.erase(found);
  auto& host = hosts_[name];
  host.waiting.erase(at);
  update_turn(name, host);
  return true;
}

std::optional<uint64_t> host_queue::next(time_point now) {
  if (turns_.empty() || std::get<0>(*turns_.begin()) > now)
    return std::nullopt;
  auto name = std::get<2>(*turns_.begin());
  auto& host = hosts_[name];
  auto first = host.waiting.begin();
  auto id = first->second.id;
  host.last_delay = first->second.delay;
  host.last_start = now;
  host.served = ++sequence_;
  ++host.active;
  host.waiting.erase(first);
  places_.erase(id);
  update_turn(name, host);
  return id;
}

void host_queue::finished(const std::string& name) {
  auto found = hosts_.find(name);
  if (found == hosts_.end() || found->second.active == 0)
    return;
  --found->second.active;
  update_turn(name, found->second);
}

std::optional<host_queue::time_point> host_queue::next_at() const {
  if (turns_.empty())
    return std::nullopt;
  return std::get<0>(*turns_.begin());
}

void host_queue::forget_idle(time_point now) {
  std::erase_if(hosts_, [now](const auto& x) {
    auto& host = x.second;
    return host.waiting.empty() && host.active == 0
           && (!host.last_start || *host.last_start + host.last_delay <= now);
  });
}

// A host's turn is no earlier than its last start. So whoever was served last
// comes after all that could have started since.
void host_queue::update_turn(const std::string& name, host_state& host) {
  if (host.next)
    turns_.erase(*host.next);
  host.next.reset();
  if (host.waiting.empty())
    return;
  auto& first = host.waiting.begin()->second;
  if (host.active >= std::max(first.concurrency, 1u))
    return;
  auto at = first.ready_at;
  if (host.last_start)
    at = std::max(at, *host.last_start + first.delay);
  host.next.emplace(at, host.served, name);
  turns_.insert(*host.next);
}

} // namespace quaero::crawler
