#define BOOST_TEST_MODULE life_cycle_test

#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

namespace {

struct fixture : system_fixture {
  value post(const std::string& target, const std::string& body, int status) {
    auto reply = http_client{port()}.request("POST", target, body);
    BOOST_REQUIRE_MESSAGE(reply.status == status,
                          target << ": " << reply.status << ' ' << reply.body);
    value out;
    std::string error;
    BOOST_REQUIRE_MESSAGE(parse_json(reply.body, out, error), error);
    return out;
  }

  int64_t jobs() const { return number("/api/jobs/stats", "total_jobs"); }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(kills_during_a_bulk_delete_leave_nothing_behind,
                        fixture) {
  start();
  auto kept = run_toml("kept", "[step.a]\ntype = \"noop\"\ncount = 10\n");
  BOOST_TEST(wait_over(kept) == "completed");
  for (int i = 0; i < 3; ++i) {
    auto job = run_toml("many" + std::to_string(i),
                        "[step.a]\ntype = \"noop\"\ncount = 2000\n");
    BOOST_TEST(wait_over(job) == "completed");
  }
  const auto before = jobs();
  BOOST_TEST(before == 12 + 3 * 2002);
  const auto begun
    = post("/api/operations",
           R"({"action":"delete","q":"definition:many0,many1,many2"})", 202);
  BOOST_TEST(int_of(begun, "matched") > 0);
  const auto operation = "/api/operations/" + text_of(begun, "operation_id");
  for (int64_t part = 1; part <= 4; ++part) {
    wait_until([&] {
      return jobs() <= before - part * 1200
             || text_of(get(operation), "status") != "running";
    });
    kill();
    start();
  }
  wait_until([&] { return text_of(get(operation), "status") != "running"; });
  auto over = get(operation);
  BOOST_TEST(text_of(over, "status") == "completed");
  BOOST_TEST(int_of(over, "failed") == 0);
  BOOST_TEST(jobs() == 12);
  BOOST_TEST(number("/api/jobs", "total_count") == 12);
  check_over(kept);
}

BOOST_FIXTURE_TEST_CASE(a_kill_during_the_delete_of_a_tree_leaves_a_tree,
                        fixture) {
  start();
  auto job = run_toml("many", "[step.a]\ntype = \"noop\"\ncount = 60000\n");
  BOOST_TEST(wait_over(job) == "completed");
  {
    http_client asker{port()};
    asker.send("DELETE /api/jobs/" + job
               + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    wait_until([&] { return jobs() < 55000; });
    kill();
  }
  start();
  const auto left = jobs();
  BOOST_TEST(left > 0);
  BOOST_TEST(text_of(get("/api/jobs/" + job), "status") == "completed");
  auto reply = http_client{port()}.request("DELETE", "/api/jobs/" + job);
  BOOST_TEST(reply.status == 200, reply.body);
  BOOST_TEST(
    contains(reply.body, "\"cascade_deleted\":" + std::to_string(left - 1)));
  BOOST_TEST(jobs() == 0);
}

BOOST_FIXTURE_TEST_CASE(kills_during_a_rerun_from_a_step_keep_what_is_done,
                        fixture) {
  const strings few{"--workers-test-job-generator-slots", "2"};
  start(few);
  auto old = run_toml(
    "steps", "[step.first]\ntype = \"noop\"\ncount = 5\n"
             "[step.second]\ntype = \"test_job_generator\"\n"
             "depends = \"first\"\nworker_count = 12\nchild_count = 0\n"
             "failure_rate = 0\nlog_count = 10\nlog_delay_ms = 10\n");
  BOOST_TEST(wait_over(old) == "completed");
  const auto made
    = post("/api/jobs/" + old + "/rerun", R"({"from":"second"})", 201);
  const auto again = text_of(made, "new_job_id");
  kill(); // at once
  start(few);
  for (int64_t part = 2; part <= 8; part += 3) {
    wait_until([&] {
      auto x = get("/api/jobs/" + again + "/status");
      return int_of(x, "completed_count") >= part
             || text_of(x, "status") == "completed";
    });
    kill();
    start(few);
  }
  BOOST_TEST(wait_over(again) == "completed");
  const auto tree = get("/api/jobs/" + again + "/tree");
  const auto& steps = items_of(tree, "steps");
  const auto before = get("/api/jobs/" + old + "/tree");
  BOOST_REQUIRE(steps.size() == 2u);
  BOOST_TEST(text_of(steps[0], "kept_from")
             == text_of(items_of(before, "steps")[0], "step_id"));
  BOOST_TEST(int_of(*steps[0].find("child_summary"), "total") == 0);
  BOOST_TEST(int_of(*steps[1].find("child_summary"), "completed") == 12);
  BOOST_TEST(leaf_jobs(again).size() == 12u);
  check_line_numbers(again);
}
