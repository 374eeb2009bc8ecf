#include "definitions/job_state.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace quaero;
using namespace std::chrono_literals;
using enum job_status;

namespace {

constexpr job_status all_statuses[]{pending, running,   completed,
                                    failed,  cancelled, skipped};

job_event event(job_status status, std::chrono::seconds at, uint64_t epoch = 0,
                uint32_t attempt = 0) {
  job_event result;
  result.status = status;
  result.at = timestamp{at};
  result.epoch = epoch;
  result.attempt = attempt;
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(job_states)

BOOST_AUTO_TEST_CASE(every_status_reads_its_own_name) {
  for (auto x : all_statuses) {
    auto out = pending;
    BOOST_TEST(from_string(to_string(x), out));
    BOOST_CHECK(out == x);
  }
  auto out = failed;
  BOOST_TEST(!from_string("spawned", out));
  BOOST_CHECK(out == failed);
}

BOOST_AUTO_TEST_CASE(exactly_the_allowed_moves_are_applied) {
  using move = std::pair<job_status, job_status>;
  const std::set<move> allowed{
    {pending, running},   {pending, cancelled}, {pending, failed},
    {running, completed}, {running, failed},    {running, cancelled},
    {running, pending},
  };
  for (auto is_step : {false, true}) {
    for (auto from : all_statuses) {
      for (auto to : all_statuses) {
        auto expected = allowed.count({from, to}) > 0
                        || (is_step && from == pending && to == skipped);
        job_state state;
        state.status = from;
        auto before = state;
        BOOST_TEST(apply(state, event(to, 1s), is_step) == expected,
                   to_string(from) << " -> " << to_string(to));
        if (expected)
          BOOST_CHECK(state.status == to);
        else
          BOOST_CHECK(state == before);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_older_attempt_changes_nothing) {
  job_state state;
  BOOST_TEST(apply(state, event(running, 1s, 7, 1)));
  auto before = state;
  BOOST_TEST(!apply(state, event(completed, 2s, 6, 1)));
  BOOST_CHECK(state == before);
  BOOST_TEST(apply(state, event(completed, 2s, 7, 1)));
}

BOOST_AUTO_TEST_CASE(a_later_attempt_takes_over) {
  auto lost = event(pending, 2s, 7, 1);
  lost.error = "worker lost";
  auto state = fold({event(running, 1s, 7, 1), lost, event(running, 3s, 9, 2),
                     event(completed, 9s, 7, 1)});
  BOOST_CHECK(state.status == running);
  BOOST_TEST(state.epoch == 9u);
  BOOST_TEST(state.attempt == 2u);
  BOOST_TEST(state.error == "worker lost");
  BOOST_CHECK(state.started_at == timestamp{1s});
  BOOST_CHECK(state.updated_at == timestamp{3s});
  BOOST_CHECK(state.finished_at == timestamp{});
}

BOOST_AUTO_TEST_CASE(a_move_without_an_attempt_ends_any_attempt) {
  auto state = fold({event(running, 1s, 7, 1), event(cancelled, 2s)});
  BOOST_CHECK(state.status == cancelled);
  BOOST_TEST(state.epoch == 7u);
  BOOST_TEST(state.attempt == 1u);
  BOOST_CHECK(state.finished_at == timestamp{2s});
}

BOOST_AUTO_TEST_CASE(one_event_tells_all_about_a_short_job) {
  auto end = event(completed, 5s, 3, 1);
  end.started_at = timestamp{4s};
  end.result_count = 12;
  end.children.completed = 2;
  end.result = "{}";
  auto state = fold({end});
  BOOST_CHECK(state.status == completed);
  BOOST_CHECK(state.started_at == timestamp{4s});
  BOOST_CHECK(state.finished_at == timestamp{5s});
  BOOST_TEST(state.result_count == 12u);
  BOOST_TEST(state.children.completed == 2u);
  BOOST_TEST(state.result == "{}");
}

BOOST_AUTO_TEST_CASE(replaying_a_history_changes_nothing) {
  std::vector<job_event> events{
    event(running, 1s, 1, 1), event(pending, 2s, 1, 1),
    event(running, 3s, 2, 2), event(failed, 4s, 2, 2),
    event(completed, 5s, 2, 2)};
  for (size_t n = 0; n <= events.size(); ++n) {
    std::vector<job_event> once{events.begin(),
                                events.begin() + static_cast<long>(n)};
    auto twice = once;
    twice.insert(twice.end(), once.begin(), once.end());
    std::vector<job_event> doubled;
    for (auto& x : once)
      doubled.insert(doubled.end(), 2, x);
    BOOST_CHECK(fold(twice) == fold(once));
    BOOST_CHECK(fold(doubled) == fold(once));
  }
  BOOST_CHECK(fold(events).status == failed);
}

BOOST_AUTO_TEST_SUITE_END()
