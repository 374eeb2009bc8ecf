#include "actors/gateway/address_watch.hpp"

#include <boost/asio/ip/address.hpp>

namespace quaero {

namespace {

/// Where addresses are counted that there is no room for.
constexpr const char* crowd = "others";

std::string key_of(std::string_view remote) {
  boost::system::error_code failed;
  auto address = boost::asio::ip::make_address(std::string{remote}, failed);
  if (failed || !address.is_v6() || address.to_v6().is_v4_mapped())
    return std::string{remote};
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), 0);
  return boost::asio::ip::make_address_v6(bytes).to_string() + "/64";
}

} // namespace

address_watch::entry& address_watch::at(std::string_view remote,
                                        timestamp now) {
  auto key = key_of(remote);
  auto i = entries_.find(key);
  if (i == entries_.end() && entries_.size() >= limits_.addresses_max) {
    std::erase_if(entries_, [&](const auto& x) {
      return is_over(x.second, now) && x.second.suppressed == 0;
    });
    if (entries_.size() >= limits_.addresses_max)
      key = crowd;
  }
  auto& out = i != entries_.end() ? i->second : entries_[key];
  // What was not recorded waits until somebody takes it.
  if (is_over(out, now) && out.suppressed == 0)
    out = {now, 0, 0, 0};
  return out;
}

std::chrono::seconds address_watch::fail(std::string_view remote,
                                         timestamp now) {
  using std::chrono::seconds;
  auto& x = at(remote, now);
  if (is_over(x, now)) {
    x.failures = 0;
    x.since = now;
  }
  if (++x.failures <= limits_.failures_max)
    return seconds{0};
  auto left = x.since + limits_.window - now;
  return std::max(seconds{1}, std::chrono::ceil<seconds>(left));
}

bool address_watch::record(std::string_view remote, timestamp now) {
  if (is_over(all_, now))
    all_ = {now, 0, 0, 0};
  auto& x = at(remote, now);
  if (x.recorded < limits_.refusals_max
      && all_.recorded < limits_.recorded_max) {
    ++x.recorded;
    ++all_.recorded;
    return true;
  }
  ++x.suppressed;
  ++suppressed_;
  return false;
}

std::vector<std::pair<std::string, uint64_t>>
address_watch::take_suppressed(timestamp now) {
  std::vector<std::pair<std::string, uint64_t>> out;
  for (auto i = entries_.begin(); i != entries_.end();) {
    if (!is_over(i->second, now)) {
      ++i;
      continue;
    }
    if (i->second.suppressed > 0)
      out.emplace_back(i->first, i->second.suppressed);
    suppressed_ -= i->second.suppressed;
    i = entries_.erase(i);
  }
  return out;
}

} // namespace quaero
