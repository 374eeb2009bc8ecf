// What a node that keeps to no rule can do: nothing but lose its own jobs.

#include "actors/nodes/wire_items.hpp"
#include "tests/nodes/link_fixture.hpp"

#include <caf/event_based_actor.hpp>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

constexpr size_t question_bytes_max = 16;
constexpr size_t questions_max = 3;
constexpr size_t hellos_max = 5;
constexpr size_t pulses_max = 20;
constexpr uint32_t slots_max_said = 8;
constexpr size_t claimed_bytes_max = 16 * 1024;

struct fixture : link_fixture {
  fixture() {
    hub_config.wire.question_bytes_max = question_bytes_max;
    hub_config.wire.questions_max = questions_max;
    hub_config.backlog_bytes_max = 64 * 1024;
    hub_config.hellos_minute_max = hellos_max;
    hub_config.pulses_renew_max = pulses_max;
    hub_config.slots_minute_max = slots_max_said;
    hub_config.claimed_bytes_max = claimed_bytes_max;
    start_hub();
    make_node("evil");
    make_rogue();
    ids = enqueue(1);
    hello();
  }

  ~fixture() { end_actors(); }

  void make_rogue() {
    rogue = own(caf::actor{
      sys.spawn([this](caf::event_based_actor* self) -> caf::behavior {
        self->set_default_handler(caf::drop);
        return {
          [=, this](const wire_hello_v1& y) { self->send(hub.gate, y); },
          [=, this](const wire_welcome_v1& y) {
            welcome = y;
            session = caf::actor_cast<caf::actor>(self->current_sender());
          },
          [=, this](const wire_block_v1& y) {
            // Its own words go out, those of the hub come in.
            if (self->current_sender() != session.address())
              self->send(session, y);
            else
              receiver.take(y.number, y.payload, [&](std::string_view z) {
                auto item = read_item(z);
                if (auto* one = std::get_if<wire_assign_v1>(&item))
                  assigned.push_back(one->lease);
              });
          },
          [=, this](const wire_pulse_v1& y) {
            if (self->current_sender() != session.address())
              self->send(session, y);
          },
        };
      })});
    nodes.front().line = rogue;
  }

  void hello(std::vector<std::string> labels = {}) {
    wire_hello_v1 x;
    x.labels = std::move(labels);
    x.schema = wire_schema();
    x.node = "evil";
    x.instance = 1;
    x.window = 64;
    x.offers = {{"t", 1, 2, true}};
    tell(rogue, x);
    BOOST_REQUIRE(welcome.epoch != 0u);
  }

  /// To a hub that has started again.
  void come_back() {
    make_rogue();
    number = 0;
    receiver.clear();
    welcome = {};
    hello();
  }

  /// Claims that attempt, and reports its end.
  void steal(const leased_job& lease) {
    wire_report_v1 x;
    x.type = "t";
    x.id = lease.job.id;
    x.epoch = lease.epoch;
    x.attempt = lease.attempt;
    say({to_item(
      wire_ready_v1{"t", 2, {lease.job.id}, {lease.epoch}, {lease.attempt}})});
    say({to_item(x)});
  }

  /// A node that has begun the job, and does not come back to the hub.
  test_node& lost_holder() {
    auto& good = make_node("good");
    good.execute = [](job_context&) { return std::optional<job_outcome>{}; };
    start_node(good);
    run_for(100ms);
    BOOST_REQUIRE(good.held.size() == 1u);
    good.reachable = false;
    return good;
  }

  /// Says these items, in a block of the next number.
  void say(std::vector<std::string> items) {
    stream_sender out;
    for (auto& x : items)
      out.push(std::move(x));
    out.on_signal(0, 1);
    out.flush([this](uint64_t, const std::string& x) {
      tell(rogue, wire_block_v1{welcome.epoch, ++number, 0, 64, x});
    });
  }

  void take_the_job() {
    say({to_item(wire_ready_v1{"t", 2, {}, {}, {}})});
    BOOST_REQUIRE(assigned.size() == 1u);
    BOOST_TEST((status(ids[0]) == job_status::running));
  }

  wire_report_v1 report() const {
    wire_report_v1 x;
    x.type = "t";
    x.id = assigned[0].job.id;
    x.epoch = assigned[0].epoch;
    x.attempt = assigned[0].attempt;
    return x;
  }

  /// The node is over, and its job runs elsewhere.
  void check_over_with(const std::string& why) {
    BOOST_REQUIRE(cut_off.size() == 1u);
    BOOST_TEST(cut_off[0].find(why) != std::string::npos, cut_off[0]);
    BOOST_TEST((node("evil").state == node_state::over));
    add_node("good");
    run_for(1s);
    BOOST_TEST((status(ids[0]) == job_status::completed));
    check_over();
  }

