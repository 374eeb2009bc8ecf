#include "actors/audit_log.hpp"
#include "actors/store_actor.hpp"
#include "storage/fault_store.hpp"
#include "storage/memory_store.hpp"
#include "tests/support/fixture.hpp"

using namespace quaero;
using namespace std::chrono_literals;

namespace {

struct fixture : test::deterministic {
  std::shared_ptr<storage::fault_store> db
    = std::make_shared<storage::fault_store>(
      std::make_unique<storage::memory_store>());
  store_actor writer = own(store_actor{sys.spawn(store, store_config{}, db)});
  audit_log_config config;
  audit_log_actor aut;

  fixture() { start(); }

  void start() {
    aut = own(sys.spawn(audit_log, config, db, writer, &clock));
    settle();
  }

  void restart() {
    caf::anon_send_exit(aut, caf::exit_reason::kill);
    settle();
    start();
  }

  audit_record make(const std::string& path, unsigned status = 200) {
    audit_record out;
    out.at = clock.now();
    out.status = status;
    out.method = "POST";
    out.path = path;
    return out;
  }

  void put(size_t n, unsigned status = 200) {
    audit_block block;
    for (size_t i = 0; i < n; ++i)
      block.records.push_back(make("/" + std::to_string(i), status));
    tell(aut, atom::put_v, block);
  }

  audit_page list(uint64_t before = 0, size_t limit = 500) {
    auto out = ask<audit_page>(aut, atom::list_v, audit_query{before, limit});
    BOOST_REQUIRE_MESSAGE(out.ok(), message_of(out.error));
    return out.value;
  }

  int64_t lost() {
    return ask<actor_status>(aut, atom::status_v).value.numbers[2].second;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(audit_log_tests, fixture)

BOOST_AUTO_TEST_CASE(records_are_numbered_and_survive_a_restart) {
  put(2);
  restart();
  put(1);
  auto page = list();
  BOOST_TEST(page.total == 3u);
  BOOST_REQUIRE(page.records.size() == 3u);
  BOOST_TEST(page.records[0].sequence == 3u);
  BOOST_TEST(page.records[2].sequence == 1u);
  BOOST_TEST(page.records[1].path == "/1");
}

BOOST_AUTO_TEST_CASE(acts_are_synced_and_refusals_are_not) {
  for (unsigned status : {401u, 403u, 429u})
    put(1, status);
  BOOST_TEST(db->writes() == 3u);
  BOOST_TEST(db->syncs() == 0u);
  put(1, 204);
  BOOST_TEST(db->syncs() == 1u);
}

BOOST_AUTO_TEST_CASE(records_that_wait_share_a_commit) {
  const auto before = db->writes();
  for (int i = 0; i < 100; ++i)
    caf::anon_send(aut, atom::put_v, audit_block{{make("/x")}});
  settle();
  BOOST_TEST(db->writes() - before <= 3u);
  BOOST_TEST(list().total == 100u);
}

BOOST_AUTO_TEST_CASE(pages_go_on_where_the_last_one_ended) {
  put(5);
  auto page = list(0, 2);
  BOOST_TEST(page.records.back().sequence == 4u);
  BOOST_TEST(page.next == 4u);
  page = list(page.next, 2);
  BOOST_TEST(page.records.front().sequence == 3u);
  page = list(page.next, 2);
  BOOST_TEST(page.records.size() == 1u);
  BOOST_TEST(page.next == 0u);
  BOOST_TEST(list(0, 5).next == 0u);
}

BOOST_AUTO_TEST_CASE(no_more_than_records_max_are_kept) {
  config.records_max = 10;
  restart();
  put(10);
  BOOST_TEST(list().records.back().sequence == 1u);
  put(5);
  auto page = list();
  BOOST_TEST(page.total == 10u);
  BOOST_TEST(page.records.size() == 10u);
  BOOST_TEST(page.records.back().sequence == 6u);
  restart();
  BOOST_TEST(list().records.size() == 10u);
}

BOOST_AUTO_TEST_CASE(records_that_are_too_old_go) {
  put(3);
  advance(config.age_max);
  put(1);
  BOOST_TEST(list().total == 4u);
  advance(1s);
  put(1);
  BOOST_TEST(list().total == 2u);
}

BOOST_AUTO_TEST_CASE(one_commit_removes_no_more_than_its_limit) {
  put(10);
  config.trimmed_records_max = 4;
  config.records_max = 1;
  restart();
  put(1);
  BOOST_TEST(list().total == 7u);
  put(1);
  BOOST_TEST(list().total == 4u);
}

BOOST_AUTO_TEST_CASE(what_waits_beyond_its_limit_is_counted) {
  config.waiting_records_max = 5;
  restart();
  put(6);
  BOOST_TEST(list().total == 5u);
  BOOST_TEST(lost() == 1);
}

BOOST_AUTO_TEST_CASE(a_failed_write_ends_the_log) {
  db->fail_write(1, {storage::errc::io_error, "disk on fire"});
  put(1);
  BOOST_TEST(!ask<audit_page>(aut, atom::list_v, audit_query{}).ok());
}

BOOST_AUTO_TEST_SUITE_END()
