#include "tests/programs/pty.hpp"
#include "tests/system/command_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <set>
#include <unistd.h>

/// Lists of jobs, queues, and how the program ends and speaks.

using namespace quaero;
using namespace quaero::test;

// -- lists --------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_list_of_several_pages_has_every_job_once,
                        command_fixture) {
  constexpr size_t jobs = 1200;
  hold("held", jobs);
  auto all = list({"--all", "-q", "queue:held"});
  const auto& rows = items_of(all, "jobs");
  BOOST_TEST_REQUIRE(rows.size() == jobs);
  std::set<std::string> ids;
  for (const auto& x : rows)
    ids.insert(text_of(x, "id"));
  BOOST_TEST(ids.size() == jobs);
  BOOST_TEST(text_of(rows.front(), "name") == "job 1200"); // the newest
  BOOST_TEST(text_of(rows.back(), "name") == "job 1");
  BOOST_TEST(int_of(all, "total_count") == int64_t{jobs});
  BOOST_TEST(*all.get_bool("total_is_exact"));
  BOOST_TEST(text_of(all, "next_cursor") == "");
  auto part = list({"--limit", "501", "-q", "queue:held"});
  BOOST_TEST(items_of(part, "jobs").size() == 501u);
  BOOST_TEST(text_of(part, "next_cursor") != "");
  auto few = cli({"jobs", "list", "-q", "queue:held", "--limit", "2"});
  BOOST_TEST(few.err == "2 of 1,200 jobs; see more with --limit N or --all\n");
  BOOST_TEST(few.out.starts_with("ID "), few.out);
  BOOST_TEST(contains(few.out, "  noop  job 1199  pending "), few.out);
  BOOST_TEST(!contains(few.out, "job 1198"), few.out);
}

BOOST_FIXTURE_TEST_CASE(a_query_finds_the_jobs_that_it_describes,
                        command_fixture) {
  hold("held", 120);
  done({"enqueue", "noop", "--name", "alone", "--follow"});
  const std::vector<std::pair<std::string, size_t>> queries{
    {"queue:held", 120},
    {"queue:held state:pending", 120},
    {"queue:held state:failed,cancelled", 0},
    {"state:completed", 1},
    {"tag:odd", 60},
    {"tag:odd,even", 120},
    {"tag:odd tag:even", 0},
    {"type:noop,step tag:even", 60},
    {"type:crawler_url", 0},
    {"name:\"job 12\"", 2},   // and 120
    {"\"job 7\" tag:odd", 6}, // 7, 71, 73 and so on
    {"parent:root", 121},
    {"age<1h queue:held", 120},
    {"age>1h", 0},
    {"after:2020-01-01T00:00:00Z tag:odd", 60},
    {"before:2020-01-01T00:00:00Z", 0},
    {"name:alone", 1}};
  for (const auto& [query, count] : queries)
    BOOST_TEST(matches(query) == count, query);
  auto rows = list({"--queue", "held", "--tag", "odd", "--status", "pending",
                    "--type", "noop", "--limit", "100"});
  BOOST_TEST(items_of(rows, "jobs").size() == 60u);
  auto none = cli({"jobs", "list", "-q", "tag:none"});
  BOOST_TEST(none.exit == 0);
  BOOST_TEST(none.out == "");
  BOOST_TEST(contains(none.err, "There are no such jobs."), none.err);
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_in_a_query_is_named, command_fixture) {
  for (auto [query, why] : {std::pair{"state:odd", "odd"},
                            {"age>soon", "age>soon"},
                            {"state:failed state:failed", "state"}}) {
    auto x = cli({"jobs", "list", "-q", query});
    BOOST_TEST(x.exit == 5, query);
    BOOST_TEST(contains(x.err, why), x.err);
    BOOST_TEST(x.out == "");
  }
}

// -- queues -------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_queue_is_paused_limited_and_resumed,
                        command_fixture) {
  hold("slow", 3);
  BOOST_TEST(int_of(queue("slow", 3), "running") == 0);
  auto listed = done({"queues", "list"});
  BOOST_TEST(listed.starts_with("NAME "), listed);
  BOOST_TEST(contains(listed, "yes\n"), listed);
  auto top = done({"top", "--once"});
  BOOST_TEST(contains(top, "\nslow "), top);
  BOOST_TEST(contains(top, "  paused\n"), top);
  auto job = text_of(items_of(list({"-q", "queue:slow"}), "jobs").at(0), "id");
  auto why = done({"jobs", "explain", job});
  BOOST_TEST(contains(why, "  pending\n"), why);
  BOOST_TEST(contains(why, "  queue_paused\n"), why);

  done({"queues", "limit", "slow", "--running", "2", "--length", "3"});
  auto limited = json_of(cli({"queues", "show", "slow", "--json"}));
  BOOST_TEST(int_of(limited, "running_max") == 2);
  BOOST_TEST(int_of(limited, "length_max") == 3);
  auto full = cli({"enqueue", "noop", "--queue", "slow"});
  BOOST_TEST(full.exit == 5);
  BOOST_TEST(contains(full.err, "Try again"), full.err);
  done({"queues", "limit", "slow", "--running", "0", "--length", "0"});
  limited = get("/api/queues/slow");
  BOOST_TEST(limited.find("running_max")->is_null());
  BOOST_TEST(limited.find("length_max")->is_null());

  BOOST_TEST(done({"queues", "resume", "slow"}) == "slow resumed\n");
  wait_until([&] { return matches("queue:slow state:completed") == 3; });
  BOOST_TEST(contains(done({"jobs", "explain", job}), "finished"));
  BOOST_TEST(cli({"queues", "limit", "slow"}).exit == 2);
}

