#include "actors/store_actor.hpp"
#include "actors/token_store.hpp"
#include "storage/access_tables.hpp"
#include "storage/fault_store.hpp"
#include "storage/memory_store.hpp"
#include "tests/support/fixture.hpp"

#include <algorithm>
#include <set>

using namespace quaero;
using namespace std::chrono_literals;

namespace {

struct fixture : test::deterministic {
  std::shared_ptr<storage::fault_store> db
    = std::make_shared<storage::fault_store>(
      std::make_unique<storage::memory_store>());
  std::shared_ptr<id_generator> ids = std::make_shared<id_generator>(clock, 1);
  store_actor writer = own(store_actor{sys.spawn(store, store_config{}, db)});
  token_store_config config;
  std::vector<token_table_ptr> told;
  token_watcher_actor watcher = own(token_watcher_actor{sys.spawn(
    [this](token_watcher_actor::pointer) -> token_watcher_actor::behavior_type {
      return {
        [this](atom::put, const token_table_ptr& x) { told.push_back(x); }};
    })});
  token_store_actor aut;

  fixture() { start(); }
  ~fixture() { end_actors(); }

  void start() {
    aut = own(sys.spawn(token_store, config, db, writer, ids, &clock));
    auto now = ask<token_table_ptr>(aut, atom::subscribe_v, watcher);
    BOOST_REQUIRE(now.ok());
    told.assign(1, now.value);
  }

  void restart() {
    caf::anon_send_exit(aut, caf::exit_reason::kill);
    settle();
    start();
  }

  auto try_create(const std::string& name,
                  access_scope scope = access_scope::read, timestamp end = {}) {
    return ask<created_token>(aut, atom::create_v, new_token{name, scope, end});
  }

  created_token create(const std::string& name,
                       access_scope scope = access_scope::read,
                       timestamp end = {}) {
    auto out = try_create(name, scope, end);
    BOOST_REQUIRE_MESSAGE(out.ok(), message_of(out.error));
    return out.value;
  }

