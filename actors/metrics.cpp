#include "actors/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
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

const buckets job_seconds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5,
                          1,     5,     10,   60,   600, 3600};
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

/// Sorts `xs` into the buckets of `to`, under one lock.
void observe(Histogram& to, const buckets& limits,
             const std::vector<double>& xs) {
  if (xs.size() == 1)
    return to.Observe(xs.front());
  std::vector<double> counts(limits.size() + 1);
  double sum = 0;
  for (auto x : xs) {
    auto i = std::lower_bound(limits.begin(), limits.end(), x);
    ++counts[static_cast<size_t>(i - limits.begin())];
    sum += x;
  }
  to.ObserveMultiple(counts, sum);
}

} // namespace

class metrics::impl {
public:
  using labels = std::pair<std::string, std::string>;

  explicit impl(const build_facts& what);

  /// The value itself, or "other" when there are too many.
  std::string bounded(std::set<std::string, std::less<>>& known,
                      std::string_view x);

  void count(prometheus::Family<Counter>& to, std::string_view queue,
             std::string_view type, uint64_t n);
  void count(prometheus::Family<Counter>& to, std::string_view type, uint64_t n,
             const char* outcome = nullptr);
  void times(prometheus::Family<Histogram>& to, const buckets& limits,
             std::string_view type, const std::vector<double>& seconds);

  /// What is counted of one route.
  struct route_meter {
    Histogram* seconds = nullptr;
    std::unordered_map<unsigned, Counter*> by_status;
  };

  prometheus::Registry registry;
  std::mutex mutex;
  std::set<std::string, std::less<>> queues;
  std::set<std::string, std::less<>> types;
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
                   "Attempts that failed and are repeated.")},
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
  std::lock_guard guard{mutex};
  if (auto i = known.find(x); i != known.end())
    return *i;
  if (known.size() == label_values_max)
    return other;
  return *known.emplace(x).first;
}

void metrics::impl::count(prometheus::Family<Counter>& to,
                          std::string_view queue, std::string_view type,
                          uint64_t n) {
  to.Add({{"queue", bounded(queues, queue)}, {"type", bounded(types, type)}})
    .Increment(static_cast<double>(n));
}

void metrics::impl::count(prometheus::Family<Counter>& to,
                          std::string_view type, uint64_t n,
                          const char* outcome) {
  prometheus::Labels which{{"type", bounded(types, type)}};
  if (outcome != nullptr)
    which.emplace("outcome", outcome);
  to.Add(which).Increment(static_cast<double>(n));
}

void metrics::impl::times(prometheus::Family<Histogram>& to,
                          const buckets& limits, std::string_view type,
                          const std::vector<double>& seconds) {
  if (!seconds.empty())
    observe(to.Add({{"type", bounded(types, type)}}, limits), limits, seconds);
}

metrics::metrics(const build_facts& what)
  : impl_{std::make_unique<impl>(what)} {}

metrics::~metrics() = default;

// -- jobs ---------------------------------------------------------------------

void metrics::jobs_enqueued(std::string_view queue, std::string_view type,
                            uint64_t n) {
  impl_->count(impl_->enqueued, queue, type, n);
}

void metrics::jobs_started(std::string_view queue, std::string_view type,
                           uint64_t n) {
  impl_->count(impl_->started, queue, type, n);
}

void metrics::jobs_finished(std::string_view type, job_status outcome,
                            uint64_t n) {
  impl_->count(impl_->finished, type, n, to_string(outcome).c_str());
}

void metrics::jobs_retried(std::string_view type, uint64_t n) {
  impl_->count(impl_->retried, type, n);
}

void metrics::jobs_orphaned(std::string_view type, uint64_t n) {
  impl_->count(impl_->orphaned, type, n);
}

void metrics::job_waits(std::string_view type,
                        const std::vector<double>& seconds) {
  impl_->times(impl_->waits, job_seconds, type, seconds);
}

void metrics::job_runs(std::string_view type,
                       const std::vector<double>& seconds) {
  impl_->times(impl_->runs, job_seconds, type, seconds);
}

void metrics::dispatches(std::string_view type,
                         const std::vector<double>& seconds) {
  impl_->times(impl_->dispatched, short_seconds, type, seconds);
}

// -- the database -------------------------------------------------------------

void metrics::store_write(uint64_t jobs, bool synced, double seconds) {
  impl_->batches.Observe(static_cast<double>(jobs));
  if (synced)
    impl_->fsyncs.Observe(seconds);
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
