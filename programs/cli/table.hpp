#pragma once

#include "definitions/value.hpp"
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

  /// Prints the rows so far and forgets them; the first time with a heading,
  /// whose columns the later ones keep.
  void flush(const console& to);

private:
  std::vector<size_t> widths(const console& to) const;
  void print_heading(const console& to, const std::vector<size_t>& w) const;
  void print_rows(const console& to, const std::vector<size_t>& w) const;
  std::string line(const console& to, const std::vector<std::string>& cells,
                   const std::vector<size_t>& widths, bool heading) const;

  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> flushed_widths_;
};

/// Name and text of a line of print_fields().
using field_list = std::vector<std::pair<std::string, std::string>>;

/// The members of an object, those of objects below it as "outer.inner".
field_list flat_fields(const value& json);

/// "name  value" lines with the values below each other; lines with an empty
/// value are left out.
void print_fields(const console& to, const field_list& fields);

} // namespace quaero::cli
