#pragma once

#include "definitions/value.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// Checks a step's configuration key by key and collects one sentence for each
/// rule that is broken: "log_count must be an integer from 0 to 100000".
class config_rules {
public:
  explicit config_rules(const value& config) : config_{config} {}

  /// Absent keys are fine. Strings that hold a placeholder are not checked.
  void integer(std::string_view key, int64_t min, int64_t max);
  void number(std::string_view key, double min, double max);
  void text(std::string_view key);
  void flag(std::string_view key);

  /// Refuses keys that no rule named, but for those every worker takes.
  void no_other_keys();

  const std::vector<std::string>& problems() const { return problems_; }

private:
  const value* find(std::string_view key);
  void add(std::string_view key, const std::string& rule);

  const value& config_;
  std::vector<std::string> known_;
  std::vector<std::string> problems_;
};

} // namespace quaero
