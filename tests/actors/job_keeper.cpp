// Removal, labels, copies, and jobs that are tried again.

#include "storage/leveldb_store.hpp"
#include "storage/life_tables.hpp"
#include "tests/storage/temp_folder.hpp"
#include "tests/support/actor_runtime.hpp"

#include <set>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Letters of the tables that say something about jobs, with how many keys.
std::map<char, size_t> job_keys(const storage::store& db) {
  std::map<char, size_t> out;
  auto at = db.scan();
  for (at->seek({}); at->valid(); at->next())
    if (std::string_view{"jcrealqxLung"}.find(at->key()[0])
        != std::string_view::npos)
      ++out[at->key()[0]];
  return out;
}

struct fixture : runtime_fixture {
  bool hold = false;

  fixture() {
    settings.keeper.commit_keys_max = 9;
    settings.keeper.look_jobs_max = 4;
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      x.log(log_level::info, "working");
      x.log(log_level::debug, "on it");
      if (x.job().name == "a-2")
        return job_outcome::failure("no luck", false);
      document page;
      page.source_type = "web";
      page.source_id = x.job().name;
      x.save(page);
      if (hold)
        return std::nullopt;
      return job_outcome::ok();
    };
    start();
  }

  /// Two steps, the first of three jobs of which one fails.
  static job_definition two_steps() {
    auto first = make_step("a");
    first.config.set("jobs", 3);
    return make_definition("d", {first, make_step("b", {"a"})});
  }

  answer<removal> remove(const job_id& id) {
    return ask<removal>(rt->jobs, atom::remove_v, id);
  }

  /// A job of its own, which nobody waits for.
  job_id submit(const std::string& name) {
    submission x;
    x.jobs = make_new_jobs(1, name);
    return ask<id_list>(rt->jobs, atom::submit_v, x).value.ids.at(0);
  }

  bool there(const job_id& id) const { return storage::has_job(*db, id); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(removal_of_jobs, fixture)

BOOST_AUTO_TEST_CASE(a_run_goes_with_all_that_is_below_it) {
  const auto other = run(make_definition("other", {make_step("z")}));
  const auto before = job_keys(*db);
  const auto totals_before = totals();
  const auto id = run(two_steps());
  BOOST_TEST(job_keys(*db).at('l') > before.at('l'));
  const auto gone = remove(id);
  BOOST_REQUIRE_MESSAGE(gone.ok(), message_of(gone.error));
  BOOST_TEST(gone.value.jobs == 6u);
  BOOST_TEST(gone.value.leaves == 4u);
  BOOST_TEST((job_keys(*db) == before));
  auto now = totals();
  BOOST_TEST(now.documents == totals_before.documents + 3); // they stay
  now.documents = totals_before.documents;
  now.log_sequence = totals_before.log_sequence;
  BOOST_TEST((now == totals_before));
  BOOST_TEST(there(other));
  BOOST_TEST(is_error(remove(id).error, ec::not_found));
  check_over();
}

BOOST_AUTO_TEST_CASE(what_is_not_over_stays) {
  hold = true;
  const auto id = run(two_steps());
  const auto before = job_keys(*db);
  const auto step = step_of(id, "a").job.id;
  BOOST_TEST(is_error(remove(id).error, ec::wrong_state, "cancel it first"));
  BOOST_TEST(is_error(remove(step).error, ec::wrong_state));
  // Its run needs it, although it is over itself.
  BOOST_TEST(is_error(remove(children(step)[1].job.id).error, ec::wrong_state,
                      to_string(id)));
  BOOST_TEST((job_keys(*db) == before));
  hold = false;
  release();
  BOOST_TEST(remove(id).ok());
  check_over();
}

BOOST_AUTO_TEST_CASE(a_part_of_a_run_that_is_over_may_go_alone) {
  const auto id = run(two_steps());
  const auto step = step_of(id, "a").job.id;
  BOOST_TEST(remove(children(step)[0].job.id).value.jobs == 0u);
  BOOST_TEST(children(step).size() == 2u);
  BOOST_TEST(says(step, "working")); // the step's log is the step's
  BOOST_TEST(remove(step).value.leaves == 2u);
  BOOST_TEST(children(id).size() == 1u);
  BOOST_TEST(remove(id).value.jobs == 2u);
  BOOST_TEST(job_keys(*db).empty());
  check_over();
}

BOOST_AUTO_TEST_CASE(removals_that_overlap_count_each_job_once) {
  settings.keeper.commit_keys_max = 1000; // all in one commit
  restart();
  const auto id = run(two_steps());
  const auto step = step_of(id, "a").job.id;
  const auto leaf = children(step)[0].job.id;
  auto one = request<removal>(rt->jobs, atom::remove_v, leaf);
  auto two = request<removal>(rt->jobs, atom::remove_v, step);
  auto three = request<removal>(rt->jobs, atom::remove_v, id);
  auto again = request<removal>(rt->jobs, atom::remove_v, id);
  settle();
  BOOST_TEST(one->value.jobs == 0u);
  BOOST_TEST(two->value.jobs == 2u);
  BOOST_TEST(three->value.jobs == 2u);
  BOOST_TEST(is_error(again->error, ec::not_found));
  BOOST_TEST(job_keys(*db).empty());
  check_over();
}

BOOST_AUTO_TEST_CASE(many_small_removals_share_commits) {
  settings.keeper.commit_keys_max = 1000;
  restart();
  std::vector<std::shared_ptr<answer<removal>>> all;
  std::vector<job_id> ids;
  for (int i = 0; i < 20; ++i)
    ids.push_back(submit("alone"));
  const auto writes = db->writes();
  for (const auto& id : ids)
    all.push_back(request<removal>(rt->jobs, atom::remove_v, id));
  settle();
  for (const auto& x : all)
    BOOST_TEST(x->ok());
  BOOST_TEST(db->writes() - writes <= 3u);
  BOOST_TEST(job_keys(*db).empty());
  check_over();
}

BOOST_AUTO_TEST_CASE(more_removals_than_may_wait_are_refused) {
  settings.keeper.removals_max = 2;
  restart();
  const auto id = run(two_steps());
  auto one = request<removal>(rt->jobs, atom::remove_v, id);
  auto two = request<removal>(rt->jobs, atom::remove_v, id);
  auto three = request<removal>(rt->jobs, atom::remove_v, id);
  settle();
  BOOST_TEST(one->ok());
  BOOST_TEST(is_error(two->error, ec::not_found));
  BOOST_TEST(is_error(three->error, ec::limit_reached, "removals_max"));
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_write_leaves_a_tree_that_can_be_removed) {
  uint64_t n = 0;
  for (bool reached = true; reached;) {
    BOOST_TEST_CONTEXT("write " << ++n << " fails") {
      fixture x;
      const auto id = x.run(two_steps());
      x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
      const auto gone = x.request<removal>(x.rt->jobs, atom::remove_v, id);
      x.settle();
      reached = !gone->ok();
      x.crash();
      x.db->heal();
      BOOST_REQUIRE(x.start().has_value());
      x.check_database();
      if (reached) {
        BOOST_REQUIRE(x.there(id));
        BOOST_TEST(x.remove(id).ok());
      }
      BOOST_TEST(job_keys(*x.db).empty());
      x.check_over();
    }
  }
  BOOST_TEST(n > 5u);
}

BOOST_AUTO_TEST_CASE(a_crash_that_loses_what_was_not_synced_does_no_harm) {
  for (uint64_t n = 1; n <= 4; ++n) {
    fixture x;
    const auto id = x.run(two_steps());
    x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
    x.request<removal>(x.rt->jobs, atom::remove_v, id);
    x.settle();
    x.crash();
    x.db->heal();
    BOOST_REQUIRE(x.db->power_loss().ok());
    BOOST_REQUIRE(x.start().has_value());
    BOOST_TEST(x.remove(id).ok());
    BOOST_TEST(job_keys(*x.db).empty());
    x.check_over();
  }
}

BOOST_AUTO_TEST_SUITE_END()

// -- a large one --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_tree_of_100_000_jobs_goes_in_bounded_commits) {
  constexpr size_t jobs = 100'000;
  constexpr size_t keys_max = 5000;
  storage::test::temp_folder folder;
  std::unique_ptr<storage::store> opened;
  BOOST_REQUIRE(storage::open_leveldb(folder.path() + "/db", {}, opened).ok());
  std::shared_ptr<storage::store> db = std::move(opened);
  struct fixed_clock final : wall_clock {
    timestamp now() const override { return timestamp{1000h}; }
  } clock;
  id_generator ids{clock, 1};
  queue_job root;
  root.id = root.manager_id = ids.next();
  root.type = manager_job_type;
  storage::write_batch batch;
  auto end = [&](const queue_job& x, job_status status) {
    storage::put_job(batch, x);
    job_event event;
    event.id = x.id;
    event.status = status;
    event.started_at = event.at = clock.now();
    storage::put_event(batch, 1, event);
  };
  end(root, job_status::completed);
  queue_job leaf;
  leaf.parent_id = leaf.step_id = root.id;
  leaf.type = "noop";
  for (size_t i = 0; i < jobs; ++i) {
    leaf.id = ids.next();
    end(leaf, job_status::failed);
  }
  BOOST_REQUIRE(db->write(batch, false).ok());
  job_removal removing{db, root.id};
  size_t commits = 0;
  while (!removing.checked()) {
    size_t looks = 2000;
    BOOST_REQUIRE(!removing.check(looks));
  }
  size_t failed = 0;
  while (!removing.done()) {
    size_t keys = keys_max;
    commit change;
    job_removal::id_set taken;
    BOOST_REQUIRE(!removing.take(keys, change, taken));
    BOOST_TEST(change.ops.count() < keys_max + 10);
    BOOST_REQUIRE(db->write(change.ops, false).ok());
    for (const auto& x : change.removed)
      failed += x.state == job_status::failed;
    ++commits;
  }
  BOOST_TEST(removing.removed().jobs == jobs);
  BOOST_TEST(commits >= 4 * jobs / keys_max);
  BOOST_TEST(failed == jobs);
  BOOST_TEST(job_keys(*db).empty());
}

