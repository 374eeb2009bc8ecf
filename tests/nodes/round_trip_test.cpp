#include "actors/nodes/round_trip.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(round_trips)

BOOST_AUTO_TEST_CASE(the_shortest_counts) {
  round_trip::clock::time_point now{1h};
  round_trip trip;
  BOOST_TEST((trip.shortest() == 0s));
  trip.said(0, now, true);
  trip.heard(0, now += 30ms);
  BOOST_TEST((trip.shortest() == 30ms));
  trip.said(1, now);
  trip.said(2, now += 5ms); // one at a time
  trip.heard(0, now += 1ms);
  trip.heard(1, now += 4ms);
  BOOST_TEST((trip.shortest() == 10ms));
  trip.said(3, now);
  trip.heard(3, now += 1s);
  BOOST_TEST((trip.shortest() == 10ms));
}

BOOST_AUTO_TEST_CASE(what_was_sent_again_does_not_count) {
  round_trip::clock::time_point now{1h};
  round_trip trip;
  trip.said(1, now);
  trip.repeated();
  trip.heard(1, now += 1ms);
  BOOST_TEST((trip.shortest() == 0s));
}

BOOST_AUTO_TEST_CASE(a_new_connection_is_watched_anew) {
  round_trip::clock::time_point now{1h};
  round_trip trip;
  trip.said(1, now);
  trip.said(0, now += 1s, true);
  trip.repeated(); // of blocks, which came behind it
  trip.heard(0, now += 20ms);
  BOOST_TEST((trip.shortest() == 20ms));
}

BOOST_AUTO_TEST_SUITE_END()
