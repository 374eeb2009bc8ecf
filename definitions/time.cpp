#include "definitions/time.hpp"

#include <array>
#include <cstdint>
#include <limits>

namespace quaero {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Whole years that fit into 64 bits of nanoseconds.
constexpr int year_min = 1678;
constexpr int year_max = 2261;
constexpr unsigned fraction_digits_max = 9; // Of a second: nanoseconds.

class machine_clock : public wall_clock {
public:
  timestamp now() const override {
    return std::chrono::time_point_cast<nanoseconds>(
      std::chrono::system_clock::now());
  }
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes characters off the front of a text; false once something is missing.
struct scanner {
  std::string_view rest;

  bool number(size_t digits, int& out) {
    if (rest.size() < digits)
      return false;
    out = 0;
    for (auto c : rest.substr(0, digits)) {
      if (!is_digit(c))
        return false;
      out = out * 10 + (c - '0');
    }
    rest.remove_prefix(digits);
    return true;
  }

  bool one_of(std::string_view set, char* which = nullptr) {
    if (rest.empty() || set.find(rest.front()) == std::string_view::npos)
      return false;
    if (which)
      *which = rest.front();
    rest.remove_prefix(1);
    return true;
  }

  // Digits behind a decimal point, as billionths. Further digits are dropped.
  bool fraction(int64_t& out) {
    if (rest.empty() || !is_digit(rest.front()))
      return false;
    out = 0;
    unsigned used = 0;
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1))
      if (used < fraction_digits_max) {
        out = out * 10 + (rest.front() - '0');
        ++used;
      }
    for (; used < fraction_digits_max; ++used)
      out *= 10;
    return true;
  }
};

bool read_date(scanner& in, std::chrono::sys_days& out) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!in.number(4, year) || !in.one_of("-") || !in.number(2, month)
      || !in.one_of("-") || !in.number(2, day))
    return false;
  std::chrono::year_month_day date{
    std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
    std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || year < year_min || year > year_max)
    return false;
  out = date;
  return true;
}

bool read_time_of_day(scanner& in, nanoseconds& out) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int64_t fraction = 0;
  if (!in.number(2, hour) || !in.one_of(":") || !in.number(2, minute)
      || !in.one_of(":") || !in.number(2, second))
    return false;
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60)
    return false;
  if (in.one_of(".") && !in.fraction(fraction))
    return false;
  out = std::chrono::hours{hour} + std::chrono::minutes{minute}
        + std::chrono::seconds{second} + nanoseconds{fraction};
  return true;
}

bool read_offset(scanner& in, nanoseconds& out) {
  if (in.one_of("Zz")) {
    out = nanoseconds{0};
    return true;
  }
  char sign = '+';
  int hours = 0;
  int minutes = 0;
  if (!in.one_of("+-", &sign) || !in.number(2, hours) || !in.one_of(":")
      || !in.number(2, minutes) || hours > 23 || minutes > 59)
    return false;
  out = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  if (sign == '-')
    out = -out;
  return true;
}

struct duration_unit {
  std::string_view name;
  int64_t ms;
};

// Largest first, as format_duration() writes them.
constexpr std::array<duration_unit, 5> duration_units{{
  {"d", 24 * 60 * 60 * 1000},
  {"h", 60 * 60 * 1000},
  {"m", 60 * 1000},
  {"s", 1000},
  {"ms", 1},
}};

constexpr int64_t duration_ms_max = int64_t{3650} * 24 * 60 * 60 * 1000;

bool read_unit(scanner& in, int64_t& ms) {
  size_t length = 0;
  while (length < in.rest.size() && !is_digit(in.rest[length])
         && in.rest[length] != '.')
    ++length;
  for (auto& unit : duration_units) {
    if (unit.name == in.rest.substr(0, length)) {
      ms = unit.ms;
      in.rest.remove_prefix(length);
      return true;
    }
  }
  return false;
}

// Reads one number with its unit, "1.5h".
bool read_duration_part(scanner& in, nanoseconds& out) {
  int64_t whole = 0;
  int64_t billionths = 0;
  int64_t unit_ms = 0;
  if (in.rest.empty() || !is_digit(in.rest.front()))
    return false;
  for (; !in.rest.empty() && is_digit(in.rest.front());
       in.rest.remove_prefix(1)) {
    whole = whole * 10 + (in.rest.front() - '0');
    if (whole > duration_ms_max)
      return false;
  }
  if (in.one_of(".") && !in.fraction(billionths))
    return false;
  if (!read_unit(in, unit_ms) || whole > duration_ms_max / unit_ms)
    return false;
  out
    = milliseconds{whole * unit_ms} + nanoseconds{unit_ms * billionths / 1000};
  return true;
}

} // namespace

const wall_clock& system_wall_clock() {
  static const machine_clock instance;
  return instance;
}

std::string to_rfc3339(timestamp t) {
  auto ms = std::chrono::floor<milliseconds>(t);
  auto day = std::chrono::floor<std::chrono::days>(ms);
  std::chrono::year_month_day date{day};
  std::chrono::hh_mm_ss time{ms - day};
  std::string out = "0000-00-00T00:00:00.000Z";
  auto put = [&out](size_t end, int64_t number) {
    for (auto i = end; number != 0; number /= 10)
      out[--i] = static_cast<char>('0' + number % 10);
  };
  // The range of a timestamp ends within four digits of years.
  put(4, static_cast<int>(date.year()));
  put(7, static_cast<unsigned>(date.month()));
  put(10, static_cast<unsigned>(date.day()));
  put(13, time.hours().count());
  put(16, time.minutes().count());
  put(19, time.seconds().count());
  put(23, time.subseconds().count());
  return out;
}

bool from_rfc3339(std::string_view text, timestamp& out) {
  scanner in{text};
  std::chrono::sys_days day;
  nanoseconds time{};
  nanoseconds offset{};
  if (!read_date(in, day) || !in.one_of("Tt") || !read_time_of_day(in, time)
      || !read_offset(in, offset) || !in.rest.empty())
    return false;
  out = timestamp{day} + time - offset;
  return true;
}

bool parse_duration(std::string_view text, nanoseconds& out) {
  constexpr nanoseconds max = milliseconds{duration_ms_max};
  scanner in{text};
  nanoseconds sum{0};
  do {
    nanoseconds part{};
    if (!read_duration_part(in, part) || part > max - sum)
      return false;
    sum += part;
  } while (!in.rest.empty());
  out = sum;
  return true;
}

std::string format_duration(nanoseconds d) {
  auto ms = std::chrono::round<milliseconds>(d).count();
  if (ms == 0)
    return "0s";
  std::string result;
  if (ms < 0) {
    result += '-';
    ms = -ms;
  }
  for (auto& unit : duration_units) {
    if (auto n = ms / unit.ms; n > 0) {
      result += std::to_string(n);
      result += unit.name;
      ms -= n * unit.ms;
    }
  }
  return result;
}

} // namespace quaero
