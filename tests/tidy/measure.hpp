#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Lengths of what is in a C++ file, by counting braces. Made for code that
/// clang-format has laid out: it tells a function's body from a list of values
/// by the blank before the brace.
namespace quaero::tidy {

enum class block_kind : uint8_t {
  function, ///< Also a lambda or the body of a loop: shorter than its function.
  behaviour, ///< "return {" and lambdas: what an actor answers.
};

struct block {
  block_kind kind = block_kind::function;
  size_t first = 0; ///< Index of the line that its head starts on.
  size_t last = 0;  ///< Index of the line of its closing brace.

  size_t lines() const { return last - first + 1; }
};

/// The code with comments, texts, characters and preprocessor lines blanked.
/// Lines stay where they are.
std::string blank_out(std::string_view code);

/// Functions and behaviours of a file, inner ones before their outer ones.
std::vector<block> measure(std::string_view code);

} // namespace quaero::tidy
