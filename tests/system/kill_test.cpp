#define BOOST_TEST_MODULE kill_test

#include "definitions/json.hpp"
#include "definitions/kill_point.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>

using namespace quaero;
using namespace quaero::test;

BOOST_FIXTURE_TEST_CASE(kills_lose_and_double_nothing_that_was_acknowledged,
                        system_fixture) {
  const auto x
    = run_program({program_path("quaero-bench"), "kill", "--kills", "24",
                   "--seed", "7", "--json", "--dir", folder() + "/bench"},
                  std::chrono::seconds{120});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.out << x.err);
  const auto line = json_of(x);
  BOOST_TEST(int_of(line, "kills") == 24);
  BOOST_TEST(int_of(line, "acknowledged") > 100);
  for (auto name : {"lost", "doubled", "wrong"})
    BOOST_TEST(int_of(line, name) == 0, name);
  // At moments of its own choice, and at many places.
  const auto* places = line.find("places");
  BOOST_REQUIRE(places != nullptr);
  BOOST_TEST(places->as_object().size() >= 12u, x.out);
  BOOST_TEST(!std::filesystem::exists(folder() + "/bench"));
}

BOOST_FIXTURE_TEST_CASE(a_daemon_dies_where_it_is_told_to, system_fixture) {
  const auto x = start_in_vain({}, {{kill_point_variable, "start.after_boot"}});
  BOOST_TEST(x.exit == 128 + SIGKILL);
  BOOST_TEST(!contains(x.err, "daemon.ready"), x.err);
  start({}, {{kill_point_variable, "store.after_write:1000000"}});
  BOOST_TEST(number("/api/jobs/stats", "total_jobs") == 0);
}

BOOST_FIXTURE_TEST_CASE(a_point_that_is_not_there_is_named, system_fixture) {
  auto x = start_in_vain({}, {{kill_point_variable, "store.never"}});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "QUAERO_KILL_POINT: there is no point "
                             "'store.never'; there are store.before_write, "),
             x.err);
  for (auto wrong : {"store.after_ack:0", "store.after_ack:x",
                     "store.after_ack:", "store.after_ack:1000000001"}) {
    x = start_in_vain({}, {{kill_point_variable, wrong}});
    BOOST_TEST(x.exit == 2);
    BOOST_TEST(contains(x.err, "is not a number from 1 to 1000000000"), x.err);
  }
}
