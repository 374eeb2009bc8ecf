#pragma once

#include "definitions/validation.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

/// Helpers for tests of definition texts.
namespace quaero::test {

/// The first lines of a definition, two of them.
inline const std::string head = "id = \"a\"\nname = \"A\"\n";

/// The last lines of a definition.
inline const std::string tail = "[step.one]\ntype = \"noop\"\n";

/// All errors, one a line.
inline std::string all_errors(const definition_result& x) {
  std::string result;
  for (auto& e : x.errors)
    result += to_string(e) + "\n";
  return result;
}

/// The only error of a text.
inline definition_error only_error(const definition_result& x) {
  BOOST_TEST(x.errors.size() == 1u, all_errors(x));
  return x.errors.empty() ? definition_error{} : x.errors.front();
}

/// The definition in a text without errors.
inline job_definition good(const definition_result& x) {
  BOOST_TEST(x.ok(), all_errors(x));
  return x.definition;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

} // namespace quaero::test
