// Runs that are run again, whole or from a step on.

#include "actors/rerun.hpp"

#include "definitions/json.hpp"
#include "tests/support/actor_runtime.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// look -> read -> tell; count beside them; "read" fails until it is mended.
struct fixture : runtime_fixture {
  bool broken = true;
  bool hold = false;
  std::map<std::string, int> made; ///< How often each step made its jobs.

  fixture() {
    kind(jobs_type).create = [this](const step_context& x) {
      ++made[x.definition.name];
      step_output out;
      out.jobs = make_new_jobs(2, x.definition.name + "-");
      out.result = R"({"made":2})";
      return out;
    };
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      if (broken && x.job().name.starts_with("read"))
        return job_outcome::failure("no luck", false);
      if (hold)
        return std::nullopt;
      return job_outcome::ok();
    };
    start();
  }

  static job_definition definition() {
    return make_definition("d",
                           {make_step("look"), make_step("read", {"look"}),
                            make_step("tell", {"read"}), make_step("count")});
  }

  answer<job_made> rerun(const job_id& id, const std::string& from = "",
                         value config = value::make_object()) {
    return ask<job_made>(rt->dispatcher, atom::rerun_v,
                         rerun_request{id, from, std::move(config)});
  }

  std::string kept_from(const job_view& x) const {
    value metadata;
    std::string error;
    BOOST_REQUIRE(parse_json(x.job.metadata, metadata, error));
    return metadata.get_string("kept_from").value_or("");
  }

  /// A run whose second step has failed; mended after it.
  job_id failed_run() {
    const auto id = run(definition());
    BOOST_REQUIRE(step_of(id, "read").state.status == job_status::failed);
    made.clear();
    broken = false;
    return id;
  }

  /// The new run has ended well, with two steps kept and two that ran.
  void check_half(const job_id& old, const job_id& id) {
    BOOST_CHECK(status(id) == job_status::completed);
    for (auto kept : {"look", "count"}) {
      const auto x = step_of(id, kept);
      BOOST_CHECK(x.state.status == job_status::completed);
      BOOST_TEST(kept_from(x) == to_string(step_of(old, kept).job.id));
      BOOST_TEST(x.state.result == R"({"made":2})");
      BOOST_TEST(children(x.job.id).empty());
    }
    for (auto ran : {"read", "tell"}) {
      const auto x = step_of(id, ran);
      BOOST_CHECK(x.state.status == job_status::completed);
      BOOST_TEST(kept_from(x) == "");
      BOOST_TEST(children(x.job.id).size() == 2u);
    }
    BOOST_TEST(children(id).size() == 4u);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(reruns, fixture)

BOOST_AUTO_TEST_CASE(a_run_is_run_again_as_it_was) {
  const auto old = failed_run();
  // What the definition has become since does not count.
  ask<bool>(rt->dispatcher, atom::put_v,
            make_definition("d", {make_step("other")}));
  const auto x = rerun(old);
  BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
  BOOST_CHECK(status(x.value.id) == job_status::completed);
  BOOST_TEST(children(x.value.id).size() == 4u);
  BOOST_TEST(made.size() == 4u);
  BOOST_TEST(view(x.value.id).job.metadata.find(to_string(old))
             != std::string::npos);
  BOOST_CHECK(step_of(old, "read").state.status == job_status::failed);
  check_over();
}

BOOST_AUTO_TEST_CASE(steps_that_completed_are_kept) {
  const auto old = failed_run();
  const auto x = rerun(old, "failed");
  BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
  check_half(old, x.value.id);
  BOOST_TEST(made.count("look") == 0u);
  BOOST_TEST(made.count("count") == 0u);
  BOOST_TEST(says(x.value.id, "Step 'look' is kept from job "));
  BOOST_TEST(view(x.value.id).state.children.completed == 4u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_may_be_named_to_begin_from) {
  broken = false;
  const auto old = run(definition());
  made.clear();
  const auto x = rerun(old, "read");
  BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
  check_half(old, x.value.id);
  // A kept step may be kept again, and may be the one to begin from.
  const auto y = rerun(x.value.id, "tell");
  BOOST_CHECK(status(y.value.id) == job_status::completed);
  BOOST_TEST(kept_from(step_of(y.value.id, "look"))
             == to_string(step_of(x.value.id, "look").job.id));
  made.clear();
  const auto z = rerun(y.value.id, "look");
  BOOST_CHECK(status(z.value.id) == job_status::completed);
  BOOST_TEST(made.size() == 3u);
  check_over();
}

BOOST_AUTO_TEST_CASE(what_depends_on_a_step_that_runs_again_runs_again) {
  auto last = make_step("tell", {"read"});
  last.always_run = true; // completes although "read" has failed
  const auto old = run(make_definition(
    "d", {make_step("look"), make_step("read", {"look"}), last}));
  BOOST_REQUIRE(step_of(old, "tell").state.status == job_status::completed);
  broken = false;
  made.clear();
  BOOST_TEST(rerun(old, "failed").ok());
  BOOST_TEST(made.count("look") == 0u);
  BOOST_TEST(made["read"] == 1);
  BOOST_TEST(made["tell"] == 1);
}

BOOST_AUTO_TEST_CASE(values_of_the_configuration_may_be_replaced) {
  const auto old = failed_run();
  std::string seen;
  kind(jobs_type).create = [&](const step_context& x) {
    seen += to_json(x.job_config);
    return step_output{};
  };
  BOOST_TEST(
    rerun(old, "tell", value::make_object({{"depth", 3}, {"who", "me"}})).ok());
  BOOST_TEST(seen.find(R"("depth":3)") != std::string::npos);
  BOOST_TEST(seen.find(R"("who":"me")") != std::string::npos);
  BOOST_TEST(is_error(
    rerun(old, "", value::make_object({{"x", value::make_array()}})).error,
    ec::invalid_argument, "config.x"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_run_again_is_refused_with_the_reason) {
  broken = false;
  hold = true;
  const auto old = run(definition());
  const auto leaf = children(step_of(old, "look").job.id)[0].job.id;
  BOOST_TEST(is_error(rerun(old).error, ec::wrong_state, "running"));
  BOOST_TEST(is_error(rerun(leaf).error, ec::wrong_state, "running"));
  hold = false;
  release();
  BOOST_TEST(is_error(rerun(old, "nothing").error, ec::invalid_argument,
                      "look, read, tell, count"));
  BOOST_TEST(is_error(rerun(old, "failed").error, ec::wrong_state));
  BOOST_TEST(is_error(rerun(step_of(old, "look").job.id).error,
                      ec::invalid_argument, to_string(old)));
  BOOST_TEST(is_error(rerun(leaf, "look").error, ec::invalid_argument));
  BOOST_TEST(is_error(rerun(job_id{}).error, ec::not_found));
  // A refusal leaves the definition's place free.
  BOOST_TEST(rerun(old).ok());
  check_over();
}

BOOST_AUTO_TEST_CASE(a_definition_has_one_run_at_a_time_reruns_included) {
  broken = false;
  const auto old = run(definition());
  hold = true;
  const auto now = rerun(old).value.id;
  BOOST_TEST(is_error(rerun(old).error, ec::conflict, to_string(now)));
  BOOST_TEST(is_error(execute("d").error, ec::conflict, to_string(now)));
  restart();
  BOOST_TEST(is_error(rerun(old).error, ec::conflict, to_string(now)));
  hold = false;
  release();
  BOOST_TEST(rerun(old).ok());
}

BOOST_AUTO_TEST_CASE(two_reruns_at_a_time_start_one_run) {
  broken = false;
  const auto old = run(definition());
  hold = true;
  const rerun_request wanted{old, {}, value::make_object()};
  auto one = request<job_made>(rt->dispatcher, atom::rerun_v, wanted);
  auto two = request<job_made>(rt->dispatcher, atom::rerun_v, wanted);
  settle();
  BOOST_TEST((one->ok() != two->ok()));
  BOOST_TEST(active_runs() == 1u);
}

BOOST_AUTO_TEST_CASE(a_job_is_run_again_as_a_job_of_its_own) {
  broken = false;
  const auto old = run(definition());
  const auto leaf = children(step_of(old, "look").job.id)[0].job;
  const auto x = rerun(leaf.id, "", value::make_object({{"key", "other"}}));
  BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
  const auto now = view(x.value.id);
  BOOST_TEST(!now.job.parent_id);
  BOOST_TEST(now.job.type == leaf.type);
  BOOST_TEST(now.job.config == R"({"key":"other"})");
  BOOST_TEST(now.job.metadata.find(to_string(leaf.id)) != std::string::npos);
  BOOST_CHECK(now.state.status == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_rerun_goes_on_after_a_crash_at_any_write) {
  uint64_t n = 0;
  for (bool reached = true; reached;) {
    BOOST_TEST_CONTEXT("write " << ++n << " fails") {
      fixture x;
      const auto old = x.failed_run();
      x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
      const auto again = x.request<job_made>(
        x.rt->dispatcher, atom::rerun_v,
        rerun_request{old, "failed", value::make_object()});
      x.settle();
      reached = !x.ask<actor_status>(x.rt->store, atom::status_v).ok();
      const bool accepted = again->ok();
      x.crash();
      x.db->heal();
      const auto runs = x.start();
      BOOST_REQUIRE(runs.has_value());
      BOOST_TEST(*runs <= 1u);
      if (accepted)
        x.check_half(old, again->value.id);
      BOOST_TEST(x.made.count("look") == 0u);
      x.check_over();
    }
  }
  BOOST_TEST(n > 8u);
}

BOOST_AUTO_TEST_SUITE_END()
