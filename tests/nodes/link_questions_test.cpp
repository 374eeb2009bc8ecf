// What workers at nodes ask, and what the hub answers.

#include "actors/nodes/wire_items.hpp"
#include "tests/nodes/link_fixture.hpp"

#include <deque>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// At the hub an actor answers jobs of type "t": at once, or when told to.
struct fixture : link_fixture {
  fixture() {
    questions["t"] = own(question_actor{sys.spawn(
      [this](question_actor::pointer self) -> question_actor::behavior_type {
        return {[this, self](atom::visit, const job_question& x) {
          auto reply = self->make_response_promise<std::string>();
          asked.push_back(x);
          if (x.text == "bad")
            reply.deliver(make_error(ec::invalid_argument, "a bad question"));
          else if (hold)
            waiting.push_back({self, reply});
          else
            reply.deliver("answer to " + x.text);
          return reply;
        }};
      })});
  }

  ~fixture() { waiting.clear(); }

  using answer_to = std::shared_ptr<answer<std::string>>;

  answer_to ask_hub(test_node& x, const job_id& id, const std::string& text) {
    auto out
      = request<std::string>(*x.hub, atom::visit_v, job_question{id, {}, text});
    settle();
    return out;
  }

  /// A node that holds a job.
  test_node& node_at_work(const std::string& name) {
    auto& x = make_node(name);
    x.execute = [](job_context&) { return std::optional<job_outcome>{}; };
    start_node(x);
    job = enqueue(1).front();
    run_for(100ms);
    BOOST_REQUIRE(x.held.size() == 1u);
    return x;
  }

  bool hold = false;
  job_id job;
  std::vector<job_question> asked;
  std::deque<kept_promise<caf::typed_response_promise<std::string>>> waiting;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(questions_of_nodes, fixture)

BOOST_AUTO_TEST_CASE(the_hub_answers_a_worker_that_has_a_job) {
  start_hub();
  auto& x = node_at_work("a");
  const auto good = ask_hub(x, job, "one");
  run_for(100ms);
  BOOST_TEST(good->ok());
  BOOST_TEST(good->value == "answer to one");
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST((asked[0].job == job));
  BOOST_TEST((asked[0].step == job)); // it has none
  const auto bad = ask_hub(x, job, "bad");
  run_for(100ms);
  BOOST_TEST(is_error(bad->error, ec::worker_failed, "a bad question"));
  release(x);
  run_for(100ms);
  BOOST_TEST((status(job) == job_status::completed));
}

BOOST_AUTO_TEST_CASE(what_no_job_asks_is_not_asked) {
  start_hub();
  auto& x = node_at_work("a");
  const auto none = ask_hub(x, job_id{}, "one");
  BOOST_TEST(is_error(none->error, ec::wrong_state, "over"));
  release(x);
  run_for(100ms);
  const auto late = ask_hub(x, job, "two");
  BOOST_TEST(is_error(late->error, ec::wrong_state, "over"));
  BOOST_TEST(asked.empty());
}

BOOST_AUTO_TEST_CASE(questions_have_a_size_and_a_number) {
  start_hub();
  auto& x = make_node("a");
  x.config.wire.question_bytes_max = 10;
  x.config.wire.questions_max = 2;
  x.execute = [](job_context&) { return std::optional<job_outcome>{}; };
  start_node(x);
  job = enqueue(1).front();
  run_for(100ms);
  const auto large = ask_hub(x, job, std::string(11, 'x'));
  BOOST_TEST(is_error(large->error, ec::invalid_argument, "10 bytes"));
  hold = true;
  const auto first = ask_hub(x, job, "1");
  const auto second = ask_hub(x, job, "2");
  const auto third = ask_hub(x, job, "3");
  BOOST_TEST(is_error(third->error, ec::limit_reached, "2 questions"));
  run_for(100ms);
  BOOST_REQUIRE(waiting.size() == 2u);
  waiting.front().deliver(std::string{"one"});
  run_for(100ms);
  BOOST_TEST(first->value == "one");
  BOOST_TEST(!second->done);
}

BOOST_AUTO_TEST_CASE(an_answer_has_a_size) {
  hub_config.wire.question_bytes_max = 20;
  start_hub();
  auto& x = node_at_work("a");
  const auto large = ask_hub(x, job, "0123456789ab");
  run_for(100ms);
  BOOST_TEST(is_error(large->error, ec::worker_failed, "larger than 20 bytes"));
}

BOOST_AUTO_TEST_CASE(on_a_line_that_loses_and_repeats_each_is_asked_once) {
  start_hub();
  auto& x = node_at_work("a");
  x.rules = {0.3, 0.3, 50ms, false};
  std::vector<answer_to> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(ask_hub(x, job, std::to_string(i)));
    run_for(100ms);
  }
  x.rules = {};
  run_for(10s);
  for (size_t i = 0; i < all.size(); ++i)
    BOOST_TEST(all[i]->value == "answer to " + std::to_string(i));
  BOOST_TEST(asked.size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_hub_that_starts_again_is_asked_again) {
  start_hub();
  auto& x = node_at_work("a");
  hold = true;
  const auto open = ask_hub(x, job, "one");
  run_for(100ms);
  BOOST_REQUIRE(asked.size() == 1u);
  crash_hub();
  waiting.clear();
  const auto meanwhile = ask_hub(x, job, "two");
  hold = false;
  start_hub();
  run_for(5s);
  BOOST_TEST(open->value == "answer to one");
  BOOST_TEST(meanwhile->value == "answer to two");
  BOOST_TEST(asked.size() == 3u);
  release(x);
  run_for(100ms);
  BOOST_TEST((status(job) == job_status::completed));
  BOOST_TEST(attempts(job) == 1u);
}

BOOST_AUTO_TEST_CASE(who_waits_when_the_lease_ends_is_told) {
  start_hub();
  auto& x = node_at_work("a");
  hold = true;
  const auto open = ask_hub(x, job, "one");
  run_for(100ms);
  x.rules.mute = true;
  run_for(16s);
  BOOST_TEST(is_error(open->error, ec::wrong_state, "over"));
}

BOOST_AUTO_TEST_CASE(a_type_that_nobody_answers_says_so) {
  questions.clear();
  start_hub();
  auto& x = node_at_work("a");
  const auto none = ask_hub(x, job, "one");
  run_for(100ms);
  BOOST_TEST(is_error(none->error, ec::worker_failed,
                      "nobody answers workers of type 't'"));
}

BOOST_AUTO_TEST_SUITE_END()
