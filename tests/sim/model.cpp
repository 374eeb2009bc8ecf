#include "tests/sim/model.hpp"

#include "storage/keys.hpp"
#include "storage/stream_tables.hpp"
#include "storage/tables.hpp"

#include <algorithm>

namespace quaero::sim {

namespace {

std::string name_of(const job_fact& x) {
  return x.record.type + " job '" + x.record.name + "' "
         + to_string(x.record.id);
}

/// Text of a member of a flat JSON object, "" if there is none.
std::string member(const std::string& json, const std::string& name) {
  const auto head = '"' + name + "\":\"";
  const auto at = json.find(head);
  if (at == std::string::npos)
    return {};
  const auto from = at + head.size();
  return json.substr(from, json.find('"', from) - from);
}

/// A mark between the moves of a parent: the fold leaves it out, streams too.
bool is_mark(const job_event& x) {
  return x.status == job_status::running && !x.result.empty();
}

bool is_stop(const job_event& mark) {
  return mark.result == run_stop_cancelled || mark.result == run_stop_failed;
}

/// The moves there are, written down once more. An event that tells of a start,
/// too, is two of them.
bool allowed(job_status from, const job_event& e, bool step) {
  const auto to = e.status;
  if (from == job_status::pending && e.started_at != timestamp{})
    return is_terminal(to) && to != job_status::skipped;
  if (from == job_status::pending)
    return to == job_status::running || to == job_status::cancelled
           || to == job_status::failed || (step && to == job_status::skipped);
  return from == job_status::running && to != job_status::running
         && to != job_status::skipped;
}

} // namespace

bool job_fact::is_leaf() const {
  return record.type != manager_job_type && record.type != step_job_type;
}

void model::fail(const char* promise, std::string what) {
  if (!broken_)
    broken_ = broken_promise{promise, std::move(what)};
}

job_fact* model::find(const job_id& id) {
  auto i = jobs_.find(id);
  return i == jobs_.end() ? nullptr : &i->second;
}

// -- the database -------------------------------------------------------------

void model::on_write(const storage::store& db,
                     const storage::write_batch& batch, bool sync) {
  auto what = keys_of(batch);
  for (const auto& id : what.made)
    add_job(db, id, what);
  std::set<job_id> moved;
  for (const auto& [id, n] : what.events)
    if (moved.insert(id).second)
      add_events(db, id, what);
  add_to_stream(db, what);
  for (const auto& id : what.made) {
    const auto& x = jobs_.at(id);
    const auto& name = x.record.name;
    if (!member(x.record.metadata, "retry_of").empty())
      continue; // it has the name of the old one
    if (name.starts_with("ghost"))
      fail("P2", name_of(x) + " comes from a report that counts for nothing");
    if (name.starts_with("child") && what.awaited.count(name) == 0)
      fail("P4", name_of(x) + " is not in one write with its parent's end");
  }
  for (const auto& name : what.awaited)
    if (names_.count(name) == 0)
      fail("P4", "child '" + name + "' is not in one write with its parent");
  check_parents(what);
  if (what.queue || !what.made.empty() || !what.events.empty())
    check_queue(db);
  if (!sync)
    return;
  for (const auto& id : unsynced_)
    if (auto* x = find(id)) {
      x->synced = true;
      x->synced_events = x->history.size();
    }
  unsynced_.clear();
}

model::touched model::keys_of(const storage::write_batch& batch) {
  using storage::table;
  touched out;
  auto id_in
    = [](std::string_view key) { return job_id_from_bytes(key.substr(1, 16)); };
  auto number_in = [](std::string_view key) {
    uint32_t n = 0;
    for (size_t i = 17; i < 21; ++i)
      n = n << 8 | static_cast<unsigned char>(key[i]);
    return n;
  };
  auto put = [&](std::string_view key, std::string_view) {
    switch (static_cast<table>(key[0])) {
      case table::jobs:
        if (storage::part_of(key) == storage::job_part::event)
          out.events.emplace_back(id_in(key), number_in(key));
        else if (jobs_.count(id_in(key)) != 0)
          fail("P5", "a record of a job is written again");
        else
          out.made.push_back(id_in(key));
        break;
      case table::queue:
        out.queue = true;
        break;
      default:
        break;
    }
  };
  auto remove = [&](std::string_view key) {
    out.queue |= static_cast<table>(key[0]) == table::queue;
    if (static_cast<table>(key[0]) == table::jobs
        && storage::part_of(key) == storage::job_part::event)
      fail("P5", "an event is removed");
  };
  batch.visit(put, remove);
  return out;
}

void model::add_job(const storage::store& db, const job_id& id, touched& what) {
  auto& x = jobs_[id];
  if (!storage::read_job(db, id, x.record).ok())
    fail("P5", "a record cannot be read");
  unsynced_.insert(id);
  names_.insert(x.record.name);
  count_tick(x, 1);
  if (!x.record.parent_id)
    return;
  if (stop_holds(x.record.step_id) || stop_holds(x.record.manager_id))
    fail("P6", name_of(x) + " was made although its run or step is stopped");
  children_[x.record.parent_id].push_back(id);
  if (auto* parent = find(x.record.parent_id)) {
    ++parent->open_children;
    what.parents.insert(parent->record.id);
    x.stop_asked = parent->stop_asked;
    if (parent->stop_answered)
      fail("P6", name_of(x) + " was made after its run's cancel was answered");
  } else {
    fail("P6", name_of(x) + " has a parent that is not there");
  }
}

namespace {

/// Whether `now` has all that was before, and moves only behind it. Two marks,
/// of a step that is being stopped while its jobs are stored, may be written in
/// either order.
bool goes_on(const std::vector<job_event>& before,
             const std::vector<job_event>& now) {
  auto at = now.begin();
  for (const auto& x : before) {
    if (is_mark(x)) {
      if (std::find(now.begin(), now.end(), x) == now.end())
        return false;
      continue;
    }
    while (at != now.end() && is_mark(*at))
      ++at;
    if (at == now.end() || !(*at++ == x))
      return false;
  }
  return true;
}

} // namespace

void model::add_events(const storage::store& db, const job_id& id,
                       touched& what) {
  auto* x = find(id);
  if (x == nullptr) {
    fail("P3", "an event of job " + to_string(id) + ", which is not there");
    return;
  }
  std::vector<job_event> now;
  if (!storage::read_events(db, id, now).ok())
    fail("P5", "the history of " + name_of(*x) + " cannot be read");
  if (!goes_on(x->history, now)) {
    fail("P5", "the history of " + name_of(*x) + " was changed");
    return;
  }
  unsynced_.insert(id);
  auto known = x->history;
  for (const auto& e : now) {
    if (auto i = std::find(known.begin(), known.end(), e); i != known.end()) {
      known.erase(i); // two may be alike
      continue;
    }
    const auto from = x->status;
    x->history.push_back(e);
    if (!x->is_leaf() && is_mark(e) && from == job_status::running) {
      x->stop_stored |= is_stop(e);
      x->stop_asked |= x->stop_stored;
      continue;
    }
    check_move(*x, e, from);
    set_status(*x, e.status, &what);
    if (x->is_leaf()) {
      check_epoch(*x, e);
      check_end_of_attempt(db, *x, e, what);
    }
  }
  x->history = std::move(now);
}

void model::check_move(const job_fact& x, const job_event& e, job_status from) {
  if (!allowed(from, e, x.record.type == step_job_type))
    fail("P3", name_of(x) + " goes from " + to_string(from) + " to "
                 + to_string(e.status));
}

void model::check_epoch(const job_fact& x, const job_event& e) {
  uint64_t newest = 0;
  for (size_t i = 0; i + 1 < x.history.size(); ++i)
    newest = std::max(newest, x.history[i].epoch);
  const bool begins
    = e.status == job_status::running || e.started_at != timestamp{};
  if (e.epoch != 0 && (begins ? e.epoch <= newest : e.epoch < newest))
    fail("P2", name_of(x) + ": an event of epoch " + std::to_string(e.epoch)
                 + " after one of " + std::to_string(newest));
}

void model::set_status(job_fact& x, job_status to, touched* what) {
  const bool was_over = x.is_over();
  x.status = to;
  if (was_over || !x.is_over())
    return;
  if (what != nullptr)
    what->parents.insert(x.record.id);
  if (auto* parent = find(x.record.parent_id))
    --parent->open_children;
}

/// What the worker left must be here now if its word was the last, and its
/// lines in any case.
void model::check_end_of_attempt(const storage::store& db, const job_fact& x,
                                 const job_event& e, touched& what) {
  auto i = words_.find({x.record.id, e.epoch});
  if (e.status == job_status::running || i == words_.end())
    return;
  const auto& words = i->second;
  if (words.lost
      && (e.status == job_status::pending
          || (e.status == job_status::cancelled && may_stop(x))))
    return; // nobody heard it
  if (is_terminal(e.status)) {
    size_t there = 0;
    for (const auto& child : words.children)
      there += names_.count(child);
    if (there != 0 || !may_stop(x))
      what.awaited.insert(words.children.begin(), words.children.end());
    // Who is told to stop and does may be found to have timed out.
    if (!may_stop(x) && e.status != words.status
        && words.status != job_status::cancelled)
      fail("P2", name_of(x) + " is " + to_string(e.status)
                   + ", its worker said " + to_string(words.status));
    check_left(db, x, words);
  } else if (!words.again && words.status == job_status::completed) {
    fail("P4", name_of(x) + " runs again, its worker said that it is done");
  }
}

void model::check_left(const storage::store& db, const job_fact& x,
                       const last_words& words) {
  std::string id;
  const bool taken = !words.again || !may_stop(x);
  for (const auto& document : words.documents)
    if (taken && !storage::read_document_id(db, "sim", document, id).ok())
      fail("P4", "document '" + document + "' of " + name_of(x)
                   + " is not in one write with its end");
  storage::log_query all;
  all.level = log_level::debug;
  all.limit = 10'000;
  std::vector<log_entry> lines;
  if (!words.lines.empty())
    storage::read_job_log(db, x.record.id, all, lines);
  for (const auto& line : words.lines)
    if (std::none_of(lines.begin(), lines.end(), [&](const log_entry& y) {
          return y.line.message == line;
        }))
      fail("P4", "line '" + line + "' of " + name_of(x)
                   + " is not in one write with its end");
}

void model::check_parents(const touched& what) {
  for (const auto& id : what.parents) {
    const auto& x = jobs_.at(id);
    if (!x.is_over())
      continue;
    if (x.open_children != 0)
      fail("P6", name_of(x) + " is " + to_string(x.status) + " and "
                   + std::to_string(x.open_children)
                   + " jobs below it are not over");
    if (!x.is_leaf() && x.history.back().status == x.status)
      check_counts(x);
    if (x.record.type == step_job_type)
      check_created(x);
  }
}

/// What a parent says of its children is true. Of a step that was tried again,
/// only the last try counts.
void model::check_counts(const job_fact& x) {
  child_counts real;
  size_t tries = 0;
  auto count = [&](const job_fact& parent) {
    for (const auto& e : parent.history)
      tries += size_t{e.status == job_status::pending};
    for (const auto& id : children_[parent.record.id]) {
      const auto& child = jobs_.at(id);
      real.completed += uint64_t{child.status == job_status::completed};
      real.failed += uint64_t{child.status == job_status::failed};
      real.cancelled += uint64_t{child.status == job_status::cancelled};
      if (!child.history.empty())
        real.documents += child.history.back().children.documents;
    }
  };
  if (x.record.type == step_job_type) {
    count(x);
  } else {
    for (const auto& id : children_[x.record.id]) {
      count(jobs_.at(id));
      // A worker that does the work itself has no jobs.
      if (children_[id].empty())
        real.documents += jobs_.at(id).history.back().children.documents;
    }
  }
  const auto& said = x.history.back().children;
  if (x.record.type == step_job_type && children_[x.record.id].empty())
    real.documents = said.documents;
  if (tries == 0 && x.status != job_status::skipped && !(said == real))
    fail("P6", name_of(x) + " ended with " + std::to_string(said.total())
                 + " jobs, " + std::to_string(said.documents)
                 + " documents; there are " + std::to_string(real.total())
                 + ", " + std::to_string(real.documents));
}

/// Of each answer of the definition worker all jobs were made, or none; and
/// those of one answer for each try of the step at most.
void model::check_created(const job_fact& step) {
  size_t tries = 1;
  for (const auto& e : step.history)
    tries += size_t{e.status == job_status::pending};
  size_t answers = 0;
  for (const auto& names : created_[step.record.id]) {
    const auto there
      = std::count_if(names.begin(), names.end(),
                      [&](const auto& x) { return names_.count(x) != 0; });
    answers += size_t{there != 0};
    if (there != 0 && there != static_cast<ptrdiff_t>(names.size()))
      fail("P4", name_of(step) + " has " + std::to_string(there) + " of "
                   + std::to_string(names.size()) + " jobs of one answer");
  }
  if (answers > tries)
    fail("P4", name_of(step) + " has the jobs of " + std::to_string(answers)
                 + " answers in " + std::to_string(tries) + " tries");
}

/// A job that is not over has exactly one entry in the queue, any other none.
void model::check_queue(const storage::store& db) {
  std::map<job_id, int> entries;
  std::set<std::string> keys;
  storage::read_queue(db, [&](storage::queue_entry&& x) { ++entries[x.id]; });
  for (const auto& [id, n] : entries) {
    const auto* x = find(id);
    if (n != 1)
      fail("P1", std::to_string(n) + " queue entries of job " + to_string(id));
    if (x == nullptr || x->is_over())
      fail("P4", "a queue entry of job " + to_string(id)
                   + ", which is over or not there");
  }
  for (const auto& [id, x] : jobs_)
    if (x.is_leaf() && !x.is_over() && entries.count(id) == 0)
      fail("P1", name_of(x) + " is not over and has no queue entry");
  for (const auto& [id, x] : jobs_)
    if (x.is_leaf() && !x.is_over() && !x.record.unique_key.empty()
        && !keys.insert(x.record.unique_key).second)
      fail("unique", "two jobs have the key '" + x.record.unique_key + "'");
}

void model::add_to_stream(const storage::store& db, const touched& what) {
  std::map<job_id, size_t> seen; // from the end, as they were just added
  for (const auto& [id, n] : what.events)
    ++seen[id];
  for (const auto& [id, n] : what.events) {
    const auto* x = find(id);
    auto& left = seen[id];
    if (x == nullptr || x->history.size() < left)
      continue;
    const auto& e = x->history[x->history.size() - left--];
    if (x->is_leaf() || !is_mark(e))
      stream_.emplace_back(id, e.status);
  }
  uint64_t last = 0;
  if (!storage::read_stream_end(db, {}, last).ok() || last != stream_.size())
    fail("P10", "the stream ends with " + std::to_string(last) + ", there are "
                  + std::to_string(stream_.size()) + " events");
}

void model::count_tick(const job_fact& x, int n) {
  timestamp tick{};
  if (x.record.type != manager_job_type
      || !from_rfc3339(member(x.record.metadata, "scheduled_for"), tick))
    return;
  const auto definition = member(x.record.metadata, "job_definition_id");
  auto& count = ticks_[definition][tick];
  count += n;
  if (count > 1)
    fail("P9",
         "two runs of '" + definition + "' for its tick " + to_rfc3339(tick));
}

// -- restarts -----------------------------------------------------------------

void model::on_restart(const storage::store& db, bool power_lost) {
  words_.clear(); // reports that were under way are lost
  std::vector<job_id> gone;
  for (auto& [id, x] : jobs_)
    if (!lose_events(db, x, power_lost))
      gone.push_back(id);
  for (const auto& id : gone)
    forget(id);
  for (auto& [id, x] : jobs_)
    x.open_children = 0;
  for (auto& [id, x] : jobs_)
    if (auto* parent = find(x.record.parent_id); parent && !x.is_over())
      ++parent->open_children;
  uint64_t last = 0;
  storage::read_stream_end(db, {}, last);
  if (last > stream_.size())
    fail("P10", "the stream has more events than there were");
  stream_.resize(std::min<size_t>(stream_.size(), last));
  check_queue(db);
}

/// @returns whether the job is still there.
bool model::lose_events(const storage::store& db, job_fact& x,
                        bool power_lost) {
  if (!storage::has_job(db, x.record.id)) {
    if (x.synced || !power_lost)
      fail("P1", name_of(x) + " is lost by a restart");
    return false;
  }
  std::vector<job_event> now;
  storage::read_events(db, x.record.id, now);
  const auto least = power_lost ? x.synced_events : x.history.size();
  if (now.size() < least || now.size() > x.history.size()
      || !std::equal(now.begin(), now.end(), x.history.begin()))
    fail("P5", name_of(x) + " is not as before the restart");
  x.history = std::move(now);
  x.status = job_status::pending;
  x.stop_stored = x.stop_holds = false;
  for (const auto& e : x.history)
    if (x.is_leaf() || !is_mark(e))
      x.status = e.status;
    else
      x.stop_stored |= is_stop(e);
  if (x.stop_answered && !x.is_over())
    fail("P6", "the cancel of " + name_of(x)
                 + " was answered, and the restart finds it "
                 + to_string(x.status));
  return true;
}

void model::forget(const job_id& id) {
  const auto x = jobs_.extract(id);
  const auto& record = x.mapped().record;
  if (auto i = names_.find(record.name); i != names_.end())
    names_.erase(i);
  std::erase(children_[record.parent_id], id);
  unsynced_.erase(id);
  count_tick(x.mapped(), -1);
}

// -- what was promised --------------------------------------------------------

void model::on_accepted(const std::vector<job_id>& ids, durability level) {
  for (const auto& id : ids) {
    const auto* x = find(id);
    if (x == nullptr)
      fail("P1", "job " + to_string(id) + " was accepted before its commit");
    else if (level != durability::buffered && !x->synced)
      fail("P1", name_of(*x) + " was accepted before it was synced");
  }
}

void model::on_stop_asked(const job_id& id) {
  if (auto* x = find(id))
    x->stop_asked = true;
  for (const auto& child : children_[id])
    on_stop_asked(job_id{child});
}

void model::on_stopped(const job_id& id) {
  auto* x = find(id);
  if (x == nullptr)
    return;
  x->stop_answered = true;
  if (!x->is_over())
    fail("P6", "the cancel of " + name_of(*x) + " was answered, and it is "
                 + to_string(x->status));
  for (const auto& child : children_[id])
    on_stopped(job_id{child});
}

void model::on_rest() {
  for (auto& [id, x] : jobs_)
    x.stop_holds = x.stop_stored;
}

bool model::stop_holds(const job_id& id) const {
  const auto i = jobs_.find(id);
  return i != jobs_.end() && i->second.stop_holds;
}

bool model::may_stop(const job_fact& x) const {
  auto asked = [this](const job_id& id) {
    auto i = jobs_.find(id);
    return i != jobs_.end() && i->second.stop_asked;
  };
  return x.stop_asked || asked(x.record.step_id) || asked(x.record.manager_id);
}

// -- workers ------------------------------------------------------------------

void model::on_attempt(const leased_job& lease, bool start_stored) {
  const auto* x = find(lease.job.id);
  if (x == nullptr) {
    fail("P1", "job " + to_string(lease.job.id) + " runs before its commit");
    return;
  }
  if (x->is_over())
    fail("P3", name_of(*x) + " runs and is " + to_string(x->status));
  if (x->stop_answered)
    fail("P6", name_of(*x) + " runs after its cancel was answered");
  if (start_stored
      && (x->status != job_status::running || x->history.empty()
          || x->history.back().epoch != lease.epoch))
    fail("P2", name_of(*x) + " runs before its start is stored");
  auto& newest = given_[lease.job.id];
  if (lease.epoch <= newest)
    fail("P2", name_of(*x) + " runs with epoch " + std::to_string(lease.epoch)
                 + " after " + std::to_string(newest));
  newest = lease.epoch;
}

void model::on_words(const job_id& job, uint64_t epoch, last_words words) {
  words_[{job, epoch}] = std::move(words);
}

void model::on_reports_lost(const std::string& type) {
  for (auto& [of, words] : words_)
    if (const auto* x = find(of.first); x != nullptr && x->record.type == type)
      words.lost = true;
}

void model::on_created(const job_id& step, std::set<std::string> names) {
  created_[step].push_back(std::move(names));
}

} // namespace quaero::sim
