// What has been over for long enough is removed; its room is given back.

#include "actors/retention.hpp"

#include "actors/compactor.hpp"
#include "storage/leveldb_store.hpp"
#include "tests/storage/temp_folder.hpp"
#include "tests/support/actor_runtime.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

constexpr auto day = 24h;
constexpr size_t completed = 0; // as in retained_states
constexpr size_t failed = 1;

struct fixture : runtime_fixture {
  bool hold = false;

  fixture() {
    settings.retention.interval = 10min;
    settings.retention.block_trees_max = 2;
    settings.retention.in_flight_max = 2;
    settings.retention.looks_max = 5;
    kind(jobs_type).slots = 100;
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      if (x.job().name.starts_with("bad"))
        return job_outcome::failure("no luck", false);
      if (hold)
        return std::nullopt;
      return job_outcome::ok();
    };
  }

  void begin() {
    BOOST_REQUIRE(start().has_value());
    settle();
  }

  std::vector<job_id> submit(size_t n, const std::string& name) {
    submission x;
    x.jobs = make_new_jobs(n, name);
    return ask<id_list>(rt->jobs, atom::submit_v, x).value.ids;
  }

  job_id run_of(const std::string& id, size_t jobs = 2) {
    auto first = make_step("a");
    first.config.set("jobs", static_cast<int64_t>(jobs));
    auto x = make_definition(id, {first});
    x.retention = terms[id];
    return run(x);
  }

  retention_report report() {
    return ask<retention_report>(rt->retention, atom::get_v).value;
  }

  /// The clock moves to the next pass behind `t`.
  void wait(caf::timespan t) {
    for (const auto end = clock.now() + t; clock.now() < end;)
      advance(std::min<caf::timespan>(end - clock.now(), 10min));
    advance(10min);
  }

  bool there(const job_id& id) const { return storage::has_job(*db, id); }

  size_t how_many_there(const std::vector<job_id>& ids) const {
    return static_cast<size_t>(std::count_if(
      ids.begin(), ids.end(), [this](const job_id& x) { return there(x); }));
  }

  std::map<std::string, retention_terms> terms;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(retention_of_jobs, fixture)

BOOST_AUTO_TEST_CASE(what_is_old_goes_as_a_whole_and_nothing_else_does) {
  settings.retention.limits[completed].age = 2 * day;
  begin();
  const auto old = run_of("d", 3);
  const auto single = submit(3, "good");
  const auto bad = submit(1, "bad");
  wait(day);
  const auto young = run_of("d");
  BOOST_TEST(there(old));
  BOOST_TEST(report().trees == 0u);
  wait(day);
  BOOST_TEST(!there(old));
  BOOST_TEST(how_many_there(single) == 0u);
  BOOST_TEST(there(young));
  BOOST_TEST(there(bad[0])); // failed jobs have no limit here
  const auto now = report();
  BOOST_TEST(now.trees == 4u);
  BOOST_TEST(now.jobs == 8u); // the run has a step with three jobs
  BOOST_TEST(now.kept == 0u);
  BOOST_TEST(now.limited);
  check_over();
  wait(2 * day);
  BOOST_TEST(!there(young));
  check_over();
}

BOOST_AUTO_TEST_CASE(the_age_counts_from_the_end) {
  settings.retention.limits[completed].age = 2 * day;
  begin();
  hold = true;
  const auto id = run_of("d", 1);
  wait(3 * day);
  BOOST_TEST(there(id)); // it goes on
  BOOST_TEST(report().kept == 0u);
  release();
  wait(day);
  BOOST_TEST(there(id));
  wait(day);
  BOOST_TEST(!there(id));
  check_over();
}

BOOST_AUTO_TEST_CASE(of_a_number_the_newest_stay) {
  settings.retention.limits[completed].count = 4;
  settings.retention.limits[failed].count = 1;
  begin();
  const auto good = submit(11, "good");
  const auto bad = submit(3, "bad");
  wait(0s);
  BOOST_TEST(how_many_there(good) == 4u);
  BOOST_TEST(there(good.back()));
  BOOST_TEST(there(good[7]));
  BOOST_TEST(!there(good[6]));
  BOOST_TEST(how_many_there(bad) == 1u);
  BOOST_TEST(there(bad.back()));
  check_over();
  const auto passes = report().passes;
  wait(0s); // nothing is due
  BOOST_TEST(report().passes > passes);
  BOOST_TEST(report().last_trees == 0u);
  BOOST_TEST(how_many_there(good) == 4u);
}

