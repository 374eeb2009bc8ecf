#include "actors/event_hub.hpp"
#include "actors/log_collector.hpp"
#include "actors/reader.hpp"
#include "actors/store_actor.hpp"
#include "actors/stream_follower.hpp"
#include "storage/fault_store.hpp"
#include "storage/memory_store.hpp"
#include "storage/stream_tables.hpp"
#include "tests/support/fixture.hpp"

#include <random>

using namespace quaero;

namespace {

using entries = std::vector<std::string>;

std::string text_of(const entry_view& x) {
  const auto number = std::to_string(x.sequence) + ' ';
  if (x.line)
    return number + x.line->line.message;
  return number + to_string(x.event->id) + ' ' + to_string(x.event->status);
}

/// Follows one stream as the gateway does, over any number of connections.
struct client : follower_source {
  client(caf::event_based_actor* ptr, reader_actor from, event_hub_actor of,
         job_id run, entries& out)
    : self{ptr}, reader{std::move(from)}, hub{std::move(of)},
      follower{run, *this, [this](const auto& xs) { return take(xs); }},
      got{out} {}

  caf::event_based_actor* self;
  reader_actor reader;
  event_hub_actor hub;
  stream_follower follower;
  entries& got;
  size_t room = SIZE_MAX; ///< Entries that it takes until it is told to go on.
  uint64_t block = 0;
  bool is_cut = false; ///< What is still on its way to it does not arrive.

  size_t take(const std::vector<entry_view>& xs) {
    const auto n = is_cut ? 0 : std::min(room, xs.size());
    for (size_t i = 0; i < n; ++i)
      got.push_back(text_of(xs[i]));
    room -= room == SIZE_MAX ? 0 : n;
    return n;
  }

  void read(const stream_query& query) override {
    auto small = query;
    small.entries_max = 7;
    self->request(reader, caf::infinite, atom::events_v, small)
      .then([this](stream_page_ptr& x) { follower.on_page(std::move(x)); });
  }

  void recall(const job_id& run, uint64_t after, uint64_t since) override {
    self->request(hub, caf::infinite, atom::events_v, run, after, since)
      .then([this](const recent_blocks& x) { follower.on_recent(x); });
  }

  uint64_t block_number() const override { return block; }

  void start(uint64_t after) {
    self->request(hub, caf::infinite, atom::get_v, UINT64_MAX)
      .then([this, after](const recent_blocks& x) {
        block = x.newest;
        pull();
        follower.start(after);
      });
  }

  void pull() {
    self->request(hub, caf::infinite, atom::get_v, block)
      .then([this](const recent_blocks& x) {
        if (!x.complete && is_live()) {
          follower.stop();
          follower.go_on();
        }
        block = x.first - 1;
        for (const auto& y : x.blocks) {
          ++block;
          on_block(*y);
        }
        pull();
      });
  }

  void on_block(const event_block& x) {
    if (!is_live())
      return;
    std::vector<entry_view> fresh;
    add_entries(x, follower.run(), follower.position(), fresh);
    const auto n = take(fresh);
    if (n > 0)
      follower.advance(fresh[n - 1].sequence);
    if (n < fresh.size())
      follower.stop();
  }

  bool is_live() const {
    return follower.now() == stream_follower::state::live;
  }
};

struct fixture : test::deterministic {
  std::shared_ptr<storage::fault_store> db
    = std::make_shared<storage::fault_store>(
      std::make_unique<storage::memory_store>());
  id_generator ids{clock, 1};
  event_hub_config hub_config;
  log_collector_config config;
  log_collector_actor collector;
  event_hub_actor hub;
  reader_actor source;
  std::mt19937 random{1};
  std::vector<std::shared_ptr<client>> clients;

  fixture() { start(); }
  ~fixture() { end_actors(); }

  void start() {
    auto writer = own(store_actor{sys.spawn(store, store_config{}, db)});
    hub = own(event_hub_actor{sys.spawn(event_hub, hub_config)});
    collector = own(
      log_collector_actor{sys.spawn(log_collector, config, db, writer,
                                    caf::actor_cast<event_sink_actor>(hub))});
    source = own(reader_actor{
      sys.spawn(reader, reader_config{}, db, log_collector_actor{})});
  }

