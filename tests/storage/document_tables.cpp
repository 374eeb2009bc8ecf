#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

/// Documents 0 to 59, the later the newer: of source types web and mail in
/// turn, tagged Third, FIFTH, and of run-0 to run-3.
struct fixture : memory_fixture {
  fixture() {
    write(*db, [](write_batch& out) {
      for (int n = 0; n < 60; ++n)
        put_document(out, make_document(n), nullptr);
      totals x;
      x.documents = 60;
      put_totals(out, x);
    });
  }

  static document make_document(int n) {
    document x;
    x.id = "doc_" + std::to_string(n);
    x.source_type = n % 2 ? "mail" : "web";
    x.source_id = std::to_string(n);
    if (n % 3 == 0)
      x.tags.push_back("Third");
    if (n % 5 == 0)
      x.tags.push_back("FIFTH");
    x.jobs = {"run-" + std::to_string(n % 4)};
    x.updated_at = at(n);
    return x;
  }

  /// The matches' numbers and the total: "58 56 of 30".
  std::string find(const document_query& query) {
    std::vector<document> found;
    uint64_t total = 0;
    require_ok(read_documents(*db, query, found, total));
    std::string result;
    for (auto& x : found)
      result += x.source_id + " ";
    return result + "of " + std::to_string(total);
  }

