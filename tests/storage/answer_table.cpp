#include "storage/answer_table.hpp"

#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

kept_answer answer(const std::string& key, timestamp when) {
  return {key, "print", 201, R"({"ids":[]})", when};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(answer_table, memory_fixture)

BOOST_AUTO_TEST_CASE(an_answer_comes_back_exactly) {
  for (auto when : {at(1), timestamp{}, timestamp::min(), timestamp::max()}) {
    const auto x = answer("a key / with \xc3\xa4", when);
    write(*db, [&](write_batch& out) { put_answer(out, x); });
    kept_answer found;
    require_ok(read_answer(*db, x.key, found));
    BOOST_CHECK(found == x);
    write(*db, [&](write_batch& out) { remove_answer(out, {x.key, x.at}); });
    BOOST_CHECK(read_answer(*db, x.key, found).code == errc::not_found);
  }
}

BOOST_AUTO_TEST_CASE(old_answers_are_found_oldest_first_and_no_others) {
  write(*db, [&](write_batch& out) {
    put_answer(out, answer("c", at(30)));
    put_answer(out, answer("a", at(20)));
    put_answer(out, answer("b", at(10)));
    put_answer(out,
               answer("before 1970", timestamp{} - at(0).time_since_epoch()));
  });
  auto old = [&](timestamp before, size_t limit) {
    std::vector<answer_age> found;
    require_ok(read_old_answers(*db, before, limit, found));
    std::string out;
    for (const auto& x : found)
      out += x.key + ";";
    return out;
  };
  BOOST_TEST(old(at(30), 10) == "before 1970;b;a;");
  BOOST_TEST(old(at(31), 2) == "before 1970;b;");
  BOOST_TEST(old(timestamp::min(), 10) == "");
}

BOOST_AUTO_TEST_CASE(a_removed_answer_leaves_nothing) {
  write(*db, [&](write_batch& out) { put_answer(out, answer("a", at(1))); });
  write(*db, [&](write_batch& out) { remove_answer(out, {"a", at(1)}); });
  auto i = db->scan();
  i->seek({});
  BOOST_TEST(!i->valid());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(queue_settings_table, memory_fixture)

BOOST_AUTO_TEST_CASE(limits_of_nodes_come_back_and_go) {
  write(*db, [](write_batch& out) {
    put_node_limit(out, "b", 7);
    put_node_limit(out, "a", UINT64_MAX);
    put_node_limit(out, "gone", 1);
    remove_node_limit(out, "gone");
    put_type_slots(out, "a", 3);
  });
  std::vector<std::pair<std::string, uint64_t>> found;
  require_ok(read_node_limits(*db, found));
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_CHECK(found[0] == std::pair(std::string{"a"}, UINT64_MAX));
  BOOST_CHECK(found[1] == std::pair(std::string{"b"}, uint64_t{7}));
}

BOOST_AUTO_TEST_CASE(slots_of_types_come_back_and_go) {
  write(*db, [](write_batch& out) {
    put_type_slots(out, "noop", 7);
    put_type_slots(out, "crawler_url", 10'000);
    put_type_slots(out, "gone", 1);
    remove_type_slots(out, "gone");
  });
  std::vector<std::pair<std::string, uint32_t>> found;
  require_ok(read_type_slots(*db, found));
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_CHECK(found[0] == std::pair(std::string{"crawler_url"}, 10'000u));
  BOOST_CHECK(found[1] == std::pair(std::string{"noop"}, 7u));
}

BOOST_AUTO_TEST_CASE(settings_come_back_exactly_in_the_order_of_names) {
  const queue_settings all{true, 7,   uint64_t{1} << 40,
                           3,    100, std::chrono::minutes{2}};
  queue_settings one;
  one.length_max = 1;
  write(*db, [&](write_batch& out) {
    put_queue_settings(out, "slow", all);
    put_queue_settings(out, "a", one);
    put_queue_settings(out, "gone", all);
    remove_queue_settings(out, "gone");
  });
  std::vector<std::pair<std::string, queue_settings>> found;
  require_ok(read_queue_settings(*db, found));
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_TEST(found[0].first == "a");
  BOOST_CHECK(found[0].second == one);
  BOOST_TEST(found[1].first == "slow");
  BOOST_CHECK(found[1].second == all);
}

BOOST_AUTO_TEST_SUITE_END()
