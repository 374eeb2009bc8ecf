// What is done to jobs, over HTTP, with a real runtime behind it.

#include "actors/definition_worker.hpp"
#include "actors/gateway/runtime_actors.hpp"
#include "actors/job_context.hpp"
#include "actors/runtime.hpp"
#include "storage/format.hpp"
#include "storage/memory_store.hpp"
#include "tests/gateway/fakes.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <utility>
#include <vector>

using namespace quaero;
using namespace quaero::test;

namespace {

const std::string unknown = "/api/jobs/0190b6f4-0000-7000-8000-0000000000ff";

/// Each step makes as many jobs as it says; those named bad fail, those named
/// slow go on until they are cancelled.
struct page_steps : definition_logic {
  std::vector<std::string> validate(const step&) override { return {}; }
  init_result init(const step_context&) override { return {}; }
  step_output create(const step_context& x, const init_result&) override {
    new_job job;
    job.type = "transform";
    job.name = x.definition.config.get_string("behaviour").value_or("good");
    job.retry.attempts = 1;
    step_output out;
    out.jobs.assign(
      static_cast<size_t>(x.definition.config.get_int("jobs").value_or(2)),
      job);
    return out;
  }
};

/// Looks at times whether those that go on shall stop.
using page_impl = job_worker_actor::extend<caf::reacts_to<atom::wake>>;

struct page_state {
  static constexpr const char* name = "page-worker";
  std::vector<
    std::pair<job_context_ptr, caf::typed_response_promise<job_outcome>>>
    slow;
};

job_outcome work(job_context& x) {
  document page;
  page.source_type = "web";
  page.source_id = to_string(x.job().id);
  page.title = x.job().name;
  x.save(page);
  auto out = x.job().name == "bad" ? job_outcome::failure("no luck", false)
                                   : job_outcome::ok();
  out.result_count = 3;
  out.result = R"({"pages":3})";
  return out;
}

page_impl::behavior_type
page_worker(page_impl::stateful_pointer<page_state> self) {
  constexpr auto pace = std::chrono::milliseconds{2};
  return {
    [self, pace](atom::execute, const job_context_ptr& x) {
      auto reply = self->make_response_promise<job_outcome>();
      if (x->job().name != "slow") {
        reply.deliver(work(*x));
        return reply;
      }
      self->state.slow.emplace_back(x, reply);
      self->delayed_send(self, pace, atom::wake_v);
      return reply;
    },
    [self, pace](atom::wake) {
      std::erase_if(self->state.slow, [](auto& x) {
        const bool stops = x.first->cancelled();
        if (stops)
          x.second.deliver(job_outcome::stopped());
        return stops;
      });
      if (!self->state.slow.empty())
        self->delayed_send(self, pace, atom::wake_v);
    },
  };
}

struct fixture : gateway_fixture {
  std::shared_ptr<storage::memory_store> db
    = std::make_shared<storage::memory_store>();
  std::unique_ptr<runtime> rt;

  fixture() {
    BOOST_REQUIRE(storage::open_format(*db).ok());
    rt = std::make_unique<runtime>(
      sys, runtime_config{}, db, 1, system_wall_clock(),
      [](std::string_view) { return std::nullopt; },
      [](const worker_environment& x) {
        worker_kind page;
        page.step_type = page.job_type = "transform";
        page.definition
          = x.system.spawn(definition_worker, std::make_shared<page_steps>());
        page.spawn_worker = [&system = x.system]() -> job_worker_actor {
          return system.spawn(page_worker);
        };
        return std::vector<worker_kind>{page};
      });
    BOOST_REQUIRE(rt->recover());
    server = std::make_unique<gateway>();
    gateway_config config;
    config.port = 0;
    auto bound = server->start(sys, config, gateway_actors_of(*rt));
    BOOST_REQUIRE(bound);
    port = *bound;
  }

  ~fixture() {
    server.reset();
    rt.reset();
  }

  value send(const std::string& method, const std::string& target,
             const std::string& body, int status) {
    auto reply = http_client{port}.request(method, target, body);
    BOOST_TEST(reply.status == status,
               method << ' ' << target << ": " << reply.body);
    return reply.body.empty() ? value{} : read_json(reply.body);
  }

  void store(const std::string& id, const std::string& name) {
    send("POST", "/api/job-definitions/upload",
         "id = \"" + id + "\"\nname = \"" + id
           + "\"\n[step.first]\ntype = \"transform\"\n[step.second]\n"
             "type = \"transform\"\ndepends = \"first\"\nbehaviour = \""
           + name + "\"\n",
         201);
  }

  std::string start(const std::string& id) {
    return *send("POST", "/api/job-definitions/" + id + "/execute", "", 202)
              .get_string("job_id");
  }

