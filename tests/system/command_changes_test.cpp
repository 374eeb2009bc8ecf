#include "tests/system/command_fixture.hpp"

#include <set>
#include <sstream>

/// What makes jobs, and what is done to them.

using namespace quaero;
using namespace quaero::test;

namespace {

constexpr const char* lines_of_input = "-";

std::string noops(int from, int to) {
  std::string out;
  for (int i = from; i <= to; ++i)
    out += R"({"type":"noop","name":"job )" + std::to_string(i) + "\"}\n";
  return out;
}

// Behind `mark` up to the next blank or line end.
std::string word_behind(const std::string& text, const std::string& mark) {
  auto at = text.find(mark);
  BOOST_REQUIRE_MESSAGE(at != text.npos, text);
  at += mark.size();
  return text.substr(at, text.find_first_of(" \n", at) - at);
}

// Progress for a pipe: whole lines, each with a percentage, none redrawn.
void check_progress(const std::string& err, const std::string& last) {
  BOOST_TEST(!contains(err, "\r"), err);
  BOOST_TEST(!contains(err, "\x1b"), err);
  BOOST_TEST(err.ends_with(last), err);
  std::istringstream in{err};
  size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines)
    BOOST_TEST((contains(line, "%  ") && line.ends_with(" done")), line);
  BOOST_TEST(lines >= 1u);
  BOOST_TEST(lines <= 5u); // none at first, then one a quarter
}

} // namespace

// -- enqueue ------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(one_job_is_made_as_it_was_described, command_fixture) {
  done({"queues", "pause", "held"});
  const strings words{
    "enqueue",      "noop",   "--name",     "a page", "--config", R"({"n":1})",
    "--queue",      "held",   "--priority", "7",      "--delay",  "1h",
    "--unique-key", "page:1", "--tag",      "a",      "--tag",    "b"};
  auto id = id_of(words);
  auto job = json_of(cli({"jobs", "show", id, "--json"}));
  BOOST_TEST(text_of(job, "name") == "a page");
  BOOST_TEST(text_of(job, "queue") == "held");
  BOOST_TEST(int_of(job, "priority") == 7);
  BOOST_TEST(text_of(job, "unique_key") == "page:1");
  BOOST_TEST(text_of(job, "run_at") > text_of(job, "created_at"));
  BOOST_TEST(items_of(job, "tags").size() == 2u);
  BOOST_TEST(int_of(*job.find("config"), "n") == 1);
  auto again = cli(words);
  BOOST_TEST(again.out == id + "\n");
  BOOST_TEST(contains(again.err, "is there already"), again.err);
  BOOST_TEST(contains(done({"jobs", "explain", id}), "delayed_until"));
  auto other = cli({"enqueue", "noop", "--name", "quick", "--follow"});
  BOOST_TEST(other.exit == 0);
  BOOST_TEST(other.out == "quick completed\n");
}

