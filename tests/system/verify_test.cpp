#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace quaero;
using namespace quaero::test;

namespace fs = std::filesystem;

namespace {

struct verify_fixture : system_fixture {
  ended verify(const strings& flags = {}) const {
    strings words{program_path("quaerod"), "verify", "--data-dir", data_dir()};
    words.insert(words.end(), flags.begin(), flags.end());
    return run_program(std::move(words), patience);
  }

  /// A daemon that has worked, written tables and been killed.
  void make_database() {
    start();
    const auto job
      = run_toml("tree", "[step.work]\ntype = \"test_job_generator\"\n"
                         "worker_count = 20\nfailure_rate = 0\nchild_count = 1"
                         "\nrecursion_depth = 1\nlog_count = 50\n"
                         "log_delay_ms = 0\n");
    BOOST_TEST(wait_over(job) == "completed");
    kill();
  }

  std::string file(const std::string& extension) const {
    std::string out;
    for (const auto& x : fs::directory_iterator(data_dir() + "/db"))
      if (x.path().extension() == extension && x.file_size() > 1000)
        out = x.path();
    BOOST_REQUIRE_MESSAGE(!out.empty(), extension);
    return out;
  }

  /// Changes a byte in the middle of a file.
  static void damage(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    auto& x = bytes[bytes.size() / 2];
    x = static_cast<char>(x ^ 1);
    std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_a_kill_has_left_is_sound, verify_fixture) {
  make_database();
  auto x = verify();
  BOOST_TEST(x.exit == 0, x.out << x.err);
  BOOST_TEST(contains(x.out, "42 jobs, 0 in the queue, "), x.out);
  BOOST_TEST(contains(x.out, "0 documents: all is sound"), x.out);
  BOOST_TEST(contains(x.err, "quaerod verify: jobs, 0 records"), x.err);
  x = cli({"verify"}); // the same, by the command line's name
  BOOST_TEST(x.exit == 0, x.out << x.err);
  BOOST_TEST(contains(x.out, "42 jobs, 0 in the queue, "), x.out);
  x = verify({"--rebuild"});
  BOOST_TEST(x.exit == 0, x.out << x.err);
  BOOST_TEST(contains(x.out, "mended: totals and the index of jobs"), x.out);
  start();
  BOOST_TEST(number("/api/jobs/stats", "completed_jobs") == 42);
}

BOOST_FIXTURE_TEST_CASE(a_damaged_table_is_named_with_its_file,
                        verify_fixture) {
  make_database();
  BOOST_TEST(verify().exit == 0); // Opening it makes a table of the log.
  const auto table = file(".ldb");
  damage(table);
  const auto x = verify();
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.out, "damaged: " + fs::path{table}.filename().string()
                               + ": Corruption: "),
             x.out);
  // Indexes that are made of what is left would hide what is not.
  const auto y = verify({"--rebuild"});
  BOOST_TEST(y.exit == 1);
  BOOST_TEST(contains(y.out, "nothing is rebuilt while a file is damaged"),
             y.out);
  BOOST_TEST(!contains(y.out, "mended: "), y.out);
}

BOOST_FIXTURE_TEST_CASE(a_damaged_log_keeps_the_daemon_from_starting,
                        verify_fixture) {
  make_database();
  const auto log = file(".log");
  const auto name = fs::path{log}.filename().string();
  damage(log);
  auto x = start_in_vain({});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, name + ": "), x.err);
  BOOST_TEST(contains(x.err, "`quaerod verify` says what can be done"), x.err);
  x = verify();
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.out, "damaged: " + name), x.out);
  BOOST_TEST(contains(x.out, "--cut-logs"), x.out);
  x = verify({"--cut-logs", "--rebuild"});
  BOOST_TEST(x.exit == 0, x.out << x.err);
  BOOST_TEST(contains(x.out, "mended: " + name), x.out);
  BOOST_TEST(fs::exists(log + ".damaged"));
  start();
  BOOST_TEST(number("/api/jobs/stats", "total_jobs") > 0);
}

BOOST_FIXTURE_TEST_CASE(a_torn_write_is_dropped_and_said, verify_fixture) {
  make_database();
  const auto log = file(".log");
  fs::resize_file(log, fs::file_size(log) - 3);
  start();
  BOOST_TEST(contains(daemon().err(), "database.torn_write"), daemon().err());
  BOOST_TEST(contains(daemon().err(), fs::path{log}.filename().string()),
             daemon().err());
  BOOST_TEST(stop(SIGTERM) == 0);
  BOOST_TEST(verify().exit == 0);
}

BOOST_FIXTURE_TEST_CASE(who_cannot_look_says_so, verify_fixture) {
  auto x = verify();
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "there is no database in " + data_dir()), x.err);
  start();
  x = verify();
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "in use by another daemon; stop it first"), x.err);
  x = verify({"--never"});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "--never"), x.err);
  BOOST_TEST(contains(verify({"--help"}).out, "Usage: quaerod verify"));
}
