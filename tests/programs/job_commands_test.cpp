#include "programs/cli/list.hpp"
#include "programs/cli/logs.hpp"
#include "tests/programs/cli_fixture.hpp"

#include <boost/test/unit_test.hpp>

/// Jobs and what is done to them, one by one and all that match.

using namespace quaero;
using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

std::string job_row(const std::string& id) {
  return R"({"id":")" + id
         + R"(","type":"crawler_url","name":"a","status":"failed",
        "created_at":"2026-01-20T01:58:00Z",
        "started_at":"2026-01-20T01:59:00Z",
        "finished_at":"2026-01-20T01:59:02.500Z","document_count":3})";
}

std::string operation(const std::string& status, int done, int failed = 0) {
  return R"({"id":"o1","action":"retry","q":"state:failed","status":")" + status
         + R"(","total":1200,"done":)" + std::to_string(done) + R"(,"failed":)"
         + std::to_string(failed)
         + R"(,"errors":[{"job_id":"j9","message":"it runs"}]})";
}

constexpr const char* operations = "POST /api/operations";
constexpr const char* matched = R"({"matched":1200})";
constexpr const char* begun = R"({"operation_id":"o1","matched":1200})";

} // namespace

BOOST_AUTO_TEST_SUITE(job_commands)

// -- lists --------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_list_of_runs_tells_ages_and_times) {
  session s;
  s.answer("GET /api/jobs?limit=1&parent_id=root", 200,
           R"({"jobs":[)" + job_row("j1") + R"(],"total_count":30})");
  BOOST_TEST(s.run({"jobs", "list", "--limit", "1"}) == exit_ok);
  BOOST_TEST(s.out.str()
             == "ID  NAME  STATUS  AGE   TIME  DOCS\n"
                "j1  a     failed   2m  2.5 s     3\n");
}

BOOST_AUTO_TEST_CASE(the_short_forms_build_one_query) {
  session s;
  s.answer("GET /api/jobs?limit=20&q=age%3C2d%20state%3Afailed%2Ccancelled%20"
           "definition%3A%22my%20own%22%20type%3Acrawler_url%20tag%3Anight%20"
           "queue%3Aslow%20parent%3Ap1",
           200, R"({"jobs":[]})");
  BOOST_TEST(
    s.run({"jobs", "list", "-q", "age<2d", "--status", "failed,cancelled",
           "--definition", "my own", "--type", "crawler_url", "--tag", "night",
           "--queue", "slow", "--parent", "p1"})
    == exit_ok);
  BOOST_TEST(contains(s.err.str(), "There are no such jobs."));
}

BOOST_AUTO_TEST_CASE(a_status_alone_is_asked_of_runs) {
  session s;
  s.answer("GET /api/jobs?limit=20&parent_id=root&q=state%3Afailed", 200,
           R"({"jobs":[]})");
  BOOST_TEST(s.run({"jobs", "list", "--status", "failed"}) == exit_ok);
}

BOOST_AUTO_TEST_CASE(a_long_list_comes_page_by_page) {
  session s;
  s.answer("GET /api/jobs?limit=500&parent_id=root", 200,
           R"({"jobs":[)" + job_row("j1") + ',' + job_row("j2")
             + R"(],"total_count":700,"next_cursor":"c+1"})");
  s.answer("GET /api/jobs?limit=500&parent_id=root&cursor=c%2B1", 200,
           R"({"jobs":[)" + job_row("a-long-one")
             + R"(],"total_count":700,"next_cursor":""})");
  BOOST_TEST(s.run({"jobs", "list", "--limit", "600"}) == exit_ok);
  BOOST_TEST(s.server->requests.size() == 2u);
  BOOST_TEST(contains(s.out.str(), "\na-long-one  a"));
  BOOST_TEST(s.err.str()
             == "3 of 700 runs; see more with --limit N or --all\n");
}