// -- how it ends and speaks ---------------------------------------------------

BOOST_FIXTURE_TEST_CASE(every_outcome_has_its_exit_code, command_fixture) {
  BOOST_TEST(cli({"status"}).exit == 0);
  apply("id = \"bad\"\nname = \"bad\"\n[step.a]\non_error = \"fail\"\n"
        "type = \"test_job_generator\"\nworker_count = 1\nchild_count = 0\n"
        "failure_rate = 1\nlog_count = 0\nlog_delay_ms = 0\n");
  auto failed = cli({"run", "bad", "--follow"});
  BOOST_TEST(failed.exit == 1);
  BOOST_TEST(contains(failed.out, "1 failed"), failed.out);
  auto wrong = cli({"jobs", "lits"});
  BOOST_TEST(wrong.exit == 2);
  BOOST_TEST(contains(wrong.err, "quaero jobs list?"), wrong.err);
  const std::string nobody = "00000000-0000-7000-8000-000000000000";
  auto unknown = cli({"jobs", "show", nobody});
  BOOST_TEST(unknown.exit == 3);
  BOOST_TEST(contains(unknown.err, "quaero jobs list"), unknown.err);
  auto over = id_of({"enqueue", "noop"});
  wait_over(over);
  auto refused = cli({"jobs", "cancel", over});
  BOOST_TEST(refused.exit == 5, refused.err);
  stop(SIGTERM);
  auto gone = cli({"status"});
  BOOST_TEST(gone.exit == 4);
  BOOST_TEST(contains(gone.err, "quaerod --data-dir"), gone.err);
}

BOOST_FIXTURE_TEST_CASE(with_json_every_answer_can_be_read, command_fixture) {
  apply("id = \"d\"\nname = \"d\"\n[step.a]\ntype = \"noop\"\ncount = 3\n");
  auto run = text_of(json_of(cli({"run", "d", "--json"})), "job_id");
  BOOST_TEST(wait_over(run) == "completed");
  for (const strings& words :
       {strings{"status"},
        strings{"health"},
        strings{"definitions", "list"},
        strings{"definitions", "show", "d"},
        strings{"jobs", "list"},
        strings{"jobs", "list", "--all"},
        strings{"jobs", "show", run},
        strings{"jobs", "tree", run},
        strings{"jobs", "follow", run},
        strings{"jobs", "explain", run},
        strings{"jobs", "rerun", run},
        strings{"jobs", "copy", run},
        strings{"operations", "list"},
        strings{"jobs", "retry", "-q", "state:failed", "--dry-run"},
        strings{"queues", "list"},
        strings{"queues", "pause", "q"},
        strings{"queues", "limit", "q", "--running", "1"},
        strings{"queues", "resume", "q"},
        strings{"enqueue", "noop"},
        strings{"enqueue", "noop", "--follow"},
        strings{"documents", "list"},
        strings{"documents", "stats"},
        strings{"documents", "tags"},
        strings{"search", "word"},
        strings{"kv", "list"},
        strings{"credentials", "list"},
        strings{"config", "show"},
        strings{"scheduler"},
        strings{"nodes", "list"},
        strings{"actors"},
        strings{"top", "--once"},
        strings{"tokens", "list"},
        strings{"audit"}}) {
    auto more = words;
    more.push_back("--json");
    auto x = cli(more);
    BOOST_TEST(x.exit == 0, words.front() << ' ' << words.back() << x.err);
    json_of(x);
    BOOST_TEST(!contains(x.out + x.err, "\x1b"), words.front());
  }
}

BOOST_FIXTURE_TEST_CASE(colours_are_for_terminals_of_people_who_like_them,
                        command_fixture) {
  const auto coloured = "\x1b[32mcompleted\x1b[0m";
  auto job = id_of({"enqueue", "noop", "--name", "a"});
  BOOST_TEST(wait_over(job) == "completed");
  const strings words{"jobs", "list", "-q", "name:a"};
  BOOST_TEST(contains(done(words), "completed"));
  BOOST_TEST(!contains(done(words), "\x1b"));
  auto demanded = words;
  demanded.insert(demanded.end(), {"--color", "always"});
  BOOST_TEST(contains(done(demanded), coloured));
  for (bool no_color : {false, true}) {
    auto line = cli_words(words);
    std::vector<char*> argv;
    for (auto& word : line)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    quaero::cli::test::pty_child person{[&] {
      ::setenv("TERM", "xterm", 1);
      ::setenv("NO_COLOR", no_color ? "1" : "", 1);
      return ::execv(argv[0], argv.data());
    }};
    BOOST_TEST(person.wait() == 0);
    BOOST_TEST(contains(person.output(), "completed"), person.output());
    BOOST_TEST(contains(person.output(), coloured) == !no_color);
    BOOST_TEST(contains(person.output(), "\x1b") == !no_color);
  }
}
