#include "storage/job_index.hpp"
#include "storage/keys.hpp"
#include "storage/life_tables.hpp"
#include "storage/table_checks.hpp"
#include "storage/tables.hpp"
#include "storage/verify_parts.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace quaero::storage {

namespace {

constexpr size_t id_bytes = 16;
constexpr size_t event_number_bytes = 4;
constexpr size_t runs_kept_max = 1000;

/// How many ids there are and, mixed, which: two sets that agree in both are
/// the same, but for a chance of one in 2^64.
struct id_sum {
  uint64_t count = 0;
  uint64_t mix = 0;

  void add(const job_id& x) {
    const auto halves = halve(x);
    uint64_t y = halves.head * 0x9E3779B97F4A7C15u ^ halves.tail;
    y = (y ^ (y >> 30)) * 0xBF58476D1CE4E5B9u;
    y = (y ^ (y >> 27)) * 0x94D049BB133111EBu;
    ++count;
    mix += y ^ (y >> 31);
  }
  bool operator==(const id_sum&) const = default;
};

/// What the index should say about one facet.
struct facet_sum {
  state_counts counts{};
  std::array<id_sum, job_status_count> ids; ///< 0: made.
};

/// A facet as people read it: letter and text.
std::string shown(std::string_view facet) {
  std::string out(1, facet.empty() ? '?' : facet[0]);
  if (facet.size() > 2)
    out.append(" ").append(facet.substr(2));
  return out;
}

bool has_index_mark(const store& db) {
  std::string ignored;
  return db.read(text_key(table::meta, "job_index"), ignored).ok();
}

class job_check {
public:
  job_check(const store& db, fault_list& faults,
            const std::vector<job_id>& queued)
    : db_{db}, faults_{faults}, queued_{queued} {}

  void run() {
    walk(table::jobs, [this](const job_id& id, std::string_view rest) {
      look_at(id, rest);
    });
    faults_.report().jobs = tally_.jobs_all;
    check_totals();
    if (index_is_whole_) {
      check_counts();
      check_postings();
    }
    check_lists();
  }

private:
  struct tally {
    uint64_t jobs[job_status_count] = {};
    uint64_t roots = 0;
    uint64_t jobs_all = 0;
  };

  /// Calls `f` with the id behind the letter and with what follows.
  template <class F>
  void walk(table which, F f) {
    const fixed_key prefix{which};
    const std::string_view name = table_name(static_cast<char>(which));
    auto result = for_each(db_, prefix, [&](std::string_view key, auto&&) {
      faults_.count(name);
      if (key.size() < 1 + id_bytes)
        faults_.add(name, "", "a key of a wrong length");
      else
        f(job_id_from_bytes(key.substr(1, id_bytes)), key.substr(1 + id_bytes));
      return true;
    });
    faults_.check(result, name, "");
  }

  /// @param rest of a key of the table, behind the id: of an event's a number.
  void look_at(const job_id& id, std::string_view rest) {
    if (rest.empty()) {
      last_job_ = id;
      look_at(id);
    } else if (rest.size() != event_number_bytes) {
      faults_.add("jobs", id, "a key of a wrong length");
    } else if (id != last_job_ && id != last_orphan_) {
      faults_.add("events", id, "there is no such job");
      last_orphan_ = id;
    }
  }

  void look_at(const job_id& id) {
    queue_job job;
    std::vector<job_event> events;
    ++tally_.jobs_all;
    if (!faults_.check(read_job(db_, id, job), "jobs", to_string(id))
        || !faults_.check(read_events(db_, id, events), "events",
                          to_string(id)))
      return;
    const auto found = check_history(job, events);
    const auto state = found.status;
    ++tally_.jobs[static_cast<size_t>(state)];
    tally_.roots += !job.parent_id;
    check_places(job, state);
    check_queue(job, state);
    add_facets(job, state);
    check_dead(id, found.reason);
  }

  static fixed_key dead_key(failure_reason why, const job_id& id) {
    return fixed_key{table::dead_letters}
      .add_byte(static_cast<uint8_t>(why))
      .add(id);
  }

