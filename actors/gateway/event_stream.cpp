#include "actors/gateway/event_stream.hpp"

#include "actors/deadlines.hpp"
#include "actors/gateway/exchange.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/json.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

std::string now_text() {
  return to_rfc3339_ns(system_wall_clock().now());
}

std::string event_text(std::string_view name, uint64_t number,
                       const value& data) {
  std::string out;
  append_event(out, name, number, to_json(data));
  return out;
}

} // namespace

// -- every stream -------------------------------------------------------------

event_stream::event_stream(live_feed& feed,
                           std::shared_ptr<answer_stream> stream)
  : feed_{feed}, stream_{std::move(stream)} {}

void event_stream::open() {
  auto weak = weak_from_this();
  stream_->on_drained = [weak] {
    if (auto self = weak.lock())
      self->on_drained();
  };
  stream_->on_closed = [weak] {
    if (auto self = weak.lock())
      self->leave();
  };
  if (!feed_.enter(this, shared_from_this(), [this] { end(); })) {
    is_over_ = true;
    stream_->close();
    return;
  }
  arm_ping();
  on_open();
}

bool event_stream::try_write(const std::shared_ptr<const std::string>& text) {
  if (is_over_ || !waiting_.empty() || !stream_->write(text))
    return false;
  is_silent_ = false;
  return true;
}

void event_stream::write(std::string text) {
  auto piece = std::make_shared<const std::string>(std::move(text));
  if (!try_write(piece) && !is_over_)
    waiting_.push_back(std::move(piece));
}

void event_stream::on_drained() {
  while (!waiting_.empty()) {
    if (!stream_->write(waiting_.front()))
      return;
    waiting_.pop_front();
  }
  on_room();
}

void event_stream::arm_ping() {
  auto weak = weak_from_this();
  feed_.context().after(feed_.context().config.live.ping_interval, [weak] {
    auto self = weak.lock();
    if (!self || self->is_over_)
      return;
    if (std::exchange(self->is_silent_, true) && !self->is_blocked()) {
      self->write(event_text("ping", self->position(),
                             value::make_object({{"timestamp", now_text()}})));
      self->is_silent_ = true;
    }
    self->arm_ping();
  });
}

void event_stream::end() {
  if (is_over_)
    return;
  stream_->close();
  leave();
}

void event_stream::leave() {
  if (std::exchange(is_over_, true))
    return;
  on_end();
  feed_.leave(this);
}

// -- messages -----------------------------------------------------------------

message_stream::message_stream(live_feed& to,
                               std::shared_ptr<answer_stream> stream,
                               live_filter filter, uint64_t after)
  : event_stream{to, std::move(stream)},
    subscription_{std::make_shared<live_subscription>(to, filter, *this)},
    after_{after} {}

void message_stream::on_open() {
  subscription_->start(after_);
}

bool message_stream::take(live_batch& batch, uint64_t position) {
  auto frame = batch.frame(live_format::events, position);
  return frame->empty() || try_write(frame);
}

void message_stream::on_reset(uint64_t position) {
  write(
    event_text("reset", position, value::make_object({{"after", position}})));
}

void message_stream::on_gap() {
  write(event_text("reset", 0, value::make_object()));
}

uint64_t message_stream::position() const {
  return subscription_->is_live() ? subscription_->position() : 0;
}

// -- lines of a job -----------------------------------------------------------

log_stream::log_stream(live_feed& to, std::shared_ptr<answer_stream> stream,
                       job_id job, live_filter filter,
                       std::optional<stream_tail> tail, uint64_t after)
  : event_stream{to, std::move(stream)}, job_{job}, filter_{filter},
    tail_{std::move(tail)}, after_{after},
    subscription_{std::make_shared<live_subscription>(to, filter, *this)} {}

void log_stream::on_open() {
  if (!tail_)
    return tell_status();
  stream_query query;
  query.run = filter_.run;
  query.tail = tail_;
  auto& context = feed().context();
  auto weak = weak_from_this();
  context.self
    ->request(context.actors.reader, reader_deadline, atom::events_v, query)
    .then(
      [this, weak](const stream_page_ptr& page) {
        auto keep = weak.lock();
        if (keep && !is_over())
          on_tail(*page);
      },
      [this, weak](const caf::error&) {
        if (auto keep = weak.lock())
          end();
      });
}

void log_stream::on_tail(const stream_page& page) {
  for (const auto& x : page.entries)
    held_.push_back(message_of(view_of(x), filter_.run));
  total_ = page.total - std::min<uint64_t>(page.total, held_.size());
  has_more_ = page.more && total_ > 0;
  is_first_ = true;
  after_ = page.next;
  tell_status();
}

/// Reads how the job is after its lines were read, so that its end is in one of
/// the two: in the answer, or in the stream that follows.
void log_stream::tell_status() {
  auto& context = feed().context();
  auto weak = weak_from_this();
  context.self
    ->request(context.actors.reader, reader_deadline, atom::get_v, job_)
    .then(
      [this, weak](const job_view& x) {
        auto keep = weak.lock();
        if (!keep || is_over())
          return;
        auto status = std::make_shared<live_message>();
        status->type = live_type::job_status_change;
        status->job = job_;
        status->payload = to_string(x.state.status);
        held_.push_back(std::move(status));
        flush();
        subscription_->start(after_);
      },
      [this, weak](const caf::error&) {
        if (auto keep = weak.lock())
          end();
      });
}

bool log_stream::take(live_batch& batch, uint64_t position) {
  auto messages = batch.behind(position);
  const auto max = feed().context().config.live.held_lines_max;
  if (!held_.empty() && held_.size() + messages.size() > max)
    return false;
  bool urgent = false;
  for (auto& x : messages) {
    urgent |= x->type == live_type::job_status_change;
    held_.push_back(std::move(x));
  }
  if (urgent)
    flush();
  else
    arm_flush();
  return true;
}