BOOST_FIXTURE_TEST_CASE(lines_of_standard_input_become_jobs, command_fixture) {
  auto x = cli_reading(noops(1, 3), {"enqueue", "--lines", lines_of_input});
  BOOST_TEST(x.exit == 0, x.err);
  BOOST_TEST(x.out == "3 jobs accepted\n");
  wait_until([&] { return matches("type:noop state:completed") == 3; });
  auto json = json_of(
    cli_reading(noops(4, 5), {"enqueue", "--lines", lines_of_input, "--json"}));
  BOOST_TEST(items_of(json, "ids").size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_bad_line_is_named_and_nothing_is_half_done,
                        command_fixture) {
  const auto bad = noops(1, 1) + "\n" + R"({"type":"noop","priority":17})"
                   + "\n" + R"({"type":"noop","retry":{"attempts":0}})" + "\n"
                   + noops(5, 5);
  auto refused = cli_reading(bad, {"enqueue", "--lines", lines_of_input});
  BOOST_TEST(refused.exit == 5);
  BOOST_TEST(contains(refused.err, "  line 3: priority: "), refused.err);
  BOOST_TEST(contains(refused.err, "  line 4: retry/attempts: "), refused.err);
  BOOST_TEST(contains(refused.err, "lines 1 to 5 were not accepted"),
             refused.err);
  auto broken = cli_reading(noops(1, 2) + "{\"type\":\n",
                            {"enqueue", "--lines", lines_of_input});
  BOOST_TEST(broken.exit == 2);
  BOOST_TEST(contains(broken.err, "quaero: line 3: "), broken.err);
  BOOST_TEST(refused.out + broken.out == "");
  BOOST_TEST(number("/api/jobs/stats", "total_jobs") == 0);
}

BOOST_FIXTURE_TEST_CASE(behind_a_bad_block_it_goes_on_without_a_job_twice,
                        command_fixture) {
  auto first = cli_reading(noops(1, 1199) + R"({"type":"noop","queue":"a b"})"
                             + "\n" + noops(1201, 1500),
                           {"enqueue", "--lines", lines_of_input});
  BOOST_TEST(first.exit == 5);
  BOOST_TEST(contains(first.err, "  line 1200: queue: "), first.err);
  BOOST_TEST(contains(first.err, "lines 1001 to 1500 were not accepted"),
             first.err);
  BOOST_TEST(contains(first.err, "1000 lines are accepted."), first.err);
  BOOST_TEST(number("/api/jobs/stats", "total_jobs") == 1000);
  const auto skip = word_behind(first.err, "--skip ");
  const auto key = word_behind(first.err, "--key ");
  BOOST_TEST(skip == "1000");
  for (auto lines : {skip, skip, std::string{"0"}}) // as often as one likes
    BOOST_TEST(
      cli_reading(noops(1, 1500), {"enqueue", "--lines", lines_of_input,
                                   "--skip", lines, "--key", key})
        .exit
      == 0);
  std::set<std::string> names;
  const auto all = list({"--all", "-q", "type:noop"});
  for (const auto& x : items_of(all, "jobs"))
    names.insert(text_of(x, "name"));
  BOOST_TEST(items_of(all, "jobs").size() == 1500u);
  BOOST_TEST(names.size() == 1500u);
}

// -- all that match -----------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(all_that_match_are_cancelled_retried_and_deleted,
                        command_fixture) {
  hold("held", 400);
  const strings cancel{"jobs", "cancel", "-q", "queue:held tag:odd"};
  auto with = [](strings words, const char* more) {
    words.emplace_back(more);
    return words;
  };
  BOOST_TEST(done(with(cancel, "--dry-run"))
             == "this would cancel 200 jobs that match: queue:held tag:odd\n");
  auto unasked = cli(cancel); // nobody can be asked
  BOOST_TEST(unasked.exit == 2);
  BOOST_TEST(contains(unasked.err, "200 jobs that match"), unasked.err);
  BOOST_TEST(contains(unasked.err, "--yes"), unasked.err);
  BOOST_TEST(matches("state:pending") == 400u);

  auto cancelled = cli(with(cancel, "--yes"));
  BOOST_TEST(cancelled.exit == 0, cancelled.err);
  BOOST_TEST(cancelled.out == "cancel completed: 200 of 200 done\n");
  check_progress(cancelled.err, " 100%  200 of 200 done\n");
  BOOST_TEST(matches("state:cancelled tag:odd") == 200u);
  BOOST_TEST(matches("state:pending") == 200u);

  auto retried
    = cli({"jobs", "retry", "--status", "cancelled", "--tag", "odd", "--yes"});
  BOOST_TEST(retried.exit == 0, retried.err);
  BOOST_TEST(retried.out == "retry completed: 200 of 200 done\n");
  check_progress(retried.err, " 100%  200 of 200 done\n");
  BOOST_TEST(matches("state:pending tag:odd") == 200u); // the new ones

  auto deleted = cli({"jobs", "delete", "-q", "state:cancelled", "--yes"});
  BOOST_TEST(deleted.exit == 0, deleted.err);
  BOOST_TEST(deleted.out == "delete completed: 200 of 200 done\n");
  check_progress(deleted.err, " 100%  200 of 200 done\n");
  BOOST_TEST(number("/api/jobs/stats", "total_jobs") == 400);

  auto nothing = done({"jobs", "delete", "-q", "state:cancelled", "--yes"});
  BOOST_TEST(contains(nothing, "this would delete 0 jobs"), nothing);
  auto listed = json_of(cli({"operations", "list", "--json"}));
  const auto& operations = items_of(listed, "operations");
  BOOST_TEST_REQUIRE(operations.size() == 3u);
  for (const auto& x : operations) {
    BOOST_TEST(text_of(x, "status") == "completed");
    auto shown = done({"operations", "show", text_of(x, "id")});
    BOOST_TEST(contains(shown, "200 of 200 done"), shown);
  }
}

