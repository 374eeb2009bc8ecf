#include "definitions/json.hpp"
#include "tests/system/bench_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace quaero;
using namespace quaero::test;

namespace {

/// Names that lead to a number, parted by dots.
double number_at(const value& x, const std::string& name) {
  const auto dot = std::min(name.find('.'), name.size());
  const auto* member = x.find(name.substr(0, dot));
  BOOST_REQUIRE_MESSAGE(member != nullptr, name << " is missing");
  return dot < name.size() ? number_at(*member, name.substr(dot + 1))
                           : x.get_double(name).value_or(-1);
}

struct expected_line {
  strings words;   ///< The scenario and its options.
  strings numbers; ///< Above 0.
};

const std::vector<expected_line>& expected_lines() {
  static const strings job_rates{"jobs_per_s", "raw_jobs_per_s", "ratio",
                                 "store.ops_per_job", "raw_store.ops_per_job"};
  static const std::vector<expected_line> all{
    {{"throughput", "--jobs", "2500", "--warm-up", "300", "--history", "700"},
     job_rates},
    {{"throughput", "--jobs", "500", "--batch", "1", "--clients", "20",
      "--in-flight", "1", "--durability", "group", "--policy", "stealing"},
     job_rates},
    {{"enqueue", "--jobs", "2500", "--durability", "each"}, job_rates},
    {{"enqueue", "--jobs", "600", "--mode", "single", "--compression", "none",
      "--write-buffer", "4"},
     job_rates},
    {{"drain", "--jobs", "2500", "--slots", "100", "--warm-up", "10"},
     job_rates},
    {{"mixed", "--jobs", "1500"}, {"jobs_per_s", "ratio", "retries"}},
    {{"latency", "--rate", "200", "--seconds", "0.2"},
     {"jobs_per_s", "pickup.p50_us", "pickup.p999_us", "sync.p50_us"}},
    {{"latency", "--rate", "200", "--seconds", "0.2", "--worker", "single",
      "--durability", "group"},
     {"pickup.p90_us", "submitted_late.max_us"}},
    {{"fanout", "--jobs", "300"}, job_rates},
    {{"chain", "--steps", "4"}, {"steps_per_s", "raw_steps_per_s", "ratio"}},
    {{"dag", "--layers", "2", "--width", "3"}, {"steps_per_s", "ratio"}},
    {{"logs", "--lines", "12000", "--tail", "20"},
     {"lines_per_s", "raw_lines_per_s", "ratio", "tail.p50_us"}},
    {{"schedule", "--schedules", "80", "--wait", "0.2"},
     {"ticks_per_s", "ratio", "late.p50_us"}},
    {{"memory", "--jobs", "3000", "--actors", "200"},
     {"queued_job.heap_bytes", "job_actor.heap_bytes"}},
    {{"remote", "--jobs", "2500", "--nodes", "2"}, {"jobs_per_s"}},
    {{"remote", "--mode", "pickup", "--jobs", "40"},
     {"pickup.p50_us", "done.p99_us"}},
    {{"remote", "--mode", "loss", "--rounds", "1"}, {"elsewhere.p50_us"}},
    {{"remote", "--mode", "waiting", "--jobs", "200"}, {"jobs_per_s"}},
    {{"store", "--jobs", "2500", "--commit-jobs", "100"},
     {"jobs_per_s", "store.jobs_per_commit"}},
    {{"recover", "--jobs", "3000"}, {"opened_s", "recovered_s", "first_s"}},
    {{"deaths", "--rounds", "6"}, {"rounds", "rerun.p50_us"}},
    {{"churn", "--jobs", "5000", "--part", "2500"},
     {"last_of_first", "last_of_new", "live_bytes", "disk_of_live"}},
    {{"idle", "--schedules", "20", "--seconds", "0.5", "--settle", "0.1"},
     {"resident_bytes"}}};
  return all;
}

struct fixture : bench_fixture {
  /// A line in a file of its own.
  std::string measure(const std::string& name, strings words) {
    words.insert(words.end(), {"--runs", "1", "--no-raw"});
    const auto x = measured(words);
    BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
    return write(name, x.out);
  }

