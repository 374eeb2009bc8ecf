#include "actors/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <unordered_map>

namespace quaero {

namespace {

using prometheus::Counter;
using prometheus::Histogram;
using buckets = Histogram::BucketBoundaries;

const buckets short_seconds{0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                            0.05,   0.1,    0.25,  0.5,    1,     5};
const buckets request_seconds{0.0005, 0.001, 0.005, 0.01, 0.05,
                              0.1,    0.5,   1,     5,    30};
const buckets batch_sizes{1, 4, 16, 64, 256, 1024, 4096};

constexpr const char* other = "other";

template <class Builder>
auto& family(prometheus::Registry& to, Builder builder, const char* name,
             const char* help) {
  return builder.Name(name).Help(help).Register(to);
}

double seconds(job_times::duration x) {
  return std::chrono::duration<double>(x).count();
}

buckets job_seconds() {
  buckets out;
  for (auto x : job_times::limits)
    out.push_back(seconds(x));
  return out;
}

void observe(Histogram& to, const job_times& xs) {
  // Several are one lock, but every bucket is touched.
  if (xs.size() == 1)
    to.Observe(seconds(xs.sum()));
  else if (xs.size() != 0)
    to.ObserveMultiple({xs.counts().begin(), xs.counts().end()},
                       seconds(xs.sum()));
}

void count(Counter& to, uint64_t n) {
  if (n != 0)
    to.Increment(static_cast<double>(n));
}

} // namespace

struct metrics::lane {
  Counter& enqueued;
  Counter& started;
};

struct metrics::type {
  Counter& completed;
  Counter& failed;
  Counter& cancelled;
  Counter& retried;
  Counter& orphaned;
  Histogram& waits;
  Histogram& runs;
  Histogram& dispatches;
};

class metrics::impl {
public:
  explicit impl(const build_facts& what);

  /// The value itself, or "other" when there are too many.
  /// REQUIRES: `mutex` is held.
  static std::string bounded(std::set<std::string, std::less<>>& known,
                             std::string_view x);

  type make_type(const std::string& name);

  /// What is counted of one route.
  struct route_meter {
    Histogram* seconds = nullptr;
    std::unordered_map<unsigned, Counter*> by_status;
  };

