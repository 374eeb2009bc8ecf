#include "actors/gateway/live_feed.hpp"

#include "actors/gateway/exchange.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

/// Of a request for blocks: none, it is answered when something happens.
constexpr auto event_deadline = reader_deadline;

timestamp now() {
  return system_wall_clock().now();
}

} // namespace

// -- filters and batches ------------------------------------------------------

bool live_filter::wants(const entry_view& x) const {
  if (x.line) {
    const auto& line = x.line->line;
    return has(types, live_type::job_log) && line.level >= level
           && (!step || line.owner == step) && (!job || line.job == job);
  }
  return has(types, live_type::job_status_change)
         && (!step || x.place->step == step || x.event->id == run)
         && (!job || x.event->id == job)
         && (!subject || x.event->id == subject);
}

live_message_ptr message_of(const entry_view& x, const job_id& run) {
  auto out = std::make_shared<live_message>();
  out->type = x.line ? live_type::job_log : live_type::job_status_change;
  out->number = x.sequence;
  out->run = run;
  out->payload = payload_of(x);
  out->owner = x.line ? x.line->line.owner : x.place->step;
  out->job = x.line ? x.line->line.job : x.event->id;
  out->is_urgent = x.event && is_terminal(x.event->status);
  return out;
}

std::vector<std::vector<live_message_ptr>>
split(std::vector<live_message_ptr> messages, size_t stream_bytes_max) {
  constexpr size_t parts_in_stream = 4;
  constexpr size_t envelope_bytes = 128; // Type, run, number.
  std::vector<std::vector<live_message_ptr>> out;
  size_t bytes = 0;
  for (auto& x : messages) {
    const auto size = x->payload.size() + envelope_bytes;
    if (out.empty() || bytes + size > stream_bytes_max / parts_in_stream) {
      out.emplace_back();
      bytes = 0;
    }
    bytes += size;
    out.back().push_back(std::move(x));
  }
  return out;
}

std::vector<live_message_ptr> live_batch::behind(uint64_t position) const {
  std::vector<live_message_ptr> out;
  for (const auto& x : messages_)
    if (x->number == 0 || x->number > position)
      out.push_back(x);
  return out;
}

namespace {

std::shared_ptr<const std::string>
write_down(live_format format, const std::vector<live_message_ptr>& xs) {
  std::string out;
  if (format == live_format::events) {
    for (const auto& x : xs)
      append_event(out, *x);
  } else {
    const bool is_array = xs.size() > 1;
    for (const auto& x : xs) {
      out += out.empty() ? (is_array ? "[" : "") : ",";
      append_socket_message(out, *x);
    }
    if (is_array)
      out += ']';
  }
  return std::make_shared<const std::string>(std::move(out));
}

} // namespace

std::shared_ptr<const std::string> live_batch::frame(live_format format,
                                                     uint64_t position) {
  const bool is_whole
    = std::none_of(messages_.begin(), messages_.end(), [&](const auto& x) {
        return x->number != 0 && x->number <= position;
      });
  if (!is_whole)
    return write_down(format, behind(position));
  auto& whole = whole_[format];
  if (!whole)
    whole = write_down(format, messages_);
  return whole;
}

// -- the feed -----------------------------------------------------------------

live_feed::live_feed(gateway_context& context, std::string instance)
  : context_{context}, instance_{std::move(instance)} {}

live_feed::~live_feed() = default;

void live_feed::when_ready(std::function<void()> f) {
  if (ready_)
    return f();
  waiting_for_ready_.push_back(std::move(f));
  pull();
}

void live_feed::add(live_tap& tap, const live_filter& filter) {
  remove(tap);
  auto& where = channels_[filter];
  if (!where) {
    where = std::make_unique<channel>();
    where->filter = filter;
    by_run_[filter.run].push_back(where.get());
  }
  where->taps.push_back(&tap);
  by_tap_[&tap] = where.get();
  pull();
}

void live_feed::remove(live_tap& tap) {
  auto i = by_tap_.find(&tap);
  if (i == by_tap_.end())
    return;
  auto* where = i->second;
  by_tap_.erase(i);
  std::erase(where->taps, &tap);
  if (!where->taps.empty())
    return;
  auto run = by_run_.find(where->filter.run);
  std::erase(run->second, where);
  if (run->second.empty())
    by_run_.erase(run);
  channels_.erase(live_filter{where->filter});
}

// -- blocks -------------------------------------------------------------------

void live_feed::pull() {
  const bool needed = !clients_.empty() || !waiting_for_ready_.empty();
  if (pulling_ || !needed || !context_.self)
    return;
  pulling_ = true;
  // After a pause, what happened meanwhile is not missed by anyone.
  const auto after = ready_ ? position_ : UINT64_MAX;
  auto failed = [this](const caf::error&) { pulling_ = false; };
  context_.self
    ->request(context_.actors.hub, event_deadline, atom::get_v, after)
    .then([this](const recent_blocks& x) { on_blocks(x); }, failed);
}

