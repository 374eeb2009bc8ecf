#include "programs/cli/terminal.hpp"
#include "tests/programs/cli_fixture.hpp"
#include "tests/programs/pty.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>

/// The program on a terminal that the test plays the user of.

using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

constexpr const char* enter_screen = "\x1b[?1049h";
constexpr const char* leave_screen = "\x1b[?25h\x1b[?1049l";

// Runs a command on the terminal of the child against a played daemon.
int run_there(std::vector<const char*> words,
              const std::function<void(fake_server&)>& play = {}) {
  ::setenv("TERM", "xterm", 1);
  command_context context{standard_console()};
  auto server = std::make_unique<fake_server>();
  if (play)
    play(*server);
  context.http = std::move(server);
  words.insert(words.begin(), "quaero");
  return run_command_line(static_cast<int>(words.size()), words.data(),
                          context);
}

void answer(fake_server& server, const std::string& what, int status,
            std::string body) {
  server.answers[what].push_back({status, std::move(body), "", {}});
}

void play_top(fake_server& server) {
  answer(server, "GET /api/status", 200, R"({"state":"idle"})");
  answer(server, "GET /api/jobs/stats", 200, R"({"completed_jobs":7})");
  answer(server, "GET /api/jobs?limit=100&status=running", 200,
         R"({"jobs":[{"id":"j1"},{"id":"j2"}],"total_count":2})");
}

void play_operation(fake_server& server) {
  answer(server, "POST /api/operations", 202, R"({"matched":3})");
  answer(server, "POST /api/operations", 202, R"({"operation_id":"o1"})");
  answer(server, "GET /api/operations/o1", 200,
         R"({"status":"running","total":3,"done":1,"failed":0})");
  answer(server, "GET /api/operations/o1", 200,
         R"({"status":"completed","action":"retry","total":3,"done":3,
             "failed":0})");
}

} // namespace

BOOST_AUTO_TEST_SUITE(terminal)

// -- top ----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(top_draws_scrolls_pauses_and_quits) {
  pty_child child{[] { return run_there({"top"}, play_top); }};
  BOOST_TEST(child.wait_for(enter_screen));
  BOOST_TEST(child.wait_for("completed 7"));
  BOOST_TEST(child.wait_for("q quit"));
  BOOST_TEST(!child.is_plain());
  child.type("\x1b[B");
  BOOST_TEST(child.wait_for("\x1b[H"));
  child.type("p");
  BOOST_TEST(child.wait_for("PAUSED"));
  child.type("q");
  BOOST_TEST(child.wait_for(leave_screen));
  BOOST_TEST(child.wait() == exit_ok);
  BOOST_TEST(child.output().ends_with(leave_screen));
}

BOOST_AUTO_TEST_CASE(top_gives_the_terminal_back_however_it_ends) {
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV}) {
    pty_child child{[] { return run_there({"top"}, play_top); }};
    BOOST_TEST(child.wait_for("q quit"));
    child.signal(number);
    BOOST_TEST(child.wait_for(leave_screen), number);
    BOOST_TEST(child.wait() == 128 + number);
    BOOST_TEST(child.is_plain());
  }
}

BOOST_AUTO_TEST_CASE(top_shows_a_daemon_that_is_away_and_goes_on) {
  pty_child child{[] {
    return run_there({"top", "--interval", "200ms"}, [](fake_server& server) {
      server.answers["GET /api/status"].push_back(
        {0, "", "connection refused", {}});
      play_top(server);
    });
  }};
  BOOST_TEST(child.wait_for("connection refused; trying again"));
  BOOST_TEST(child.wait_for("completed 7"));
  child.type("q");
  BOOST_TEST(child.wait() == exit_ok);
}

// -- questions ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_bulk_change_asks_and_shows_a_bar) {
  pty_child child{[] {
    return run_there({"jobs", "retry", "-q", "state:failed"}, play_operation);
  }};
  BOOST_TEST(child.wait_for("this would retry 3 jobs that match: "
                            "state:failed.\r\nType 3 to go on: "));
  child.type("3\n");
  BOOST_TEST(child.wait_for("33%  1 of 3 done"));
  BOOST_TEST(child.wait_for("retry \x1b[32mcompleted\x1b[0m: 3 of 3 done"));
  BOOST_TEST(child.wait() == exit_ok);
}

BOOST_AUTO_TEST_CASE(another_answer_changes_nothing) {
  pty_child child{[] {
    return run_there({"jobs", "retry", "-q", "state:failed"}, play_operation);
  }};
  BOOST_TEST(child.wait_for("to go on: "));
  child.type("y\n");
  BOOST_TEST(child.wait_for("nothing was changed"));
  BOOST_TEST(child.wait() == exit_failed);
}

BOOST_AUTO_TEST_CASE(a_secret_is_not_shown_while_it_is_typed) {
  pty_child child{[] {
    return run_there({"kv", "set", "k", "--secret"}, [](fake_server& server) {
      answer(server, "PUT /api/kv/k", 201, "{}");
    });
  }};
  BOOST_TEST(child.wait_for("Value of k: "));
  while (child.is_plain()) {
    // the mode changes just behind the prompt
  }
  child.type("hunter2\n");
  BOOST_TEST(child.wait_for("k created"));
  BOOST_TEST(child.wait() == exit_ok);
  BOOST_TEST(!contains(child.output(), "hunter2"));
  BOOST_TEST(child.is_plain());
}

BOOST_AUTO_TEST_CASE(leaving_a_hidden_question_gives_the_echo_back) {
  pty_child child{[] { return run_there({"kv", "set", "k", "--secret"}); }};
  BOOST_TEST(child.wait_for("Value of k: "));
  while (child.is_plain()) {
    // the mode changes just behind the prompt
  }
  child.signal(SIGINT);
  BOOST_TEST(child.wait() == 128 + SIGINT);
  BOOST_TEST(child.is_plain());
}

// -- colours ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(colours_follow_the_terminal_the_user_and_the_option) {
  struct wanted {
    const char* variable;
    const char* option;
    bool coloured;
  };
  for (auto x : {wanted{"", "auto", true}, wanted{"1", "auto", false},
                 wanted{"1", "always", true}, wanted{"", "never", false}}) {
    pty_child child{[x] {
      ::setenv("NO_COLOR", x.variable, 1);
      return run_there({"jobs", "show", "j", "--color", x.option},
                       [](fake_server& server) {
                         answer(server, "GET /api/jobs/j", 200,
                                R"({"id":"j","status":"failed"})");
                       });
    }};
    BOOST_TEST(child.wait() == exit_ok);
    BOOST_TEST(contains(child.output(), "\x1b[31mfailed\x1b[0m") == x.coloured);
    BOOST_TEST(contains(child.output(), "\x1b") == x.coloured);
  }
}

BOOST_AUTO_TEST_CASE(a_pipe_has_no_colours_unless_they_are_demanded) {
  for (bool demanded : {false, true}) {
    session s;
    s.answer("GET /api/jobs/j", 200, R"({"id":"j","status":"failed"})");
    std::vector<const char*> words{"jobs", "show", "j"};
    if (demanded)
      words.insert(words.end(), {"--color", "always"});
    s.run(words);
    BOOST_TEST(contains(s.out.str(), "\x1b") == demanded);
  }
}

BOOST_AUTO_TEST_SUITE_END()
