#include "storage/job_search.hpp"

#include "storage/keys.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace quaero::storage {

namespace {

constexpr std::string_view default_queue = "default";

/// Ids taken from an index at a time.
constexpr size_t page_ids = 1000;

/// One condition that the index knows: any of these texts.
struct condition {
  facet about = facet::all;
  std::vector<std::string> texts;
};

using state_set = std::array<bool, job_status_count>;

bool has(const state_set& xs, job_status x) {
  return xs[static_cast<size_t>(x)];
}

/// Those that are asked for: all if nothing is said.
state_set states_of(const job_filter& filter) {
  state_set out{};
  if (filter.states.empty())
    out.fill(true);
  for (auto x : filter.states)
    out[static_cast<size_t>(x)] = true;
  return out;
}

bool are_all(const state_set& xs) {
  return std::all_of(xs.begin(), xs.end(), [](bool x) { return x; });
}

std::vector<std::string> each_once(std::vector<std::string> xs) {
  std::sort(xs.begin(), xs.end());
  xs.erase(std::unique(xs.begin(), xs.end()), xs.end());
  return xs;
}

std::vector<condition> conditions_of(const job_filter& filter) {
  std::vector<condition> out;
  auto add = [&](facet about, const std::vector<std::string>& texts) {
    if (!texts.empty())
      out.push_back({about, each_once(texts)});
  };
  add(facet::definition, filter.definitions);
  add(facet::type, filter.types);
  add(facet::queue, filter.queues);
  for (const auto& group : filter.tags)
    add(facet::tag, group);
  return out;
}

/// The queue that nearly all are in has no ids of its own.
bool has_ids(const condition& x) {
  return x.about != facet::queue
         || std::find(x.texts.begin(), x.texts.end(), default_queue)
              == x.texts.end();
}

status sum_counts(const store& db, const condition& x, const state_set& states,
                  uint64_t& out) {
  for (const auto& text : x.texts) {
    state_counts counts{};
    if (auto result = read_job_counts(db, x.about, text, counts); !result.ok())
      return result;
    for (size_t i = 0; i < counts.size(); ++i)
      if (states[i])
        out += counts[i];
  }
  return {};
}

constexpr std::array terminal_states{job_status::completed, job_status::failed,
                                     job_status::cancelled,
                                     job_status::skipped};

/// Calls `f` for each child of `parent`.
template <class F>
status for_each_child(const store& db, const job_id& parent, F f) {
  job_id after;
  std::vector<job_id> ids;
  do {
    auto result = read_children(db, parent, after, page_ids, ids);
    if (!result.ok())
      return result;
    for (const auto& id : ids)
      f(id);
    if (!ids.empty())
      after = ids.back();
  } while (ids.size() == page_ids);
  return {};
}

class planner {
public:
  planner(const store& db, const job_filter& filter,
          const std::vector<job_id>& running, const job_search_config& config,
          job_scan& scan, job_checks& checks)
    : db_{db}, filter_{filter}, running_{running}, config_{config}, scan_{scan},
      checks_{checks}, states_{states_of(filter)} {}

  status plan() {
    bound_ages();
    plan_places();
    auto all = conditions_of(filter_);
    checks_.text = !filter_.names.empty() || !filter_.texts.empty();
    checks_.queue = std::any_of(all.begin(), all.end(),
                                [](const auto& x) { return !has_ids(x); });
    std::erase_if(all, [](const auto& x) { return !has_ids(x); });
    if (!are_all(states_) && error_.ok())
      plan_states(all);
    for (const auto& x : all)
      want_postings(x, job_status::pending);
    if (!wanted_)
      want_postings({facet::all, {""}}, job_status::pending);
    return error_;
  }

private:
  void want(std::vector<id_stream_ptr> any_of) {
    wanted_ = true;
    scan_.want(std::move(any_of));
  }

  void want_postings(const condition& x, job_status kind) {
    std::vector<id_stream_ptr> group;
    for (const auto& text : x.texts)
      group.push_back(scan_postings(db_, x.about, text, kind, scan_.order()));
    want(std::move(group));
  }

