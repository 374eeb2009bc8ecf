// What users keep beside runs: definitions, documents, keys, credentials. The
// whole runtime on a store that can be broken.

#include "definitions/definition_version.hpp"
#include "definitions/json.hpp"
#include "tests/support/actor_runtime.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : runtime_fixture {
  fixture() { start(); }

  static pair_change change(const std::string& key, const std::string& text) {
    pair_change x;
    x.key = key;
    x.text = text;
    return x;
  }

  std::string known(std::string_view key) {
    auto found = rt->keys()(key);
    return found ? found->text : "(none)";
  }

  void break_writes() {
    db->fail_writes_from(1, {storage::errc::io_error, "no room"});
  }

  static document note(const std::string& id, const std::string& text = {}) {
    document x;
    x.id = x.source_id = id;
    x.source_type = "note";
    x.content_markdown = text;
    return x;
  }

  bool has_document(const std::string& id) const {
    document x;
    return storage::read_document(*db, id, x).ok();
  }

  uint64_t documents() const { return totals().documents; }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(kept, fixture)

// -- keys ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_key_counts_when_it_is_committed_and_after_a_restart) {
  keys["other"] = "of the files";
  keys["k"] = "of the files";
  auto stored = request<pair_stored>(rt->pairs, atom::put_v, change("K", "a"));
  BOOST_TEST(known("k") == "of the files");
  settle();
  BOOST_TEST(stored->ok());
  BOOST_TEST(known("k") == "a"); // A pair beats the files.
  BOOST_TEST(known("other") == "of the files");
  restart();
  BOOST_TEST(known("k") == "a");
  BOOST_TEST(ask(rt->pairs, atom::remove_v, std::string{"k"}).ok());
  BOOST_TEST(known("k") == "of the files");
}

BOOST_AUTO_TEST_CASE(a_key_that_could_not_be_stored_does_not_count) {
  BOOST_TEST(ask<pair_stored>(rt->pairs, atom::put_v, change("k", "old")).ok());
  break_writes();
  auto failed = ask<pair_stored>(rt->pairs, atom::put_v, change("k", "new"));
  BOOST_TEST(is_error(failed.error, ec::storage_failed));
  BOOST_TEST(known("k") == "old");
  BOOST_TEST(ask<key_pair>(rt->pairs, atom::get_v, std::string{"k"}).value.text
             == "old");
  BOOST_TEST(!ask(rt->pairs, atom::remove_v, std::string{"k"}).ok());
  BOOST_TEST(known("k") == "old");
  db->heal();
  restart();
  BOOST_TEST(known("k") == "old");
}

BOOST_AUTO_TEST_CASE(changes_of_keys_are_made_one_after_another) {
  auto first = change("k", "1");
  first.must_be_new = true;
  auto a = request<pair_stored>(rt->pairs, atom::put_v, first);
  auto b = request<pair_stored>(rt->pairs, atom::put_v, first);
  auto c = request<>(rt->pairs, atom::remove_v, std::string{"k"});
  auto d = request<pair_stored>(rt->pairs, atom::put_v, first);
  settle();
  BOOST_TEST(a->ok());
  BOOST_TEST(is_error(b->error, ec::conflict));
  BOOST_TEST(c->ok());
  BOOST_TEST(d->ok());
}

BOOST_AUTO_TEST_CASE(times_of_a_key_are_those_of_its_changes) {
  auto made = ask<pair_stored>(rt->pairs, atom::put_v, change("k", "1")).value;
  advance(5s);
  auto x = ask<pair_stored>(rt->pairs, atom::put_v, change("k", "2")).value;
  BOOST_TEST(!x.is_new);
  BOOST_CHECK(x.pair.created_at == made.pair.created_at);
  BOOST_CHECK(x.pair.updated_at == made.pair.created_at + 5s);
}

BOOST_AUTO_TEST_CASE(a_pair_that_cannot_be_read_ends_the_store) {
  crash();
  storage::write_batch bad;
  bad.put("kx", "\x07");
  BOOST_TEST(db->write(bad, true).ok());
  make_runtime();
  settle();
  BOOST_TEST(!ask<std::vector<key_pair>>(rt->pairs, atom::list_v).ok());
}

