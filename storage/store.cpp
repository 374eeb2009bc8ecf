#include "storage/store.hpp"

namespace quaero::storage {

namespace {

/// Moves to the last key there is. Every key starts below some run of 0xff.
void seek_last(cursor& at) {
  std::string bound(64, '\xff');
  at.seek(bound);
  while (at.valid()) {
    bound.append(bound.size(), '\xff');
    at.seek(bound);
  }
  at.seek_back(bound);
}

/// Moves to the last key below `bound`; an empty bound is none.
void seek_below(cursor& at, std::string_view bound) {
  if (bound.empty()) {
    seek_last(at);
    return;
  }
  at.seek_back(bound);
  if (at.valid() && at.key() == bound)
    at.prev();
}

} // namespace

status
for_each(const store& db, std::string_view prefix,
         const std::function<bool(std::string_view, std::string_view)>& f,
         std::string_view from) {
  auto at = db.scan();
  for (at->seek(from < prefix ? prefix : from);
       at->valid() && at->key().starts_with(prefix); at->next()) {
    if (!f(at->key(), at->val()))
      break;
  }
  return at->state();
}

status for_each_reverse(
  const store& db, std::string_view prefix,
  const std::function<bool(std::string_view, std::string_view)>& f,
  std::string_view before) {
  auto at = db.scan();
  auto end = prefix_end(prefix);
  bool has_bound = !before.empty() && (end.empty() || before < end);
  for (seek_below(*at, has_bound ? before : std::string_view{end});
       at->valid() && at->key().starts_with(prefix); at->prev()) {
    if (!f(at->key(), at->val()))
      break;
  }
  return at->state();
}

std::string prefix_end(std::string_view prefix) {
  std::string result{prefix};
  while (!result.empty() && result.back() == '\xff')
    result.pop_back();
  if (!result.empty())
    result.back() = static_cast<char>(result.back() + 1);
  return result;
}

} // namespace quaero::storage
