#include "tests/nodes/link_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : link_fixture {
  fixture() { start_hub(); }

  /// A node with four attempts that go on.
  test_node& busy_node() {
    auto& x = add_node("n1");
    x.execute
      = [](job_context&) -> std::optional<job_outcome> { return std::nullopt; };
    ids = enqueue(4);
    run_for(100ms);
    BOOST_REQUIRE(x.held.size() == 4u);
    return x;
  }

  std::vector<job_id> ids;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(node_link_survives, fixture)

BOOST_AUTO_TEST_CASE(a_cut_shorter_than_the_lease_costs_nothing) {
  auto& x = busy_node();
  const auto epoch = node("n1").epoch;
  x.reachable = false;
  cut(x, false);
  run_for(5s);
  BOOST_TEST((node("n1").state == node_state::lost));
  release(x); // while nobody hears of it
  x.reachable = true;
  run_for(10s);
  BOOST_TEST(node("n1").epoch == epoch);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 1u);
  check_database();
}

BOOST_AUTO_TEST_CASE(a_cut_longer_than_the_lease_gives_the_jobs_to_others) {
  auto& x = busy_node();
  x.reachable = false;
  cut(x, false);
  run_for(12s);
  BOOST_TEST(count(ids, job_status::running) == 4u);
  BOOST_TEST(!x.held[0].context->cancelled());
  run_for(2s); // the node has stopped, by its own clock, before the hub acts
  BOOST_TEST(x.held[0].context->cancelled());
  auto& other = add_node("n2");
  run_for(6s);
  BOOST_TEST(other.executed == 4u);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  release(x);
  x.reachable = true;
  run_for(40s);
  BOOST_TEST((node("n1").state == node_state::connected));
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 2u);
  check_database();
}

BOOST_AUTO_TEST_CASE(a_silent_line_is_a_cut_although_nobody_says_so) {
  auto& x = busy_node();
  x.rules.mute = true;
  run_for(14s);
  BOOST_TEST(x.held[0].context->cancelled());
  auto& other = add_node("n2");
  run_for(6s);
  BOOST_TEST(other.executed == 4u);
}

BOOST_AUTO_TEST_CASE(
  jobs_of_a_process_that_ended_run_elsewhere_within_a_second) {
  auto& x = busy_node();
  kill_node(x);
  auto& other = add_node("n2");
  run_for(900ms);
  BOOST_TEST(other.executed == 4u);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_reset_is_back_in_time) {
  auto& x = busy_node();
  cut(x, true);
  run_for(2s);
  release(x);
  run_for(1s);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 1u);
}

BOOST_AUTO_TEST_CASE(
  a_node_that_is_back_just_before_its_lease_ends_keeps_jobs) {
  auto& x = make_node("n1");
  x.config.retry_max = x.config.retry_min; // back as soon as it can be
  x.execute
    = [](job_context&) -> std::optional<job_outcome> { return std::nullopt; };
  start_node(x);
  ids = enqueue(4);
  run_for(9500ms); // its last sign of life is 4 s old
  x.reachable = false;
  cut(x, false);
  run_for(7500ms);
  x.reachable = true;
  run_for(8s); // beyond the lease that the hub gave at that sign
  BOOST_TEST((node("n1").state == node_state::connected));
  BOOST_REQUIRE(x.held.size() == 4u);
  BOOST_TEST(!x.held[0].context->cancelled());
  release(x);
  run_for(1s);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 1u);
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_ready_again_while_there_is_no_connection) {
  auto& x = make_node("n1");
  x.config.alive_max = 1ms; // the hub stops it: it is not said to live
  x.execute = [](job_context&) { return std::optional<job_outcome>{}; };
  start_node(x);
  ids = enqueue(1);
  run_for(17s);
  BOOST_REQUIRE(x.held.at(0).context->cancelled());
  const auto epoch = node("n1").epoch;
  x.execute = nullptr;
  x.reachable = false;
  cut(x, false);
  release(x);
  run_for(1s);
  x.reachable = true;
  run_for(5s);
  BOOST_TEST(node("n1").epoch == epoch);
  BOOST_TEST(count(ids, job_status::completed) == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_life_of_a_node_ends_the_former_one_at_once) {
  auto& x = busy_node();
  const auto epoch = node("n1").epoch;
  end_node_side(x.side); // nobody tells the hub
  x.held.clear();
  settle();
  x.held.clear();
  x.config.instance = 77;
  x.execute = nullptr;
  start_node(x);
  run_for(1s);
  BOOST_TEST(node("n1").epoch > epoch);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
}

BOOST_AUTO_TEST_CASE(whatever_a_line_loses_repeats_or_delays_all_is_done_once) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    auto& x = add_node("lossy" + std::to_string(seed));
    x.dice.seed(seed);
    x.rules = {0.2, 0.2, 200ms, false};
    x.execute = [](job_context& job) -> std::optional<job_outcome> {
      job.log(log_level::info, "once");
      return job_outcome::ok();
    };
    auto wanted = enqueue(30);
    const auto more = enqueue(300, "b");
    run_for(60s, 100ms);
    BOOST_TEST_INFO("seed " << seed);
    BOOST_TEST(count(wanted, job_status::completed) == 30u);
    BOOST_TEST(count(more, job_status::completed) == 300u);
    for (const auto& id : wanted)
      BOOST_TEST(lines(id).size() == 1u);
    kill_node(x);
  }
  check_database();
}

