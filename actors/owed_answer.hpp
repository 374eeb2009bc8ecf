#pragma once

#include <caf/error.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <utility>

namespace quaero {

/// The answer of an actor that may end before it knows what to say. CAF 0.17
/// drops the promise of such an actor without a word, and who asked would wait
/// for ever; this one then answers with an error. Copies are the same answer.
/// Threads: its actor's.
template <class T>
class owed_answer {
public:
  /// @param otherwise the answer if the actor ends first.
  owed_answer(caf::typed_response_promise<T> promise, caf::error otherwise)
    : open_{std::make_shared<state>(std::move(promise), std::move(otherwise))} {
  }

  /// REQUIRES: nothing was delivered yet.
  template <class Answer>
  void deliver(Answer x) {
    open_->pending = false;
    open_->promise.deliver(std::move(x));
  }

private:
  struct state {
    state(caf::typed_response_promise<T> x, caf::error why)
      : promise{std::move(x)}, otherwise{std::move(why)} {}
    ~state() {
      if (pending)
        promise.deliver(std::move(otherwise));
    }
    state(const state&) = delete;
    state& operator=(const state&) = delete;

    caf::typed_response_promise<T> promise;
    caf::error otherwise;
    bool pending = true;
  };

  std::shared_ptr<state> open_;
};

} // namespace quaero
