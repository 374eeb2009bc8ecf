#pragma once

#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace quaero::test {

/// Runs quaero-bench.
struct bench_fixture : system_fixture {
  /// Its command line.
  static strings program_words(const strings& arguments) {
    strings words{program_path("quaero-bench")};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }

  ended bench(const strings& arguments) const {
    return run_program(program_words(arguments), std::chrono::seconds{120});
  }

  /// The same with lines of JSON, in a folder of its own.
  ended measured(strings arguments) const {
    arguments.insert(arguments.end(), {"--json", "--dir", bench_dir()});
    return bench(arguments);
  }

  std::string bench_dir() const { return folder() + "/bench"; }
};

/// The measurements that a program printed.
inline std::vector<value> lines_of(const std::string& text) {
  std::vector<value> out;
  for (size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string error;
    BOOST_REQUIRE_MESSAGE(
      parse_json(text.substr(at, end - at), out.emplace_back(), error), error);
    at = end + 1;
  }
  return out;
}

} // namespace quaero::test
