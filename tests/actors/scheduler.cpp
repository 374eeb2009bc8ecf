// Schedules: each tick one run, whatever happens to the daemon and the clock.

#include "definitions/json.hpp"
#include "storage/job_scan.hpp"
#include "storage/schedule_tables.hpp"
#include "tests/support/actor_runtime.hpp"

#include <algorithm>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

using texts = std::vector<std::string>;

/// The clock starts at midnight UTC, 18 December 2025.
struct fixture : runtime_fixture {
  bool hold = false;

  fixture() {
    kind(jobs_type).execute
      = [this](job_context&) -> std::optional<job_outcome> {
      if (hold)
        return std::nullopt;
      return job_outcome::ok();
    };
  }

  /// A definition that runs each hour.
  static job_definition hourly(missed_runs missed = missed_runs::run_once,
                               enum overlap overlap = overlap::skip) {
    auto x = make_definition("d", {make_step("a")});
    x.schedule = "0 * * * *";
    x.missed = missed;
    x.overlap = overlap;
    return x;
  }

  void put(const job_definition& x) {
    auto stored = ask<bool>(rt->dispatcher, atom::put_v, x);
    BOOST_REQUIRE_MESSAGE(stored.ok(), message_of(stored.error));
  }

  /// Time goes by, with everything that happens in it.
  void pass(std::chrono::minutes time) {
    for (; time > 0min; time -= 1min)
      advance(1min);
  }

  /// Time goes by without a daemon.
  void stop_for(std::chrono::minutes time) {
    crash();
    clock.set_by(time);
    BOOST_REQUIRE(start().has_value());
    settle();
  }

  void set_clock(std::string_view text) {
    timestamp to{};
    BOOST_REQUIRE(from_rfc3339(text, to));
    clock.set_by(to - clock.now());
  }

