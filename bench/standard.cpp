#include "bench/child.hpp"
#include "bench/commands.hpp"
#include "bench/lines.hpp"
#include "bench/table.hpp"
#include "definitions/json.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

namespace quaero::bench {

namespace {

/// A figure that the project reports.
struct standard_figure {
  std::string what;
  std::string command; ///< Arguments, parted by blanks.
  std::string quick;   ///< More of them that make it small.
  std::string figures; ///< Parted by blanks; "": the headline.
};

const std::vector<standard_figure>& short_set() {
  static const std::vector<standard_figure> all{
    {"batches, buffered", "throughput", "--jobs 2000", ""},
    {"batches, group", "throughput --durability group", "--jobs 2000", ""},
    {"single submits, 256 callers, buffered",
     "throughput --jobs 100000 --batch 1 --clients 256 --in-flight 1",
     "--jobs 1000", ""},
    {"single submits, 256 callers, group",
     "throughput --jobs 100000 --batch 1 --clients 256 --in-flight 1 "
     "--durability group",
     "--jobs 1000", ""},
    {"enqueue alone, batches, group", "enqueue --durability group",
     "--jobs 2000", ""},
    {"drain, buffered", "drain", "--jobs 2000", ""},
    {"retries of 1 %, buffered", "mixed", "--jobs 2000", ""},
    {"pickup, buffered", "latency --runs 1", "--seconds 0.2",
     "pickup.p50_us pickup.p99_us pickup.p999_us"},
    {"pickup, group", "latency --runs 1 --durability group", "--seconds 0.2",
     "pickup.p50_us pickup.p99_us pickup.p999_us sync.p50_us"},
    {"fan-out to 10,000", "fanout", "--jobs 500", "jobs_per_s seconds"},
    {"chain of 100 steps", "chain", "--steps 3", ""},
    {"10 by 10 steps", "dag", "--layers 2 --width 2", ""},
    {"a job's log", "logs --lines 500000", "--lines 2000 --tail 20",
     "lines_per_s tail.p50_us tail.p99_us"},
    {"10,000 schedules at one moment", "schedule --runs 1", "--schedules 50",
     "ticks_per_s late.p50_us late.p99_us"},
    {"memory", "memory", "--jobs 3000 --actors 100",
     "queued_job.heap_bytes recovered_job.heap_bytes job_actor.heap_bytes"},
    {"HTTP, arrays of 1,000, one client", "http --mode arrays",
     "--jobs 2000 --runs 1", "jobs_per_s completed_jobs_per_s"},
    {"through a node", "remote", "--jobs 2000", ""},
    {"pickup by a node", "remote --mode pickup --jobs 1000 --runs 1",
     "--jobs 20", "pickup.p50_us pickup.p99_us done.p50_us"},
    {"a node is killed", "remote --mode loss --rounds 10 --runs 1",
     "--rounds 1", "elsewhere.p50_us elsewhere.p99_us"},
    {"10 ms jobs, 1 node", "remote --mode waiting --jobs 4000 --runs 1",
     "--jobs 100", ""},
    {"10 ms jobs, 4 nodes",
     "remote --mode waiting --nodes 4 --jobs 16000 --runs 1", "--jobs 100", ""},
    {"idle", "idle --seconds 10 --settle 3",
     "--seconds 0.3 --settle 0.1 --schedules 20",
     "cores wakeups_per_s resident_bytes"},
  };
  return all;
}

const std::vector<standard_figure>& long_set() {
  static const std::vector<standard_figure> all{
    {"2,000,000 in batches, buffered", "throughput --jobs 2000000 --runs 1",
     "--jobs 2000", ""},
    {"2,000,000 in batches, group",
     "throughput --jobs 2000000 --runs 1 --durability group", "--jobs 2000",
     ""},
    {"behind 50,000 finished jobs", "throughput --history 50000",
     "--jobs 2000 --history 1000", ""},
    {"behind 5,000,000 finished jobs", "throughput --history 5000000 --runs 1",
     "--jobs 2000 --history 5000", ""},
    {"start with 1,000,000 queued jobs", "recover", "--jobs 2000",
     "first_s all_s"},
  };
  return all;
}

struct options {
  bool with_long = false;
  bool quick = false;
  std::string append;
  std::string dir;
  bool json = false;
};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> out;
  for (std::string word; in >> word;)
    out.push_back(std::move(word));
  return out;
}

/// Later options replace earlier ones of the same name.
std::vector<std::string> with(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  for (size_t i = 0; i + 1 < more.size(); i += 2) {
    const auto old = std::find(words.begin(), words.end(), more[i]);
    if (old != words.end())
      words.erase(old, old + 2);
    words.push_back(more[i]);
    words.push_back(more[i + 1]);
  }
  return words;
}

/// "12.3 (11.9 to 13.0)"
std::string spread_text(const value& line, const std::string& name) {
  const auto least = number_at(line, name + "_min");
  const auto most = number_at(line, name + "_max");
  return least && most && *least < *most
           ? number_text(*least) + " to " + number_text(*most)
           : "";
}

class standard {
public:
  explicit standard(const options& x) : asked_{x} {}

