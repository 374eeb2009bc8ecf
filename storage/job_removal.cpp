#include "storage/keys.hpp"
#include "storage/life_tables.hpp"

#include <functional>

namespace quaero::storage {

namespace {

/// Removes what it is shown, up to a number of keys.
struct key_remover {
  write_batch& out;
  size_t limit;
  size_t removed = 0;
  std::string last = {}; ///< The last key removed.

  bool operator()(std::string_view key, std::string_view) {
    if (removed == limit)
      return false;
    out.remove(key);
    last = key;
    ++removed;
    return true;
  }

  bool all() const { return removed < limit; }
};

uint64_t number_at_end(std::string_view key) {
  uint64_t result = 0;
  for (auto c : key.substr(key.size() - 8))
    result = result << 8 | static_cast<uint8_t>(c);
  return result;
}

} // namespace

namespace {

status remove_index(const store& db, const job_id& job, line_removal& at,
                    key_remover& remove) {
  const auto prefix = fixed_key{table::job_log}.add(job);
  auto from = prefix;
  from.add_be64(at.sequence + 1);
  remove.last.clear();
  auto result = for_each(db, prefix, std::ref(remove), from);
  at.index_done = remove.all();
  if (!remove.last.empty())
    at.sequence = number_at_end(remove.last);
  return result;
}

status remove_log(const store& db, const job_id& job, line_removal& at,
                  key_remover& remove) {
  const auto prefix = fixed_key{table::log}.add(job);
  auto end = prefix;
  end.add_be64(at.before);
  remove.last.clear();
  auto result = for_each_reverse(db, prefix, std::ref(remove),
                                 at.before ? end.view() : std::string_view{});
  at.log_done = remove.all();
  if (!remove.last.empty())
    at.before = number_at_end(remove.last);
  return result;
}

} // namespace

status remove_lines(const store& db, const job_id& job, size_t limit,
                    line_removal& at, write_batch& out, size_t& removed) {
  key_remover remove{out, limit};
  status result;
  if (!at.index_done)
    result = remove_index(db, job, at, remove);
  if (result.ok() && at.index_done && !at.log_done)
    result = remove_log(db, job, at, remove);
  if (result.ok() && at.log_done) {
    if (at.has_stream)
      result
        = for_each(db, fixed_key{table::run_stream}.add(job), std::ref(remove));
    at.done = result.ok() && (!at.has_stream || remove.all());
  }
  removed = remove.removed;
  return result;
}

status remove_job(const store& db, const queue_job& x, write_batch& out,
                  size_t& removed) {
  key_remover remove{out, SIZE_MAX};
  auto result
    = for_each(db, job_key(x.id), std::ref(remove), event_key(x.id, 0));
  if (!result.ok())
    return result;
  job_label label;
  // One that is damaged goes, too.
  if (!read_label(db, x.id, label).ok() || !label.empty())
    put_label(out, x.id, {});
  if (x.type == manager_job_type)
    remove_active(out, x.id);
  if (x.parent_id)
    out.remove(fixed_key{table::children}.add(x.parent_id).add(x.id));
  out.remove(job_key(x.id));
  removed = remove.removed + 3;
  return {};
}

} // namespace quaero::storage