BOOST_AUTO_TEST_CASE(pages_of_json_become_one_object) {
  session s;
  s.answer("GET /api/jobs?limit=500", 200,
           R"({"jobs":[{"id":"1"},{"id":"2"}],"next_cursor":"c"})");
  s.answer("GET /api/jobs?limit=500&cursor=c", 200,
           R"({"jobs":[{"id":"3"}],"total_count":3,"next_cursor":""})");
  BOOST_TEST(s.run({"jobs", "list", "--all", "--json"}) == exit_ok);
  BOOST_TEST(s.out.str()
             == "{\"jobs\":[\n{\"id\":\"1\"},\n{\"id\":\"2\"}\n,\n"
                "{\"id\":\"3\"}\n],\"total_count\":3,\"next_cursor\":\"\"}\n");
  BOOST_TEST(s.err.str() == "");
}

BOOST_AUTO_TEST_CASE(a_page_may_be_empty_and_not_be_the_last) {
  for (bool json : {false, true}) {
    session s;
    s.answer("GET /api/jobs?limit=20&q=x", 200,
             R"({"jobs":[],"total_is_exact":false,"next_cursor":"c"})");
    s.answer("GET /api/jobs?limit=20&q=x&cursor=c", 200,
             R"({"jobs":[{"id":"1"}],"total_count":1,"total_is_exact":false,
                 "next_cursor":""})");
    std::vector<const char*> words{"jobs", "list", "-q", "x"};
    if (json)
      words.push_back("--json");
    BOOST_TEST(s.run(words) == exit_ok);
    BOOST_TEST(s.out.str()
               == (json ? "{\"jobs\":[\n\n{\"id\":\"1\"}\n],\"total_count\":1,"
                          "\"next_cursor\":\"\",\"total_is_exact\":false}\n"
                        : "ID  TYPE  NAME  STATUS  AGE  TIME\n1\n"));
    BOOST_TEST(s.err.str() == "");
  }
}

BOOST_AUTO_TEST_CASE(a_cursor_that_does_not_move_ends_the_list) {
  session s;
  s.answer("GET /api/jobs?limit=500", 200,
           R"({"jobs":[{"id":"1"}],"next_cursor":"c"})");
  s.answer("GET /api/jobs?limit=500&cursor=c", 200,
           R"({"jobs":[{"id":"2"}],"next_cursor":"c"})");
  BOOST_TEST(s.run({"jobs", "list", "--all"}) == exit_ok);
  BOOST_TEST(s.server->requests.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_list_without_cursors_goes_on_by_its_count) {
  session s;
  s.answer("GET /api/documents?limit=500", 200,
           R"({"documents":[{"id":"1"},{"id":"2"}],"total_count":3})");
  s.answer("GET /api/documents?limit=500&offset=2", 200,
           R"({"documents":[{"id":"3"}],"total_count":3})");
  BOOST_TEST(s.run({"documents", "list", "--all"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "\n3\n"));
}

BOOST_AUTO_TEST_CASE(a_count_that_is_not_exact_is_not_shown_as_if) {
  session s;
  s.answer("GET /api/jobs?limit=1&parent_id=root", 200,
           R"({"jobs":[{"id":"1"}],"total_count":1000,
               "total_is_exact":false,"next_cursor":"c"})");
  BOOST_TEST(s.run({"jobs", "list", "--limit", "1"}) == exit_ok);
  BOOST_TEST(contains(s.err.str(), "1 of at least 1,000 runs"));
}

// -- one job ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_job_is_shown_with_what_it_has) {
  session s;
  s.answer("GET /api/jobs/j%2F1", 200,
           R"({"id":"j/1","status":"failed","error":"a\u001b[31mb",
               "tags":["x","y"],"config":{"n":1},"parent_id":null})");
  BOOST_TEST(s.run({"jobs", "show", "j/1"}) == exit_ok);
  BOOST_TEST(s.out.str()
             == "id      j/1\nstatus  failed\nerror   a [31mb\n"
                "tags    x, y\nconfig  {\"n\":1}\n");
}