  std::vector<job_view> runs() const {
    std::vector<job_id> ids;
    BOOST_REQUIRE(storage::read_roots(*db, {}, 100'000, ids).ok());
    std::vector<job_view> out;
    for (const auto& id : ids)
      out.push_back(view(id));
    std::reverse(out.begin(), out.end());
    return out;
  }

  static std::string metadata(const job_view& x, const char* name) {
    value out;
    std::string error;
    BOOST_REQUIRE(parse_json(x.job.metadata, out, error));
    return out.get_string(name).value_or("");
  }

  /// The ticks that have runs, in the order of the runs: "18T01:00".
  texts ticks() const {
    texts out;
    for (const auto& x : runs())
      if (auto tick = metadata(x, "scheduled_for"); !tick.empty())
        out.push_back(tick.substr(8, 8));
    return out;
  }

  schedule_record record(const std::string& id = "d") const {
    std::unordered_map<std::string, schedule_record> out;
    BOOST_REQUIRE(storage::read_schedules(*db, out).ok());
    return out[id];
  }

  int64_t number(const std::string& name) {
    const auto x = ask<actor_status>(rt->scheduler, atom::status_v).value;
    for (const auto& [key, n] : x.numbers)
      if (key == name)
        return n;
    return -1;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(schedules, fixture)

BOOST_AUTO_TEST_CASE(a_tick_makes_one_run) {
  start();
  put(hourly());
  pass(59min);
  BOOST_TEST(runs().empty());
  pass(1min);
  BOOST_REQUIRE(runs().size() == 1u);
  const auto run = runs().front();
  BOOST_TEST(metadata(run, "trigger") == "schedule");
  BOOST_TEST(
    says(run.job.id, "Started by its schedule for 2025-12-18T01:00:00.000Z"));
  pass(120min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00", "18T03:00"}));
  const auto last = record();
  BOOST_TEST(to_rfc3339(last.last_tick) == "2025-12-18T03:00:00.000Z");
  BOOST_CHECK(last.outcome == tick_outcome::started);
  BOOST_CHECK(last.run == runs().back().job.id);
  BOOST_CHECK(last.run_for == last.last_tick);
  restart();
  pass(59min);
  BOOST_TEST(ticks().size() == 3u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_run_that_somebody_asks_for_is_not_the_schedules) {
  start();
  const auto id = run(hourly());
  BOOST_TEST(metadata(view(id), "trigger") == "api");
  BOOST_TEST(metadata(view(id), "scheduled_for") == "");
  BOOST_CHECK(record().outcome == tick_outcome::none);
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_write_makes_one_run_for_each_tick) {
  for (auto missed : {missed_runs::run_once, missed_runs::run_all}) {
    uint64_t n = 0;
    for (bool reached = true; reached;) {
      BOOST_TEST_CONTEXT(to_string(missed) << ", write " << ++n << " fails") {
        fixture x;
        x.start();
        x.put(hourly(missed));
        x.pass(50min);
        x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
        x.pass(20min);
        reached = !x.ask<actor_status>(x.rt->store, atom::status_v).ok();
        x.crash();
        x.db->heal();
        BOOST_REQUIRE(x.start().has_value());
        x.settle();
        BOOST_TEST(x.ticks() == texts{"18T01:00"});
        x.check_over();
      }
    }
    BOOST_TEST(n > 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_write_loses_no_tick_that_waits) {
  uint64_t n = 0;
  for (bool reached = true; reached;) {
    BOOST_TEST_CONTEXT("write " << ++n << " fails") {
      fixture x;
      x.start();
      x.put(hourly(missed_runs::run_once, overlap::queue));
      x.hold = true;
      x.pass(110min);
      x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
      x.pass(20min); // the second tick waits
      x.hold = false;
      x.release();
      x.pass(10min);
      reached = !x.ask<actor_status>(x.rt->store, atom::status_v).ok();
      x.crash();
      x.db->heal();
      BOOST_REQUIRE(x.start().has_value());
      x.settle();
      BOOST_TEST(x.ticks() == (texts{"18T01:00", "18T02:00"}));
      BOOST_CHECK(x.record().waiting == timestamp{});
      x.check_over();
    }
  }
  BOOST_TEST(n > 5u);
}

BOOST_AUTO_TEST_CASE(missed_ticks_are_skipped_made_up_once_or_each) {
  const std::vector<std::pair<missed_runs, texts>> expected{
    {missed_runs::skip, {"18T01:00"}},
    {missed_runs::run_once, {"18T01:00", "18T05:00"}},
    {missed_runs::run_all,
     {"18T01:00", "18T02:00", "18T03:00", "18T04:00", "18T05:00"}}};
  for (const auto& [missed, runs] : expected)
    BOOST_TEST_CONTEXT(to_string(missed)) {
      fixture x;
      x.start();
      x.put(hourly(missed));
      x.pass(70min);
      x.stop_for(4h);
      BOOST_TEST(x.ticks() == runs);
      x.stop_for(10min); // nothing is missed twice
      BOOST_TEST(x.ticks() == runs);
      x.pass(40min);
      BOOST_TEST(x.ticks().back() == "18T06:00");
      BOOST_TEST(x.ticks().size() == runs.size() + 1);
      x.check_over();
    }
}

BOOST_AUTO_TEST_CASE(runs_that_are_made_up_come_one_after_another) {
  start();
  put(hourly(missed_runs::run_all));
  hold = true;
  stop_for(200min);
  BOOST_TEST(ticks() == texts{"18T01:00"});
  pass(50min); // a tick joins them
  BOOST_TEST(ticks() == texts{"18T01:00"});
  release();
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00"}));
  restart(); // in the middle
  settle();
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00"}));
  hold = false;
  release();
  BOOST_TEST(ticks()
             == (texts{"18T01:00", "18T02:00", "18T03:00", "18T04:00"}));
  check_over();
}

BOOST_AUTO_TEST_CASE(so_many_missed_ticks_get_a_run_and_no_more) {
  settings.scheduler.missed_max = 3;
  start();
  put(hourly(missed_runs::run_all));
  stop_for(24h * 400 + 30min);
  BOOST_TEST(ticks().size() == 3u);
  const auto now = clock.now();
  timestamp last{};
  BOOST_REQUIRE(from_rfc3339(metadata(runs().back(), "scheduled_for"), last));
  BOOST_CHECK(now - last < 1h);
}

BOOST_AUTO_TEST_CASE(a_tick_beside_a_run_is_skipped_with_its_name) {
  start();
  put(hourly());
  hold = true;
  pass(130min);
  BOOST_TEST(ticks() == texts{"18T01:00"});
  const auto x = record();
  BOOST_CHECK(x.outcome == tick_outcome::skipped);
  BOOST_CHECK(x.other == runs().front().job.id);
  BOOST_TEST(to_rfc3339(x.last_tick) == "2025-12-18T02:00:00.000Z");
  hold = false;
  release();
  pass(60min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T03:00"}));
}

BOOST_AUTO_TEST_CASE(one_tick_waits_for_the_run_before_it) {
  start();
  put(hourly(missed_runs::run_once, overlap::queue));
  hold = true;
  pass(190min); // of two that come meanwhile, the second is skipped
  BOOST_TEST(ticks() == texts{"18T01:00"});
  BOOST_CHECK(record().outcome == tick_outcome::skipped);
  BOOST_TEST(to_rfc3339(record().waiting) == "2025-12-18T02:00:00.000Z");
  restart();
  settle();
  BOOST_TEST(ticks() == texts{"18T01:00"});
  hold = false;
  release();
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00"}));
  pass(60min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00", "18T04:00"}));
  check_over();
}

BOOST_AUTO_TEST_CASE(runs_beside_each_other_are_made_when_that_is_allowed) {
  start();
  put(hourly(missed_runs::run_once, overlap::allow));
  hold = true;
  pass(190min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00", "18T03:00"}));
  BOOST_TEST(active_runs() == 3u);
  BOOST_TEST(is_error(execute("d").error, ec::conflict, "already running"));
  restart();
  settle();
  BOOST_TEST(active_runs() == 3u);
  BOOST_TEST(is_error(execute("d").error, ec::conflict, "already running"));
  hold = false;
  release();
  BOOST_TEST(active_runs() == 0u);
  BOOST_TEST(execute("d").ok());
  check_over();
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_fires_no_tick_twice) {
  start();
  put(hourly());
  pass(125min);
  clock.set_by(-1h);
  pass(110min); // 02:55 again
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00"}));
  clock.set_by(-1h);
  restart();
  pass(60min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00"}));
  pass(10min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T02:00", "18T03:00"}));
}

BOOST_AUTO_TEST_CASE(
  what_a_clock_that_is_set_forward_misses_follows_the_policy) {
  const std::vector<std::pair<missed_runs, texts>> expected{
    {missed_runs::skip, {"18T01:00", "18T05:00"}},
    {missed_runs::run_once, {"18T01:00", "18T04:00", "18T05:00"}},
    {missed_runs::run_all,
     {"18T01:00", "18T02:00", "18T03:00", "18T04:00", "18T05:00"}}};
  for (const auto& [missed, runs] : expected)
    BOOST_TEST_CONTEXT(to_string(missed)) {
      fixture x;
      x.start();
      x.put(hourly(missed));
      x.pass(70min);
      x.clock.set_by(185min); // to 04:15
      x.pass(50min);
      BOOST_TEST(x.ticks() == runs);
      x.check_over();
    }
}

BOOST_AUTO_TEST_CASE(a_tick_that_is_found_soon_after_its_time_is_in_time) {
  start();
  put(hourly(missed_runs::skip));
  pass(55min);
  clock.set_by(8min); // 01:03
  pass(10min);
  BOOST_TEST(ticks() == texts{"18T01:00"});
}

BOOST_AUTO_TEST_CASE(ticks_are_those_of_the_zone_when_its_clocks_change) {
  set_clock("2026-03-28T12:00:00Z");
  start();
  auto nightly = hourly(missed_runs::skip);
  nightly.schedule = "30 2 * * *";
  nightly.time_zone = "Europe/Berlin";
  put(nightly);
  pass(48h);
  BOOST_TEST(ticks() == (texts{"29T01:00", "30T00:30"}));
  set_clock("2026-10-24T12:00:00Z");
  pass(48h);
  BOOST_TEST(ticks()
             == (texts{"29T01:00", "30T00:30", "25T00:30", "26T01:30"}));
}

BOOST_AUTO_TEST_CASE(a_clock_set_over_a_change_of_the_clocks_fires_once) {
  set_clock("2026-10-25T00:20:00Z"); // 02:20 in summer time
  start();
  auto nightly = hourly();
  nightly.schedule = "30 2 * * *";
  nightly.time_zone = "Europe/Berlin";
  put(nightly);
  clock.set_by(1h); // 02:20 again, an hour later
  pass(30min);
  BOOST_TEST(ticks() == texts{"25T00:30"});
  clock.set_by(-1h);
  pass(90min);
  BOOST_TEST(ticks() == texts{"25T00:30"});
}

BOOST_AUTO_TEST_CASE(what_is_not_enabled_does_not_fire_and_is_not_made_up) {
  start();
  auto x = hourly(missed_runs::run_all);
  put(x);
  pass(70min);
  x.enabled = false;
  put(x);
  pass(120min);
  restart();
  pass(10min);
  x.enabled = true;
  put(x);
  pass(30min);
  BOOST_TEST(ticks() == texts{"18T01:00"});
  pass(30min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T04:00"}));
}

BOOST_AUTO_TEST_CASE(a_changed_schedule_does_not_fire_for_the_past) {
  start();
  auto x = hourly(missed_runs::run_all);
  put(x);
  pass(70min);
  x.schedule = "*/30 * * * *";
  put(x);
  pass(10min);
  BOOST_TEST(ticks() == texts{"18T01:00"});
  pass(15min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T01:30"}));
  x.schedule = "15 * * * *";
  put(x);
  restart();
  pass(60min);
  BOOST_TEST(ticks() == (texts{"18T01:00", "18T01:30", "18T02:15"}));
}

BOOST_AUTO_TEST_CASE(a_change_drops_what_waits) {
  start();
  auto x = hourly(missed_runs::run_all, overlap::queue);
  put(x);
  hold = true;
  pass(130min);
  BOOST_CHECK(record().waiting != timestamp{});
  x.description = "another one";
  put(x);
  hold = false;
  release();
  BOOST_TEST(ticks() == texts{"18T01:00"});
  restart();
  settle();
  BOOST_TEST(ticks() == texts{"18T01:00"});
}

BOOST_AUTO_TEST_CASE(a_removed_definition_leaves_nothing_to_fire) {
  start();
  put(hourly());
  pass(70min);
  BOOST_TEST(number("schedules") == 1);
  BOOST_TEST(
    ask(rt->dispatcher, atom::remove_v, definition_removal{"d", ""}).ok());
  BOOST_TEST(number("schedules") == 0);
  BOOST_CHECK(record() == schedule_record{});
  pass(120min);
  BOOST_TEST(ticks() == texts{"18T01:00"});
}

BOOST_AUTO_TEST_CASE(a_definition_that_cannot_run_any_more_fails_its_ticks) {
  start();
  auto x = hourly();
  x.steps[0].type = "no_such_type";
  put(x);
  pass(70min);
  BOOST_TEST(runs().empty());
  BOOST_CHECK(record().outcome == tick_outcome::failed);
  BOOST_TEST(record().error.find("no_such_type") != std::string::npos);
  BOOST_CHECK(number("in_flight") == 0);
}

BOOST_AUTO_TEST_CASE(auto_start_runs_once_at_each_start_unless_one_goes_on) {
  auto x = make_definition("d", {make_step("a")});
  x.auto_start = true;
  start();
  put(x);
  settle();
  BOOST_TEST(runs().empty()); // it started before that was known
  restart();
  settle();
  BOOST_REQUIRE(runs().size() == 1u);
  BOOST_TEST(metadata(runs()[0], "trigger") == "auto_start");
  BOOST_TEST(says(runs()[0].job.id, "because the daemon started"));
  hold = true;
  restart();
  settle();
  BOOST_TEST(runs().size() == 2u);
  restart();
  settle();
  BOOST_TEST(runs().size() == 2u); // it was brought back
  BOOST_TEST(active_runs() == 1u);
  BOOST_TEST(number("schedules") == 0);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_stops_fires_nothing) {
  start();
  put(hourly());
  tell(rt->scheduler, atom::drain_v);
  pass(120min);
  BOOST_TEST(runs().empty());
  BOOST_TEST(!ask<schedule_list>(rt->scheduler, atom::list_v).value.firing);
  restart();
  settle();
  BOOST_TEST(ticks() == texts{"18T02:00"});
}

BOOST_AUTO_TEST_CASE(ten_thousand_idle_schedules_wake_up_now_and_then) {
  storage::write_batch all;
  for (int i = 0; i < 10'000; ++i) {
    auto x = make_definition("d" + std::to_string(i), {make_step("a")});
    x.schedule
      = std::to_string(i % 60) + " 3 " + std::to_string(1 + i % 28) + " 6 *";
    x.updated_at = clock.now();
    storage::put_definition(all, x);
  }
  BOOST_REQUIRE(db->write(all, true).ok());
  start();
  BOOST_TEST(number("schedules") == 10'000);
  for (int i = 0; i < 24 * 6; ++i)
    advance(10min);
  BOOST_TEST(number("wakes") <= 24 * 6);
  BOOST_TEST(runs().empty());
}

BOOST_AUTO_TEST_CASE(many_that_fire_at_once_are_made_a_few_at_a_time) {
  settings.scheduler.starts_max = 2;
  start();
  for (int i = 0; i < 50; ++i) {
    auto x = hourly();
    x.id = "d" + std::to_string(i);
    put(x);
  }
  pass(61min);
  BOOST_TEST(ticks().size() == 50u);
  BOOST_TEST(number("in_flight") == 0);
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()