  /// @param why the job has failed for good, or none.
  void check_dead(const job_id& id, failure_reason why) {
    job_label label;
    if (why == failure_reason::none
        || !faults_.check(read_label(db_, id, label), "labels", to_string(id))
        || label.retried_as)
      return;
    const auto failed = static_cast<size_t>(job_status::failed);
    ++facets_[dead_letter_facet(why)].counts[failed];
    ++dead_;
    if (index_is_whole_ && !has(dead_key(why, id)))
      faults_.add("dead_letters", id, "it is not in the list");
  }

  job_state check_history(const queue_job& job,
                          const std::vector<job_event>& events) {
    const bool is_step = job.type == step_job_type;
    job_state state;
    for (const auto& x : events) {
      // A mark: it says something and moves nothing.
      if (x.status == job_status::running && !x.result.empty())
        continue;
      const auto before = state.status;
      if (!apply(state, x, is_step))
        faults_.add("events", job.id,
                    "a move from " + to_string(before) + " to "
                      + to_string(x.status) + " in epoch "
                      + std::to_string(x.epoch) + " is not allowed");
    }
    return state;
  }

  bool has(const fixed_key& key) {
    std::string ignored;
    return db_.read(key, ignored).ok();
  }

  void check_places(const queue_job& job, job_status state) {
    auto must = [&](const job_id& other, std::string_view what) {
      if (other && other != job.id && !has_job(db_, other))
        faults_.add("jobs", job.id,
                    "its " + std::string{what} + " " + to_string(other)
                      + " is not there");
    };
    must(job.parent_id, "parent");
    must(job.manager_id, "run");
    must(job.step_id, "step");
    if (job.parent_id
        && !has(fixed_key{table::children}.add(job.parent_id).add(job.id)))
      faults_.add("children", job.id, "it is not in the list of its parent");
    if (job.type == manager_job_type
        && has(fixed_key{table::active}.add(job.id)) == is_terminal(state))
      faults_.add("active", job.id,
                  "the run is " + to_string(state) + " and is "
                    + (is_terminal(state) ? "" : "not ") + "in the list");
  }

  void check_queue(const queue_job& job, job_status state) {
    if (job.type == manager_job_type || job.type == step_job_type
        || is_terminal(state)
        || std::binary_search(queued_.begin(), queued_.end(), job.id))
      return;
    job_label label;
    if (read_label(db_, job.id, label).ok() && !label.held)
      faults_.add("queue", job.id,
                  "the job is " + to_string(state) + " and has no entry");
  }

  const run_facets& run_of(const job_id& manager) {
    if (runs_.size() > runs_kept_max)
      runs_.clear();
    auto [i, added] = runs_.try_emplace(manager);
    queue_job record;
    if (added && manager && read_job(db_, manager, record).ok())
      i->second = run_facets_of(record);
    return i->second;
  }

  void add_facets(const queue_job& job, job_status state) {
    const auto found = facet_keys_of(facets_of(job), run_of(job.manager_id));
    for (size_t i = 0; i < found.keys.size(); ++i) {
      auto& x = facets_[found.keys[i]];
      ++x.counts[static_cast<size_t>(state)];
      if (i < found.listed(job_status::pending))
        x.ids[0].add(job.id);
      if (is_terminal(state) && i < found.listed(state))
        x.ids[static_cast<size_t>(state)].add(job.id);
    }
  }

  void differ(std::string_view table, std::string_view what, uint64_t says,
              uint64_t is) {
    if (says != is)
      faults_.add(table, what,
                  "it says " + std::to_string(says) + ", the records say "
                    + std::to_string(is));
  }

  void check_totals() {
    totals found;
    if (!faults_.check(read_totals(db_, found), "meta", "totals"))
      return;
    for (size_t i = 0; i < job_status_count; ++i)
      differ("totals", to_string(static_cast<job_status>(i)) + " jobs",
             found.jobs[i], tally_.jobs[i]);
    differ("totals", "jobs without a parent", found.roots, tally_.roots);
  }