BOOST_AUTO_TEST_CASE(a_hub_that_takes_nothing_stops_the_node_and_its_memory) {
  auto& x = make_node("n1");
  x.config.backlog_bytes_max = 100'000;
  x.execute = [](job_context& job) -> std::optional<job_outcome> {
    for (int i = 0; i < 1000; ++i)
      job.log(log_level::info, std::string(1000, 'x'));
    return std::nullopt;
  };
  start_node(x);
  ids = enqueue(4);
  run_for(50ms);
  x.rules.mute = true;
  run_for(3s);
  const auto seen = link(x);
  BOOST_TEST(seen.lines_dropped > 0u);
  BOOST_TEST(seen.backlog_bytes < 500'000u);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_near_has_half_a_second_to_come_back) {
  auto& x = busy_node();
  x.reachable = false;
  cut(x, true);
  run_for(450ms);
  BOOST_TEST((node("n1").state == node_state::lost));
  run_for(100ms);
  BOOST_TEST((node("n1").state == node_state::over));
}

BOOST_AUTO_TEST_CASE(a_long_line_has_more_time_to_come_back) {
  auto& x = make_node("n1");
  x.rules.delay_min = 200ms;
  x.execute = [](job_context&) { return std::optional<job_outcome>{}; };
  start_node(x);
  ids = enqueue(4);
  run_for(2s);
  BOOST_TEST(x.held.size() == 4u);
  // Of the welcome the fixture delays only the answer: 200 ms are the shortest.
  x.reachable = false;
  cut(x, true);
  run_for(2s);
  BOOST_TEST((node("n1").state == node_state::lost));
  run_for(150ms);
  BOOST_TEST((node("n1").state == node_state::over));
}

BOOST_AUTO_TEST_CASE(a_hub_that_starts_again_lets_jobs_go_on_where_they_are) {
  auto& x = busy_node();
  restart_hub();
  BOOST_TEST(count(ids, job_status::running) == 4u);
  run_for(5s);
  BOOST_TEST((node("n1").state == node_state::connected));
  BOOST_TEST(x.held.size() == 4u);
  BOOST_TEST(!x.held[0].context->cancelled());
  release(x);
  run_for(1s);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 1u);
  check_database();
}

BOOST_AUTO_TEST_CASE(what_ended_while_the_hub_was_away_counts) {
  auto& x = busy_node();
  crash_hub();
  release(x);
  run_for(2s);
  start_hub();
  run_for(5s);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 1u);
  BOOST_TEST(x.executed == 4u);
}

BOOST_AUTO_TEST_CASE(
  a_node_that_does_not_come_back_after_a_restart_is_replaced) {
  auto& x = busy_node();
  crash_hub();
  kill_node(x);
  start_hub();
  auto& other = add_node("n2");
  run_for(10s);
  BOOST_TEST(other.executed == 0u); // they wait for it
  run_for(6s);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 2u);
  check_database();
}

BOOST_AUTO_TEST_CASE(lines_from_while_the_hub_was_away_come_when_it_is_back) {
  auto& x = busy_node();
  x.rules.mute = true;
  x.held[0].context->log(log_level::info, "sent into nothing");
  run_for(200ms);
  crash_hub();
  x.rules.mute = false;
  run_for(1s);
  const auto said_at = clock.now();
  x.held[0].context->log(log_level::info, "said to nobody");
  run_for(1s);
  start_hub();
  run_for(5s);
  const auto id = x.held[0].context->job().id;
  const auto found = lines(id);
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].line.message == "sent into nothing");
  BOOST_TEST(found[1].line.message == "said to nobody");
  // When they were said, not when the hub was back.
  BOOST_TEST((found[1].line.at >= said_at));
  BOOST_TEST((found[1].line.at <= said_at + 500ms));
  release(x);
  run_for(1s);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  BOOST_TEST(lines(id).size() == 2u);
  check_database();
}

