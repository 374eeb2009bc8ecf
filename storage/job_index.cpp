#include "storage/job_index.hpp"

#include "definitions/json.hpp"
#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/table_checks.hpp"

#include <algorithm>
#include <iterator>

namespace quaero::storage {

namespace {

/// A queue that nearly every job is in: its postings would be all there is.
constexpr std::string_view default_queue = "default";

/// Larger blocks are cheaper to write and dearer to find something in.
constexpr size_t block_ids_max = 1024;

constexpr size_t half_bytes = 8;

/// The letter of a facet, its text, and nothing of the table.
std::string facet_key(facet about, std::string_view text) {
  std::string out(1, static_cast<char>(about));
  put_string(out, text);
  return out;
}

std::string counts_key(std::string_view facet_key) {
  return text_key(table::job_counts, facet_key);
}

void append_be64(std::string& out, uint64_t x) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(x >> shift));
}

uint64_t read_be64(std::string_view in) {
  uint64_t out = 0;
  for (size_t i = 0; i < half_bytes; ++i)
    out = out << 8 | static_cast<uint8_t>(in[i]);
  return out;
}

std::string bucket_of(std::string_view facet_key, size_t kind, uint64_t head) {
  auto out = text_key(table::job_postings, facet_key);
  put_byte(out, static_cast<uint8_t>(kind));
  append_be64(out, head);
  return out;
}

std::string encode_block(const uint64_t* first, const uint64_t* last) {
  std::string out;
  out.reserve(1 + static_cast<size_t>(last - first) * half_bytes);
  put_byte(out, record_version);
  for (; first != last; ++first)
    append_be64(out, *first);
  return out;
}

status read_counts(const store& db, std::string_view facet_key,
                   state_counts& out) {
  out = {};
  auto result
    = read_record(db, counts_key(facet_key), [&](std::string_view val) {
        return decode_job_counts(val, out);
      });
  return result.code == errc::not_found ? status{} : result;
}

} // namespace

std::string_view indexed_queue(const queue_job& x) {
  const bool queued = x.type != manager_job_type && x.type != step_job_type;
  return queued ? std::string_view{x.queue} : std::string_view{};
}

job_facets facets_of(const queue_job& x) {
  return {x.manager_id, x.type, std::string{indexed_queue(x)}, x.tags,
          !x.parent_id};
}

run_facets run_facets_of(const queue_job& manager) {
  run_facets out;
  value x;
  std::string error;
  if (parse_json(manager.metadata, x, error))
    out.definition = x.get_string("job_definition_id").value_or("");
  if (!parse_json(manager.config, x, error))
    return out;
  const auto* definition = x.find("definition");
  const auto* tags = definition != nullptr ? definition->find("tags") : nullptr;
  if (tags != nullptr && tags->is_array())
    for (const auto& tag : tags->as_array())
      if (tag.is_string())
        out.tags.push_back(tag.as_string());
  return out;
}

status read_job_counts(const store& db, facet about, std::string_view text,
                       state_counts& out) {
  return read_counts(db, facet_key(about, text), out);
}

// -- keys ---------------------------------------------------------------------

id_halves halve(const job_id& x) {
  return {read_be64(x.view()), read_be64(x.view().substr(half_bytes))};
}

job_id join(const id_halves& x) {
  std::string bytes;
  append_be64(bytes, x.head);
  append_be64(bytes, x.tail);
  return job_id_from_bytes(bytes);
}

std::string posting_prefix(facet about, std::string_view text,
                           job_status kind) {
  auto out = text_key(table::job_postings, facet_key(about, text));
  put_byte(out, static_cast<uint8_t>(kind));
  return out;
}

bool decode_block(std::string_view val, std::vector<uint64_t>& tails) {
  if (val.empty() || static_cast<uint8_t>(val[0]) != record_version
      || val.size() % half_bytes != 1)
    return false;
  for (val.remove_prefix(1); !val.empty(); val.remove_prefix(half_bytes))
    tails.push_back(read_be64(val));
  return true;
}

// -- writing ------------------------------------------------------------------

job_index_writer::job_index_writer(const store& db, job_index_config config)
  : db_{db}, config_{config} {}

bool decode_job_counts(std::string_view val, state_counts& out) {
  record_reader in{val};
  in.expect(record_version);
  if (in.take_varint() != out.size())
    in.fail();
  for (auto& x : out)
    x = in.take_varint();
  return in.done();
}

