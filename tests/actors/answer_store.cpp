#include "actors/answer_store.hpp"

#include "storage/answer_table.hpp"
#include "tests/actors/queue_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;
using verdict = request_claim::verdict;

namespace {

struct fixture : queue_fixture {
  answer_store_actor answers;
  answer_store_config how;

  fixture() { start(); }

  void begin() {
    answers = own(answer_store_actor{
      sys.spawn(answer_store, how, db, collector(), &clock)});
    settle();
  }

  request_claim claim(const std::string& key, const std::string& print
                                              = "print") {
    auto found = ask<request_claim>(answers, atom::get_v, key, print);
    BOOST_REQUIRE_MESSAGE(found.ok(), message_of(found.error));
    return found.value;
  }

  void keep(const std::string& key) {
    auto x = std::make_shared<storage::kept_answer>();
    *x = {key, "print", 201, "body of " + key, clock.now()};
    BOOST_REQUIRE(ask(answers, atom::put_v, kept_answer_ptr{x}).ok());
  }

  size_t kept() const { return keys(); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(answer_stores, fixture)

BOOST_AUTO_TEST_CASE(a_request_is_carried_out_once) {
  begin();
  BOOST_CHECK(claim("k").is == verdict::fresh);
  BOOST_CHECK(claim("k").is == verdict::in_flight);
  BOOST_CHECK(claim("k", "other").is == verdict::different);
  keep("k");
  const auto again = claim("k");
  BOOST_CHECK(again.is == verdict::kept);
  BOOST_TEST(again.status == 201);
  BOOST_TEST(again.body == "body of k");
  BOOST_CHECK(claim("k", "other").is == verdict::different);
  BOOST_CHECK(claim("l").is == verdict::fresh);
}

BOOST_AUTO_TEST_CASE(a_request_that_did_nothing_may_come_again) {
  begin();
  claim("k");
  tell(answers, atom::forget_v, std::string{"k"});
  BOOST_CHECK(claim("k", "other").is == verdict::fresh);
}

BOOST_AUTO_TEST_CASE(what_was_kept_is_known_after_a_restart) {
  begin();
  claim("k");
  keep("k");
  begin();
  BOOST_CHECK(claim("k").is == verdict::kept);
}

BOOST_AUTO_TEST_CASE(answers_are_kept_for_a_time_and_then_removed) {
  how.keep = 24h;
  how.prune_interval = 1h;
  how.prune_max = 2;
  begin();
  for (const auto* key : {"a", "b", "c", "d", "e"}) {
    claim(key);
    keep(key);
  }
  BOOST_TEST(kept() == 10u);
  for (int i = 0; i < 24; ++i)
    advance(1h);
  BOOST_CHECK(claim("a").is == verdict::fresh);
  tell(answers, atom::forget_v, std::string{"a"});
  advance(1h);
  BOOST_TEST(kept() == 0u);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_used_again_later_is_kept_again) {
  how.keep = 10s;
  how.prune_interval = 1h;
  begin();
  claim("k");
  keep("k");
  advance(11s);
  BOOST_CHECK(claim("k", "other").is == verdict::fresh);
  keep("k");
  BOOST_TEST(kept() == 2u);
  BOOST_CHECK(claim("k").is == verdict::kept);
}

BOOST_AUTO_TEST_SUITE_END()
