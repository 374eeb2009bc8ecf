#include "actors/metrics.hpp"

#include "tests/support/fixture.hpp"

using namespace quaero;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(metrics_tests)

BOOST_AUTO_TEST_CASE(what_is_counted_is_told) {
  metrics all{{"1.2.3", "debug", "abc"}};
  all.jobs_enqueued("default", "noop", 3);
  all.jobs_enqueued("default", "noop", 2);
  all.jobs_started("default", "noop", 5);
  all.jobs_finished("noop", job_status::completed, 4);
  all.jobs_finished("noop", job_status::failed, 1);
  all.jobs_retried("noop", 2);
  all.jobs_orphaned("noop", 1);
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
  all.job_waits("noop", {0.0005, 0.002, 0.002, 7200});
  all.job_runs("noop", {0.002});
  auto text = all.expose({});
  const std::string wait = "quaero_job_wait_seconds_bucket{type=\"noop\",le=";
  BOOST_TEST(has_line(text, wait + "\"0.001\"} 1"), text);
  BOOST_TEST(has_line(text, wait + "\"0.005\"} 3"), text);
  BOOST_TEST(has_line(text, wait + "\"3600\"} 3"), text);
  BOOST_TEST(has_line(text, wait + "\"+Inf\"} 4"), text);
  BOOST_TEST(has_line(
    text, "quaero_job_run_seconds_bucket{type=\"noop\",le=\"0.005\"} 1"));
}

BOOST_AUTO_TEST_CASE(names_beyond_the_limit_count_as_other) {
  metrics all;
  for (size_t i = 0; i < metrics::label_values_max + 5; ++i)
    all.jobs_enqueued("q" + std::to_string(i), "noop", 1);
  all.jobs_enqueued("q0", "noop", 1);
  auto text = all.expose({});
  BOOST_TEST(has_line(
    text, "quaero_jobs_enqueued_total{queue=\"other\",type=\"noop\"} 5"));
  BOOST_TEST(
    has_line(text, "quaero_jobs_enqueued_total{queue=\"q0\",type=\"noop\"} 2"));
}

BOOST_AUTO_TEST_SUITE_END()
