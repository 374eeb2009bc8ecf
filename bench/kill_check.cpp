#include "bench/kill_check.hpp"

#include "storage/job_index.hpp"
#include "storage/keys.hpp"
#include "storage/leveldb_store.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

namespace quaero::bench {

namespace {

/// What kill_plan::definitions() makes: each of the step's four has a child.
constexpr size_t work_jobs = 8;
constexpr std::string_view work_step = "work";
constexpr std::string_view started_by_itself = "kill-start";

void require(const storage::status& x) {
  if (!x.ok())
    throw std::runtime_error{"the database cannot be read: " + x.message};
}

class checker {
public:
  checker(const storage::store& db, kill_result& out) : db_{db}, out_{out} {}

  void run(const kill_plan& known) {
    for (const auto& x : known.jobs())
      if (!wanted_.emplace(x.id, &x).second)
        doubled("the id " + to_string(x.id) + " was answered twice");
    for (const auto& id : known.runs())
      if (!runs_.insert(id).second)
        doubled("the run " + to_string(id) + " was answered twice");
    const storage::fixed_key prefix{storage::table::jobs};
    require(storage::for_each(db_, prefix, [&](std::string_view key, auto&&) {
      if (storage::part_of(key) == storage::job_part::record)
        look_at(job_id_from_bytes(key.substr(prefix.view().size())));
      return true;
    }));
    for (const auto& [id, x] : wanted_)
      note(out_.lost, "the job " + x->name + " is not there");
    for (const auto& id : runs_)
      note(out_.lost, "the run " + to_string(id) + " is not there");
  }

private:
  void note(uint64_t& count, const std::string& what) {
    ++count;
    if (out_.problem.empty())
      out_.problem = what;
  }
  void doubled(const std::string& what) { note(out_.doubled, what); }
  void wrong(const queue_job& x, const std::string& what) {
    note(out_.wrong, x.name + " " + to_string(x.id) + ": " + what);
  }

  void look_at(const job_id& id) {
    queue_job x;
    require(storage::read_job(db_, id, x));
    const auto end = check_events(x);
    check_log(x);
    if (x.type == manager_job_type) {
      check_run(x, end);
    } else if (x.type == step_job_type && x.name == work_step) {
      std::vector<job_id> ids;
      require(storage::read_children(db_, id, {},
                                     std::numeric_limits<size_t>::max(), ids));
      if (ids.size() != work_jobs)
        wrong(x, "made " + std::to_string(ids.size()) + " jobs");
    } else if (!x.manager_id) {
      check_own(x, end);
    }
  }

  /// A job that was enqueued by itself.
  void check_own(const queue_job& x, job_status end) {
    if (!names_.insert(x.name).second)
      doubled("there are two of " + x.name);
    const auto found = wanted_.find(x.id);
    if (found == wanted_.end()) {
      doubled(x.name + " is there and was never answered for");
      return;
    }
    const auto& known = *found->second;
    if (known.name != x.name)
      wrong(x, "was answered as " + known.name);
    if (end != (known.fails ? job_status::failed : job_status::completed))
      wrong(x, "is " + to_string(end));
    if (known.lines > 0)
      check_last_attempt(x, known);
    wanted_.erase(found);
  }

  void check_run(const queue_job& x, job_status end) {
    const auto definition = storage::run_facets_of(x).definition;
    if (runs_.erase(x.id) == 0 && definition != started_by_itself)
      doubled("the run " + to_string(x.id) + " was never answered for");
    if (end != job_status::completed)
      wrong(x, "is " + to_string(end));
  }

  /// @returns how it ended.
  job_status check_events(const queue_job& x) {
    std::vector<job_event> events;
    require(storage::read_events(db_, x.id, events));
    const auto ends
      = std::count_if(events.begin(), events.end(),
                      [](const job_event& e) { return is_terminal(e.status); });
    if (ends != 1 || !is_terminal(events.back().status))
      wrong(x, "is over " + std::to_string(ends) + " times");
    uint64_t epoch = 0;
    for (const auto& e : events) {
      const bool starts = e.status == job_status::running;
      if (e.epoch != 0 && (e.epoch < epoch || (starts && e.epoch == epoch)))
        wrong(x, "has an attempt of epoch " + std::to_string(e.epoch)
                   + " after " + std::to_string(epoch));
      epoch = std::max(epoch, e.epoch);
    }
    return storage_state(events, x);
  }

  static job_status storage_state(const std::vector<job_event>& events,
                                  const queue_job& x) {
    return fold(events, x.type == step_job_type).status;
  }

  std::vector<log_entry> log_of(const job_id& id) {
    storage::log_query all;
    all.level = log_level::debug;
    all.limit = std::numeric_limits<size_t>::max();
    all.newest = false;
    std::vector<log_entry> out;
    require(storage::read_log(db_, id, all, out));
    return out;
  }

  /// Of the log that it owns, if it owns one.
  void check_log(const queue_job& x) {
    uint64_t index = 0;
    uint64_t number = 0;
    for (const auto& line : log_of(x.id)) {
      number += line.line.level != log_level::debug;
      if (line.index != ++index || line.line_number() != number)
        wrong(x, "has line " + std::to_string(line.index) + " where "
                   + std::to_string(index) + " should be");
    }
  }

  /// All its lines are there, and no other attempt came behind them.
  void check_last_attempt(const queue_job& x, const acked_job& known) {
    int64_t lines = 0;
    int64_t summaries = 0;
    for (const auto& line : log_of(x.id)) {
      const auto& text = line.line.message;
      if (text.find("Starting: ") != std::string::npos)
        lines = summaries = 0;
      ++lines;
      summaries += text.find("Log summary") != std::string::npos;
    }
    if (lines != known.lines || summaries != 1)
      wrong(x, "has " + std::to_string(lines) + " lines of "
                 + std::to_string(known.lines) + " from its last attempt");
  }

  const storage::store& db_;
  kill_result& out_;
  std::unordered_map<job_id, const acked_job*> wanted_;
  std::unordered_set<job_id> runs_;
  std::unordered_set<std::string> names_;
};

} // namespace

void check_kills(const std::string& database, const kill_plan& known,
                 kill_result& out) {
  std::unique_ptr<storage::store> db;
  require(storage::open_leveldb(database, {}, db));
  checker{*db, out}.run(known);
}

} // namespace quaero::bench
