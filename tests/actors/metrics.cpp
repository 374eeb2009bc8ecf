#include "actors/metrics.hpp"

#include "tests/actors/queue_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

job_times times_of(std::initializer_list<job_times::duration> xs) {
  job_times out;
  for (auto x : xs)
    out.add(x);
  return out;
}

/// A QUEUE whose numbers are looked at.
struct fixture : queue_fixture {
  fixture() {
    config.meter = std::make_shared<metrics>();
    start();
  }

  void expect(const std::string& line) const {
    const auto text = config.meter->expose({});
    BOOST_TEST(has_line(text, line), line << " is not in\n" << text);
  }

  /// @param what "enqueued{queue=...}", without what all names have.
  void expect_jobs(const std::string& what, int n) const {
    expect("quaero_jobs_" + what + " " + std::to_string(n));
  }

  void expect_finished(const std::string& outcome, int n) const {
    expect_jobs("finished_total{outcome=\"" + outcome + "\",type=\"t\"}", n);
  }

  /// So many times were observed, and together they are that long.
  void expect_times(const std::string& name, int n,
                    const std::string& sum) const {
    expect("quaero_" + name + "_seconds_count{type=\"t\"} "
           + std::to_string(n));
    expect("quaero_" + name + "_seconds_sum{type=\"t\"} " + sum);
  }
};

new_job in_queue(const std::string& queue) {
  auto x = named("x");
  x.queue = queue;
  return x;
}

void retry_at_once(job_report& x) {
  x.retry_at = x.started_at;
}

} // namespace

BOOST_AUTO_TEST_SUITE(metrics_tests)

