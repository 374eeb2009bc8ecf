#pragma once

#include "programs/cli/terminal.hpp"

#include <string>
#include <vector>

namespace quaero::cli {

/// Rows of text below a heading, aligned for people to read.
class table {
public:
  struct column {
    std::string heading;
    bool right = false;   ///< Numbers.
    bool status = false;  ///< Coloured by status_colour().
    bool shrinks = false; ///< Cut first when the terminal is too narrow.
  };

  explicit table(std::vector<column> columns);

  /// REQUIRES: as many cells as columns. Cells are made safe to print.
  void add(std::vector<std::string> cells);

  size_t size() const { return rows_.size(); }

  /// No line is wider than `to.width`, unless that is 0.
  void print(const console& to) const;

private:
  std::vector<size_t> widths(const console& to) const;
  std::string line(const console& to, const std::vector<std::string>& cells,
                   const std::vector<size_t>& widths, bool heading) const;

  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "name  value" lines with the values below each other; lines with an empty
/// value are left out.
void print_fields(
  const console& to,
  const std::vector<std::pair<std::string, std::string>>& fields);

} // namespace quaero::cli
