#include "programs/daemon/workers_of.hpp"

namespace quaero {

worker_settings workers_of(const settings& x) {
  worker_settings out;
  out.crawler.fetcher.user_agent = x.crawler.user_agent;
  out.crawler.fetcher.concurrency_max
    = static_cast<uint32_t>(x.crawler.connections_max);
  out.crawler.defaults.user_agent = x.crawler.user_agent;
  out.crawler.defaults.respect_robots = x.crawler.respect_robots;
  out.crawler.defaults.request_timeout
    = std::chrono::duration_cast<std::chrono::milliseconds>(
      x.crawler.request_timeout);
  out.crawler.defaults.max_body_size
    = static_cast<int64_t>(x.crawler.max_body_bytes);
  for (const auto& [type, slots] : x.worker_slots)
    out.slots[type] = static_cast<uint32_t>(slots);
  return out;
}

} // namespace quaero
