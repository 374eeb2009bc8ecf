#include "actors/gateway/log_merge.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace quaero {

namespace {

constexpr size_t part_min = 64;
constexpr int cursor_base = 36;

char direction(bool newest) {
  return newest ? 'd' : 'a';
}

} // namespace

log_merge::log_merge(exchange_ptr ex, std::vector<log_source> sources,
                     merge_query query)
  : ex_{std::move(ex)}, query_{std::move(query)} {
  for (auto& x : sources)
    logs_.emplace_back().source = std::move(x);
  auto share = 2 * query_.limit / std::max<size_t>(1, logs_.size());
  part_ = std::min(query_.limit + 1, std::max(part_min, share));
}

void log_merge::start(handler done) {
  if (!read_cursor())
    return ex_->reply(make_problem(
      400, "invalid_argument", "cursor: is not one that was answered",
      value::make_object({{"parameter", "cursor"}})));
  done_ = std::move(done);
  go_on();
}

// "a.5.0.1k": the direction, then a position for each log.
bool log_merge::read_cursor() {
  std::string_view rest = query_.cursor;
  if (rest.empty())
    return true;
  if (rest.front() != direction(query_.newest))
    return false;
  rest.remove_prefix(1);
  for (size_t i = 0; !rest.empty(); ++i) {
    if (rest.front() != '.' || i >= logs_.size())
      return false;
    rest.remove_prefix(1);
    auto& x = logs_[i];
    auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(),
                                         x.position, cursor_base);
    if (failed != std::errc{})
      return false;
    x.fetched = x.position;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  }
  return true;
}

std::string log_merge::write_cursor() const {
  std::string out(1, direction(query_.newest));
  for (const auto& x : logs_) {
    char digits[16];
    auto end
      = std::to_chars(digits, digits + sizeof(digits), x.position, cursor_base)
          .ptr;
    out += '.';
    out.append(digits, end);
  }
  return out;
}

// Takes lines while every log shows its next one; reads on where one does not.
void log_merge::go_on() {
  ++open_; // This very call; an actor may not answer before it is over.
  bool taken = true;
  while (taken && out_.lines.size() < query_.limit) {
    for (auto& x : logs_)
      if (x.waiting.empty() && !x.exhausted)
        fetch(x);
    taken = open_ == 1 && take_one();
  }
  // Even a full page needs to know whether there is more.
  if (open_ == 1)
    for (auto& x : logs_)
      if (x.waiting.empty() && !x.exhausted)
        fetch(x);
  if (--open_ > 0)
    return;
  const bool more = std::any_of(logs_.begin(), logs_.end(), [](const auto& x) {
    return !x.waiting.empty();
  });
  if (more)
    out_.next_cursor = write_cursor();
  done_(out_);
}

bool log_merge::take_one() {
  state* best = nullptr;
  for (auto& x : logs_) {
    if (x.waiting.empty())
      continue;
    if (!best)
      best = &x;
    const auto mine = x.waiting.front().sequence;
    const auto other = best->waiting.front().sequence;
    if (query_.newest ? mine > other : mine < other)
      best = &x;
  }
  if (!best)
    return false;
  best->position = best->waiting.front().index;
  out_.lines.push_back(std::move(best->waiting.front()));
  best->waiting.pop_front();
  return true;
}

void log_merge::fetch(state& x) {
  ++open_;
  storage::log_query wanted;
  wanted.level = query_.level;
  wanted.limit = part_;
  wanted.newest = query_.newest;
  (query_.newest ? wanted.before : wanted.after) = x.fetched;
  auto self = shared_from_this();
  auto* log = &x;
  auto ok = [self, log](log_page& page) { self->on_page(*log, page); };
  auto bad = [self, log](const caf::error& e) { self->on_error(*log, e); };
  const auto& reader = ex_->actors().reader;
  if (x.source.own_lines)
    ex_->ask_or<log_page>(reader, ok, bad, atom::log_v, atom::get_v,
                          x.source.id, wanted);
  else
    ex_->ask_or<log_page>(reader, ok, bad, atom::log_v, x.source.id, wanted);
}

void log_merge::on_page(state& x, log_page& page) {
  if (!x.asked_before)
    out_.total += page.total;
  x.asked_before = true;
  x.exhausted = page.lines.size() < part_;
  if (query_.newest)
    std::reverse(page.lines.begin(), page.lines.end());
  if (!page.lines.empty())
    x.fetched = page.lines.back().index;
  // The first line of all has nothing before it, and 0 would mean no bound.
  if (query_.newest && x.fetched <= 1)
    x.exhausted = true;
  std::move(page.lines.begin(), page.lines.end(),
            std::back_inserter(x.waiting));
  if (--open_ == 0)
    go_on();
}

void log_merge::on_error(state& x, const caf::error& why) {
  if (why != caf::error{ec::not_found})
    return ex_->fail(why);
  x.exhausted = true; // A log that is gone has no lines.
  if (--open_ == 0)
    go_on();
}

} // namespace quaero
