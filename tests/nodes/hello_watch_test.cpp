// How often a node may say hello.

#include "actors/nodes/hello_watch.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(hello_watches)

BOOST_AUTO_TEST_CASE(hellos_of_a_node_are_counted_by_the_minute) {
  hello_watch::clock::time_point now{1h};
  hello_watch watch{3, 10};
  for (uint64_t i = 1; i <= 3; ++i)
    BOOST_TEST(watch.take("alpha", i, now) == "");
  BOOST_TEST(watch.take("alpha", 4, now)
             == "it says hello more often than hellos_minute_max, 3");
  BOOST_TEST(watch.take("beta", 5, now) == "");
  now += 20s;
  BOOST_TEST(watch.take("alpha", 6, now) == "");
  BOOST_TEST(watch.take("alpha", 7, now) != "");
}

BOOST_AUTO_TEST_CASE(a_connection_has_one_hello) {
  hello_watch::clock::time_point now{1h};
  hello_watch watch{3, 10};
  BOOST_TEST(watch.take("alpha", 1, now) == "");
  BOOST_TEST(watch.take("alpha", 1, now)
             == "it says hello twice on one connection");
  BOOST_TEST(watch.take("alpha", 2, now) == "");
}

BOOST_AUTO_TEST_CASE(who_said_nothing_for_a_minute_may_be_forgotten) {
  hello_watch::clock::time_point now{1h};
  hello_watch watch{3, 10};
  for (uint64_t i = 0; i < 20; ++i)
    BOOST_TEST(watch.take("node" + std::to_string(i), i + 1, now) == "");
  BOOST_TEST(watch.nodes() == 20u);
  now += 1min;
  BOOST_TEST(watch.take("node1", 21, now) == "");
  BOOST_TEST(watch.nodes() == 20u);
  BOOST_TEST(watch.take("other", 22, now) == "");
  BOOST_TEST(watch.nodes() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