// -- credentials --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_credential_that_could_not_be_stored_is_not_there) {
  credential x;
  x.site_domain = "h";
  auto made = ask<credential>(rt->credentials, atom::put_v, x);
  BOOST_TEST(made.ok());
  break_writes();
  x.site_domain = "i";
  BOOST_TEST(!ask<credential>(rt->credentials, atom::put_v, x).ok());
  BOOST_TEST(!ask(rt->credentials, atom::remove_v, made.value.id).ok());
  auto all = ask<std::vector<credential>>(rt->credentials, atom::list_v);
  BOOST_TEST(all.value.size() == 1u);
  BOOST_TEST(all.value[0].id == made.value.id);
}

// -- definitions --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(of_two_changes_of_one_version_the_second_is_refused) {
  definition_change x;
  x.definition = make_definition("d", {make_step("a")});
  auto made = ask<definition_stored>(rt->dispatcher, atom::put_v, x).value;
  BOOST_TEST(made.is_new);
  x.if_match = '"' + definition_version(made.definition) + '"';
  x.definition.description = "first";
  auto a = request<definition_stored>(rt->dispatcher, atom::put_v, x);
  x.definition.description = "second";
  auto b = request<definition_stored>(rt->dispatcher, atom::put_v, x);
  auto c = request<>(rt->dispatcher, atom::remove_v,
                     definition_removal{"d", x.if_match});
  settle();
  BOOST_TEST(a->ok());
  BOOST_TEST(is_error(b->error, ec::changed));
  BOOST_TEST(is_error(c->error, ec::changed));
  job_definition now;
  BOOST_TEST(storage::read_definition(*db, "d", now).ok());
  BOOST_TEST(now.description == "first");
}

BOOST_AUTO_TEST_CASE(a_change_that_fails_lets_the_next_one_have_its_turn) {
  definition_change x;
  x.definition = make_definition("d", {make_step("a")});
  x.must_exist = true;
  auto a = request<definition_stored>(rt->dispatcher, atom::put_v, x);
  x.must_exist = false;
  auto b = request<definition_stored>(rt->dispatcher, atom::put_v, x);
  settle();
  BOOST_TEST(is_error(a->error, ec::not_found));
  BOOST_TEST(b->ok());
  break_writes();
  BOOST_TEST(!ask<definition_stored>(rt->dispatcher, atom::put_v, x).ok());
  BOOST_TEST(!ask<definition_stored>(rt->dispatcher, atom::put_v, x).ok());
}

