#include "actors/gateway/cursor.hpp"
#include "actors/gateway/live_counts.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace quaero {

namespace {

constexpr size_t jobs_page = 50;
constexpr size_t jobs_page_max = 500;
constexpr size_t children_page = 1000;
constexpr size_t queue_jobs_max = 500; ///< Of each of the two states.

/// Matches that are found and left out; who wants more pages by cursors.
constexpr size_t offset_max = 1'000'000;

// -- what is wanted -----------------------------------------------------------

/// A list as it was asked for.
struct list_wanted {
  job_query query;
  std::string name; ///< Of the list, for cursors.
  std::optional<list_position> from;
  size_t offset = 0;
};

// Reads "pending,running"; says so if one is no state.
void read_statuses(query_reader& query, job_filter& out) {
  for (const auto& text : query.list("status")) {
    job_status status{};
    if (from_string(text, status))
      out.states.push_back(status);
    else
      query.refuse("status", "'" + text + "' is not the state of a job");
  }
}

void read_parent(query_reader& query, job_filter& out) {
  const auto text = query.text("parent_id");
  job_id id;
  if (text == "root")
    out.roots = true;
  else if (from_string(text, id))
    out.parents = {id};
  else if (!text.empty())
    query.refuse("parent_id", "must be a job id or 'root'");
}

/// Reads what all lists of jobs take. The filter is part of the list's name as
/// it was sent: an age means another moment on the next page, but the same
/// list.
bool read_wanted(const exchange_ptr& ex, query_reader& query, size_t page,
                 size_t page_max, list_order order, list_wanted& out) {
  auto& filter = out.query.filter;
  out.query.limit = query.number("limit", page, 1, page_max);
  const auto newest = order == list_order::newest_first ? "desc" : "asc";
  const auto dir = query.choice("order_dir", newest, {"asc", "desc"});
  query.choice("order_by", "created_at", {"created_at"});
  out.query.order
    = dir == "desc" ? list_order::newest_first : list_order::oldest_first;
  read_statuses(query, filter);
  std::string why;
  const auto q = query.text("q");
  if (!parse_job_filter(q, system_wall_clock().now(), filter, why))
    query.refuse("q", why);
  out.name += '\n' + query.text("status") + '\n' + q + '\n' + dir;
  out.offset = out.query.offset = query.number("offset", 0, 0, SIZE_MAX);
  if (out.offset > offset_max)
    query.refuse("offset", "must be at most " + std::to_string(offset_max)
                             + ": go on with next_cursor");
  if (!query.ok()) {
    ex->reply(query.problem());
    return false;
  }
  if (!take_cursor(ex, out.name, out.from))
    return false;
  if (out.from) {
    out.query.after = job_id_from_bytes(out.from->place);
    out.query.offset = std::min<uint64_t>(out.from->offset, offset_max);
    out.query.count = count_mode::none;
  }
  return true;
}

// -- answers ------------------------------------------------------------------

void add_page(value& out, const list_wanted& wanted, const job_page& page) {
  const auto total = wanted.from ? wanted.from->total : page.total;
  const bool exact
    = wanted.from ? wanted.from->total_is_exact : page.total_is_exact;
  out.set("total_count", total);
  out.set("total_is_exact", exact);
  out.set("limit", uint64_t{wanted.query.limit});
  out.set("offset", uint64_t{wanted.offset});
  out.set("next_cursor",
          page.next ? make_cursor(wanted.name, {std::string{page.next.view()},
                                                page.offset_left, total, exact})
                    : std::string{});
}

// Jobs of the page below the job of the page that they belong to.
void add_groups(value& out, const std::vector<job_view>& jobs,
                const counts_by_job& live) {
  std::map<job_id, std::vector<job_view>> below;
  for (const auto& x : jobs)
    if (!x.job.parent_id)
      below[x.job.id];
  std::vector<job_view> orphans;
  for (const auto& x : jobs) {
    if (!x.job.parent_id)
      continue;
    const auto run = below.find(x.job.manager_id);
    (run == below.end() ? orphans : run->second).push_back(x);
  }
  value::array groups;
  for (const auto& x : jobs)
    if (!x.job.parent_id)
      groups.push_back(
        value::make_object({{"parent", jobs_json({x}, live).as_array().front()},
                            {"children", jobs_json(below[x.job.id], live)}}));
  out.set("groups", std::move(groups));
  out.set("orphans", jobs_json(orphans, live));
}

void reply_page(const exchange_ptr& ex, const list_wanted& wanted, bool grouped,
                bool with_count, const char* items = "jobs") {
  ex->ask<job_page>(
    ex->actors().reader,
    [=](job_page& found) {
      auto page = std::make_shared<job_page>(std::move(found));
      with_live_counts(ex, page->jobs, [=](const counts_by_job& live) {
        auto out = value::make_object();
        if (grouped)
          add_groups(out, page->jobs, live);
        else
          out.set(items, jobs_json(page->jobs, live));
        if (with_count)
          out.set("count", uint64_t{page->jobs.size()});
        add_page(out, wanted, *page);
        ex->reply(out);
      });
    },
    atom::list_v, wanted.query);
}

void list_jobs(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  list_wanted wanted;
  wanted.name = "jobs\n" + query.text("parent_id");
  read_parent(query, wanted.query.filter);
  const bool grouped = query.flag("grouped").value_or(false);
  if (read_wanted(ex, query, jobs_page, jobs_page_max, list_order::newest_first,
                  wanted))
    reply_page(ex, wanted, grouped, false);
}

void list_children(const exchange_ptr& ex) {
  job_id parent;
  if (!ex->job_param(0, parent))
    return;
  query_reader query{ex->request()};
  list_wanted wanted;
  wanted.name = "children\n" + to_string(parent);
  wanted.query.filter.parents = {parent};
  if (!read_wanted(ex, query, children_page, children_page,
                   list_order::oldest_first, wanted))
    return;
  // A job that is not there has no children, but that is a 404.
  ex->ask<job_view>(
    ex->actors().reader,
    [=](job_view&) { reply_page(ex, wanted, false, true); }, atom::get_v,
    parent);
}

// What the short forms of a query's terms ask for is part of the list's name.
void read_dead_letters(query_reader& query, list_wanted& out) {
  auto& filter = out.query.filter;
  filter.types = query.list("type");
  filter.queues = query.list("queue");
  filter.definitions = query.list("definition");
  for (const auto& text : query.list("reason"))
    if (!from_string(text, filter.dead.emplace_back()))
      query.refuse("reason", "'" + text
                               + "' is none: attempts_exhausted, "
                                 "not_retryable, expired, quarantined, "
                                 "timed_out");
  for (const char* name : {"type", "queue", "definition", "reason"})
    out.name += '\n' + query.text(name);
}

void list_dead_letters(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  list_wanted wanted;
  wanted.name = "dead-letters";
  read_dead_letters(query, wanted);
  if (!read_wanted(ex, query, jobs_page, jobs_page_max,
                   list_order::newest_first, wanted))
    return;
  auto& reasons = wanted.query.filter.dead;
  if (reasons.empty())
    reasons = all_failure_reasons();
  reply_page(ex, wanted, false, false, "dead_letters");
}

// -- what waits and runs ------------------------------------------------------

job_query in_state(job_status x) {
  job_query out;
  out.filter.states = {x};
  out.limit = queue_jobs_max;
  out.count = count_mode::none;
  return out;
}

void list_queue(const exchange_ptr& ex) {
  auto reply = [ex](const job_page& running, const job_page& pending,
                    const storage::totals& sums) {
    auto all = running.jobs;
    all.insert(all.end(), pending.jobs.begin(), pending.jobs.end());
    const auto count
      = [&](job_status x) { return sums.jobs[static_cast<size_t>(x)]; };
    const auto total = count(job_status::pending) + count(job_status::running);
    with_live_counts(ex, all, [=](const counts_by_job& live) {
      ex->reply(value::make_object({{"pending", jobs_json(pending.jobs, live)},
                                    {"running", jobs_json(running.jobs, live)},
                                    {"total", total}}));
    });
  };
  ex->ask<job_page>(
    ex->actors().reader,
    [=](job_page& running) {
      ex->ask<job_page>(
        ex->actors().reader,
        [=](job_page& pending) {
          ex->ask<storage::totals>(
            ex->actors().log_collector,
            [=](storage::totals& sums) { reply(running, pending, sums); },
            atom::stats_v);
        },
        atom::list_v, in_state(job_status::pending));
    },
    atom::list_v, in_state(job_status::running));
}

} // namespace

const std::vector<route>& job_list_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/jobs", list_jobs},
    {"GET", "/api/jobs/queue", list_queue},
    {"GET", "/api/jobs/{id}/children", list_children},
    {"GET", "/api/dead-letters", list_dead_letters},
  };
  return routes;
}

} // namespace quaero