  caf::actor rogue;
  caf::actor session;
  wire_welcome_v1 welcome;
  stream_receiver receiver;
  std::vector<leased_job> assigned;
  std::vector<job_id> ids;
  uint64_t number = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rogue_nodes, fixture)

BOOST_AUTO_TEST_CASE(an_honest_report_is_taken) {
  take_the_job();
  say({to_item(report())});
  BOOST_TEST((status(ids[0]) == job_status::completed));
}

BOOST_AUTO_TEST_CASE(an_item_that_is_none_ends_the_epoch) {
  take_the_job();
  say({"\x7fgarbage"});
  check_over_with("an item is none");
}

BOOST_AUTO_TEST_CASE(an_item_of_the_hub_is_none_of_a_node) {
  take_the_job();
  say({to_item(wire_expire_v1{"t"})});
  check_over_with("an item is none");
}

BOOST_AUTO_TEST_CASE(a_question_of_a_job_that_it_has_not_is_nobody_s) {
  take_the_job();
  say({to_item(wire_question_v1{ids[0], assigned[0].epoch + 2, 1, "x"}),
       to_item(wire_question_v1{job_id{}, 1, 2, "x"})});
  BOOST_TEST(cut_off.empty());
  say({to_item(report())});
  BOOST_TEST((status(ids[0]) == job_status::completed));
}

BOOST_AUTO_TEST_CASE(a_question_that_is_too_long_ends_the_epoch) {
  take_the_job();
  const std::string text(question_bytes_max + 1, 'x');
  say({to_item(wire_question_v1{ids[0], assigned[0].epoch, 1, text})});
  check_over_with("a question is too long");
}

BOOST_AUTO_TEST_CASE(questions_that_are_too_many_end_the_epoch) {
  take_the_job();
  std::vector<std::string> items;
  for (uint64_t n = 0; n <= questions_max; ++n)
    items.push_back(
      to_item(wire_question_v1{ids[0], assigned[0].epoch, n, "x"}));
  say(items);
  check_over_with("it asks more than it may at a time");
}

BOOST_AUTO_TEST_CASE(a_length_that_is_too_long_ends_the_epoch) {
  take_the_job();
  tell(rogue, wire_block_v1{welcome.epoch, 2, 0, 64, "\xff\xff\xff\xff"});
  check_over_with("too long");
}

BOOST_AUTO_TEST_CASE(blocks_that_were_never_sent_cannot_be_acknowledged) {
  take_the_job();
  tell(rogue, wire_pulse_v1{welcome.epoch, 99, 64, 1, {}});
  check_over_with("never sent");
}

BOOST_AUTO_TEST_CASE(a_type_that_was_not_offered_is_not_ready) {
  take_the_job();
  say({to_item(wire_ready_v1{"u", 2, {}, {}, {}})});
  check_over_with("did not offer");
}

BOOST_AUTO_TEST_CASE(more_slots_than_offered_are_none) {
  take_the_job();
  say({to_item(wire_ready_v1{"t", 3, {}, {}, {}})});
  check_over_with("more than it said");
}

BOOST_AUTO_TEST_CASE(a_second_hello_on_one_connection_is_refused) {
  nodes.front().connection = 7;
  hello();
  BOOST_TEST(cut_off.empty());
  const auto epoch = node("evil").epoch;
  hello();
  BOOST_REQUIRE(cut_off.size() == 1u);
  BOOST_TEST(cut_off[0].find("twice on one connection") != std::string::npos);
  BOOST_TEST(node("evil").epoch == epoch);
  nodes.front().connection = 8;
  hello();
  BOOST_TEST(cut_off.size() == 1u);
}

BOOST_AUTO_TEST_CASE(hellos_that_are_too_many_end_the_connection) {
  for (size_t n = 1; n < hellos_max; ++n) // one was at the begin
    hello();
  BOOST_TEST(cut_off.empty());
  const auto epoch = node("evil").epoch;
  hello();
  BOOST_REQUIRE(cut_off.size() == 1u);
  BOOST_TEST(cut_off[0].find("hellos_minute_max") != std::string::npos);
  BOOST_TEST(node("evil").epoch == epoch);
  run_for(12s); // the time of one
  hello();
  BOOST_TEST(cut_off.size() == 1u);
}