void live_feed::on_blocks(const recent_blocks& answer) {
  pulling_ = false;
  if (!std::exchange(ready_, true)) {
    position_ = answer.newest;
    for (auto& f : std::exchange(waiting_for_ready_, {}))
      f();
    return pull();
  }
  if (!answer.complete) {
    progress_.clear();
    // They may leave meanwhile.
    std::vector<live_tap*> taps;
    for (const auto& [tap, where] : by_tap_)
      taps.push_back(const_cast<live_tap*>(tap));
    position_ = answer.first - 1;
    for (auto* tap : taps)
      if (by_tap_.count(tap) != 0)
        tap->on_gap();
  }
  constexpr size_t waiting_max = 10'000;
  for (const auto& block : answer.blocks) {
    take(*block);
    if (waiting_ > waiting_max)
      flush();
  }
  position_ += answer.blocks.size();
  if (clients_.empty()) {
    ready_ = false; // The next one begins anew.
    progress_.clear();
  }
  pull();
}

const live_feed::channels* live_feed::channels_of(const job_id& run) const {
  auto i = by_run_.find(run);
  return i == by_run_.end() ? nullptr : &i->second;
}

void live_feed::take(const event_block& block) {
  for (size_t i = 0; i < block.line_numbers.size(); ++i)
    take_entry({block.line_numbers[i], &block.lines[i], nullptr, nullptr},
               stream_of(block.lines[i].line), 0);
  for (size_t i = 0; i < block.event_numbers.size(); ++i)
    take_entry(
      {block.event_numbers[i], nullptr, &block.events[i], &block.places[i]},
      stream_of(block.events[i], block.places[i]), block.first_event + i);
  for (const auto& x : block.progress)
    take_progress(x);
  for (const auto& x : block.spawned)
    take_spawned(x);
  if (block.totals)
    take_totals(*block.totals);
}

void live_feed::take_entry(const entry_view& x, const job_id& run,
                           uint64_t in_daemon) {
  live_message_ptr message; // Written down once.
  if (const auto* all = channels_of(run))
    for (auto* to : *all) {
      to->seen = std::max(to->seen, x.sequence);
      if (!to->filter.wants(x))
        continue;
      if (!message)
        message = message_of(x, run);
      put(*to, message);
    }
  if (in_daemon == 0)
    return;
  const auto* all = channels_of({});
  if (!all)
    return;
  auto y = x;
  y.sequence = in_daemon;
  message = nullptr;
  for (auto* to : *all) {
    to->seen = std::max(to->seen, in_daemon);
    if (!to->filter.wants(y))
      continue;
    if (!message)
      message = message_of(y, {});
    put(*to, message);
  }
}

void live_feed::take_progress(const run_progress& x) {
  constexpr auto wanted = overview_types & ~daemon_types;
  if (!is_wanted(x.manager, wanted))
    return;
  if (progress_.size() >= context_.config.live.runs_max)
    progress_.clear();
  auto& old = progress_[x.manager];
  const auto at = now();
  for (size_t i = 0; i < x.steps.size(); ++i) {
    const auto& step = x.steps[i];
    const step_progress none;
    const auto& before = i < old.steps.size() ? old.steps[i] : none;
    const bool moved = step.status != before.status || step.id != before.id;
    if (moved) {
      say(x.manager, live_type::job_update, step.id, update_payload(x, i, at));
      say(x.manager, live_type::job_step_progress, step.id,
          position_payload(x, i, at));
    }
    if (moved || step.children != before.children)
      say(x.manager, live_type::step_progress, step.id, step_payload(x, i, at));
  }
  if (x.status != old.status || !old.manager)
    say(x.manager, live_type::job_update, {},
        update_payload(x, x.steps.size(), at));
  say(x.manager, live_type::parent_job_progress, {}, progress_payload(x, at));
  if (is_terminal(x.status))
    progress_.erase(x.manager);
  else
    old = x;
}

void live_feed::take_spawned(const spawned_jobs& x) {
  const auto& run = x.manager ? x.manager : x.newest;
  if (!is_wanted(run, types_of(live_type::job_spawn)))
    return;
  auto& sum = spawned_[x.parent];
  const auto count = sum.count + x.count;
  sum = x;
  sum.count = count;
  if (!spawned_quiet_)
    tell_spawned();
}

void live_feed::take_totals(const storage::totals& x) {
  totals_ = x;
  if (is_busy(x) != busy_) {
    busy_ = !busy_;
    say({}, live_type::app_status, {}, app_status_payload(x, now()));
  }
  stats_changed_ = true;
  if (!stats_quiet_)
    tell_stats();
}

