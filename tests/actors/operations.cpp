// One action on every job that matches a query.

#include "tests/support/actor_runtime.hpp"

#include <set>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : runtime_fixture {
  bool hold = false;

  fixture() {
    settings.operations.page_jobs_max = 3;
    settings.operations.in_flight_max = 2;
    kind(jobs_type).slots = 100;
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      if (x.job().name.starts_with("bad"))
        return job_outcome::failure("no luck", false);
      if (hold)
        return std::nullopt;
      return job_outcome::ok();
    };
    start();
  }

  std::vector<job_id> submit(size_t n, const std::string& name) {
    submission x;
    x.jobs = make_new_jobs(n, name);
    return ask<id_list>(rt->jobs, atom::submit_v, x).value.ids;
  }

  answer<operation> begin(operation_action action, const std::string& q) {
    return ask<operation>(rt->operations, atom::start_v,
                          operation_request{action, q});
  }

  operation get(const job_id& id) {
    auto x = ask<operation>(rt->operations, atom::get_v, id);
    BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
    return x.value;
  }

  /// An operation that is over by itself.
  operation carry_out(operation_action action, const std::string& q) {
    auto x = begin(action, q);
    BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
    return get(x.value.id);
  }

  size_t jobs_there() const {
    size_t out = 0;
    for (auto n : totals().jobs)
      out += n;
    return out;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(bulk_operations, fixture)

BOOST_AUTO_TEST_CASE(all_that_match_are_removed_page_by_page) {
  submit(8, "bad");
  submit(5, "good");
  const auto x = carry_out(operation_action::remove, "state:failed");
  BOOST_CHECK(x.status == operation_status::completed);
  BOOST_TEST(x.total == 8u);
  BOOST_TEST(x.done == 8u);
  BOOST_TEST(x.failed == 0u);
  BOOST_TEST(jobs_there() == 5u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_whole_run_goes_whichever_of_its_jobs_comes_first) {
  auto many = make_step("a");
  many.config.set("jobs", 7);
  run(make_definition("d", {many, make_step("b", {"a"})}));
  const auto x = carry_out(operation_action::remove, "definition:d");
  BOOST_TEST(x.total == 11u);
  BOOST_TEST(x.done + x.skipped == 11u);
  BOOST_TEST(jobs_there() == 0u);
  check_over();
}

BOOST_AUTO_TEST_CASE(what_goes_on_is_not_removed_and_said_so) {
  hold = true;
  submit(3, "j");
  const auto x = carry_out(operation_action::remove, "state:running");
  BOOST_TEST(x.done == 0u);
  BOOST_TEST(x.failed == 3u);
  BOOST_REQUIRE(x.errors.size() == 3u);
  BOOST_TEST(x.errors[0].message.find("cancel it first") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_the_first_errors_are_kept_all_are_counted) {
  settings.operations.errors_max = 2;
  restart();
  hold = true;
  submit(5, "j");
  const auto x = carry_out(operation_action::remove, "state:running");
  BOOST_TEST(x.failed == 5u);
  BOOST_TEST(x.errors.size() == 2u);
}

BOOST_AUTO_TEST_CASE(runs_are_cancelled_and_the_rest_is_skipped) {
  hold = true;
  for (auto id : {"d1", "d2", "d3", "d4"})
    run(make_definition(id, {make_step("a")}));
  submit(2, "bad");
  const auto id = begin(operation_action::cancel, "type:manager").value.id;
  BOOST_CHECK(get(id).status == operation_status::running);
  while (release("", job_outcome::stopped()) != 0)
    continue;
  const auto x = get(id);
  BOOST_CHECK(x.status == operation_status::completed);
  // A run that ends before its turn is skipped.
  BOOST_TEST(x.done + x.skipped == 4u);
  BOOST_TEST(x.done > 0u);
  const auto again = carry_out(operation_action::cancel, "type:manager");
  BOOST_TEST(again.done == 0u);
  BOOST_TEST(again.skipped == 4u);
  check_over();
}

BOOST_AUTO_TEST_CASE(failed_jobs_are_tried_again_once) {
  submit(7, "bad");
  const auto x = carry_out(operation_action::retry, "state:failed");
  // The new ones fail, too, and are not of this operation.
  BOOST_TEST(x.done == 7u);
  BOOST_TEST(jobs_there() == 14u);
  const auto again = carry_out(operation_action::retry, "state:failed");
  BOOST_TEST(again.done == 7u);
  BOOST_TEST(again.skipped == 7u);
  BOOST_TEST(jobs_there() == 21u);
  check_over();
}

BOOST_AUTO_TEST_CASE(jobs_that_are_made_later_are_not_met) {
  hold = true;
  run(make_definition("d1", {make_step("a")}));
  const auto id = begin(operation_action::cancel, "type:manager").value.id;
  const auto later = run(make_definition("d2", {make_step("a")}));
  release("", job_outcome::stopped());
  BOOST_TEST(get(id).done == 1u);
  BOOST_CHECK(get(id).status == operation_status::completed);
  BOOST_CHECK(status(later) == job_status::running
              || status(later) == job_status::completed);
}

BOOST_AUTO_TEST_CASE(a_query_that_cannot_be_read_is_refused) {
  BOOST_TEST(is_error(begin(operation_action::cancel, "state:odd").error,
                      ec::invalid_argument, "q: "));
  BOOST_TEST(
    is_error(ask<operation>(rt->operations, atom::get_v, job_id{}).error,
             ec::not_found));
}

BOOST_AUTO_TEST_CASE(an_operation_can_be_stopped) {
  hold = true;
  for (auto id : {"d1", "d2", "d3", "d4", "d5"})
    run(make_definition(id, {make_step("a")}));
  const auto id = begin(operation_action::cancel, "type:manager").value.id;
  auto stopped = request<operation>(rt->operations, atom::cancel_v, id);
  settle();
  BOOST_TEST(!stopped->done); // two are under way
  release("", job_outcome::stopped());
  BOOST_REQUIRE(stopped->ok());
  BOOST_CHECK(stopped->value.status == operation_status::cancelled);
  BOOST_TEST(stopped->value.done == 2u);
  BOOST_TEST(is_error(ask<operation>(rt->operations, atom::cancel_v, id).error,
                      ec::wrong_state));
  restart();
  BOOST_CHECK(get(id).status == operation_status::cancelled);
}

BOOST_AUTO_TEST_CASE(so_many_go_on_at_a_time_and_so_many_are_kept) {
  settings.operations.running_max = 2;
  settings.operations.kept_max = 4;
  restart();
  hold = true;
  run(make_definition("d", {make_step("a")}));
  const auto first = begin(operation_action::cancel, "type:manager").value.id;
  BOOST_TEST(begin(operation_action::cancel, "type:manager").ok());
  BOOST_TEST(is_error(begin(operation_action::remove, "type:x").error,
                      ec::limit_reached, "running_max"));
  release("", job_outcome::stopped());
  for (int i = 0; i < 6; ++i)
    carry_out(operation_action::remove, "type:x");
  auto all = ask<std::vector<operation>>(rt->operations, atom::list_v).value;
  BOOST_TEST(all.size() == 4u);
  BOOST_CHECK(all[0].created_at >= all[3].created_at);
  BOOST_TEST(is_error(ask<operation>(rt->operations, atom::get_v, first).error,
                      ec::not_found));
  restart();
  BOOST_TEST(
    ask<std::vector<operation>>(rt->operations, atom::list_v).value.size()
    == 4u);
}

BOOST_AUTO_TEST_CASE(
  who_asks_while_they_are_read_again_is_answered_afterwards) {
  submit(3, "bad");
  const auto id = carry_out(operation_action::remove, "state:failed").id;
  crash();
  make_runtime();
  settle();
  BOOST_REQUIRE(ask<uint64_t>(rt->jobs, atom::recover_v).ok());
  caf::anon_send(rt->operations, atom::recover_v);
  auto one = request<operation>(rt->operations, atom::get_v, id);
  auto all = request<std::vector<operation>>(rt->operations, atom::list_v);
  settle();
  BOOST_REQUIRE_MESSAGE(one->ok(), message_of(one->error));
  BOOST_TEST(one->value.done == 3u);
  BOOST_REQUIRE(all->ok());
  BOOST_TEST(all->value.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_operation_goes_on_after_a_crash_at_any_write) {
  for (auto action : {operation_action::remove, operation_action::retry}) {
    uint64_t n = 0;
    for (bool reached = true; reached;) {
      BOOST_TEST_CONTEXT(to_string(action) << ", write " << ++n << " fails") {
        fixture x;
        x.submit(8, "bad");
        x.submit(3, "good");
        x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
        const auto begun = x.request<operation>(
          x.rt->operations, atom::start_v,
          operation_request{action, "state:failed name:bad"});
        x.settle();
        reached = !x.ask<actor_status>(x.rt->store, atom::status_v).ok();
        const bool accepted = begun->ok();
        x.crash();
        x.db->heal();
        BOOST_REQUIRE(x.start().has_value());
        x.settle();
        if (accepted) {
          const auto now = x.get(begun->value.id);
          BOOST_CHECK(now.status == operation_status::completed);
          BOOST_TEST(now.failed == 0u);
          BOOST_TEST(x.jobs_there()
                     == (action == operation_action::remove ? 3u : 19u));
        }
        x.check_over();
      }
    }
    BOOST_TEST(n > 6u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
