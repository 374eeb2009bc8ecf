// Jobs that failed for good: listed, tried again, deleted.

#include "storage/job_search.hpp"
#include "tests/support/actor_runtime.hpp"

#include <functional>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : runtime_fixture {
  bool well = false; ///< All jobs succeed.

  fixture() {
    kind(jobs_type).slots = 100;
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      const auto& name = x.job().name;
      if (well || name.starts_with("good"))
        return job_outcome::ok();
      if (name.starts_with("slow"))
        return std::nullopt;
      return job_outcome::failure("no luck", name.starts_with("tried"));
    };
    start();
  }

  std::vector<job_id> submit(size_t n, const std::string& name,
                             const std::function<void(new_job&)>& f = {}) {
    submission x;
    x.jobs = make_new_jobs(n, name);
    for (auto& job : x.jobs)
      if (f)
        f(job);
    return ask<id_list>(rt->jobs, atom::submit_v, x).value.ids;
  }

  job_page list(const std::string& q, size_t limit = 50) {
    job_query query;
    std::string error;
    BOOST_REQUIRE_MESSAGE(parse_job_filter(q, clock.now(), query.filter, error),
                          error);
    query.limit = limit;
    auto x = ask<job_page>(rt->readers[0], atom::list_v, query);
    BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
    return x.value;
  }

  std::vector<std::string> names(const std::string& q) {
    std::vector<std::string> out;
    for (const auto& x : list(q).jobs)
      out.push_back(x.job.name);
    return out;
  }

  uint64_t dead_letters() {
    uint64_t out = 0;
    for (const auto& [key, n] :
         ask<actor_status>(rt->collector, atom::status_v).value.numbers)
      if (key.starts_with("dead_"))
        out += static_cast<uint64_t>(n);
    return out;
  }

  operation carry_out(operation_action action, const std::string& q) {
    auto x = ask<operation>(rt->operations, atom::start_v,
                            operation_request{action, q});
    BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
    return ask<operation>(rt->operations, atom::get_v, x.value.id).value;
  }

  answer<job_made> retry(const job_id& id) {
    return ask<job_made>(rt->jobs, atom::retry_v, id);
  }
};

using strings = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(dead_letters, fixture)

