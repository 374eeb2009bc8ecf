#include "bench/lists.hpp"

#include "actors/reader.hpp"
#include "bench/harness.hpp"
#include "bench/history.hpp"
#include "definitions/job_filter.hpp"

#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

namespace quaero::bench {

namespace {

constexpr size_t definitions = 10;
constexpr size_t waiting = 3; ///< The oldest jobs of all.

/// Runs of some definitions, and their jobs.
class past_runs {
public:
  explicit past_runs(storage::store& db) : to_{db} {}

  void make(uint64_t jobs) {
    for (size_t i = 0; i < definitions; ++i)
      add_run("d" + std::to_string(i));
    to_.commit();
    for (uint64_t i = 0; i < jobs + waiting; ++i)
      add_job(random_() % steps_.size(), i < waiting);
    to_.commit();
  }

private:
  void add_run(const std::string& definition) {
    queue_job run;
    run.id = run.manager_id = to_.next_id();
    run.type = manager_job_type;
    run.name = "Run of " + definition;
    run.created_at = created_at(run.id);
    run.metadata = R"({"job_definition_id":")" + definition + "\"}";
    run.config = R"({"definition":{"tags":["night"]}})";
    facets_.push_back(storage::run_facets_of(run));
    to_.add(run, facets_.back(), job_status::completed);
    queue_job step;
    step.id = step.step_id = to_.next_id();
    step.parent_id = step.manager_id = run.id;
    step.type = step_job_type;
    step.name = "step";
    step.created_at = created_at(step.id);
    to_.add(step, facets_.back(), job_status::completed);
    steps_.push_back(step);
  }

  void add_job(size_t run, bool waits) {
    queue_job job;
    job.id = to_.next_id();
    job.parent_id = job.step_id = steps_[run].id;
    job.manager_id = steps_[run].manager_id;
    job.type = random_() % 2 == 0 ? "crawler_url" : "noop";
    job.name = "page " + std::to_string(random_() % 1000);
    job.created_at = created_at(job.id);
    job.config = R"({"url":"http://localhost/)" + std::string(150, 'x') + "\"}";
    const auto one = random_() % 20;
    to_.add(job, facets_[run],
            waits      ? job_status::pending
            : one == 0 ? job_status::failed
            : one == 1 ? job_status::cancelled
                       : job_status::completed);
  }

  history_writer to_;
  std::vector<queue_job> steps_; ///< One of each run.
  std::vector<storage::run_facets> facets_;
  std::mt19937 random_{1};
};

list_result ask(caf::scoped_actor& self, const reader_actor& reader,
                const std::string& text, uint64_t offset, uint32_t rounds) {
  job_query query;
  std::string error;
  if (!parse_job_filter(text, system_wall_clock().now(), query.filter, error))
    throw std::runtime_error{error};
  query.offset = offset;
  list_result out;
  out.query = offset == 0 ? text : text + " offset " + std::to_string(offset);
  std::vector<double> times;
  for (uint32_t i = 0; i < rounds; ++i) {
    const auto begin = clock::now();
    self->request(reader, std::chrono::seconds{60}, atom::list_v, query)
      .receive(
        [&](const job_page& page) {
          times.push_back(ms_since(begin));
          out.total = page.total;
          out.total_is_exact = page.total_is_exact;
          out.jobs = page.jobs.size();
        },
        [](const caf::error& e) { throw std::runtime_error{message_of(e)}; });
  }
  out.first_ms = times.front();
  const auto all = distribution_of(std::move(times));
  out.p50_ms = all.p50_ms;
  out.p99_ms = all.p99_ms;
  out.max_ms = all.max_ms;
  return out;
}

} // namespace

std::vector<list_result> run_lists(const lists_config& how) {
  const auto dir = how.dir + "/lists";
  auto made = make_database(dir);
  past_runs{*made}.make(how.jobs);
  std::shared_ptr<const storage::store> db = std::move(made);
  std::vector<list_result> out;
  {
    actors_config config{how.threads};
    caf::actor_system system{config};
    auto asked = system.spawn<caf::detached>(reader, reader_config{}, db,
                                             log_collector_actor{});
    caf::scoped_actor self{system};
    for (auto text :
         {"state:failed definition:d3", "state:completed definition:d3",
          "state:failed", "definition:d3", "", "type:noop definition:d3",
          "state:failed type:noop definition:d3 tag:night", "state:pending",
          "state:failed parent:root", "state:failed name:page",
          "state:failed \"no such text\""})
      out.push_back(ask(self, asked, text, 0, how.rounds));
    out.push_back(
      ask(self, asked, "state:failed definition:d3", how.jobs / 1000, 20));
    self->send_exit(asked, caf::exit_reason::user_shutdown);
  }
  db.reset();
  std::filesystem::remove_all(dir);
  return out;
}

} // namespace quaero::bench