  void bound_ages() {
    job_id lowest;
    job_id highest;
    if (filter_.created_after != timestamp{})
      lowest = first_id_of(filter_.created_after);
    if (filter_.created_before != timestamp{}) {
      highest = first_id_of(filter_.created_before - timestamp::duration{1});
      std::fill(highest.bytes.begin() + 6, highest.bytes.end(), 0xff);
    }
    scan_.keep_within(lowest, highest);
  }

  static job_id first_id_of(timestamp t) {
    auto ms = std::chrono::floor<std::chrono::milliseconds>(t)
                .time_since_epoch()
                .count();
    job_id out;
    for (size_t i = 0; i < 6; ++i)
      out.bytes[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
    return out;
  }

  // Where in a run: these have tables of their own.
  void plan_places() {
    if (!filter_.ids.empty())
      want_list(filter_.ids);
    if (!filter_.dead.empty()) {
      std::vector<id_stream_ptr> group;
      for (auto why : filter_.dead)
        group.push_back(scan_dead_letters(db_, why, scan_.order()));
      want(std::move(group));
    }
    if (filter_.roots) {
      std::vector<id_stream_ptr> group;
      group.push_back(scan_roots(db_, scan_.order()));
      want(std::move(group));
    }
    if (!filter_.parents.empty()) {
      std::vector<id_stream_ptr> group;
      for (const auto& x : filter_.parents)
        group.push_back(scan_children(db_, x, scan_.order()));
      want(std::move(group));
    }
    if (filter_.runs.empty())
      return;
    std::vector<id_stream_ptr> group;
    group.push_back(scan_ids(filter_.runs, scan_.order()));
    for (const auto& run : filter_.runs) {
      group.push_back(scan_children(db_, run, scan_.order()));
      keep(for_each_child(db_, run, [&](const job_id& step) {
        group.push_back(scan_children(db_, step, scan_.order()));
      }));
    }
    want(std::move(group));
  }

  void want_list(std::vector<job_id> ids) {
    std::vector<id_stream_ptr> group;
    group.push_back(scan_ids(std::move(ids), scan_.order()));
    want(std::move(group));
  }

  void keep(status result) {
    if (error_.ok())
      error_ = std::move(result);
  }

  // -- states -----------------------------------------------------------------

  // States restrict the rarest condition, which is taken out of `all`.
  void plan_states(std::vector<condition>& all) {
    condition rarest{facet::all, {""}};
    if (!all.empty()) {
      size_t best = 0;
      uint64_t fewest = UINT64_MAX;
      for (size_t i = 0; i < all.size(); ++i) {
        uint64_t n = 0;
        keep(sum_counts(db_, all[i], states_, n));
        if (n < fewest) {
          fewest = n;
          best = i;
        }
      }
      rarest = all[best];
    }
    const bool pending = has(states_, job_status::pending);
    const bool running = has(states_, job_status::running);
    std::vector<id_stream_ptr> group;
    bool from_lists = true;
    if (pending || running) {
      checks_.state = true;
      std::vector<job_id> live;
      if (!pending)
        group.push_back(scan_ids(running_, scan_.order()));
      else if (read_live(live))
        group.push_back(scan_ids(std::move(live), scan_.order()));
      else
        from_lists = false;
    }
    if (!from_lists) {
      plan_not_ended(rarest);
      checks_.state = !(pending && running);
    } else {
      add_ended(rarest, group, true);
      // What is on a list may have another text.
      if (!(pending || running) && !all.empty())
        std::erase_if(all, [&](const condition& x) {
          return x.about == rarest.about && x.texts == rarest.texts;
        });
      want(std::move(group));
    }
  }

  // Made, and not ended in another state.
  void plan_not_ended(const condition& x) {
    if (x.about == facet::all)
      want_postings(x, job_status::pending);
    std::vector<id_stream_ptr> others;
    add_ended(x, others, false);
    scan_.exclude(std::move(others));
  }

  // Streams of those that ended in a state that is wanted, or in another one.
  void add_ended(const condition& x, std::vector<id_stream_ptr>& out,
                 bool wanted) {
    for (const auto& text : x.texts) {
      state_counts counts{};
      keep(read_job_counts(db_, x.about, text, counts));
      for (auto state : terminal_states)
        if (has(states_, state) == wanted
            && counts[static_cast<size_t>(state)] != 0)
          out.push_back(
            scan_postings(db_, x.about, text, state, scan_.order()));
    }
  }

  // All that waits or runs, unless it is too much, or some of it is in neither
  // of the tables. Steps that are over may be among them.
  bool read_live(std::vector<job_id>& out) {
    const auto all = live_of(facet::all, {});
    const auto runs = live_of(facet::type, manager_job_type);
    const auto steps = live_of(facet::type, step_job_type);
    if (all > config_.live_read_max)
      return false;
    keep(read_queue(db_, [&](queue_entry&& x) { out.push_back(x.id); }));
    std::vector<job_id> active;
    keep(read_active(db_, active));
    if (out.size() + runs + steps != all || active.size() != runs)
      return false;
    for (const auto& run : active) {
      out.push_back(run);
      keep(for_each_child(db_, run,
                          [&](const job_id& step) { out.push_back(step); }));
    }
    return true;
  }

  uint64_t live_of(facet about, std::string_view text) {
    state_counts counts{};
    keep(read_job_counts(db_, about, text, counts));
    return counts[static_cast<size_t>(job_status::pending)]
           + counts[static_cast<size_t>(job_status::running)];
  }

  const store& db_;
  const job_filter& filter_;
  const std::vector<job_id>& running_;
  const job_search_config& config_;
  job_scan& scan_;
  job_checks& checks_;
  const state_set states_;
  bool wanted_ = false;
  status error_;
};

} // namespace

status plan_job_scan(const store& db, const job_filter& filter,
                     const std::vector<job_id>& running,
                     const job_search_config& config, job_scan& scan,
                     job_checks& checks) {
  return planner{db, filter, running, config, scan, checks}.plan();
}

status count_jobs(const store& db, const job_filter& filter,
                  std::optional<uint64_t>& out) {
  out.reset();
  auto rest = filter;
  rest.states.clear();
  rest.types.clear();
  rest.definitions.clear();
  rest.queues.clear();
  rest.tags.clear();
  rest.roots = false;
  rest.dead.clear();
  auto all = conditions_of(filter);
  if (filter.roots)
    all.push_back({facet::roots, {""}});
  if (!filter.dead.empty()) {
    condition dead{facet::dead, {}};
    for (auto why : filter.dead)
      dead.texts.push_back(to_string(why));
    all.push_back(std::move(dead));
  }
  if (!rest.empty() || all.size() > 1)
    return {};
  if (all.empty())
    all.push_back({facet::all, {""}});
  // A job has one type, but any number of tags.
  if (all[0].about == facet::tag && all[0].texts.size() > 1)
    return {};
  uint64_t n = 0;
  auto result = sum_counts(db, all[0], states_of(filter), n);
  if (result.ok())
    out = n;
  return result;
}

bool passes(const job_filter& filter, const job_checks& checks,
            const queue_job& job, const job_state& state) {
  if (checks.state && !has(states_of(filter), state.status))
    return false;
  if (!filter.dead.empty()
      && std::find(filter.dead.begin(), filter.dead.end(), state.reason)
           == filter.dead.end())
    return false;
  const bool queued = job.type != manager_job_type && job.type != step_job_type;
  if (checks.queue
      && (!queued
          || std::find(filter.queues.begin(), filter.queues.end(), job.queue)
               == filter.queues.end()))
    return false;
  if (!checks.text)
    return true;
  const auto& names = filter.names;
  if (!names.empty()
      && std::none_of(names.begin(), names.end(), [&](const auto& x) {
           return contains_any_case(job.name, x);
         }))
    return false;
  return std::all_of(
    filter.texts.begin(), filter.texts.end(), [&](const auto& x) {
      return contains_any_case(job.name, x) || contains_any_case(job.config, x)
             || contains_any_case(state.error, x);
    });
}

} // namespace quaero::storage
