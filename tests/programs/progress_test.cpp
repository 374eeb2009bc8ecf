#include "definitions/json.hpp"
#include "programs/cli/progress.hpp"
#include "programs/cli/progress_view.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace quaero;
using namespace quaero::cli;

namespace {

struct captured {
  std::ostringstream out;
  std::ostringstream err;
  console to{out, err};
};

step_progress step(std::string name, std::string status, int64_t total = 0,
                   int64_t completed = 0, int64_t failed = 0) {
  step_progress x;
  x.name = std::move(name);
  x.status = std::move(status);
  x.total = total;
  x.completed = completed;
  x.failed = failed;
  return x;
}

run_progress run_of(std::vector<step_progress> steps) {
  run_progress x;
  x.job_id = "m1";
  x.name = "Handbook";
  x.status = "running";
  x.steps = std::move(steps);
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(a_tree_answer_is_read_with_all_its_numbers) {
  value tree;
  std::string error;
  BOOST_TEST_REQUIRE(parse_json(R"({"job_id":"m1","job_name":"Handbook",
    "status":"failed","duration_ms":5321,"document_count":7,"error":"e",
    "steps":[{"step_id":"s1","name":"crawl","type":"crawler",
      "status":"failed","duration_ms":900,"error":"x","child_summary":
      {"total":6,"completed":1,"failed":2,"cancelled":1,"running":1,
       "pending":1,"document_count":3}},
     {"name":"tell","status":"pending","child_summary":null}]})",
                                tree, error));
  run_progress run;
  BOOST_TEST_REQUIRE(read_progress(tree, run));
  BOOST_TEST(run.over());
  BOOST_TEST(run.documents == 7);
  BOOST_TEST_REQUIRE(run.steps.size() == 2u);
  const auto& s = run.steps[0];
  BOOST_TEST(s.step_id == "s1");
  BOOST_TEST(s.type == "crawler");
  BOOST_TEST((s.total == 6 && s.completed == 1 && s.failed == 2));
  BOOST_TEST((s.cancelled == 1 && s.running == 1 && s.pending == 1));
  BOOST_TEST(s.documents == 3);
  BOOST_TEST(!run.steps[1].over());
}

BOOST_AUTO_TEST_CASE(other_answers_are_no_tree) {
  run_progress run;
  BOOST_TEST(!read_progress(value{}, run));
  BOOST_TEST(!read_progress(value::make_object({{"status", "running"}}), run));
}

BOOST_AUTO_TEST_CASE(a_step_with_a_known_total_shows_bar_and_percentage) {
  captured c;
  auto s = step("crawl", "running", 10, 4, 1);
  s.running = 2;
  s.pending = 3;
  s.documents = 4;
  s.duration_ms = 1500;
  auto lines = progress_lines(c.to, run_of({s}), 0);
  BOOST_TEST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0]
             == "⠋ crawl  ██████████░░░░░░░░░░  50%  1.5 s  ok 4  failed 1"
                "  documents 4  running 2  waiting 3");
}

BOOST_AUTO_TEST_CASE(a_step_without_a_total_shows_something_that_moves) {
  captured c;
  c.to.unicode = false;
  auto run = run_of({step("sum", "running")});
  auto first = progress_lines(c.to, run, 0).at(0);
  auto second = progress_lines(c.to, run, 1).at(0);
  BOOST_TEST(first == "| sum  #-------------------    ?  0 ms");
  BOOST_TEST(second == "/ sum  -#------------------    ?  0 ms");
}

BOOST_AUTO_TEST_CASE(no_line_is_wider_than_the_terminal) {
  for (size_t width : {5, 20, 40, 79}) {
    captured c;
    c.to.width = width;
    auto s = step(std::string(100, 'n'), "running", 10, 4, 1);
    for (const auto& line : progress_lines(c.to, run_of({s}), 3))
      BOOST_TEST(display_width(line) <= width);
  }
}

BOOST_AUTO_TEST_CASE(no_more_lines_are_drawn_than_the_terminal_has) {
  captured c;
  c.to.height = 6;
  std::vector<step_progress> steps;
  for (int i = 0; i < 10; ++i)
    steps.push_back(
      step("s" + std::to_string(i), i < 8 ? "completed" : "running"));
  auto lines = progress_lines(c.to, run_of(steps), 0);
  BOOST_TEST_REQUIRE(lines.size() == 4u);
  BOOST_TEST(lines[0] == "7 more steps are not shown");
  BOOST_TEST(lines[3].find("s9") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pipe_gets_a_line_when_a_status_changes) {
  run_progress none;
  auto before = run_of({step("a", "running", 10, 1), step("b", "pending")});
  auto lines = change_lines(none, before);
  BOOST_TEST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0] == "a: running, 1 of 10 (ok 1)");
  auto now = run_of({step("a", "failed", 10, 8, 2), step("b", "skipped")});
  now.steps[0].error = "too many\nfailures";
  lines = change_lines(before, now);
  BOOST_TEST_REQUIRE(lines.size() == 2u);
  BOOST_TEST(lines[0]
             == "a: failed, 10 of 10 (ok 8  failed 2): too many failures");
  BOOST_TEST(lines[1] == "b: skipped");
}

BOOST_AUTO_TEST_CASE(a_pipe_gets_at_most_a_line_for_each_quarter) {
  run_progress before;
  size_t lines = 0;
  for (int64_t done = 0; done <= 1000; ++done) {
    auto now = run_of({step("a", "running", 1000, done)});
    lines += change_lines(before, now).size();
    before = now;
  }
  BOOST_TEST(lines == 5u);
}

BOOST_AUTO_TEST_CASE(bars_are_redrawn_in_place_on_a_terminal) {
  captured c;
  c.to.terminal = true;
  progress_view view{c.to};
  auto run = run_of({step("a", "running", 2, 1), step("b", "pending")});
  view.show(run);
  BOOST_TEST(c.out.str().find('\x1b') == std::string::npos);
  view.show(run);
  BOOST_TEST(c.out.str().find("\x1b[2A\r\x1b[J") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pipe_gets_no_escape_sequences) {
  captured c;
  progress_view view{c.to};
  view.show(run_of({step("a", "running", 2, 1)}));
  view.show(run_of({step("a", "completed", 2, 2)}));
  BOOST_TEST(c.out.str()
             == "a: running, 1 of 2 (ok 1)\na: completed, 2 of 2 (ok 2)\n");
}

BOOST_AUTO_TEST_CASE(durations_are_written_for_people) {
  BOOST_TEST(duration_text(850) == "850 ms");
  BOOST_TEST(duration_text(12'345) == "12.3 s");
  BOOST_TEST(duration_text(125'000) == "2m05s");
  BOOST_TEST(duration_text(3'725'000) == "1h02m");
  BOOST_TEST(duration_text(-5) == "0 ms");
}

BOOST_AUTO_TEST_SUITE_END()
