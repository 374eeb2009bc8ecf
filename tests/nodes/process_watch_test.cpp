// How often a node may come as another process.

#include "actors/nodes/process_watch.hpp"
#include "tests/nodes/nodes_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(process_watches)

BOOST_AUTO_TEST_CASE(new_processes_of_a_node_are_counted_by_the_hour) {
  process_watch::clock::time_point now{1h};
  process_watch watch{3, now};
  for (uint32_t i = 1; i <= 3; ++i)
    BOOST_TEST(watch.take("alpha", process_id(i), now));
  BOOST_TEST(!watch.take("alpha", process_id(4), now));
  BOOST_TEST(watch.take("alpha", process_id(3), now));
  BOOST_TEST(watch.take("beta", process_id(5), now));
  now += 20min;
  BOOST_TEST(watch.take("alpha", process_id(4), now));
  BOOST_TEST(!watch.take("alpha", process_id(5), now));
  // Going back to a former one is another one.
  BOOST_TEST(!watch.take("alpha", process_id(1), now));
}

BOOST_AUTO_TEST_CASE(who_did_not_come_for_an_hour_is_forgotten) {
  process_watch::clock::time_point now{1h};
  process_watch watch{3, now};
  for (uint32_t i = 0; i < 100; ++i)
    BOOST_TEST(watch.take("node" + std::to_string(i), process_id(i + 1), now));
  BOOST_TEST(watch.nodes() == 100u);
  now += 61min;
  BOOST_TEST(watch.take("other", process_id(1), now));
  BOOST_TEST(watch.nodes() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
