#define BOOST_TEST_MODULE nodes_trust_test

#include "definitions/json.hpp"
#include "definitions/time.hpp"
#include "tests/system/node_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

/// Nodes that are not what they should be: of another version, with a
/// certificate that does not count, or with another clock.

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

timestamp now() {
  return std::chrono::time_point_cast<timestamp::duration>(
    std::chrono::system_clock::now());
}

struct trust_fixture : node_fixture {
  process& start_other(const std::string& what) {
    return start_node(QUAERO_OTHER_VERSION, "alpha", {"--node"},
                      {{"OTHER_VERSION", what}});
  }

  /// Of the node's daemon.
  void ends_with(int exit, const std::string& text) {
    auto& x = node("alpha");
    BOOST_TEST(x.wait(patience).value_or(-1) == exit, x.err());
    BOOST_TEST(contains(x.err(), text), x.err());
  }

  void stop_both() {
    BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
    BOOST_TEST(stop(SIGTERM) == 0);
  }

  /// The node's file, with key and certificate.
  std::string read_record(const std::string& name) const {
    std::ifstream in{folder() + "/" + name + "/node/node.json"};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  std::string certificate_of(const std::string& name) const {
    value out;
    std::string why;
    BOOST_REQUIRE_MESSAGE(parse_json(read_record(name), out, why), why);
    return text_of(out, "certificate");
  }

  /// What of a run's jobs was told in the node's time lies in the hub's: within
  /// the job, and in order.
  /// `takes` is what each job waits before its last line.
  void check_times(const std::string& run, timestamp from,
                   std::chrono::milliseconds takes) {
    const auto until = now();
    size_t lines = 0;
    for (const auto& step : all("/api/jobs?parent_id=" + run, "jobs")) {
      const auto log = get("/api/jobs/" + text_of(step, "id")
                           + "/logs/aggregated?level=all&limit=5000&order=asc");
      for (const auto& line : items_of(log, "logs")) {
        ++lines;
        check_within(text_of(line, "full_timestamp"), from, until);
      }
    }
    BOOST_TEST(lines > 0u);
    for (const auto& x : leaf_jobs(run)) {
      check_within(text_of(x, "started_at"), from, until);
      check_within(text_of(x, "finished_at"), from, until);
      check_lines_within(x, takes);
    }
  }

  void check_lines_within(const value& job, std::chrono::milliseconds takes) {
    timestamp begin;
    timestamp end;
    BOOST_REQUIRE(from_rfc3339(text_of(job, "started_at"), begin));
    BOOST_REQUIRE(from_rfc3339(text_of(job, "finished_at"), end));
    const auto log = get("/api/jobs/" + text_of(job, "id")
                         + "/logs?level=all&limit=1000&order=asc");
    end += 1ms; // The API cuts what is behind the milliseconds.
    timestamp last = begin;
    for (const auto& line : items_of(log, "logs")) {
      timestamp at;
      const auto text = text_of(line, "full_timestamp");
      BOOST_REQUIRE(from_rfc3339(text, at));
      BOOST_TEST((last <= at && at <= end), text << " not from "
                                                 << to_rfc3339(begin) << " to "
                                                 << to_rfc3339(end));
      last = at;
    }
    BOOST_TEST((last - begin >= takes), text_of(job, "id"));
  }

  static void check_within(const std::string& text, timestamp from,
                           timestamp until) {
    timestamp at;
    BOOST_REQUIRE_MESSAGE(from_rfc3339(text, at), text);
    BOOST_TEST((from <= at && at <= until), text);
  }

  /// A run whose jobs are all the node's, and what it says of time.
  void run_there() {
    const auto from = now();
    const auto before = int_of(row("alpha"), "finished");
    const auto run = start_run(20, 20);
    check_once_of_many(run, 20);
    BOOST_TEST(int_of(row("alpha"), "finished") >= before + 10);
    check_times(run, from, 20ms);
  }

  void check_once_of_many(const std::string& run, size_t jobs) {
    BOOST_TEST(wait_over(run) == "completed");
    const auto all_jobs = leaf_jobs(run);
    BOOST_TEST(all_jobs.size() == jobs);
    for (const auto& x : all_jobs) {
      BOOST_TEST(text_of(x, "status") == "completed");
      BOOST_TEST(int_of(x, "attempt") == 1);
    }
  }
};

} // namespace