  prometheus::Registry registry;
  std::mutex mutex;
  std::set<std::string, std::less<>> queues;
  std::set<std::string, std::less<>> types;
  std::map<std::pair<std::string, std::string>, lane> lanes;
  std::map<std::string, type> by_type;
  prometheus::Family<Counter>& enqueued;
  prometheus::Family<Counter>& started;
  prometheus::Family<Counter>& finished;
  prometheus::Family<Counter>& retried;
  prometheus::Family<Counter>& orphaned;
  prometheus::Family<Histogram>& waits;
  prometheus::Family<Histogram>& runs;
  prometheus::Family<Histogram>& dispatched;
  Histogram& fsyncs;
  Histogram& batches;
  Counter& retired_trees;
  Counter& retired_jobs;
  Histogram& compactions;
  prometheus::Family<Counter>& requests;
  prometheus::Family<Histogram>& request_times;
  /// By the addresses of a method's and a pattern's texts.
  std::map<std::pair<const char*, const char*>, route_meter> routes;
};

metrics::impl::impl(const build_facts& what)
  : enqueued{family(registry, prometheus::BuildCounter(),
                    "quaero_jobs_enqueued_total", "Jobs that were stored.")},
    started{family(registry, prometheus::BuildCounter(),
                   "quaero_jobs_started_total",
                   "Attempts that were handed to a pool.")},
    finished{family(registry, prometheus::BuildCounter(),
                    "quaero_jobs_finished_total", "Jobs that are over.")},
    retried{family(registry, prometheus::BuildCounter(),
                   "quaero_jobs_retried_total",
                   "Attempts that ended and are repeated.")},
    orphaned{family(registry, prometheus::BuildCounter(),
                    "quaero_jobs_orphaned_total",
                    "Attempts whose pool or daemon ended.")},
    waits{family(registry, prometheus::BuildHistogram(),
                 "quaero_job_wait_seconds",
                 "From when a job might run until it was handed out.")},
    runs{family(registry, prometheus::BuildHistogram(),
                "quaero_job_run_seconds",
                "From the start of an attempt to its end.")},
    dispatched{family(registry, prometheus::BuildHistogram(),
                      "quaero_dispatch_seconds",
                      "From handing a job out to the start of its attempt.")},
    fsyncs{family(registry, prometheus::BuildHistogram(),
                  "quaero_store_fsync_seconds", "Writes with a sync.")
             .Add({}, short_seconds)},
    batches{family(registry, prometheus::BuildHistogram(),
                   "quaero_store_batch_jobs", "Events of jobs in one write.")
              .Add({}, batch_sizes)},
    retired_trees{family(registry, prometheus::BuildCounter(),
                         "quaero_retention_removed_trees_total",
                         "Runs and single jobs removed by retention.")
                    .Add({})},
    retired_jobs{family(registry, prometheus::BuildCounter(),
                        "quaero_retention_removed_jobs_total",
                        "Jobs of all levels removed by retention.")
                   .Add({})},
    compactions{family(registry, prometheus::BuildHistogram(),
                       "quaero_store_compaction_seconds",
                       "Compactions of what jobs have left behind.")
                  .Add({}, job_seconds())},
    requests{family(registry, prometheus::BuildCounter(),
                    "quaero_http_requests_total",
                    "Requests that were answered, by route.")},
    request_times{family(registry, prometheus::BuildHistogram(),
                         "quaero_http_request_seconds",
                         "From a request's head to its answer, by route.")} {
  family(registry, prometheus::BuildGauge(), "quaero_build_info",
         "What the program is; always 1.")
    .Add({{"version", what.version},
          {"build", what.build},
          {"git_commit", what.git_commit}})
    .Set(1);
}

std::string metrics::impl::bounded(std::set<std::string, std::less<>>& known,
                                   std::string_view x) {
  if (auto i = known.find(x); i != known.end())
    return *i;
  if (known.size() == label_values_max)
    return other;
  return *known.emplace(x).first;
}

metrics::type metrics::impl::make_type(const std::string& name) {
  const prometheus::Labels of{{"type", name}};
  auto over = [&](job_status x) -> Counter& {
    return finished.Add({{"type", name}, {"outcome", to_string(x)}});
  };
  const auto limits = job_seconds();
  return {over(job_status::completed),
          over(job_status::failed),
          over(job_status::cancelled),
          retried.Add(of),
          orphaned.Add(of),
          waits.Add(of, limits),
          runs.Add(of, limits),
          dispatched.Add(of, limits)};
}

metrics::metrics(const build_facts& what)
  : impl_{std::make_unique<impl>(what)} {}

metrics::~metrics() = default;

// -- jobs ---------------------------------------------------------------------

metrics::lane& metrics::lane_of(std::string_view queue,
                                std::string_view worker_type) {
  std::lock_guard guard{impl_->mutex};
  const auto key = std::pair{impl::bounded(impl_->queues, queue),
                             impl::bounded(impl_->types, worker_type)};
  if (auto i = impl_->lanes.find(key); i != impl_->lanes.end())
    return i->second;
  const prometheus::Labels of{{"queue", key.first}, {"type", key.second}};
  lane made{impl_->enqueued.Add(of), impl_->started.Add(of)};
  return impl_->lanes.emplace(key, made).first->second;
}

metrics::type& metrics::type_of(std::string_view worker_type) {
  std::lock_guard guard{impl_->mutex};
  const auto name = impl::bounded(impl_->types, worker_type);
  if (auto i = impl_->by_type.find(name); i != impl_->by_type.end())
    return i->second;
  return impl_->by_type.emplace(name, impl_->make_type(name)).first->second;
}

void metrics::jobs_enqueued(lane& of, uint64_t n) {
  count(of.enqueued, n);
}

void metrics::jobs_started(lane& of, uint64_t n) {
  count(of.started, n);
}

void metrics::jobs_finished(type& of, job_status outcome, uint64_t n) {
  count(outcome == job_status::completed ? of.completed
        : outcome == job_status::failed  ? of.failed
                                         : of.cancelled,
        n);
}

void metrics::jobs_retried(type& of, uint64_t n) {
  count(of.retried, n);
}

void metrics::jobs_orphaned(type& of, uint64_t n) {
  count(of.orphaned, n);
}

void metrics::job_waits(type& of, const job_times& x) {
  observe(of.waits, x);
}

void metrics::job_runs(type& of, const job_times& x) {
  observe(of.runs, x);
}

void metrics::dispatches(type& of, const job_times& x) {
  observe(of.dispatches, x);
}

std::string metrics::queue_label(std::string_view queue) {
  std::lock_guard guard{impl_->mutex};
  return impl::bounded(impl_->queues, queue);
}

// -- the database -------------------------------------------------------------

void metrics::store_write(uint64_t jobs, bool synced, double seconds) {
  impl_->batches.Observe(static_cast<double>(jobs));
  if (synced)
    impl_->fsyncs.Observe(seconds);
}

void metrics::retention_removed(uint64_t jobs) {
  impl_->retired_trees.Increment();
  impl_->retired_jobs.Increment(static_cast<double>(jobs));
}

void metrics::compacted(double seconds) {
  impl_->compactions.Observe(seconds);
}

// -- the gateway --------------------------------------------------------------

void metrics::http_request(std::string_view method, std::string_view pattern,
                           unsigned status, double seconds) {
  auto& route = impl_->routes[{method.data(), pattern.data()}];
  const prometheus::Labels which{{"method", std::string{method}},
                                 {"route", std::string{pattern}}};
  if (route.seconds == nullptr)
    route.seconds = &impl_->request_times.Add(which, request_seconds);
  auto& counter = route.by_status[status];
  if (counter == nullptr) {
    auto with_status = which;
    with_status.emplace("status", std::to_string(status));
    counter = &impl_->requests.Add(with_status);
  }
  counter->Increment();
  route.seconds->Observe(seconds);
}

// -- all ----------------------------------------------------------------------

std::string metrics::expose(const std::vector<gauge_sample>& now) const {
  auto all = impl_->registry.Collect();
  for (const auto& x : now) {
    if (all.empty() || all.back().name != x.name) {
      auto& added = all.emplace_back();
      added.name = x.name;
      added.help = x.help;
      added.type = prometheus::MetricType::Gauge;
    }
    auto& one = all.back().metric.emplace_back();
    one.gauge.value = x.value;
    for (const auto& [name, val] : x.labels)
      one.label.push_back({name, val});
  }
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, all);
  return out.str();
}

} // namespace quaero
