#include "actors/gateway/live_socket.hpp"

#include "actors/deadlines.hpp"
#include "actors/gateway/exchange.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

constexpr uint16_t close_going_away = 1001;
constexpr uint16_t close_policy = 1008;
constexpr uint16_t close_try_later = 1013;

const json_limits message_limits{8, 64 * 1024};

std::string read_id(const value& message, std::string_view name, job_id& out) {
  const auto* x = message.find(name);
  if (!x || x->is_null())
    return {};
  if (x->is_string() && from_string(x->as_string(), out))
    return {};
  return std::string{name} + ": must be a job id (a UUID)";
}

std::string read_types(const value& message, live_types& out) {
  const auto* x = message.find("types");
  if (!x || x->is_null())
    return {};
  if (!x->is_array() || x->as_array().empty())
    return "types: must be an array of names of messages";
  for (const auto& name : x->as_array())
    if (!name.is_string() || !add_type(name.as_string(), out))
      return "types: " + to_json(name) + " is no type of message";
  return {};
}

std::string read_after(const value& message, uint64_t& out) {
  const auto* x = message.find("after");
  if (!x || x->is_null())
    return {};
  if (!x->is_int() || x->as_int() < 0)
    return "after: must be a whole number of at least 0";
  out = static_cast<uint64_t>(x->as_int());
  return {};
}

std::string check_members(const value& message,
                          std::initializer_list<std::string_view> known) {
  for (const auto& [name, x] : message.as_object())
    if (std::find(known.begin(), known.end(), name) == known.end())
      return name + ": there is no such member";
  return {};
}

/// {"type", "run"?, "after"?}
std::string notice(std::string_view type, const job_id& run, uint64_t after) {
  auto out = value::make_object({{"type", std::string{type}}});
  if (run)
    out.set("run", to_string(run));
  out.set("after", after);
  return to_json(out);
}

} // namespace

std::string read_subscribe(const value& message, live_request& out) {
  auto wrong = check_members(
    message, {"type", "run", "step", "level", "after", "types"});
  if (wrong.empty())
    wrong = read_id(message, "run", out.job);
  if (wrong.empty())
    wrong = read_id(message, "step", out.step);
  if (wrong.empty())
    wrong = read_types(message, out.types);
  if (wrong.empty())
    wrong = read_after(message, out.after);
  if (const auto* x = message.find("level");
      wrong.empty() && x && !x->is_null()
      && (!x->is_string() || !from_string(x->as_string(), out.level)))
    wrong = "level: must be one of error, warn, info, debug, all";
  if (wrong.empty() && !out.job) {
    if (out.step)
      wrong = "step: needs a run";
    else if (has(out.types, live_type::job_log))
      wrong = "types: job_log needs a run";
  }
  return wrong;
}

live_filter filter_of(const live_request& x, const job_view& job) {
  live_filter out;
  const auto& record = job.job;
  out.run = record.manager_id ? record.manager_id : record.id;
  out.level = x.level;
  out.types = x.types != 0 ? x.types : all_types & ~daemon_types;
  out.step = x.step;
  if (record.type == step_job_type)
    out.step = record.id;
  else if (record.id != out.run)
    out.job = record.id;
  return out;
}

live_filter filter_of(const live_request& x) {
  live_filter out;
  out.types
    = x.types != 0 ? x.types : all_types & ~types_of(live_type::job_log);
  return out;
}

// -- one subscription ---------------------------------------------------------

bool live_socket::part::take(live_batch& batch, uint64_t position) {
  if (owner.is_over_)
    return false;
  auto frame = batch.frame(live_format::socket, position);
  return frame->empty() || owner.socket_->send(std::move(frame));
}

void live_socket::part::on_begun(uint64_t position) {
  if (is_overview)
    return;
  auto payload = value::make_object({{"after", position}});
  if (!status.empty())
    payload.set("status", status);
  owner.notify(socket_message("subscribed", payload, key));
}