BOOST_AUTO_TEST_CASE(an_explanation_has_its_values) {
  session s;
  s.answer("GET /api/jobs/j1/explain", 200,
           R"({"job_id":"j1","state":"pending","reason":"queue_paused",
               "detail":"the queue is paused","values":{"queue":"slow",
               "limits":{"running":3}}})");
  BOOST_TEST(s.run({"jobs", "explain", "j1"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "reason          queue_paused\n"));
  BOOST_TEST(contains(s.out.str(), "limits.running  3\n"));
}

BOOST_AUTO_TEST_CASE(jobs_named_by_id_are_changed_one_by_one) {
  session s;
  s.answer("POST /api/jobs/a/cancel", 200, "{}");
  s.answer("POST /api/jobs/c/cancel", 200, "{}");
  BOOST_TEST(s.run({"jobs", "cancel", "a", "b", "c"}) == exit_not_found);
  BOOST_TEST(s.out.str() == "a cancelled\nc cancelled\n");
}

BOOST_AUTO_TEST_CASE(what_makes_a_job_prints_its_id) {
  session s;
  for (auto verb : {"retry", "copy", "rerun"})
    s.answer("POST /api/jobs/a/" + std::string{verb}, 201,
             R"({"original_job_id":"a","new_job_id":"b"})");
  BOOST_TEST(s.run({"jobs", "retry", "a"}) == exit_ok);
  BOOST_TEST(s.run({"jobs", "copy", "a"}) == exit_ok);
  BOOST_TEST(s.run({"jobs", "rerun", "a", "--from", "failed", "--set", "n=5"})
             == exit_ok);
  BOOST_TEST(s.out.str() == "b\nb\nb\n");
  BOOST_TEST(s.request(0).body == "");
  BOOST_TEST(s.request(2).body == R"({"from":"failed","config":{"n":5}})");
}

BOOST_AUTO_TEST_CASE(a_deleted_job_takes_what_is_below_it_along) {
  session s;
  s.answer("DELETE /api/jobs/a", 200,
           R"({"job_id":"a","cascade_deleted":1500,"child_count":1400})");
  BOOST_TEST(s.run({"jobs", "delete", "a"}) == exit_ok);
  BOOST_TEST(s.out.str() == "a deleted with 1,500 jobs below it\n");
}

BOOST_AUTO_TEST_CASE(a_label_changes_what_was_named_only) {
  session s;
  s.answer("PUT /api/jobs/a", 200, R"({"id":"a"})");
  BOOST_TEST(s.run({"jobs", "label", "a", "--name", "n"}) == exit_ok);
  BOOST_TEST(s.run({"jobs", "label", "a", "--description", ""}) == exit_ok);
  BOOST_TEST(s.run({"jobs", "label", "a"}) == exit_usage);
  BOOST_TEST(s.request(0).body == R"({"name":"n"})");
  BOOST_TEST(s.request(1).body == R"({"description":""})");
}

BOOST_AUTO_TEST_CASE(a_job_without_steps_is_followed_by_its_status) {
  session s;
  s.answer("GET /api/jobs/a", 200, R"({"name":"n","status":"running"})");
  s.answer("GET /api/jobs/a", 200,
           R"({"name":"n","status":"failed","error":"disk full"})");
  BOOST_TEST(s.run({"jobs", "follow", "a"}) == exit_failed);
  BOOST_TEST(s.out.str() == "n failed\ndisk full\n");
  BOOST_TEST(s.waits == 1);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_its_own_only_step_has_no_steps) {
  session s;
  s.answer("GET /api/jobs/a/tree", 200,
           R"({"job_id":"a","job_name":"n","status":"completed","steps":[
               {"step_id":"a","name":"n","status":"completed",
                "child_summary":{"total":0}}]})");
  s.answer("GET /api/jobs/a", 200, R"({"name":"n","status":"completed"})");
  BOOST_TEST(s.run({"jobs", "follow", "a"}) == exit_ok);
  BOOST_TEST(s.out.str() == "n completed\n");
}