BOOST_AUTO_TEST_CASE(what_is_counted_is_told) {
  metrics all{{"1.2.3", "debug", "abc"}};
  auto& lane = all.lane_of("default", "noop");
  auto& type = all.type_of("noop");
  metrics::jobs_enqueued(lane, 3);
  metrics::jobs_enqueued(lane, 2);
  metrics::jobs_started(lane, 5);
  metrics::jobs_finished(type, job_status::completed, 4);
  metrics::jobs_finished(type, job_status::failed, 1);
  metrics::jobs_retried(type, 2);
  metrics::jobs_orphaned(type, 1);
  all.store_write(7, true, 0.002);
  all.store_write(1, false, 9);
  all.http_request("GET", "/api/jobs/{id}", 200, 0.003);
  auto text = all.expose({{"quaero_ws_clients", "h", {}, 2}});
  for (const auto* line :
       {"quaero_jobs_enqueued_total{queue=\"default\",type=\"noop\"} 5",
        "quaero_jobs_started_total{queue=\"default\",type=\"noop\"} 5",
        "quaero_jobs_finished_total{outcome=\"completed\",type=\"noop\"} 4",
        "quaero_jobs_finished_total{outcome=\"failed\",type=\"noop\"} 1",
        "quaero_jobs_retried_total{type=\"noop\"} 2",
        "quaero_jobs_orphaned_total{type=\"noop\"} 1",
        "quaero_store_batch_jobs_count 2", "quaero_store_fsync_seconds_count 1",
        "quaero_http_requests_total{method=\"GET\",route=\"/api/jobs/"
        "{id}\",status=\"200\"} 1",
        "quaero_ws_clients 2"})
    BOOST_TEST(has_line(text, line), line << " is not in\n" << text);
  BOOST_TEST((text.find("version=\"1.2.3\"") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(times_are_sorted_into_their_buckets) {
  metrics all;
  auto& type = all.type_of("noop");
  metrics::job_waits(type, times_of({700us, 1ms, 2ms, 2ms, 2h, -1s}));
  metrics::job_runs(type, times_of({5ms}));
  metrics::dispatches(type, {});
  auto text = all.expose({});
  const std::string wait = "quaero_job_wait_seconds_bucket{type=\"noop\",le=";
  BOOST_TEST(has_line(text, wait + "\"0.0001\"} 1"), text);
  BOOST_TEST(has_line(text, wait + "\"0.001\"} 3"), text);
  BOOST_TEST(has_line(text, wait + "\"0.005\"} 5"), text);
  BOOST_TEST(has_line(text, wait + "\"3600\"} 5"), text);
  BOOST_TEST(has_line(text, wait + "\"+Inf\"} 6"), text);
  BOOST_TEST(has_line(
    text, "quaero_job_run_seconds_bucket{type=\"noop\",le=\"0.005\"} 1"));
  BOOST_TEST(has_line(text, "quaero_dispatch_seconds_count{type=\"noop\"} 0"));
}

BOOST_AUTO_TEST_CASE(names_beyond_the_limit_count_as_other) {
  metrics all;
  for (size_t i = 0; i < metrics::label_values_max + 5; ++i)
    metrics::jobs_enqueued(all.lane_of("q" + std::to_string(i), "noop"), 1);
  metrics::jobs_enqueued(all.lane_of("q0", "noop"), 1);
  auto text = all.expose({});
  BOOST_TEST(has_line(
    text, "quaero_jobs_enqueued_total{queue=\"other\",type=\"noop\"} 5"));
  BOOST_TEST(
    has_line(text, "quaero_jobs_enqueued_total{queue=\"q0\",type=\"noop\"} 2"));
  BOOST_TEST(all.queue_label("q0") == "q0");
  BOOST_TEST(all.queue_label("new") == "other");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(metrics_of_jobs, fixture)

BOOST_AUTO_TEST_CASE(jobs_are_counted_by_queue_when_they_are_stored) {
  hold = true;
  auto wanted = make_request(
    {in_queue("a"), in_queue("b"), in_queue("a"), in_queue("a")});
  auto answered = request(aut, atom::enqueue_v, wanted);
  settle();
  expect_jobs("enqueued_total{queue=\"a\",type=\"t\"}", 0);
  release_commits();
  BOOST_TEST(answered->ok());
  expect_jobs("enqueued_total{queue=\"a\",type=\"t\"}", 3);
  expect_jobs("enqueued_total{queue=\"b\",type=\"t\"}", 1);
  attach(3);
  expect_jobs("started_total{queue=\"a\",type=\"t\"}", 2);
  expect_jobs("started_total{queue=\"b\",type=\"t\"}", 1);
}

BOOST_AUTO_TEST_CASE(ends_are_counted_by_outcome_when_they_are_stored) {
  auto& pool = attach(5);
  enqueue(5);
  hold = true;
  report(pool.assigned[0]);
  expect_finished("completed", 0);
  hold = false;
  release_commits();
  report(pool.assigned[1]);
  report(pool.assigned[2], job_outcome::failure("no luck"));
  report(pool.assigned[3], job_outcome::stopped());
  expect_finished("completed", 2);
  expect_finished("failed", 1);
  expect_finished("cancelled", 1);
  report(pool.assigned[4]);
  report(pool.assigned[4]); // refused
  expect_finished("completed", 3);
}

BOOST_AUTO_TEST_CASE(a_retry_starts_once_more_and_ends_once) {
  auto& pool = attach(1);
  enqueue(1);
  report(pool.assigned[0], job_outcome::failure("no luck"), retry_at_once);
  expect_jobs("retried_total{type=\"t\"}", 1);
  expect_jobs("enqueued_total{queue=\"default\",type=\"t\"}", 1);
  expect_jobs("started_total{queue=\"default\",type=\"t\"}", 2);
  expect_finished("failed", 0);
  report(pool.assigned[1]);
  expect_finished("completed", 1);
  expect_times("job_run", 2, "0");
}

BOOST_AUTO_TEST_CASE(times_are_of_waiting_of_dispatch_and_of_the_run) {
  enqueue(1);
  advance(2s);
  auto& pool = attach(1);
  expect_times("job_wait", 1, "2");
  advance(250ms);
  const auto begin = clock.now();
  advance(500ms);
  report(pool.assigned[0], job_outcome::ok(),
         [&](job_report& x) { x.started_at = begin; });
  expect_times("dispatch", 1, "0.25");
  expect_times("job_run", 1, "0.5");
}

BOOST_AUTO_TEST_CASE(a_delayed_job_waits_since_it_is_due) {
  attach(1);
  auto later = named("later");
  later.run_at = clock.now() + 10s;
  enqueue({later});
  advance(10001ms);
  expect_times("job_wait", 1, "0");
}

BOOST_AUTO_TEST_CASE(a_job_that_never_runs_ends_but_does_not_start) {
  auto expiring = named("e");
  expiring.expires_at = clock.now() + 1s;
  const auto ids_of_both = enqueue({expiring, named("c")});
  ask(aut, atom::cancel_v, atom::job_v, ids_of_both[1]);
  advance(1001ms);
  attach(2);
  expect_finished("failed", 1);
  expect_finished("cancelled", 1);
  expect_jobs("started_total{queue=\"default\",type=\"t\"}", 0);
  expect_times("job_run", 0, "0");
}

BOOST_AUTO_TEST_CASE(attempts_of_a_pool_that_ends_are_orphaned_and_repeated) {
  auto& dying = attach(2);
  enqueue(3);
  for (const auto& x : dying.assigned)
    store_start(x);
  caf::anon_send_exit(dying.handle, caf::exit_reason::kill);
  settle();
  expect_jobs("orphaned_total{type=\"t\"}", 2);
  expect_jobs("retried_total{type=\"t\"}", 2);
  expect_times("job_run", 0, "0"); // nobody knows how long they ran
  attach(3);
  expect_jobs("started_total{queue=\"default\",type=\"t\"}", 5);
  expect_jobs("orphaned_total{type=\"t\"}", 2);
}

BOOST_AUTO_TEST_CASE(attempts_that_a_crash_ends_are_orphaned) {
  auto& pool = attach(1);
  enqueue(2);
  store_start(pool.assigned[0]);
  advance(1h);
  restart();
  attach(2);
  expect_jobs("orphaned_total{type=\"t\"}", 1);
  expect_jobs("enqueued_total{queue=\"default\",type=\"t\"}", 2);
  expect_jobs("started_total{queue=\"default\",type=\"t\"}", 3);
  // The one that ran has not waited for an hour, the other one has.
  const std::string wait = "quaero_job_wait_seconds_bucket{type=\"t\",le=";
  expect(wait + "\"600\"} 1");
  expect(wait + "\"3600\"} 2");
}

BOOST_AUTO_TEST_SUITE_END()