void live_socket::part::on_reset(uint64_t position) {
  owner.notify(notice("reset", key, position));
}

bool live_socket::part::on_full(uint64_t position) {
  owner.notify(notice("resume", key, position));
  auto keep = owner.parts_.extract(key);
  owner.feed_.context().after(
    std::chrono::milliseconds{0},
    [keep = std::make_shared<decltype(keep)>(std::move(keep))] {});
  return false;
}

void live_socket::part::on_gap() {
  if (is_overview || (subscription->filter().types & numbered_types) == 0)
    owner.notify(notice("reset", key, 0));
}

void live_socket::part::on_failure(const caf::error& why) {
  owner.tell_error("internal", message_of(why));
}

// -- the socket ---------------------------------------------------------------

live_socket::live_socket(live_feed& feed, std::shared_ptr<web_socket> socket)
  : feed_{feed}, socket_{std::move(socket)} {}

live_socket::~live_socket() = default;

void live_socket::open(live_feed& feed, std::shared_ptr<web_socket> socket) {
  auto self = std::make_shared<live_socket>(feed, std::move(socket));
  auto close
    = [self = self.get()] { self->end(close_going_away, "the daemon stops"); };
  if (feed.enter(self.get(), self, std::move(close)))
    self->start();
  else
    self->socket_->close(close_try_later, "there are too many live clients");
}

void live_socket::start() {
  auto weak = weak_from_this();
  socket_->on_text = [weak](std::string_view text) {
    if (auto self = weak.lock())
      self->on_text(text);
  };
  socket_->on_drained = [weak] {
    if (auto self = weak.lock())
      self->on_drained();
  };
  socket_->on_closed = [weak] {
    if (auto self = weak.lock())
      self->leave();
  };
  // What happens after the first message is not missed.
  feed_.when_ready([weak] {
    if (auto self = weak.lock())
      self->greet();
  });
}

void live_socket::greet() {
  auto& context = feed_.context();
  auto weak = weak_from_this();
  context.self
    ->request(context.actors.log_collector, reader_deadline, atom::stats_v)
    .then(
      [weak](const storage::totals& x) {
        auto self = weak.lock();
        if (!self || self->is_over_)
          return;
        const auto at = system_wall_clock().now();
        live_message out;
        auto say = [&](live_type type, std::string payload) {
          out.type = type;
          out.payload = std::move(payload);
          std::string text;
          append_socket_message(text, out);
          self->notify(std::move(text));
        };
        say(live_type::status, status_payload(x, self->feed_.instance(), at));
        say(live_type::app_status, app_status_payload(x, at));
        say(live_type::job_stats, stats_payload(x, at));
        if (self->parts_.empty() && self->asked_ == 0)
          self->tell_overview(overview_types);
      },
      [weak](const caf::error& why) {
        if (auto self = weak.lock())
          self->tell_error("internal", message_of(why));
      });
}

void live_socket::tell_overview(live_types types) {
  if (overview_)
    overview_->subscription->stop();
  overview_ = std::make_shared<part>(*this, job_id{});
  overview_->is_overview = true;
  live_filter filter;
  filter.types = types;
  overview_->subscription
    = std::make_shared<live_subscription>(feed_, filter, *overview_);
  overview_->subscription->start(UINT64_MAX);
}

void live_socket::on_text(std::string_view text) {
  value message;
  std::string error;
  if (!parse_json(text, message, error, message_limits))
    return refuse("invalid_json", "the message is no JSON: " + error);
  const auto type
    = message.is_object() ? message.get_string("type") : std::nullopt;
  if (!type)
    return refuse("invalid_argument", "type: must be a text");
  if (*type == "subscribe")
    return on_subscribe(message);
  if (*type == "unsubscribe")
    return on_unsubscribe(message);
  if (*type != "ping")
    return refuse("invalid_argument",
                  "type: must be subscribe, unsubscribe or ping");
  notify(R"({"type":"pong"})");
}

