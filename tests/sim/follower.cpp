#include "tests/sim/follower.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace quaero::sim {

/// One connection, as the gateway has them.
class follower::connection : public follower_source {
public:
  connection(caf::event_based_actor* self, reader_actor reader,
             event_hub_actor hub, follower& owner)
    : self_{self}, reader_{std::move(reader)}, hub_{std::move(hub)},
      owner_{owner}, stream_{{}, *this, [this](const auto& xs) {
                               return take(xs);
                             }} {}

  void start(uint64_t after) {
    self_->request(hub_, caf::infinite, atom::get_v, UINT64_MAX)
      .then([this, after](const recent_blocks& x) {
        block_ = x.newest;
        pull();
        stream_.start(after);
      });
  }

  void read(const stream_query& query) override {
    auto small = query;
    small.entries_max = 7;
    self_->request(reader_, caf::infinite, atom::events_v, small)
      .then([this](stream_page_ptr& x) { stream_.on_page(std::move(x)); });
  }

  void recall(const job_id& run, uint64_t after, uint64_t since) override {
    self_->request(hub_, caf::infinite, atom::events_v, run, after, since)
      .then([this](const recent_blocks& x) { stream_.on_recent(x); });
  }

  uint64_t block_number() const override { return block_; }

  bool is_live() const { return stream_.now() == stream_follower::state::live; }

  bool is_cut = false;

private:
  size_t take(const std::vector<entry_view>& xs) {
    return is_cut ? 0 : owner_.take(xs);
  }

  void pull() {
    self_->request(hub_, caf::infinite, atom::get_v, block_)
      .then([this](const recent_blocks& x) {
        if (!x.complete && is_live()) {
          stream_.stop();
          stream_.go_on();
        }
        block_ = x.first - 1;
        for (const auto& y : x.blocks) {
          ++block_;
          on_block(*y);
        }
        pull();
      });
  }

  void on_block(const event_block& x) {
    if (!is_live())
      return;
    std::vector<entry_view> fresh;
    add_entries(x, {}, stream_.position(), fresh);
    const auto n = take(fresh);
    if (n > 0)
      stream_.advance(fresh[n - 1].sequence);
    if (n < fresh.size())
      stream_.stop();
  }

  caf::event_based_actor* self_;
  reader_actor reader_;
  event_hub_actor hub_;
  follower& owner_;
  stream_follower stream_;
  uint64_t block_ = 0;
};

size_t follower::take(const std::vector<entry_view>& entries) {
  const auto& committed = facts_.stream();
  for (const auto& x : entries) {
    if (x.sequence != seen_ + 1)
      facts_.fail("P10", "entry " + std::to_string(x.sequence)
                           + " of the stream comes after "
                           + std::to_string(seen_));
    seen_ = x.sequence;
    if (seen_ == 0 || seen_ > committed.size())
      facts_.fail("P10", "entry " + std::to_string(seen_)
                           + " of the stream was not committed");
    else if (x.event == nullptr || x.event->id != committed[seen_ - 1].first
             || x.event->status != committed[seen_ - 1].second)
      facts_.fail("P10", "entry " + std::to_string(seen_)
                           + " of the stream is not what was committed");
  }
  return entries.size();
}

void follower::connect(caf::actor_system& sys, const reader_actor& reader,
                       const event_hub_actor& hub) {
  cut();
  const auto mine = ++number_;
  actor_ = sys.spawn([this, mine, reader, hub](caf::event_based_actor* self) {
    if (mine != number_)
      return; // cut before its first turn
    now_ = std::make_shared<connection>(self, reader, hub, *this);
    self->become(
      [keep = now_](atom::start, uint64_t from) { keep->start(from); });
  });
  caf::anon_send(actor_, atom::start_v, seen_);
}

void follower::cut() {
  ++number_;
  if (now_)
    now_->is_cut = true;
  now_ = nullptr;
  if (actor_)
    caf::anon_send_exit(actor_, caf::exit_reason::kill);
  actor_ = nullptr;
}

void follower::on_restart() {
  seen_ = std::min<uint64_t>(seen_, facts_.stream().size());
}

bool follower::is_live() const {
  return now_ && now_->is_live();
}

} // namespace quaero::sim
