#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quaero {

/// A tree of plain data, as JSON and TOML know it. Objects keep the order of
/// their members. Reading a number accepts 5 and 5.0 alike.
class value {
public:
  using array = std::vector<value>;
  using member = std::pair<std::string, value>;
  using object = std::vector<member>;

  value() = default; // null
  value(std::nullptr_t) {}
  value(bool x) : data_{x} {}
  value(int x) : data_{int64_t{x}} {}
  value(unsigned x) : data_{int64_t{x}} {}
  value(int64_t x) : data_{x} {}
  value(uint64_t x) : data_{static_cast<int64_t>(x)} {}
  value(double x) : data_{x} {}
  value(const char* x) : data_{std::string{x}} {}
  value(std::string_view x) : data_{std::string{x}} {}
  value(std::string x) : data_{std::move(x)} {}
  value(array x) : data_{std::move(x)} {}
  value(object x) : data_{std::move(x)} {}

  static value make_object(std::initializer_list<member> members = {}) {
    return value{object(members)};
  }
  static value make_array(std::initializer_list<value> items = {}) {
    return value{array(items)};
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_int() const { return std::holds_alternative<int64_t>(data_); }
  bool is_double() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_array() const { return std::holds_alternative<array>(data_); }
  bool is_object() const { return std::holds_alternative<object>(data_); }

  /// REQUIRES: is_<kind>().
  bool as_bool() const { return std::get<bool>(data_); }
  int64_t as_int() const { return std::get<int64_t>(data_); }
  double as_double() const {
    return is_int() ? static_cast<double>(as_int()) : std::get<double>(data_);
  }
  const std::string& as_string() const { return std::get<std::string>(data_); }
  std::string& as_string() { return std::get<std::string>(data_); }
  const array& as_array() const { return std::get<array>(data_); }
  array& as_array() { return std::get<array>(data_); }
  const object& as_object() const { return std::get<object>(data_); }
  object& as_object() { return std::get<object>(data_); }

  /// The member of that name, or nullptr if there is none or this is no object.
  const value* find(std::string_view name) const;
  value* find(std::string_view name);

  /// Replaces the member or appends it. A null value becomes an object first.
  void set(std::string_view name, value x);
  void erase(std::string_view name);

  /// Typed readers of a member: nothing if absent or of another kind. An
  /// integer may be written 5, 5.0 or "5"; a list of strings may be written
  /// as one string.
  std::optional<std::string> get_string(std::string_view name) const;
  std::optional<int64_t> get_int(std::string_view name) const;
  std::optional<double> get_double(std::string_view name) const;
  std::optional<bool> get_bool(std::string_view name) const;
  std::optional<std::vector<std::string>>
  get_strings(std::string_view name) const;

  bool operator==(const value&) const = default;

private:
  std::variant<std::monostate, bool, int64_t, double, std::string, array,
               object>
    data_;
};

/// What kind a value is, as an error message says it: "a string", "a table".
const char* kind_name(const value& x);

} // namespace quaero