void live_socket::on_subscribe(const value& message) {
  live_request wanted;
  if (auto wrong = read_subscribe(message, wanted); !wrong.empty())
    return refuse("invalid_argument", "subscribe: " + wrong);
  const auto max = feed_.context().config.live.subscriptions_max;
  if (parts_.size() + asked_ >= max && parts_.count(wanted.job) == 0)
    return refuse("limit_reached", "subscribe: there are " + std::to_string(max)
                                     + " subscriptions already");
  if (!wanted.job)
    return subscribe({}, filter_of(wanted), wanted.after, {});
  ++asked_;
  auto& context = feed_.context();
  auto weak = weak_from_this();
  context.self
    ->request(context.actors.reader, reader_deadline, atom::get_v, wanted.job)
    .then(
      [weak, wanted](const job_view& job) {
        auto self = weak.lock();
        if (!self || self->is_over_)
          return;
        --self->asked_;
        self->subscribe(wanted.job, filter_of(wanted, job), wanted.after,
                        to_string(job.state.status));
      },
      [weak, wanted](const caf::error& why) {
        auto self = weak.lock();
        if (!self || self->is_over_)
          return;
        --self->asked_;
        self->tell_error(
          why == caf::error{ec::not_found} ? "not_found" : "internal",
          "subscribe: run " + to_string(wanted.job) + ": " + message_of(why));
      });
}

void live_socket::subscribe(const job_id& key, const live_filter& filter,
                            uint64_t after, std::string status) {
  drop(key);
  // From the first subscription on, a client is told what it asks for.
  if (overview_ && overview_->subscription->filter().types == overview_types)
    tell_overview(types_of(live_type::status));
  auto x = std::make_shared<part>(*this, key);
  x->status = std::move(status);
  x->subscription = std::make_shared<live_subscription>(feed_, filter, *x);
  parts_[key] = x;
  x->subscription->start(after);
}

void live_socket::on_unsubscribe(const value& message) {
  job_id key;
  auto wrong = check_members(message, {"type", "run"});
  if (wrong.empty())
    wrong = read_id(message, "run", key);
  if (!wrong.empty())
    return refuse("invalid_argument", "unsubscribe: " + wrong);
  drop(key);
  auto payload = value::make_object();
  notify(socket_message("unsubscribed", payload, key));
}

void live_socket::drop(const job_id& key) {
  auto i = parts_.find(key);
  if (i == parts_.end())
    return;
  i->second->subscription->stop();
  parts_.erase(i);
}

void live_socket::tell_error(std::string_view code, const std::string& detail) {
  notify(socket_message(
    "error",
    value::make_object({{"code", std::string{code}}, {"detail", detail}})));
}

void live_socket::refuse(std::string_view code, const std::string& detail) {
  if (is_over_)
    return;
  tell_error(code, detail);
  if (++errors_ >= feed_.context().config.live.errors_max)
    end(close_policy, "too many messages that could not be understood");
}

/// Sends what must not be lost; keeps it while there is no room.
void live_socket::notify(std::string text) {
  if (is_over_)
    return;
  if (notices_.empty()
      && socket_->send(std::make_shared<const std::string>(text)))
    return;
  notices_.push_back(std::move(text));
  if (notices_.size() > feed_.context().config.live.notices_max)
    end(close_try_later, "the client does not read");
}

void live_socket::on_drained() {
  while (!notices_.empty()) {
    if (!socket_->send(std::make_shared<const std::string>(notices_.front())))
      return;
    notices_.pop_front();
  }
  const auto parts = parts_; // One that goes on may change them.
  for (const auto& [key, x] : parts)
    x->subscription->go_on();
}

void live_socket::end(uint16_t code, const std::string& why) {
  if (is_over_)
    return;
  socket_->close(code, why);
  leave();
}

void live_socket::leave() {
  if (std::exchange(is_over_, true))
    return;
  if (overview_)
    overview_->subscription->stop();
  for (const auto& [key, x] : parts_)
    x->subscription->stop();
  feed_.leave(this);
}

} // namespace quaero