BOOST_AUTO_TEST_CASE(a_hub_that_stops_in_order_does_not_wait_for_nodes) {
  auto& x = busy_node();
  BOOST_TEST(ask(rt->queue, atom::drain_v).ok());
  restart_hub();
  run_for(5s);
  release(x);
  run_for(1s);
  BOOST_TEST(count(ids, job_status::completed) == 4u);
  for (const auto& id : ids)
    BOOST_TEST(attempts(id) == 1u);
}

BOOST_AUTO_TEST_CASE(a_pool_that_says_nothing_to_its_link_loses_its_jobs) {
  auto& x = make_node("n1");
  x.config.alive_max = 1ms; // sooner than a pool says something
  x.execute = [](job_context&) { return std::optional<job_outcome>{}; };
  start_node(x);
  ids = enqueue(1);
  run_for(14s);
  BOOST_TEST(!x.held.at(0).context->cancelled());
  run_for(3s);
  BOOST_TEST(x.held.at(0).context->cancelled());
  BOOST_TEST((node("n1").state == node_state::connected));
}

BOOST_AUTO_TEST_CASE(a_tunnel_or_a_hub_that_does_not_answer_is_tried_again) {
  auto& x = make_node("n1");
  x.config.connect = [&x] { ++x.connects; };
  start_node(x);
  run_for(19s);
  BOOST_TEST(x.connects == 1);
  run_for(2s);
  BOOST_TEST(x.connects == 2);
  // Now it connects, and nobody says welcome.
  auto mute = own(caf::actor{sys.spawn(
    []() -> caf::behavior { return {[](const wire_hello_v1&) {}}; })});
  tell(x.side.link, atom::attach_v,
       caf::actor_cast<caf::strong_actor_ptr>(mute));
  BOOST_TEST((link(x).state == link_state::greeting));
  run_for(6s);
  BOOST_TEST(x.connects == 3);
}

BOOST_AUTO_TEST_CASE(a_node_pauses_longer_the_longer_the_hub_is_away) {
  auto& x = add_node("n1");
  x.reachable = false;
  cut(x, false);
  run_for(10min, 200ms);
  BOOST_TEST(x.connects > 10);
  BOOST_TEST(x.connects < 80);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(node_gate_refuses, fixture)

BOOST_AUTO_TEST_CASE(a_node_of_another_protocol_and_says_which) {
  auto& x = make_node("n1");
  x.config.protocol_min = x.config.protocol_max = 2;
  start_node(x);
  run_for(1s);
  BOOST_TEST((node("n1").state == node_state::refused));
  BOOST_TEST(link(x).reason.find("speaks protocol 1") != std::string::npos);
  run_for(2min, 200ms);
  BOOST_TEST(x.connects < 20); // it does not try all the time
}

// As when a machine gets another version, and starts it at once.
BOOST_AUTO_TEST_CASE(a_life_of_another_protocol_ends_the_life_before) {
  auto& old = add_node("n1");
  run_for(1s);
  const auto given = enqueue(2);
  kill_node(old);
  auto& x = make_node("n1");
  x.config.protocol_min = x.config.protocol_max = 2;
  start_node(x);
  run_for(100ms);
  BOOST_TEST((node("n1").state == node_state::refused));
  BOOST_TEST(node("n1").reason.find("update the older") != std::string::npos);
  add_node("n2").execute = [](job_context&) { return job_outcome::ok(); };
  run_for(1s);
  BOOST_TEST(count(given, job_status::completed) == 2u);
}

BOOST_AUTO_TEST_CASE(a_node_whose_blocks_have_another_form) {
  auto& x = make_node("n1");
  x.config.schema = "other";
  start_node(x);
  run_for(1s);
  BOOST_TEST(node("n1").reason.find("another form") != std::string::npos);
  BOOST_TEST(link(x).reason.find("another form") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(more_nodes_than_a_hub_may_know) {
  crash_hub();
  hub_config.nodes_max = 1;
  start_hub();
  add_node("n1");
  auto& x = add_node("n2");
  run_for(1s);
  BOOST_TEST((node("n1").state == node_state::connected));
  BOOST_TEST(link(x).reason.find("too many nodes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_in_the_certificate) {
  auto& x = make_node("n1");
  x.config.node = "n2";
  start_node(x);
  run_for(1s);
  BOOST_TEST(link(x).reason.find("another name") != std::string::npos);
  BOOST_TEST(
    ask<std::vector<node_view>>(hub.registry, atom::list_v).value.empty());
}

BOOST_AUTO_TEST_SUITE_END()
