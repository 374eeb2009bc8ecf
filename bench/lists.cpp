#include "bench/lists.hpp"

#include "actors/reader.hpp"
#include "bench/harness.hpp"
#include "definitions/job_filter.hpp"

#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

namespace quaero::bench {

namespace {

constexpr uint64_t jobs_a_commit = 256;
constexpr size_t definitions = 10;
constexpr size_t waiting = 3; ///< The oldest jobs of all.

/// Writes what the runtime would have written.
class history {
public:
  explicit history(storage::store& db)
    : db_{db}, ids_{system_wall_clock(), 1}, index_{db, {}} {}

  void make(uint64_t jobs) {
    for (size_t i = 0; i < definitions; ++i)
      add_run("d" + std::to_string(i));
    commit();
    for (uint64_t i = 0; i < jobs + waiting; ++i) {
      add_job(runs_[random_() % runs_.size()], i < waiting);
      if (i % jobs_a_commit == jobs_a_commit - 1)
        commit();
    }
    commit();
  }

private:
  void add_run(const std::string& definition) {
    queue_job run;
    run.id = run.manager_id = ids_.next();
    run.type = manager_job_type;
    run.name = "Run of " + definition;
    run.created_at = created_at(run.id);
    run.metadata = R"({"job_definition_id":")" + definition + "\"}";
    run.config = R"({"definition":{"tags":["night"]}})";
    facets_.push_back(storage::run_facets_of(run));
    store(run, facets_.back(), job_status::completed);
    queue_job step;
    step.id = step.step_id = ids_.next();
    step.parent_id = step.manager_id = run.id;
    step.type = step_job_type;
    step.name = "step";
    step.created_at = created_at(step.id);
    store(step, facets_.back(), job_status::completed);
    runs_.push_back(step);
  }

  void add_job(const queue_job& step, bool waits) {
    queue_job job;
    job.id = ids_.next();
    job.parent_id = job.step_id = step.id;
    job.manager_id = step.manager_id;
    job.type = random_() % 2 == 0 ? "crawler_url" : "noop";
    job.name = "page " + std::to_string(random_() % 1000);
    job.created_at = created_at(job.id);
    job.config = R"({"url":"http://localhost/)" + std::string(150, 'x') + "\"}";
    const auto one = random_() % 20;
    const auto run = static_cast<size_t>(&step - runs_.data());
    store(job, facets_[run],
          waits      ? job_status::pending
          : one == 0 ? job_status::failed
          : one == 1 ? job_status::cancelled
                     : job_status::completed);
    if (waits)
      storage::put_queue_entry(batch_, {{4, ++sequence_},
                                        job.id,
                                        job.step_id,
                                        job.manager_id,
                                        job.type,
                                        job.queue,
                                        4,
                                        {},
                                        0,
                                        {},
                                        {},
                                        {}});
  }

  void store(const queue_job& job, const storage::run_facets& run,
             job_status state) {
    storage::put_job(batch_, job);
    const auto facets = index_.name(storage::facets_of(job), run);
    index_.add(facets, job.id);
    if (state == job_status::pending)
      return;
    job_event event;
    event.id = job.id;
    event.status = state;
    event.at = event.started_at = job.created_at;
    event.attempt = 1;
    storage::put_event(batch_, 2, event);
    index_.move(facets, job.id, job_status::pending, state);
  }

  void commit() {
    require(index_.finish(batch_));
    require(db_.write(batch_, false));
    index_.stored(index_.finished());
    batch_.clear();
  }

  storage::store& db_;
  id_generator ids_;
  storage::job_index_writer index_;
  storage::write_batch batch_;
  std::vector<queue_job> runs_; ///< Their steps.
  std::vector<storage::run_facets> facets_;
  std::mt19937 random_{1};
  uint64_t sequence_ = 0;
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
  history{*made}.make(how.jobs);
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