// -- versions -----------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_node_of_another_version_is_refused_and_both_say_why,
                        trust_fixture) {
  start_hub();
  join("alpha");
  for (auto what : {"protocol", "schema"}) {
    BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
    wait_away("alpha");
    auto& other = start_other(what);
    BOOST_TEST(other.wait_for_err("hub.refused", patience), other.err());
    wait_state("alpha", "refused");
    const auto why = text_of(row("alpha"), "reason");
    BOOST_TEST(contains(why, "update the older of them"), why);
    BOOST_TEST(contains(why, what == std::string{"protocol"} ? "speaks 2 to 2"
                                                             : "another form"),
               why);
    BOOST_TEST(contains(other.err(), "update the older of them"), other.err());
    BOOST_TEST(daemon().wait_for_err(why, patience), daemon().err());
    // It lives on and tries again; the hub's jobs go on without it.
    BOOST_TEST(other.runs_for(0ms));
    BOOST_TEST(wait_over(start_run(5, 1)) == "completed");
  }
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  start_other("both");
  wait_state("alpha", "ready");
  leave_work_to_nodes();
  run_there();
}

// -- certificates -------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(
  a_certificate_is_renewed_in_time_and_ends_when_it_was_not, trust_fixture) {
  start_hub();
  join("alpha");
  stop_both();
  const auto first = certificate_of("alpha");
  // In its last 30 days.
  start_hub({}, clock_off_by("+65d"));
  auto& node = start_node("alpha", {"--node"}, clock_off_by("+65d"));
  BOOST_TEST(node.wait_for_err("node.certificate_renewed", patience),
             node.err());
  wait_state("alpha", "ready");
  stop_both();
  BOOST_TEST(certificate_of("alpha") != first);
  // The first one would be over.
  start_hub({}, clock_off_by("+100d"));
  start_node("alpha", {"--node"}, clock_off_by("+100d"));
  wait_state("alpha", "ready");
  stop_both();
  // By the clocks of both, then by the hub's alone.
  start_hub({}, clock_off_by("+190d"));
  start_node("alpha", {"--node"}, clock_off_by("+190d"));
  ends_with(3, "join again: quaero nodes invite alpha");
  start_node("alpha", {"--node"}, clock_off_by("+100d"));
  ends_with(3, "certificate expired");
  BOOST_TEST(text_of(row("alpha"), "state") == "away");
  // And that is the way back.
  join("alpha", 0, {}, clock_off_by("+190d"));
}

BOOST_FIXTURE_TEST_CASE(a_revoked_certificate_is_cut_off_and_does_not_come_back,
                        trust_fixture) {
  start_hub();
  join("alpha");
  const auto kept = read_record("alpha");
  // Of a node that is connected.
  BOOST_TEST(cli({"nodes", "remove", "alpha"}).exit == 0);
  ends_with(3, "to join again: quaero nodes invite alpha");
  // Of one that connects again, also to a hub that was started again.
  start_node("alpha", {"--node"});
  ends_with(3, "certificate revoked");
  kill();
  start_hub();
  start_node("alpha", {"--node"});
  ends_with(3, "certificate revoked");
  // A new one for the name does not bring the old one back.
  join("alpha");
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  wait_away("alpha");
  write("alpha/node/node.json", kept);
  start_node("alpha", {"--node"});
  ends_with(3, "certificate revoked");
}

