#define BOOST_TEST_MODULE disk_test

#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>

using namespace quaero;
using namespace quaero::test;

namespace fs = std::filesystem;

namespace {

// Jobs until something goes wrong; more than any fault here lets through.
constexpr int tries_max = 20'000;

/// A daemon on a disk that fails on command, and what it has vouched for.
struct failing_disk : system_fixture {
  std::map<std::string, std::string> acknowledged; // Names by id.
  int number = 0;
  std::string level = "group";

  environment faults() const {
    return {{"LD_PRELOAD", QUAERO_FAULT_DISK},
            {"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"},
            {"FAULT_DISK_DIR", data_dir()},
            {"FAULT_DISK_CONTROL", folder() + "/fault"}};
  }

  void break_disk(const std::string& how) {
    // Moved there, so that nobody reads half of it.
    fs::rename(write("fault.part", how), folder() + "/fault");
  }

  void heal_disk() { fs::remove(folder() + "/fault"); }

  /// Enqueues jobs of their own one by one until one is not acknowledged.
  /// @returns what was answered instead; status 0: the connection ended.
  http_reply enqueue_until_refused(int at_most, size_t padding = 0) {
    http_client client{port()};
    return enqueue_until_refused(client, at_most, padding);
  }

  http_reply enqueue_until_refused(http_client& client, int at_most,
                                   size_t padding = 0) {
    for (int i = 0; i < at_most; ++i) {
      const auto name = "job-" + std::to_string(++number);
      const auto reply = client.request(
        "POST", "/api/jobs",
        R"({"type":"noop","name":")" + name + R"(","durability":")" + level
          + R"(","config":{"x":")" + std::string(padding, 'x') + "\"}}",
        {{"Content-Type", "application/json"}});
      if (reply.status != 201)
        return reply;
      value answer;
      std::string error;
      BOOST_REQUIRE(parse_json(reply.body, answer, error));
      acknowledged.emplace(items_of(answer, "ids").at(0).as_string(), name);
    }
    http_reply none;
    none.status = 201;
    return none;
  }

  void enqueue(int count) {
    BOOST_REQUIRE(enqueue_until_refused(count).status == 201);
  }

  /// Every id that was answered is there, done, and nothing is there that
  /// nobody has asked for.
  void check_acknowledged() {
    // The numbers know of a commit a moment before it can be read.
    wait_until([&] { return number_of_open() == 0 && all_completed(); });
    std::map<std::string, std::string> there;
    for (const auto& x : all("/api/jobs?parent_id=root", "jobs"))
      there.emplace(text_of(x, "id"), text_of(x, "name"));
    for (const auto& [id, name] : acknowledged)
      BOOST_TEST(there[id] == name, name << " is lost");
    // The one that was refused may be there: whoever got no answer knows
    // nothing.
    BOOST_TEST(there.size() - acknowledged.size() <= 1u);
  }

  bool all_completed() const {
    const auto jobs = all("/api/jobs?parent_id=root", "jobs");
    return std::all_of(jobs.begin(), jobs.end(), [](const auto& x) {
      return text_of(x, "status") == "completed";
    });
  }

  int64_t number_of_open() const {
    const auto x = get("/api/jobs/stats");
    return int_of(x, "pending_jobs") + int_of(x, "running_jobs");
  }

  /// It takes nothing more, says why, and ends by itself.
  void check_ends(const std::string& reason) {
    const auto exit = daemon().wait(patience);
    BOOST_REQUIRE_MESSAGE(exit, "it goes on: " + daemon().err());
    const auto err = daemon().err();
    BOOST_TEST(*exit == 1);
    BOOST_TEST(contains(err, "store.failed"), err);
    BOOST_TEST(contains(err, reason), err);
    // What to do next.
    BOOST_TEST(contains(err, "then start the daemon again"), err);
  }