  /// Asks for all by the tag `tag`.
  std::string tagged(const std::string& tag) {
    document_query query;
    query.tags = {tag};
    return find(query);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(document_tables, fixture)

BOOST_AUTO_TEST_CASE(a_document_comes_back_exactly) {
  document plain;
  plain.id = "doc_p";
  for (auto& x : {full_document(), plain}) {
    write(*db, [&](write_batch& out) { put_document(out, x, nullptr); });
    document found;
    require_ok(read_document(*db, x.id, found));
    BOOST_CHECK(found == x);
    std::string id;
    require_ok(read_document_id(*db, x.source_type, x.source_id, id));
    BOOST_CHECK_EQUAL(id, x.id);
  }
}

BOOST_AUTO_TEST_CASE(unknown_documents_are_not_found) {
  document x;
  std::string id;
  BOOST_CHECK(read_document(*db, "doc_x", x).code == errc::not_found);
  // "web" + "1" is not "we" + "b1".
  BOOST_CHECK(read_document_id(*db, "we", "b2", id).code == errc::not_found);
  BOOST_CHECK(read_document_id(*db, "web", "2", id).ok());
}

BOOST_AUTO_TEST_CASE(all_documents_come_in_pages_the_newest_first) {
  document_query query;
  query.limit = 3;
  BOOST_CHECK_EQUAL(find(query), "59 58 57 of 60");
  query.offset = 58;
  BOOST_CHECK_EQUAL(find(query), "1 0 of 60");
  query.offset = 60;
  BOOST_CHECK_EQUAL(find(query), "of 60");
  query.limit = 0;
  BOOST_CHECK_EQUAL(find(query), "of 60");
}

BOOST_AUTO_TEST_CASE(one_filter_counts_its_matches) {
  document_query query;
  query.limit = 2;
  query.source_type = "web";
  BOOST_CHECK_EQUAL(find(query), "58 56 of 30");
  query.offset = 29;
  BOOST_CHECK_EQUAL(find(query), "0 of 30");
  query = {};
  query.limit = 2;
  query.job_id = "run-3";
  BOOST_CHECK_EQUAL(find(query), "59 55 of 15");
  query = {};
  query.limit = 2;
  query.tags = {"fifth"};
  BOOST_CHECK_EQUAL(find(query), "55 50 of 12");
  query.limit = 0;
  BOOST_CHECK_EQUAL(find(query), "of 12");
}

BOOST_AUTO_TEST_CASE(all_filters_must_match) {
  document_query query;
  query.tags = {"third", "Fifth"};
  BOOST_CHECK_EQUAL(find(query), "45 30 15 0 of 4");
  query.source_type = "mail";
  BOOST_CHECK_EQUAL(find(query), "45 15 of 2");
  query.job_id = "run-1";
  BOOST_CHECK_EQUAL(find(query), "45 of 1");
  query.offset = 1;
  BOOST_CHECK_EQUAL(find(query), "of 1");
  query.tags.push_back("none");
  BOOST_CHECK_EQUAL(find(query), "of 0");
}

BOOST_AUTO_TEST_CASE(filters_agree_with_a_look_at_every_document) {
  for (auto source : {"", "web", "mail"}) {
    for (auto job : {"", "run-0", "run-1", "run-2", "run-3"}) {
      for (auto& tags : std::vector<std::vector<std::string>>{
             {}, {"third"}, {"fifth"}, {"fifth", "third"}}) {
        if (!*source && !*job && tags.empty())
          continue;
        std::string expected;
        int total = 0;
        for (int n = 59; n >= 0; --n) {
          auto x = make_document(n);
          bool matches = (!*source || x.source_type == source)
                         && (!*job || x.jobs[0] == job);
          for (auto& tag : tags)
            matches = matches && n % (tag == "third" ? 3 : 5) == 0;
          if (matches && total++ < 20)
            expected += std::to_string(n) + " ";
        }
        BOOST_CHECK_EQUAL(find({source, job, tags, 20, 0}),
                          expected + "of " + std::to_string(total));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_updated_document_leaves_no_old_keys) {
  auto before = all(*db).size();
  auto old = make_document(15);
  auto x = old;
  x.tags = {"new", "third"};
  x.source_id = "moved";
  x.updated_at = at(1000);
  write(*db, [&](write_batch& out) { put_document(out, x, &old); });
  BOOST_CHECK_EQUAL(all(*db).size(), before);
  BOOST_CHECK_EQUAL(tagged("NEW"), "moved of 1");
  BOOST_CHECK(tagged("third").starts_with("moved 57 "));
  BOOST_CHECK_EQUAL(tagged("fifth").find("15"), std::string::npos);
  std::string id;
  BOOST_CHECK(read_document_id(*db, "mail", "15", id).code == errc::not_found);
  require_ok(read_document_id(*db, "mail", "moved", id));
}

BOOST_AUTO_TEST_CASE(saving_the_same_document_again_changes_nothing) {
  auto before = all(*db);
  auto x = make_document(15);
  write(*db, [&](write_batch& out) { put_document(out, x, &x); });
  BOOST_CHECK(all(*db) == before);
}

BOOST_AUTO_TEST_CASE(a_removed_document_leaves_nothing) {
  write(*db, [](write_batch& out) {
    for (int n = 0; n < 60; ++n)
      remove_document(out, make_document(n));
  });
  BOOST_CHECK_EQUAL(all(*db).size(), 1u); // The totals.
}

BOOST_AUTO_TEST_CASE(times_before_1970_sort_last) {
  auto x = make_document(99);
  x.tags = {"third"};
  x.updated_at = timestamp::min();
  write(*db, [&](write_batch& out) { put_document(out, x, nullptr); });
  document_query query;
  query.tags = {"third"};
  query.offset = 19;
  BOOST_CHECK_EQUAL(find(query), "0 99 of 21");
}

namespace {

/// The matches' numbers and the total, with every document looked at.
std::string sorted(const store& db, const document_query& query,
                   size_t scan_max = 1000) {
  std::vector<document> found;
  uint64_t total = 0;
  bool complete = false;
  require_ok(sort_documents(db, query, scan_max, found, total, complete));
  if (!complete)
    return "too many";
  std::string result;
  for (auto& x : found)
    result += x.source_id + " ";
  return result + "of " + std::to_string(total);
}

} // namespace

BOOST_AUTO_TEST_CASE(documents_are_sorted_by_either_time_both_ways) {
  write(*db, [](write_batch& out) {
    for (int n : {7, 8, 9}) {
      auto old = make_document(n);
      auto x = old;
      x.created_at = at(100 - n);
      put_document(out, x, &old);
    }
  });
  document_query query;
  query.limit = 3;
  BOOST_TEST(sorted(*db, query) == "59 58 57 of 60");
  query.ascending = true;
  BOOST_TEST(sorted(*db, query) == "0 1 2 of 60");
  query.created_after = at(0);
  query.by_creation = true;
  BOOST_TEST(sorted(*db, query) == "9 8 7 of 3");
  query.ascending = false;
  BOOST_TEST(sorted(*db, query) == "7 8 9 of 3");
  query.offset = 2;
  BOOST_TEST(sorted(*db, query) == "9 of 3");
  query.created_before = at(93);
  query.offset = 0;
  BOOST_TEST(sorted(*db, query) == "8 9 of 2"); // Both bounds exclude.
}

BOOST_AUTO_TEST_CASE(a_sorted_list_looks_at_so_many_and_no_more) {
  document_query query;
  query.tags = {"third"}; // 20 of them.
  query.limit = 1;
  BOOST_TEST(sorted(*db, query, 20) == "57 of 20");
  BOOST_TEST(sorted(*db, query, 19) == "too many");
}

BOOST_AUTO_TEST_CASE(documents_are_counted_by_source) {
  document_counts counts;
  require_ok(count_documents(*db, counts));
  BOOST_REQUIRE(counts.by_source.size() == 2u);
  BOOST_TEST(counts.by_source[0].first == "web"); // Shorter texts come first.
  BOOST_TEST(counts.by_source[0].second == 30u);
  BOOST_TEST(counts.by_source[1].second == 30u);
  BOOST_CHECK(counts.last_updated == at(59));
}

BOOST_AUTO_TEST_CASE(every_tag_is_listed_once) {
  std::vector<std::string> tags;
  require_ok(read_document_tags(*db, 10, tags));
  BOOST_CHECK((tags == std::vector<std::string>{"fifth", "third"}));
  require_ok(read_document_tags(*db, 1, tags));
  BOOST_TEST(tags.size() == 1u);
}

BOOST_AUTO_TEST_CASE(documents_are_visited_from_the_last_changed_on) {
  std::string seen;
  require_ok(visit_documents(*db, [&](document&& x, size_t bytes) {
    BOOST_TEST(bytes > 0u);
    seen += x.source_id + " ";
    return x.source_id != "57";
  }));
  BOOST_TEST(seen == "59 58 57 ");
}

BOOST_AUTO_TEST_CASE(ids_come_in_blocks) {
  std::vector<std::string> ids;
  std::string after;
  size_t count = 0;
  do {
    require_ok(read_document_ids(*db, after, 7, ids));
    for (auto& x : ids)
      BOOST_TEST((x > after));
    count += ids.size();
    if (!ids.empty())
      after = ids.back();
  } while (!ids.empty());
  BOOST_TEST(count == 60u);
}

BOOST_AUTO_TEST_SUITE_END()