bool parse_posting(std::string_view key, posting& out) {
  constexpr size_t end_bytes = 1 + 2 * half_bytes; // Kind, head, last.
  if (key.size() <= 1 + end_bytes)
    return false;
  const auto end = key.substr(key.size() - end_bytes);
  if (static_cast<uint8_t>(end[0]) >= job_status_count)
    return false;
  out.facet = key.substr(1, key.size() - 1 - end_bytes);
  out.kind = static_cast<job_status>(end[0]);
  out.head = read_be64(end.substr(1));
  return true;
}

facet_keys facet_keys_of(const job_facets& job, const run_facets& run) {
  facet_keys x;
  x.keys.push_back(facet_key(facet::all, {}));
  x.keys.push_back(facet_key(facet::type, job.type));
  if (!run.definition.empty())
    x.keys.push_back(facet_key(facet::definition, run.definition));
  auto tags = job.tags;
  tags.insert(tags.end(), run.tags.begin(), run.tags.end());
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  for (const auto& tag : tags)
    x.keys.push_back(facet_key(facet::tag, tag));
  if (!job.queue.empty() && job.queue != default_queue)
    x.keys.push_back(facet_key(facet::queue, job.queue));
  if (job.root) {
    x.keys.push_back(facet_key(facet::roots, {}));
    ++x.made_only;
  }
  if (job.queue == default_queue) {
    x.keys.push_back(facet_key(facet::queue, job.queue));
    ++x.counts_only;
  }
  return x;
}

uint32_t job_index_writer::name(const job_facets& job, const run_facets& run) {
  groups_.emplace_back().facets = facet_keys_of(job, run);
  return static_cast<uint32_t>(groups_.size() - 1);
}

void job_index_writer::add(uint32_t facets, const job_id& id) {
  auto& x = groups_[facets];
  ++x.change[static_cast<size_t>(job_status::pending)];
  x.ids[static_cast<size_t>(job_status::pending)].push_back(id);
}

void job_index_writer::move(uint32_t facets, const job_id& id, job_status from,
                            job_status to) {
  auto& x = groups_[facets];
  --x.change[static_cast<size_t>(from)];
  ++x.change[static_cast<size_t>(to)];
  if (is_terminal(to) && from != to)
    x.ids[static_cast<size_t>(to)].push_back(id);
}

void job_index_writer::remove(uint32_t facets, const job_id& id,
                              job_status state) {
  auto& x = groups_[facets];
  --x.change[static_cast<size_t>(state)];
  const auto halves = halve(id);
  auto take_off = [&](job_status kind) {
    for (size_t i = 0; i < x.facets.listed(kind); ++i)
      removals_[bucket_of(x.facets.keys[i], static_cast<size_t>(kind),
                          halves.head)]
        .push_back(halves.tail);
  };
  take_off(job_status::pending);
  if (is_terminal(state))
    take_off(state);
}

job_index_writer::kept_counts*
job_index_writer::counts_of(const std::string& facet_key, status& error) {
  auto [i, added] = kept_.try_emplace(facet_key);
  if (added) {
    auto result = read_counts(db_, facet_key, i->second.counts);
    if (!result.ok())
      error = result;
  }
  i->second.commit = commits_;
  return &i->second;
}

void job_index_writer::put_counts(const group& x, write_batch& out,
                                  status& error) {
  const bool changed = std::any_of(x.change.begin(), x.change.end(),
                                   [](int64_t n) { return n != 0; });
  if (!changed)
    return;
  for (const auto& key : x.facets.keys) {
    auto* kept = counts_of(key, error);
    auto& val = out.begin_put(counts_key(key));
    put_byte(val, record_version);
    put_varint(val, kept->counts.size());
    for (size_t i = 0; i < kept->counts.size(); ++i)
      put_varint(val, kept->counts[i] += static_cast<uint64_t>(x.change[i]));
    out.end_put();
  }
}

void job_index_writer::put_ids(group& x, size_t kind, write_batch& out) {
  auto& ids = x.ids[kind];
  if (!std::is_sorted(ids.begin(), ids.end()))
    std::sort(ids.begin(), ids.end());
  std::vector<uint64_t> tails;
  for (size_t i = 0; i < ids.size();) {
    tails.clear();
    const auto head = halve(ids[i]).head;
    for (; i < ids.size() && tails.size() < block_ids_max; ++i) {
      const auto halves = halve(ids[i]);
      if (halves.head != head)
        break;
      tails.push_back(halves.tail);
    }
    // The same for every facet: packed once.
    const auto val = encode_block(tails.data(), tails.data() + tails.size());
    const auto listed = x.facets.listed(static_cast<job_status>(kind));
    for (size_t f = 0; f < listed; ++f) {
      auto key = bucket_of(x.facets.keys[f], kind, head);
      append_be64(key, tails.back());
      out.put(key, val);
    }
  }
}