// -- all that match -----------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_operation_runs_to_its_end_with_lines_for_a_pipe) {
  session s;
  s.answer(operations, 202, matched);
  s.answer(operations, 202, begun);
  for (int done : {0, 100, 400, 700})
    s.answer("GET /api/operations/o1", 200, operation("running", done));
  s.answer("GET /api/operations/o1", 200, operation("completed", 1200));
  BOOST_TEST(s.run({"jobs", "retry", "--status", "failed", "--yes"})
             == exit_ok);
  BOOST_TEST(s.request(0).body
             == R"({"action":"retry","q":"state:failed","dry_run":true})");
  BOOST_TEST(s.request(1).body
             == R"({"action":"retry","q":"state:failed","dry_run":false})");
  BOOST_TEST(contains(s.out.str(), "retry completed: 1,200 of 1,200 done\n"));
  BOOST_TEST(s.err.str()
             == "   0%  0 of 1,200 done\n  33%  400 of 1,200 done\n"
                "  58%  700 of 1,200 done\n 100%  1,200 of 1,200 done\n"
                "  j9: it runs\n");
}

BOOST_AUTO_TEST_CASE(an_operation_with_failures_ends_with_1) {
  session s;
  s.answer(operations, 202, matched);
  s.answer(operations, 202, begun);
  s.answer("GET /api/operations/o1", 200, operation("completed", 1199, 1));
  BOOST_TEST(s.run({"jobs", "retry", "-q", "state:failed", "--yes"})
             == exit_failed);
  BOOST_TEST(contains(s.err.str(), "  j9: it runs\n"));
}

BOOST_AUTO_TEST_CASE(without_a_terminal_an_operation_needs_yes) {
  session s;
  s.answer(operations, 202, matched);
  BOOST_TEST(s.run({"jobs", "delete", "-q", "age>30d"}) == exit_usage);
  BOOST_TEST(s.server->requests.size() == 1u); // the preview
  BOOST_TEST(contains(s.err.str(), "this would delete 1,200 jobs that match: "
                                   "age>30d"));
  BOOST_TEST(contains(s.err.str(), "--yes"));
}

BOOST_AUTO_TEST_CASE(a_question_is_answered_by_the_number_of_jobs) {
  for (auto [typed, code] : {std::pair{"1200\n", exit_ok},
                             {"yes\n", exit_failed},
                             {"", exit_failed}}) {
    session s;
    s.context.to.in_terminal = true;
    s.in.str(typed);
    s.answer(operations, 202, matched);
    s.answer(operations, 202, begun);
    s.answer("GET /api/operations/o1", 200, operation("completed", 1200));
    BOOST_TEST(s.run({"jobs", "cancel", "-q", "tag:x"}) == code);
    BOOST_TEST(contains(s.err.str(), "Type 1200 to go on: "));
    BOOST_TEST(s.server->requests.size() == (code == exit_ok ? 3u : 1u));
  }
}

BOOST_AUTO_TEST_CASE(no_input_never_asks) {
  session s;
  s.context.to.in_terminal = true;
  s.in.str("1200\n");
  s.answer(operations, 202, matched);
  BOOST_TEST(s.run({"jobs", "cancel", "-q", "tag:x", "--no-input"})
             == exit_usage);
}

BOOST_AUTO_TEST_CASE(a_dry_run_only_counts) {
  session s;
  s.answer(operations, 202, matched);
  BOOST_TEST(s.run({"jobs", "cancel", "-q", "tag:x", "--dry-run"}) == exit_ok);
  BOOST_TEST(s.out.str() == "this would cancel 1,200 jobs that match: tag:x\n");
  BOOST_TEST(s.run({"jobs", "cancel", "-q", "tag:x", "--dry-run", "--json"})
             == exit_ok);
  BOOST_TEST(contains(s.out.str(), matched));
  BOOST_TEST(s.server->requests.size() == 2u);
}