  void check_refusal(const strings& words, const strings& said) {
    const auto x = bench(words);
    BOOST_TEST(x.exit == 2, words[0] << ": " << x.err);
    for (const auto& text : said)
      BOOST_TEST(contains(x.err, text), x.err);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(each_scenario_is_one_exact_line, fixture) {
  for (const auto& [words, numbers] : expected_lines()) {
    auto all = words;
    if (words[0] != "idle")
      all.insert(all.end(), {"--runs", "1"});
    const auto x = measured(all);
    BOOST_REQUIRE_MESSAGE(x.exit == 0, words[0] << ": " << x.err);
    const auto lines = lines_of(x.out);
    BOOST_REQUIRE_EQUAL(lines.size(), 1u);
    const auto& line = lines[0];
    BOOST_TEST(text_of(line, "scenario") == words[0]);
    BOOST_TEST(line.get_bool("exact").value_or(false));
    for (const auto& name : numbers)
      BOOST_TEST(number_at(line, name) > 0, words[0] << ": " << name);
    for (auto name : {"cpu", "compiler", "flags", "version", "commit", "caf",
                      "leveldb", "file_system", "kernel"})
      BOOST_TEST(!text_of(*line.find("conditions"), name).empty(), name);
    BOOST_TEST(!std::filesystem::exists(bench_dir()));
  }
}

BOOST_FIXTURE_TEST_CASE(the_database_alone_writes_the_same, fixture) {
  const auto x = measured(
    {"throughput", "--jobs", "3000", "--runs", "3", "--durability", "group"});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  const auto line = lines_of(x.out).at(0);
  const auto* ours = line.find("store");
  const auto* raw = line.find("raw_store");
  BOOST_REQUIRE((ours != nullptr && raw != nullptr));
  for (auto name : {"ops_per_job", "bytes_per_job", "jobs_per_commit",
                    "commits", "synced_commits"})
    BOOST_TEST(number_at(*ours, name) == number_at(*raw, name), name);
  BOOST_TEST(number_at(*ours, "synced_commits") > 0);
  BOOST_TEST(items_of(line, "runs").size() == 3u);
  BOOST_TEST(number_at(line, "jobs_per_s_min")
             <= number_at(line, "jobs_per_s"));
  BOOST_TEST(number_at(line, "jobs_per_s")
             <= number_at(line, "jobs_per_s_max"));
}

BOOST_FIXTURE_TEST_CASE(people_get_a_table, fixture) {
  const auto x
    = bench({"enqueue", "--jobs", "500", "--runs", "1", "--dir", bench_dir()});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  for (auto text : {"enqueue, buffered, jobs 500", "jobs_per_s", "ratio",
                    "store.ops_per_job", "LevelDB 1."})
    BOOST_TEST(contains(x.out, text), x.out);
  BOOST_TEST(!contains(x.out, "{"), x.out);
}

BOOST_FIXTURE_TEST_CASE(a_daemon_that_is_there_can_be_measured, fixture) {
  start();
  const std::vector<std::pair<strings, std::string>> all{
    {{"enqueue", "--jobs", "2000"}, "jobs_per_s"},
    {{"enqueue", "--jobs", "300", "--mode", "single"}, "answer.p99_us"},
    {{"throughput", "--jobs", "2000", "--batch", "100"}, "jobs_per_s"},
    {{"latency", "--rate", "200", "--seconds", "0.2"}, "answer.p50_us"}};
  for (const auto& [words, figure] : all) {
    auto more = words;
    more.insert(more.end(), {"--runs", "1", "--server", url()});
    const auto x = measured(more);
    BOOST_REQUIRE_MESSAGE(x.exit == 0, words[0] << ": " << x.err);
    const auto line = lines_of(x.out).at(0);
    BOOST_TEST(text_of(line, "over") == "http");
    BOOST_TEST(number_at(line, figure) > 0, figure);
  }
  BOOST_TEST(number("/api/jobs/stats", "completed_jobs")
             == 2000 + 300 + 2000 + 40);
}

BOOST_FIXTURE_TEST_CASE(options_that_make_no_sense_are_named, fixture) {
  check_refusal({"throughput", "--jobs", "0"}, {"--jobs"});
  check_refusal({"throughput", "--durability", "never"},
                {"--durability", "group"});
  check_refusal({"throughput", "--policy", "none"}, {"--policy", "stealing"});
  check_refusal({"throughput", "--payload", "13"}, {"--payload", "14"});
  check_refusal({"throughput", "--compression", "zip"}, {"--compression"});
  check_refusal({"throughput", "--history", "5", "--server", "http://a:1"},
                {"--history", "--server"});
  check_refusal({"chain", "--batch", "5"}, {"--batch"});
  check_refusal({"enqueue", "--mode", "single", "--batch", "5"},
                {"--batch: 1 with --mode single"});
  check_refusal({"fanout", "--jobs", "100001"}, {"--jobs: at most 100000"});
  check_refusal({"dag", "--layers", "50", "--width", "50"},
                {"--layers times --width: at most 200"});
  check_refusal({"latency", "--rate", "1", "--seconds", "0.5"}, {"--seconds"});
  check_refusal({"no_such_scenario"}, {"subcommand"});
  check_refusal({"sweep", "drain", "--vary", "batch"}, {"--values"});
}

BOOST_FIXTURE_TEST_CASE(a_comparison_pairs_what_was_measured_alike, fixture) {
  const auto a = measure("a.json", {"enqueue", "--jobs", "400"});
  auto b = measure("b.json", {"enqueue", "--jobs", "400", "--threads", "1"});
  const auto other = measure("c.json", {"enqueue", "--jobs", "300"});
  const auto same = bench({"compare", a, b});
  BOOST_TEST(same.exit == 0, same.err);
  for (auto text : {"enqueue, buffered, jobs 400", "jobs_per_s", "B / A",
                    "other conditions: threads: 2 and 1"})
    BOOST_TEST(contains(same.out, text), same.out);
  const auto none = bench({"compare", a, other});
  BOOST_TEST(none.exit == 0);
  BOOST_TEST(contains(none.out, "only in " + a), none.out);
  BOOST_TEST(contains(none.out, "only in " + other), none.out);
  check_refusal({"compare", a, folder() + "/missing.json"}, {"missing.json"});
  check_refusal({"compare", a, write("bad.json", "{\"scenario\":1}\n[]\n")},
                {"bad.json:2: no measurement"});
}

BOOST_FIXTURE_TEST_CASE(a_sweep_is_a_table_and_a_plot, fixture) {
  const auto svg = folder() + "/plot.svg";
  const strings words{"sweep",  "enqueue",   "--vary", "batch",  "--values",
                      "50,500", "--jobs",    "1000",   "--runs", "1",
                      "--dir",  bench_dir(), "--svg",  svg};
  const auto x = bench(words);
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  for (auto text : {"batch", "jobs_per_s", "50", "500", "database alone"})
    BOOST_TEST(contains(x.out, text), x.out);
  std::ifstream in{svg};
  std::ostringstream text;
  text << in.rdbuf();
  for (auto part : {"<svg", "enqueue", "jobs_per_s", "database alone"})
    BOOST_TEST(contains(text.str(), part), part);

  strings no_path{"/usr/bin/env", "PATH=" + folder()};
  const auto program = program_words(words);
  no_path.insert(no_path.end(), program.begin(), program.end());
  const auto without = run_program(std::move(no_path), patience);
  BOOST_TEST(without.exit == 2);
  BOOST_TEST(contains(without.err, "gnuplot-nox"), without.err);
  check_refusal({"sweep", "enqueue", "--vary", "no-such-option", "--values",
                 "1", "--no-svg"},
                {"--no-such-option"});
  check_refusal({"sweep", "enqueue", "--vary", "jobs", "--values", "10",
                 "--no-svg", "--runs", "1", "--figure", "taste"},
                {"--figure", "taste"});
}

BOOST_FIXTURE_TEST_CASE(the_standard_figures_are_kept_on_request, fixture) {
  const auto kept = write("history.jsonl", "");
  const auto x = bench(
    {"standard", "--long", "--quick", "--append", kept, "--dir", bench_dir()});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  for (auto text : {"pickup, group", "HTTP, arrays", "10,000 schedules",
                    "start with 1,000,000", "database alone"})
    BOOST_TEST(contains(x.out, text), x.out);
  std::ifstream in{kept};
  std::ostringstream text;
  text << in.rdbuf();
  const auto lines = lines_of(text.str());
  BOOST_TEST(lines.size() == 27u);
  for (const auto& line : lines) {
    BOOST_TEST(!text_of(line, "figure").empty());
    BOOST_TEST(!text_of(*line.find("conditions"), "at").empty());
    BOOST_TEST(!text_of(*line.find("conditions"), "commit").empty());
  }
}
