#include "bench/exact.hpp"

#include "storage/job_scan.hpp"
#include "storage/tables.hpp"

#include <numeric>

namespace quaero::bench {

namespace {

constexpr size_t page = 10'000;

std::string said(uint64_t n, const char* what) {
  return std::to_string(n) + ' ' + what;
}

uint64_t count_entries(const storage::store& db) {
  uint64_t out = 0;
  storage::read_queue(db, [&](storage::queue_entry&&) { ++out; });
  return out;
}

uint64_t in_state(const storage::totals& x, job_status state) {
  return x.jobs[static_cast<size_t>(state)];
}

/// Calls `f` for each root, the newest first, until it returns false.
void for_each_root(const storage::store& db,
                   const std::function<bool(const job_id&)>& f) {
  job_id before;
  std::vector<job_id> ids;
  do {
    ids.clear();
    storage::read_roots(db, before, page, ids);
    for (const auto& id : ids) {
      if (!f(id))
        return;
      before = id;
    }
  } while (!ids.empty());
}

void for_each_below(const storage::store& db, const job_id& parent,
                    const std::function<void(const job_id&)>& f) {
  job_id after;
  std::vector<job_id> ids;
  do {
    ids.clear();
    storage::read_children(db, parent, after, page, ids);
    for (const auto& id : ids) {
      f(id);
      for_each_below(db, id, f);
      after = id;
    }
  } while (!ids.empty());
}

bool is_completed(const storage::store& db, const job_id& id,
                  const event_check& wanted) {
  std::vector<job_event> events;
  storage::read_events(db, id, events);
  return fold(events).status == job_status::completed && wanted(id, events);
}

} // namespace

bool ended_at_once(const job_id&, const std::vector<job_event>& events) {
  return events.size() == 1 && events[0].attempt == 1;
}

std::string check_waiting(const storage::store& db, uint64_t jobs) {
  storage::totals all;
  storage::read_totals(db, all);
  if (const auto n = in_state(all, job_status::pending); n != jobs)
    return said(n, "jobs wait");
  if (const auto n = count_entries(db); n != jobs)
    return said(n, "entries are in the queue");
  uint64_t found = 0;
  for_each_root(db, [&](const job_id&) {
    ++found;
    return true;
  });
  return found == jobs ? "" : said(found, "jobs are there");
}

std::string check_totals(const storage::store& db, uint64_t completed) {
  if (const auto n = count_entries(db); n != 0)
    return said(n, "queue entries are left");
  std::vector<job_id> active;
  storage::read_active(db, active);
  if (!active.empty())
    return said(active.size(), "runs go on");
  storage::totals all;
  storage::read_totals(db, all);
  if (const auto n = in_state(all, job_status::completed); n != completed)
    return said(n, "jobs are completed");
  const auto n
    = std::accumulate(std::begin(all.jobs), std::end(all.jobs), uint64_t{0});
  return n == completed ? "" : said(n, "jobs are there");
}

std::string check_roots(const storage::store& db, uint64_t jobs,
                        const event_check& events) {
  uint64_t found = 0;
  uint64_t completed = 0;
  for_each_root(db, [&](const job_id& id) {
    completed += is_completed(db, id, events);
    return ++found < jobs;
  });
  if (found != jobs)
    return said(found, "jobs are there");
  return completed == jobs
           ? ""
           : said(completed, "jobs are completed as they should");
}

std::string check_trees(const storage::store& db, uint64_t jobs) {
  if (auto problem = check_totals(db, jobs); !problem.empty())
    return problem;
  uint64_t completed = 0;
  auto look = [&](const job_id& id) {
    completed
      += is_completed(db, id, [](const job_id&, const std::vector<job_event>&) {
           return true;
         });
  };
  for_each_root(db, [&](const job_id& id) {
    look(id);
    for_each_below(db, id, look);
    return true;
  });
  return completed == jobs ? "" : said(completed, "jobs are completed");
}

} // namespace quaero::bench
