#include "actors/deadlines.hpp"
#include "actors/reader.hpp"
#include "storage/job_search.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

using outcome = storage::job_scan::outcome;

bool asks_for(const job_filter& filter, job_status x) {
  const auto& xs = filter.states;
  return std::find(xs.begin(), xs.end(), x) != xs.end();
}

/// Makes one page.
class list_maker {
public:
  list_maker(const reader_state& reader, const job_query& query)
    : reader_{reader}, query_{query}, scan_{query.order, query.after} {}

  caf::error make(const std::vector<job_id>& running) {
    auto result = storage::plan_job_scan(*reader_.db, query_.filter, running,
                                         reader_.config.search, scan_, checks_);
    std::optional<uint64_t> counted;
    if (result.ok() && query_.count == count_mode::bounded)
      result = storage::count_jobs(*reader_.db, query_.filter, counted);
    if (!result.ok())
      return make_error(ec::storage_failed, result.message);
    ids_left_ = reader_.config.list_ids_max;
    reads_left_ = reader_.config.list_scan_max;
    const auto end = fill();
    finish(end, counted);
    if (end == outcome::failed && !error_)
      error_ = make_error(ec::storage_failed, scan_.state().message);
    return error_;
  }

  job_page page;

private:
  /// Finds the next job of the list; reads it if `out` is there.
  outcome next(job_view* out) {
    while (true) {
      const bool reads = out != nullptr || checks_.any();
      if (reads && reads_left_ == 0)
        return outcome::limit;
      job_id id;
      auto found = scan_.next(ids_left_, id);
      if (found != outcome::found || !reads)
        return found;
      --reads_left_;
      job_view one;
      if (auto e = reader_.view(id, one)) {
        if (e == caf::error{ec::not_found})
          continue; // removed since the index was read
        error_ = std::move(e);
        return outcome::failed;
      }
      if (!passes(one))
        continue;
      if (out != nullptr)
        *out = std::move(one);
      return outcome::found;
    }
  }

  bool passes(const job_view& x) const {
    // The index was read a moment ago: what is at hand is looked at.
    auto checks = checks_;
    checks.state = true;
    return storage::passes(query_.filter, checks, x.job, x.state);
  }

  outcome fill() {
    page.offset_left = query_.offset;
    page.next = query_.after;
    while (page.jobs.size() < query_.limit) {
      job_view one;
      const bool skipped = page.offset_left > 0;
      if (auto x = next(skipped ? nullptr : &one); x != outcome::found)
        return x;
      ++seen_;
      if (skipped)
        --page.offset_left;
      else
        page.jobs.push_back(std::move(one));
    }
    return outcome::found;
  }

  void finish(outcome end, const std::optional<uint64_t>& counted) {
    const auto reached = scan_.reached();
    if (end == outcome::found) {
      // The page is full; is it the last one?
      end = next(nullptr);
      seen_ += end == outcome::found;
    }
    page.next = end == outcome::end ? job_id{} : reached;
    if (counted) {
      page.total = *counted;
    } else if (query_.count == count_mode::bounded) {
      ids_left_ = std::min(ids_left_, reader_.config.count_ids_max);
      reads_left_ = std::min(reads_left_, reader_.config.count_reads_max);
      while (end == outcome::found)
        if (end = next(nullptr); end == outcome::found)
          ++seen_;
      page.total = seen_;
      page.total_is_exact = end == outcome::end;
    } else {
      page.total_is_exact = false;
    }
  }

  const reader_state& reader_;
  const job_query& query_;
  storage::job_scan scan_;
  storage::job_checks checks_;
  uint64_t ids_left_ = 0;
  uint64_t reads_left_ = 0;
  uint64_t seen_ = 0;
  caf::error error_;
};

} // namespace

caf::result<job_page> reader_state::on_list(const job_query& query) {
  ++reads;
  // Only jobs that wait are found by what they are not.
  if (!collector || !asks_for(query.filter, job_status::running)
      || asks_for(query.filter, job_status::pending))
    return list(query, {});
  auto reply = self->make_response_promise<job_page>();
  self->request(collector, store_deadline, atom::list_v)
    .then(
      [this, reply, query](id_list& running) mutable {
        list_maker made{*this, query};
        if (auto e = made.make(running.ids))
          reply.deliver(std::move(e));
        else
          reply.deliver(std::move(made.page));
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

caf::result<job_page>
reader_state::list(const job_query& query,
                   const std::vector<job_id>& running) const {
  list_maker made{*this, query};
  if (auto e = made.make(running))
    return e;
  return std::move(made.page);
}

} // namespace quaero