BOOST_AUTO_TEST_CASE(what_a_definition_says_counts_for_its_runs) {
  settings.retention.limits[completed].age = 2 * day;
  terms["long"][completed].age = 30 * day;
  terms["ever"][completed].age = 0s;
  terms["few"][completed].count = 1;
  begin();
  const auto usual = run_of("usual");
  const auto long_kept = run_of("long");
  const auto ever = run_of("ever");
  const auto few = run_of("few");
  const auto fewer = run_of("few");
  wait(0s);
  BOOST_TEST(!there(few));
  BOOST_TEST(there(fewer));
  wait(2 * day);
  BOOST_TEST(!there(usual));
  BOOST_TEST(!there(fewer)); // its age is as in the settings
  BOOST_TEST(there(long_kept));
  BOOST_TEST(there(ever));
  wait(28 * day);
  BOOST_TEST(!there(long_kept));
  BOOST_TEST(there(ever));
  check_over();
}

BOOST_AUTO_TEST_CASE(without_limits_nothing_goes) {
  begin();
  const auto ids = submit(3, "good");
  wait(40 * day);
  BOOST_TEST(how_many_there(ids) == 3u);
  BOOST_TEST(!report().limited);
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_write_leaves_what_the_next_pass_removes) {
  uint64_t n = 0;
  for (bool reached = true; reached;) {
    BOOST_TEST_CONTEXT("write " << ++n << " fails") {
      fixture x;
      x.settings.retention.limits[completed].count = 1;
      x.settings.keeper.commit_keys_max = 9;
      x.begin();
      std::vector<job_id> ids;
      for (int i = 0; i < 4; ++i)
        ids.push_back(x.run_of("d"));
      x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
      x.advance(10min);
      reached = !x.ask<actor_status>(x.rt->store, atom::status_v).ok();
      x.crash();
      x.db->heal();
      x.begin(); // the first pass is at once
      BOOST_TEST(x.how_many_there(ids) == 1u);
      BOOST_TEST(x.there(ids.back()));
      x.check_over();
    }
  }
  BOOST_TEST(n > 3u);
}

BOOST_AUTO_TEST_CASE(what_is_due_is_told_by_rules) {
  retention_limits all;
  all[completed] = {2 * day, 0};
  auto plain = make_definition("plain", {make_step("a")});
  auto own = make_definition("own", {make_step("a")});
  own.retention[completed].count = 7;
  own.retention[failed].age = 0s;
  const auto rules = retention_rules(all, {plain, own});
  BOOST_REQUIRE(rules.size() == 2u);
  BOOST_TEST(
    (rules[0]
     == retention_rule{job_status::completed, {2 * day, 7}, "own", {}}));
  BOOST_TEST(
    (rules[1]
     == retention_rule{job_status::completed, {2 * day, 0}, "", {"own"}}));
}

BOOST_AUTO_TEST_SUITE_END()

// -- compaction ---------------------------------------------------------------

namespace {

uint64_t bytes_of(const std::string& folder) {
  uint64_t out = 0;
  for (const auto& x : std::filesystem::directory_iterator{folder})
    if (x.path().extension() == ".ldb")
      out += x.file_size();
  return out;
}

/// A database on disk through which queue entries go.
struct queue_on_disk {
  storage::test::temp_folder folder;
  std::unique_ptr<storage::store> db;
  uint64_t next = 1;
  uint64_t head = 1;

  queue_on_disk() {
    storage::leveldb_options options;
    options.write_buffer_bytes = 1 << 20;
    options.compression = false;
    BOOST_REQUIRE(
      storage::open_leveldb(folder.path() + "/db", options, db).ok());
  }

  storage::queue_entry entry(uint64_t sequence) const {
    storage::queue_entry out;
    out.key = {4, sequence};
    for (size_t i = 0; i < out.id.bytes.size(); ++i)
      out.id.bytes[i] = static_cast<uint8_t>(sequence >> (i % 8 * 8));
    out.type = "some_type";
    out.queue = "default";
    out.unique_key = std::string(100, 'k');
    return out;
  }

  /// Adds `n` entries and takes as many out, `waiting` behind each other.
  void pass(uint64_t n, uint64_t waiting) {
    constexpr uint64_t batch_entries = 500;
    for (const auto stop = next + n; next < stop;) {
      storage::write_batch batch;
      for (uint64_t i = 0; i < batch_entries && next < stop; ++i, ++next) {
        storage::put_queue_entry(batch, entry(next));
        if (next - head >= waiting)
          storage::remove_queue_entry(batch, {4, head++});
      }
      storage::put_queue_head(batch, {4, head});
      BOOST_REQUIRE(db->write(batch, false).ok());
    }
  }

