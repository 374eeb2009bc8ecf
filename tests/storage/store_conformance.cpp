#include "tests/storage/stores.hpp"

#include <boost/mpl/list.hpp>

#include <atomic>
#include <thread>

using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

using fixtures
  = boost::mpl::list<memory_fixture, leveldb_fixture, fault_fixture>;

std::string keys_between(const store& db, std::string_view prefix,
                         std::string_view before) {
  std::string result;
  auto st = for_each_reverse(
    db, prefix,
    [&](std::string_view key, std::string_view) {
      result.append(key).append(" ");
      return true;
    },
    before);
  BOOST_REQUIRE(st.ok());
  return result;
}

void fill(store& db, std::initializer_list<std::string_view> keys) {
  write_batch batch;
  for (auto key : keys)
    batch.put(key, std::string{"v"}.append(key));
  BOOST_REQUIRE(db.write(batch, false).ok());
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_conformance)

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_written_can_be_read, fixture, fixtures) {
  fixture f;
  BOOST_REQUIRE(put(*f.db, "key", "one").ok());
  BOOST_CHECK_EQUAL(get(*f.db, "key"), "one");
  BOOST_REQUIRE(put(*f.db, "key", "two", true).ok());
  BOOST_CHECK_EQUAL(get(*f.db, "key"), "two");
  std::string val = "untouched";
  BOOST_CHECK(f.db->read("other", val).code == errc::not_found);
  BOOST_CHECK_EQUAL(val, "untouched");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_batch_is_made_in_its_order, fixture, fixtures) {
  fixture f;
  write_batch batch;
  batch.put("a", "1");
  batch.remove("a");
  batch.put("b", "1");
  batch.put("b", "2");
  batch.remove("c");
  batch.put("c", "3");
  BOOST_REQUIRE(f.db->write(batch, false).ok());
  BOOST_CHECK(all(*f.db) == (pairs{{"b", "2"}, {"c", "3"}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_empty_batch_changes_nothing, fixture,
                              fixtures) {
  fixture f;
  BOOST_CHECK(f.db->write(write_batch{}, false).ok());
  BOOST_CHECK(f.db->write(write_batch{}, true).ok());
  BOOST_CHECK(all(*f.db).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_batch_is_seen_as_a_whole, fixture, fixtures) {
  fixture f;
  std::atomic<bool> done = false;
  bool torn = false;
  std::thread reader([&] {
    while (!done) {
      auto at = f.db->scan();
      at->seek("a");
      if (!at->valid())
        continue;
      std::string first{at->val()};
      at->next();
      torn = torn || !at->valid() || at->val() != first;
    }
  });
  bool all_ok = true;
  for (int i = 0; i < 500; ++i) {
    write_batch batch;
    batch.put("a", std::to_string(i));
    batch.put("b", std::to_string(i));
    all_ok = f.db->write(batch, false).ok() && all_ok;
  }
  done = true;
  reader.join();
  BOOST_CHECK(all_ok);
  BOOST_CHECK(!torn);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keys_are_ordered_as_unsigned_bytes, fixture,
                              fixtures) {
  fixture f;
  using namespace std::string_literals;
  pairs expected{{"\0"s, "1"},    {"\0\0"s, "2"},  {"\0\x01"s, "3"},
                 {"a\0b"s, "4"},  {"a\x7f"s, "5"}, {"a\x80"s, "6"},
                 {"a\xff"s, "7"}, {"b"s, "8"}};
  write_batch batch;
  for (auto i = expected.rbegin(); i != expected.rend(); ++i)
    batch.put(i->first, i->second);
  BOOST_REQUIRE(f.db->write(batch, false).ok());
  BOOST_CHECK(all(*f.db) == expected);
  for (auto& [key, val] : expected)
    BOOST_CHECK_EQUAL(get(*f.db, key), val);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(values_may_be_empty_or_big, fixture, fixtures) {
  fixture f;
  std::string big(5 * 1024 * 1024, 'x');
  big[1000000] = '\0';
  BOOST_REQUIRE(put(*f.db, "big", big).ok());
  BOOST_REQUIRE(put(*f.db, "empty", {}).ok());
  BOOST_CHECK(get(*f.db, "big") == big);
  BOOST_CHECK_EQUAL(get(*f.db, "empty"), "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_cursor_sees_the_state_at_its_making, fixture,
                              fixtures) {
  fixture f;
  fill(*f.db, {"a", "b", "c"});
  auto at = f.db->scan();
  write_batch batch;
  batch.remove("a");
  batch.put("b", "new");
  batch.put("bb", "new");
  BOOST_REQUIRE(f.db->write(batch, false).ok());
  std::string seen;
  for (at->seek({}); at->valid(); at->next())
    seen.append(at->key()).append("=").append(at->val()).append(" ");
  BOOST_CHECK_EQUAL(seen, "a=va b=vb c=vc ");
  BOOST_CHECK(at->state().ok());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_cursor_finds_the_nearest_key, fixture,
                              fixtures) {
  fixture f;
  auto empty = f.db->scan();
  empty->seek("a");
  BOOST_CHECK(!empty->valid());
  empty->seek_back("a");
  BOOST_CHECK(!empty->valid());
  fill(*f.db, {"b", "d", "f"});
  auto at = f.db->scan();
  BOOST_CHECK(!at->valid());
  auto key_at = [&] { return at->valid() ? std::string{at->key()} : "(end)"; };
  auto seek = [&](std::string_view key) { return at->seek(key), key_at(); };
  auto back
    = [&](std::string_view key) { return at->seek_back(key), key_at(); };
  BOOST_CHECK_EQUAL(seek("a"), "b");
  BOOST_CHECK_EQUAL(seek("d"), "d");
  BOOST_CHECK_EQUAL(seek("e"), "f");
  BOOST_CHECK_EQUAL(seek("g"), "(end)");
  BOOST_CHECK_EQUAL(back("g"), "f");
  BOOST_CHECK_EQUAL(back("f"), "f");
  BOOST_CHECK_EQUAL(back("e"), "d");
  BOOST_CHECK_EQUAL(back("a"), "(end)");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_cursor_walks_both_ways, fixture, fixtures) {
  fixture f;
  fill(*f.db, {"a", "b", "c"});
  auto at = f.db->scan();
  at->seek("b");
  at->prev();
  BOOST_REQUIRE(at->valid());
  BOOST_CHECK_EQUAL(at->key(), "a");
  at->next();
  at->next();
  BOOST_REQUIRE(at->valid());
  BOOST_CHECK_EQUAL(at->val(), "vc");
  at->next();
  BOOST_CHECK(!at->valid());
  at->seek("a");
  at->prev();
  BOOST_CHECK(!at->valid());
  BOOST_CHECK(at->state().ok());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(for_each_visits_a_prefix, fixture, fixtures) {
  fixture f;
  fill(*f.db, {"a", "b", "b1", "b2", "c"});
  std::string seen;
  auto collect = [&](std::string_view key, std::string_view) {
    seen.append(key).append(" ");
    return key != "b2";
  };
  BOOST_REQUIRE(for_each(*f.db, "b", collect).ok());
  BOOST_CHECK_EQUAL(seen, "b b1 b2 ");
  seen.clear();
  BOOST_REQUIRE(for_each(*f.db, "b", collect, "b10").ok());
  BOOST_CHECK_EQUAL(seen, "b2 ");
  seen.clear();
  BOOST_REQUIRE(for_each(*f.db, {}, collect).ok());
  BOOST_CHECK_EQUAL(seen, "a b b1 b2 ");
  seen.clear();
  BOOST_REQUIRE(for_each(*f.db, "b", collect, "c").ok());
  BOOST_REQUIRE(for_each(*f.db, "x", collect).ok());
  BOOST_CHECK_EQUAL(seen, "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(for_each_reverse_visits_a_prefix_backwards,
                              fixture, fixtures) {
  fixture f;
  std::string last(100, '\xff');
  fill(*f.db, {"a", "b", "b1", "b2", "c"});
  BOOST_CHECK_EQUAL(keys_between(*f.db, "b", {}), "b2 b1 b ");
  BOOST_CHECK_EQUAL(keys_between(*f.db, "b", "b2"), "b1 b ");
  BOOST_CHECK_EQUAL(keys_between(*f.db, "b", "b11"), "b1 b ");
  BOOST_CHECK_EQUAL(keys_between(*f.db, "b", "d"), "b2 b1 b ");
  BOOST_CHECK_EQUAL(keys_between(*f.db, "b", "a"), "");
  BOOST_CHECK_EQUAL(keys_between(*f.db, "c", {}), "c ");
  BOOST_CHECK_EQUAL(keys_between(*f.db, {}, {}), "c b2 b1 b a ");
  fill(*f.db, {last});
  BOOST_CHECK_EQUAL(keys_between(*f.db, "\xff", {}), last + " ");
  BOOST_CHECK_EQUAL(keys_between(*f.db, "c", {}), "c ");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(compacting_keeps_what_is_there, fixture,
                              fixtures) {
  fixture f;
  fill(*f.db, {"a", "b", "c"});
  write_batch batch;
  batch.remove("b");
  BOOST_REQUIRE(f.db->write(batch, false).ok());
  f.db->compact("a", "c");
  f.db->compact({}, {});
  BOOST_CHECK(all(*f.db) == (pairs{{"a", "va"}, {"c", "vc"}}));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_prefix_is_the_next_one) {
  BOOST_CHECK_EQUAL(prefix_end("a"), "b");
  BOOST_CHECK_EQUAL(prefix_end("ab"), "ac");
  BOOST_CHECK_EQUAL(prefix_end("a\xff\xff"), "b");
  BOOST_CHECK_EQUAL(prefix_end("\x7f"), "\x80");
  BOOST_CHECK_EQUAL(prefix_end("\xff"), "");
  BOOST_CHECK_EQUAL(prefix_end(""), "");
}

BOOST_AUTO_TEST_SUITE_END()
