#include "actors/stream_follower.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

entry_view view_of(const stream_entry& x) {
  if (x.is_line)
    return {x.sequence, &x.line, nullptr, nullptr};
  return {x.sequence, nullptr, &x.event, &x.place};
}

void add_entries(const event_block& block, const job_id& run, uint64_t after,
                 std::vector<entry_view>& out) {
  if (run)
    for (size_t i = 0; i < block.line_numbers.size(); ++i)
      if (block.line_numbers[i] > after
          && stream_of(block.lines[i].line) == run)
        out.push_back(
          {block.line_numbers[i], &block.lines[i], nullptr, nullptr});
  for (size_t i = 0; i < block.event_numbers.size(); ++i) {
    const auto& event = block.events[i];
    const auto& place = block.places[i];
    const auto number = run ? block.event_numbers[i] : block.first_event + i;
    if (number > after && (!run || stream_of(event, place) == run))
      out.push_back({number, nullptr, &event, &place});
  }
}

stream_follower::stream_follower(job_id run, follower_source& source,
                                 taker take)
  : run_{run}, source_{source}, take_{std::move(take)} {}

void stream_follower::start(uint64_t after) {
  position_ = after;
  from_now_ = after == UINT64_MAX;
  if (from_now_)
    return read();
  go_on();
}

void stream_follower::start_behind(const stream_page& page) {
  position_ = page.next;
  go_on();
}

void stream_follower::go_on() {
  if (page_ && !hand_over())
    return;
  // Perhaps it is still remembered: then nothing has to be read.
  state_ = state::asking;
  since_ = UINT64_MAX;
  source_.recall(run_, position_, since_);
}

void stream_follower::read() {
  state_ = state::asking;
  since_ = source_.block_number();
  stream_query query;
  query.run = run_;
  query.after = position_;
  source_.read(query);
}

/// Hands over what is left of the page.
/// @returns whether all was taken.
bool stream_follower::hand_over() {
  std::vector<entry_view> rest;
  for (size_t i = taken_; i < page_->entries.size(); ++i)
    rest.push_back(view_of(page_->entries[i]));
  const auto n = rest.empty() ? 0 : take_(rest);
  if (n > 0)
    position_ = rest[n - 1].sequence;
  taken_ += n;
  if (n < rest.size()) {
    state_ = state::full;
    return false;
  }
  position_ = page_->next;
  page_ = nullptr;
  taken_ = 0;
  return true;
}

void stream_follower::on_page(stream_page_ptr page) {
  if (state_ != state::asking)
    return;
  if (std::exchange(from_now_, false)) {
    position_ = page->next;
    if (on_begun)
      on_begun(*page);
    source_.recall(run_, position_, since_);
    return;
  }
  if (position_ + 1 < page->oldest || position_ > page->last) {
    position_ = std::max(page->oldest - 1, std::min(position_, page->last));
    if (on_reset)
      on_reset(position_);
  }
  const bool at_end = page->next >= page->last;
  page_ = std::move(page);
  if (!hand_over())
    return;
  if (at_end)
    source_.recall(run_, position_, since_);
  else
    read();
}

void stream_follower::on_recent(const recent_blocks& recent) {
  if (state_ != state::asking)
    return;
  if (!recent.complete)
    return read();
  std::vector<entry_view> entries;
  for (const auto& block : recent.blocks)
    add_entries(*block, run_, position_, entries);
  const auto n = entries.empty() ? 0 : take_(entries);
  if (n > 0)
    position_ = entries[n - 1].sequence;
  if (n < entries.size()) {
    state_ = state::full;
    return;
  }
  state_ = state::live;
  if (on_live)
    on_live();
}

} // namespace quaero
