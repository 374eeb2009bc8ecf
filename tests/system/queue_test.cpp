#define BOOST_TEST_MODULE queue_test

#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

namespace {

struct fixture : system_fixture {
  http_reply send(const std::string& method, const std::string& target,
                  const std::string& body = {}, const std::string& key = {}) {
    http_client::fields extra;
    if (!key.empty())
      extra.emplace_back("Idempotency-Key", key);
    return http_client{port()}.request(method, target, body, extra);
  }

  std::string first_id(const http_reply& x) {
    value body;
    std::string error;
    BOOST_REQUIRE_MESSAGE(parse_json(x.body, body, error), x.body);
    return items_of(body, "ids").at(0).as_string();
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_request_with_a_key_is_carried_out_once_across_kills,
                        fixture) {
  start();
  const std::string jobs
    = R"([{"type":"noop","name":"a"},{"type":"noop","name":"b"}])";
  const auto first = send("POST", "/api/jobs", jobs, "enqueue");
  BOOST_TEST(first.status == 201);
  apply("id = \"once\"\nname = \"once\"\n[step.a]\ntype = \"noop\"\n");
  const std::string execute = "/api/job-definitions/once/execute";
  const auto run = send("POST", execute, "", "run");
  BOOST_TEST(run.status == 202);
  for (int i = 0; i < 2; ++i) {
    kill();
    start();
    const auto again = send("POST", "/api/jobs", jobs, "enqueue");
    BOOST_TEST(again.status == 201);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST(again.header("idempotency-replayed") == "true");
    const auto same_run = send("POST", execute, "", "run");
    BOOST_TEST(same_run.status == 202);
    BOOST_TEST(same_run.body == run.body);
    BOOST_TEST(send("POST", "/api/jobs", "[]", "enqueue").status == 422);
  }
  wait_until([&] {
    return text_of(get("/api/jobs/" + first_id(first)), "status")
           == "completed";
  });
  // Two jobs, one run, its step and the job of the step.
  wait_until(
    [&] { return number("/api/jobs/stats", "completed_jobs") == 2 + 3; });
  BOOST_TEST(number("/api/jobs/stats", "total_jobs") == 2 + 3);
}

BOOST_FIXTURE_TEST_CASE(queue_settings_survive_a_kill, fixture) {
  start();
  BOOST_TEST(send("POST", "/api/queues/held/pause").status == 200);
  BOOST_TEST(
    send("PUT", "/api/queues/small", R"({"running_max":2,"length_max":7})")
      .status
    == 200);
  const auto waits = first_id(send(
    "POST", "/api/jobs", R"({"type":"noop","queue":"held","unique_key":"k"})"));
  kill();
  start();
  const auto held = get("/api/queues/held");
  BOOST_TEST(*held.get_bool("paused"));
  BOOST_TEST(int_of(held, "ready") == 1);
  const auto small = get("/api/queues/small");
  BOOST_TEST(int_of(small, "running_max") == 2);
  BOOST_TEST(int_of(small, "length_max") == 7);
  BOOST_TEST(text_of(get("/api/jobs/" + waits + "/explain"), "reason")
             == "queue_paused");
  const auto same = send("POST", "/api/jobs",
                         R"({"type":"noop","queue":"held","unique_key":"k"})");
  BOOST_TEST(first_id(same) == waits);
  BOOST_TEST(contains(same.body, "\"existing\":[0]"));
  BOOST_TEST(send("POST", "/api/queues/held/resume").status == 200);
  wait_until([&] {
    return text_of(get("/api/jobs/" + waits), "status") == "completed";
  });
}

BOOST_FIXTURE_TEST_CASE(a_run_has_100000_children_and_survives_a_kill,
                        system_fixture) {
  start();
  const auto job
    = run_toml("many", "[step.a]\ntype = \"noop\"\ncount = 100000\n");
  wait_until([&] { return number("/api/jobs/stats", "total_jobs") > 100'000; });
  kill();
  start();
  BOOST_TEST(wait_over(job) == "completed");
  BOOST_TEST(number("/api/jobs/" + job, "child_count") == 100'000);
  BOOST_TEST(number("/api/jobs/" + job, "completed_children") == 100'000);
  BOOST_TEST(number("/api/jobs/stats", "completed_jobs") == 100'002);
  BOOST_TEST(number("/api/jobs/stats", "pending_jobs") == 0);
}