BOOST_AUTO_TEST_CASE(each_has_the_reason_for_which_it_failed) {
  submit(1, "good");
  submit(1, "not");
  submit(1, "tried");
  submit(1, "late", [this](new_job& x) {
    x.run_at = clock.now() + 2h;
    x.expires_at = clock.now() + 1h;
  });
  submit(1, "slow", [](new_job& x) { x.timeout = 5s; });
  const auto stopped
    = submit(1, "waits", [this](new_job& x) { x.run_at = clock.now() + 9h; });
  BOOST_TEST(ask<void>(rt->jobs, atom::cancel_v, stopped[0]).ok());
  advance(6s);
  release("slow1", job_outcome::stopped());
  advance(61min);
  BOOST_TEST((names("dead:not_retryable") == strings{"not1"}));
  BOOST_TEST((names("dead:attempts_exhausted") == strings{"tried1"}));
  BOOST_TEST((names("dead:expired") == strings{"late1"}));
  BOOST_TEST((names("dead:timed_out") == strings{"slow1"}));
  BOOST_TEST((names("dead:expired,timed_out") == strings{"slow1", "late1"}));
  BOOST_TEST(list("dead:any").total == 4u);
  BOOST_TEST(list("dead:any").total_is_exact);
  BOOST_TEST((names("dead:any state:completed") == strings{}));
  BOOST_TEST(dead_letters() == 4u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_of_a_run_is_one_and_the_run_and_its_step_are_not) {
  auto first = make_step("a");
  first.config.set("jobs", 2);
  const auto id = run(make_definition("d", {first}));
  BOOST_TEST(names("dead:any definition:d").size() == 2u);
  BOOST_TEST(names("dead:any definition:other").empty());
  BOOST_TEST(names("dead:any type:manager,step").empty());
  BOOST_TEST(names("dead:any run:" + to_string(id)).size() == 2u);
  check_over();
}

BOOST_AUTO_TEST_CASE(who_is_tried_again_leaves_the_list_and_stays_failed) {
  const auto ids = submit(2, "not");
  well = true;
  const auto made = retry(ids[0]);
  BOOST_REQUIRE_MESSAGE(made.ok(), message_of(made.error));
  BOOST_TEST((names("dead:any") == strings{"not2"}));
  BOOST_CHECK(status(ids[0]) == job_status::failed);
  BOOST_CHECK(status(made.value.id) == job_status::completed);
  BOOST_TEST(dead_letters() == 1u);
  // Its successor gone, it can be tried again; it does not come back for that.
  BOOST_TEST(ask<removal>(rt->jobs, atom::remove_v, made.value.id).ok());
  BOOST_TEST(retry(ids[0]).ok());
  BOOST_TEST(dead_letters() == 1u);
  restart();
  BOOST_TEST(dead_letters() == 1u);
  BOOST_TEST((names("dead:any") == strings{"not2"}));
  check_over();
}

BOOST_AUTO_TEST_CASE(a_successor_that_is_there_already_is_one_too) {
  auto with_key = [](new_job& x) { x.unique_key = "u"; };
  const auto old = submit(1, "not", with_key).front();
  const auto other = submit(1, "slow", with_key).front();
  const auto made = retry(old);
  BOOST_REQUIRE_MESSAGE(made.ok(), message_of(made.error));
  BOOST_CHECK(made.value.id == other);
  BOOST_TEST(dead_letters() == 0u);
  BOOST_TEST(names("dead:any").empty());
  release();
  check_over();
}

BOOST_AUTO_TEST_CASE(one_that_fails_again_is_one_again) {
  const auto ids = submit(1, "not");
  const auto made = retry(ids[0]).value.id;
  const auto page = list("dead:any");
  BOOST_REQUIRE(page.jobs.size() == 1u);
  BOOST_CHECK(page.jobs[0].job.id == made);
  check_over();
}

BOOST_AUTO_TEST_CASE(all_that_match_are_tried_again_or_deleted) {
  submit(7, "not");
  submit(5, "tried");
  submit(2, "good");
  well = true;
  const auto tried
    = carry_out(operation_action::retry, "dead:attempts_exhausted");
  BOOST_TEST(tried.total == 5u);
  BOOST_TEST(tried.done == 5u);
  BOOST_TEST(dead_letters() == 7u);
  const auto gone = carry_out(operation_action::remove, "dead:any name:not");
  BOOST_TEST(gone.done == 7u);
  BOOST_TEST(dead_letters() == 0u);
  BOOST_TEST(list("").jobs.size() == 12u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_deleted_run_takes_its_dead_letters_along) {
  auto first = make_step("a");
  first.config.set("jobs", 3);
  const auto id = run(make_definition("d", {first}));
  submit(1, "not");
  BOOST_TEST(dead_letters() == 4u);
  BOOST_TEST(ask<removal>(rt->jobs, atom::remove_v, id).ok());
  BOOST_TEST(dead_letters() == 1u);
  check_over();
}

BOOST_AUTO_TEST_CASE(the_index_that_is_built_anew_has_the_same) {
  const auto ids = submit(3, "not");
  submit(2, "tried");
  well = true;
  BOOST_TEST(retry(ids[1]).ok());
  crash();
  auto result = storage::rebuild_job_index(*db, [](uint64_t) {});
  BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
  check_over();
  BOOST_REQUIRE(start().has_value());
  BOOST_TEST(dead_letters() == 4u);
}

BOOST_AUTO_TEST_CASE(pages_are_as_long_as_they_may_be_whatever_there_is) {
  submit(40, "good");
  submit(11, "not");
  submit(40, "good");
  job_query query;
  query.filter.dead = all_failure_reasons();
  query.limit = 4;
  std::vector<size_t> sizes;
  do {
    const auto page = ask<job_page>(rt->readers[0], atom::list_v, query).value;
    sizes.push_back(page.jobs.size());
    query.after = page.next;
  } while (query.after);
  BOOST_TEST((sizes == std::vector<size_t>{4, 4, 3}));
  // No more ids are looked at than are found, and one to see the end.
  storage::job_scan scan{list_order::newest_first, {}};
  storage::job_checks checks;
  BOOST_TEST(
    storage::plan_job_scan(*db, query.filter, {}, {}, scan, checks).ok());
  uint64_t looks = 12;
  size_t found = 0;
  job_id id;
  while (scan.next(looks, id) == storage::job_scan::outcome::found)
    ++found;
  BOOST_TEST(found == 11u);
}

BOOST_AUTO_TEST_SUITE_END()
