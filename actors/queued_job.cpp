#include "actors/queued_job.hpp"

#include <utility>

namespace quaero {

struct queued_jobs::block {
  std::array<queued_job, block_jobs> jobs;
};

queued_jobs::queued_jobs() {
  set_bits(first_bits);
}

queued_jobs::~queued_jobs() = default;

queued_job& queued_jobs::at(uint32_t number) const {
  return blocks_[number / block_jobs]->jobs[number % block_jobs];
}

/// Makes a table of 2^bits slots.
void queued_jobs::set_bits(unsigned bits) {
  auto old
    = std::exchange(table_, std::vector<uint32_t>(size_t{1} << bits, none));
  bits_ = bits;
  for (auto number : old) {
    if (number == none)
      continue;
    auto slot = home_of(at(number).id);
    while (table_[slot] != none)
      slot = behind(slot);
    table_[slot] = number;
  }
}

void queued_jobs::reserve(size_t n) {
  auto bits = bits_;
  while (size_ + n > (size_t{1} << bits) / 4 * 3)
    ++bits;
  if (bits != bits_)
    set_bits(bits);
}

uint32_t queued_jobs::take_number() {
  if (free_ != none)
    return std::exchange(free_, at(free_).scope);
  if (used_ == blocks_.size() * block_jobs)
    blocks_.push_back(std::make_unique<block>());
  return used_++;
}

queued_job& queued_jobs::add(const job_id& id) {
  reserve(1);
  auto slot = home_of(id);
  while (table_[slot] != none)
    slot = behind(slot);
  table_[slot] = take_number();
  ++size_;
  auto& x = at(table_[slot]);
  x = {};
  x.id = id;
  return x;
}

/// That of a job which is there, or a free one.
size_t queued_jobs::slot_of(const job_id& id) const {
  auto slot = home_of(id);
  while (table_[slot] != none && at(table_[slot]).id != id)
    slot = behind(slot);
  return slot;
}

queued_job* queued_jobs::find(const job_id& id) const {
  const auto number = table_[slot_of(id)];
  return number == none ? nullptr : &at(number);
}

void queued_jobs::remove(queued_job& x) {
  auto hole = slot_of(x.id);
  const auto number = table_[hole];
  x.body.reset();
  x.scope = std::exchange(free_, number);
  // Those behind it move up, or a search for them would end here.
  for (auto slot = behind(hole); table_[slot] != none; slot = behind(slot)) {
    const auto home = home_of(at(table_[slot]).id);
    const auto mask = table_.size() - 1;
    if (((slot - home) & mask) >= ((slot - hole) & mask))
      table_[std::exchange(hole, slot)] = table_[slot];
  }
  table_[hole] = none;
  if (--size_ != 0)
    return;
  // What a backlog has taken goes with it; what a usual day takes stays.
  used_ = 0;
  free_ = none;
  if (bits_ <= kept_bits)
    return;
  blocks_.clear();
  set_bits(first_bits);
}

// -- lanes --------------------------------------------------------------------

ready_lane::group& ready_lane::group_of(const job_id& run) {
  if (!run)
    return alone_;
  if (last_ != nullptr && last_->run == run)
    return *last_;
  last_ = &runs_[run];
  last_->run = run;
  return *last_;
}

/// As the last one before the turn comes round.
void ready_lane::enter_ring(group& x) {
  if (turn_ == nullptr) {
    x.before = x.behind = turn_ = &x;
    return;
  }
  x.behind = turn_;
  x.before = turn_->before;
  x.before->behind = &x;
  turn_->before = &x;
}

void ready_lane::push_back(queued_job& x, const job_id& run) {
  auto& to = group_of(run);
  if (to.jobs.empty())
    enter_ring(to);
  to.jobs.push_back(x);
  ++size_;
}

void ready_lane::push_front(queued_job& x, const job_id& run) {
  auto& to = group_of(run);
  if (to.jobs.empty())
    enter_ring(to);
  to.jobs.push_front(x);
  ++size_;
}

void ready_lane::remove(queued_job& x, const job_id& run) {
  auto& from = group_of(run);
  from.jobs.remove(x);
  --size_;
  if (!from.jobs.empty())
    return;
  if (turn_ == &from)
    turn_ = from.behind == &from ? nullptr : from.behind;
  from.before->behind = from.behind;
  from.behind->before = from.before;
  if (!run)
    return;
  last_ = nullptr;
  runs_.erase(run);
}

} // namespace quaero
