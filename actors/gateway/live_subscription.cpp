#include "actors/gateway/live_subscription.hpp"

#include "actors/deadlines.hpp"
#include "actors/gateway/exchange.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

/// Messages that are written down together while catching up.
constexpr size_t part_messages = 256;

} // namespace

live_subscription::live_subscription(live_feed& feed, live_filter filter,
                                     live_receiver& receiver)
  : feed_{feed}, filter_{filter}, receiver_{&receiver},
    follower_{filter.run, *this,
              [this](const std::vector<entry_view>& x) { return take(x); }} {
  follower_.on_live = [this] { feed_.add(*this, filter_); };
  follower_.on_begun
    = [this](const stream_page& x) { receiver_->on_begun(x.next); };
  follower_.on_reset = [this](uint64_t x) { receiver_->on_reset(x); };
}

live_subscription::~live_subscription() {
  feed_.remove(*this);
}

void live_subscription::start(uint64_t after) {
  if (is_numbered() && after != UINT64_MAX)
    receiver_->on_begun(after);
  feed_.when_ready([this, after, weak = weak_from_this()] {
    if (weak.expired() || !receiver_)
      return;
    if (is_numbered())
      return follower_.start(after);
    feed_.add(*this, filter_);
    receiver_->on_begun(0);
  });
}

void live_subscription::start_behind(const stream_page& page) {
  feed_.when_ready([this, after = page.next, weak = weak_from_this()] {
    if (!weak.expired() && receiver_)
      follower_.start(after);
  });
}

void live_subscription::go_on() {
  if (receiver_ && follower_.now() == stream_follower::state::full)
    follower_.go_on();
}

void live_subscription::stop() {
  receiver_ = nullptr;
  feed_.remove(*this);
}

// -- what comes ---------------------------------------------------------------

void live_subscription::deliver(live_batch& batch, uint64_t seen) {
  if (receiver_->take(batch, position())) {
    if (receiver_)
      follower_.advance(std::max(position(), seen));
    return;
  }
  if (!receiver_)
    return;
  if (!is_numbered()) {
    receiver_->on_gap();
    return;
  }
  feed_.remove(*this);
  follower_.stop();
  if (!receiver_->on_full(position()))
    stop();
}

void live_subscription::on_gap() {
  if (!is_numbered()) {
    receiver_->on_gap();
    return;
  }
  feed_.remove(*this);
  follower_.stop();
  follower_.go_on();
}

size_t live_subscription::take(const std::vector<entry_view>& entries) {
  size_t taken = 0;
  while (receiver_ && taken < entries.size()) {
    std::vector<live_message_ptr> wanted;
    auto i = taken;
    for (; i < entries.size() && wanted.size() < part_messages; ++i)
      if (filter_.wants(entries[i]))
        wanted.push_back(message_of(entries[i], filter_.run));
    const auto end = wanted.empty() ? 0 : wanted.back()->number;
    for (auto& part :
         split(std::move(wanted), feed_.context().config.stream_bytes_max)) {
      const auto last = part.back()->number;
      live_batch batch{std::move(part)};
      if (!receiver_->take(batch, 0))
        return taken;
      if (last == end)
        break;
      while (entries[taken].sequence <= last)
        ++taken;
    }
    taken = i;
  }
  return taken;
}

// -- what is asked ------------------------------------------------------------

void live_subscription::read(const stream_query& query) {
  auto& context = feed_.context();
  context.self
    ->request(context.actors.reader, reader_deadline, atom::events_v, query)
    .then(
      [this, weak = weak_from_this()](stream_page_ptr& page) {
        auto keep = weak.lock();
        if (keep && receiver_)
          follower_.on_page(std::move(page));
      },
      [this, weak = weak_from_this()](const caf::error& why) {
        if (auto keep = weak.lock())
          fail(why);
      });
}

void live_subscription::recall(const job_id& run, uint64_t after,
                               uint64_t since) {
  auto& context = feed_.context();
  context.self
    ->request(context.actors.hub, reader_deadline, atom::events_v, run, after,
              since)
    .then(
      [this, weak = weak_from_this()](const recent_blocks& recent) {
        auto keep = weak.lock();
        if (keep && receiver_)
          follower_.on_recent(recent);
      },
      [this, weak = weak_from_this()](const caf::error& why) {
        if (auto keep = weak.lock())
          fail(why);
      });
}

void live_subscription::fail(const caf::error& why) {
  follower_.on_failure();
  if (receiver_)
    receiver_->on_failure(why);
}

} // namespace quaero
