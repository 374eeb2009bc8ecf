#include "actors/store_actor.hpp"
#include "storage/fault_store.hpp"
#include "storage/memory_store.hpp"
#include "tests/support/fixture.hpp"

using namespace quaero;

namespace {

struct fixture : test::deterministic {
  std::shared_ptr<storage::fault_store> db
    = std::make_shared<storage::fault_store>(
      std::make_unique<storage::memory_store>());
  store_actor aut = own(store_actor{sys.spawn(store, store_config{4096}, db)});

  fixture() { settle(); }

  static commit_ptr change(const std::string& key, durability level,
                           size_t bytes = 1) {
    auto x = std::make_shared<commit>();
    x->ops.put(key, std::string(bytes, 'v'));
    x->level = level;
    return x;
  }

  auto commit_later(const std::string& key, durability level,
                    size_t bytes = 1) {
    return request(aut, atom::commit_v, change(key, level, bytes));
  }

  bool has(const std::string& key) const {
    std::string unused;
    return db->read(key, unused).ok();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(store_tests, fixture)

BOOST_AUTO_TEST_CASE(commits_that_wait_share_one_synced_write) {
  auto a = commit_later("a", durability::group);
  auto b = commit_later("b", durability::buffered);
  auto c = commit_later("c", durability::group);
  settle();
  BOOST_TEST((a->ok() && b->ok() && c->ok()));
  BOOST_TEST(db->writes() == 1u);
  BOOST_TEST(db->syncs() == 1u);
  BOOST_TEST((has("a") && has("b") && has("c")));
}

BOOST_AUTO_TEST_CASE(buffered_commits_are_written_without_a_sync) {
  auto a = commit_later("a", durability::buffered);
  auto b = commit_later("b", durability::buffered);
  settle();
  BOOST_TEST((a->ok() && b->ok()));
  BOOST_TEST(db->writes() == 1u);
  BOOST_TEST(db->syncs() == 0u);
}

BOOST_AUTO_TEST_CASE(a_commit_with_a_sync_of_its_own_is_written_alone) {
  commit_later("a", durability::buffered);
  commit_later("b", durability::each);
  commit_later("c", durability::buffered);
  settle();
  BOOST_TEST(db->writes() == 3u);
  BOOST_TEST(db->syncs() == 1u);
  BOOST_TEST(db->unsynced() == 1u);
}

BOOST_AUTO_TEST_CASE(a_group_is_written_when_it_reaches_its_limit) {
  commit_later("a", durability::group, 3000);
  commit_later("b", durability::group, 3000);
  commit_later("c", durability::group, 10);
  settle();
  BOOST_TEST(db->writes() == 2u);
}

BOOST_AUTO_TEST_CASE(a_failed_write_fails_all_of_its_group_and_ends_the_store) {
  db->fail_write(1, {storage::errc::io_error, "disk on fire"});
  auto a = commit_later("a", durability::group);
  auto b = commit_later("b", durability::buffered);
  settle();
  for (const auto& x : {a, b}) {
    BOOST_REQUIRE(x->done);
    BOOST_TEST(test::is_error(x->error, ec::storage_failed, "disk on fire"));
  }
  auto late = ask(aut, atom::commit_v, change("c", durability::group));
  BOOST_TEST(!late.ok());
  BOOST_TEST(db->writes() == 1u);
  BOOST_TEST((!has("a") && !has("b") && !has("c")));
}

BOOST_AUTO_TEST_CASE(every_commit_behind_a_failed_write_is_answered) {
  db->fail_write(1, {storage::errc::io_error, "disk on fire"});
  auto a = commit_later("a", durability::group);
  auto b = commit_later("b", durability::each);
  settle();
  BOOST_TEST((a->done && !a->ok()));
  BOOST_TEST((b->done && !b->ok()));
  BOOST_TEST(db->writes() == 1u);
}

BOOST_AUTO_TEST_CASE(a_limit_of_nothing_is_refused) {
  auto bad = own(store_actor{sys.spawn(store, store_config{0}, db)});
  BOOST_TEST(!ask(bad, atom::commit_v, change("a", durability::group)).ok());
}

BOOST_AUTO_TEST_SUITE_END()
