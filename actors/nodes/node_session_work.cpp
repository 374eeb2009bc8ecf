#include "actors/job_context.hpp"
#include "actors/nodes/node_session.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

/// What a node has to do, and what it has done.
namespace quaero {

namespace {

/// What the sealed references of a configuration stand for.
std::vector<wire_secret_v1> secrets_of(const std::string& config,
                                       const key_lookup& keys) {
  std::vector<wire_secret_v1> out;
  if (!keys)
    return out;
  secrets used;
  auto copy = config;
  unseal(
    copy,
    [&](std::string_view key) {
      auto found = keys(key);
      if (found && !found->seal.empty())
        out.push_back({std::string{key}, found->text, found->seal});
      return found;
    },
    used);
  return out;
}

/// A report that breaks a rule ends its job, and nothing else of it is used.
void make_useless(wire_report_v1& x, const std::string& why) {
  x.outcome
    = job_outcome::failure("its node sent no usable report: " + why, false);
  x.retries = x.uncounted = false;
  x.run_ns = 0;
  x.children.clear();
  x.documents.clear();
  x.lines.clear();
}

} // namespace

size_t node_session_state::worker_of(const std::string& type) const {
  size_t i = 0;
  while (i < workers.size() && workers[i].offer.type != type)
    ++i;
  return i;
}

void node_session_state::forget(
  std::unordered_map<job_id, lease>::iterator at) {
  keep_bytes(at->second, 0);
  --workers[at->second.worker].running;
  leases.erase(at);
}

/// What is kept of a claimed job are so many bytes from now on.
void node_session_state::keep_bytes(lease& of, size_t bytes) {
  claimed_bytes += bytes - of.kept_bytes;
  of.kept_bytes = bytes;
}

question_actor node_session_state::answers_to(const std::string& type) const {
  const auto i = peers.questions.find(type);
  return i == peers.questions.end() ? question_actor{} : i->second;
}

// -- from the hub -------------------------------------------------------------

void node_session_state::on_assign(const std::string& type,
                                   const job_block& block) {
  const auto i = worker_of(type);
  if (i == workers.size() || !workers[i].ready)
    return; // its lease has run out meanwhile
  const auto now = clock->now();
  for (const auto& x : block.jobs) {
    lease has;
    has.worker = i;
    has.epoch = x.epoch;
    has.attempt = x.attempt;
    has.may_retry = x.may_retry();
    has.since = has.lines_since = now;
    has.owner = log_owner(x.job);
    has.manager = x.job.manager_id;
    if (leases.insert_or_assign(x.job.id, std::move(has)).second)
      ++workers[i].running;
    push(to_item(wire_assign_v1{x, secrets_of(x.job.config, peers.keys)}));
  }
}

void node_session_state::on_cancel(const id_list& ids) {
  wire_cancel_v1 x;
  for (const auto& id : ids.ids)
    if (leases.contains(id))
      x.jobs.push_back(id);
  if (!x.jobs.empty())
    push(to_item(x));
}

void node_session_state::on_expire(const std::string& type) {
  const auto i = worker_of(type);
  if (i == workers.size())
    return;
  log::warn("node.pool_lease_ran_out", {{"node", who.node}, {"type", type}});
  workers[i].ready = false;
  workers[i].running = 0;
  std::erase_if(leases, [this, i](const auto& x) {
    const bool over = x.second.worker == i;
    if (over)
      claimed_bytes -= x.second.kept_bytes;
    return over;
  });
  push(to_item(wire_expire_v1{type}));
}

void node_session_state::on_drain(bool wanted) {
  draining = wanted;
  for (const auto& x : workers)
    if (x.ready)
      self->send(x.pool, atom::put_v, draining ? 0 : x.slots);
}

// -- from the node ------------------------------------------------------------

void node_session_state::on_items(std::vector<sized_item>& items) {
  report_block reports;
  auto lines = std::make_shared<commit>();
  lines->level = durability::buffered;
  std::string broken;
  for (auto& [x, bytes] : items) {
    if (auto* report = std::get_if<wire_report_v1>(&x))
      on_report(std::move(*report), bytes, reports);
    else if (auto* said = std::get_if<wire_lines_v1>(&x))
      on_lines(*said, lines->lines);
    else if (auto* ready = std::get_if<wire_ready_v1>(&x))
      broken = on_ready(*ready);
    else if (auto* asked = std::get_if<wire_question_v1>(&x))
      broken = on_question(*asked);
    else
      broken = "an item is none";
    if (claimed_bytes > config->claimed_bytes_max)
      broken = "it says more of jobs that it claims than claimed_bytes_max, "
               + std::to_string(config->claimed_bytes_max) + " bytes";
    if (!broken.empty())
      break;
  }
  // Lines first: what an attempt says comes before its end.
  if (!lines->lines.empty())
    self->send(peers.collector, atom::commit_v, std::move(lines));
  if (!reports.reports.empty())
    self->send(peers.queue, atom::report_v, std::move(reports));
  if (!broken.empty())
    break_off(broken);
}

std::string node_session_state::on_ready(const wire_ready_v1& x) {
  const auto i = worker_of(x.type);
  if (i == workers.size())
    return "it did not offer that worker type";
  auto& here = workers[i];
  // Beside what runs there may be reports that did not come through.
  if (x.slots > here.offer.slots || x.jobs.size() > 2 * here.offer.slots
      || x.jobs.size() != x.epochs.size() || x.jobs.size() != x.attempts.size())
    return "it offers or claims more than it said";
  const auto now = self->clock().now();
  if (!here.slot_changes)
    here.slot_changes.emplace(config->slots_minute_max, std::chrono::minutes{1},
                              now);
  if (!here.slot_changes->take(now))
    return "it says how many slots it has more often than slots_minute_max, "
           + std::to_string(config->slots_minute_max);
  here.slots = x.slots;
  const auto slots = draining ? 0 : x.slots;
  if (here.ready) {
    if (x.jobs.empty())
      self->send(here.pool, atom::put_v, slots);
    return x.jobs.empty() ? "" : "it claims jobs twice";
  }
  here.ready = true;
  if (!here.pool)
    here.pool = self->spawn(
      remote_pool,
      remote_pool_config{x.type, who.node, here.offer.stores_starts,
                         view.labels, answers_to(x.type), peers.holders},
      peers.queue, peers.collector, caf::actor_cast<node_session_actor>(self),
      clock);
  job_claims claims;
  for (size_t n = 0; n < x.jobs.size(); ++n) {
    lease has;
    has.worker = i;
    has.epoch = x.epochs[n];
    has.attempt = x.attempts[n];
    has.claimed = true;
    if (!leases.emplace(x.jobs[n], std::move(has)).second)
      return "it claims a job that it has";
    ++here.running;
    claims.jobs.push_back({x.jobs[n], x.epochs[n], x.attempts[n]});
  }
  self->send(here.pool, atom::attach_v, slots, std::move(claims));
  return {};
}

void node_session_state::on_kept(const std::string& type,
                                 const std::vector<loaded_job>& kept) {
  const auto i = worker_of(type);
  wire_kept_v1 answer{type, {}};
  report_block reports;
  auto lines = std::make_shared<commit>();
  lines->level = durability::buffered;
  for (const auto& x : kept) {
    auto at = leases.find(x.job.id);
    if (at == leases.end())
      continue;
    auto& has = at->second;
    has.claimed = false;
    keep_bytes(has, 0);
    has.since = clock->now();
    // It began before this hub did, and has gone on meanwhile.
    has.lines_since = std::min(x.job.created_at, has.since);
    has.owner = log_owner(x.job);
    has.manager = x.job.manager_id;
    answer.jobs.push_back(x.job.id);
    on_lines({std::move(has.lines)}, lines->lines);
    if (auto report = std::move(has.report))
      on_report(std::move(*report), 0, reports);
  }
  for (auto at = leases.begin(); at != leases.end();) {
    const auto now = at++;
    if (now->second.claimed && now->second.worker == i)
      forget(now);
  }
  if (!lines->lines.empty())
    self->send(peers.collector, atom::commit_v, std::move(lines));
  if (!reports.reports.empty())
    self->send(peers.queue, atom::report_v, std::move(reports));
  push(to_item(answer));
}

/// @returns false if the line is of no use. Whose log it goes to is not for the
///          node to say.
bool node_session_state::adapt(log_line& x, const lease& of) const {
  if (!is_usable(x))
    return false;
  const auto now = clock->now();
  const auto said = x.at.time_since_epoch().count();
  x.at
    = said < 0 || said > INT64_MAX / 2
        ? now
        : std::clamp(x.at + clock_offset, std::min(of.lines_since, now), now);
  x.owner = of.owner;
  x.manager = of.manager;
  return true;
}

void node_session_state::on_lines(const wire_lines_v1& x,
                                  std::vector<log_line>& usable) {
  for (auto line : x.lines) {
    auto at = leases.find(line.job);
    if (at == leases.end())
      continue;
    if (at->second.claimed) {
      if (at->second.lines.size() >= config->report.lines_max)
        continue;
      keep_bytes(at->second,
                 at->second.kept_bytes + sizeof(line) + line.message.size());
      at->second.lines.push_back(std::move(line));
    } else if (adapt(line, at->second)) {
      usable.push_back(std::move(line));
    }
  }
}

/// @param bytes what it is on the wire.
void node_session_state::on_report(wire_report_v1&& x, size_t bytes,
                                   report_block& block) {
  auto at = leases.find(x.id);
  if (at == leases.end() || at->second.epoch != x.epoch
      || at->second.attempt != x.attempt) {
    ++view.refused_reports;
    log::debug("node.report_refused",
               {{"node", who.node}, {"job", to_string(x.id)}});
    return;
  }
  if (at->second.claimed) {
    if (at->second.report) // It has said its last word.
      return;
    keep_bytes(at->second, at->second.kept_bytes + bytes);
    at->second.report = std::make_unique<wire_report_v1>(std::move(x));
    return;
  }
  if (auto why = check(x, config->report); !why.empty()) {
    log::warn("node.report_unusable",
              {{"node", who.node}, {"job", to_string(x.id)}, {"why", why}});
    make_useless(x, why);
  }
  ++view.reports;
  block.reports.push_back(to_report(x, at->second));
  forget(at);
}

/// @returns what is wrong with it. One of an attempt that is over is none of
///          this: the node does not know yet.
std::string node_session_state::on_question(wire_question_v1& x) {
  if (x.text.size() > config->wire.question_bytes_max)
    return "a question is too long";
  auto at = leases.find(x.id);
  if (at == leases.end() || at->second.epoch != x.epoch || at->second.claimed) {
    log::debug("node.question_refused",
               {{"node", who.node}, {"job", to_string(x.id)}});
    return {};
  }
  if (questions == config->wire.questions_max)
    return "it asks more than it may at a time";
  ++questions;
  self->send(workers[at->second.worker].pool, atom::visit_v, x.number,
             job_question{x.id, at->second.owner, std::move(x.text)});
  return {};
}

void node_session_state::on_answer(const job_id& id, uint64_t number, bool ok,
                                   std::string text) {
  --questions;
  if (text.size() > config->wire.question_bytes_max) {
    ok = false;
    text = "the answer is larger than "
           + std::to_string(config->wire.question_bytes_max) + " bytes";
  }
  push(to_item(wire_answer_v1{id, number, ok, std::move(text)}));
}

job_report node_session_state::to_report(wire_report_v1& x,
                                         const lease& of) const {
  const auto now = clock->now();
  job_report y;
  y.id = x.id;
  y.epoch = x.epoch;
  y.attempt = x.attempt;
  y.start_logged = workers[of.worker].offer.stores_starts;
  const auto took = std::min(std::chrono::nanoseconds{x.run_ns},
                             std::max(now - of.since, timestamp::duration{0}));
  y.started_at = y.start_logged ? of.since : now - took;
  y.outcome = std::move(x.outcome);
  // Its clock is not ours, and how often is not for the node to say.
  if (x.retries && (x.uncounted || of.may_retry)) {
    y.retry_at = now + std::chrono::nanoseconds{x.retry_ns};
    y.uncounted = x.uncounted;
  } else {
    y.children = std::move(x.children);
    y.documents = std::move(x.documents);
  }
  for (auto& line : x.lines) {
    line.job = x.id;
    if (adapt(line, of))
      y.lines.push_back(std::move(line));
  }
  return y;
}

// -- how it is ----------------------------------------------------------------

node_view node_session_state::on_get() const {
  auto now = view;
  now.draining = draining;
  for (const auto& x : workers)
    now.workers.push_back(
      {x.offer.type, x.offer.version, x.slots, x.running, x.ready});
  return now;
}

actor_status node_session_state::on_status() const {
  return {
    "node-" + who.node,
    self->mailbox().size(),
    {{"connected", connected},
     {"jobs", static_cast<int64_t>(leases.size())},
     {"round_trip_us",
      std::chrono::duration_cast<std::chrono::microseconds>(trip.shortest())
        .count()},
     {"unacknowledged_bytes", static_cast<int64_t>(out.bytes())},
     {"reports", static_cast<int64_t>(view.reports)},
     {"refused_reports", static_cast<int64_t>(view.refused_reports)}}};
}

} // namespace quaero