  size_t live() const {
    size_t out = 0;
    BOOST_REQUIRE(
      storage::read_queue(*db, [&](storage::queue_entry&&) { ++out; }).ok());
    return out;
  }

  void compact(const lane_heads& from, lane_heads& to) {
    BOOST_REQUIRE(storage::read_queue_heads(*db, to.sequence).ok());
    for (const auto& x : consumed_queue_ranges(from, to))
      db->compact(x.from, x.to);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(compaction_of_the_queue)

BOOST_AUTO_TEST_CASE(what_went_through_leaves_no_more_than_what_is_live) {
  constexpr uint64_t waiting = 2000;
  queue_on_disk x;
  x.pass(200'000, waiting);
  BOOST_TEST(x.live() == waiting);
  const auto before = bytes_of(x.folder.path() + "/db");
  lane_heads heads;
  x.compact({}, heads);
  BOOST_TEST(heads.sequence[4] == x.head);
  // Live entries may be in the last tables, whole or in the log.
  const auto after = bytes_of(x.folder.path() + "/db");
  const uint64_t entry_bytes = 180;
  BOOST_TEST(after <= 2 * waiting * entry_bytes);
  BOOST_TEST(after < before);
  BOOST_TEST(x.live() == waiting);
  // The next time only what is new is looked at.
  const auto first = heads;
  x.pass(50'000, waiting);
  x.compact(first, heads);
  BOOST_TEST(heads.sequence[4] == x.head);
  BOOST_TEST(bytes_of(x.folder.path() + "/db") <= 2 * waiting * entry_bytes);
  BOOST_TEST(x.live() == waiting);
}

BOOST_AUTO_TEST_CASE(only_lanes_that_moved_are_compacted) {
  lane_heads from;
  lane_heads to;
  BOOST_TEST(consumed_queue_ranges(from, to).empty());
  to.sequence[2] = 9;
  const auto ranges = consumed_queue_ranges(from, to);
  BOOST_REQUIRE(ranges.size() == 1u);
  BOOST_TEST(ranges[0].from < ranges[0].to);
  BOOST_TEST(consumed_queue_ranges(to, to).empty());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// The COMPACTOR with a worker that tells what it is asked.
struct compactor_fixture : deterministic {
  lane_heads heads;
  int64_t removed = 0;
  std::vector<key_range> ranges;
  compactor_config config{1min, 1000};
  compactor_actor it;

  void begin() {
    const auto worker = own(compaction_actor{sys.spawn(
      [this](compaction_actor::pointer) -> compaction_actor::behavior_type {
        return {
          [this](atom::get) { return heads; },
          [this](atom::execute, const key_range& x) { ranges.push_back(x); },
          [](atom::done) { return true; },
        };
      })});
    it
      = own(compactor_actor{sys.spawn(compactor, config, worker, spawn_keeper(),
                                      std::make_shared<metrics>(), &clock)});
    tell(it, atom::recover_v);
  }

  status_actor spawn_keeper() {
    return own(status_actor{
      sys.spawn([this](status_actor::pointer) -> status_actor::behavior_type {
        return {[this](atom::status) {
          return actor_status{"job-keeper", 0, {{"jobs_removed", removed}}};
        }};
      })});
  }

  ~compactor_fixture() { end_actors(); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(compactor_actor_tests, compactor_fixture)

BOOST_AUTO_TEST_CASE(it_waits_until_enough_jobs_are_gone) {
  begin();
  heads.sequence[4] = 999;
  removed = 999;
  advance(1min);
  BOOST_TEST(ranges.empty());
  heads.sequence[4] = 1000;
  advance(1min);
  BOOST_REQUIRE(ranges.size() == 2u); // the lane, and events of the daemon
  BOOST_TEST(ranges[0].from.front() == 'q');
  BOOST_TEST(ranges[1].from == "w");
  ranges.clear();
  removed = 1000;
  heads.sequence[4] = 1999;
  advance(1min);
  BOOST_TEST(ranges.size() == removed_job_ranges().size());
  ranges.clear();
  removed = 1999;
  advance(1min);
  BOOST_TEST(ranges.empty());
  const auto now = ask<compaction_report>(it, atom::get_v).value;
  BOOST_TEST(now.compactions == 2u);
  BOOST_TEST(!now.running);
}

BOOST_AUTO_TEST_CASE(it_can_be_turned_off) {
  config.jobs_min = 0;
  begin();
  heads.sequence[4] = 1'000'000;
  advance(1min);
  BOOST_TEST(ranges.empty());
}

BOOST_AUTO_TEST_SUITE_END()
