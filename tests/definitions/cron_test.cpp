#include "definitions/cron.hpp"

#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_SUITE_END()