BOOST_FIXTURE_TEST_CASE(jobs_that_are_named_are_changed_one_by_one,
                        command_fixture) {
  hold("held", 1);
  auto job = text_of(items_of(list({"-q", "queue:held"}), "jobs").at(0), "id");
  auto live = cli({"jobs", "delete", job});
  BOOST_TEST(live.exit == 5);
  BOOST_TEST(done({"jobs", "cancel", job}) == job + " cancelled\n");
  auto successor = id_of({"jobs", "retry", job});
  BOOST_TEST(successor != job);
  BOOST_TEST(cli({"jobs", "retry", job}).exit == 5); // once
  BOOST_TEST(done({"jobs", "label", successor, "--name", "again"})
             == successor + " changed\n");
  done({"queues", "resume", "held"});
  auto followed = cli({"jobs", "follow", successor});
  BOOST_TEST(followed.exit == 0);
  BOOST_TEST(followed.out == "again completed\n");
  auto copy = id_of({"jobs", "copy", successor});
  BOOST_TEST(contains(done({"jobs", "explain", copy}), "  held\n"));
  BOOST_TEST(done({"jobs", "delete", job, successor, copy})
             == job + " deleted\n" + successor + " deleted\n" + copy
                  + " deleted\n");
}

// -- again --------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_run_begins_again_or_where_it_failed,
                        command_fixture) {
  apply("id = \"flaky\"\nname = \"flaky\"\n[config]\nrate = 1\n"
        "[step.first]\ntype = \"noop\"\ncount = 3\n"
        "[step.second]\ntype = \"test_job_generator\"\ndepends = \"first\"\n"
        "on_error = \"fail\"\nworker_count = 2\nchild_count = 0\n"
        "log_count = 1\nlog_delay_ms = 0\nfailure_rate = \"{config.rate}\"\n");
  auto old = run("flaky");
  BOOST_TEST(wait_over(old) == "failed");
  auto kept_of = [this](const std::string& run) {
    auto tree = json_of(cli({"jobs", "tree", run, "--json"}));
    std::vector<bool> kept;
    for (const auto& step : items_of(tree, "steps"))
      kept.push_back(!text_of(step, "kept_from").empty());
    BOOST_TEST_REQUIRE(kept.size() == 2u);
    return kept;
  };
  const std::vector<bool> first{true, false};
  const std::vector<bool> none{false, false};

  auto whole = id_of({"jobs", "rerun", old});
  BOOST_TEST(wait_over(whole) == "failed");
  BOOST_TEST((kept_of(whole) == none));
  BOOST_TEST(
    contains(done({"jobs", "show", whole}), "completed_children  3\n"));

  auto mended
    = id_of({"jobs", "rerun", old, "--from", "failed", "--set", "rate=0"});
  BOOST_TEST(wait_over(mended) == "completed");
  BOOST_TEST((kept_of(mended) == first));

  auto followed = cli({"jobs", "rerun", mended, "--from", "second", "--set",
                       "rate=1", "--follow"});
  BOOST_TEST(followed.exit == 1);
  BOOST_TEST(contains(followed.out, "second: 2 failed, for example:\n"),
             followed.out);

  auto unknown = cli({"jobs", "rerun", old, "--from", "third"});
  BOOST_TEST(unknown.exit == 5);
  BOOST_TEST(contains(unknown.err, "third"), unknown.err);
}