  bool in_database(const std::string& text) const {
    bool found = false;
    storage::for_each(*db, "", [&](std::string_view key, std::string_view val) {
      found |= key.find(text) != key.npos || val.find(text) != val.npos;
      return true;
    });
    return found;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(token_store_tests, fixture)

BOOST_AUTO_TEST_CASE(secrets_have_256_bits_of_letters_and_never_repeat) {
  std::set<std::string> seen;
  std::set<char> letters;
  for (int i = 0; i < 200; ++i) {
    auto x = make_secret(system_random);
    BOOST_TEST(x.size() == 47u);
    BOOST_TEST(is_secret(x));
    letters.insert(x.begin() + 4, x.end());
    seen.insert(std::move(x));
  }
  BOOST_TEST(seen.size() == 200u);
  BOOST_TEST(letters.size() == 62u);
  for (auto bad : {"", "qro_", "qro_abc"})
    BOOST_TEST(!is_secret(bad));
  BOOST_TEST(make_secret([](uint8_t*, size_t) { return false; }).empty());
}

BOOST_AUTO_TEST_CASE(the_hash_is_sha_256) {
  auto x = hash_secret("abc");
  BOOST_TEST(int{x[0]} == 0xBA);
  BOOST_TEST(int{x[1]} == 0x78);
  BOOST_TEST(int{x[31]} == 0xAD);
  BOOST_TEST(same_secret(x, hash_secret("abc")));
  BOOST_TEST(!same_secret(x, hash_secret("abd")));
  BOOST_TEST(!same_secret("abc", "abcd"));
}

BOOST_AUTO_TEST_CASE(what_looks_like_a_token_is_hidden) {
  BOOST_TEST(without_secrets("/api/tokens/qro_Ab1/x")
             == "/api/tokens/qro_[hidden]/x");
  BOOST_TEST(without_secrets("/a/qro_") == "/a/qro_");
  BOOST_TEST(without_secrets("plain") == "plain");
}

BOOST_AUTO_TEST_CASE(a_token_is_synced_before_it_is_told_and_kept_as_a_hash) {
  auto made = create("ci", access_scope::submit);
  BOOST_TEST(db->syncs() == 1u);
  BOOST_TEST(is_secret(made.secret));
  BOOST_CHECK(made.token.hash == hash_secret(made.secret));
  BOOST_TEST(!in_database(made.secret));
  BOOST_TEST(in_database("ci"));
  BOOST_REQUIRE(told.size() == 2u);
  BOOST_TEST(told[0]->empty());
  BOOST_TEST(told[1]->size() == 1u);
  BOOST_CHECK(told[1]->front().scope == access_scope::submit);
}

BOOST_AUTO_TEST_CASE(watchers_know_of_an_end_before_it_is_answered) {
  auto made = create("ci");
  bool known_first = false;
  auto asker = sys.spawn([&](caf::event_based_actor* self) {
    self->request(aut, caf::infinite, atom::remove_v, made.token.id)
      .then([&](const api_token& x) {
        known_first = told.size() == 3 && !told[2]->front().live(clock.now())
                      && x.revoked_at != timestamp{};
      });
  });
  own(asker);
  settle();
  BOOST_TEST(known_first);
  auto again = ask<api_token>(aut, atom::remove_v, made.token.id);
  BOOST_TEST(test::is_error(again.error, ec::conflict, "revoked already"));
  auto none = ask<api_token>(aut, atom::remove_v, ids->next());
  BOOST_TEST(test::is_error(none.error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_tokens_and_their_ends) {
  auto kept = create("kept", access_scope::admin, clock.now() + 1h);
  auto gone = create("gone");
  BOOST_TEST(ask<api_token>(aut, atom::remove_v, gone.token.id).ok());
  ask<token_table_ptr>(aut, atom::list_v);
  restart();
  const auto& all = *told[0];
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_CHECK(all[0] == kept.token);
  BOOST_TEST(all[0].live(clock.now()));
  BOOST_TEST(!all[1].live(clock.now()));
  advance(2h);
  BOOST_TEST(!all[0].live(clock.now()));
}

BOOST_AUTO_TEST_CASE(names_are_printable_short_and_of_one_live_token) {
  const std::string longest(config.name_bytes_max, 'x');
  create(longest);
  for (const auto& bad :
       {std::string{}, longest + "x", std::string{"a\nb"}, std::string{"\xFF"}})
    BOOST_TEST(test::is_error(try_create(bad).error, ec::invalid_argument,
                              "name: must have 1 to 64 bytes"));
  auto first = create("ci");
  BOOST_TEST(test::is_error(try_create("ci").error, ec::conflict,
                            "there is a token 'ci' already"));
  BOOST_TEST(ask<api_token>(aut, atom::remove_v, first.token.id).ok());
  create("ci");
}

BOOST_AUTO_TEST_CASE(an_end_in_the_past_is_refused) {
  BOOST_TEST(
    test::is_error(try_create("x", access_scope::read, clock.now()).error,
                   ec::invalid_argument, "expires_at: must be in the future"));
}

BOOST_AUTO_TEST_CASE(
  there_are_no_more_than_tokens_max_and_dead_ones_make_room) {
  config.tokens_max = 3;
  restart();
  auto a = create("a");
  create("b", access_scope::read, clock.now() + 1min);
  create("c");
  BOOST_TEST(
    test::is_error(try_create("d").error, ec::limit_reached, "tokens_max"));
  BOOST_TEST(ask<api_token>(aut, atom::remove_v, a.token.id).ok());
  create("d");
  BOOST_TEST(told.back()->size() == 3u);
  BOOST_TEST(told.back()->front().name == "b");
  advance(2min);
  create("e");
  BOOST_TEST(told.back()->size() == 3u);
  BOOST_TEST(told.back()->front().name == "c");
}

BOOST_AUTO_TEST_CASE(two_at_once_do_not_get_the_same_name_or_the_last_place) {
  config.tokens_max = 1;
  restart();
  auto a = request<created_token>(aut, atom::create_v, new_token{"a", {}, {}});
  auto b = request<created_token>(aut, atom::create_v, new_token{"b", {}, {}});
  settle();
  BOOST_TEST(a->ok());
  BOOST_TEST(test::is_error(b->error, ec::limit_reached));
}

BOOST_AUTO_TEST_CASE(uses_are_kept_without_a_sync_and_never_go_back) {
  auto made = create("ci");
  const auto syncs = db->syncs();
  const auto now = clock.now() + 1h;
  tell(aut, atom::visit_v, token_uses{{{made.token.id, now}}});
  tell(aut, atom::visit_v, token_uses{{{made.token.id, now - 1min}}});
  tell(aut, atom::visit_v, token_uses{{{ids->next(), now}}});
  BOOST_TEST(db->syncs() == syncs);
  restart();
  BOOST_CHECK(told[0]->front().last_used == now);
}

BOOST_AUTO_TEST_CASE(a_token_that_was_not_stored_is_none) {
  db->fail_write(1, {storage::errc::io_error, "disk on fire"});
  auto made = try_create("ci");
  BOOST_TEST(test::is_error(made.error, ec::storage_failed, "disk on fire"));
  BOOST_TEST(told.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
