#include "definitions/cron.hpp"

#include <array>
#include <bitset>
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

struct field {
  std::bitset<values_max> values;
  bool any = false; // Not restricted: "*", "?" or "*/1".
};

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
    out.values.set(static_cast<size_t>(i));
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

using fields = std::array<field, 5>;

bool fires_on(const fields& x, std::chrono::sys_days day) {
  std::chrono::year_month_day date{day};
  if (!x[3].values[static_cast<unsigned>(date.month())])
    return false;
  auto by_date = x[2].values[static_cast<unsigned>(date.day())];
  auto by_weekday = x[4].values[std::chrono::weekday{day}.c_encoding()];
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
    if (!x[0].values[static_cast<size_t>(minute % 60)]
        || !x[1].values[static_cast<size_t>(minute / 60)])
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

// Adds the firings of one day that come after `from`.
void add_firings(const fields& x, std::chrono::sys_days day, timestamp from,
                 size_t n, std::vector<timestamp>& out) {
  for (auto minute = 0; minute < minutes_per_day && out.size() < n; ++minute) {
    if (!x[0].values[static_cast<size_t>(minute % 60)]
        || !x[1].values[static_cast<size_t>(minute / 60)])
      continue;
    timestamp at{day + std::chrono::minutes{minute}};
    if (at > from)
      out.push_back(at);
  }
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

std::vector<timestamp> next_firings(std::string_view text, timestamp from,
                                    size_t n) {
  std::vector<timestamp> out;
  fields all;
  if (!parse_fields(text, all).empty())
    return out;
  auto day = std::chrono::floor<std::chrono::days>(from);
  auto last = day + firing_search_max;
  for (; out.size() < n && day <= last; day += std::chrono::days{1}) {
    if (!fires_on(all, day))
      continue;
    const auto before = out.size();
    add_firings(all, day, from, n, out);
    if (out.size() > before)
      last = day + firing_search_max;
  }
  return out;
}

} // namespace quaero
