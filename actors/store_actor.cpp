#include "actors/store_actor.hpp"

#include "actors/mutation.hpp"
#include "definitions/kill_point.hpp"
#include "definitions/log.hpp"

#include <utility>

namespace quaero {

ack_promise store_state::on_commit(commit_ptr change) {
  auto reply = self->make_response_promise<void>();
  const bool alone = change->level == durability::each;
  if (alone)
    write_group();
  if (broken) {
    reply.deliver(broken);
    return reply;
  }
  group_bytes += change->ops.bytes();
  group.push_back({std::move(change), reply});
  if (alone || group_bytes >= config.commit_bytes_max) {
    write_group();
  } else if (!armed) {
    armed = true;
    // Lands behind everything that already waits, so all of that joins in.
    self->send(self, atom::flush_v);
  }
  return reply;
}

void store_state::on_flush() {
  armed = false;
  write_group();
}

void store_state::write_group() {
  if (group.empty() || broken)
    return;
  auto batch = std::exchange(group, {});
  group_bytes = 0;
  bool sync = false;
  for (const auto& x : batch)
    sync |= x.change->level != durability::buffered;
  if (mutated(mutation::group_not_synced) && batch.size() > 1)
    sync = false;
  const auto begin = std::chrono::steady_clock::now();
  storage::status result;
  kill_point(kill_at::store_before_write);
  if (batch.size() == 1) {
    result = db->write(batch[0].change->ops, sync);
  } else {
    storage::write_batch joined;
    size_t bytes = 0;
    for (const auto& x : batch)
      bytes += x.change->ops.bytes();
    joined.reserve(bytes);
    for (const auto& x : batch)
      joined.append(x.change->ops);
    result = db->write(joined, sync);
  }
  kill_point(kill_at::store_after_write);
  tell_meter(batch, sync, std::chrono::steady_clock::now() - begin);
  ++writes;
  commits += static_cast<int64_t>(batch.size());
  if (!result.ok())
    fail(result);
  for (auto& x : batch) {
    if (broken && !mutated(mutation::failed_write_is_good))
      x.reply.deliver(broken);
    else
      acknowledge(x.reply);
    if (!broken && x.change->stored)
      x.change->stored();
  }
  kill_point(kill_at::store_after_ack);
}

void store_state::tell_meter(const std::vector<waiting>& batch, bool sync,
                             std::chrono::duration<double> took) const {
  if (!config.meter)
    return;
  uint64_t jobs = 0;
  for (const auto& x : batch)
    jobs += x.change->made.size() + x.change->event_facets.size();
  config.meter->store_write(jobs, sync, took.count());
}

void store_state::fail(const storage::status& why) {
  broken = make_error(ec::storage_failed,
                      "the database could not be written: " + why.message);
  log::error("store.failed",
             {{"error", why.message},
              {"next", "mend what the error names, then start the daemon "
                       "again; nothing that was acknowledged is lost"}});
  self->quit(broken);
}

actor_status store_state::on_status() const {
  return {
    name, self->mailbox().size(), {{"commits", commits}, {"writes", writes}}};
}

store_impl::behavior_type store(store_impl::stateful_pointer<store_state> self,
                                store_config config,
                                std::shared_ptr<storage::store> db) {
  auto& st = self->state;
  if (config.commit_bytes_max == 0 || db == nullptr) {
    self->quit(make_error(ec::invalid_config, "store: commit_bytes_max > 0"));
    return store_impl::behavior_type::make_empty_behavior();
  }
  st.config = config;
  st.db = std::move(db);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::commit, commit_ptr& x) {
      return self->state.on_commit(std::move(x));
    },
    [self](atom::flush) { self->state.on_flush(); },
  };
}

} // namespace quaero
