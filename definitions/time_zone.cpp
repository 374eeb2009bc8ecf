#include "definitions/time_zone.hpp"

#include "definitions/time.hpp"

#include <date/tz.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

namespace quaero {

namespace {

/// Nothing is scheduled outside of these, and sums of them do not overflow.
constexpr std::chrono::sys_seconds first{
  std::chrono::sys_days{std::chrono::year{1900} / 1 / 1}};
constexpr std::chrono::sys_seconds last{
  std::chrono::sys_days{std::chrono::year{3000} / 1 / 1}};

} // namespace

time_zone::period time_zone::at(seconds at) const {
  using namespace std::chrono_literals;
  if (zone_ == nullptr)
    return {first, last, 0s};
  const auto info = static_cast<const date::time_zone*>(zone_)->get_info(at);
  return {std::max(info.begin, first), std::min(info.end, last), info.offset};
}

std::optional<time_zone> find_time_zone(std::string_view name) {
  time_zone out;
  if (name.empty() || name == "UTC")
    return out;
  // Whatever the machine is set to: a definition means the same everywhere.
  if (name == "localtime")
    return std::nullopt;
  try {
    const auto* zone = date::locate_zone(name);
    zone->get_info(first); // reads it, which may fail
    out.zone_ = zone;
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return out;
}

std::string to_local_rfc3339(std::chrono::sys_time<std::chrono::nanoseconds> t,
                             const time_zone& zone) {
  const auto offset
    = zone.at(std::chrono::floor<std::chrono::seconds>(t)).offset;
  auto out = to_rfc3339(t + offset);
  out.pop_back(); // the Z
  const auto minutes = std::abs(
    std::chrono::duration_cast<std::chrono::minutes>(offset).count());
  const auto two = [](auto n) {
    return std::string{static_cast<char>('0' + n / 10),
                       static_cast<char>('0' + n % 10)};
  };
  return out + (offset.count() < 0 ? '-' : '+') + two(minutes / 60) + ':'
         + two(minutes % 60);
}

} // namespace quaero
