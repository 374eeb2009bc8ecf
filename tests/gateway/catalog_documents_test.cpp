// Documents that users save, list, search and remove. Before a real runtime.

#include "tests/gateway/catalog_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace quaero;
using namespace quaero::test;

namespace {

struct documents_fixture : catalog_fixture {
  /// Saves one; `more` are further members.
  void save(const std::string& id, const std::string& text,
            const std::string& more = {}, int status = 201) {
    auto body = value::make_object({{"id", id},
                                    {"source_type", "note"},
                                    {"title", "Title " + id},
                                    {"content_markdown", text}});
    auto json_text = to_json(body);
    if (!more.empty())
      json_text.insert(json_text.size() - 1, "," + more);
    json("POST", "/api/documents", json_text, status);
  }

  std::string ids(const std::string& target, const char* list,
                  int64_t* total = nullptr) {
    auto x = get_json(target);
    std::string out;
    for (const auto& one : at(x, list).as_array())
      out += *one.get_string("id") + " ";
    if (total != nullptr)
      *total = x.get_int("total_count").value_or(-1);
    return out;
  }

  std::string found(const std::string& query) {
    return ids("/api/search?q=" + query, "results");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(kept_documents, documents_fixture)

BOOST_AUTO_TEST_CASE(a_document_is_saved_read_replaced_and_removed) {
  start();
  auto made = json("POST", "/api/documents",
                   R"({"id":"d1","source_type":"note","title":"T",
                       "metadata":{"a":1},"tags":["X","y"]})",
                   201);
  BOOST_TEST(*made.get_string("id") == "d1");
  BOOST_TEST(*made.get_string("title") == "T");
  auto read = get_json("/api/documents/d1");
  BOOST_TEST(*read.get_string("source_id") == "d1");
  BOOST_TEST(at(read, "metadata.a").as_int() == 1);
  read.set("title", "New");
  json("POST", "/api/documents", to_json(read), 200); // As it was answered.
  BOOST_TEST(*get_json("/api/documents/d1").get_string("title") == "New");
  json("POST", "/api/documents/d1/reprocess");
  auto gone = json("DELETE", "/api/documents/d1");
  BOOST_TEST(*gone.get_string("doc_id") == "d1");
  for (auto method : {"GET", "DELETE"})
    BOOST_TEST(send(method, "/api/documents/d1").status == 404);
  BOOST_TEST(send("POST", "/api/documents/d1/reprocess").status == 404);
  int64_t total = -1;
  ids("/api/documents", "documents", &total);
  BOOST_TEST(total == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_document_is_refused_by_name) {
  start();
  for (auto [body, part] :
       {std::pair{"{", ""},
        {"[]", "object"},
        {"{}", "id"},
        {R"({"id":"a"})", "source_type"},
        {R"({"id":"a","source_type":"n","title":5})", "title"},
        {R"({"id":"a","source_type":"n","tags":"x"})", "tags"},
        {R"({"id":"a","source_type":"n","tags":[5]})", "tags"},
        {R"({"id":"a","source_type":"n","metadata":[]})", "metadata"},
        {R"({"id":"a","source_type":"n","detail_level":"x"})", "detail_level"},
        {R"({"id":"a","source_type":"n","colour":"x"})", "colour"}}) {
    auto reply = send("POST", "/api/documents", body);
    BOOST_TEST(reply.status == 400, body);
    BOOST_TEST((reply.body.find(part) != std::string::npos), reply.body);
  }
}

BOOST_AUTO_TEST_CASE(a_source_and_an_id_belong_together) {
  start();
  save("a", "1", R"("source_id":"s1")");
  save("b", "1", R"("source_id":"s1")", 409);
  save("a", "1", R"("source_id":"s2")", 409);
  save("a", "2", R"("source_id":"s1")", 200);
}

BOOST_AUTO_TEST_CASE(documents_are_listed_in_order_with_true_totals) {
  start();
  for (auto id : {"a", "b", "c", "d"})
    save(id, "text",
         *id < 'c' ? R"("tags":["early","All"])" : R"("tags":["all"])");
  save("a", "changed", {}, 200); // Loses its tags, comes first.
  int64_t total = -1;
  auto list = [&](const std::string& query) {
    return ids("/api/documents?" + query, "documents", &total);
  };
  BOOST_TEST(list("") == "a d c b ");
  BOOST_TEST(list("order_dir=ASC") == "b c d a ");
  BOOST_TEST(list("order_by=created_at") == "d c b a ");
  BOOST_TEST(list("order_by=created_at&order_dir=asc&limit=2&offset=1")
             == "b c ");
  BOOST_TEST(total == 4);
  BOOST_TEST(list("tags=ALL&order_by=created_at&order_dir=asc") == "b c d ");
  BOOST_TEST(list("tag=early") == "b ");
  BOOST_TEST(total == 1);
  BOOST_TEST(list("tags=early,all") == "b ");
  BOOST_TEST(list("created_before=2000-01-01T00:00:00Z") == "");
  BOOST_TEST(total == 0);
  BOOST_TEST(list("created_after=2000-01-01T00:00:00Z") == "a d c b ");
  BOOST_TEST(list("source_type=note&created_after=2000-01-01T00:00:00Z&limit=1")
             == "a ");
  BOOST_TEST(total == 4);
  for (auto bad : {"order_by=title", "order_dir=up", "created_after=yesterday",
                   "created_before=1", "job_id=x", "limit=0"})
    BOOST_TEST(get(std::string{"/api/documents?"} + bad).status == 400, bad);
}

BOOST_AUTO_TEST_CASE(a_list_that_would_sort_too_many_is_refused) {
  settings.reader.document_scan_max = 2;
  start();
  save("a", "");
  save("b", "");
  BOOST_TEST(get("/api/documents?order_by=created_at").status == 200);
  save("c", "", R"("tags":["few"])");
  auto reply = get("/api/documents?order_by=created_at");
  BOOST_TEST(reply.status == 429, reply.body);
  BOOST_TEST((reply.body.find("document_scan_max") != std::string::npos));
  BOOST_TEST(get("/api/documents?order_by=created_at&tags=few").status == 200);
  BOOST_TEST(get("/api/documents").status == 200);
}

BOOST_AUTO_TEST_CASE(documents_are_counted) {
  start();
  BOOST_TEST(at(get_json("/api/documents/stats"), "last_updated").is_null());
  save("a", "12345678");
  save("b", "1234", R"("tags":["B","a"])");
  json("POST", "/api/documents", R"({"id":"j","source_type":"jira"})", 201);
  auto x = get_json("/api/documents/stats");
  BOOST_TEST(*x.get_int("total_documents") == 3);
  BOOST_TEST(at(x, "documents_by_source.note").as_int() == 2);
  BOOST_TEST(*x.get_int("jira_documents") == 1);
  BOOST_TEST(*x.get_int("confluence_documents") == 0);
  BOOST_TEST(*x.get_int("average_content_size") == 4);
  BOOST_TEST(x.get_string("last_updated").has_value());
  BOOST_TEST(to_json(get_json("/api/documents/tags"))
             == R"({"tags":["a","b"]})");
}

BOOST_AUTO_TEST_CASE(all_documents_are_removed_in_blocks) {
  settings.documents.clear_block_max = 3;
  start();
  for (int i = 0; i < 10; ++i)
    save("d" + std::to_string(i), "text", R"("tags":["t"])");
  auto x = json("DELETE", "/api/documents/clear-all");
  BOOST_TEST(*x.get_int("documents_affected") == 10);
  int64_t total = -1;
  BOOST_TEST(ids("/api/documents", "documents", &total) == "");
  BOOST_TEST(total == 0);
  BOOST_TEST(to_json(get_json("/api/documents/tags")) == R"({"tags":[]})");
  // Records, index keys and sources.
  for (const char* table : {"d", "i", "s"})
    BOOST_TEST(storage::for_each(*db, table, [](auto, auto) {
                 BOOST_ERROR("something is left");
                 return false;
               }).ok());
  BOOST_TEST(
    *json("DELETE", "/api/documents/clear-all").get_int("documents_affected")
    == 0);
  save("d1", "again");
  ids("/api/documents", "documents", &total);
  BOOST_TEST(total == 1);
}

BOOST_AUTO_TEST_CASE(saving_and_removing_at_once_keeps_the_totals) {
  start();
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t)
    all.emplace_back([this, t] {
      http_client client{port};
      for (int i = 0; i < 25; ++i) {
        auto body
          = R"({"id":"d)" + std::to_string(i % 5) + R"(","source_type":"n"})";
        if (t == 3 && i % 8 == 0)
          client.request("DELETE", "/api/documents/clear-all");
        else if (t % 2 == 0)
          client.request("POST", "/api/documents", body);
        else
          client.request("DELETE", "/api/documents/d" + std::to_string(i % 5));
      }
    });
  for (auto& x : all)
    x.join();
  auto list = get_json("/api/documents?limit=100");
  BOOST_TEST(*list.get_int("total_count")
             == static_cast<int64_t>(at(list, "documents").as_array().size()));
  BOOST_TEST(*get_json("/api/documents/stats").get_int("total_documents")
             == *list.get_int("total_count"));
}

BOOST_AUTO_TEST_CASE(a_search_finds_words_phrases_and_ids_newest_first) {
  start();
  save("a", "the cat sat on the mat");
  save("b", "a dog and a cat");
  save("c", "a Mouse");
  BOOST_TEST(found("") == "c b a ");
  BOOST_TEST(found("cat") == "b a ");
  BOOST_TEST(found("dog+mouse") == "c b "); // A plus of a query is a blank.
  BOOST_TEST(found("%2Bcat+%2Bdog") == "b ");
  BOOST_TEST(found("%22on+the+mat%22") == "a ");
  BOOST_TEST(found("mouse+case:match") == "");
  BOOST_TEST(found("Mouse+case:match") == "c ");
  BOOST_TEST(found("id:b") == "b ");
  BOOST_TEST(found("id:none") == "");
  BOOST_TEST(found("document_type:note+cat") == "b a ");
  BOOST_TEST(found("document_type:mail") == "");
  BOOST_TEST(found("title") == "c b a "); // The title counts.
}

BOOST_AUTO_TEST_CASE(a_search_is_paged_and_forgiving) {
  start();
  for (auto id : {"a", "b", "c"})
    save(id, "cat");
  auto x = get_json("/api/search?q=cat&limit=2");
  BOOST_TEST(*x.get_int("count") == 2);
  BOOST_TEST(*x.get_int("limit") == 2);
  BOOST_TEST(*x.get_string("query") == "cat");
  BOOST_TEST(*x.get_bool("complete"));
  BOOST_TEST(ids("/api/search?q=cat&limit=2&offset=2", "results") == "a ");
  for (auto bad :
       {"limit=0", "limit=-1", "limit=x", "limit=", "offset=-1", "offset=x"}) {
    x = get_json(std::string{"/api/search?q=cat&"} + bad);
    BOOST_TEST(*x.get_int("limit") == 50, bad);
    BOOST_TEST(*x.get_int("offset") == 0, bad);
  }
  BOOST_TEST(*get_json("/api/search?limit=1000").get_int("limit") == 100);
  BOOST_TEST(send("POST", "/api/search").status == 405);
}

BOOST_AUTO_TEST_CASE(a_brief_has_two_hundred_characters) {
  start();
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += "\u00e4";
  save("short", text);
  save("long", text + "x");
  BOOST_TEST(
    *at(get_json("/api/search?q=id:short"), "results.0").get_string("brief")
    == text);
  BOOST_TEST(
    *at(get_json("/api/search?q=id:long"), "results.0").get_string("brief")
    == text + "...");
}

BOOST_AUTO_TEST_CASE(a_search_looks_at_so_many_documents_and_says_so) {
  settings.reader.search_documents_max = 3;
  start();
  for (auto id : {"a", "b", "c"})
    save(id, *id == 'a' ? "needle" : "hay");
  auto x = get_json("/api/search?q=needle");
  BOOST_TEST(*x.get_int("count") == 1);
  BOOST_TEST(*x.get_bool("complete"));
  save("d", "hay");
  x = get_json("/api/search?q=needle");
  BOOST_TEST(*x.get_int("count") == 0);
  BOOST_TEST(!*x.get_bool("complete"));
  BOOST_TEST(*x.get_int("documents_searched") == 3);
}

BOOST_AUTO_TEST_CASE(a_search_reads_so_many_bytes_and_says_so) {
  settings.reader.search_bytes_max = 1000;
  start();
  save("a", "needle");
  save("b", std::string(2000, 'x'));
  auto x = get_json("/api/search?q=needle");
  BOOST_TEST(!*x.get_bool("complete"));
  BOOST_TEST(*x.get_int("count") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
