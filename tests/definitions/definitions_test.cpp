#define BOOST_TEST_MODULE definitions
#include "definitions/log_entry.hpp"
#include "definitions/queue_job.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(every_log_level_reads_its_own_name) {
  for (auto x :
       {log_level::debug, log_level::info, log_level::warn, log_level::error}) {
    auto out = x == log_level::debug ? log_level::error : log_level::debug;
    BOOST_TEST(from_string(to_string(x), out));
    BOOST_CHECK(out == x);
  }
}

BOOST_AUTO_TEST_CASE(log_levels_of_older_clients_are_read) {
  auto out = log_level::debug;
  BOOST_CHECK(from_string("INF", out) && out == log_level::info);
  BOOST_CHECK(from_string("WRN", out) && out == log_level::warn);
  BOOST_CHECK(from_string("warning", out) && out == log_level::warn);
  BOOST_CHECK(from_string("ERR", out) && out == log_level::error);
  BOOST_CHECK(from_string("err", out) && out == log_level::error);
  BOOST_CHECK(from_string("DBG", out) && out == log_level::debug);
  out = log_level::error;
  BOOST_CHECK(from_string("all", out) && out == log_level::debug);
  BOOST_CHECK(!from_string("", out));
  BOOST_CHECK(!from_string("loud", out));
  BOOST_CHECK(!from_string("information", out));
}

BOOST_AUTO_TEST_CASE(every_origin_has_a_name) {
  BOOST_TEST(to_string(log_origin::manager) == "manager");
  BOOST_TEST(to_string(log_origin::step) == "step");
  BOOST_TEST(to_string(log_origin::worker) == "worker");
  BOOST_TEST(to_string(log_origin::system) == "system");
}

BOOST_AUTO_TEST_CASE(every_durability_reads_its_own_name) {
  for (auto x : {durability::group, durability::buffered, durability::each}) {
    auto out = durability::group;
    BOOST_TEST(from_string(to_string(x), out));
    BOOST_CHECK(out == x);
  }
  auto out = durability::group;
  BOOST_TEST(!from_string("none", out));
}

BOOST_AUTO_TEST_SUITE_END()