  void restart() {
    end_actors();
    start();
  }

  std::shared_ptr<client> follow(const job_id& run, uint64_t after,
                                 entries& out, size_t room = SIZE_MAX) {
    std::shared_ptr<client> made;
    auto actor = sys.spawn([&](caf::event_based_actor* self) {
      made = std::make_shared<client>(self, source, hub, run, out);
      made->room = room;
      self->become(
        [keep = made](atom::start, uint64_t from) { keep->start(from); },
        [keep = made](atom::wake, uint64_t more) {
          keep->room = more;
          if (keep->follower.now() == stream_follower::state::full)
            keep->follower.go_on();
        });
    });
    while (!made)
      sched.run_once();
    own(actor);
    caf::anon_send(actor, atom::start_v, after);
    actors[made.get()] = actor;
    return made;
  }

  void cut(client& x) {
    x.is_cut = true;
    caf::anon_send_exit(actors[&x], caf::exit_reason::kill);
  }

  /// Delivers some of the messages that wait.
  void settle_some() {
    for (auto n = random() % 12; n > 0 && sched.try_run_once(); --n) {
    }
  }

  std::map<const client*, caf::actor> actors;

  static log_line line(const job_id& run, const job_id& owner,
                       std::string text) {
    return {owner, owner,          run, log_level::info, log_origin::worker,
            {},    std::move(text)};
  }

  static job_event move(const job_id& id, job_status to, uint32_t attempt) {
    job_event x;
    x.id = id;
    x.status = to;
    x.attempt = attempt;
    x.epoch = attempt;
    return x;
  }

  void send(commit_ptr x) {
    caf::anon_send(collector, atom::commit_v, std::move(x));
  }

