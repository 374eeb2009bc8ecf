#pragma once

#include "actors/actors.hpp"
#include "actors/deadlines.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <utility>
#include <vector>

/// How an actor answers for those below it, and the CENSUS, which asks all.
namespace quaero {

/// An answer to `status` that waits for those below: `own` and what they say,
/// in the order of ask(). Who does not answer in time is left out and counted
/// in `omitted`, as are those beyond `status_below_max`.
/// Bounds: `status_deadline` for each level of the tree.
class status_gathering {
public:
  status_gathering(caf::typed_response_promise<actor_status> reply,
                   actor_status own)
    : open_{std::make_shared<state>()} {
    open_->own = std::move(own);
    open_->reply = std::move(reply);
  }

  template <class Self>
  void ask(Self* self, const status_actor& whom) {
    expect(self, whom, atom::status_v);
  }

  /// With those below it.
  template <class Self>
  void ask_tree(Self* self, const status_tree_actor& whom) {
    expect(self, whom, atom::status_v, atom::visit_v);
  }

  /// Everybody has been asked: the answer comes with the last of theirs.
  caf::typed_response_promise<actor_status> finish() {
    auto reply = open_->reply;
    one_less(*open_);
    return reply;
  }

private:
  struct state {
    actor_status own;
    std::vector<actor_status> found;
    size_t open = 1; ///< One is finish().
    caf::typed_response_promise<actor_status> reply;
  };

  template <class Self, class Handle, class... Ts>
  void expect(Self* self, const Handle& whom, Ts... what) {
    if (open_->found.size() == status_below_max) {
      ++open_->own.omitted;
      return;
    }
    const auto i = open_->found.size();
    open_->found.emplace_back();
    ++open_->open;
    self->request(whom, status_deadline, what...)
      .then(
        [all = open_, i](actor_status& x) {
          all->found[i] = std::move(x);
          one_less(*all);
        },
        [all = open_](const caf::error&) { one_less(*all); });
  }

  static void one_less(state& all) {
    if (--all.open != 0)
      return;
    for (auto& x : all.found) {
      if (x.name.empty())
        ++all.own.omitted;
      else
        all.own.below.push_back(std::move(x));
    }
    all.reply.deliver(std::move(all.own));
  }

  std::shared_ptr<state> open_;
};

/// The long-lived actors, in the order in which they are shown.
struct census_actors {
  std::vector<status_actor> upper;      ///< Before those with others below.
  std::vector<status_tree_actor> trees; ///< JOB MANAGER, QUEUE.
  std::vector<status_actor> lower;      ///< Behind them.
};

/// Who is there to be asked.
struct census_state {
  static constexpr const char* name = "daemon";

  explicit census_state(status_actor::pointer ptr) : self{ptr} {}

  status_actor::pointer self;
  census_actors whom;

  caf::typed_response_promise<actor_status> on_status();
};

/// The CENSUS answers `status` with the tree of all actors: the long-lived
/// ones, pools below the QUEUE, runs and their steps below the JOB MANAGER.
/// Bounds: see status_gathering.
status_actor::behavior_type
census(status_actor::stateful_pointer<census_state> self, census_actors whom);

} // namespace quaero
