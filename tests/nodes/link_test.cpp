#include "tests/nodes/link_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : link_fixture {
  fixture() { start_hub(); }
};

std::optional<job_outcome> wait_for_release(job_context&) {
  return std::nullopt;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(node_link_works, fixture)

BOOST_AUTO_TEST_CASE(jobs_of_a_type_that_a_node_offers_run_there) {
  const auto ids = enqueue(10);
  BOOST_TEST(count(ids, job_status::pending) == 10u);
  auto& x = add_node("n1");
  run_for(1s);
  BOOST_TEST(count(ids, job_status::completed) == 10u);
  BOOST_TEST(x.executed == 10u);
  const auto seen = node("n1");
  BOOST_TEST((seen.state == node_state::connected));
  BOOST_TEST(seen.reports == 10u);
  BOOST_REQUIRE(seen.workers.size() == 2u);
  BOOST_TEST(seen.workers[0].slots == 4u);
  BOOST_TEST(seen.workers[0].ready);
  BOOST_TEST(seen.build == "node-test");
  BOOST_TEST(link(x).hub_build == "hub-test");
  check_database();
}

BOOST_AUTO_TEST_CASE(short_jobs_travel_in_blocks) {
  auto& x = add_node("n1");
  const auto ids = enqueue(1000, "b");
  run_for(1s);
  BOOST_TEST(count(ids, job_status::completed) == 1000u);
  BOOST_TEST(x.blocks.size() < 50u);
  check_database();
}

BOOST_AUTO_TEST_CASE(a_node_never_has_more_jobs_than_slots) {
  auto& x = add_node("n1");
  x.execute = wait_for_release;
  const auto ids = enqueue(10);
  run_for(100ms);
  BOOST_TEST(x.held.size() == 4u);
  BOOST_TEST(count(ids, job_status::running) == 4u);
  BOOST_TEST(node("n1").workers[0].running == 4u);
  while (release(x) != 0)
    run_for(100ms);
  BOOST_TEST(count(ids, job_status::completed) == 10u);
}

BOOST_AUTO_TEST_CASE(a_start_is_stored_before_the_worker_has_the_job) {
  auto& x = add_node("n1");
  bool stored = false;
  x.execute = [&](job_context& job) -> std::optional<job_outcome> {
    stored = status(job.job().id) == job_status::running;
    return job_outcome::ok();
  };
  enqueue(1);
  run_for(100ms);
  BOOST_TEST(stored);
}

BOOST_AUTO_TEST_CASE(lines_children_and_documents_come_back) {
  auto& x = add_node("n1");
  x.execute = [&](job_context& job) -> std::optional<job_outcome> {
    if (job.job().name != "job-1")
      return job_outcome::ok();
    job.log(log_level::info, "hello from afar");
    job.spawn(make_new_jobs(1, "child-", "t")[0]);
    document text;
    text.source_type = "s";
    text.source_id = "1";
    text.content_markdown = "text";
    job.save(std::move(text));
    auto out = job_outcome::ok();
    out.result = "{\"n\":1}";
    out.result_count = 7;
    return out;
  };
  const auto ids = enqueue(1);
  run_for(1s);
  BOOST_TEST(says(ids[0], "hello from afar"));
  BOOST_TEST(view(ids[0]).state.result == "{\"n\":1}");
  BOOST_TEST(view(ids[0]).state.result_count == 7u);
  BOOST_TEST(totals().documents == 1u);
  BOOST_TEST(x.executed == 2u); // with the child
  check_over();
}

BOOST_AUTO_TEST_CASE(lines_are_there_while_the_job_runs) {
  auto& x = add_node("n1");
  x.execute = [&](job_context& job) -> std::optional<job_outcome> {
    job.log(log_level::info, "so far so good");
    return std::nullopt;
  };
  const auto ids = enqueue(1);
  run_for(500ms);
  BOOST_TEST((status(ids[0]) == job_status::running));
  BOOST_TEST(says(ids[0], "so far so good"));
}

BOOST_AUTO_TEST_CASE(a_large_document_travels_in_parts) {
  auto& x = add_node("n1");
  const size_t bytes = 5'000'000;
  x.execute = [&](job_context& job) -> std::optional<job_outcome> {
    document text;
    text.source_type = "s";
    text.source_id = "1";
    text.content_markdown = std::string(bytes, 'x');
    job.save(std::move(text));
    return job_outcome::ok();
  };
  const auto ids = enqueue(1);
  run_for(2s);
  BOOST_TEST((status(ids[0]) == job_status::completed));
  BOOST_TEST(totals().documents == 1u);
  BOOST_TEST(x.payload_bytes > bytes);
}

BOOST_AUTO_TEST_CASE(what_is_larger_than_an_item_may_be_fails_its_job) {
  auto& x = make_node("n1");
  x.config.stream.item_bytes_max = 100'000;
  x.execute = [&](job_context& job) -> std::optional<job_outcome> {
    auto out = job_outcome::ok();
    out.result = "{\"x\":\"" + std::string(100'001, 'x') + "\"}";
    job.log(log_level::info, "large");
    return out;
  };
  start_node(x);
  const auto ids = enqueue(1);
  run_for(1s);
  BOOST_TEST((status(ids[0]) == job_status::failed));
}

BOOST_AUTO_TEST_CASE(secrets_of_a_configuration_are_there_and_come_not_back) {
  pair_change pair;
  pair.key = "password";
  pair.text = "correct-horse";
  pair.secret = true;
  BOOST_REQUIRE(ask<pair_stored>(rt->pairs, atom::put_v, pair).ok());
  secrets known;
  known.add("password", *rt->keys()("password"));
  auto jobs = make_new_jobs(1, "job-", "t");
  jobs[0].config = "{\"login\":\"correct-horse\"}";
  known.seal(jobs[0].config);
  BOOST_REQUIRE(jobs[0].config.find("correct-horse") == std::string::npos);
  std::string seen;
  auto& x = add_node("n1");
  x.execute = [&](job_context& job) -> std::optional<job_outcome> {
    seen = job.job().config;
    job.log(log_level::info, "with " + seen);
    return job_outcome::ok();
  };
  const auto ids = enqueue(jobs);
  run_for(1s);
  BOOST_TEST(seen == "{\"login\":\"correct-horse\"}");
  BOOST_TEST(says(ids[0], "with "));
  BOOST_TEST(!says(ids[0], "correct-horse"));
}

BOOST_AUTO_TEST_CASE(a_cancel_reaches_the_attempt) {
  auto& x = add_node("n1");
  x.execute = wait_for_release;
  const auto ids = enqueue(1);
  run_for(100ms);
  auto done = request(rt->jobs, atom::cancel_v, ids[0]);
  run_for(100ms);
  BOOST_REQUIRE(x.held.size() == 1u);
  BOOST_TEST(x.held[0].context->cancelled());
  release(x, job_outcome::stopped());
  run_for(100ms);
  BOOST_TEST(done->ok());
  BOOST_TEST((status(ids[0]) == job_status::cancelled));
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_is_repeated_as_its_policy_says) {
  auto& x = add_node("n1");
  int calls = 0;
  x.execute = [&](job_context&) -> std::optional<job_outcome> {
    return ++calls < 3 ? job_outcome::failure("not yet") : job_outcome::ok();
  };
  auto jobs = make_new_jobs(1, "job-", "t");
  jobs[0].retry.attempts = 5;
  const auto ids = enqueue(jobs);
  run_for(10s);
  BOOST_TEST((status(ids[0]) == job_status::completed));
  BOOST_TEST(attempts(ids[0]) == 3u);
}

BOOST_AUTO_TEST_CASE(the_clock_of_a_node_does_not_matter) {
  auto& x = make_node("n1");
  x.clock.set_by(-1min);
  int calls = 0;
  x.execute = [&](job_context& job) -> std::optional<job_outcome> {
    job.log(log_level::info, "tick");
    return ++calls == 1 ? job_outcome::failure("not yet") : job_outcome::ok();
  };
  start_node(x);
  const auto before = clock.now();
  auto jobs = make_new_jobs(1, "job-", "t");
  jobs[0].retry.attempts = 2;
  const auto ids = enqueue(jobs);
  run_for(5s);
  BOOST_TEST((status(ids[0]) == job_status::completed));
  const auto state = view(ids[0]).state;
  BOOST_TEST((state.started_at >= before && state.finished_at <= clock.now()));
  for (const auto& line : lines(ids[0]))
    BOOST_TEST((line.line.at >= before && line.line.at <= clock.now()));
}

BOOST_AUTO_TEST_CASE(two_nodes_share_the_work) {
  auto& a = add_node("n1");
  auto& b = add_node("n2");
  a.execute = b.execute = wait_for_release;
  enqueue(8);
  run_for(100ms);
  BOOST_TEST(a.held.size() == 4u);
  BOOST_TEST(b.held.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_job_that_requires_a_label_waits_for_a_node_that_has_it) {
  auto& plain = add_node("n1");
  auto jobs = make_new_jobs(2, "job-", "t");
  jobs[0].tags = {"requires:gpu", "other"};
  const auto ids = enqueue(jobs);
  run_for(1s);
  // Who needs nothing is not kept back.
  BOOST_TEST(count(ids, job_status::completed) == 1u);
  BOOST_TEST(plain.executed == 1u);
  const auto why = ask<explanation>(rt->queue, atom::explain_v, ids[0]).value;
  BOOST_TEST((why.reason == job_reason::no_worker));
  BOOST_TEST(why.detail.find("label gpu") != std::string::npos, why.detail);
  auto& special = make_node("n2");
  special.config.labels = {"ssd", "gpu"};
  start_node(special);
  run_for(1s);
  BOOST_TEST(special.executed == 1u);
  BOOST_TEST(count(ids, job_status::completed) == 2u);
  check_database();
}

BOOST_AUTO_TEST_CASE(a_step_may_require_labels_for_its_jobs) {
  auto step = make_step("s");
  step.job.labels = {"gpu"};
  const auto id = run(make_definition("d", {step}));
  run_for(1s);
  const auto jobs = children(step_of(id, "s").job.id);
  BOOST_REQUIRE(jobs.size() == 1u);
  BOOST_TEST((jobs[0].state.status == job_status::pending));
  settings.labels = {"gpu"}; // of the hub itself
  restart_hub();
  run_for(1s);
  BOOST_TEST((status(id) == job_status::completed));
}

BOOST_AUTO_TEST_CASE(a_node_that_is_drained_gets_no_more_until_it_is_resumed) {
  auto& x = add_node("n1");
  x.execute = wait_for_release;
  const auto ids = enqueue(8);
  run_for(100ms);
  BOOST_TEST(ask<node_view>(hub.registry, atom::drain_v, std::string{"n1"})
               .value.draining);
  release(x);
  run_for(100ms);
  BOOST_TEST(x.held.empty());
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  cut(x, false); // also over a new connection
  run_for(2s);
  BOOST_TEST(x.held.empty());
  ask<node_view>(hub.registry, atom::start_v, std::string{"n1"});
  run_for(100ms);
  BOOST_TEST(x.held.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_removed_gives_its_jobs_to_others) {
  auto& x = add_node("n1");
  x.execute = wait_for_release;
  const auto ids = enqueue(2);
  run_for(100ms);
  x.reachable = false;
  BOOST_TEST(ask(hub.registry, atom::remove_v, std::string{"n1"}).ok());
  add_node("n2");
  run_for(100ms);
  BOOST_TEST(count(ids, job_status::completed) == 2u);
  BOOST_TEST(
    is_error(ask<node_view>(hub.registry, atom::get_v, std::string{"n1"}).error,
             ec::not_found));
}

BOOST_AUTO_TEST_CASE(a_node_that_ends_in_order_leaves_nothing_behind) {
  auto& x = add_node("n1");
  x.execute = wait_for_release;
  const auto ids = enqueue(8);
  run_for(100ms);
  auto drained = request(x.side.link, atom::drain_v);
  run_for(100ms);
  BOOST_TEST(!drained->done);
  release(x);
  run_for(100ms);
  BOOST_TEST(drained->ok());
  BOOST_TEST(x.held.empty());
  BOOST_TEST(count(ids, job_status::completed) == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