  void check_refusal(const http_reply& x, const std::string& reason) {
    BOOST_TEST(x.status != 201);
    if (x.status == 503) { // another commit met the fault, and ended STORE
      BOOST_TEST(contains(x.body, "shutting_down"), x.body);
    } else if (x.status != 0) { // 0: it was gone before it could answer
      BOOST_TEST(x.status == 500);
      BOOST_TEST(contains(x.body, "storage_failed"), x.body);
      BOOST_TEST(contains(x.body, reason), x.body);
    }
  }

  /// Works, fails as `how` says, ends, and works again.
  void fail_and_return(const std::string& how, const std::string& reason) {
    start({}, faults());
    enqueue(50);
    break_disk(how);
    check_refusal(enqueue_until_refused(tries_max), reason);
    check_ends(reason);
    BOOST_TEST(acknowledged.size() >= 50u);
    heal_disk();
    start({}, faults());
    enqueue(20);
    check_acknowledged();
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_full_disk_ends_the_daemon_and_loses_nothing,
                        failing_disk) {
  fail_and_return("write ENOSPC", "No space left on device");
}

BOOST_FIXTURE_TEST_CASE(a_full_disk_loses_nothing_that_was_buffered,
                        failing_disk) {
  level = "buffered";
  fail_and_return("write ENOSPC", "No space left on device");
}

BOOST_FIXTURE_TEST_CASE(a_sync_that_fails_is_final, failing_disk) {
  fail_and_return("sync EIO", "Input/output error");
}

BOOST_FIXTURE_TEST_CASE(a_write_that_fails_is_final, failing_disk) {
  fail_and_return("write EIO", "Input/output error");
}

BOOST_FIXTURE_TEST_CASE(a_disk_that_becomes_read_only_ends_the_daemon,
                        failing_disk) {
  fail_and_return("all EROFS", "Read-only file system");
}

BOOST_FIXTURE_TEST_CASE(no_daemon_starts_on_a_disk_that_fails, failing_disk) {
  start({}, faults());
  enqueue(10);
  stop(SIGTERM);
  const std::map<std::string, std::string> faults_and_reasons{
    {"write ENOSPC", "No space left on device"},
    {"sync EIO", "Input/output error"},
    {"all EROFS", "Read-only file system"}};
  for (const auto& [how, reason] : faults_and_reasons) {
    break_disk(how);
    const auto x = start_in_vain({}, faults());
    BOOST_TEST(x.exit == 1, how);
    BOOST_TEST(contains(x.err, reason), x.err);
    BOOST_TEST(contains(x.err, data_dir()), x.err);
    heal_disk();
  }
  start({}, faults());
  check_acknowledged();
}

BOOST_FIXTURE_TEST_CASE(files_that_may_not_grow_are_a_full_disk, failing_disk) {
  // In blocks of 512 bytes: half a MiB for each file.
  start_under("ulimit -f 1024");
  check_refusal(enqueue_until_refused(tries_max, 4000), "File too large");
  check_ends("File too large");
  BOOST_TEST(acknowledged.size() > 10u);
  start();
  enqueue(10);
  check_acknowledged();
}

BOOST_FIXTURE_TEST_CASE(without_descriptors_nothing_is_lost, failing_disk) {
  start_under("ulimit -n 40", {"--store-write-buffer-mib", "1"});
  http_client working{port()};
  BOOST_REQUIRE(enqueue_until_refused(working, 20).status == 201);
  // All that are left go to connections that say nothing. The system takes
  // more of them than the daemon, which must not mind.
  std::vector<std::unique_ptr<http_client>> idle;
  for (int i = 0; i < 60; ++i)
    idle.push_back(std::make_unique<http_client>(port()));
  BOOST_REQUIRE(enqueue_until_refused(working, 20).status == 201);
  // A new file of the database is the end.
  check_refusal(enqueue_until_refused(working, tries_max, 8000),
                "Too many open files");
  check_ends("Too many open files");
  idle.clear();
  start();
  enqueue(10);
  check_acknowledged();
}

BOOST_FIXTURE_TEST_CASE(a_daemon_without_descriptors_does_not_start,
                        failing_disk) {
  const auto x = start_in_vain_under("ulimit -n 8");
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(contains(x.err, "Too many open files"), x.err);
  start();
  enqueue(10);
  check_acknowledged();
}