  std::string wait_over(const std::string& job) {
    std::string status;
    do {
      status = *get_json("/api/jobs/" + job).get_string("status");
    } while (status == "running" || status == "pending");
    return status;
  }

  std::string done(const std::string& id, const std::string& name) {
    store(id, name);
    auto job = start(id);
    wait_over(job);
    return job;
  }

  value wait_operation(const std::string& id) {
    for (;;) {
      auto x = get_json("/api/operations/" + id);
      if (*x.get_string("status") != "running")
        return x;
    }
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(life_routes, fixture)

BOOST_AUTO_TEST_CASE(a_deleted_job_is_gone_with_all_below_it) {
  const auto job = done("d", "good");
  auto x = send("DELETE", "/api/jobs/" + job, "", 200);
  BOOST_TEST(*x.get_string("job_id") == job);
  BOOST_TEST(*x.get_int("cascade_deleted") == 6);
  BOOST_TEST(*x.get_int("child_count") == 4);
  get_json("/api/jobs/" + job, 404);
  send("DELETE", "/api/jobs/" + job, "", 404);
  send("DELETE", "/api/jobs/no-id", "", 400);
  BOOST_TEST(*get_json("/api/jobs/stats").get_int("total_jobs") == 0);
  BOOST_TEST(*get_json("/api/documents").get_int("total_count") == 4);
}

BOOST_AUTO_TEST_CASE(a_job_that_goes_on_is_not_deleted_nor_rerun) {
  store("d", "slow");
  const auto job = start("d");
  auto x = send("DELETE", "/api/jobs/" + job, "", 400);
  BOOST_TEST(*x.get_string("code") == "wrong_state");
  BOOST_TEST(
    (x.get_string("detail")->find("cancel it first") != std::string::npos));
  send("POST", "/api/jobs/" + job + "/rerun", "", 400);
  send("POST", "/api/jobs/" + job + "/cancel", "", 200);
  send("DELETE", "/api/jobs/" + job, "", 200);
}

BOOST_AUTO_TEST_CASE(a_rerun_from_a_step_shows_what_is_kept) {
  const auto job = done("d", "good");
  auto x
    = send("POST", "/api/jobs/" + job + "/rerun", R"({"from":"second"})", 201);
  BOOST_TEST(*x.get_string("original_job_id") == job);
  const auto again = *x.get_string("new_job_id");
  BOOST_TEST(wait_over(again) == "completed");
  auto tree = get_json("/api/jobs/" + again + "/tree");
  auto old = get_json("/api/jobs/" + job + "/tree");
  BOOST_TEST(at(tree, "steps.0.kept_from").as_string()
             == at(old, "steps.0.step_id").as_string());
  BOOST_TEST(at(tree, "steps.0.status").as_string() == "completed");
  BOOST_TEST(at(tree, "steps.0.child_summary.total").as_int() == 0);
  BOOST_TEST(at(tree, "steps.1.kept_from").is_null());
  BOOST_TEST(at(tree, "steps.1.child_summary.total").as_int() == 2);
  BOOST_TEST(at(get_json("/api/jobs/" + again), "metadata.rerun_of").as_string()
             == job);
}

BOOST_AUTO_TEST_CASE(a_rerun_of_a_definition_that_runs_is_a_conflict) {
  const auto job = done("d", "good");
  store("d2", "slow");
  send("DELETE", "/api/job-definitions/d2", "", 204);
  send("POST", "/api/job-definitions/upload",
       "id = \"d\"\nname = \"d\"\n[step.a]\ntype = \"transform\"\n"
       "behaviour = \"slow\"\n",
       200);
  const auto now = start("d");
  auto x = send("POST", "/api/jobs/" + job + "/rerun", "", 409);
  BOOST_TEST((x.get_string("detail")->find(now) != std::string::npos));
  send("POST", "/api/jobs/" + now + "/cancel", "", 200);
}

BOOST_AUTO_TEST_CASE(wrong_bodies_are_refused_by_name) {
  const auto job = "/api/jobs/" + done("d", "good");
  auto detail = [&](const std::string& target, const std::string& method,
                    const std::string& body) {
    return *send(method, target, body, 400).get_string("detail");
  };
  auto says = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  BOOST_TEST(says(detail(job + "/rerun", "POST", R"({"form":"x"})"), "form"));
  BOOST_TEST(says(detail(job + "/rerun", "POST", R"({"from":1})"), "from"));
  BOOST_TEST(says(detail(job + "/rerun", "POST", R"({"from":"third"})"),
                  "first, second"));
  BOOST_TEST(
    says(detail(job + "/rerun", "POST", R"({"config":[]})"), "config"));
  BOOST_TEST(says(detail(job, "PUT", R"({"title":"x"})"), "title"));
  BOOST_TEST(says(detail(job, "PUT", R"({"name":null})"), "name"));
  BOOST_TEST(says(detail(job, "PUT", "{}"), "name or description"));
  BOOST_TEST(says(detail(job, "PUT", "[]"), "object"));
  BOOST_TEST(says(detail("/api/operations", "POST", R"({"q":"a"})"), "action"));
  BOOST_TEST(says(
    detail("/api/operations", "POST", R"({"action":"delete","q":" "})"), "q"));
  BOOST_TEST(says(
    detail("/api/operations", "POST", R"({"action":"delete","q":"state:odd"})"),
    "odd"));
  for (auto rest : {"/rerun", "/copy", "/retry"})
    send("POST", unknown + rest, "", 404);
  send("PUT", unknown, R"({"name":"x"})", 404);
  get_json(unknown + "/status", 404);
  get_json(unknown + "/results", 404);
}

BOOST_AUTO_TEST_CASE(a_label_is_shown_everywhere) {
  const auto job = done("d", "good");
  auto x = send("PUT", "/api/jobs/" + job,
                R"({"name":"mine","description":"why"})", 200);
  BOOST_TEST(*x.get_string("name") == "mine");
  BOOST_TEST(*x.get_string("description") == "why");
  BOOST_TEST(at(get_json("/api/jobs?parent_id=root"), "jobs.0.name").as_string()
             == "mine");
  BOOST_TEST(*get_json("/api/jobs/" + job + "/tree").get_string("job_name")
             == "mine");
}

BOOST_AUTO_TEST_CASE(a_copy_is_held) {
  const auto job = done("d", "good");
  auto x = send("POST", "/api/jobs/" + job + "/copy", "", 201);
  const auto copy = *x.get_string("new_job_id");
  auto now = get_json("/api/jobs/" + copy);
  BOOST_TEST(*now.get_string("name") == "d (Copy)");
  BOOST_TEST(*now.get_string("status") == "pending");
  BOOST_TEST(now.find("held")->as_bool());
  auto again = send("POST", "/api/jobs/" + copy + "/rerun", "", 201);
  BOOST_TEST(wait_over(*again.get_string("new_job_id")) == "completed");
  send("DELETE", "/api/jobs/" + copy, "", 200);
}

BOOST_AUTO_TEST_CASE(a_failed_job_is_tried_again) {
  const auto job = done("d", "bad");
  auto step = at(get_json("/api/jobs/" + job + "/tree"), "steps.1.step_id");
  auto children = get_json("/api/jobs/" + step.as_string() + "/children");
  const auto bad = at(children, "jobs.0.id").as_string();
  auto x = send("POST", "/api/jobs/" + bad + "/retry", "", 201);
  const auto next = *x.get_string("new_job_id");
  BOOST_TEST(wait_over(next) == "failed");
  BOOST_TEST(*get_json("/api/jobs/" + bad).get_string("retried_as") == next);
  auto refused = send("POST", "/api/jobs/" + bad + "/retry", "", 409);
  BOOST_TEST((refused.get_string("detail")->find(next) != std::string::npos));
}

BOOST_AUTO_TEST_CASE(the_status_counts_what_is_below) {
  const auto job = done("d", "good");
  auto x = get_json("/api/jobs/" + job + "/status");
  BOOST_TEST(*x.get_int("total_children") == 4);
  BOOST_TEST(*x.get_int("completed_count") == 4);
  BOOST_TEST(x.find("overall_progress")->as_double() == 1.0);
  BOOST_TEST(at(x, "parent_job.id").as_string() == job);
  store("e", "slow");
  const auto slow = start("e");
  do {
    x = get_json("/api/jobs/" + slow + "/status");
  } while (*x.get_int("running_count") != 2
           || *x.get_int("completed_count") != 2);
  BOOST_TEST(x.find("overall_progress")->as_double() == 0.5);
  BOOST_TEST(*x.get_int("estimated_time_ms") >= 0);
  send("POST", "/api/jobs/" + slow + "/cancel", "", 200);
}

BOOST_AUTO_TEST_CASE(an_operation_shows_what_it_has_done) {
  const auto good = done("d", "good");
  const auto bad = done("e", "bad");
  const std::string body
    = R"({"action":"delete","q":"state:failed run:)" + bad + R"("})";
  auto dry = send("POST", "/api/operations",
                  body.substr(0, body.size() - 1) + R"(,"dry_run":true})", 200);
  BOOST_TEST(*dry.get_int("matched") == 3);
  BOOST_TEST(at(dry, "sample").as_array().size() == 3u);
  auto begun = send("POST", "/api/operations", body, 202);
  BOOST_TEST(*begun.get_int("matched") == 3);
  const auto id = *begun.get_string("operation_id");
  auto x = wait_operation(id);
  BOOST_TEST(*x.get_string("status") == "completed");
  BOOST_TEST(*x.get_string("action") == "delete");
  BOOST_TEST(*x.get_int("done") + *x.get_int("skipped") == 3);
  BOOST_TEST(x.find("progress")->as_double() == 1.0);
  BOOST_TEST(at(get_json("/api/operations"), "operations.0.id").as_string()
             == id);
  send("POST", "/api/operations/" + id + "/cancel", "", 400);
  get_json("/api/jobs/" + good);
}

BOOST_AUTO_TEST_CASE(results_come_in_pages) {
  const auto job = done("d", "good");
  std::string cursor;
  size_t jobs = 0;
  size_t pages = 0;
  do {
    auto x = get_json("/api/jobs/" + job + "/results?limit=3"
                      + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto& one : at(x, "results").as_array()) {
      BOOST_TEST(at(one, "result.pages").as_int() == 3);
      BOOST_TEST(*one.get_int("result_count") == 3);
      ++jobs;
    }
    BOOST_TEST(*x.get_int("document_count") == 4);
    if (++pages == 1)
      BOOST_TEST(at(x, "documents").as_array().size() == 3u);
    cursor = *x.get_string("next_cursor");
  } while (!cursor.empty());
  BOOST_TEST(jobs == 4u);
  BOOST_TEST(pages >= 2u);
  get_json("/api/jobs/" + job + "/results?cursor=forged", 400);
}

BOOST_AUTO_TEST_CASE(dead_letters_are_listed_tried_again_and_deleted) {
  const std::string all = "/api/dead-letters";
  const auto job = done("d", "bad");
  auto x = get_json(all + "?reason=not_retryable&type=transform&limit=1");
  BOOST_TEST(*x.get_int("limit") == 1);
  BOOST_REQUIRE(x.find("dead_letters")->as_array().size() == 1u);
  const auto& letter = x.find("dead_letters")->as_array()[0];
  BOOST_TEST(*letter.get_string("failure_reason") == "not_retryable");
  BOOST_TEST(*letter.get_string("status") == "failed");
  const auto id = *letter.get_string("id");
  x = get_json(all + "?reason=not_retryable&type=transform&limit=1&cursor="
               + *x.get_string("next_cursor"));
  BOOST_REQUIRE(x.find("dead_letters")->as_array().size() == 1u);
  BOOST_TEST(*x.find("dead_letters")->as_array()[0].get_string("id") != id);
  BOOST_TEST(*get_json(all).get_int("total_count") == 2);
  for (auto none :
       {"?reason=expired", "?queue=other", "?definition=other", "?q=age>1d"})
    BOOST_TEST(*get_json(all + none).get_int("total_count") == 0, none);
  get_json(all + "?reason=old", 400);
  // A new one fails again; the old one is none any more.
  x = send("POST", all + '/' + id + "/retry", "", 201);
  const auto again = *x.get_string("new_job_id");
  BOOST_TEST(wait_over(again) == "failed");
  send("POST", all + '/' + id + "/retry", "", 404);
  send("POST", all + '/' + job + "/retry", "", 404);
  BOOST_TEST(*get_json(all).get_int("total_count") == 2);
  send("DELETE", all + '/' + again, "", 200);
  send("DELETE", all + '/' + again, "", 404);
  get_json("/api/jobs/" + again, 404);
  BOOST_TEST(*get_json(all).get_int("total_count") == 1);
}

BOOST_AUTO_TEST_CASE(all_dead_letters_that_match_are_changed_at_once) {
  const std::string all = "/api/dead-letters";
  done("d", "bad");
  auto x = send("POST", all + "/purge", R"({"q":"","dry_run":true})", 200);
  BOOST_TEST(*x.get_int("matched") == 2);
  BOOST_TEST(*x.get_string("action") == "delete");
  send("POST", all + "/purge", "{}", 400);
  send("POST", all + "/purge", R"({"q":"state:odd"})", 400);
  send("POST", all + "/purge", R"({"q":"","dry_run":1})", 400);
  x = send("POST", all + "/retry", R"({"q":"dead:expired"})", 202);
  BOOST_TEST(*x.get_int("matched") == 0);
  wait_operation(*x.get_string("operation_id"));
  x = send("POST", all + "/purge", R"({"q":"definition:d"})", 202);
  x = wait_operation(*x.get_string("operation_id"));
  BOOST_TEST(*x.get_int("done") == 2);
  BOOST_TEST(*get_json(all).get_int("total_count") == 0);
  // What did not fail stays.
  BOOST_TEST(*get_json("/api/jobs/stats").get_int("total_jobs") == 5);
}

BOOST_AUTO_TEST_CASE(retention_says_what_it_did) {
  const auto x = get_json("/api/retention");
  BOOST_TEST(!*x.get_bool("limited"));
  BOOST_TEST(*x.get_int("removed_jobs") == 0);
  BOOST_TEST(!*x.find("compaction")->get_bool("running"));
}

BOOST_AUTO_TEST_SUITE_END()
