#include "actors/deadlines.hpp"
#include "storage/job_scan.hpp"
#include "tests/support/actor_runtime.hpp"

#include <algorithm>
#include <utility>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : runtime_fixture {
  fixture() {
    // Attempts go on until a test ends them.
    kind(jobs_type).execute
      = [](job_context&) -> std::optional<job_outcome> { return {}; };
    start();
  }

  /// Every attempt succeeds at once.
  void run_freely() { kind(jobs_type).execute = nullptr; }

  /// Steps that have started, by name, in the order of the definition.
  std::string started(const job_id& manager) const {
    std::string out;
    for (const auto& x : children(manager))
      out += (out.empty() ? "" : " ") + x.job.name;
    return out;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(runs, fixture)

BOOST_AUTO_TEST_CASE(a_step_starts_when_the_one_it_depends_on_is_done) {
  const auto id
    = run(make_definition("two", {make_step("a"), make_step("b", {"a"})}));
  BOOST_TEST(started(id) == "a");
  BOOST_CHECK(status(id) == job_status::running);
  release();
  BOOST_TEST(started(id) == "a b");
  BOOST_CHECK(step_of(id, "a").state.status == job_status::completed);
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.children.completed == 2u);
  BOOST_TEST(says(id, "Starting job definition execution: Test two"));
  BOOST_TEST(says(id, "2 succeeded, 0 failed, 0 documents"));
  check_over();
}

