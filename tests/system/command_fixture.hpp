#pragma once

#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace quaero::test {

/// A daemon that runs, and what tests of the command line do with it.
struct command_fixture : system_fixture {
  command_fixture() { start(); }

  /// Runs a command that has to end well, returns what it printed.
  std::string done(const strings& words) const {
    auto x = cli(words);
    std::string line;
    for (const auto& word : words)
      line += word + ' ';
    BOOST_TEST(x.exit == 0, line << ": " << x.err);
    return x.out;
  }

  /// As done(), of a command that prints an id.
  std::string id_of(const strings& words) const {
    auto out = done(words);
    return out.substr(0, out.find('\n'));
  }

  /// Jobs that wait in a queue of this name until it is resumed, named
  /// "job 1" and so on, the tags "odd" and "even" in turn.
  void hold(const std::string& queue, int jobs) const {
    done({"queues", "pause", queue});
    std::string lines;
    for (int i = 1; i <= jobs; ++i)
      lines += R"({"type":"noop","name":"job )" + std::to_string(i)
               + R"(","queue":")" + queue + R"(","tags":[")"
               + (i % 2 == 0 ? "even" : "odd") + "\"]}\n";
    auto x = cli_reading(lines, {"enqueue", "--lines", "-"});
    BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  }

  /// The JSON of a list of jobs.
  value list(strings words) const {
    words.insert(words.begin(), {"jobs", "list", "--json"});
    return json_of(cli(words));
  }

  /// How many jobs a query finds.
  size_t matches(const std::string& query) const {
    return items_of(list({"--all", "-q", query}), "jobs").size();
  }

  /// Waits until so many jobs of a queue are ready, returns the queue.
  value queue(const std::string& name, int64_t ready) const {
    value found;
    wait_until([&] {
      found = get("/api/queues/" + name);
      return int_of(found, "ready") == ready;
    });
    return found;
  }
};

} // namespace quaero::test
