#include "actors/document_store.hpp"
#include "storage/memory_store.hpp"
#include "tests/support/fixture.hpp"

using namespace quaero;
using namespace std::chrono_literals;

namespace {

struct fixture : test::deterministic {
  std::shared_ptr<storage::memory_store> db
    = std::make_shared<storage::memory_store>();
  std::shared_ptr<id_generator> ids = std::make_shared<id_generator>(clock, 1);
  document_store_actor aut
    = own(sys.spawn(document_store, db, ids, &clock, log_collector_actor{},
                    document_store_config{}));
  job_id run = ids->next();

  static document make(const std::string& source, std::string text = "body") {
    document x;
    x.source_type = "web";
    x.source_id = source;
    x.content_markdown = std::move(text);
    return x;
  }

  prepared_ptr prepare(std::vector<document> xs, job_id of = {}) {
    auto out = ask<prepared_ptr>(aut, atom::prepare_v, xs, of);
    BOOST_REQUIRE_MESSAGE(out.ok(), message_of(out.error));
    return out.value;
  }

  void write(const prepared_ptr& x) {
    BOOST_TEST(db->write(x->ops, true).ok());
    tell(aut, atom::settle_v, x);
  }

  uint64_t save(document x, job_id of = {}) {
    auto saved = prepare({std::move(x)}, of);
    write(saved);
    return saved->created;
  }

  document stored(const std::string& source) const {
    std::string id;
    document out;
    BOOST_TEST(storage::read_document_id(*db, "web", source, id).ok());
    BOOST_TEST(storage::read_document(*db, id, out).ok());
    return out;
  }

  int64_t in_flight() {
    return ask<actor_status>(aut, atom::status_v).value.numbers[0].second;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(document_store_tests, fixture)

BOOST_AUTO_TEST_CASE(saving_again_keeps_identity_and_creation_time) {
  BOOST_TEST(save(make("a"), run) == 1u);
  const auto first = stored("a");
  advance(5s);
  const auto next_run = ids->next();
  BOOST_TEST(save(make("a", "new body"), next_run) == 0u);
  const auto second = stored("a");
  BOOST_TEST(second.id == first.id);
  BOOST_CHECK(second.created_at == first.created_at);
  BOOST_CHECK(second.updated_at == first.updated_at + 5s);
  BOOST_TEST(second.content_markdown == "new body");
  const std::vector<std::string> runs{to_string(run), to_string(next_run)};
  BOOST_TEST(second.jobs == runs, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_stub_never_blanks_a_body) {
  save(make("a"));
  auto stub = make("a", "");
  stub.detail_level = "metadata";
  stub.title = "new title";
  save(stub);
  BOOST_TEST(stored("a").content_markdown == "body");
  BOOST_TEST(stored("a").detail_level == "full");
  BOOST_TEST(stored("a").title == "new title");
}

BOOST_AUTO_TEST_CASE(a_second_save_sees_one_that_is_not_committed_yet) {
  auto first = prepare({make("a")});
  auto second = prepare({make("a"), make("b")});
  BOOST_TEST(first->created == 1u);
  BOOST_TEST(second->created == 1u);
  write(first);
  BOOST_TEST(in_flight() == 2);
  write(second);
  BOOST_TEST(in_flight() == 0);
  std::vector<document> all;
  uint64_t total = 0;
  BOOST_TEST(
    storage::read_documents(*db, {"web", {}, {}, 20, 0}, all, total).ok());
  BOOST_TEST(all.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_document_twice_in_one_save_is_one) {
  BOOST_TEST(prepare({make("a"), make("a")})->created == 1u);
}

BOOST_AUTO_TEST_CASE(what_was_not_committed_is_forgotten) {
  auto lost = prepare({make("a")});
  tell(aut, atom::settle_v, lost);
  BOOST_TEST(prepare({make("a")})->created == 1u);
}

BOOST_AUTO_TEST_CASE(a_document_without_a_source_refuses_the_whole_save) {
  auto first = prepare({make("a", "first")});
  auto bad = make("");
  auto refused = ask<prepared_ptr>(
    aut, atom::prepare_v, std::vector<document>{make("a", "x"), bad}, job_id{});
  BOOST_TEST(test::is_error(refused.error, ec::invalid_argument, "source_id"));
  BOOST_TEST(in_flight() == 1);
  auto stub = make("a", "");
  stub.detail_level = "metadata";
  auto next = prepare({stub});
  write(first);
  write(next);
  BOOST_TEST(stored("a").content_markdown == "first");
}

BOOST_AUTO_TEST_SUITE_END()
