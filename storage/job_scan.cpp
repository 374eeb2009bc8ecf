#include "storage/job_scan.hpp"

#include "storage/codec.hpp"
#include "storage/keys.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace quaero::storage {

namespace {

constexpr size_t id_bytes = 16;
constexpr size_t half_bytes = 8;

// -- postings -----------------------------------------------------------------

/// Holds one bucket, all blocks whose ids share a head, and walks from bucket
/// to bucket. Blocks of a bucket overlap, so it is read as a whole.
class posting_stream final : public id_stream {
public:
  posting_stream(const store& db, std::string prefix, bool descending)
    : at_{db.scan()}, prefix_{std::move(prefix)}, descending_{descending} {}

  void seek(const job_id& from) override {
    const auto wanted = halve(from);
    if (loaded_ && head_ == wanted.head) {
      skip_to(wanted.tail);
      if (valid())
        return;
      load_next();
      return;
    }
    if (loaded_ && (descending_ ? head_ < wanted.head : head_ > wanted.head))
      return; // already behind
    // The last or the first key with this head, whatever its tail.
    auto key = prefix_ + std::string{from.view().substr(0, half_bytes)};
    if (descending_)
      at_->seek_back(key.append(half_bytes, '\xff'));
    else
      at_->seek(key);
    load_next();
    if (loaded_ && head_ == wanted.head) {
      skip_to(wanted.tail);
      if (!valid())
        load_next();
    }
  }

  void next() override {
    if (++index_ == tails_.size())
      load_next();
  }

  bool valid() const override { return loaded_ && index_ < tails_.size(); }
  job_id id() const override { return join({head_, tails_[index_]}); }
  status state() const override { return error_.ok() ? at_->state() : error_; }

private:
  bool in_list() const {
    return at_->valid() && at_->key().size() == prefix_.size() + id_bytes
           && at_->key().starts_with(prefix_);
  }

  uint64_t head_of_key() const {
    return halve(job_id_from_bytes(at_->key().substr(prefix_.size()))).head;
  }

  void skip_to(uint64_t tail) {
    auto first = tails_.begin() + static_cast<ptrdiff_t>(index_);
    auto found = descending_ ? std::lower_bound(first, tails_.end(), tail,
                                                std::greater<uint64_t>{})
                             : std::lower_bound(first, tails_.end(), tail);
    index_ = static_cast<size_t>(found - tails_.begin());
  }

  /// Reads the bucket that the cursor is at and moves it behind.
  void load_next() {
    tails_.clear();
    index_ = 0;
    loaded_ = in_list();
    if (!loaded_)
      return;
    head_ = head_of_key();
    for (; in_list() && head_of_key() == head_;
         descending_ ? at_->prev() : at_->next())
      if (!decode_block(at_->val(), tails_)) {
        error_ = damaged(at_->key());
        loaded_ = false;
        return;
      }
    if (descending_)
      std::sort(tails_.begin(), tails_.end(), std::greater<uint64_t>{});
    else if (!std::is_sorted(tails_.begin(), tails_.end()))
      std::sort(tails_.begin(), tails_.end());
  }

  std::unique_ptr<cursor> at_; ///< Behind the bucket that is loaded.
  std::string prefix_;
  bool descending_;
  bool loaded_ = false;
  uint64_t head_ = 0;
  std::vector<uint64_t> tails_; ///< In the order of the walk.
  size_t index_ = 0;
  status error_;
};

// -- tables whose keys end in an id -------------------------------------------

class key_stream final : public id_stream {
public:
  key_stream(const store& db, std::string prefix, bool descending)
    : at_{db.scan()}, prefix_{std::move(prefix)}, descending_{descending} {}

  void seek(const job_id& from) override {
    if (started_ && (!valid() || (descending_ ? id() <= from : id() >= from)))
      return;
    started_ = true;
    auto key = prefix_ + std::string{from.view()};
    if (descending_)
      at_->seek_back(key);
    else
      at_->seek(key);
  }

  void next() override { descending_ ? at_->prev() : at_->next(); }

  bool valid() const override {
    return started_ && at_->valid()
           && at_->key().size() == prefix_.size() + id_bytes
           && at_->key().starts_with(prefix_);
  }

  job_id id() const override {
    return job_id_from_bytes(at_->key().substr(prefix_.size()));
  }

  status state() const override { return at_->state(); }

private:
  std::unique_ptr<cursor> at_;
  std::string prefix_;
  bool descending_;
  bool started_ = false;
};

// -- a list -------------------------------------------------------------------

class list_stream final : public id_stream {
public:
  list_stream(std::vector<job_id> ids, bool descending)
    : ids_{std::move(ids)}, descending_{descending} {
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
    if (descending_)
      std::reverse(ids_.begin(), ids_.end());
  }

  void seek(const job_id& from) override {
    started_ = true;
    auto first = ids_.begin() + static_cast<ptrdiff_t>(index_);
    auto found = descending_ ? std::lower_bound(first, ids_.end(), from,
                                                std::greater<job_id>{})
                             : std::lower_bound(first, ids_.end(), from);
    index_ = static_cast<size_t>(found - ids_.begin());
  }