// -- messages -----------------------------------------------------------------

bool live_feed::is_wanted(const job_id& run, live_types types) const {
  for (const auto* all : {channels_of(run), channels_of({})})
    if (all)
      for (const auto* x : *all)
        if (x->filter.types & types)
          return true;
  return false;
}

void live_feed::say(const job_id& run, live_type type, const job_id& step,
                    std::string payload) {
  auto message = std::make_shared<live_message>();
  message->type = type;
  message->run = run;
  message->payload = std::move(payload);
  for (const auto* all : {channels_of(run), run ? channels_of({}) : nullptr}) {
    if (!all)
      continue;
    for (auto* to : *all)
      if (has(to->filter.types, type)
          && (!to->filter.step || !step || step == to->filter.step))
        put(*to, message);
  }
}

void live_feed::put(channel& to, live_message_ptr x) {
  to.waiting.push_back(std::move(x));
  ++waiting_;
  if (std::exchange(flush_armed_, true))
    return;
  context_.after(context_.config.live.frame_interval,
                 [this, weak = std::weak_ptr<bool>{alive_}] {
                   if (!weak.expired())
                     flush();
                 });
}

void live_feed::flush() {
  flush_armed_ = false;
  waiting_ = 0;
  // Whoever is given a frame may change the channels.
  std::vector<live_filter> full;
  for (const auto& [filter, x] : channels_)
    if (!x->waiting.empty())
      full.push_back(filter);
  for (const auto& filter : full)
    if (auto i = channels_.find(filter); i != channels_.end())
      flush(*i->second);
}

void live_feed::flush(channel& x) {
  const auto filter = x.filter;
  auto parts
    = split(std::exchange(x.waiting, {}), context_.config.stream_bytes_max);
  for (size_t i = 0; i < parts.size(); ++i) {
    auto where = channels_.find(filter);
    if (where == channels_.end() || where->second.get() != &x)
      return; // Nobody is left.
    uint64_t seen = 0;
    for (const auto& message : parts[i])
      seen = std::max(seen, message->number);
    if (i + 1 == parts.size())
      seen = x.seen;
    live_batch batch{std::move(parts[i])};
    const auto taps = x.taps;
    for (auto* tap : taps)
      if (auto j = by_tap_.find(tap); j != by_tap_.end() && j->second == &x)
        tap->deliver(batch, seen);
  }
}

// -- what is said from time to time -------------------------------------------

void live_feed::tell_stats() {
  stats_changed_ = false;
  say({}, live_type::job_stats, {}, stats_payload(*totals_, now()));
  stats_quiet_ = true;
  context_.after(context_.config.live.stats_interval,
                 [this, weak = std::weak_ptr<bool>{alive_}] {
                   if (weak.expired())
                     return;
                   stats_quiet_ = false;
                   if (stats_changed_) // The last change is always told.
                     tell_stats();
                 });
}

void live_feed::tell_spawned() {
  const auto at = now();
  for (const auto& [parent, x] : std::exchange(spawned_, {}))
    say(x.manager ? x.manager : x.newest, live_type::job_spawn, x.parent,
        spawn_payload(x, at));
  spawned_quiet_ = true;
  context_.after(context_.config.live.spawn_interval,
                 [this, weak = std::weak_ptr<bool>{alive_}] {
                   if (weak.expired())
                     return;
                   spawned_quiet_ = false;
                   if (!spawned_.empty())
                     tell_spawned();
                 });
}

void live_feed::tell_status() {
  if (totals_)
    say({}, live_type::status, {}, status_payload(*totals_, {}, now()));
}

void live_feed::arm_status() {
  if (std::exchange(status_armed_, true))
    return;
  context_.after(context_.config.live.status_interval,
                 [this, weak = std::weak_ptr<bool>{alive_}] {
                   if (weak.expired())
                     return;
                   status_armed_ = false;
                   if (clients_.empty())
                     return;
                   tell_status();
                   arm_status();
                 });
}

// -- clients ------------------------------------------------------------------

bool live_feed::is_full() const {
  return clients_.size() >= context_.config.live.clients_max;
}

bool live_feed::enter(const void* who, std::shared_ptr<void> keep,
                      std::function<void()> close) {
  if (is_full())
    return false;
  clients_.emplace(who, client{std::move(keep), std::move(close)});
  arm_status();
  pull();
  return true;
}

void live_feed::leave(const void* who) {
  auto i = clients_.find(who);
  if (i == clients_.end())
    return;
  // It may be in the middle of a call: it ends after that.
  context_.after(std::chrono::milliseconds{0}, [keep = i->second.keep] {});
  clients_.erase(i);
}

void live_feed::close_all() {
  flush();
  auto all = std::exchange(clients_, {});
  for (auto& [who, x] : all)
    x.close();
}

} // namespace quaero
