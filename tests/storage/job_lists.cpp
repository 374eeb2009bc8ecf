#include "storage/job_search.hpp"
#include "storage/keys.hpp"
#include "tests/storage/samples.hpp"

#include <boost/mpl/list.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

// Every list against a naive model.

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

using fixtures = boost::mpl::list<memory_fixture, leveldb_fixture>;

using ids = std::vector<job_id>;

constexpr uint64_t first_ms = 1'768'874'404'118;

} // namespace

namespace {

struct model_job {
  queue_job job;
  job_state state;
  uint32_t events = 0;
  bool ended_is_stored = false;
};

/// Random jobs in random states, indexed in commits that are stored late, and
/// every list compared with a look at all jobs.
template <class Fixture>
struct index_model : Fixture {
  explicit index_model(unsigned seed) : random{seed} {}

  std::mt19937 random;
  job_index_writer index{*this->db, {}};
  std::map<job_id, model_job> jobs;
  std::map<job_id, run_facets> runs;
  std::deque<std::pair<write_batch, ids>> under_way;
  uint64_t stored = 0;
  uint64_t sequence = 0;
  std::map<job_id, queue_key> entries;

  uint64_t below(uint64_t n) { return random() % n; }

  job_id new_id() {
    job_id id;
    do
      id = make_id(below(1u << 20), first_ms + below(40));
    while (jobs.count(id) != 0);
    return id;
  }

  queue_job& make(const std::string& type) {
    const auto id = new_id();
    auto& x = jobs[id];
    x.job.id = id;
    x.job.type = type;
    x.job.name = below(2) == 0 ? "Red one" : "blue two";
    return x.job;
  }

  void put(const queue_job& job, write_batch& out) {
    put_job(out, job);
    const auto& run = job.manager_id ? runs[job.manager_id] : none;
    index.add(index.name(facets_of(job), run), job.id);
    if (job.type == "manager")
      put_active(out, job.id);
    else if (job.type != "step") {
      auto& key = entries[job.id];
      key = {4, ++sequence};
      put_queue_entry(out, {key,
                            job.id,
                            job.step_id,
                            job.manager_id,
                            job.type,
                            job.queue,
                            4,
                            {},
                            0,
                            {},
                            {}});
    }
  }

