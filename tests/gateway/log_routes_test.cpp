// What is answered about logs and documents.

#include "tests/gateway/run_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

// -- logs ---------------------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(log_routes, run_fixture)

BOOST_AUTO_TEST_CASE(the_own_lines_of_a_job_have_every_field) {
  auto base = "/api/jobs/" + to_string(leaf) + "/logs";
  auto x = get_json(base);
  BOOST_TEST(messages(x) == "54"); // Newest first, info and above.
  BOOST_TEST(*x.get_int("count") == 2);
  BOOST_TEST(*x.get_int("limit") == 1000);
  BOOST_TEST(*x.get_string("order") == "desc");
  BOOST_TEST(*x.get_string("level") == "info");
  auto line = at(x, "logs.0");
  BOOST_TEST(*line.get_string("level") == "error");
  BOOST_TEST(*line.get_string("timestamp") == "02:00:04.000");
  BOOST_TEST(*line.get_string("full_timestamp")
             == "2026-01-20T02:00:04.000000000Z");
  BOOST_TEST(*line.get_string("sequence") == "1768874404000000000_0000000005");
  BOOST_TEST(*line.get_int("line_number") == 3);
  BOOST_TEST(at(line, "context.step_id").as_string() == to_string(scan));
  BOOST_TEST(at(line, "context.originator").as_string() == "worker");
  BOOST_TEST(messages(get_json(base + "?order=asc&level=all")) == "345");
  BOOST_TEST(messages(get_json(base + "?level=ERR")) == "5");
  BOOST_TEST(messages(get_json(base + "?limit=1")) == "5");
  get_json(base + "?level=loud", 400);
  get_json(base + "?order=up", 400);
  BOOST_TEST(*get_json(base + "?limit=10000").get_int("limit") == 5000);
}

BOOST_AUTO_TEST_CASE(a_run_merges_the_logs_of_its_steps) {
  auto base = "/api/jobs/" + to_string(manager) + "/logs/aggregated";
  auto x = get_json(base);
  BOOST_TEST(messages(x) == "12345678");
  BOOST_TEST(*x.get_int("total_count") == 8);
  BOOST_TEST(*x.get_string("next_cursor") == "");
  BOOST_TEST(at(x, "logs.3.step_name").as_string() == "scan");
  BOOST_TEST(at(x, "logs.3.job_name").as_string() == "one page");
  BOOST_TEST(at(x, "metadata").as_object().size() == 4u);
  BOOST_TEST(messages(get_json(base + "?order=desc&level=info")) == "8765421");
  BOOST_TEST(messages(get_json(base + "?include_children=false")) == "18");
  auto step = "/api/jobs/" + to_string(scan) + "/logs/aggregated";
  BOOST_TEST(messages(get_json(step)) == "2345");
}

BOOST_AUTO_TEST_CASE(pages_of_a_merge_have_no_holes_and_no_repeats) {
  for (auto order : {"asc", "desc"})
    for (auto limit : {1, 2, 3, 7, 8, 9}) {
      auto base = "/api/jobs/" + to_string(manager) + "/logs/aggregated?order="
                  + order + "&limit=" + std::to_string(limit);
      std::string all;
      std::string cursor;
      size_t pages = 0;
      do {
        auto x = get_json(base + "&cursor=" + cursor);
        all += messages(x);
        cursor = *x.get_string("next_cursor");
        ++pages;
      } while (!cursor.empty());
      BOOST_TEST(all == (*order == 'a' ? "12345678" : "87654321"));
      BOOST_TEST(pages == (8 + limit - 1) / limit);
    }
}

BOOST_AUTO_TEST_CASE(a_merge_reads_little_more_than_it_shows) {
  {
    std::lock_guard lock{fake->mutex};
    for (int i = 0; i < 5000; ++i)
      fake->add_line(i % 2 ? scan : sum, scan, log_level::info, "x");
    fake->log_limits.clear();
  }
  auto x = get_json("/api/jobs/" + to_string(manager)
                    + "/logs/aggregated?limit=900");
  BOOST_TEST(*x.get_int("count") == 900);
  std::lock_guard lock{fake->mutex};
  size_t read = 0;
  for (auto n : fake->log_limits)
    read += n;
  BOOST_TEST(read <= 3 * 900u + 3 * 64u);
}