void log_stream::on_reset(uint64_t position) {
  write(
    event_text("reset", position, value::make_object({{"after", position}})));
}

void log_stream::arm_flush() {
  if (std::exchange(flush_armed_, true))
    return;
  auto weak = weak_from_this();
  feed().context().after(feed().context().config.live.logs_interval,
                         [this, weak] {
                           auto keep = weak.lock();
                           if (!keep || is_over())
                             return;
                           flush_armed_ = false;
                           flush();
                         });
}

void log_stream::flush() {
  if (looking_up_ || is_blocked())
    return;
  std::set<job_id> unknown;
  for (const auto& x : held_)
    if (x->type == live_type::job_log && x->owner
        && step_names_.count(x->owner) == 0)
      unknown.insert(x->owner);
  if (!unknown.empty())
    return look_up({unknown.begin(), unknown.end()});
  if (!held_.empty() || is_first_)
    write_held();
  if (!is_blocked())
    subscription_->go_on();
}

void log_stream::look_up(std::vector<job_id> owners) {
  looking_up_ = true;
  for (const auto& id : owners)
    step_names_[id]; // A log that is no step's has no name.
  auto& context = feed().context();
  auto weak = weak_from_this();
  auto go_on = [this, weak] {
    auto keep = weak.lock();
    if (!keep || is_over())
      return;
    looking_up_ = false;
    flush();
  };
  context.self
    ->request(context.actors.reader, reader_deadline, atom::load_v,
              id_list{std::move(owners)})
    .then(
      [this, weak, go_on](const std::vector<loaded_job>& jobs) {
        auto keep = weak.lock();
        if (!keep)
          return;
        for (const auto& x : jobs)
          if (x.job.type == step_job_type)
            step_names_[x.job.id] = x.job.name;
        go_on();
      },
      [go_on](const caf::error&) { go_on(); });
}

std::string log_stream::lines_event(const std::vector<live_message_ptr>& lines,
                                    uint64_t number, bool has_more) {
  std::string data{"{\"logs\":["};
  for (const auto& x : lines) {
    if (x != lines.front())
      data += ',';
    data.append(x->payload, 0, x->payload.size() - 1);
    data += ",\"step_name\":";
    append_json_string(data, step_names_[x->owner]);
    data += '}';
  }
  data += "],\"meta\":{\"total_count\":" + std::to_string(total_)
          + ",\"displayed_count\":" + std::to_string(lines.size())
          + ",\"has_more\":" + (has_more ? "true" : "false") + "}}";
  std::string out;
  append_event(out, "logs", number, data);
  return out;
}

void log_stream::write_held() {
  const auto max = feed().context().config.stream_bytes_max;
  for (auto& part : split(std::exchange(held_, {}), max))
    write(events_of(part));
}

std::string log_stream::events_of(const std::vector<live_message_ptr>& xs) {
  std::string out;
  std::vector<live_message_ptr> lines;
  auto end_lines = [&] {
    if (lines.empty() && !is_first_)
      return;
    total_ += lines.size();
    told_ = std::max(told_, lines.empty() ? after_ : lines.back()->number);
    out += lines_event(lines, told_, std::exchange(has_more_, false));
    is_first_ = false;
    lines.clear();
  };
  for (const auto& x : xs) {
    if (x->type == live_type::job_log) {
      lines.push_back(x);
      continue;
    }
    end_lines();
    told_ = std::max(told_, x->number);
    out += status_event(*x);
  }
  end_lines();
  return out;
}

std::string log_stream::status_event(const live_message& x) const {
  // The first one has the status itself, later ones a whole move.
  value move;
  std::string error;
  const bool is_move = x.number != 0 && parse_json(x.payload, move, error);
  const auto status
    = is_move ? move.get_string("status").value_or("") : x.payload;
  auto job = value::make_object({{"id", to_string(job_)}, {"status", status}});
  return event_text("status", x.number,
                    value::make_object({{"job", std::move(job)}}));
}

// -- the daemon's own log -----------------------------------------------------

service_stream::service_stream(live_feed& to,
                               std::shared_ptr<answer_stream> stream,
                               log_level level, size_t lines, uint64_t after)
  : event_stream{to, std::move(stream)}, level_{level}, lines_{lines},
    told_{after} {}

void service_stream::on_open() {
  look();
}

// One look an interval, while somebody reads: the log knows no actors.
void service_stream::look() {
  constexpr size_t lines_max = 100; // In one event.
  auto found
    = log::recent(told_, is_first_ ? lines_ : lines_max, level_, is_first_);
  if (found.size() > lines_max)
    found.resize(lines_max);
  if (!is_blocked() && (is_first_ || !found.empty())) {
    value::array lines;
    for (const auto& x : found)
      lines.push_back(value::make_object({{"timestamp", to_rfc3339_ns(x.at)},
                                          {"level", to_string(x.level)},
                                          {"message", x.message}}));
    if (!found.empty())
      told_ = found.back().index;
    auto meta = value::make_object(
      {{"displayed_count", found.size()}, {"has_more", false}});
    write(event_text("logs", told_,
                     value::make_object({{"logs", std::move(lines)},
                                         {"meta", std::move(meta)}})));
    is_first_ = false;
  }
  auto weak = weak_from_this();
  feed().context().after(feed().context().config.live.logs_interval,
                         [this, weak] {
                           auto keep = weak.lock();
                           if (keep && !is_over())
                             look();
                         });
}

} // namespace quaero
