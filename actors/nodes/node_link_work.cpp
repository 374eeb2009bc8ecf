#include "actors/nodes/node_link_state.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

/// What a node's pools are given, and what they say.
namespace quaero {

namespace {

/// Lines of one item.
constexpr size_t item_lines_max = 256;

} // namespace

size_t node_link_state::pool_of(const std::string& type) const {
  size_t i = 0;
  while (i < pools.size() && pools[i].offer.type != type)
    ++i;
  return i;
}

void node_link_state::forget(
  std::unordered_map<job_id, running_job>::iterator at) {
  --pools[at->second.pool].running;
  end_questions(at->second);
  jobs.erase(at);
}

// -- from the pools -----------------------------------------------------------

void node_link_state::on_attach(worker_pool_actor handle,
                                const pool_offer& offer) {
  const auto i = pool_of(offer.type);
  const bool is_new = i == pools.size();
  if (is_new) {
    pools.push_back({handle, offer, false, 0, {}});
    self->monitor(handle);
  }
  const bool again = std::exchange(pools[i].stopping, false);
  // In an epoch it is said, if not now then on the next connection.
  if (view.epoch != 0 && (is_new || again))
    announce(i);
  if (is_new && pools.size() == pools_expected)
    on_retry();
}

void node_link_state::on_renew(const caf::strong_actor_ptr& from) {
  for (auto& x : pools)
    if (x.handle.address() == from)
      x.alive_at = self->clock().now();
}

wire_report_v1 node_link_state::to_wire(job_report& x,
                                        const running_job& of) const {
  const auto now = clock->now();
  wire_report_v1 y;
  y.type = pools[of.pool].offer.type;
  y.id = x.id;
  y.epoch = x.epoch;
  y.attempt = x.attempt;
  y.run_ns = std::max<int64_t>(0, (now - x.started_at).count());
  y.retries = x.retry_at != timestamp{};
  if (y.retries)
    y.retry_ns = std::max<int64_t>(0, (x.retry_at - now).count());
  y.uncounted = x.uncounted;
  y.outcome = std::move(x.outcome);
  y.children = std::move(x.children);
  y.documents = std::move(x.documents);
  y.lines = std::move(x.lines);
  return y;
}

void node_link_state::on_report(report_block& block) {
  for (auto& x : block.reports) {
    auto at = jobs.find(x.id);
    if (at == jobs.end() || at->second.epoch != x.epoch
        || at->second.attempt != x.attempt)
      continue; // of before the lease ran out
    auto report = to_wire(x, at->second);
    auto item = to_item(report);
    if (item.size() > config.stream.item_bytes_max) {
      report.outcome = job_outcome::failure(
        "what it left is larger than "
          + std::to_string(config.stream.item_bytes_max) + " bytes",
        false);
      report.retries = report.uncounted = false;
      report.children.clear();
      report.documents.clear();
      report.lines.clear();
      item = to_item(report);
    }
    forget(at);
    push(std::move(item));
  }
  check_drained();
}

/// Starts are stored by the hub, before the job is sent. Lines travel.
void node_link_state::on_commit(const commit& change) {
  wire_lines_v1 x;
  auto send = [&] {
    if (!x.lines.empty())
      push(to_item(x));
    x.lines.clear();
  };
  for (const auto& line : change.lines) {
    if (!jobs.contains(line.job))
      continue;
    if (out.bytes() > config.backlog_bytes_max) {
      ++view.lines_dropped;
      continue;
    }
    x.lines.push_back(line);
    if (x.lines.size() == item_lines_max)
      send();
  }
  send();
}

// -- what workers ask ---------------------------------------------------------

caf::typed_response_promise<std::string>
node_link_state::on_question(job_question& x) {
  auto reply = self->make_response_promise<std::string>();
  const auto bytes_max = config.wire.question_bytes_max;
  auto at = jobs.find(x.job);
  if (at == jobs.end()) {
    reply.deliver(make_error(ec::wrong_state, "the attempt is over"));
  } else if (x.text.size() > bytes_max) {
    reply.deliver(make_error(ec::invalid_argument,
                             "the question is larger than "
                               + std::to_string(bytes_max) + " bytes"));
  } else if (questions == config.wire.questions_max) {
    reply.deliver(make_error(ec::limit_reached,
                             "the node's workers ask more than "
                               + std::to_string(config.wire.questions_max)
                               + " questions at a time"));
  } else {
    ++questions;
    auto& all = at->second.questions;
    all.push_back({next_question++, std::move(x.text), reply});
    if (!at->second.claimed) // else when the hub has said that it goes on
      ask(x.job, at->second, all.back());
  }
  return reply;
}

void node_link_state::ask(const job_id& id, const running_job& of,
                          const open_question& x) {
  push(to_item(wire_question_v1{id, of.epoch, x.number, x.text}));
}

void node_link_state::on_answer(wire_answer_v1& x) {
  auto at = jobs.find(x.id);
  if (at == jobs.end())
    return;
  auto& all = at->second.questions;
  auto i = std::find_if(all.begin(), all.end(), [&](const open_question& y) {
    return y.number == x.number;
  });
  if (i == all.end())
    return;
  auto reply = std::move(i->reply);
  all.erase(i);
  --questions;
  if (x.ok)
    reply.deliver(std::move(x.text));
  else
    reply.deliver(make_error(ec::worker_failed, std::move(x.text)));
}

/// Nobody will answer any more.
void node_link_state::end_questions(running_job& of) {
  for (auto& x : std::exchange(of.questions, {})) {
    --questions;
    x.reply.deliver(make_error(ec::wrong_state, "the attempt is over"));
  }
}

// -- from the hub -------------------------------------------------------------

void node_link_state::on_items(std::vector<wire_item>& items) {
  std::vector<job_block> blocks(pools.size());
  auto send = [&] {
    for (size_t i = 0; i < blocks.size(); ++i)
      if (!blocks[i].jobs.empty())
        self->send(pools[i].handle, atom::assign_v,
                   std::exchange(blocks[i], {}));
  };
  for (auto& item : items) {
    if (auto* x = std::get_if<wire_assign_v1>(&item)) {
      on_assign(*x, blocks);
      continue;
    }
    send(); // so that all happens in the order in which it was said
    if (auto* ids = std::get_if<wire_cancel_v1>(&item))
      on_cancel(ids->jobs);
    else if (auto* over = std::get_if<wire_expire_v1>(&item))
      on_expire(over->type);
    else if (auto* kept = std::get_if<wire_kept_v1>(&item))
      on_kept(*kept);
    else if (auto* answer = std::get_if<wire_answer_v1>(&item))
      on_answer(*answer);
  }
  send();
}

void node_link_state::on_assign(wire_assign_v1& x,
                                std::vector<job_block>& blocks) {
  const auto i = pool_of(x.lease.job.type);
  if (i == pools.size() || pools[i].stopping)
    return;
  for (const auto& secret : x.secrets)
    secrets->put(secret);
  if (pools[i].running == 0)
    pools[i].alive_at = self->clock().now();
  auto [at, added] = jobs.try_emplace(x.lease.job.id);
  if (added)
    ++pools[i].running;
  end_questions(at->second); // of an attempt before this one
  at->second = {i, x.lease.epoch, x.lease.attempt, false, {}};
  blocks[i].jobs.push_back(std::move(x.lease));
}

void node_link_state::on_cancel(const std::vector<job_id>& ids) {
  std::vector<id_list> stopped(pools.size());
  for (const auto& id : ids)
    if (auto at = jobs.find(id); at != jobs.end())
      stopped[at->second.pool].ids.push_back(id);
  for (size_t i = 0; i < pools.size(); ++i)
    if (!stopped[i].ids.empty())
      self->send(pools[i].handle, atom::cancel_v, std::move(stopped[i]));
}

void node_link_state::on_expire(const std::string& type) {
  if (const auto i = pool_of(type); i < pools.size())
    stop(i);
}

void node_link_state::on_kept(const wire_kept_v1& x) {
  for (const auto& id : x.jobs)
    if (auto at = jobs.find(id); at != jobs.end()) {
      at->second.claimed = false;
      for (const auto& question : at->second.questions)
        ask(id, at->second, question);
    }
  std::vector<job_id> refused;
  for (const auto& [id, job] : jobs)
    if (job.claimed && pools[job.pool].offer.type == x.type)
      refused.push_back(id);
  on_cancel(refused);
  for (const auto& id : refused)
    forget(jobs.find(id));
}

// -- epochs -------------------------------------------------------------------

/// What the pool stops comes to nothing.
void node_link_state::stop(size_t pool_at) {
  auto& x = pools[pool_at];
  x.stopping = true;
  x.running = 0;
  for (auto at = jobs.begin(); at != jobs.end();) {
    if (at->second.pool != pool_at) {
      ++at;
      continue;
    }
    end_questions(at->second);
    at = jobs.erase(at);
  }
  self->send(x.handle, atom::expire_v);
}

void node_link_state::stop_all() {
  for (size_t i = 0; i < pools.size(); ++i)
    if (pools[i].running != 0)
      stop(i);
}

/// The hub knows nothing of the former epoch. What it has stored that it began
/// here may go on: if it says so. What it has not acknowledged is said again,
/// lines first: it takes those of jobs that go on.
void node_link_state::begin_epoch(uint64_t epoch) {
  std::vector<wire_report_v1> reports;
  std::vector<wire_lines_v1> lines;
  out.restart([&](std::string_view bytes) {
    auto item = read_item(bytes);
    if (auto* x = std::get_if<wire_report_v1>(&item))
      reports.push_back(std::move(*x));
    else if (auto* said = std::get_if<wire_lines_v1>(&item))
      lines.push_back(std::move(*said));
    return false;
  });
  in.clear();
  view.epoch = epoch;
  acknowledged = 0;
  for (auto at = jobs.begin(); at != jobs.end();) {
    const auto now = at++;
    now->second.claimed = pools[now->second.pool].offer.stores_starts;
    if (!now->second.claimed)
      forget(now);
  }
  for (size_t i = 0; i < pools.size(); ++i)
    if (!pools[i].stopping)
      announce(i, reports);
  for (const auto& x : lines)
    push(to_item(x));
  for (const auto& x : reports)
    push(to_item(x));
}

void node_link_state::announce(size_t pool_at,
                               const std::vector<wire_report_v1>& reports) {
  const auto& from = pools[pool_at];
  wire_ready_v1 x;
  x.type = from.offer.type;
  x.slots = view.draining ? 0 : from.offer.slots;
  auto claim = [&](const job_id& id, uint64_t epoch, uint32_t attempt) {
    x.jobs.push_back(id);
    x.epochs.push_back(epoch);
    x.attempts.push_back(attempt);
  };
  for (const auto& [id, job] : jobs)
    if (job.claimed && job.pool == pool_at)
      claim(id, job.epoch, job.attempt);
  for (const auto& report : reports)
    if (from.offer.stores_starts && report.type == x.type
        && x.jobs.size() < 2 * from.offer.slots && !jobs.contains(report.id))
      claim(report.id, report.epoch, report.attempt);
  push(to_item(x));
}

ack_promise node_link_state::on_drain() {
  auto reply = self->make_response_promise<void>();
  view.draining = true;
  draining.push_back(reply);
  // Without a connection nobody would hear it, and nothing has to be waited
  // for.
  const bool idle = jobs.empty() && out.bytes() == 0 && !is_online();
  if (view.epoch != 0 && !idle)
    for (size_t i = 0; i < pools.size(); ++i)
      if (!pools[i].stopping)
        push(to_item(wire_ready_v1{pools[i].offer.type, 0, {}, {}, {}}));
  check_drained();
  return reply;
}

void node_link_state::check_drained() {
  if (draining.empty() || !jobs.empty() || out.bytes() != 0)
    return;
  for (auto& x : std::exchange(draining, {}))
    acknowledge(x);
}

// -- how it is ----------------------------------------------------------------

std::vector<std::string> node_link_state::alive() const {
  std::vector<std::string> types;
  const auto since = self->clock().now() - config.alive_max;
  for (const auto& x : pools)
    if (x.running == 0 || x.alive_at >= since)
      types.push_back(x.offer.type);
  return types;
}

link_view node_link_state::on_get() const {
  auto x = view;
  x.running = jobs.size();
  x.backlog_bytes = out.bytes();
  return x;
}

actor_status node_link_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"online", is_online()},
           {"jobs", static_cast<int64_t>(jobs.size())},
           {"backlog_bytes", static_cast<int64_t>(out.bytes())},
           {"lines_dropped", static_cast<int64_t>(view.lines_dropped)}}};
}

} // namespace quaero