BOOST_AUTO_TEST_CASE(without_parallel_one_step_runs_at_a_time) {
  auto x = make_definition(
    "line", {make_step("a", {"c"}), make_step("b"), make_step("c")});
  x.parallel = false;
  const auto id = run(x);
  BOOST_TEST(started(id) == "b"); // the first that may
  release();
  BOOST_TEST(started(id) == "b c");
  restart();
  BOOST_TEST(started(id) == "b c");
  release();
  BOOST_TEST(started(id) == "b c a");
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(one_request_shows_the_tree_of_actors) {
  const auto id = run(make_definition("one", {make_step("a")}));
  auto all = ask<actor_status>(rt->census, atom::status_v);
  BOOST_REQUIRE(all.ok());
  auto find = [](const actor_status& x, const std::string& name) {
    auto i = std::find_if(x.below.begin(), x.below.end(),
                          [&](const auto& y) { return y.name == name; });
    BOOST_REQUIRE_MESSAGE(i != x.below.end(), "no " + name);
    return *i;
  };
  for (auto name : {"store", "log-collector", "reader", "document-store",
                    "token-store", "audit-log", "step-manager", "dispatcher"})
    find(all.value, name);
  BOOST_TEST(
    find(find(all.value, "queue"), jobs_type + "-pool").numbers[1].second == 1);
  auto manager
    = find(find(all.value, "job-manager"), "manager-job " + to_string(id));
  find(manager, "job-monitor");
  BOOST_TEST(find(find(manager, "step-job a"), "step-monitor").numbers[0].second
             == 1);
  release();
  all = ask<actor_status>(rt->census, atom::status_v);
  BOOST_TEST(find(all.value, "job-manager").below.empty());
}

BOOST_AUTO_TEST_CASE(actors_beyond_the_limit_are_counted) {
  for (size_t i = 0; i <= status_below_max; ++i)
    run(make_definition("d" + std::to_string(i), {make_step("a")}));
  auto jobs = ask<actor_status>(rt->jobs, atom::status_v, atom::visit_v);
  BOOST_TEST(jobs.value.below.size() == status_below_max);
  BOOST_TEST(jobs.value.omitted == 1u);
}

BOOST_AUTO_TEST_CASE(independent_steps_run_at_the_same_time) {
  const auto id = run(make_definition("par", {make_step("a"), make_step("b")}));
  BOOST_TEST(started(id) == "a b");
  BOOST_TEST(held.size() == 2u);
  release("b-1");
  BOOST_CHECK(step_of(id, "a").state.status == job_status::running);
  BOOST_CHECK(step_of(id, "b").state.status == job_status::completed);
  release();
  check_over();
}

BOOST_AUTO_TEST_CASE(a_diamond_joins_when_both_sides_are_done) {
  const auto id = run(make_definition(
    "diamond", {make_step("d", {"b", "c"}), make_step("b", {"a"}),
                make_step("c", {"a"}), make_step("a")}));
  BOOST_TEST(started(id) == "a");
  release();
  BOOST_TEST(started(id) == "a b c");
  release("b-1");
  BOOST_TEST(started(id) == "a b c");
  release("c-1");
  BOOST_TEST(started(id) == "a b c d");
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_without_children_is_completed) {
  auto empty = make_step("a");
  empty.config.set("jobs", 0);
  const auto id = run(make_definition("zero", {empty}));
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(children_of_children_are_waited_for) {
  kind(jobs_type).execute = [](job_context& x) {
    if (x.job().name == "a-1")
      for (auto& child : make_new_jobs(3, "child"))
        x.spawn(child);
    return job_outcome::ok();
  };
  const auto id
    = run(make_definition("tree", {make_step("a"), make_step("b", {"a"})}));
  BOOST_TEST(step_of(id, "a").state.children.completed == 4u);
  BOOST_TEST(view(id).state.children.completed == 5u);
  check_over();
}

BOOST_AUTO_TEST_CASE(inline_work_saves_its_documents_and_its_result) {
  kind(jobs_type).create = [](const step_context&) {
    step_output out;
    out.documents.resize(2);
    for (size_t i = 0; i < 2; ++i) {
      out.documents[i].source_type = "web";
      out.documents[i].source_id = std::to_string(i);
    }
    out.result = R"({"n":2})";
    return out;
  };
  const auto id = run(make_definition("inline", {make_step("a")}));
  BOOST_TEST(step_of(id, "a").state.children.documents == 2u);
  BOOST_TEST(step_of(id, "a").state.result == R"({"n":2})");
  BOOST_TEST(totals().documents == 2u);
  check_over();
}

BOOST_AUTO_TEST_CASE(documents_of_jobs_are_counted_once_each) {
  kind(jobs_type).execute = [](job_context& x) {
    document page;
    page.source_type = "web";
    page.source_id = "the same";
    x.save(page);
    return job_outcome::ok();
  };
  auto both = make_step("a");
  both.config.set("jobs", 3);
  const auto id = run(make_definition("docs", {both}));
  BOOST_TEST(view(id).state.children.documents == 1u);
  BOOST_TEST(totals().documents == 1u);
  check_over();
}

BOOST_AUTO_TEST_CASE(reader_says_of_every_job_what_its_events_say) {
  run_freely();
  auto many = make_step("a");
  many.config.set("jobs", 5);
  const auto id = run(make_definition("fold", {many}));
  auto check = [&](const job_id& x) {
    auto answer = ask<job_view>(rt->readers[0], atom::get_v, x);
    BOOST_REQUIRE(answer.ok());
    BOOST_CHECK(answer.value.state == view(x).state);
    BOOST_CHECK(is_terminal(answer.value.state.status));
  };
  check(id);
  for (const auto& step : children(id)) {
    check(step.job.id);
    for (const auto& job : children(step.job.id))
      check(job.job.id);
  }
}

BOOST_AUTO_TEST_CASE(progress_can_be_asked_for_while_the_run_goes_on) {
  auto many = make_step("a");
  many.config.set("jobs", 3);
  const auto id = run(make_definition("p", {many, make_step("b", {"a"})}));
  release("a-2");
  auto now = ask<run_progress>(rt->jobs, atom::progress_v, id);
  BOOST_REQUIRE(now.ok());
  BOOST_TEST(now.value.children.completed == 1u);
  BOOST_TEST(now.value.children.running == 2u);
  BOOST_TEST(now.value.steps.size() == 2u);
  BOOST_CHECK(now.value.steps[1].status == job_status::pending);
  release();
  release();
  auto over = ask<run_progress>(rt->jobs, atom::progress_v, id);
  BOOST_TEST(is_error(over.error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(placeholders_are_replaced_and_unresolved_ones_are_said) {
  std::string seen;
  keys["secret"] = "s3";
  kind(jobs_type).init = [&](const step_context& x) {
    seen = *x.definition.config.get_string("url");
    return init_result{};
  };
  auto first = make_step("a");
  first.config.set("url", "{secret}/{missing}");
  run_freely();
  const auto id = run(make_definition("keys", {first}));
  BOOST_TEST(seen == "s3/{missing}");
  BOOST_TEST(says(step_of(id, "a").job.id, "missing"));
}

BOOST_AUTO_TEST_CASE(overrides_change_the_configuration_of_one_run) {
  std::string seen;
  kind(jobs_type).init = [&](const step_context& x) {
    seen = *x.definition.config.get_string("url");
    return init_result{};
  };
  auto first = make_step("a");
  first.config.set("url", "{config.url}");
  auto definition = make_definition("o", {first});
  definition.config.set("url", "default");
  run_freely();
  run(definition);
  BOOST_TEST(seen == "default");
  auto started_run = ask<run_started>(rt->dispatcher, atom::execute_v,
                                      run_request{"o", {{"url", "other"}}, {}});
  BOOST_TEST(started_run.ok());
  BOOST_TEST(seen == "other");
  check_over();
}

BOOST_AUTO_TEST_CASE(subscribers_see_every_move_of_every_job_once) {
  std::vector<event_block_ptr> seen;
  auto sink = spawn_sink(seen);
  tell(rt->hub, atom::subscribe_v, sink);
  run_freely();
  auto many = make_step("a");
  many.config.set("jobs", 4);
  const auto id = run(make_definition("live", {many}));
  std::map<job_id, int> ends;
  uint64_t sequence = 0;
  for (const auto& block : seen) {
    for (const auto& x : block->events)
      if (is_terminal(x.status))
        ++ends[x.id];
    for (const auto& x : block->lines)
      BOOST_TEST(x.sequence == ++sequence);
  }
  BOOST_TEST(ends.size() == 6u);
  for (const auto& [job, n] : ends)
    BOOST_TEST(n == 1);
  BOOST_CHECK(seen.back()->progress.back().status == job_status::completed);
  BOOST_CHECK(seen.back()->progress.back().manager == id);
  end_actors();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(dispatching, fixture)

BOOST_AUTO_TEST_CASE(a_second_run_of_a_definition_is_a_conflict) {
  const auto id = run(make_definition("d", {make_step("a")}));
  auto second = execute("d");
  BOOST_TEST(is_error(second.error, ec::conflict, to_string(id)));
  release();
  BOOST_TEST(execute("d").ok());
  release();
  check_over();
}

BOOST_AUTO_TEST_CASE(a_second_run_is_a_conflict_while_the_first_is_starting) {
  run_freely();
  ask<bool>(rt->dispatcher, atom::put_v,
            make_definition("d", {make_step("a")}));
  const run_request wanted{"d", {}, {}};
  auto first = request<run_started>(rt->dispatcher, atom::execute_v, wanted);
  auto second = request<run_started>(rt->dispatcher, atom::execute_v, wanted);
  settle();
  BOOST_TEST(first->ok());
  BOOST_TEST(is_error(second->error, ec::conflict));
  BOOST_TEST(execute("d").ok());
  check_over();
}

BOOST_AUTO_TEST_CASE(what_cannot_run_is_refused_and_changes_nothing) {
  auto off = make_definition("off", {make_step("a")});
  off.enabled = false;
  ask<bool>(rt->dispatcher, atom::put_v, off);
  BOOST_TEST(is_error(execute("off").error, ec::disabled, "off"));
  BOOST_TEST(is_error(execute("none").error, ec::not_found, "none"));
  ask<bool>(rt->dispatcher, atom::put_v, make_definition("bad", {}));
  BOOST_TEST(is_error(execute("bad").error, ec::invalid_argument, "step"));
  BOOST_TEST(is_error(execute("bad").error, ec::invalid_argument));
  std::vector<job_id> roots;
  BOOST_TEST(storage::read_roots(*db, {}, 10, roots).ok());
  BOOST_TEST(roots.empty());
}

BOOST_AUTO_TEST_CASE(a_definition_is_new_once_and_keeps_its_first_time) {
  auto x = make_definition("d", {make_step("a")});
  BOOST_TEST(ask<bool>(rt->dispatcher, atom::put_v, x).value);
  advance(5s);
  BOOST_TEST(!ask<bool>(rt->dispatcher, atom::put_v, x).value);
  job_definition stored;
  BOOST_TEST(storage::read_definition(*db, "d", stored).ok());
  BOOST_CHECK(stored.updated_at == stored.created_at + 5s);
}

BOOST_AUTO_TEST_CASE(definitions_of_the_system_are_not_removed) {
  auto x = make_definition("sys", {make_step("a")});
  x.job_type = "system";
  ask<bool>(rt->dispatcher, atom::put_v, x);
  const definition_removal id{"sys", {}};
  BOOST_TEST(
    is_error(ask(rt->dispatcher, atom::remove_v, id).error, ec::read_only));
  x.job_type = "user";
  ask<bool>(rt->dispatcher, atom::put_v, x);
  BOOST_TEST(ask(rt->dispatcher, atom::remove_v, id).ok());
  BOOST_TEST(
    is_error(ask(rt->dispatcher, atom::remove_v, id).error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(no_run_starts_before_all_is_known_or_when_draining) {
  ask<bool>(rt->dispatcher, atom::put_v,
            make_definition("d", {make_step("a")}));
  tell(rt->dispatcher, atom::drain_v);
  BOOST_TEST(is_error(execute("d").error, ec::shutting_down, "stopping"));
  crash();
  make_runtime();
  BOOST_TEST(is_error(execute("d").error, ec::shutting_down, "starting"));
}

BOOST_AUTO_TEST_CASE(jobs_outside_of_runs_are_executed_too) {
  run_freely();
  submission x;
  x.jobs = make_new_jobs(3, "root");
  auto made = ask<id_list>(rt->jobs, atom::submit_v, x);
  BOOST_REQUIRE(made.ok());
  BOOST_REQUIRE(made.value.ids.size() == 3u);
  for (const auto& id : made.value.ids)
    BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(who_asks_while_a_run_ends_is_answered) {
  const auto id = run(make_definition("one", {make_step("a")}));
  const auto step = step_of(id, "a").job.id;
  std::vector<std::shared_ptr<answer<run_progress>>> progress;
  std::vector<std::shared_ptr<answer<explanation>>> reasons;
  // Held work is over; ask between any two messages that follow from it.
  for (auto& x : std::exchange(held, {}))
    x.reply.deliver(job_outcome::ok());
  do {
    progress.push_back(request<run_progress>(rt->jobs, atom::progress_v, id));
    for (const auto& about : {id, step})
      reasons.push_back(request<explanation>(rt->jobs, atom::explain_v, about));
    for (int i = 0; i < 7; ++i) // Fewer than the requests bring with them.
      sched.run_once();
  } while (status(id) == job_status::running);
  settle();
  BOOST_TEST(progress.size() > 3u);
  for (const auto& x : progress)
    BOOST_TEST(x->done);
  for (const auto& x : reasons)
    BOOST_TEST(x->done);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_priority_above_the_last_is_refused) {
  run_freely();
  submission x;
  x.jobs = make_new_jobs(2, "p");
  x.jobs[1].priority = priority_max + 1;
  auto refused = ask<id_list>(rt->jobs, atom::submit_v, x);
  BOOST_TEST(is_error(refused.error, ec::invalid_argument, "0 to 9"));
  x.jobs[1].priority = priority_max;
  BOOST_TEST(ask<id_list>(rt->jobs, atom::submit_v, x).ok());
}

BOOST_AUTO_TEST_CASE(a_submission_above_the_limit_is_refused) {
  crash();
  settings.jobs.submit_jobs_max = 2;
  start();
  submission x;
  x.jobs = make_new_jobs(3, "root");
  auto refused = ask<id_list>(rt->jobs, atom::submit_v, x);
  BOOST_TEST(is_error(refused.error, ec::limit_reached, "submit_jobs_max"));
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()