BOOST_FIXTURE_TEST_CASE(a_certificate_of_another_node_is_that_node_s_only,
                        trust_fixture) {
  start_hub();
  join("alpha");
  join("beta");
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  BOOST_TEST(stop_node("beta", SIGTERM) == 0);
  wait_away("alpha");
  wait_away("beta");
  // Beta's certificate and key with alpha's name: beta's key says who it is.
  auto record = read_record("beta");
  record.replace(record.find("\"beta\""), 6, "\"alpha\"");
  const auto own = read_record("alpha");
  write("alpha/node/node.json", record);
  auto& impostor = start_node("alpha", {"--node"});
  BOOST_TEST(impostor.wait_for_err(
               "it has another name than its certificate, 'beta'", patience),
             impostor.err());
  BOOST_TEST(text_of(row("alpha"), "state") == "away");
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  // Beta's certificate without its key.
  auto mixed = own;
  const auto begin = std::string{"-----BEGIN CERTIFICATE"};
  const auto end = std::string{"-----END CERTIFICATE-----"};
  const auto at = mixed.find(begin);
  const auto of = record.find(begin);
  mixed.replace(at, mixed.find(end, at) - at,
                record.substr(of, record.find(end, of) - of));
  write("alpha/node/node.json", mixed);
  start_node("alpha", {"--node"});
  ends_with(1, "it is not what it should be");
  write("alpha/node/node.json", own);
  start_node("alpha", {"--node"});
  wait_state("alpha", "ready");
}

BOOST_FIXTURE_TEST_CASE(a_node_of_another_hub_gets_nowhere, trust_fixture) {
  start_hub();
  join("alpha");
  BOOST_TEST(stop(SIGTERM) == 0);
  // The same port, another authority.
  std::filesystem::rename(data_dir() + "/nodes", folder() + "/nodes");
  start_hub();
  auto& x = node("alpha");
  BOOST_TEST(x.wait_for_err("its certificate: ", patience), x.err());
  BOOST_TEST(row("alpha").is_null());
  BOOST_TEST(x.runs_for(0ms)); // The right one may come back.
  BOOST_TEST(stop(SIGTERM) == 0);
  std::filesystem::remove_all(data_dir() + "/nodes");
  std::filesystem::rename(folder() + "/nodes", data_dir() + "/nodes");
  start_hub();
  wait_state("alpha", "ready");
}

// -- clocks -------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(
  a_node_with_another_clock_does_its_work_in_the_hub_s_time, trust_fixture) {
  start_hub();
  leave_work_to_nodes();
  // Right after the hub was made, and its certificate with it.
  for (auto off : {"-61s", "+61s", "-50m", "+26h"}) {
    BOOST_TEST_CONTEXT(off) {
      join("alpha", 0, {}, clock_off_by(off));
      run_there();
      BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
      BOOST_TEST(cli({"nodes", "remove", "alpha"}).exit == 0);
      std::filesystem::remove_all(folder() + "/alpha");
    }
  }
  check_database();
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_is_set_while_jobs_run_moves_no_lease,
                        trust_fixture) {
  start_hub({"--queue-lease", "15s"});
  leave_work_to_nodes();
  const auto file = write("clock", "+0s\n");
  join("alpha", 0, {"--slots", "test_job_generator=8"}, clock_said_by(file));
  const auto from = now();
  const auto run = start_run(40, 500);
  for (auto off : {"+5m\n", "-5m\n", "+0s\n"}) {
    const auto before = ended(run);
    write("clock", off);
    wait_ended(run, before + 8);
  }
  check_once_of_many(run, 40);
  check_times(run, from, 500ms);
  BOOST_TEST(text_of(row("alpha"), "state") == "ready");
  check_database();
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_is_hours_behind_is_named, trust_fixture) {
  start_hub();
  auto& early = start_node("alpha", joining("alpha"), clock_off_by("-2h"));
  BOOST_TEST(early.wait(patience).value_or(-1) == 1, early.err());
  BOOST_TEST(contains(early.err(), "not yet valid; look at the clocks"),
             early.err());
  // The token has not been used up by that.
  join("alpha");
  BOOST_TEST(stop_node("alpha", SIGTERM) == 0);
  auto& again = start_node("alpha", {"--node"}, clock_off_by("-2h"));
  BOOST_TEST(again.wait_for_err("not yet valid; look at the clocks", patience),
             again.err());
  BOOST_TEST(again.runs_for(0ms));
}