BOOST_AUTO_TEST_CASE(pulses_that_are_too_many_end_the_epoch) {
  take_the_job();
  auto pulse = [&](uint64_t n) {
    tell(rogue, wire_pulse_v1{welcome.epoch, 0, 64, n, {"t"}});
  };
  for (uint64_t n = 1; n <= pulses_max; ++n)
    pulse(n);
  run_for(hub_config.renew / pulses_max); // the time of one
  pulse(pulses_max + 1);
  for (int i = 0; i < 100; ++i) // without a number they renew nothing
    pulse(0);
  BOOST_TEST(cut_off.empty());
  pulse(pulses_max + 2);
  check_over_with("pulses_renew_max");
}

BOOST_AUTO_TEST_CASE(slots_that_change_too_often_end_the_epoch) {
  take_the_job();
  auto ready = [&](uint32_t n) {
    say({to_item(wire_ready_v1{"t", 1 + n % 2, {}, {}, {}})});
  };
  for (uint32_t n = 1; n < slots_max_said; ++n)
    ready(n);
  BOOST_TEST(cut_off.empty());
  ready(0);
  check_over_with("slots_minute_max");
}

namespace {

/// Claims one job, and says a line of it at once, `bytes` of it kept.
std::vector<std::string> claim_with_line(size_t bytes) {
  log_line x;
  x.job.bytes.fill(7);
  x.message.assign(bytes - sizeof(log_line), 'x');
  return {to_item(wire_ready_v1{"t", 2, {x.job}, {1}, {1}}),
          to_item(wire_lines_v1{{x}})};
}

} // namespace

BOOST_AUTO_TEST_CASE(lines_of_claimed_jobs_have_so_many_bytes) {
  say(claim_with_line(claimed_bytes_max));
  BOOST_TEST(cut_off.empty());
}

BOOST_AUTO_TEST_CASE(lines_of_claimed_jobs_that_are_too_large_end_the_epoch) {
  say(claim_with_line(claimed_bytes_max + 1));
  check_over_with("claimed_bytes_max");
}

BOOST_AUTO_TEST_CASE(a_report_of_a_claimed_job_counts_among_them) {
  auto items = claim_with_line(claimed_bytes_max - 100);
  wire_report_v1 x;
  x.type = "t";
  x.id.bytes.fill(7);
  x.epoch = x.attempt = 1;
  x.outcome.result = std::string(200, 'x');
  items.push_back(to_item(x));
  say(items);
  check_over_with("claimed_bytes_max");
}

BOOST_AUTO_TEST_CASE(what_is_kept_for_a_node_that_takes_nothing_has_a_limit) {
  take_the_job(); // and never says that it has received it
  auto large = make_new_jobs(1, "large-", "t");
  large[0].config = R"({"x":")" + std::string(60 * 1024, 'x') + R"("})";
  enqueue(large);
  BOOST_TEST(cut_off.empty());
  say({to_item(report())});
  large[0].config = R"({"x":")" + std::string(8 * 1024, 'x') + R"("})";
  enqueue(large);
  BOOST_REQUIRE(cut_off.size() == 1u);
  BOOST_TEST(cut_off[0].find("does not take") != std::string::npos);
  BOOST_TEST((node("evil").state == node_state::over));
}

BOOST_AUTO_TEST_CASE(jobs_of_others_cannot_be_claimed) {
  auto& good = make_node("good");
  good.execute = [](job_context&) { return std::optional<job_outcome>{}; };
  start_node(good);
  run_for(100ms);
  BOOST_REQUIRE(good.held.size() == 1u);
  const auto& lease = good.held[0].context->lease();
  say({to_item(
    wire_ready_v1{"t", 2, {lease.job.id}, {lease.epoch}, {lease.attempt}})});
  auto stolen = wire_report_v1{};
  stolen.type = "t";
  stolen.id = lease.job.id;
  stolen.epoch = lease.epoch;
  stolen.attempt = lease.attempt;
  say({to_item(stolen)});
  run_for(1s);
  BOOST_TEST((status(ids[0]) == job_status::running));
  release(good);
  BOOST_TEST(node("evil").reports == 0u);
  BOOST_TEST((status(ids[0]) == job_status::completed));
}

BOOST_AUTO_TEST_CASE(a_job_that_requires_a_label_is_claimed_by_who_has_it) {
  tell(hub.registry, atom::expire_v, std::string{"evil"});
  number = 0;
  hello({"gpu"});
  auto jobs = make_new_jobs(1, "special-", "t");
  jobs[0].tags = {"requires:gpu"};
  const auto special = enqueue(jobs).at(0);
  say({to_item(wire_ready_v1{"t", 2, {}, {}, {}})});
  BOOST_REQUIRE(assigned.size() == 2u);
  const auto lease = assigned[0].job.id == special ? assigned[0] : assigned[1];
  restart_hub();
  come_back(); // without the label
  steal(lease);
  BOOST_TEST(node("evil").reports == 0u);
  BOOST_TEST(node("evil").refused_reports == 1u);
  BOOST_TEST((status(special) != job_status::completed));
}

