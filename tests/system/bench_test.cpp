#define BOOST_TEST_MODULE bench_test

#include "tests/system/bench_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace quaero;
using namespace quaero::test;

namespace {

struct fixture : bench_fixture {
  ended http(const strings& arguments) const {
    strings words{"http"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return measured(words);
  }
};

void check_numbers(const value& x, const std::string& rate) {
  for (const auto& name : {rate, std::string{"seconds"}})
    BOOST_TEST(x.get_double(name).value_or(0) > 0, name);
  const auto* latency = x.find("latency");
  BOOST_REQUIRE(latency != nullptr);
  const auto p50 = latency->get_double("p50_ms").value_or(0);
  const auto p99 = latency->get_double("p99_ms").value_or(0);
  BOOST_TEST(p50 > 0);
  BOOST_TEST(p50 <= p99);
  BOOST_TEST(p99 <= latency->get_double("max_ms").value_or(0));
  BOOST_TEST(x.get_bool("exact").value_or(false));
}

} // namespace

BOOST_FIXTURE_TEST_CASE(each_measurement_of_a_daemon_is_one_exact_line,
                        fixture) {
  // Not whole requests: the last array is a shorter one.
  const auto x = http({"--jobs", "2500", "--requests", "500", "--runs", "1",
                       "--durability", "group"});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  const auto lines = lines_of(x.out);
  BOOST_REQUIRE_EQUAL(lines.size(), 3u);
  const strings scenarios{"http_arrays", "http_single", "http_get"};
  const std::vector<int64_t> connections{1, 64, 16};
  const std::vector<int64_t> jobs{2500, 2500, 1000};
  const std::vector<int64_t> requests{3, 2500, 500};
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto& line = lines[i];
    const std::string rate = i < 2 ? "jobs_per_s" : "requests_per_s";
    BOOST_TEST(text_of(line, "scenario") == scenarios[i]);
    BOOST_TEST(text_of(line, "durability") == "group");
    BOOST_TEST(int_of(line, "connections") == connections[i]);
    BOOST_TEST(int_of(line, "jobs") == jobs[i]);
    BOOST_TEST(int_of(line, "requests") == requests[i]);
    check_numbers(line, rate);
    BOOST_TEST(line.get_double("client_cores").has_value());
    BOOST_TEST(line.get_double("daemon_cores").value_or(0) > 0);
    BOOST_REQUIRE_EQUAL(items_of(line, "runs").size(), 1u);
    check_numbers(items_of(line, "runs")[0], rate);
    BOOST_REQUIRE(line.find("conditions") != nullptr);
    BOOST_TEST(int_of(*line.find("conditions"), "cores") > 0);
  }
  BOOST_TEST(!std::filesystem::exists(bench_dir()));
}

BOOST_FIXTURE_TEST_CASE(a_daemon_that_is_there_is_measured_and_goes_on,
                        fixture) {
  start();
  for (int64_t run = 1; run <= 2; ++run) {
    const auto x
      = http({"--server", url(), "--mode", "arrays", "--jobs", "1000",
              "--batch", "10", "--in-flight", "8", "--runs", "1"});
    BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
    const auto lines = lines_of(x.out);
    BOOST_REQUIRE_EQUAL(lines.size(), 1u);
    BOOST_TEST(int_of(lines[0], "requests") == 100);
    BOOST_REQUIRE(lines[0].find("daemon_cores") != nullptr);
    BOOST_TEST(lines[0].find("daemon_cores")->is_null());
    check_numbers(lines[0], "jobs_per_s");
    BOOST_TEST(number("/api/jobs/stats", "completed_jobs") == run * 1000);
  }
}

BOOST_FIXTURE_TEST_CASE(load_for_a_time_is_exact_too, fixture) {
  const auto x = http({"--mode", "single", "--seconds", "0.2", "--connections",
                       "4", "--runs", "1"});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  const auto lines = lines_of(x.out);
  BOOST_REQUIRE_EQUAL(lines.size(), 1u);
  BOOST_TEST(int_of(lines[0], "jobs") > 0);
  BOOST_TEST(int_of(lines[0], "jobs") == int_of(lines[0], "requests"));
  BOOST_TEST(*lines[0].get_double("seconds") < 10);
}

BOOST_FIXTURE_TEST_CASE(a_refused_request_voids_the_run, fixture) {
  start({"--queue-length-max", "100"});
  const auto x = http(
    {"--server", url(), "--mode", "arrays", "--jobs", "1000", "--runs", "1"});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(x.out == "");
  BOOST_TEST(contains(x.err, "answered 429"), x.err);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_reached_is_named, fixture) {
  const auto closed = http({"--server", "http://127.0.0.1:1"});
  BOOST_TEST(closed.exit == 1);
  BOOST_TEST(contains(closed.err, "cannot connect to 127.0.0.1:1"), closed.err);
  const auto tls = http({"--server", "https://127.0.0.1:1"});
  BOOST_TEST(tls.exit == 1);
  BOOST_TEST(contains(tls.err, "is not http://HOST:PORT"), tls.err);
  BOOST_TEST(http({"--mode", "other"}).exit == 2);
}