  void check_counts() {
    std::map<std::string, state_counts> left;
    for (const auto& [facet, x] : facets_)
      left[facet] = x.counts;
    auto result = for_each(
      db_, fixed_key{table::job_counts},
      [&](std::string_view key, std::string_view val) {
        faults_.count("job_counts");
        const std::string facet{key.substr(1)};
        state_counts says{};
        if (!decode_job_counts(val, says)) {
          faults_.add("job_counts", shown(facet), "it cannot be read");
          return true;
        }
        const auto is = left[facet];
        left.erase(facet);
        for (size_t i = 0; i < is.size(); ++i)
          differ("job_counts",
                 shown(facet) + ", " + to_string(static_cast<job_status>(i)),
                 says[i], is[i]);
        return true;
      });
    faults_.check(result, "job_counts", "");
    for (const auto& [facet, x] : left)
      faults_.add("job_counts", shown(facet), "it is missing");
  }

  void check_postings() {
    std::map<std::string, facet_sum> found;
    std::vector<uint64_t> tails;
    auto result = for_each(
      db_, fixed_key{table::job_postings},
      [&](std::string_view key, std::string_view val) {
        faults_.count("job_postings");
        posting x;
        tails.clear();
        if (!parse_posting(key, x) || !decode_block(val, tails)) {
          faults_.add("job_postings", "", "a block cannot be read");
          return true;
        }
        auto& sum
          = found[std::string{x.facet}].ids[static_cast<size_t>(x.kind)];
        for (auto tail : tails)
          sum.add(join({x.head, tail}));
        return true;
      });
    faults_.check(result, "job_postings", "");
    for (const auto& [facet, x] : facets_)
      compare_ids(facet, found[facet], x);
    for (const auto& [facet, x] : found)
      if (!facets_.contains(facet))
        compare_ids(facet, x, {});
  }

  void compare_ids(const std::string& facet, const facet_sum& says,
                   const facet_sum& is) {
    for (size_t i = 0; i < job_status_count; ++i) {
      if (says.ids[i] == is.ids[i])
        continue;
      const auto kind = i == 0 ? "made" : to_string(static_cast<job_status>(i));
      const auto what = shown(facet) + ", " + kind;
      if (says.ids[i].count != is.ids[i].count)
        differ("job_postings", what, says.ids[i].count, is.ids[i].count);
      else
        faults_.add("job_postings", what, "it has ids of other jobs");
    }
  }

  /// Entries of lists that lead to no job, or to another one.
  void check_lists() {
    walk(table::children, [&](const job_id& parent, std::string_view rest) {
      const auto child
        = rest.size() == id_bytes ? job_id_from_bytes(rest) : job_id{};
      queue_job job;
      if (!read_job(db_, child, job).ok() || job.parent_id != parent)
        faults_.add("children", parent, "it has no child " + to_string(child));
    });
    uint64_t dead = 0;
    auto result
      = for_each(db_, fixed_key{table::dead_letters}, [&](auto&&, auto&&) {
          faults_.count("dead_letters");
          ++dead;
          return true;
        });
    if (faults_.check(result, "dead_letters", "") && index_is_whole_)
      differ("dead_letters", "entries", dead, dead_);
    walk(table::active, [&](const job_id& id, auto&&) {
      queue_job job;
      if (!read_job(db_, id, job).ok() || job.type != manager_job_type)
        faults_.add("active", id, "there is no such run");
    });
  }

  const store& db_;
  fault_list& faults_;
  const std::vector<job_id>& queued_;
  tally tally_;
  job_id last_job_;    ///< Whose record was seen last.
  job_id last_orphan_; ///< Whose events have no record.
  /// Without its mark the index is made anew at the next start.
  const bool index_is_whole_ = has_index_mark(db_);
  uint64_t dead_ = 0; ///< Dead letters.
  std::map<std::string, facet_sum> facets_;
  std::unordered_map<job_id, run_facets> runs_;
};

} // namespace

void verify_jobs(const store& db, fault_list& faults,
                 const std::vector<job_id>& queued) {
  job_check{db, faults, queued}.run();
}

} // namespace quaero::storage
