#include "programs/cli/table.hpp"

#include "definitions/json.hpp"

#include <algorithm>
#include <numeric>

namespace quaero::cli {

namespace {

constexpr size_t gap = 2;          // columns between two cells
constexpr size_t shrunk_width = 8; // no cell is cut below this

void add_flat(field_list& to, const std::string& prefix, const value& json) {
  if (!json.is_object())
    return;
  for (const auto& [name, x] : json.as_object()) {
    auto full = prefix + one_line(name);
    if (x.is_object())
      add_flat(to, full + '.', x);
    else
      to.emplace_back(full, x.is_string() ? x.as_string()
                            : x.is_null() ? ""
                                          : to_json(x));
  }
}

} // namespace

table::table(std::vector<column> columns) : columns_{std::move(columns)} {
  // nop
}

void table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (auto& cell : cells)
    cell = one_line(cell);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> table::widths(const console& to) const {
  std::vector<size_t> result;
  for (size_t i = 0; i < columns_.size(); ++i) {
    auto width = display_width(columns_[i].heading);
    for (const auto& row : rows_)
      width = std::max(width, display_width(row[i]));
    result.push_back(width);
  }
  if (to.width == 0 || result.empty())
    return result;
  auto total
    = std::accumulate(result.begin(), result.end(), gap * (result.size() - 1));
  // The widest cell that may shrink gives one column after the other.
  while (total > to.width) {
    size_t widest = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].shrinks && result[i] > shrunk_width
          && (widest == columns_.size() || result[i] > result[widest]))
        widest = i;
    if (widest == columns_.size())
      break;
    --result[widest];
    --total;
  }
  return result;
}

std::string table::line(const console& to,
                        const std::vector<std::string>& cells,
                        const std::vector<size_t>& widths, bool heading) const {
  std::string result;
  size_t left = to.width; // columns of the terminal that are free
  for (size_t i = 0; i < cells.size(); ++i) {
    auto limit = to.width == 0 ? widths[i] : std::min(widths[i], left);
    auto text = cut(cells[i], limit);
    auto blanks = limit - display_width(text);
    auto painted = text;
    if (heading)
      painted = paint(to, colour::grey, text);
    else if (columns_[i].status)
      painted = paint(to, status_colour(cells[i]), text);
    bool last = i + 1 == cells.size();
    if (columns_[i].right)
      result += std::string(blanks, ' ') + painted;
    else
      result += painted + (last ? "" : std::string(blanks, ' '));
    if (last)
      break;
    auto space = to.width == 0 ? gap : std::min(gap, left - limit);
    result += std::string(space, ' ');
    left -= std::min(left, limit + space);
  }
  while (result.ends_with(' '))
    result.pop_back();
  return result;
}

void table::print_heading(const console& to,
                          const std::vector<size_t>& w) const {
  std::vector<std::string> headings;
  for (const auto& c : columns_)
    headings.emplace_back(c.heading);
  to.out << line(to, headings, w, true) << '\n';
}

void table::print_rows(const console& to, const std::vector<size_t>& w) const {
  for (const auto& row : rows_)
    to.out << line(to, row, w, false) << '\n';
}

void table::print(const console& to) const {
  auto w = widths(to);
  print_heading(to, w);
  print_rows(to, w);
}

void table::flush(const console& to) {
  if (flushed_widths_.empty()) {
    flushed_widths_ = widths(to);
    print_heading(to, flushed_widths_);
  } else if (to.width == 0) {
    // Nothing may be cut there, not even to keep the columns straight.
    auto w = widths(to);
    for (size_t i = 0; i < w.size(); ++i)
      flushed_widths_[i] = std::max(flushed_widths_[i], w[i]);
  }
  print_rows(to, flushed_widths_);
  rows_.clear();
}

field_list flat_fields(const value& json) {
  field_list result;
  add_flat(result, "", json);
  return result;
}

void print_fields(const console& to, const field_list& fields) {
  size_t width = 0;
  for (const auto& [name, text] : fields)
    if (!text.empty())
      width = std::max(width, display_width(name));
  for (const auto& [name, text] : fields) {
    if (text.empty())
      continue;
    auto blanks = std::string(width - display_width(name) + gap, ' ');
    to.out << paint(to, colour::grey, name) << blanks
           << paint(to, name == "status" ? status_colour(text) : colour::none,
                    one_line(text))
           << '\n';
  }
}

} // namespace quaero::cli
