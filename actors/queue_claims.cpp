#include "actors/deadlines.hpp"
#include "actors/queue.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

/// Jobs that go on where they are, over a start of the daemon.
namespace quaero {

namespace {

/// The job of a claim, if it waits for one and may run there.
queued_job* claimed(const queue_state& st, const job_claim& x,
                    const type_lanes& of, const offered_slots& by) {
  auto* job = st.jobs.find(x.id);
  const bool waits = job != nullptr && job->interrupted
                     && job->place == queue_place::delayed
                     && job->lane->type == &of && by.offers(job->lane->needs)
                     && !st.is_cancelled(*job);
  return waits ? job : nullptr;
}

/// The record, if it says that the claimed attempt was the last.
loaded_job* newest(std::vector<loaded_job>& found, const job_claim& claim) {
  auto x = std::lower_bound(
    found.begin(), found.end(), claim.id,
    [](const loaded_job& a, const job_id& b) { return a.job.id < b; });
  const bool fits = x != found.end() && x->job.id == claim.id
                    && x->interrupted_epoch == claim.epoch
                    && x->attempt == claim.attempt;
  return fits ? &*x : nullptr;
}

void go_on(queue_state& st, queued_job& x, const job_claim& claim,
           offered_slots& with) {
  st.remove_waiting(x);
  st.count_start(*x.lane->queue);
  x.interrupted = false;
  x.at = st.clock->now();
  auto& held = x.need_body();
  held.epoch = claim.epoch;
  held.attempt = claim.attempt;
  held.pool = with.handle.address();
  st.move_to(x, queue_place::leased);
  with.take(1);
  with.lease_until = st.self->clock().now() + st.config.lease;
  step_delta started;
  started.step = st.scopes[x.scope].step;
  started.started = 1;
  if (started.step)
    st.tell(started);
}

/// @param found what the claimed jobs are, by id.
std::vector<loaded_job> keep(queue_state& st, const worker_pool_actor& pool,
                             const job_claims& claims,
                             std::vector<loaded_job>& found) {
  std::vector<loaded_job> out;
  for (auto* where : st.type_turns) {
    auto at = std::find_if(where->pools.begin(), where->pools.end(),
                           [&](const auto& x) { return x.handle == pool; });
    if (at == where->pools.end() || st.drained)
      continue;
    for (const auto& claim : claims.jobs) {
      auto* x = claimed(st, claim, *where, *at);
      auto* record = newest(found, claim);
      if (x == nullptr || record == nullptr)
        continue;
      go_on(st, *x, claim, *at);
      out.push_back(*record);
    }
  }
  if (!out.empty())
    log::info("queue.jobs_kept", {{"jobs", out.size()}});
  st.arm_leases();
  return out;
}

} // namespace

caf::typed_response_promise<std::vector<loaded_job>>
queue_state::on_claims(worker_pool_actor pool, job_claims claims) {
  auto reply = self->make_response_promise<std::vector<loaded_job>>();
  id_list wanted;
  for (const auto& x : claims.jobs)
    wanted.ids.push_back(x.id);
  std::sort(wanted.ids.begin(), wanted.ids.end());
  // What counts is which attempt was the last, as the database has it.
  self->request(reader, reader_deadline, atom::load_v, std::move(wanted))
    .then(
      [this, reply, pool = std::move(pool),
       claims = std::move(claims)](std::vector<loaded_job>& found) mutable {
        reply.deliver(keep(*this, pool, claims, found));
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

} // namespace quaero
