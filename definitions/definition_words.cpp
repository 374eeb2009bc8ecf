#include "definitions/definition_reader.hpp"

#include <algorithm>
#include <numeric>

namespace quaero {

namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

} // namespace

bool is_placeholder(std::string_view text) {
  return text.size() >= 2 && text.front() == '{' && text.back() == '}';
}

const std::vector<std::string>& reserved_step_keys() {
  static const std::vector<std::string> keys{
    "always_run", "condition", "depends",      "description", "job",
    "on_error",   "retry",     "step_timeout", "type"};
  return keys;
}

std::string misspelt_step_key(std::string_view key) {
  if (key == "depends_on" || key == "dependencies")
    return "depends";
  // Workers have short keys of their own that are near to "retry" and "type".
  constexpr size_t length_min = 7;
  auto result = nearest(key, reserved_step_keys(), misspelling_edits_max);
  return result.size() >= length_min && result != key ? result : "";
}

std::string nearest(std::string_view name,
                    const std::vector<std::string>& candidates,
                    size_t distance_max) {
  std::string result;
  for (auto& x : candidates) {
    auto longer = std::max(x.size(), name.size());
    if (longer - std::min(x.size(), name.size()) > distance_max)
      continue;
    auto distance = edit_distance(name, x);
    // What shares nothing with the name is no suggestion.
    if (distance <= distance_max && distance < x.size()) {
      result = x;
      if (distance == 0)
        break;
      distance_max = distance - 1;
    }
  }
  return result;
}

std::string join(const std::vector<std::string>& items,
                 std::string_view separator) {
  std::string result;
  for (auto& x : items) {
    if (&x != &items.front())
      result += separator;
    result += x;
  }
  return result;
}

std::string quoted(std::string_view x) {
  std::string result{'\''};
  result += x;
  result += '\'';
  return result;
}

std::string step_field(const step& x, size_t index, std::string_view key) {
  auto start = x.name.empty() ? "steps[" + std::to_string(index) + "]"
                              : "step." + x.name;
  return start + "." + std::string{key};
}

bool is_attempt_count(int64_t x) {
  return x >= 1 && x <= int64_t{retry_attempts_max};
}

std::string attempts_message() {
  return "retry attempts must be within 1 to "
         + std::to_string(retry_attempts_max);
}

} // namespace quaero
