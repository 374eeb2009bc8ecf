#include "actors/worker_pool.hpp"

#include "tests/support/fixture.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// A pool between a queue and a collector that only remember, and workers that
/// answer when the test says so.
struct fixture : deterministic {
  struct held_commit {
    commit_ptr change;
    kept_promise<ack_promise> reply;
  };

  struct held_attempt {
    job_context_ptr context;
    kept_promise<caf::typed_response_promise<job_outcome>> reply;
  };

  id_generator ids{clock, 1};
  std::vector<job_report> reports;
  std::vector<uint32_t> attached; ///< Slots.
  int heartbeats = 0;
  std::vector<commit_ptr> commits;
  std::vector<held_commit> held_commits;
  std::vector<held_attempt> held;
  std::vector<job_worker_actor> workers;
  bool hold = false;
  queue_actor queue = spawn_queue();
  log_collector_actor collector = spawn_collector();
  worker_pool_config config;
  worker_pool_actor aut;

  fixture() {
    config.type = "t";
    config.slots = 4;
    config.meter = std::make_shared<metrics>();
    aut = own(sys.spawn(
      worker_pool, config, [this] { return spawn_worker(); }, queue, collector,
      &clock));
    settle();
  }

  ~fixture() {
    held.clear();
    held_commits.clear();
    end_actors();
  }

  queue_actor spawn_queue() {
    return own(queue_actor{
      sys.spawn([this](queue_actor::pointer) -> queue_actor::behavior_type {
        return {
          [](atom::status) { return actor_status{}; },
          [](atom::enqueue, const enqueue_ptr&) {},
          [](atom::enqueue, const enqueue_block&) {},
          [this](atom::attach, const worker_pool_actor&, const pool_offer& x) {
            attached.push_back(x.slots);
          },
          [](atom::attach, const worker_pool_actor&, const job_claims&) {
            return std::vector<loaded_job>{};
          },
          [this](atom::renew) { ++heartbeats; },
          [this](atom::report, report_block& x) {
            for (auto& one : x.reports)
              reports.push_back(std::move(one));
          },
          [](atom::watch, const job_id&, const step_monitor_actor&) {},
          [](atom::cancel, const job_id&) {},
          [](atom::cancel, atom::job, const job_id&) {},
          [](atom::explain, const job_id&) { return explanation{}; },
          [](atom::queues) { return std::vector<queue_info>{}; },
          [](atom::queues, const std::string&) { return queue_info{}; },
          [](atom::queues, const queue_change&) { return queue_info{}; },
          [](atom::list) { return std::vector<type_info>{}; },
          [](atom::put, const type_change&) { return type_info{}; },
          [](atom::nodes) { return std::vector<node_info>{}; },
          [](atom::put, const node_change&) { return node_info{}; },
          [](atom::forget, const job_id&) {},
          [](atom::recover, const recovery_ptr&) {},
          [](atom::drain) {},
          [](atom::stats) { return queue_status{}; },
          [](atom::status, atom::visit) { return actor_status{}; },
        };
      })});
  }

  log_collector_actor spawn_collector() {
    return own(
      log_collector_actor{sys.spawn([this](log_collector_actor::pointer self)
                                      -> log_collector_actor::behavior_type {
        return {
          [](atom::status) { return actor_status{}; },
          [this, self](atom::commit, const commit_ptr& x) {
            auto reply = self->make_response_promise<void>();
            commits.push_back(x);
            if (hold)
              held_commits.push_back({x, {self, reply}});
            else
              acknowledge(reply);
            return reply;
          },
          [](atom::forget, const job_id&) {},
          [](atom::stats) { return storage::totals{}; },
          [](atom::list) { return id_list{}; },
        };
      })});
  }

  job_worker_actor spawn_worker() {
    workers.push_back(sys.spawn([this](job_worker_actor::pointer self)
                                  -> job_worker_actor::behavior_type {
      return {[this, self](atom::execute, const job_context_ptr& x) {
        auto reply = self->make_response_promise<job_outcome>();
        held.push_back({x, {self, reply}});
        return reply;
      }};
    }));
    return workers.back();
  }

  bool counts_lost(int n) const {
    return config.meter->expose({}).find(
             "\nquaero_jobs_orphaned_total{type=\"t\"} " + std::to_string(n)
             + "\n")
           != std::string::npos;
  }

