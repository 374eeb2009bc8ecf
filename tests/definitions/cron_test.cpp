#include "definitions/cron.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace quaero;

BOOST_AUTO_TEST_SUITE(cron)

BOOST_AUTO_TEST_CASE(schedules_of_five_fields_are_taken) {
  for (auto text :
       {"*/5 * * * *", "0 */6 * * *", "0 2 * * *", "0 0 1 * *", "30 1 * * 1-5",
        "0 9 ? * MON-FRI", "0 0 1 jan,JUL *", "5,10,20 3 * * 0",
        "0-30/10 8-18/2 * * *", "  0\t2  * * * ", "0 0 29 2 *", "*/99 * * * *",
        "55 23 * * *", "0 0 13 * FRI"})
    BOOST_TEST(check_cron(text) == "", text);
}

BOOST_AUTO_TEST_CASE(what_is_no_schedule_is_refused) {
  for (auto text : {"",
                    "* * * *",
                    "0 0 0 * * *",
                    "60 * * * *",
                    "0 24 * * *",
                    "0 0 0 * *",
                    "0 0 32 * *",
                    "0 0 * 13 *",
                    "0 0 * 0 *",
                    "0 0 * * 7",
                    "0 0 * * -1",
                    "a * * * *",
                    "0 5-2 * * *",
                    "*/0 * * * *",
                    "*/-5 * * * *",
                    "*/x * * * *",
                    "0/15 * * * *",
                    "0, * * * *",
                    ",0 * * * *",
                    "0 0 * * MONDAY",
                    "@daily",
                    "0 0 * * 1-",
                    "99999999999 0 * * *"})
    BOOST_TEST(check_cron(text) != "", text);
}

BOOST_AUTO_TEST_CASE(firings_closer_than_five_minutes_are_refused) {
  for (auto text : {"* * * * *", "*/4 * * * *", "*/1 * * * *", "0,1,2 * * * *",
                    "0,30-32 4 * * *", "*/7 * * * *", "0,58 * * * *"})
    BOOST_TEST(check_cron(text).find("allowed is every 5 minutes")
                 != std::string::npos,
               text);
}

BOOST_AUTO_TEST_CASE(midnight_counts_only_between_days_that_both_fire) {
  BOOST_TEST(check_cron("0,58 0,23 * * *") != "");
  BOOST_TEST(check_cron("0,58 0,23 * * 1,2") != "");
  BOOST_TEST(check_cron("0,58 0,23 * * 6,0") != "");
  BOOST_TEST(check_cron("0,58 0,23 31,1 * *") != "");
  BOOST_TEST(check_cron("0,58 0,23 * * 1,3") == "");
  BOOST_TEST(check_cron("0,58 0,23 1 * *") == "");
  BOOST_TEST(check_cron("0,58 0,23 1 * 2") != "");      // Either day fires.
  BOOST_TEST(check_cron("0,58 0,23 28,1 2,3 *") != ""); // But for leap years.
  BOOST_TEST(check_cron("0,58 0,23 29 2 *") == "");
}

namespace {

/// The next firings as texts, blanks between them.
std::string firings(std::string_view schedule, std::string_view from,
                    size_t n = 3) {
  timestamp at{};
  BOOST_REQUIRE(from_rfc3339(from, at));
  std::string out;
  for (auto x : next_firings(schedule, {}, at, n)) {
    auto text = to_rfc3339(x);
    out += (out.empty() ? "" : " ") + text.substr(0, 16);
  }
  return out;
}

struct forecast {
  const char* schedule;
  const char* from;
  std::vector<std::string> firings;
};

void check(const std::vector<forecast>& cases) {
  for (const auto& x : cases) {
    std::string expected;
    for (const auto& time : x.firings)
      expected += (expected.empty() ? "" : " ") + time;
    BOOST_TEST(firings(x.schedule, x.from, x.firings.size()) == expected,
               x.schedule);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(firings_come_after_the_moment_and_in_order) {
  check({
    {"0 2 * * *",
     "2026-01-20T01:59:59Z",
     {"2026-01-20T02:00", "2026-01-21T02:00", "2026-01-22T02:00"}},
    // A firing at the moment itself is over.
    {"0 2 * * *", "2026-01-20T02:00:00Z", {"2026-01-21T02:00"}},
    {"*/30 23 * * *",
     "2026-12-31T23:10:00Z",
     {"2026-12-31T23:30", "2027-01-01T23:00", "2027-01-01T23:30"}},
    {"0 9 * * MON-FRI",
     "2026-01-23T10:00:00Z",
     {"2026-01-26T09:00", "2026-01-27T09:00"}},
    {"0 2 * * *", "2026-01-20T01:59:59Z", {}},
  });
}

BOOST_AUTO_TEST_CASE(two_restricted_day_fields_widen_each_other) {
  check({
    // The 13th, and Fridays.
    {"0 0 13 * FRI",
     "2026-01-08T12:00:00Z",
     {"2026-01-09T00:00", "2026-01-13T00:00", "2026-01-16T00:00",
      "2026-01-23T00:00"}},
    // One of them alone narrows.
    {"0 0 13 * *",
     "2026-01-08T12:00:00Z",
     {"2026-01-13T00:00", "2026-02-13T00:00"}},
    {"0 0 ? * FRI",
     "2026-01-08T12:00:00Z",
     {"2026-01-09T00:00", "2026-01-16T00:00"}},
  });
}

BOOST_AUTO_TEST_CASE(months_end_when_they_end) {
  check({
    {"0 0 31 * *",
     "2026-01-31T00:00:00Z",
     {"2026-03-31T00:00", "2026-05-31T00:00", "2026-07-31T00:00",
      "2026-08-31T00:00"}},
    {"0 0 29 2 *",
     "2026-01-01T00:00:00Z",
     {"2028-02-29T00:00", "2032-02-29T00:00"}},
    // 2100 is no leap year.
    {"0 0 29 2 *", "2096-02-29T00:00:00Z", {"2104-02-29T00:00"}},
  });
}

BOOST_AUTO_TEST_CASE(what_never_comes_has_no_firings) {
  BOOST_TEST(firings("0 0 30 2 *", "2026-01-01T00:00:00Z") == "");
  BOOST_TEST(firings("0 0 31 4,6 *", "2026-01-01T00:00:00Z") == "");
  BOOST_TEST(firings("no schedule", "2026-01-01T00:00:00Z") == "");
  BOOST_TEST(firings("", "2026-01-01T00:00:00Z") == "");
}

BOOST_AUTO_TEST_SUITE_END()