  void add_run(write_batch& out) {
    auto& run = make("manager");
    run.manager_id = run.id;
    const std::string name = below(2) == 0 ? "nightly" : "weekly";
    run.metadata = R"({"job_definition_id":")" + name + "\"}";
    run.config = R"({"definition":{"tags":["run)" + name + "\"]}}";
    runs[run.id] = run_facets_of(run);
    const auto id = run.id;
    put(run, out);
    auto& step = make("step");
    step.parent_id = step.manager_id = id;
    step.step_id = step.id;
    put(step, out);
  }

  void add_leaf(write_batch& out) {
    ids steps{job_id{}};
    for (const auto& [id, x] : jobs)
      if (x.job.type == "step" && !is_terminal(x.state.status))
        steps.push_back(id);
    const auto step = steps[below(steps.size())];
    auto& job = make(below(2) == 0 ? "fetch" : "parse");
    if (step) {
      job.parent_id = job.step_id = step;
      job.manager_id = jobs[step].job.manager_id;
    }
    if (below(4) == 0)
      job.queue = "slow";
    if (below(3) == 0)
      job.tags = {below(2) == 0 ? "a" : "b", "runweekly"};
    put(job, out);
  }

  model_job* any() {
    if (jobs.empty())
      return nullptr;
    auto i = jobs.begin();
    std::advance(i, static_cast<ptrdiff_t>(below(jobs.size())));
    return &i->second;
  }

  void move(model_job& x, job_status to, write_batch& out, ids& ended) {
    job_event event;
    event.id = x.job.id;
    event.status = to;
    event.at = at(1);
    event.started_at = at(1);
    if (to == job_status::failed)
      event.error = "It was Green";
    const auto from = x.state.status;
    // A run ends after its steps.
    if (x.job.type == "manager" && is_terminal(to))
      for (const auto& [id, step] : jobs)
        if (step.job.parent_id == x.job.id && !is_terminal(step.state.status))
          return;
    if (!apply(x.state, event, x.job.type == "step"))
      return;
    put_event(out, ++x.events, event);
    const auto& run = x.job.manager_id ? runs[x.job.manager_id] : none;
    index.move(index.name(facets_of(x.job), run), x.job.id, from,
               x.state.status);
    if (!is_terminal(to))
      return;
    ended.push_back(x.job.id);
    if (x.job.type == "manager")
      remove_active(out, x.job.id);
    else if (auto i = entries.find(x.job.id); i != entries.end())
      remove_queue_entry(out, i->second);
  }

  void remove(model_job& x, write_batch& out) {
    const auto job = x.job;
    out.remove(job_key(job.id));
    for (uint32_t i = 1; i <= x.events; ++i)
      out.remove(event_key(job.id, i));
    if (job.parent_id)
      out.remove(fixed_key{table::children}.add(job.parent_id).add(job.id));
    const auto& run = job.manager_id ? runs[job.manager_id] : none;
    index.remove(index.name(facets_of(job), run), job.id, x.state.status);
    jobs.erase(job.id);
  }

  void commit() {
    auto& [batch, ended] = under_way.emplace_back();
    for (auto n = 1 + below(12); n > 0; --n) {
      const auto what = below(20);
      if (what == 0)
        add_run(batch);
      else if (what < 10)
        add_leaf(batch);
      else if (auto* x = any(); x != nullptr && what < 18)
        move(*x, static_cast<job_status>(below(job_status_count)), batch,
             ended);
      else if (x != nullptr && x->ended_is_stored
               && (x->job.type == "fetch" || x->job.type == "parse"))
        remove(*x, batch);
    }
    require_ok(index.finish(batch));
    while (!under_way.empty() && below(2) == 0)
      store_one();
  }

  void store_one() {
    require_ok(this->db->write(under_way.front().first, false));
    for (const auto& id : under_way.front().second)
      if (auto i = jobs.find(id); i != jobs.end())
        i->second.ended_is_stored = true;
    under_way.pop_front();
    index.stored(++stored);
  }

  void settle() {
    while (!under_way.empty())
      store_one();
  }

  // -- lists ------------------------------------------------------------------

  template <class T>
  static bool is_in(const std::vector<T>& xs, const T& x) {
    return xs.empty() || std::find(xs.begin(), xs.end(), x) != xs.end();
  }

  bool naive(const job_filter& f, const model_job& x) {
    const auto& job = x.job;
    const auto& run = job.manager_id ? runs[job.manager_id] : none;
    auto has_tag = [&](const std::string& tag) {
      return std::count(job.tags.begin(), job.tags.end(), tag)
             + std::count(run.tags.begin(), run.tags.end(), tag);
    };
    for (const auto& group : f.tags)
      if (std::none_of(group.begin(), group.end(), has_tag))
        return false;
    for (const auto& text : f.texts)
      if (!contains_any_case(job.name, text)
          && !contains_any_case(x.state.error, text))
        return false;
    const bool queued = job.type != "manager" && job.type != "step";
    return is_in(f.states, x.state.status) && is_in(f.types, job.type)
           && is_in(f.definitions, run.definition)
           && (f.queues.empty() || (queued && is_in(f.queues, job.queue)))
           && is_in(f.parents, job.parent_id) && is_in(f.runs, job.manager_id)
           && is_in(f.ids, job.id) && (!f.roots || !job.parent_id)
           && (f.created_before == timestamp{}
               || created_at(job.id) < f.created_before)
           && (f.created_after == timestamp{}
               || created_at(job.id) >= f.created_after);
  }

  ids wanted(const job_filter& f) {
    ids out;
    for (const auto& [id, x] : jobs)
      if (naive(f, x))
        out.push_back(id);
    return out;
  }

  ids running() {
    ids out;
    for (const auto& [id, x] : jobs)
      if (x.state.status == job_status::running)
        out.push_back(id);
    return out;
  }

  /// Pages of `limit`, each a scan of its own, with little budget.
  ids found(const job_filter& f, list_order order, size_t limit,
            size_t live_read_max) {
    ids out;
    job_id reached;
    while (true) {
      job_scan scan{order, reached};
      job_checks checks;
      require_ok(
        plan_job_scan(*this->db, f, running(), {live_read_max}, scan, checks));
      uint64_t budget = 100;
      size_t page = 0;
      auto result = job_scan::outcome::found;
      job_id id;
      while (page < limit
             && (result = scan.next(budget, id)) == job_scan::outcome::found) {
        const auto& x = jobs.at(id);
        if (!checks.any() || passes(f, checks, x.job, x.state)) {
          out.push_back(id);
          ++page;
        }
      }
      BOOST_REQUIRE(result != job_scan::outcome::failed);
      if (result == job_scan::outcome::end)
        return out;
      reached = scan.reached();
    }
  }

  job_filter random_filter() {
    job_filter f;
    auto some = [&](auto& to, std::vector<std::string> from) {
      if (below(4) != 0)
        return;
      for (const auto& x : from)
        if (below(2) == 0)
          to.push_back(x);
    };
    for (size_t i = 0; i < job_status_count; ++i)
      if (below(4) == 0)
        f.states.push_back(static_cast<job_status>(i));
    some(f.types, {"fetch", "parse", "manager", "step", "no such"});
    some(f.definitions, {"nightly", "weekly", "no such"});
    some(f.queues, {"default", "slow"});
    for (auto n = below(3); n > 0; --n)
      if (std::vector<std::string> group;
          some(group, {"a", "b", "runweekly"}), !group.empty())
        f.tags.push_back(group);
    if (auto* x = any(); x != nullptr) {
      if (below(8) == 0)
        f.parents.push_back(x->job.parent_id ? x->job.parent_id : x->job.id);
      if (below(8) == 0 && x->job.manager_id)
        f.runs.push_back(x->job.manager_id);
      if (below(12) == 0)
        f.ids = {x->job.id, any()->job.id};
    }
    f.roots = below(6) == 0;
    const timestamp base{std::chrono::milliseconds{first_ms}};
    if (below(5) == 0)
      f.created_before = base + std::chrono::milliseconds{below(45)};
    if (below(5) == 0)
      f.created_after = base + std::chrono::milliseconds{below(45)};
    if (below(6) == 0)
      f.texts = {below(2) == 0 ? "rED" : "green"};
    return f;
  }

  void check_list() {
    const auto f = random_filter();
    const auto order
      = below(2) == 0 ? list_order::newest_first : list_order::oldest_first;
    auto expected = wanted(f);
    std::optional<uint64_t> count;
    require_ok(count_jobs(*this->db, f, count));
    BOOST_TEST((!count || *count == expected.size()),
               "count of " << to_string(f));
    if (order == list_order::newest_first)
      std::reverse(expected.begin(), expected.end());
    const auto got
      = found(f, order, 10 + below(40), below(2) == 0 ? 0 : 10'000);
    BOOST_TEST((got == expected), to_string(f)
                                    << " has " << got.size() << " jobs, not "
                                    << expected.size());
  }

  static inline const run_facets none;
};

template <class Fixture>
void check_against_model(unsigned seed) {
  BOOST_TEST_CONTEXT("seed " << seed) {
    index_model<Fixture> model{seed};
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 10; ++i)
        model.commit();
      model.settle();
      for (int i = 0; i < 20; ++i)
        model.check_list();
    }
    uint64_t jobs = 0;
    require_ok(rebuild_job_index(*model.db, [&](uint64_t n) { jobs = n; }));
    BOOST_TEST(jobs == model.jobs.size());
    for (int i = 0; i < 20; ++i)
      model.check_list();
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(job_lists)

BOOST_AUTO_TEST_CASE_TEMPLATE(every_list_is_what_a_look_at_all_jobs_finds,
                              fixture, fixtures) {
  for (unsigned seed = 1; seed <= 3; ++seed)
    check_against_model<fixture>(seed);
}

BOOST_AUTO_TEST_SUITE_END()