  entries stored(const job_id& run) const {
    stream_query query;
    query.run = run;
    query.entries_max = SIZE_MAX;
    stream_page page;
    stream_page_limits limits;
    limits.bytes_max = SIZE_MAX;
    BOOST_TEST(read_stream_page(*db, query, limits, page).ok());
    entries out;
    for (const auto& x : page.entries)
      out.push_back(text_of(view_of(x)));
    return out;
  }
};

void check_numbers(const entries& xs, uint64_t first) {
  for (const auto& x : xs)
    BOOST_REQUIRE_EQUAL(std::stoull(x), first++);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(streams, fixture)

BOOST_AUTO_TEST_CASE(a_run_has_one_sequence_over_its_lines_and_events) {
  const auto run = ids.next();
  const auto step = ids.next();
  auto x = std::make_shared<commit>();
  x->add_event(1, move(step, job_status::running, 0),
               {job_status::pending, run, step, "step"},
               x->facets_index({}, "t", "", {}, true));
  x->lines = {line(run, run, "a"), line(run, step, "b"), line(run, step, "c")};
  send(x);
  settle();
  const entries expected{"1 a", "2 b", "3 c",
                         "4 " + to_string(step) + " running"};
  BOOST_TEST(stored(run) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(numbers_go_on_after_a_restart_and_after_a_forget) {
  const auto run = ids.next();
  for (const char* text : {"a", "b", "c"}) {
    auto x = std::make_shared<commit>();
    x->lines = {line(run, run, text)};
    send(x);
    settle();
    if (*text == 'a')
      restart();
    else
      tell(collector, atom::forget_v, run);
  }
  const entries expected{"1 a", "2 b", "3 c"};
  BOOST_TEST(stored(run) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_short_job_has_its_one_event_and_no_record_of_a_stream) {
  queue_job job;
  job.id = ids.next();
  job.type = "noop";
  auto x = std::make_shared<commit>();
  storage::put_job(x->ops, job);
  x->add_event(2, move(job.id, job_status::completed, 1),
               {job_status::pending, {}, {}, "noop"},
               x->facets_index({}, "t", "", {}, true));
  send(x);
  settle();
  const entries expected{"1 " + to_string(job.id) + " completed"};
  BOOST_TEST(stored(job.id) == expected, boost::test_tools::per_element());
  BOOST_TEST(stored({}) == expected, boost::test_tools::per_element());
  size_t records = 0;
  storage::for_each(*db, "g", [&](auto, auto) { return ++records > 0; });
  BOOST_TEST(records == 0u);
}

BOOST_AUTO_TEST_CASE(jobs_outside_of_a_run_have_streams_of_their_own) {
  const auto job = ids.next();
  for (auto to : {job_status::running, job_status::completed}) {
    auto x = std::make_shared<commit>();
    x->lines = {line({}, job, "said")};
    x->add_event(
      1, move(job, to, 1),
      {to == job_status::running ? job_status::pending : job_status::running,
       {},
       {},
       "t"},
      x->facets_index({}, "t", "", {}, true));
    send(x);
    settle();
  }
  const entries expected{"1 said", "2 " + to_string(job) + " running", "3 said",
                         "4 " + to_string(job) + " completed"};
  BOOST_TEST(stored(job) == expected, boost::test_tools::per_element());
}

/// Everything that happens at once: commits, cuts, slow clients, restarts.
BOOST_AUTO_TEST_CASE(a_thousand_cuts_lose_nothing_and_repeat_nothing) {
  hub_config.blocks_max = 5;
  hub_config.answer_blocks_max = 2;
  restart();
  const std::vector<job_id> runs{ids.next(), ids.next(), {}};
  const auto step = ids.next();
  std::vector<entries> got(runs.size());
  std::vector<std::shared_ptr<client>> now(runs.size());
  auto connect = [&](size_t i) {
    const size_t room = random() % 3 == 0 ? random() % 9 : SIZE_MAX;
    // One that was cut before it began has no position of its own.
    const uint64_t after = got[i].empty() ? 0 : std::stoull(got[i].back());
    now[i] = follow(runs[i], after, got[i], room);
  };
  for (size_t i = 0; i < runs.size(); ++i)
    connect(i);
  int said = 0;
  int cuts = 0;
  while (cuts < 1000) {
    const auto which = random() % runs.size();
    const auto& run = runs[random() % 2];
    switch (random() % 6) {
      case 0:
        cut(*now[which]);
        connect(which);
        ++cuts;
        break;
      case 1:
        caf::anon_send(actors[now[which].get()], atom::wake_v,
                       uint64_t{random() % 2 ? random() % 9 : 1'000'000});
        break;
      case 2:
        if (random() % 20 == 0) {
          restart();
          for (size_t i = 0; i < runs.size(); ++i)
            connect(i);
        }
        break;
      default: {
        auto x = std::make_shared<commit>();
        for (auto n = random() % 4; n > 0; --n)
          x->lines.push_back(
            line(run, random() % 2 ? run : step, std::to_string(++said)));
        for (auto n = random() % 3; n > 0; --n)
          x->add_event(
            1, move(ids.next(), job_status::completed, 1),
            {job_status::running, random() % 3 ? run : job_id{}, step, "t"},
            x->facets_index({}, "t", "", {}, true));
        send(x);
      }
    }
    settle_some();
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    settle();
    caf::anon_send(actors[now[i].get()], atom::wake_v, uint64_t{1'000'000});
    settle();
    BOOST_TEST(now[i]->is_live());
    const auto all = stored(runs[i]);
    BOOST_TEST(all.size() > 100u);
    check_numbers(got[i], 1);
    BOOST_TEST(got[i] == all, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(from_now_on_begins_behind_what_is_there) {
  const auto run = ids.next();
  auto say = [&](const char* text) {
    auto x = std::make_shared<commit>();
    x->lines = {line(run, run, text)};
    send(x);
    settle();
  };
  say("before");
  entries got;
  auto one = follow(run, UINT64_MAX, got);
  settle();
  say("after");
  const entries expected{"2 after"};
  BOOST_TEST(got == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_daemons_stream_is_cut_in_front_and_says_so) {
  config.streams.events_kept_max = 80;
  restart();
  const auto run = ids.next();
  for (int i = 0; i < 200; ++i) {
    auto x = std::make_shared<commit>();
    x->add_event(1, move(ids.next(), job_status::completed, 1),
                 {job_status::running, run, {}, "t"},
                 x->facets_index({}, "t", "", {}, true));
    send(x);
    settle();
  }
  const auto left = stored({});
  BOOST_TEST(left.size() >= 80u);
  BOOST_TEST(left.size() <= 91u); // an eighth more, and the one at hand
  check_numbers(left, 201 - left.size());
  BOOST_TEST(stored(run).size() == 200u);
  restart(); // else the hub still has what is not stored any more
  entries got;
  uint64_t reset = 0;
  auto one = follow({}, 3, got);
  one->follower.on_reset = [&](uint64_t x) { reset = x; };
  settle();
  BOOST_TEST(reset == 200 - left.size());
  BOOST_TEST(got == left, boost::test_tools::per_element());
  restart();
  BOOST_TEST(stored({}).size() == left.size());
}

BOOST_AUTO_TEST_CASE(who_has_seen_more_than_is_stored_is_told) {
  const auto run = ids.next();
  auto x = std::make_shared<commit>();
  x->lines = {line(run, run, "a")};
  send(x);
  entries got;
  uint64_t reset = 0;
  auto one = follow(run, 9, got);
  one->follower.on_reset = [&](uint64_t position) { reset = position; };
  settle();
  BOOST_TEST(reset == 1u);
  BOOST_TEST(got.empty());
  BOOST_TEST(one->is_live());
}

BOOST_AUTO_TEST_CASE(a_tail_is_the_newest_lines_and_where_they_end) {
  const auto run = ids.next();
  const auto step = ids.next();
  for (int i = 1; i <= 300; ++i) {
    auto x = std::make_shared<commit>();
    x->lines = {line(run, i % 3 ? step : run, std::to_string(i))};
    x->lines.back().level = i % 2 ? log_level::info : log_level::debug;
    send(x);
  }
  settle();
  stream_query query;
  query.run = run;
  query.tail = stream_tail{step, {}, log_level::info, 2};
  auto page = ask<stream_page_ptr>(source, atom::events_v, query).value;
  BOOST_REQUIRE(page->entries.size() == 2u);
  BOOST_TEST(page->entries[0].line.line.message == "295");
  BOOST_TEST(page->entries[1].line.line.message == "299");
  BOOST_TEST(page->next == 300u);
  BOOST_TEST(page->total == 100u);
  BOOST_TEST(page->more);
}

BOOST_AUTO_TEST_CASE(the_hub_remembers_a_bounded_number_of_blocks) {
  hub_config.blocks_max = 3;
  restart();
  for (int i = 0; i < 5; ++i)
    tell(hub, atom::publish_v,
         event_block_ptr{std::make_shared<event_block>()});
  auto all = ask<recent_blocks>(hub, atom::get_v, uint64_t{0}).value;
  BOOST_TEST(!all.complete);
  BOOST_TEST(all.first == 3u);
  BOOST_TEST(all.blocks.size() == 3u);
  auto two = ask<recent_blocks>(hub, atom::get_v, uint64_t{3}).value;
  BOOST_TEST(two.complete);
  BOOST_TEST(two.blocks.size() == 2u);
  auto later = request<recent_blocks>(hub, atom::get_v, uint64_t{5});
  settle();
  BOOST_TEST(!later->done);
  tell(hub, atom::publish_v, event_block_ptr{std::make_shared<event_block>()});
  BOOST_TEST(later->done);
}

BOOST_AUTO_TEST_CASE(the_hub_remembers_a_bounded_number_of_bytes) {
  hub_config.bytes_max = 4096;
  restart();
  auto big = std::make_shared<event_block>();
  big->lines.resize(100);
  for (int i = 0; i < 3; ++i)
    tell(hub, atom::publish_v, event_block_ptr{big});
  auto all = ask<recent_blocks>(hub, atom::get_v, uint64_t{0}).value;
  BOOST_TEST(all.blocks.size() == 1u);
  BOOST_TEST(!all.complete);
}

BOOST_AUTO_TEST_SUITE_END()
