#pragma once

#include "actors/deadlines.hpp"
#include "actors/gateway/bridge.hpp"
#include "actors/gateway/docs_pages.hpp"
#include "actors/gateway/gateway.hpp"
#include "actors/gateway/http_message.hpp"
#include "actors/gateway/problem.hpp"
#include "actors/gateway/streaming.hpp"
#include "definitions/ids.hpp"

#include <caf/duration.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace quaero {

class live_feed;
/// What is open.
struct connection_counts {
  size_t all = 0;
  size_t web_sockets = 0; ///< Of them.
};

struct request_key;

/// What all requests share.
struct gateway_context {
  gateway_config config;
  gateway_actors actors;
  docs_pages docs;
  bridge* self = nullptr;    ///< Asks on behalf of all.
  live_feed* live = nullptr; ///< Null if the gateway has no EVENT HUB.
  /// Calls a function on the gateway's thread, later.
  std::function<void(std::chrono::milliseconds, std::function<void()>)> after;
  std::string url;
  timestamp started_at{};
  std::function<connection_counts()> count_connections;
  /// Tells the TOKEN STORE now which tokens were used.
  std::function<void()> report_uses;
};

/// One request on its way to its one answer. Handlers keep it alive while an
/// actor thinks. Everything happens on the gateway's thread.
class exchange : public std::enable_shared_from_this<exchange> {
public:
  /// @param round which request of `sink` this is.
  exchange(gateway_context& context, http_request request,
           std::weak_ptr<answer_sink> sink, uint64_t round)
    : context_{context}, request_{std::move(request)}, sink_{std::move(sink)},
      round_{round} {}

  const http_request& request() const { return request_; }
  const gateway_context& context() const { return context_; }
  const gateway_actors& actors() const { return context_.actors; }

  /// What the route's placeholders stand for, in order.
  std::vector<std::string> params;

  /// Set while a request is carried out that has a key of the client's.
  std::shared_ptr<request_key> key;

  /// Answers. Only the first answer counts.
  void reply(http_answer x) {
    if (auto first = std::exchange(interceptor_, nullptr))
      first(std::move(x));
    else if (auto sink = take_sink())
      sink->answer(round_, std::move(x));
  }

  /// Answers with `head`, whose body is the first piece, and what is written
  /// from then on.
  /// @returns null if there is nothing to write to: nobody waits any more, or
  ///          the request was HEAD.
  std::shared_ptr<answer_stream> open_stream(http_answer head) {
    auto sink = take_sink();
    return sink ? sink->open_stream(round_, std::move(head)) : nullptr;
  }

  /// Makes a WebSocket of the connection and gives it to `ready`, which sets
  /// its functions. A request that asks for something else is answered 426 or
  /// 400, and `ready` is never called.
  void upgrade(const answer_sink::socket_handler& ready) {
    if (auto sink = take_sink())
      sink->upgrade(round_, request_, ready);
  }

  /// Has `f` see the answer before it goes out, even if nobody waits for it
  /// any more. `f` calls reply() again.
  void intercept(std::function<void(http_answer)> f) {
    interceptor_ = std::move(f);
  }

  void reply(const value& x, unsigned status = 200) {
    reply(json_answer(x, status));
  }

  void fail(const caf::error& why) { reply(make_problem(why)); }

  void report_uses() const { context_.report_uses(); }

  /// Nobody waits for the answer any more.
  void abandon() { sink_.reset(); }

  /// Reads the placeholder `i` as a job id; answers 400 if it is none.
  bool job_param(size_t i, job_id& out) {
    if (from_string(params[i], out))
      return true;
    reply(make_problem(400, "invalid_argument",
                       "id: '" + params[i] + "' is not a job id (a UUID)"));
    return false;
  }

  /// Asks an actor; `ok` gets the `T` it answers (nothing for void). An error
  /// becomes the answer to the request.
  template <class T, class Handle, class Ok, class... Ts>
  void ask(const Handle& dest, Ok ok, Ts&&... xs) {
    auto bad = [this](const caf::error& why) { fail(why); };
    ask_or<T>(dest, std::move(ok), bad, std::forward<Ts>(xs)...);
  }

  /// The same, but `bad` gets the error.
  /// No deadline here: the session has one for the request as a whole, and a
  /// timer for every question would outlive most of them.
  template <class T, class Handle, class Ok, class Bad, class... Ts>
  void ask_or(const Handle& dest, Ok ok, Bad bad, Ts&&... xs) {
    auto self = shared_from_this();
    auto answered
      = context_.self->request(dest, reader_deadline, std::forward<Ts>(xs)...);
    auto on_error
      = [self, bad](caf::error& why) { self->guarded([&] { bad(why); }); };
    if constexpr (std::is_void_v<T>)
      answered.then([self, ok] { self->guarded([&] { ok(); }); }, on_error);
    else
      answered.then([self, ok](T& x) { self->guarded([&] { ok(x); }); },
                    on_error);
  }

  /// Runs a piece of a handler: what it throws becomes a 500.
  template <class F>
  void guarded(F&& f) {
    try {
      f();
    } catch (const std::exception& e) {
      reply(make_problem(500, "internal", e.what()));
    }
  }

private:
  std::shared_ptr<answer_sink> take_sink() {
    return std::exchange(sink_, {}).lock();
  }

  gateway_context& context_;
  http_request request_;
  std::weak_ptr<answer_sink> sink_;
  uint64_t round_;
  std::function<void(http_answer)> interceptor_;
};
using exchange_ptr = std::shared_ptr<exchange>;

} // namespace quaero
