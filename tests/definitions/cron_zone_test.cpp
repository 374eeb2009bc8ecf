// Schedules where the clocks change.

#include "definitions/cron.hpp"
#include "definitions/validation.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;

namespace {

timestamp at(std::string_view text) {
  timestamp out{};
  BOOST_REQUIRE(from_rfc3339(text, out));
  return out;
}

time_zone zone(std::string_view name) {
  const auto out = find_time_zone(name);
  BOOST_REQUIRE_MESSAGE(out, name);
  return *out;
}

/// Days, local times and offsets of the next firings, blanks between them.
std::string firings(std::string_view schedule, std::string_view name,
                    std::string_view from, size_t n) {
  std::string out;
  for (auto x : next_firings(schedule, zone(name), at(from), n)) {
    const auto text = to_local_rfc3339(x, zone(name));
    out += (out.empty() ? "" : " ") + text.substr(8, 8) + text.substr(23);
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cron_zones)

BOOST_AUTO_TEST_CASE(zones_are_those_of_the_iana_database) {
  for (auto name : {"", "UTC", "Europe/Berlin", "America/New_York",
                    "Australia/Lord_Howe", "Asia/Kathmandu"})
    BOOST_TEST(find_time_zone(name).has_value(), name);
  for (auto name : {"Berlin", "europe/berlin", "localtime", "+01:00", " ",
                    "../Europe/Berlin", "Europe/", "posix/Europe/Berlin"})
    BOOST_TEST(!find_time_zone(name).has_value(), name);
}

BOOST_AUTO_TEST_CASE(local_times_have_their_offset) {
  const auto t = at("2026-07-01T12:00:00Z");
  BOOST_TEST(to_local_rfc3339(t, {}) == "2026-07-01T12:00:00.000+00:00");
  BOOST_TEST(to_local_rfc3339(t, zone("Europe/Berlin"))
             == "2026-07-01T14:00:00.000+02:00");
  BOOST_TEST(to_local_rfc3339(t, zone("America/St_Johns"))
             == "2026-07-01T09:30:00.000-02:30");
}

BOOST_AUTO_TEST_CASE(an_unknown_zone_is_an_error_of_its_field) {
  job_definition x;
  x.id = x.name = "d";
  x.steps.emplace_back();
  x.steps[0].name = "a";
  x.steps[0].type = "noop";
  x.time_zone = "Europe/Berlin";
  BOOST_TEST(validate(x).empty());
  x.time_zone = "Berlin";
  const auto errors = validate(x);
  BOOST_REQUIRE(errors.size() == 1u);
  BOOST_TEST(errors[0].field == "time_zone");
  BOOST_TEST(errors[0].message.find("IANA") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_time_that_does_not_exist_fires_once_after_the_gap) {
  BOOST_TEST(firings("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3)
             == "28T02:30+01:00 29T03:00+02:00 30T02:30+02:00");
  // All that is left out fires once, also with what is there.
  BOOST_TEST(
    firings("*/15 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3)
    == "29T03:00+02:00 29T03:15+02:00 29T03:30+02:00");
  BOOST_TEST(
    firings("30 2 * * *", "America/New_York", "2026-03-08T00:00:00-05:00", 2)
    == "08T03:00-04:00 09T02:30-04:00");
  BOOST_TEST(
    firings("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T13:00:00Z", 2)
    == "04T02:30+11:00 05T02:15+11:00");
  // From the gap itself on, and from the moment after it.
  BOOST_TEST(firings("30 2 * * *", "Europe/Berlin", "2026-03-29T00:59:59Z", 1)
             == "29T03:00+02:00");
  BOOST_TEST(firings("30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", 1)
             == "30T02:30+02:00");
}

BOOST_AUTO_TEST_CASE(a_whole_day_that_does_not_exist_fires_after_it) {
  // Samoa had no 30 December 2011.
  BOOST_TEST(
    firings("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00", 2)
    == "31T00:00+14:00 31T12:00+14:00");
}

BOOST_AUTO_TEST_CASE(a_time_that_comes_twice_fires_the_first_time) {
  BOOST_TEST(firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)
             == "25T02:30+02:00 26T02:30+01:00");
  BOOST_TEST(
    firings("30 1 * * *", "America/New_York", "2026-11-01T00:00:00-04:00", 2)
    == "01T01:30-04:00 02T01:30-05:00");
  BOOST_TEST(
    firings("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T13:00:00Z", 2)
    == "05T01:45+11:00 06T01:45+10:30");
  // Between the two.
  BOOST_TEST(firings("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1)
             == "26T02:30+01:00");
  BOOST_TEST(
    firings("*/30 2,3 * * *", "Europe/Berlin", "2026-10-25T00:15:00Z", 3)
    == "25T02:30+02:00 25T03:00+01:00 25T03:30+01:00");
}

BOOST_AUTO_TEST_CASE(a_schedule_of_every_hour_goes_by_hours_that_pass) {
  BOOST_TEST(firings("30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", 4)
             == "25T01:30+02:00 25T02:30+02:00 25T02:30+01:00 25T03:30+01:00");
  BOOST_TEST(firings("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2)
             == "29T01:30+01:00 29T03:30+02:00");
  BOOST_TEST(
    firings("45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", 4)
    == "05T01:45+11:00 05T01:45+10:30 05T02:45+10:30 05T03:45+10:30");
}

BOOST_AUTO_TEST_CASE(days_are_those_of_the_zone) {
  BOOST_TEST(firings("0 0 * * MON", "Asia/Tokyo", "2026-01-01T00:00:00Z", 1)
             == "05T00:00+09:00");
  BOOST_TEST(
    firings("0 0 29 2 *", "Pacific/Auckland", "2026-01-01T00:00:00Z", 1)
    == "29T00:00+13:00");
}

BOOST_AUTO_TEST_CASE(what_never_comes_is_not_looked_for_for_ever) {
  const auto never = cron_schedule::parse("0 0 30 2 *");
  BOOST_REQUIRE(never);
  BOOST_TEST(!never->next(at("2026-01-01T00:00:00Z"), zone("Europe/Berlin")));
  // 2100 is no leap year.
  const auto leap = cron_schedule::parse("0 0 29 2 *");
  BOOST_TEST(leap->next(at("2096-03-01T00:00:00Z"), {}).has_value());
  BOOST_TEST(!cron_schedule::parse("0 0 29 2"));
}

BOOST_AUTO_TEST_CASE(the_last_firings_are_found_from_the_end) {
  const auto x = cron_schedule::parse("0 2 * * *");
  BOOST_REQUIRE(x);
  const auto until = at("2026-01-20T02:00:00Z");
  auto found = x->last(timestamp{}, until, 2, {});
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_CHECK(found[0] == at("2026-01-19T02:00:00Z"));
  BOOST_CHECK(found[1] == until); // inclusive
  found = x->last(at("2026-01-19T02:00:00Z"), until, 9, {});
  BOOST_REQUIRE(found.size() == 1u); // exclusive
  BOOST_TEST(x->last(until, until, 9, {}).empty());
  BOOST_TEST(x->last(until, timestamp{}, 9, {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