// -- labels and copies --------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(labels, fixture)

BOOST_AUTO_TEST_CASE(a_job_may_be_given_a_name_and_a_description) {
  const auto id = submit("alone");
  auto put
    = [&](label_change x) { return ask<void>(rt->jobs, atom::put_v, id, x); };
  auto label = [&] {
    return ask<job_view>(rt->readers[0], atom::get_v, id).value.label;
  };
  BOOST_TEST(put({"first", std::nullopt}).ok());
  BOOST_TEST(put({std::nullopt, "why it is here"}).ok());
  BOOST_TEST(label().name == "first");
  BOOST_TEST(label().description == "why it is here");
  restart();
  BOOST_TEST(put({"", std::nullopt}).ok());
  BOOST_TEST(label().name == "");
  BOOST_TEST(label().description == "why it is here");
  BOOST_TEST(put({std::nullopt, ""}).ok());
  BOOST_TEST(job_keys(*db).count('L') == 0u);
  BOOST_TEST(put({"again", std::nullopt}).ok());
  BOOST_TEST(remove(id).ok());
  BOOST_TEST(job_keys(*db).empty());
  BOOST_TEST(is_error(put({"late", std::nullopt}).error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(changes_of_one_label_at_a_time_lose_nothing) {
  const auto id = submit("alone");
  auto one = request<void>(rt->jobs, atom::put_v, id,
                           label_change{"name", std::nullopt});
  auto two = request<void>(rt->jobs, atom::put_v, id,
                           label_change{std::nullopt, "text"});
  auto gone = request<removal>(rt->jobs, atom::remove_v, id);
  settle();
  BOOST_TEST(one->ok());
  BOOST_TEST(two->ok());
  BOOST_TEST(gone->ok());
  BOOST_TEST(job_keys(*db).empty());
}

BOOST_AUTO_TEST_CASE(a_label_has_limits) {
  const auto id = submit("alone");
  auto put = [&](size_t name_bytes, size_t description_bytes) {
    return ask<void>(rt->jobs, atom::put_v, id,
                     label_change{std::string(name_bytes, 'n'),
                                  std::string(description_bytes, 'd')});
  };
  BOOST_TEST(put(256, 4096).ok());
  BOOST_TEST(is_error(put(257, 1).error, ec::invalid_argument, "name"));
  BOOST_TEST(is_error(put(1, 4097).error, ec::invalid_argument, "description"));
}

BOOST_AUTO_TEST_CASE(a_copy_waits_until_it_is_rerun_or_removed) {
  const auto id = run(two_steps());
  const auto copy = ask<job_made>(rt->jobs, atom::copy_v, id).value;
  BOOST_TEST(copy.name == "Test d (Copy)");
  BOOST_TEST(restart().value_or(9) == 0u);
  advance(1h);
  const auto now = view(copy.id);
  BOOST_CHECK(now.state.status == job_status::pending);
  BOOST_TEST(now.job.metadata.find(to_string(id)) != std::string::npos);
  BOOST_TEST(
    ask<job_view>(rt->readers[0], atom::get_v, copy.id).value.label.held);
  check_database();
  const auto again = ask<job_made>(rt->dispatcher, atom::rerun_v,
                                   rerun_request{copy.id, {}, {}});
  BOOST_REQUIRE_MESSAGE(again.ok(), message_of(again.error));
  BOOST_CHECK(status(again.value.id) == job_status::completed);
  BOOST_CHECK(status(copy.id) == job_status::pending);
  BOOST_TEST(remove(copy.id).ok());
  check_over();
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_job_is_a_job_of_its_own) {
  const auto id = run(two_steps());
  const auto leaf = children(step_of(id, "a").job.id)[0];
  const auto copy = ask<job_made>(rt->jobs, atom::copy_v, leaf.job.id).value;
  const auto now = view(copy.id);
  BOOST_TEST(now.job.name == "a-1 (Copy)");
  BOOST_TEST(!now.job.parent_id);
  BOOST_TEST(!now.job.manager_id);
  BOOST_TEST(now.job.config == leaf.job.config);
  BOOST_TEST(queue_entries() == 0u);
  BOOST_TEST(is_error(
    ask<job_made>(rt->jobs, atom::copy_v, step_of(id, "a").job.id).error,
    ec::invalid_argument, to_string(id)));
}

BOOST_AUTO_TEST_SUITE_END()

// -- jobs that are tried again ------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(retries, fixture)

BOOST_AUTO_TEST_CASE(a_failed_job_is_tried_again_in_its_step) {
  hold = true;
  const auto id = run(two_steps());
  const auto step = step_of(id, "a").job.id;
  const auto failed = children(step)[1].job.id;
  BOOST_REQUIRE(status(failed) == job_status::failed);
  kind(jobs_type).execute = [](job_context&) { return std::nullopt; };
  const auto made = ask<job_made>(rt->jobs, atom::retry_v, failed);
  BOOST_REQUIRE_MESSAGE(made.ok(), message_of(made.error));
  BOOST_CHECK(made.value.step == step);
  const auto successor = view(made.value.id);
  BOOST_CHECK(successor.job.parent_id == step);
  BOOST_CHECK(successor.job.manager_id == id);
  BOOST_TEST(successor.job.metadata.find(to_string(failed))
             != std::string::npos);
  BOOST_TEST(is_error(ask<job_made>(rt->jobs, atom::retry_v, failed).error,
                      ec::conflict, to_string(made.value.id)));
  // The step waits for it.
  release("a-1");
  release("a-3");
  BOOST_CHECK(status(step) == job_status::running);
  kind(jobs_type).execute = nullptr;
  release("a-2");
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(step_of(id, "a").state.children.completed == 3u);
  BOOST_TEST(step_of(id, "a").state.children.failed == 1u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_of_a_step_that_is_over_is_tried_again_alone) {
  const auto id = run(two_steps());
  const auto failed = children(step_of(id, "a").job.id)[1].job.id;
  kind(jobs_type).execute = nullptr;
  const auto made = ask<job_made>(rt->jobs, atom::retry_v, failed);
  BOOST_REQUIRE_MESSAGE(made.ok(), message_of(made.error));
  BOOST_TEST(!made.value.step);
  BOOST_TEST(!view(made.value.id).job.parent_id);
  BOOST_CHECK(status(made.value.id) == job_status::completed);
  // What came of it may go; then it may be tried again.
  BOOST_TEST(remove(made.value.id).ok());
  BOOST_TEST(ask<job_made>(rt->jobs, atom::retry_v, failed).ok());
  check_over();
}

BOOST_AUTO_TEST_CASE(only_work_that_failed_or_was_cancelled_is_tried_again) {
  const auto id = run(two_steps());
  const auto step = step_of(id, "a").job.id;
  for (const auto& x : {id, step, children(step)[0].job.id})
    BOOST_TEST(is_error(ask<job_made>(rt->jobs, atom::retry_v, x).error,
                        ec::wrong_state));
  BOOST_TEST(is_error(ask<job_made>(rt->jobs, atom::retry_v, job_id{}).error,
                      ec::not_found));
}

BOOST_AUTO_TEST_CASE(a_retry_beside_the_end_of_its_step_is_never_lost) {
  // The step's last job ends while the retry is under way, sooner or later.
  for (size_t messages = 0; messages < 40; ++messages) {
    fixture x;
    x.hold = true;
    auto two = make_step("a");
    two.config.set("jobs", 2);
    const auto id = x.run(make_definition("d", {two}));
    const auto step = x.step_of(id, "a").job.id;
    x.hold = false;
    x.kind(jobs_type).execute = nullptr;
    const auto made = x.request<job_made>(x.rt->jobs, atom::retry_v,
                                          x.children(step)[1].job.id);
    for (size_t i = 0; i < messages && x.sched.has_job(); ++i)
      x.sched.run_once();
    BOOST_TEST(x.release("a-1") == 1u);
    BOOST_TEST(made->ok());
    BOOST_CHECK(x.status(made->value.id) == job_status::completed);
    BOOST_CHECK(x.status(id) == job_status::completed);
    x.check_over();
  }
}

BOOST_AUTO_TEST_CASE(two_retries_of_one_job_at_a_time_make_one_job) {
  const auto id = run(two_steps());
  const auto failed = children(step_of(id, "a").job.id)[1].job.id;
  auto one = request<job_made>(rt->jobs, atom::retry_v, failed);
  auto two = request<job_made>(rt->jobs, atom::retry_v, failed);
  auto gone = request<removal>(rt->jobs, atom::remove_v, id);
  settle();
  BOOST_TEST(one->ok());
  BOOST_TEST(is_error(two->error, ec::conflict));
  BOOST_TEST(gone->ok()); // after the retry, whose mark goes, too
  BOOST_TEST(job_keys(*db).count('L') == 0u);
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_write_makes_one_job_or_none) {
  for (uint64_t n = 1; n <= 6; ++n) {
    fixture x;
    x.hold = true;
    const auto id = x.run(two_steps());
    const auto step = x.step_of(id, "a").job.id;
    const auto failed = x.children(step)[1].job.id;
    x.hold = false;
    x.kind(jobs_type).execute = nullptr;
    x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
    const auto made = x.request<job_made>(x.rt->jobs, atom::retry_v, failed);
    x.settle();
    const bool acknowledged = made->ok();
    x.crash();
    x.db->heal();
    BOOST_REQUIRE(x.start().has_value());
    const auto again = x.ask<job_made>(x.rt->jobs, atom::retry_v, failed);
    if (acknowledged)
      BOOST_TEST(is_error(again.error, ec::conflict));
    BOOST_CHECK(x.status(id) == job_status::completed);
    x.check_over();
  }
}

BOOST_AUTO_TEST_SUITE_END()
