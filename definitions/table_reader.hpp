#pragma once

#include "definitions/definition_reader.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How the members of a definition's tables are read. Not meant for other
/// layers.
namespace quaero {

/// Collects errors and knows where they are.
class error_list {
public:
  error_list(definition_format format, const key_lines& lines)
    : format_{format}, lines_{lines} {}

  void add(std::string field, std::string message) {
    auto line = line_of(field);
    fields_.insert(field);
    errors_.push_back({line, std::move(field), std::move(message)});
  }

  /// Adds what validate() found, but no second error about one field: a value
  /// of the wrong kind was not read, so it looks missing.
  void add_rules(std::vector<definition_error> errors) {
    auto known = std::move(fields_);
    for (auto& x : errors)
      if (known.count(x.field) == 0)
        add(std::move(x.field), std::move(x.message));
  }

  std::vector<definition_error> take_sorted() {
    std::stable_sort(errors_.begin(), errors_.end(),
                     [](auto& a, auto& b) { return a.line < b.line; });
    return std::move(errors_);
  }

private:
  /// The line of the key, else of the table that it is missing in.
  uint32_t line_of(std::string_view field) const {
    if (format_ == definition_format::json)
      return 0;
    for (;;) {
      if (auto there = lines_.find(field); there != lines_.end())
        return there->second;
      auto dot = field.rfind('.');
      if (dot == std::string_view::npos)
        return 1;
      field = field.substr(0, dot);
    }
  }

  definition_format format_;
  const key_lines& lines_;
  std::set<std::string> fields_;
  std::vector<definition_error> errors_;
};

/// Reads the members of one table. What is absent keeps its default.
class table_reader {
public:
  /// `path` and `start` precede a key in the field and the message of an error.
  table_reader(error_list& errors, const value& table, std::string path,
               std::string start)
    : errors_{errors}, table_{table}, path_{std::move(path)}, start_{std::move(
                                                                start)} {}

  std::string field(std::string_view key) const {
    return path_ + std::string{key};
  }

  void fail(std::string_view key, std::string message) {
    errors_.add(field(key), start_ + std::move(message));
  }

  const value* find(std::string_view key) const { return table_.find(key); }

  void read(std::string_view key, std::string& out) {
    if (auto x = find(key)) {
      if (x->is_string())
        out = x->as_string();
      else
        wrong_kind(key, "a string", *x);
    }
  }

  void read(std::string_view key, bool& out) {
    if (auto x = find(key)) {
      if (x->is_bool())
        out = x->as_bool();
      else
        wrong_kind(key, "a boolean (true or false)", *x);
    }
  }

  /// Takes 5.0 for 5, but not "5".
  bool read(std::string_view key, int64_t& out) {
    auto x = find(key);
    if (!x)
      return false;
    auto number = x->is_number() ? table_.get_int(key) : std::nullopt;
    if (!number) {
      wrong_kind(key, "an integer", *x);
      return false;
    }
    out = *number;
    return true;
  }

  bool read(std::string_view key, double& out) {
    auto x = find(key);
    if (!x)
      return false;
    if (!x->is_number()) {
      wrong_kind(key, "a number", *x);
      return false;
    }
    out = x->as_double();
    return true;
  }

  void read(std::string_view key, std::vector<std::string>& out) {
    if (auto x = find(key)) {
      auto strings = x->is_array() ? table_.get_strings(key) : std::nullopt;
      if (strings)
        out = std::move(*strings);
      else
        wrong_kind(key, "an array of strings", *x);
    }
  }

  bool read_table(std::string_view key, value& out) {
    auto x = find(key);
    if (!x)
      return false;
    if (!x->is_object()) {
      wrong_kind(key, "a table", *x);
      return false;
    }
    out = *x;
    return true;
  }

  void wrong_kind(std::string_view key, std::string_view expected,
                  const value& x) {
    auto but = x.is_array() && expected.substr(0, 8) == "an array"
                 ? std::string{" only"}
                 : std::string{", not "} + kind_name(x);
    fail(key, quoted(key) + " must be " + std::string{expected} + but);
  }

  /// Refuses each key that is not in `known`.
  void check_keys(const std::vector<std::string>& known) {
    for (auto& [key, unused] : table_.as_object()) {
      if (std::find(known.begin(), known.end(), key) != known.end())
        continue;
      auto meant = nearest(key, known, misspelling_edits_max);
      fail(key,
           "unknown key " + quoted(key)
             + (meant.empty() ? "" : ", did you mean " + quoted(meant) + "?"));
    }
  }

private:
  error_list& errors_;
  const value& table_;
  std::string path_;
  std::string start_;
};

} // namespace quaero
