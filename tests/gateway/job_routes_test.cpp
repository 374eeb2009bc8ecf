// What is answered about jobs and runs.

#include "tests/gateway/run_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

// -- jobs ---------------------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(job_routes, run_fixture)

BOOST_AUTO_TEST_CASE(jobs_are_listed_newest_first_with_live_numbers) {
  {
    std::lock_guard lock{fake->mutex};
    fake->add_job("manager", "Second").state.status = job_status::failed;
  }
  BOOST_TEST(*get_json("/api/jobs").get_int("total_count") == 5);
  auto x = get_json("/api/jobs?parent_id=root");
  BOOST_TEST(*x.get_int("total_count") == 2);
  BOOST_TEST(*x.get_int("limit") == 50);
  BOOST_TEST(*x.get_int("offset") == 0);
  BOOST_TEST(at(x, "jobs.0.name").as_string() == "Second");
  BOOST_TEST(at(x, "jobs.1.child_count").as_int() == 6);
  BOOST_TEST(at(x, "jobs.1.running_children").as_int() == 2);
  BOOST_TEST(at(x, "jobs.1.document_count").as_int() == 9);
  BOOST_TEST(at(x, "jobs.1.parent_id").is_null());
  x = get_json("/api/jobs?status=failed,cancelled&parent_id=root");
  BOOST_TEST(*x.get_int("total_count") == 1);
  x = get_json("/api/jobs?limit=1&offset=1&parent_id=root");
  BOOST_TEST(at(x, "jobs.0.name").as_string() == "Nightly");
  x = get_json("/api/jobs?limit=9999&parent_id=" + to_string(manager));
  BOOST_TEST(*x.get_int("limit") == 500);
  BOOST_TEST(*x.get_int("total_count") == 2);
  BOOST_TEST(at(x, "jobs.0.child_count").as_int() == 3); // "sum", live.
  for (auto bad : {"status=odd", "parent_id=x", "limit=abc", "limit=-1"})
    get_json(std::string{"/api/jobs?"} + bad, 400);
}

BOOST_AUTO_TEST_CASE(one_job_has_its_state_and_numbers) {
  auto x = get_json("/api/jobs/" + to_string(manager));
  BOOST_TEST(*x.get_string("id") == to_string(manager));
  BOOST_TEST(*x.get_string("status") == "running");
  BOOST_TEST(*x.get_string("started_at") == "2026-01-20T02:00:00.000Z");
  BOOST_TEST(*x.get_int("completed_children") == 3);
  BOOST_TEST(*x.get_int("pending_children") == 1);
  BOOST_TEST(at(x, "progress.percentage").as_double() == 50.0);
  x = get_json("/api/jobs/" + to_string(scan));
  BOOST_TEST(*x.get_int("document_count") == 5);
  BOOST_TEST(*x.get_string("finished_at") == "2026-01-20T02:00:03.000Z");
  BOOST_TEST(*x.get_string("parent_id") == to_string(manager));
}

BOOST_AUTO_TEST_CASE(a_run_that_is_over_has_the_stored_numbers) {
  {
    std::lock_guard lock{fake->mutex};
    fake->live.clear();
    fake->jobs[0].state.status = job_status::completed;
    fake->jobs[0].state.children.failed = 4;
  }
  auto x = get_json("/api/jobs/" + to_string(manager));
  BOOST_TEST(*x.get_int("failed_children") == 4);
  BOOST_TEST(*x.get_int("failed_count") == 4);
}

BOOST_AUTO_TEST_CASE(unknown_jobs_are_404_and_malformed_ids_400) {
  for (auto rest :
       {"", "/children", "/tree", "/structure", "/logs", "/logs/aggregated"}) {
    get_json("/api/jobs/" + unknown_id + rest, 404);
    get_json(std::string{"/api/jobs/no-id"} + rest, 400);
  }
  BOOST_TEST(post("/api/jobs/" + unknown_id + "/cancel").status == 404);
  BOOST_TEST(post("/api/jobs/no-id/cancel").status == 400);
}

BOOST_AUTO_TEST_CASE(children_are_listed) {
  auto x = get_json("/api/jobs/" + to_string(manager) + "/children");
  BOOST_TEST(*x.get_int("count") == 2);
  BOOST_TEST(at(x, "jobs").as_array().size() == 2u);
}

