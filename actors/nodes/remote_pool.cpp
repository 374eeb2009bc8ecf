#include "actors/nodes/remote_pool.hpp"

#include "actors/attempt_start.hpp"
#include "actors/deadlines.hpp"
#include "definitions/log.hpp"
#include "storage/start_tables.hpp"

#include <memory>
#include <utility>

namespace quaero {

find_holder holders_in(std::shared_ptr<const storage::store> db) {
  return [db = std::move(db)](const job_id& id,
                              uint32_t attempt) -> std::optional<std::string> {
    std::string node;
    const auto found
      = storage::read_start_node(*db, id, start_number(attempt), node);
    // Of what is not there the QUEUE keeps nothing.
    if (!found.ok() && found.code != storage::errc::not_found)
      return std::nullopt;
    return node;
  };
}

void remote_pool_state::attach(uint32_t wanted) {
  attached = true;
  slots = wanted;
  self->send(queue, atom::attach_v, caf::actor_cast<worker_pool_actor>(self),
             pool_offer{config.type, config.node, wanted, config.stores_starts,
                        true, config.labels});
}

/// What another node began is not this one's, whatever it knows of it.
void remote_pool_state::drop_others(job_claims& claims) const {
  if (!config.holders)
    return;
  std::string first;
  std::string holder;
  const auto dropped = std::erase_if(claims.jobs, [&](const job_claim& x) {
    const auto by = config.holders(x.id, x.attempt);
    if (by && (by->empty() || *by == config.node))
      return false;
    if (first.empty()) {
      first = to_string(x.id);
      holder = by.value_or("unknown");
    }
    return true;
  });
  if (dropped > 0)
    log::warn("node.claims_refused", {{"node", config.node},
                                      {"jobs", dropped},
                                      {"job", first},
                                      {"holder", holder}});
}

/// Claims first, or others would get the slots of those that run.
void remote_pool_state::on_ready(uint32_t wanted, job_claims claims) {
  if (claims.jobs.empty())
    return attach(wanted);
  drop_others(claims);
  attach(0);
  slots = wanted;
  auto go_on = [this, of = lease](std::vector<loaded_job> kept) {
    if (of != lease)
      return;
    self->send(session, atom::attach_v, config.type, std::move(kept));
    attach(slots);
  };
  self
    ->request(queue, store_deadline, atom::attach_v,
              caf::actor_cast<worker_pool_actor>(self), std::move(claims))
    .then([go_on](std::vector<loaded_job>& kept) { go_on(std::move(kept)); },
          [go_on](const caf::error&) { go_on({}); });
}

void remote_pool_state::on_assign(job_block& block) {
  if (!config.stores_starts)
    return on_started(lease, block);
  auto change = std::make_shared<commit>();
  change->level = durability::buffered;
  const auto now = clock->now();
  for (const auto& x : block.jobs) {
    add_start(*change, x, now, config.node);
    starting[x.job.id] = false;
  }
  auto jobs = std::make_shared<job_block>(std::move(block));
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then([this, of = lease, jobs] { on_started(of, *jobs); },
          [this](caf::error& e) { self->quit(std::move(e)); });
}

void remote_pool_state::on_started(uint64_t of, job_block& block) {
  if (of != lease)
    return;
  id_list stopped;
  for (const auto& x : block.jobs)
    if (auto i = starting.find(x.job.id); i != starting.end()) {
      if (i->second)
        stopped.ids.push_back(x.job.id);
      starting.erase(i);
    }
  self->send(session, atom::assign_v, config.type, std::move(block));
  if (!stopped.ids.empty())
    self->send(session, atom::cancel_v, std::move(stopped));
}

void remote_pool_state::on_cancel(const id_list& ids) {
  id_list sent;
  for (const auto& id : ids.ids) {
    if (auto i = starting.find(id); i != starting.end())
      i->second = true;
    else
      sent.ids.push_back(id);
  }
  if (!sent.ids.empty())
    self->send(session, atom::cancel_v, std::move(sent));
}

void remote_pool_state::on_expire() {
  ++lease;
  attached = false;
  starting.clear();
  self->send(session, atom::expire_v, config.type);
}

void remote_pool_state::on_slots(uint32_t wanted) {
  if (attached && wanted != slots)
    attach(wanted);
}

void remote_pool_state::on_question(uint64_t number, job_question& x) {
  auto answer = [this, number, job = x.job](bool ok, std::string text) {
    self->send(session, atom::visit_v, job, number, ok, std::move(text));
  };
  if (!config.answers)
    return answer(false,
                  "nobody answers workers of type '" + config.type + "'");
  self->request(config.answers, reader_deadline, atom::visit_v, std::move(x))
    .then([answer](std::string& text) { answer(true, std::move(text)); },
          [answer](caf::error& e) { answer(false, message_of(e)); });
}

remote_pool_actor::behavior_type
remote_pool(remote_pool_actor::stateful_pointer<remote_pool_state> self,
            remote_pool_config config, queue_actor queue,
            log_collector_actor collector, node_session_actor session,
            const wall_clock* clock) {
  auto& st = self->state;
  st.config = std::move(config);
  st.queue = std::move(queue);
  st.collector = std::move(collector);
  st.session = std::move(session);
  st.clock = clock;
  return {
    [&st](atom::status) {
      return actor_status{
        st.config.node + "/" + st.config.type + "-pool",
        st.self->mailbox().size(),
        {{"slots", st.slots},
         {"starting", static_cast<int64_t>(st.starting.size())}}};
    },
    [&st](atom::assign, job_block& x) { st.on_assign(x); },
    [&st](atom::cancel, const id_list& x) { st.on_cancel(x); },
    [&st](atom::expire) { st.on_expire(); },
    [&st](atom::renew) { st.self->send(st.queue, atom::renew_v); },
    [&st](atom::attach, uint32_t wanted, job_claims& claims) {
      st.on_ready(wanted, std::move(claims));
    },
    [&st](atom::put, uint32_t wanted) { st.on_slots(wanted); },
    [&st](atom::visit, uint64_t number, job_question& x) {
      st.on_question(number, x);
    },
  };
}

} // namespace quaero