  leased_job lease(uint32_t attempt = 1) {
    leased_job x;
    x.job.id = ids.next();
    x.job.step_id = ids.next();
    x.job.type = "t";
    x.epoch = 100 + reports.size();
    x.attempt = attempt;
    return x;
  }

  leased_job assign(leased_job x) {
    tell(aut, atom::assign_v, job_block{{x}});
    return x;
  }

  void finish(job_outcome outcome) {
    held.back().reply.deliver(std::move(outcome));
    held.pop_back();
    settle();
  }

  int64_t running() {
    return ask<actor_status>(aut, atom::status_v).value.numbers[1].second;
  }

  size_t lines() const {
    size_t n = 0;
    for (const auto& x : commits)
      n += x->lines.size();
    return n;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(worker_pools, fixture)

BOOST_AUTO_TEST_CASE(a_pool_offers_its_slots_once) {
  BOOST_REQUIRE(attached.size() == 1u);
  BOOST_TEST(attached[0] == 4u);
}

BOOST_AUTO_TEST_CASE(the_starts_of_a_block_are_one_commit) {
  hold = true;
  const job_block block{{lease(), lease(), lease()}};
  tell(aut, atom::assign_v, job_block{block});
  BOOST_REQUIRE(held_commits.size() == 1u);
  BOOST_REQUIRE(held_commits[0].change->events.size() == 3u);
  for (size_t i = 0; i < 3; ++i)
    BOOST_CHECK(held_commits[0].change->events[i].id == block.jobs[i].job.id);
  BOOST_TEST(held.empty());
  held_commits[0].reply.acknowledge();
  settle();
  BOOST_TEST(held.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_worker_hears_of_a_job_when_its_start_is_committed) {
  hold = true;
  const auto x = assign(lease());
  BOOST_TEST(held.empty());
  BOOST_REQUIRE(commits.size() == 1u);
  BOOST_REQUIRE(commits[0]->events.size() == 1u);
  BOOST_CHECK(commits[0]->events[0].status == job_status::running);
  BOOST_TEST(commits[0]->events[0].epoch == x.epoch);
  held_commits[0].reply.acknowledge();
  settle();
  BOOST_REQUIRE(held.size() == 1u);
  BOOST_CHECK(held[0].context->job() == x.job);
}

BOOST_AUTO_TEST_CASE(an_interrupted_attempt_is_ended_with_the_next_start) {
  auto x = lease(2);
  x.interrupted_epoch = 7;
  assign(x);
  BOOST_REQUIRE(commits[0]->events.size() == 2u);
  BOOST_CHECK(commits[0]->events[0].status == job_status::pending);
  BOOST_TEST(commits[0]->events[0].epoch == 7u);
  BOOST_TEST(commits[0]->events[0].attempt == 1u);
  BOOST_CHECK(commits[0]->places[0].from == job_status::running);
  BOOST_CHECK(commits[0]->places[1].from == job_status::pending);
}

BOOST_AUTO_TEST_CASE(lines_are_seen_while_the_attempt_runs) {
  const auto x = assign(lease());
  held[0].context->log(log_level::info, "one");
  held[0].context->log(log_level::info, "two");
  settle();
  BOOST_TEST(lines() == 0u);
  advance(config.attempt.line_delay);
  BOOST_REQUIRE(lines() == 2u);
  BOOST_CHECK(commits.back()->lines[0].owner == x.job.step_id);
  BOOST_CHECK(commits.back()->lines[0].job == x.job.id);
  held[0].context->log(log_level::info, "three");
  settle();
  advance(config.attempt.line_delay);
  BOOST_TEST(lines() == 3u);
}

BOOST_AUTO_TEST_CASE(what_an_attempt_leaves_is_one_report) {
  const auto x = assign(lease());
  auto& context = *held[0].context;
  context.log(log_level::info, "last words");
  BOOST_TEST(context.spawn({}));
  BOOST_TEST(context.save({}));
  finish(job_outcome::ok());
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_TEST(reports[0].epoch == x.epoch);
  BOOST_TEST(reports[0].start_logged);
  BOOST_TEST(reports[0].lines.size() == 1u);
  BOOST_TEST(reports[0].children.size() == 1u);
  BOOST_TEST(reports[0].documents.size() == 1u);
  BOOST_CHECK(reports[0].retry_at == timestamp{});
  advance(config.attempt.line_delay);
  BOOST_TEST(lines() == 0u);
  BOOST_TEST(running() == 0);
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_leaves_its_lines_only_and_comes_again) {
  auto x = lease();
  x.job.retry = {3, 4s, 1min, 0.0};
  assign(x);
  BOOST_TEST(held[0].context->spawn({}));
  BOOST_TEST(held[0].context->save({}));
  held[0].context->log(log_level::info, "line");
  finish(job_outcome::failure("no luck"));
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_CHECK(reports[0].retry_at == clock.now() + 4s);
  BOOST_TEST(reports[0].children.empty());
  BOOST_TEST(reports[0].documents.empty());
  BOOST_REQUIRE(reports[0].lines.size() == 2u);
  BOOST_TEST(reports[0].lines[1].message.find("Attempt 1 of 3")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_last_attempt_is_the_last) {
  auto x = lease(3);
  x.job.retry.attempts = 3;
  assign(x);
  finish(job_outcome::failure("no luck"));
  BOOST_CHECK(reports[0].retry_at == timestamp{});
  BOOST_CHECK(reports[0].outcome.status == job_status::failed);
}

BOOST_AUTO_TEST_CASE(a_failure_that_is_not_worth_it_is_not_repeated) {
  assign(lease());
  finish(job_outcome::failure("bad input", false));
  BOOST_CHECK(reports[0].retry_at == timestamp{});
}

BOOST_AUTO_TEST_CASE(a_worker_that_answers_with_an_error_has_failed) {
  assign(lease());
  held[0].reply.deliver(make_error(ec::worker_failed, "broken"));
  held.clear();
  settle();
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_TEST(reports[0].outcome.error == "broken");
  BOOST_CHECK(reports[0].retry_at > clock.now());
}

BOOST_AUTO_TEST_CASE(
  a_worker_that_dies_gives_its_jobs_back_and_has_a_successor) {
  assign(lease());
  assign(lease());
  caf::anon_send_exit(workers[0], caf::exit_reason::kill);
  held.clear();
  settle();
  BOOST_REQUIRE(reports.size() == 2u);
  for (const auto& x : reports) {
    BOOST_TEST(x.outcome.worker_died);
    BOOST_TEST(x.outcome.blamed);
    BOOST_TEST(x.uncounted);
    BOOST_CHECK(x.retry_at == clock.now());
  }
  BOOST_REQUIRE(workers.size() == 2u);
  assign(lease(2));
  BOOST_REQUIRE(held.size() == 1u);
  finish(job_outcome::ok());
  BOOST_CHECK(reports.back().outcome.status == job_status::completed);
}

BOOST_AUTO_TEST_CASE(of_attempts_with_a_suspect_only_that_is_blamed) {
  auto suspect = lease();
  suspect.deaths = 1;
  assign(lease());
  assign(suspect);
  caf::anon_send_exit(workers[0], caf::exit_reason::kill);
  held.clear();
  settle();
  BOOST_REQUIRE(reports.size() == 2u);
  for (const auto& x : reports)
    BOOST_TEST(x.outcome.blamed == (x.id == suspect.job.id));
}

BOOST_AUTO_TEST_CASE(an_attempt_that_takes_too_long_is_stopped_and_has_failed) {
  auto x = lease();
  x.job.timeout = 30s;
  assign(x);
  advance(29s);
  BOOST_TEST(!held[0].context->cancelled());
  advance(1s);
  BOOST_TEST(held[0].context->cancelled());
  BOOST_TEST(reports.empty()); // until the worker has let go
  finish(job_outcome::stopped());
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_CHECK(reports[0].outcome.status == job_status::failed);
  BOOST_TEST(reports[0].outcome.error == "timed out after 30s");
  BOOST_CHECK(reports[0].retry_at > clock.now());
}

BOOST_AUTO_TEST_CASE(who_is_done_before_he_notices_his_timeout_is_done) {
  auto x = lease();
  x.job.timeout = 30s;
  assign(x);
  advance(30s);
  finish(job_outcome::ok());
  BOOST_CHECK(reports[0].outcome.status == job_status::completed);
}

BOOST_AUTO_TEST_CASE(a_worker_may_want_a_job_later_as_often_as_it_likes) {
  auto x = lease(50);
  x.uncounted = 49;
  assign(x);
  finish(job_outcome::later(5min));
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_CHECK(reports[0].retry_at == clock.now() + 5min);
  BOOST_TEST(reports[0].uncounted);
}

BOOST_AUTO_TEST_CASE(a_cancelled_attempt_can_notice_and_is_not_repeated) {
  const auto x = assign(lease());
  tell(aut, atom::cancel_v, id_list{{x.job.id, ids.next()}});
  BOOST_TEST(held[0].context->cancelled());
  finish(job_outcome::failure("half done"));
  BOOST_CHECK(reports[0].retry_at == timestamp{});
}

BOOST_AUTO_TEST_CASE(
  an_attempt_that_is_cancelled_before_it_began_never_begins) {
  hold = true;
  const auto x = assign(lease());
  tell(aut, atom::cancel_v, id_list{{x.job.id}});
  held_commits[0].reply.acknowledge();
  settle();
  BOOST_TEST(held.empty());
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_CHECK(reports[0].outcome.status == job_status::cancelled);
}

BOOST_AUTO_TEST_CASE(an_attempt_whose_start_is_not_stored_is_reported_lost) {
  hold = true;
  const auto x = assign(lease());
  held_commits[0].reply.deliver(make_error(ec::storage_failed, "disk on fire"));
  held_commits.clear();
  settle();
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_TEST(reports[0].epoch == x.epoch);
  BOOST_TEST(running() == 0);
  BOOST_TEST(counts_lost(1));
}

BOOST_AUTO_TEST_CASE(attempts_and_the_worker_end_with_their_pool) {
  assign(lease());
  std::vector<caf::actor_addr> ended;
  auto watcher = own(sys.spawn([&](caf::event_based_actor* self) {
    self->monitor(workers[0]);
    self->set_down_handler(
      [&](const caf::down_msg& x) { ended.push_back(x.source); });
    return caf::behavior{[](int) {}};
  }));
  settle();
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  settle();
  BOOST_TEST(ended.size() == 1u);
  BOOST_TEST(reports.empty());
}

BOOST_AUTO_TEST_CASE(a_pool_gives_signs_of_life_while_it_has_jobs) {
  advance(config.heartbeat * 3);
  BOOST_TEST(heartbeats == 0);
  assign(lease());
  BOOST_REQUIRE(held.size() == 1u);
  for (int i = 1; i <= 3; ++i) {
    advance(config.heartbeat);
    BOOST_TEST(heartbeats == i);
  }
  held[0].reply.deliver(job_outcome::ok());
  settle();
  for (int i = 0; i < 3; ++i)
    advance(config.heartbeat);
  BOOST_TEST(heartbeats == 4, "one more, for what is being stored");
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_idle_whenever_it_looks_is_no_silent_one) {
  for (int i = 1; i <= 5; ++i) {
    assign(lease());
    held.back().reply.deliver(job_outcome::ok());
    settle();
    advance(config.heartbeat);
    BOOST_TEST(heartbeats == i);
  }
}

BOOST_AUTO_TEST_CASE(a_pool_whose_lease_ran_out_stops_before_it_offers_again) {
  assign(lease());
  assign(lease());
  BOOST_REQUIRE(held.size() == 2u);
  tell(aut, atom::expire_v);
  BOOST_TEST(held[0].context->cancelled());
  BOOST_TEST(held[1].context->cancelled());
  BOOST_TEST(attached.size() == 1u);
  held[0].reply.deliver(job_outcome::stopped());
  settle();
  advance(config.heartbeat);
  BOOST_TEST(heartbeats == 0);
  BOOST_TEST(attached.size() == 1u, "one is left");
  held[1].reply.deliver(job_outcome::stopped());
  settle();
  BOOST_TEST(attached.size() == 2u);
  tell(aut, atom::expire_v); // it had nothing
  BOOST_TEST(attached.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_pool_without_slots_is_refused) {
  config.slots = 0;
  auto bad = own(sys.spawn(
    worker_pool, config, [this] { return spawn_worker(); }, queue, collector,
    &clock));
  BOOST_TEST(!ask<actor_status>(bad, atom::status_v).ok());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct block_fixture : fixture {
  std::vector<job_outcome> outcomes;
  bool busy = false; ///< Blocks are not answered.
  std::vector<block_worker_actor> block_workers;
  worker_pool_actor blocks = own(sys.spawn(
    block_pool, config, [this] { return spawn_block_worker(); }, queue,
    &clock));

  block_worker_actor spawn_block_worker() {
    block_workers.push_back(
      sys.spawn([this](block_worker_actor::pointer worker_self)
                  -> block_worker_actor::behavior_type {
        return {[this, worker_self](atom::execute, const job_block&) {
          auto reply
            = worker_self->make_response_promise<std::vector<job_outcome>>();
          if (!busy)
            reply.deliver(outcomes);
          return reply;
        }};
      }));
    return block_workers.back();
  }

  ~block_fixture() { end_actors(); }

  void assign_block(size_t n) {
    job_block block;
    for (size_t i = 0; i < n; ++i)
      block.jobs.push_back(lease());
    tell(blocks, atom::assign_v, block);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(block_pools, block_fixture)

BOOST_AUTO_TEST_CASE(a_pool_of_blocks_lives_and_stops_in_the_same_way) {
  busy = true;
  assign_block(2);
  advance(config.heartbeat);
  BOOST_TEST(heartbeats == 1);
  attached.clear();
  tell(blocks, atom::expire_v);
  BOOST_TEST(attached.empty());
  caf::anon_send_exit(block_workers.back(), caf::exit_reason::kill);
  settle();
  BOOST_TEST(attached.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_block_is_reported_with_its_starts) {
  outcomes = {job_outcome::ok(), job_outcome::failure("no luck")};
  assign_block(2);
  BOOST_REQUIRE(reports.size() == 2u);
  BOOST_TEST(!reports[0].start_logged);
  BOOST_CHECK(reports[0].started_at == clock.now());
  BOOST_CHECK(reports[0].retry_at == timestamp{});
  BOOST_CHECK(reports[1].retry_at > clock.now());
  BOOST_TEST(commits.empty());
}

BOOST_AUTO_TEST_CASE(a_job_without_an_outcome_has_failed) {
  outcomes = {job_outcome::ok()};
  assign_block(2);
  BOOST_REQUIRE(reports.size() == 2u);
  BOOST_CHECK(reports[1].outcome.status == job_status::failed);
}

BOOST_AUTO_TEST_CASE(a_context_tells_of_its_cancel_once_and_never_late) {
  int told = 0;
  job_context early{{}, clock, {}};
  early.on_cancel([&] { ++told; });
  BOOST_TEST(told == 0);
  early.cancel();
  early.cancel();
  BOOST_TEST(told == 1);
  BOOST_TEST(early.cancelled());
  job_context late{{}, clock, {}};
  late.cancel();
  late.on_cancel([&] { ++told; });
  BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(a_worker_that_ends_gives_all_its_blocks_back) {
  busy = true;
  assign_block(2);
  assign_block(1);
  BOOST_TEST(reports.empty());
  caf::anon_send_exit(block_workers[0], caf::exit_reason::kill);
  settle();
  BOOST_REQUIRE(reports.size() == 3u);
  for (const auto& x : reports) {
    BOOST_TEST(!x.start_logged);
    BOOST_CHECK(x.retry_at == clock.now());
    BOOST_TEST(x.outcome.blamed);
  }
  BOOST_TEST(counts_lost(3));
}

BOOST_AUTO_TEST_CASE(a_block_worker_that_ends_has_a_successor) {
  settle(); // it is made in the pool's first turn
  caf::anon_send_exit(block_workers[0], caf::exit_reason::kill);
  settle();
  BOOST_TEST(reports.empty());
  BOOST_REQUIRE(block_workers.size() == 2u);
  outcomes = {job_outcome::ok()};
  assign_block(1);
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_CHECK(reports[0].outcome.status == job_status::completed);
}

BOOST_AUTO_TEST_CASE(of_a_block_with_a_suspect_only_that_is_blamed) {
  busy = true;
  job_block block;
  block.jobs = {lease(), lease(), lease()};
  block.jobs[1].deaths = 1;
  tell(blocks, atom::assign_v, block);
  caf::anon_send_exit(block_workers[0], caf::exit_reason::kill);
  settle();
  BOOST_REQUIRE(reports.size() == 3u);
  BOOST_TEST(!reports[0].outcome.blamed);
  BOOST_TEST(reports[1].outcome.blamed);
  BOOST_TEST(reports[2].outcome.worker_died);
}

BOOST_AUTO_TEST_SUITE_END()
