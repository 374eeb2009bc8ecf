#include "definitions/cron.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

namespace quaero {

namespace {

constexpr int minutes_per_day = 24 * 60;
constexpr int interval_minutes_min = 5;
constexpr int values_max = 60;

struct field_kind {
  std::string_view name;
  int min;
  int max;
  std::vector<std::string_view> names; // Of `min` and those after it.
};

const std::array<field_kind, 5>& field_kinds() {
  static const std::array<field_kind, 5> kinds{{
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day of month", 1, 31, {}},
    {"month",
     1,
     12,
     {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
      "nov", "dec"}},
    {"day of week", 0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
  }};
  return kinds;
}

using field = cron_schedule::field;

std::vector<std::string_view>
split(std::string_view text, std::string_view separators, bool keep_empty) {
  std::vector<std::string_view> result;
  for (;;) {
    auto end = text.find_first_of(separators);
    if (keep_empty || !text.substr(0, end).empty())
      result.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return result;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> parse_unsigned(std::string_view text) {
  int result = 0;
  auto end = text.data() + text.size();
  auto [last, code] = std::from_chars(text.data(), end, result);
  if (text.empty() || text.front() == '-' || code != std::errc{} || last != end)
    return std::nullopt;
  return result;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size())
    return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower[i])
      return false;
  return true;
}

std::optional<int> parse_value(std::string_view text, const field_kind& kind) {
  for (size_t i = 0; i < kind.names.size(); ++i)
    if (equals_ignoring_case(text, kind.names[i]))
      return kind.min + static_cast<int>(i);
  auto number = parse_unsigned(text);
  if (number && *number >= kind.min && *number <= kind.max)
    return number;
  return std::nullopt;
}

std::string refuse(const field_kind& kind, std::string_view item,
                   std::string_view why) {
  return std::string{kind.name} + " field: '" + std::string{item} + "' "
         + std::string{why};
}

// Adds one item of a list, like "2", "1-5" or "*/15".
std::string parse_item(std::string_view item, const field_kind& kind,
                       field& out) {
  auto range = item.substr(0, item.find('/'));
  auto is_all = range == "*" || range == "?";
  auto first = kind.min;
  auto last = kind.max;
  if (!is_all) {
    auto dash = range.find('-');
    auto low = parse_value(range.substr(0, dash), kind);
    auto high = dash == std::string_view::npos
                  ? low
                  : parse_value(range.substr(dash + 1), kind);
    if (!low || !high)
      return refuse(kind, item,
                    "is not within " + std::to_string(kind.min) + " to "
                      + std::to_string(kind.max));
    if (*low > *high)
      return refuse(kind, item, "is a range that ends before it begins");
    first = *low;
    last = *high;
  }
  auto step = 1;
  if (range.size() < item.size()) {
    auto number = parse_unsigned(item.substr(range.size() + 1));
    if (!number || *number < 1)
      return refuse(kind, item, "has a step that is no number above 0");
    if (!is_all && range.find('-') == std::string_view::npos)
      return refuse(kind, item, "has a step but no range");
    step = *number;
  }
  // Larger steps reach nothing; they could only overflow.
  step = std::min(step, values_max);
  for (auto i = first; i <= last; i += step)
    out.values |= uint64_t{1} << i;
  out.any = out.any || (is_all && step == 1);
  return {};
}

std::string parse_field(std::string_view text, const field_kind& kind,
                        field& out) {
  for (auto item : split(text, ",", true))
    if (auto why = parse_item(item, kind, out); !why.empty())
      return why;
  return {};
}

using fields = cron_schedule::fields;

bool has(const field& x, unsigned value) {
  return (x.values >> value & 1) != 0;
}

bool fires_on(const fields& x, std::chrono::sys_days day) {
  std::chrono::year_month_day date{day};
  if (!has(x[3], static_cast<unsigned>(date.month())))
    return false;
  auto by_date = has(x[2], static_cast<unsigned>(date.day()));
  auto by_weekday = has(x[4], std::chrono::weekday{day}.c_encoding());
  // Two restricted day fields widen each other.
  return x[2].any || x[4].any ? by_date && by_weekday : by_date || by_weekday;
}

// Whether there are two days in a row that it fires on. The calendar repeats
// after 400 years.
bool fires_two_days_running(const fields& x) {
  using namespace std::chrono;
  constexpr sys_days first = 2000y / January / 1;
  constexpr sys_days last = 2400y / January / 1;
  auto before = false;
  for (auto day = first; day <= last; day += days{1}) {
    auto now = fires_on(x, day);
    if (before && now)
      return true;
    before = now;
  }
  return false;
}

// The minutes between the two closest firings, or a day if there are none.
int closest_firings(const fields& x) {
  auto closest = minutes_per_day;
  auto first = -1;
  auto last = -1;
  for (auto minute = 0; minute < minutes_per_day; ++minute) {
    if (!has(x[0], static_cast<unsigned>(minute % 60))
        || !has(x[1], static_cast<unsigned>(minute / 60)))
      continue;
    if (first < 0)
      first = minute;
    else
      closest = std::min(closest, minute - last);
    last = minute;
  }
  auto over_midnight = first + minutes_per_day - last;
  if (over_midnight < interval_minutes_min && fires_two_days_running(x))
    closest = std::min(closest, over_midnight);
  return closest;
}

std::string parse_fields(std::string_view text, fields& all) {
  auto parts = split(text, " \t", false);
  if (parts.size() != all.size())
    return "expected 5 fields (minute hour day-of-month month day-of-week), "
           "found "
           + std::to_string(parts.size());
  for (size_t i = 0; i < all.size(); ++i)
    if (auto why = parse_field(parts[i], field_kinds()[i], all[i]);
        !why.empty())
      return why;
  return {};
}

// The rarest date is 29 February: 8 years apart around 2100.
constexpr std::chrono::days firing_search_max{3653};

// A time as clocks on the wall show it, in the type of one in UTC.
using local_minutes = std::chrono::sys_time<std::chrono::minutes>;

constexpr auto no_value = 64;

// The first value from `from` on, or no_value.
int first_value(const field& x, int from) {
  return from >= no_value ? no_value
                          : std::countr_zero(x.values >> from << from);
}

// The first minute of the day from `from` on, or minutes_per_day.
int first_minute(const fields& x, int from) {
  auto hour = first_value(x[1], from / 60);
  if (hour == from / 60)
    if (auto minute = first_value(x[0], from % 60); minute < no_value)
      return hour * 60 + minute;
  if (hour == from / 60)
    hour = first_value(x[1], hour + 1);
  if (hour == no_value)
    return minutes_per_day;
  return hour * 60 + first_value(x[0], 0);
}

// The first local time in [from, end) that the fields match.
std::optional<local_minutes> first_match(const fields& x, local_minutes from,
                                         std::chrono::sys_seconds end) {
  using namespace std::chrono;
  for (auto day = floor<days>(from); day < end;) {
    const year_month_day date{day};
    if (!has(x[3], static_cast<unsigned>(date.month()))) {
      day = sys_days{(date.year() / date.month() + months{1}) / 1};
      continue;
    }
    if (fires_on(x, day)) {
      const auto begin
        = day < from ? static_cast<int>((from - day).count()) : 0;
      const auto minute = first_minute(x, begin);
      if (minute < minutes_per_day) {
        const local_minutes out = day + minutes{minute};
        return out < end ? std::optional{out} : std::nullopt;
      }
    }
    day += days{1};
  }
  return std::nullopt;
}

} // namespace

std::string check_cron(std::string_view text) {
  fields all;
  if (auto why = parse_fields(text, all); !why.empty())
    return why;
  auto closest = closest_firings(all);
  if (closest < interval_minutes_min)
    return "fires every " + std::to_string(closest)
           + " minutes at times, allowed is every "
           + std::to_string(interval_minutes_min) + " minutes";
  return {};
}

std::optional<cron_schedule> cron_schedule::parse(std::string_view text) {
  cron_schedule out;
  if (!parse_fields(text, out.fields_).empty())
    return std::nullopt;
  return out;
}

bool cron_schedule::every_hour() const {
  return std::popcount(fields_[1].values) == 24;
}

std::optional<timestamp> cron_schedule::next(timestamp from,
                                             const time_zone& zone) const {
  using namespace std::chrono;
  // Firings are whole seconds.
  auto begin = floor<seconds>(from) + seconds{1};
  const auto bound = begin + firing_search_max;
  // Clocks are only looked at where they change: a few times a year.
  while (begin < bound) {
    const auto now = zone.at(begin);
    auto local = begin + now.offset;
    const auto before = zone.at(now.begin - seconds{1}).offset;
    if (!every_hour() && before < now.offset && begin == now.begin
        && first_match(fields_, ceil<minutes>(begin + before), local))
      return begin;                           // times that the clocks left out
    if (!every_hour() && before > now.offset) // times that they showed before
      local = std::max(local, now.begin + before);
    const auto end = std::min(now.end, bound);
    if (auto found
        = first_match(fields_, ceil<minutes>(local), end + now.offset))
      return *found - now.offset;
    begin = end;
  }
  return std::nullopt;
}

std::vector<timestamp> cron_schedule::last(timestamp after, timestamp until,
                                           size_t n,
                                           const time_zone& zone) const {
  using namespace std::chrono;
  std::vector<timestamp> out;
  // Backwards in growing steps: what is long ago is not looked at.
  for (nanoseconds reach = hours{1}; n > 0; reach *= 2) {
    const auto begin = until - after < reach ? after : until - reach;
    out.clear();
    for (auto at = next(begin, zone); at && *at <= until; at = next(*at, zone))
      out.push_back(*at);
    if (begin == after || out.size() >= n)
      break;
  }
  if (out.size() > n)
    out.erase(out.begin(), out.end() - static_cast<ptrdiff_t>(n));
  return out;
}

std::vector<timestamp> next_firings(std::string_view text,
                                    const time_zone& zone, timestamp from,
                                    size_t n) {
  std::vector<timestamp> out;
  const auto schedule = cron_schedule::parse(text);
  if (!schedule)
    return out;
  for (auto at = from; out.size() < n;) {
    const auto found = schedule->next(at, zone);
    if (!found)
      break;
    out.push_back(at = *found);
  }
  return out;
}

} // namespace quaero