  void run() {
    for (const auto& x : short_set())
      measure(x);
    for (const auto& x : long_set())
      if (asked_.with_long)
        measure(x);
    if (!asked_.append.empty())
      append();
    if (!asked_.json)
      std::printf("%s\n%s\n", table_.text().c_str(),
                  conditions_text(*lines_.front().find("conditions")).c_str());
  }

private:
  void measure(const standard_figure& x) {
    auto words = words_of(x.command);
    if (asked_.quick)
      words = with(with(std::move(words), {"--runs", "1"}), words_of(x.quick));
    // `idle` is one run by nature.
    if (words.front() == "idle")
      words = with_out(std::move(words), "--runs");
    if (!asked_.dir.empty())
      words = with(std::move(words), {"--dir", asked_.dir});
    for (auto& line : measure_in_child(std::move(words))) {
      line.set("figure", x.what);
      if (asked_.json)
        print(line, true);
      add_rows(x, line);
      lines_.push_back(std::move(line));
    }
  }

  static std::vector<std::string> with_out(std::vector<std::string> words,
                                           const std::string& name) {
    const auto old = std::find(words.begin(), words.end(), name);
    if (old != words.end())
      words.erase(old, old + 2);
    return words;
  }

  void add_rows(const standard_figure& x, const value& line) {
    auto names = words_of(x.figures);
    if (names.empty())
      names.push_back(headline_of(line));
    auto what = x.what;
    for (const auto& name : names) {
      const auto raw = number_at(line, "raw_" + name);
      const auto ratio = raw ? number_at(line, "ratio") : std::nullopt;
      table_.add({what, name, number_text(number_at(line, name).value_or(0)),
                  spread_text(line, name), raw ? number_text(*raw) : "",
                  ratio ? number_text(*ratio) : ""});
      what.clear();
    }
  }

  void append() const {
    std::ofstream out{asked_.append, std::ios::app};
    for (const auto& x : lines_)
      out << to_json(x) << '\n';
    if (!out.flush())
      throw child_failed{1, "--append: cannot write " + asked_.append};
    std::fprintf(stderr, "quaero-bench: %zu lines appended to %s\n",
                 lines_.size(), asked_.append.c_str());
  }

  const options& asked_;
  std::vector<value> lines_;
  table table_{
    {"", "figure", "middle run", "least to most", "database alone", "ratio"}};
};

} // namespace

void add_standard_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command = app.add_subcommand(
    "standard", "every figure that the project reports, one after another");
  command->add_flag("--long", x->with_long, "those that take minutes as well");
  command->add_flag("--quick", x->quick,
                    "with few jobs: only to see that all works");
  command->add_option("--append", x->append,
                      "a file that gets the JSON lines as well");
  command->add_option("--dir", x->dir, "for the databases");
  command->add_flag("--json", x->json, "JSON lines instead of the table");
  command->callback([x, &exit_code] {
    try {
      standard{*x}.run();
    } catch (const child_failed& e) {
      std::fprintf(stderr, "quaero-bench: standard: %s\n", e.what());
      exit_code = e.exit();
    }
  });
}

} // namespace quaero::bench
