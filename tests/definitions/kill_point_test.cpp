#include "definitions/kill_point.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>

#include <csignal>
#include <set>
#include <unistd.h>

using namespace quaero;

namespace {

constexpr int survived = 3;

/// Arms a point in a child that passes two others and then it, twice.
/// @returns how the child ended: an exit code or 128 + a signal.
int end_of_child(const char* text) {
  const auto pid = ::fork();
  if (pid == 0) {
    arm_kill_point(text);
    kill_point(kill_at::store_before_write);
    kill_point(kill_at::index_before_mark);
    kill_point(kill_at::store_after_ack);
    kill_point(kill_at::store_after_ack);
    ::_exit(survived);
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

BOOST_AUTO_TEST_SUITE(kill_points)

BOOST_AUTO_TEST_CASE(a_process_ends_at_the_pass_that_was_named) {
  constexpr int killed = 128 + SIGKILL;
  BOOST_TEST(end_of_child("store.after_ack") == killed);
  BOOST_TEST(end_of_child("store.after_ack:2") == killed);
  BOOST_TEST(end_of_child("store.after_ack:3") == survived);
  BOOST_TEST(end_of_child("store.after_ack:1000000000") == survived);
  BOOST_TEST(end_of_child("index.before_mark") == killed);
}

BOOST_AUTO_TEST_CASE(what_is_no_point_arms_nothing) {
  for (auto text : {"", "store", "store.after_ack:", "store.after_ack:0",
                    "store.after_ack:-1", "store.after_ack:1x",
                    "store.after_ack:1000000001", ":1"})
    BOOST_TEST(arm_kill_point(text) != "", text);
  BOOST_TEST(end_of_child("store.after_ack:0") == survived);
  // This very process is still here.
  kill_point(kill_at::store_after_ack);
}

BOOST_AUTO_TEST_CASE(every_point_has_a_name_of_its_own) {
  const std::set<std::string> names(kill_point_names.begin(),
                                    kill_point_names.end());
  BOOST_TEST(names.size() == kill_point_names.size());
}

BOOST_AUTO_TEST_SUITE_END()
