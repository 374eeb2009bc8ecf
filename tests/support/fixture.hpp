#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"
#include "definitions/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

/// What every test of actors stands on.
namespace quaero::test {

/// No threads, no log files, every message type.
struct actor_config : caf::actor_system_config {
  actor_config() {
    add_message_types<caf::id_block::quaero_types>();
    set("scheduler.policy", caf::atom("testing"));
    set("logger.console-verbosity", caf::atom("quiet"));
    set("logger.file-verbosity", caf::atom("quiet"));
    log::setup("off", log::format::text);
  }
};

/// The time of day as the scheduler's clock has it, so that both move together.
class scheduler_clock final : public wall_clock {
public:
  explicit scheduler_clock(caf::scheduler::test_coordinator& scheduler)
    : scheduler_{scheduler}, start_{scheduler.clock().now()} {}

  timestamp now() const override {
    return timestamp{std::chrono::hours{24 * 365 * 56}}
           + (scheduler_.clock().now() - start_) + set_by_;
  }

  /// Somebody sets the clock; timers do not notice.
  void set_by(std::chrono::nanoseconds x) { set_by_ += x; }

private:
  caf::scheduler::test_coordinator& scheduler_;
  caf::actor_clock::time_point start_;
  std::chrono::nanoseconds set_by_{0};
};

/// What has become of a request. `value` counts only when ok().
template <class T>
struct answer {
  bool done = false;
  caf::error error;
  std::conditional_t<std::is_void_v<T>, caf::unit_t, T> value{};

  bool ok() const { return done && !error; }
};

/// A promise of a fake actor that a test keeps, outside of the actor's turn.
template <class Promise>
class kept_promise {
public:
  template <class Actor>
  kept_promise(Actor* holder, Promise reply)
    : holder_{holder}, reply_{std::move(reply)} {}

  template <class T>
  void deliver(T x) {
    leave_turn();
    reply_.deliver(std::move(x));
  }

  void acknowledge() {
    leave_turn();
    quaero::acknowledge(reply_);
  }

private:
  // Else it would answer through the scheduler's turn, which is over.
  void leave_turn() { holder_->context(nullptr); }

  caf::local_actor* holder_; // Lives as long as the promise.
  Promise reply_;
};

/// One thread, a clock that moves only when told, mailboxes run by hand.
/// A derived fixture whose actors use its members calls end_actors() in its
/// own destructor.
struct deterministic {
  actor_config system_config;
  caf::actor_system sys{system_config};
  caf::scheduler::test_coordinator& sched
    = dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  scheduler_clock clock{sched};
  std::vector<caf::actor> owned;

  deterministic() = default;
  deterministic(const deterministic&) = delete;
  deterministic& operator=(const deterministic&) = delete;
  ~deterministic() { end_actors(); }

  /// The actor ends with the fixture.
  template <class Handle>
  Handle own(Handle x) {
    owned.push_back(caf::actor_cast<caf::actor>(x));
    return x;
  }

  void end_actors() {
    for (const auto& x : owned)
      caf::anon_send_exit(x, caf::exit_reason::kill);
    owned.clear();
    settle();
  }

  /// Delivers every message that waits. Fires no timer.
  void settle() { sched.run(); }

  /// Moves both clocks by `t`, fires what is due, delivers what follows. A
  /// timer that arms itself again fires once: move one period at a time.
  void advance(caf::timespan t) {
    sched.advance_time(t);
    settle();
  }

  /// Sends a request whose answer may come at any time, or never.
  template <class T = void, class Handle, class... Ts>
  std::shared_ptr<answer<T>> request(const Handle& to, const Ts&... xs) {
    auto out = std::make_shared<answer<T>>();
    auto failed = [out](caf::error& e) {
      out->done = true;
      out->error = std::move(e);
    };
    auto asker = sys.spawn([=](caf::event_based_actor* self) {
      if constexpr (std::is_void_v<T>)
        self->request(to, caf::infinite, xs...)
          .then([out] { out->done = true; }, failed);
      else
        self->request(to, caf::infinite, xs...)
          .then(
            [out](T& x) {
              out->done = true;
              out->value = std::move(x);
            },
            failed);
    });
    own(asker);
    return out;
  }

  /// A request that must be answered without the clock moving.
  template <class T = void, class Handle, class... Ts>
  answer<T> ask(const Handle& to, const Ts&... xs) {
    auto out = request<T>(to, xs...);
    settle();
    BOOST_REQUIRE_MESSAGE(out->done, "no answer");
    return std::move(*out);
  }

  /// Sends without an answer, then settles.
  template <class Handle, class... Ts>
  void tell(const Handle& to, const Ts&... xs) {
    caf::anon_send(to, xs...);
    settle();
  }

  /// A sink that keeps what is published.
  event_sink_actor spawn_sink(std::vector<event_block_ptr>& seen) {
    return own(event_sink_actor{sys.spawn(
      [&seen](event_sink_actor::pointer) -> event_sink_actor::behavior_type {
        return {[&seen](atom::publish, const event_block_ptr& x) {
          seen.push_back(x);
        }};
      })});
  }
};

/// Whether an error is of that code and its message has `part` in it.
inline bool is_error(const caf::error& e, ec code, std::string_view part = {}) {
  return e == caf::error{code} && message_of(e).find(part) != std::string::npos;
}

} // namespace quaero::test
