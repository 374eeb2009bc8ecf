#include "bench/table.hpp"

#include "bench/lines.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <cstdio>

namespace quaero::bench {

namespace {

/// "a to b", of a figure of which more than one run is known.
std::string spread_of(const value& line, const std::string& name) {
  const auto least = number_at(line, name + "_min");
  const auto most = number_at(line, name + "_max");
  if (!least || !most || *least == *most)
    return {};
  return number_text(*least) + " to " + number_text(*most);
}

bool is_spread(const std::string& name) {
  return name.ends_with("_min") || name.ends_with("_max");
}

/// A list of things that were measured alike.
void print_list(const std::string& name, const value::array& items) {
  if (items.empty() || !items[0].is_object())
    return;
  std::vector<std::string> head{name};
  for (const auto& [member, x] : items[0].as_object())
    head.push_back(member);
  table out{head};
  for (size_t i = 0; i < items.size(); ++i) {
    std::vector<std::string> row{std::to_string(i + 1)};
    for (size_t n = 1; n < head.size(); ++n) {
      const auto* x = items[i].find(head[n]);
      row.push_back(x == nullptr     ? ""
                    : x->is_number() ? number_text(x->as_double())
                    : x->is_string() ? x->as_string()
                    : x->is_null()   ? ""
                                     : to_json(*x));
    }
    out.add(std::move(row));
  }
  std::printf("\n%s", out.text().c_str());
}

} // namespace

std::string table::text() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      line += i == 0 ? row[i] + blanks : "  " + blanks + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

void print_measurement(const value& line) {
  std::printf("%s\n\n", settings_text(line).c_str());
  table out{{"", "", "least to most"}};
  for (const auto& [name, number] : figures_of(line))
    if (!is_spread(name))
      out.add({name, number_text(number), spread_of(line, name)});
  std::printf("%s", out.text().c_str());
  for (const auto& [name, x] : line.as_object())
    if (x.is_array() && x.as_array().size() > 1)
      print_list(name, x.as_array());
  if (const auto* about = line.find("conditions"))
    std::printf("\n%s\n", conditions_text(*about).c_str());
}

std::string conditions_text(const value& conditions) {
  std::string out;
  auto add = [&](const char* name, const std::string& before,
                 const std::string& behind = {}) {
    const auto* x = conditions.find(name);
    if (x == nullptr || x->is_null())
      return;
    out += (out.empty() ? "" : ", ") + before
           + (x->is_string() ? x->as_string() : number_text(x->as_double()))
           + behind;
  };
  add("cpu", "");
  add("cores", "cores: ");
  add("kernel", "kernel ");
  add("file_system", "");
  add("compiler", "");
  add("flags", "");
  add("allocator", "");
  add("caf", "CAF ");
  add("leveldb", "LevelDB ");
  add("version", "quaero ");
  add("commit", "commit ");
  add("load_before", "load ");
  return out;
}

} // namespace quaero::bench