  void next() override { ++index_; }
  bool valid() const override { return started_ && index_ < ids_.size(); }
  job_id id() const override { return ids_[index_]; }
  status state() const override { return {}; }

private:
  std::vector<job_id> ids_;
  bool descending_;
  bool started_ = false;
  size_t index_ = 0;
};

bool is_descending(list_order x) {
  return x == list_order::newest_first;
}

/// The next id in the order; false behind the last there can be.
bool step(job_id& x, bool descending) {
  for (size_t i = x.bytes.size(); i > 0; --i) {
    auto& byte = x.bytes[i - 1];
    if (descending ? byte-- != 0 : ++byte != 0)
      return true;
  }
  return false;
}

} // namespace

id_stream_ptr scan_postings(const store& db, facet about, std::string_view text,
                            job_status kind, list_order order) {
  return std::make_unique<posting_stream>(db, posting_prefix(about, text, kind),
                                          is_descending(order));
}

id_stream_ptr scan_children(const store& db, const job_id& parent,
                            list_order order) {
  return std::make_unique<key_stream>(
    db, std::string{fixed_key{table::children}.add(parent).view()},
    is_descending(order));
}

id_stream_ptr scan_roots(const store& db, list_order order) {
  return scan_postings(db, facet::roots, {}, job_status::pending, order);
}

id_stream_ptr scan_dead_letters(const store& db, failure_reason why,
                                list_order order) {
  const auto prefix
    = fixed_key{table::dead_letters}.add_byte(static_cast<uint8_t>(why));
  return std::make_unique<key_stream>(db, std::string{prefix.view()},
                                      is_descending(order));
}

id_stream_ptr scan_ids(std::vector<job_id> ids, list_order order) {
  return std::make_unique<list_stream>(std::move(ids), is_descending(order));
}

// -- all of several -----------------------------------------------------------

void job_scan::want(std::vector<id_stream_ptr> any_of) {
  wanted_.push_back(std::move(any_of));
}

void job_scan::exclude(std::vector<id_stream_ptr> any_of) {
  excluded_.push_back(std::move(any_of));
}

void job_scan::keep_within(const job_id& lowest, const job_id& highest) {
  first_ = descending() ? highest : lowest;
  last_ = descending() ? lowest : highest;
}

bool job_scan::start(job_id& from) const {
  from = reached_;
  if (from) {
    if (!step(from, descending()))
      return false;
  } else {
    from.bytes.fill(descending() ? 0xff : 0);
  }
  if (first_ && behind(first_, from))
    from = first_;
  return true;
}

bool job_scan::seek(group& x, const job_id& from, job_id& at) const {
  bool found = false;
  for (auto& one : x) {
    one->seek(from);
    if (one->valid() && (!found || behind(at, one->id()))) {
      at = one->id();
      found = true;
    }
  }
  return found && !(last_ && behind(at, last_));
}

// Asks one group after the other for what comes from where the others are.
job_scan::outcome job_scan::agree(job_id& from, uint64_t& budget) {
  size_t agreed = 0;
  for (size_t i = 0; agreed < wanted_.size(); i = (i + 1) % wanted_.size()) {
    if (budget == 0)
      return outcome::limit;
    --budget;
    job_id at;
    if (!seek(wanted_[i], from, at))
      return state().ok() ? outcome::end : outcome::failed;
    if (at == from) {
      ++agreed;
      continue;
    }
    agreed = 1;
    from = at;
    // Nothing lies between: all before this one has been looked at.
    reached_ = at;
    step(reached_, !descending());
  }
  return outcome::found;
}

job_scan::outcome job_scan::next(uint64_t& budget, job_id& out) {
  job_id from;
  while (start(from)) {
    if (auto found = agree(from, budget); found != outcome::found)
      return found;
    reached_ = from;
    bool excluded = false;
    for (auto& x : excluded_) {
      job_id at;
      excluded |= seek(x, from, at) && at == from;
    }
    if (!state().ok())
      return outcome::failed;
    if (!excluded) {
      out = from;
      return outcome::found;
    }
  }
  return outcome::end;
}

status job_scan::state() const {
  for (const auto* groups : {&wanted_, &excluded_})
    for (const auto& x : *groups)
      for (const auto& one : x)
        if (auto result = one->state(); !result.ok())
          return result;
  return {};
}

// -- roots --------------------------------------------------------------------

status read_roots(const store& db, const job_id& before, size_t limit,
                  std::vector<job_id>& out) {
  out.clear();
  job_scan scan{list_order::newest_first, before};
  std::vector<id_stream_ptr> roots;
  roots.push_back(scan_roots(db, scan.order()));
  scan.want(std::move(roots));
  auto budget = UINT64_MAX;
  job_id id;
  while (out.size() < limit
         && scan.next(budget, id) == job_scan::outcome::found)
    out.push_back(id);
  return scan.state();
}

} // namespace quaero::storage