// -- documents ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_document_is_counted_with_its_commit) {
  auto saved = ask<document_saved>(rt->documents, atom::put_v, note("a"));
  BOOST_TEST(saved.value.is_new);
  BOOST_TEST(documents() == 1u);
  saved = ask<document_saved>(rt->documents, atom::put_v, note("a", "new"));
  BOOST_TEST(!saved.value.is_new);
  BOOST_TEST(documents() == 1u);
  BOOST_TEST(ask(rt->documents, atom::remove_v, std::string{"a"}).ok());
  BOOST_TEST(documents() == 0u);
  BOOST_TEST(is_error(
    ask(rt->documents, atom::remove_v, std::string{"a"}).error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(a_change_waits_for_a_version_that_is_in_flight) {
  ask<document_saved>(rt->documents, atom::put_v, note("a", "first"));
  auto prepared
    = ask<prepared_ptr>(rt->documents, atom::prepare_v,
                        std::vector<document>{note("a", "second")}, job_id{});
  auto removed = request<>(rt->documents, atom::remove_v, std::string{"a"});
  auto saved
    = request<document_saved>(rt->documents, atom::put_v, note("a", "third"));
  settle();
  BOOST_TEST(!removed->done);
  BOOST_TEST(!saved->done);
  BOOST_TEST(db->write(prepared.value->ops, true).ok());
  tell(rt->documents, atom::settle_v, prepared.value);
  BOOST_TEST(removed->ok());
  BOOST_TEST(saved->ok());
  BOOST_TEST(saved->value.is_new); // It had been removed.
  BOOST_TEST(documents() == 1u);
  document now;
  BOOST_TEST(storage::read_document(*db, "a", now).ok());
  BOOST_TEST(now.content_markdown == "third");
  size_t index_keys = 0;
  storage::for_each(*db, "i", [&](std::string_view, std::string_view) {
    ++index_keys;
    return true;
  });
  BOOST_TEST(index_keys == 2u); // All, and its type: none of older versions.
}

BOOST_AUTO_TEST_CASE(a_run_that_saves_what_is_being_removed_makes_it_anew) {
  ask<document_saved>(rt->documents, atom::put_v, note("a", "first"));
  auto removed = request<>(rt->documents, atom::remove_v, std::string{"a"});
  auto prepared = request<prepared_ptr>(
    rt->documents, atom::prepare_v, std::vector<document>{note("a", "second")},
    job_id{});
  settle();
  BOOST_TEST(removed->ok());
  BOOST_TEST(prepared->value->created == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_in_flight_outlives_the_removal_of_all) {
  for (auto id : {"a", "b", "c"})
    ask<document_saved>(rt->documents, atom::put_v, note(id));
  auto prepared
    = ask<prepared_ptr>(rt->documents, atom::prepare_v,
                        std::vector<document>{note("b", "new")}, job_id{});
  auto cleared = ask<uint64_t>(rt->documents, atom::remove_v);
  BOOST_TEST(cleared.value == 2u);
  BOOST_TEST(has_document("b"));
  BOOST_TEST(documents() == 1u);
  tell(rt->documents, atom::settle_v, prepared.value);
  BOOST_TEST(ask<uint64_t>(rt->documents, atom::remove_v).value == 1u);
  BOOST_TEST(documents() == 0u);
}

BOOST_AUTO_TEST_CASE(a_removal_of_all_that_fails_can_be_asked_for_again) {
  for (auto id : {"a", "b"})
    ask<document_saved>(rt->documents, atom::put_v, note(id));
  auto first = request<uint64_t>(rt->documents, atom::remove_v);
  auto second = request<uint64_t>(rt->documents, atom::remove_v);
  settle();
  BOOST_TEST(first->value == 2u);
  BOOST_TEST(is_error(second->error, ec::conflict));
  ask<document_saved>(rt->documents, atom::put_v, note("a"));
  break_writes();
  BOOST_TEST(!ask<uint64_t>(rt->documents, atom::remove_v).ok());
  BOOST_TEST(has_document("a"));
  BOOST_TEST(!ask<uint64_t>(rt->documents, atom::remove_v).ok());
}

BOOST_AUTO_TEST_SUITE_END()

// -- secrets ------------------------------------------------------------------

namespace {

/// Jobs that are given a secret in their configuration, one at a time.
struct secrets_fixture : fixture {
  std::vector<std::string> given;
  job_id manager;

  void run_with_secret(size_t jobs) {
    crash();
    auto& how = kind(jobs_type);
    how.slots = 1;
    how.create = [jobs](const step_context& x) {
      step_output out;
      out.jobs = make_new_jobs(jobs, "job-");
      for (auto& job : out.jobs)
        job.config = to_json(x.definition.config);
      return out;
    };
    how.execute = [this](job_context& x) -> std::optional<job_outcome> {
      given.push_back(x.job().config);
      return std::nullopt;
    };
    start();
    auto secret = change("k", "first secret");
    secret.secret = true;
    ask<pair_stored>(rt->pairs, atom::put_v, secret);
    auto definition = make_definition("d", {make_step("a")});
    definition.steps[0].config.set("token", "{k}");
    manager = run(definition);
    BOOST_REQUIRE(given.size() == 1u);
    BOOST_TEST(given[0] == R"({"token":"first secret"})");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(secrets_of_jobs, secrets_fixture)

BOOST_AUTO_TEST_CASE(a_waiting_job_is_given_the_secret_of_now) {
  run_with_secret(2);
  ask<pair_stored>(rt->pairs, atom::put_v, change("k", "second one"));
  restart(); // The first attempt is made again, then the second job.
  while (release() != 0) {
  }
  BOOST_REQUIRE(given.size() == 3u);
  BOOST_TEST(given[1] == R"({"token":"second one"})");
  BOOST_TEST(given[2] == given[1]);
  for (const auto& job : children(step_of(manager, "a").job.id))
    BOOST_TEST((job.job.config.find("secret") == std::string::npos),
               job.job.config);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_whose_secret_is_gone_says_so) {
  run_with_secret(1);
  ask(rt->pairs, atom::remove_v, std::string{"k"});
  restart();
  release();
  BOOST_TEST(given.back() == R"({"token":"{k}"})");
  BOOST_TEST(
    says(step_of(manager, "a").job.id, "placeholder not resolved: {k}"));
}

BOOST_AUTO_TEST_SUITE_END()