BOOST_AUTO_TEST_CASE(totals_and_the_queue_are_over_all_levels) {
  {
    std::lock_guard lock{fake->mutex};
    fake->totals.jobs[0] = 1;
    fake->totals.jobs[1] = 2;
    fake->totals.jobs[2] = 3;
    fake->totals.jobs[5] = 4;
  }
  auto x = get_json("/api/jobs/stats");
  BOOST_TEST(*x.get_int("total_jobs") == 10);
  BOOST_TEST(*x.get_int("pending_jobs") == 1);
  BOOST_TEST(*x.get_int("completed_jobs") == 3);
  x = get_json("/api/jobs/queue");
  BOOST_TEST(*x.get_int("total") == 3);
  BOOST_TEST(at(x, "running").as_array().size() == 2u);
  BOOST_TEST(at(x, "running.0.name").as_string() == "sum");
  BOOST_TEST(at(x, "running.1.name").as_string() == "Nightly");
  BOOST_REQUIRE(at(x, "pending").as_array().size() == 1u);
  BOOST_TEST(at(x, "pending.0.name").as_string() == "one page");
}

BOOST_AUTO_TEST_CASE(only_what_goes_on_is_cancelled) {
  auto reply = post("/api/jobs/" + to_string(manager) + "/cancel");
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(*read_json(reply.body).get_string("message")
             == "Job cancelled successfully");
  {
    std::lock_guard lock{fake->mutex};
    BOOST_TEST(fake->cancelled.size() == 1u);
    fake->live.clear();
  }
  BOOST_TEST(post("/api/jobs/" + to_string(manager) + "/cancel").status == 400);
}

BOOST_AUTO_TEST_CASE(the_tree_shows_every_step_of_the_definition) {
  auto x = get_json("/api/jobs/" + to_string(manager) + "/tree");
  BOOST_TEST(*x.get_string("job_id") == to_string(manager));
  BOOST_TEST(*x.get_string("job_name") == "Nightly");
  BOOST_TEST(*x.get_int("document_count") == 9);
  BOOST_TEST(at(x, "finished_at").is_null());
  BOOST_TEST(at(x, "steps").as_array().size() == 3u);
  BOOST_TEST(at(x, "steps.0.step_id").as_string() == to_string(scan));
  BOOST_TEST(at(x, "steps.0.status").as_string() == "completed");
  BOOST_TEST(at(x, "steps.0.duration_ms").as_int() == 3000);
  BOOST_TEST(at(x, "steps.0.child_summary.document_count").as_int() == 5);
  BOOST_TEST(at(x, "steps.0.total_logs").as_int() == 3);
  BOOST_TEST(!at(x, "steps.0.expanded").as_bool());
  BOOST_TEST(at(x, "steps.1.status").as_string() == "running");
  BOOST_TEST(at(x, "steps.1.child_summary.total").as_int() == 3);
  BOOST_TEST(at(x, "steps.1.child_summary.running").as_int() == 2);
  BOOST_TEST(at(x, "steps.1.expanded").as_bool());
  BOOST_TEST(at(x, "steps.2.status").as_string() == "pending");
  BOOST_TEST(at(x, "steps.2.type").as_string() == "email");
  BOOST_TEST(at(x, "steps.2.step_id").is_null());
  BOOST_TEST(at(x, "steps.2.logs").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_job_that_is_no_run_is_a_tree_of_one_step) {
  auto x = get_json("/api/jobs/" + to_string(leaf) + "/tree");
  BOOST_TEST(at(x, "steps").as_array().size() == 1u);
  BOOST_TEST(at(x, "steps.0.name").as_string() == "one page");
}

BOOST_AUTO_TEST_CASE(the_structure_is_the_light_form) {
  auto x = get_json("/api/jobs/" + to_string(manager) + "/structure");
  BOOST_TEST(*x.get_string("status") == "running");
  BOOST_TEST(at(x, "steps.0.log_count").as_int() == 3);
  BOOST_TEST(at(x, "steps.0.child_count").as_int() == 3);
  BOOST_TEST(at(x, "steps.1.child_count").as_int() == 3);
}

BOOST_AUTO_TEST_SUITE_END()
