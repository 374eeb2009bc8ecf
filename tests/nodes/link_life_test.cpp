#include "tests/nodes/link_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// A hub and three nodes whose lives the dice of a seed decide: lines that
/// lose, repeat and delay, cuts that somebody tells of or nobody does, nodes
/// and hubs that end and begin again.
struct life : link_fixture {
  explicit life(uint32_t seed) : dice{seed} {
    start_hub();
    for (const auto* name : {"n1", "n2", "n3"})
      born(name);
  }

  uint32_t below(uint32_t n) {
    return std::uniform_int_distribution<uint32_t>{0, n - 1}(dice);
  }

  test_node& any() { return *alive[below(3)]; }

  void born(const std::string& name) {
    auto& x = make_node(name);
    x.dice.seed(dice());
    x.rules = {0.05 * below(5), 0.05 * below(5),
               std::chrono::milliseconds{below(300)}, false};
    x.execute = [this](job_context& job) -> std::optional<job_outcome> {
      job.log(log_level::info, "line");
      if (below(3) == 0)
        job.spawn(make_new_jobs(1, "child-", below(2) == 0 ? "t" : "b")[0]);
      if (over || below(2) == 0)
        return job_outcome::ok();
      return std::nullopt;
    };
    alive.push_back(&x);
    start_node(x);
  }

  void step() {
    switch (below(12)) {
      case 0:
        all += enqueue(1 + below(8)).size();
        break;
      case 1:
        all += enqueue(1 + below(40), "b").size();
        break;
      case 2:
        cut(any(), false);
        break;
      case 3:
        any().rules.mute = true;
        break;
      case 4:
        for (auto* x : alive)
          x->rules.mute = false;
        break;
      case 5: {
        const auto i = below(3);
        const auto name = alive[i]->name;
        kill_node(*alive[i]);
        alive.erase(alive.begin() + i);
        born(name);
        break;
      }
      case 6:
        restart_hub();
        break;
      case 7:
        run_for(10s, 250ms);
        break;
      case 8:
        any().reachable = below(2) == 0;
        break;
      default:
        release(any());
        run_for(std::chrono::milliseconds{below(3000)}, 50ms);
    }
  }

  /// All faults end.
  void finish() {
    over = true;
    for (auto* x : alive) {
      x->rules = {};
      x->reachable = true;
    }
    for (int i = 0; i < 40; ++i) {
      for (auto* x : alive)
        release(*x);
      run_for(5s, 250ms);
    }
  }

  std::mt19937 dice;
  std::vector<test_node*> alive;
  bool over = false;
  uint64_t all = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_lives)

BOOST_AUTO_TEST_CASE(whatever_happens_every_job_ends_once) {
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      life one{seed};
      for (int i = 0; i < 60; ++i)
        one.step();
      one.finish();
      const auto found = one.totals();
      const auto completed
        = found.jobs[static_cast<size_t>(job_status::completed)];
      BOOST_TEST(completed >= one.all);
      BOOST_TEST(found.jobs[static_cast<size_t>(job_status::failed)] == 0u);
      one.check_over();
      BOOST_TEST(one.cut_off.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
