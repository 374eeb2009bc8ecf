#pragma once

#include "actors/nodes/node_gate.hpp"
#include "actors/nodes/node_link.hpp"
#include "actors/runtime.hpp"
#include "storage/fault_store.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/follower.hpp"
#include "tests/sim/model.hpp"
#include "tests/sim/watched_store.hpp"
#include "tests/support/fixture.hpp"

#include <caf/typed_response_promise.hpp>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quaero::sim {

/// What happens in a simulation, in the order of their weights.
enum class operation : uint8_t {
  enqueue,
  put_definition,
  execute,
  finish_attempts,
  pass_time,
  pass_hours,
  set_clock,
  cancel,
  change_queue,
  change_slots,
  kill_worker,
  kill_attempt,
  repeat_report,
  fail_writes,
  crash,
  drain,
  rerun,
  retry,
  look,
  reconnect,
  cut_line,
  kill_pool,
  change_pools,
  lose_node,
};
inline constexpr size_t operation_count = 24;

const char* name_of(operation x);

/// What one seed draws before its first step: each has other habits.
struct habits {
  std::array<uint32_t, operation_count> weights{};
  uint64_t definitions = 1;   ///< Ids of them.
  uint64_t held_percent = 50; ///< Attempts that go on until they are ended.
  uint64_t failure_percent = 10;
  uint64_t snooze_percent = 5;
  uint64_t spawn_percent = 20;
  uint64_t save_percent = 20;
  uint64_t rest_percent = 50;  ///< Steps after which nothing is under way.
  uint64_t power_percent = 50; ///< Crashes that lose what was not synced.
  bool schedules = false;
  bool node = false;                    ///< Jobs of `other_type` run on a node.
  uint64_t loss_percent = 0;            ///< Of messages between it and the hub.
  durability level = durability::group; ///< Of most jobs.
};

habits draw_habits(dice& random);

/// An attempt that a worker has not answered yet.
struct held_attempt {
  job_context_ptr context;
  test::kept_promise<caf::typed_response_promise<job_outcome>> reply;
  caf::actor_addr worker;
  caf::actor attempt; ///< Who waits for the reply.
};

/// A limit, and the largest value it had since all was at rest.
struct moving_limit {
  uint64_t now = UINT64_MAX;
  uint64_t most = UINT64_MAX;

  void set(uint64_t x) {
    now = x;
    most = std::max(most, x);
  }
};

/// Ticks that must have a run.
struct owed_ticks {
  timestamp since{}; ///< Those after it.
  std::chrono::minutes period{};
};

/// The worker that a pool has now.
using worker_place = std::shared_ptr<caf::actor>;

/// A worker pool of the daemon.
struct local_pool {
  worker_pool_actor handle;
  worker_place worker;
};

/// A node, and what the hub has for it. The hub's part ends with the daemon,
/// the other one may go away before.
struct far_node {
  hub_nodes hub;
  node_side side;  ///< Without a link if there is no node.
  caf::actor line; ///< Between the two.
  worker_place worker;
  bool lossless = false;
  bool settled = false; ///< Nothing is on its way.
};

/// The whole runtime on a store that can be broken, workers whose answers the
/// dice decide, and the model that looks at all of it. Every message is
/// delivered in an order that the dice decide, too.
class world : public test::deterministic {
public:
  explicit world(uint64_t seed);
  ~world();

  /// One operation, some messages.
  void step();
  void perform(operation x);

  /// All faults end, workers answer: everything must come to its end.
  void finish();

  const std::optional<broken_promise>& broken() const { return facts.broken(); }

  // -- messages ---------------------------------------------------------------

  /// Delivers one message, to an actor that the dice choose.
  bool run_one();
  void run_some(uint64_t n);
  /// Delivers all. Fails if that does not end.
  void rest();
  /// Moves both clocks, and delivers all that follows.
  void pass(std::chrono::nanoseconds time);

  /// Asks, and calls one of the two as soon as the answer is there.
  template <class T = void, class Handle, class F, class... Ts>
  void ask_later(F check, const Handle& to, const Ts&... xs) {
    auto out = request<T>(to, xs...);
    expected_.push_back([out, check] {
      if (out->done)
        check(*out);
      return out->done;
    });
  }

  /// Asks, and lets all messages be delivered.
  template <class T, class Handle, class... Ts>
  test::answer<T> ask_now(const Handle& to, const Ts&... xs) {
    auto out = request<T>(to, xs...);
    rest();
    return std::move(*out);
  }

  // -- the daemon -------------------------------------------------------------

