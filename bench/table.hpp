#pragma once

#include "definitions/value.hpp"

#include <string>
#include <vector>

namespace quaero::bench {

/// Lines of text in columns; the first one to the left, the others to the
/// right.
class table {
public:
  explicit table(std::vector<std::string> head) : rows_{std::move(head)} {}

  /// REQUIRES: as many as the head has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  /// The whole text.
  std::string text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// Prints a measurement for people.
void print_measurement(const value& line);

/// What a figure depended on, in a line; what is not known is left out.
std::string conditions_text(const value& conditions);

} // namespace quaero::bench
