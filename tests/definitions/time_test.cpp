#include "definitions/time.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace std::chrono_literals;

namespace {

timestamp at(std::string_view text) {
  timestamp result{1ns};
  BOOST_TEST(from_rfc3339(text, result), text);
  return result;
}

std::chrono::nanoseconds duration(std::string_view text) {
  std::chrono::nanoseconds result{-1};
  BOOST_TEST(parse_duration(text, result), text);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(times)

BOOST_AUTO_TEST_CASE(a_moment_is_written_with_milliseconds) {
  BOOST_TEST(to_rfc3339(timestamp{}) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(to_rfc3339(timestamp{1'768'874'404'118'999'999ns})
             == "2026-01-20T02:00:04.118Z");
  BOOST_TEST(to_rfc3339(timestamp{-1ns}) == "1969-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(a_moment_is_read_with_any_fraction_and_offset) {
  auto expected = timestamp{1'768'874'404s};
  BOOST_CHECK(at("2026-01-20T02:00:04Z") == expected);
  BOOST_CHECK(at("2026-01-20t02:00:04z") == expected);
  BOOST_CHECK(at("2026-01-20T02:00:04.1Z") == expected + 100ms);
  BOOST_CHECK(at("2026-01-20T02:00:04.123456789Z") == expected + 123456789ns);
  BOOST_CHECK(at("2026-01-20T02:00:04.1234567891234Z")
              == expected + 123456789ns);
  BOOST_CHECK(at("2026-01-20T04:30:04+02:30") == expected);
  BOOST_CHECK(at("2026-01-19T21:00:04-05:00") == expected);
  BOOST_CHECK(at("2016-12-31T23:59:60Z") == at("2017-01-01T00:00:00Z"));
}

BOOST_AUTO_TEST_CASE(what_is_no_moment_leaves_the_target_alone) {
  auto x = timestamp{7s};
  for (auto text :
       {"", "2026-01-20", "2026-01-20T02:00:04", "2026-01-20 02:00:04Z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-20T24:00:00Z",
        "2026-01-20T02:60:00Z", "2026-01-20T02:00:61Z", "2026-01-20T02:00:04.Z",
        "2026-01-20T02:00:04Zx", "2026-01-20T02:00:04+24:00",
        "2026-01-20T02:00:04+0200", "+026-01-20T02:00:04Z",
        "1500-01-01T00:00:00Z", "2300-01-01T00:00:00Z"})
    BOOST_TEST(!from_rfc3339(text, x), text);
  BOOST_CHECK(x == timestamp{7s});
}

BOOST_AUTO_TEST_CASE(durations_are_read_in_every_unit) {
  BOOST_CHECK(duration("250ms") == 250ms);
  BOOST_CHECK(duration("90s") == 90s);
  BOOST_CHECK(duration("30m") == 30min);
  BOOST_CHECK(duration("2h30m") == 150min);
  BOOST_CHECK(duration("1.5h") == 90min);
  BOOST_CHECK(duration("0.25s") == 250ms);
  BOOST_CHECK(duration("0.000000001s") == 1ns);
  BOOST_CHECK(duration("2d") == 48h);
  BOOST_CHECK(duration("0s") == 0s);
  BOOST_CHECK(duration("3650d") == 3650 * 24h);
}

BOOST_AUTO_TEST_CASE(what_is_no_duration_is_refused) {
  std::chrono::nanoseconds out{};
  for (auto text :
       {"", "5", "s", "5x", "-5s", "5 s", "5s ", "1.h", ".5h", "5s3", "1,5h",
        "5S", "3651d", "3650d1ms", "99999999999999999999s", "10000000h"})
    BOOST_TEST(!parse_duration(text, out), text);
}

BOOST_AUTO_TEST_CASE(a_duration_is_written_as_it_is_read) {
  BOOST_TEST(format_duration(150min) == "2h30m");
  BOOST_TEST(format_duration(250ms) == "250ms");
  BOOST_TEST(format_duration(0s) == "0s");
  BOOST_TEST(format_duration(1500us) == "2ms");
  BOOST_TEST(format_duration(24h) == "1d");
  for (auto x : {1ms, 999ms, 1001ms, 61'001ms, 90'061'001ms})
    BOOST_CHECK(duration(format_duration(x)) == x);
}

BOOST_AUTO_TEST_CASE(the_machine_clock_goes) {
  BOOST_CHECK(system_wall_clock().now() > at("2024-01-01T00:00:00Z"));
}

BOOST_AUTO_TEST_SUITE_END()
