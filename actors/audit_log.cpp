#include "actors/audit_log.hpp"

#include "actors/deadlines.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

bool is_refusal(const audit_record& x) {
  return x.status == 401 || x.status == 403 || x.status == 429;
}

} // namespace

void audit_log_state::on_put(audit_block& block) {
  for (auto& x : block.records) {
    if (waiting.size() == config.waiting_records_max)
      ++lost;
    else
      waiting.push_back(std::move(x));
  }
  if (!committing)
    write();
}

void audit_log_state::write() {
  if (waiting.empty())
    return;
  auto change = std::make_shared<commit>();
  change->level = std::all_of(waiting.begin(), waiting.end(), is_refusal)
                    ? durability::buffered
                    : durability::group;
  for (auto& x : waiting) {
    x.sequence = range.next++;
    storage::put_audit_record(change->ops, x);
  }
  waiting.clear();
  trim(change->ops);
  committing = true;
  self->request(store, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this] {
        committing = false;
        write();
      },
      [this](caf::error& e) { self->quit(std::move(e)); });
}

bool audit_log_state::is_old(uint64_t sequence) const {
  audit_record x;
  return storage::read_audit_record(*db, sequence, x).ok()
         && x.at + config.age_max < clock->now();
}

void audit_log_state::trim(storage::write_batch& out) {
  const auto stop
    = std::min(range.next, range.first + config.trimmed_records_max);
  auto first = range.first;
  while (first < stop
         && (range.next - first > config.records_max || is_old(first)))
    ++first;
  if (first == range.first)
    return;
  storage::trim_audit(out, range.first, first);
  range.first = first;
}

caf::result<audit_page>
audit_log_state::on_list(const audit_query& query) const {
  audit_page out;
  auto result = storage::read_audit(*db, range.first, query.before, query.limit,
                                    out.records);
  if (!result.ok())
    return make_error(ec::storage_failed, result.message);
  out.total = range.next - range.first;
  if (out.records.size() == query.limit
      && out.records.back().sequence > range.first)
    out.next = out.records.back().sequence;
  return out;
}

actor_status audit_log_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"records", static_cast<int64_t>(range.next - range.first)},
           {"waiting", static_cast<int64_t>(waiting.size())},
           {"lost", lost}}};
}

audit_log_actor::behavior_type
audit_log(audit_log_actor::stateful_pointer<audit_log_state> self,
          audit_log_config config, std::shared_ptr<const storage::store> db,
          store_actor store, const wall_clock* clock) {
  auto& st = self->state;
  auto result = storage::read_audit_range(*db, st.range);
  if (config.records_max == 0 || config.age_max.count() <= 0
      || config.waiting_records_max == 0 || config.trimmed_records_max == 0
      || !result.ok()) {
    self->quit(make_error(ec::invalid_config, "audit log: " + result.message));
    return audit_log_actor::behavior_type::make_empty_behavior();
  }
  st.config = config;
  st.db = std::move(db);
  st.store = std::move(store);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::put, audit_block& x) { self->state.on_put(x); },
    [self](atom::list, const audit_query& x) { return self->state.on_list(x); },
  };
}

} // namespace quaero