BOOST_AUTO_TEST_CASE(jobs_are_named_in_one_way_only) {
  for (auto words : std::vector<std::vector<const char*>>{
         {"jobs", "cancel"},
         {"jobs", "cancel", "a", "-q", "tag:x"},
         {"jobs", "cancel", "-q", ""},
         {"jobs", "cancel", "a", "--dry-run"}}) {
    session s;
    BOOST_TEST(s.run(words) == exit_usage);
    BOOST_TEST(s.server->requests.empty());
  }
}

BOOST_AUTO_TEST_CASE(leaving_an_operation_says_how_to_come_back) {
  session s;
  s.waits_max = 1;
  s.answer(operations, 202, matched);
  s.answer(operations, 202, begun);
  s.answer("GET /api/operations/o1", 200, operation("running", 5));
  BOOST_TEST(s.run({"jobs", "retry", "-q", "state:failed", "--yes"})
             == exit_detached);
  BOOST_TEST(contains(s.err.str(), "quaero operations show o1"));
}

BOOST_AUTO_TEST_CASE(operations_are_listed_shown_and_stopped) {
  session s;
  s.answer("GET /api/operations", 200,
           R"({"operations":[)" + operation("running", 5) + "]}");
  s.answer("GET /api/operations/o1", 200, operation("running", 5));
  s.answer("POST /api/operations/o1/cancel", 200, "{}");
  BOOST_TEST(s.run({"operations", "list"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "o1  retry   running     5   1200       0  "
                                   "state:failed\n"));
  BOOST_TEST(s.run({"operations", "show", "o1"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "counts  5 of 1,200 done\n"));
  BOOST_TEST(s.run({"operations", "cancel", "o1"}) == exit_ok);
}

BOOST_AUTO_TEST_CASE(dead_letters_are_listed_and_changed) {
  session s;
  s.answer("GET /api/dead-letters?limit=20&reason=expired", 200,
           R"({"dead_letters":[{"id":"j1","type":"t","name":"n",)"
           R"("failure_reason":"expired","attempt":0,"error":"expired"}],)"
           R"("total_count":1,"next_cursor":""})");
  s.answer("POST /api/dead-letters/j1/retry", 201, R"({"new_job_id":"j2"})");
  s.answer("DELETE /api/dead-letters/j1", 200, R"({"job_id":"j1"})");
  BOOST_TEST(s.run({"dead", "list", "--reason", "expired"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "j1"));
  BOOST_TEST(contains(s.out.str(), "expired"));
  BOOST_TEST(s.run({"dead", "retry", "j1"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "j2\n"));
  BOOST_TEST(s.run({"dead", "purge", "j1"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "j1 deleted"));
}

BOOST_AUTO_TEST_CASE(dead_letters_are_named_in_one_way_only) {
  for (auto words : std::vector<std::vector<const char*>>{
         {"dead", "purge"},
         {"dead", "retry", "a", "--all"},
         {"dead", "retry", "a", "--reason", "expired"},
         {"dead", "purge", "a", "--dry-run"}}) {
    session s;
    BOOST_TEST(s.run(words) == exit_usage);
    BOOST_TEST(s.server->requests.empty());
  }
}

BOOST_AUTO_TEST_CASE(all_dead_letters_are_an_operation) {
  session s;
  s.answer(operations, 202, matched);
  BOOST_TEST(
    s.run({"dead", "purge", "--reason", "expired", "--type", "t", "--dry-run"})
    == exit_ok);
  BOOST_TEST(contains(s.out.str(), "match: dead:expired type:t\n"));
}

BOOST_AUTO_TEST_SUITE_END()