BOOST_AUTO_TEST_CASE(a_job_that_another_node_began_cannot_be_claimed) {
  auto& good = lost_holder();
  const auto lease = good.held[0].context->lease();
  restart_hub();
  come_back();
  steal(lease);
  BOOST_TEST(node("evil").reports == 0u);
  BOOST_TEST(node("evil").refused_reports == 1u);
  BOOST_TEST((status(ids[0]) == job_status::running));
  good.reachable = true; // whose it is has it still
  run_for(2s);
  release(good);
  run_for(100ms);
  BOOST_TEST((status(ids[0]) == job_status::completed));
  BOOST_TEST(attempts(ids[0]) == 1u);
  check_database();
}

BOOST_AUTO_TEST_CASE(a_start_that_says_no_node_can_be_claimed_as_ever) {
  auto& good = lost_holder();
  const auto lease = good.held[0].context->lease();
  crash_hub();
  std::vector<job_event> history;
  BOOST_REQUIRE(storage::read_events(*db, ids[0], history).ok());
  BOOST_REQUIRE(history.size() == 1u);
  storage::write_batch older;
  storage::put_event(older, 1, history[0]);
  BOOST_REQUIRE(db->write(older, false).ok());
  start_hub();
  come_back();
  steal(lease);
  BOOST_TEST((status(ids[0]) == job_status::completed));
}

BOOST_AUTO_TEST_CASE(a_report_of_another_attempt_is_refused) {
  take_the_job();
  auto x = report();
  --x.epoch;
  say({to_item(x)});
  BOOST_TEST(node("evil").refused_reports == 1u);
  BOOST_TEST((status(ids[0]) == job_status::running));
  say({to_item(report())});
  say({to_item(report())});
  BOOST_TEST(node("evil").refused_reports == 2u);
  BOOST_TEST((status(ids[0]) == job_status::completed));
}

BOOST_AUTO_TEST_CASE(a_report_that_cannot_be_used_ends_its_job) {
  take_the_job();
  auto x = report();
  x.children.resize(1); // without a type
  say({to_item(x)});
  BOOST_TEST((status(ids[0]) == job_status::failed));
  BOOST_TEST(view(ids[0]).state.error.find("type of a child")
             != std::string::npos);
  check_over();
}

BOOST_AUTO_TEST_CASE(whose_log_a_line_goes_to_is_not_for_a_node_to_say) {
  take_the_job();
  log_line x;
  x.job = ids[0];
  x.owner.bytes.fill(7);
  x.manager.bytes.fill(7);
  x.at = timestamp{std::chrono::nanoseconds{INT64_MAX}};
  x.message = "\xff";
  auto other = x;
  other.job.bytes.fill(9);
  say({to_item(wire_lines_v1{{x, other}})});
  BOOST_TEST(lines(ids[0]).size() == 1u);
  BOOST_TEST((lines(ids[0])[0].line.at <= clock.now()));
  BOOST_TEST(lines(x.owner).empty());
  say({to_item(report())});
  check_over();
}

BOOST_AUTO_TEST_CASE(another_process_cannot_speak_for_a_node) {
  take_the_job();
  auto other = own(caf::actor{sys.spawn([this](caf::event_based_actor* self) {
    self->send(session, wire_block_v1{welcome.epoch, 2, 99, 64, "\xff"});
    self->send(session, wire_pulse_v1{welcome.epoch, 99, 64, 1, {}});
  })});
  settle();
  BOOST_TEST(cut_off.empty());
  BOOST_TEST((node("evil").state == node_state::connected));
}

BOOST_AUTO_TEST_CASE(what_is_of_another_epoch_is_not_listened_to) {
  take_the_job();
  tell(rogue, wire_block_v1{welcome.epoch + 1, 2, 99, 64, "\xff"});
  tell(rogue, wire_pulse_v1{welcome.epoch - 1, 99, 64, 1, {}});
  BOOST_TEST(cut_off.empty());
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_not_said_to_live_loses_its_jobs_alone) {
  take_the_job();
  for (int i = 1; i < 20; ++i) { // the process lives, its pool does not
    tell(
      rogue,
      wire_pulse_v1{
        welcome.epoch, receiver.received(), 64, static_cast<uint64_t>(i), {}});
    run_for(1s);
  }
  BOOST_TEST((node("evil").state == node_state::connected));
  BOOST_TEST(!node("evil").workers[0].ready);
  add_node("good");
  run_for(1s);
  BOOST_TEST((status(ids[0]) == job_status::completed));
}

BOOST_AUTO_TEST_SUITE_END()