BOOST_AUTO_TEST_CASE(a_cursor_that_was_never_answered_is_400) {
  auto base = "/api/jobs/" + to_string(manager) + "/logs/aggregated?cursor=";
  for (auto bad :
       {"x", "d.1", "a.", "a.1.1.1.1", "a1", "a.%21", "a.zzzzzzzzzzzzzzz"})
    get_json(base + bad, 400);
}

BOOST_AUTO_TEST_CASE(the_lines_of_a_step_are_ascending_with_totals) {
  auto base = "/api/logs?scope=job&step=scan&job_id=";
  for (auto id : {scan, manager}) { // The step itself, or its run.
    auto x = get_json(base + to_string(id));
    BOOST_TEST(at(x, "steps.0.step_id").as_string() == to_string(scan));
    BOOST_TEST(at(x, "steps.0.step_name").as_string() == "scan");
    BOOST_TEST(at(x, "steps.0.status").as_string() == "completed");
    BOOST_TEST(at(x, "steps.0.total_count").as_int() == 3);
    BOOST_TEST(at(x, "steps.0.unfiltered_count").as_int() == 4);
    BOOST_TEST(at(x, "steps.0.logs.0.line_number").as_int() == 1);
    BOOST_TEST(at(x, "steps.0.logs.2.level").as_string() == "error");
  }
  auto newest = get_json(base + to_string(scan) + "&limit=2");
  BOOST_TEST(at(newest, "steps.0.logs.0.line_number").as_int() == 2);
  auto oldest = get_json(base + to_string(scan) + "&size=2&order=asc");
  BOOST_TEST(at(oldest, "steps.0.logs.1.line_number").as_int() == 2);
  get_json("/api/logs?scope=job&step=none&job_id=" + to_string(manager), 404);
}

BOOST_AUTO_TEST_CASE(the_lines_of_a_run_by_scope) {
  auto x = get_json("/api/logs?scope=job&job_id=" + to_string(manager));
  BOOST_TEST(*x.get_string("scope") == "job");
  BOOST_TEST(messages(x) == "8765421");
  BOOST_TEST(*x.get_int("limit") == 100);
  BOOST_TEST(*x.get_int("total_count") == 7);
  BOOST_TEST(*get_json("/api/logs").get_string("scope") == "service");
  get_json("/api/logs?scope=moon", 400);
  get_json("/api/logs?scope=job", 400);
  get_json("/api/logs?scope=job&job_id=" + unknown_id, 404);
}

BOOST_AUTO_TEST_SUITE_END()

// -- documents ----------------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(document_routes, gateway_fixture)

BOOST_AUTO_TEST_CASE(documents_are_listed_and_read) {
  start();
  {
    std::lock_guard lock{fake->mutex};
    for (auto id : {"doc_1", "doc_2", "doc_3"}) {
      document x;
      x.id = id;
      x.source_type = id[4] == '3' ? "web" : "local_dir";
      x.source_id = "s";
      x.tags = {"a", id};
      x.metadata = R"({"n":1})";
      fake->documents.push_back(x);
    }
  }
  auto total = [this](const std::string& query) {
    return *get_json("/api/documents?" + query).get_int("total_count");
  };
  BOOST_TEST(total("") == 3);
  BOOST_TEST(total("source_type=web") == 1);
  BOOST_TEST(total("tags=a,%20doc_2") == 1);
  BOOST_TEST(total("tag=a") == 3);
  auto page = get_json("/api/documents?limit=1&offset=1");
  BOOST_TEST(at(page, "documents.0.id").as_string() == "doc_2");
  BOOST_TEST(at(page, "documents.0.metadata.n").as_int() == 1);
  BOOST_TEST(*page.get_int("limit") == 1);
  const auto next = *page.get_string("next_cursor");
  auto last = get_json("/api/documents?limit=1&cursor=" + next);
  BOOST_TEST(at(last, "documents.0.id").as_string()
             != at(page, "documents.0.id").as_string());
  BOOST_TEST(*last.get_string("next_cursor") == "");
  get_json("/api/documents?tags=a&cursor=" + next, 400);
  get_json("/api/documents?limit=x", 400);
  get_json("/api/documents?job_id=x", 400);
  BOOST_TEST(*get_json("/api/documents/doc_1").get_string("source_type")
             == "local_dir");
  get_json("/api/documents/doc_9", 404);
}

BOOST_AUTO_TEST_SUITE_END()