void job_index_writer::put_block(std::string key, std::string val,
                                 write_batch& out) {
  out.put(key, val);
  rewritten_[std::move(key)] = {commits_, std::move(val)};
}

void job_index_writer::remove_block(std::string key, write_batch& out) {
  out.remove(key);
  rewritten_[std::move(key)] = {commits_, {}};
}

void job_index_writer::remove_ids(const std::string& bucket,
                                  std::vector<uint64_t>& tails, cursor& at,
                                  write_batch& out, status& error) {
  std::map<std::string, std::string> blocks;
  for (at.seek(bucket); at.valid() && at.key().starts_with(bucket); at.next())
    blocks.emplace(at.key(), at.val());
  if (!at.state().ok())
    error = at.state();
  for (auto i = rewritten_.lower_bound(bucket);
       i != rewritten_.end() && i->first.starts_with(bucket); ++i)
    blocks[i->first] = i->second.second;
  std::sort(tails.begin(), tails.end());
  for (const auto& [key, val] : blocks) {
    if (val.empty())
      continue;
    std::vector<uint64_t> old;
    if (!decode_block(val, old)) {
      error = damaged(key);
      continue;
    }
    std::vector<uint64_t> left;
    std::set_difference(old.begin(), old.end(), tails.begin(), tails.end(),
                        std::back_inserter(left));
    if (left.size() == old.size())
      continue;
    if (left.empty() || left.back() != old.back())
      remove_block(key, out);
    if (left.empty())
      continue;
    auto moved = bucket;
    append_be64(moved, left.back());
    put_block(std::move(moved),
              encode_block(left.data(), left.data() + left.size()), out);
  }
}

// -- dead letters -------------------------------------------------------------

std::string dead_letter_facet(failure_reason why) {
  return facet_key(facet::dead, to_string(why));
}

namespace {

constexpr auto dead_count = static_cast<size_t>(job_status::failed);

} // namespace

void job_index_writer::bury(failure_reason why, const job_id& id) {
  dead_.push_back({why, id, true});
}

void job_index_writer::raise(failure_reason why, const job_id& id) {
  dead_.push_back({why, id, false});
}

void job_index_writer::put_dead(write_batch& out, status& error) {
  std::array<int64_t, failure_reason_count> change{};
  for (const auto& x : dead_) {
    const auto key = fixed_key{table::dead_letters}
                       .add_byte(static_cast<uint8_t>(x.why))
                       .add(x.id);
    if (x.dead)
      out.put(key, {});
    else
      out.remove(key);
    change[static_cast<size_t>(x.why)] += x.dead ? 1 : -1;
  }
  for (size_t i = 0; i < change.size(); ++i) {
    if (change[i] == 0)
      continue;
    const auto key = dead_letter_facet(static_cast<failure_reason>(i));
    auto* kept = counts_of(key, error);
    kept->counts[dead_count] += static_cast<uint64_t>(change[i]);
    auto& val = out.begin_put(counts_key(key));
    put_byte(val, record_version);
    put_varint(val, kept->counts.size());
    for (auto n : kept->counts)
      put_varint(val, n);
    out.end_put();
  }
  dead_.clear();
}

status job_index_writer::dead_letters(reason_counts& out) {
  status error;
  out = {};
  for (size_t i = 1; i < out.size(); ++i)
    out[i] = counts_of(dead_letter_facet(static_cast<failure_reason>(i)), error)
               ->counts[dead_count];
  return error;
}

void job_index_writer::forget_stored() {
  std::erase_if(rewritten_,
                [this](const auto& x) { return x.second.first <= stored_; });
  if (kept_.size() > config_.counts_kept_max)
    std::erase_if(kept_,
                  [this](const auto& x) { return x.second.commit <= stored_; });
}

status job_index_writer::finish(write_batch& out) {
  ++commits_;
  status error;
  for (auto& x : groups_) {
    put_counts(x, out, error);
    for (size_t kind = 0; kind < kinds; ++kind)
      if (!x.ids[kind].empty())
        put_ids(x, kind, out);
  }
  if (!removals_.empty()) {
    auto at = db_.scan();
    for (auto& [bucket, tails] : removals_)
      remove_ids(bucket, tails, *at, out, error);
  }
  put_dead(out, error);
  groups_.clear();
  removals_.clear();
  forget_stored();
  return error;
}

} // namespace quaero::storage