  void boot();
  void crash_now(bool power_lost);
  void read_limits();
  bool up() const { return recovered && !draining && !doomed; }

  // -- a node (nodes.cpp) -----------------------------------------------------

  void boot_node();
  void join_node();
  void end_node();
  void cut_line();
  /// All that got lost is sent again, and arrives.
  void settle_line();
  void connect_node();
  bool is_far(const std::string& type) const;

  // -- local worker pools (pools.cpp) -----------------------------------------

  std::vector<worker_kind> make_kinds(const worker_environment& environment);
  worker_kind kind_of(const std::string& type, const worker_place& place);
  void take_pools();
  void end_pools();
  void add_pool(const std::string& type);
  void lose_pool(const std::string& type);
  void kill_pool();
  void change_pools();
  uint64_t slots_of(const std::string& type) const;
  void kill_worker_of(const worker_place& x);

  // -- parts (operations.cpp, workers.cpp, checks.cpp) ------------------------

  void enqueue();
  void put_definition();
  void execute();
  void finish_attempts();
  void pass_time(bool hours);
  void set_clock();
  void cancel();
  void change_queue();
  void change_slots();
  void kill_worker();
  void kill_attempt();
  void lose_node();
  void repeat_report();
  void fail_writes();
  void drain();
  void rerun();
  void retry();

  job_worker_actor spawn_worker();
  block_worker_actor spawn_block_worker();
  void on_execute(const job_context_ptr& x, const caf::actor_addr& worker);
  job_outcome answer_of(job_context& x);
  job_outcome draw_outcome();
  void end_attempt(size_t i);
  step_output create(const step_context& x);
  new_job draw_job(const std::string& name);
  job_definition draw_definition(const std::string& id);
  void check_limits(const job_context& x, const caf::actor_addr& worker);
  void count_start(const std::string& queue);
  void kill_now(const caf::actor& x);
  void set_queue(const queue_change& x);

  void look();
  void look_at_queues();
  void look_at_job(const job_fact& x);
  void look_at_run(const job_fact& x);
  void check_leaf(const job_fact& x, const explanation& why);
  void check_parent(const job_fact& x, const explanation& why);
  void check_end();
  void check_ticks();
  bool all_over() const;
  bool expected_empty() const { return expected_.empty(); }
  size_t running_of_type(const std::string& type) const;

  std::string note; ///< What the step did, for a trace.
  uint64_t messages = 0;
  uint64_t starts = 0;
  uint64_t trace_hash = 0; ///< Of every choice and message.
  timestamp began{};
  timestamp latest{}; ///< The greatest that the clock has shown.

  dice random;
  habits how;
  model facts;
  follower reader_of_stream{facts};
  std::shared_ptr<watched_store> watched;
  std::shared_ptr<storage::fault_store> db;
  runtime_config settings;
  std::unique_ptr<runtime> rt;
  bool recovered = false;
  bool draining = false;
  bool drained = false; ///< It was said that nothing runs any more.
  bool doomed = false;  ///< A write has failed, or one of the next will.
  bool over = false;    ///< Workers answer at once, and well.
  far_node far;
  std::vector<held_attempt> held;
  std::map<std::string, std::vector<local_pool>> pools; ///< By worker type.
  uint64_t nodes_made = 0;
  std::map<std::string, moving_limit> slots;   ///< Of a pool, by its type.
  std::map<std::string, moving_limit> running; ///< By queue.
  std::map<std::string, moving_limit> per_key; ///< By queue.
  std::map<std::string, moving_limit> rates;   ///< By queue; starts a period.
  /// By queue: when jobs were started, since its rate was set.
  std::map<std::string, std::deque<caf::actor_clock::time_point>> started;
  std::map<std::string, bool> paused; ///< Queues, as answered.
  std::map<std::string, queue_settings> changed_queues; ///< As answered.
  std::map<std::string, uint64_t> puts;                 ///< By definition.
  /// Definitions that owe a run for each tick.
  std::map<std::string, owed_ticks> every_tick;
  std::vector<job_report> reports; ///< That workers have given, some of them.
  uint64_t made = 0;               ///< For names.

private:
  void poll();
  void at_rest();

  std::vector<std::function<bool()>> expected_;
};

inline const std::string slow_type = "test_job_generator";
inline const std::string other_type = "summary";
inline const std::string block_type = "noop";

/// Of a pool of that type, unless its slots were changed.
inline uint32_t own_slots(const std::string& type) {
  return type == slow_type ? 4 : type == other_type ? 2 : 8;
}

} // namespace quaero::sim
