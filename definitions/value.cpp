#include "definitions/value.hpp"

#include <charconv>
#include <cmath>

namespace quaero {

namespace {

template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number result{};
  auto end = text.data() + text.size();
  auto [last, code] = std::from_chars(text.data(), end, result);
  if (code != std::errc{} || last != end)
    return std::nullopt;
  return result;
}

// The doubles in between are exactly those that fit into int64_t.
constexpr double int_min = -9223372036854775808.0;
constexpr double int_end = 9223372036854775808.0;

} // namespace

const value* value::find(std::string_view name) const {
  if (auto members = std::get_if<object>(&data_))
    for (auto& x : *members)
      if (x.first == name)
        return &x.second;
  return nullptr;
}

value* value::find(std::string_view name) {
  return const_cast<value*>(std::as_const(*this).find(name));
}

void value::set(std::string_view name, value x) {
  if (is_null())
    data_ = object{};
  if (auto there = find(name))
    *there = std::move(x);
  else
    as_object().emplace_back(std::string{name}, std::move(x));
}

void value::erase(std::string_view name) {
  if (is_object())
    std::erase_if(as_object(), [&](auto& x) { return x.first == name; });
}

std::optional<std::string> value::get_string(std::string_view name) const {
  if (auto x = find(name); x && x->is_string())
    return x->as_string();
  return std::nullopt;
}

std::optional<int64_t> value::get_int(std::string_view name) const {
  auto x = find(name);
  if (!x)
    return std::nullopt;
  if (x->is_int())
    return x->as_int();
  if (x->is_string())
    return parse_number<int64_t>(x->as_string());
  if (!x->is_double())
    return std::nullopt;
  auto number = x->as_double();
  if (!(number >= int_min && number < int_end) || std::trunc(number) != number)
    return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<double> value::get_double(std::string_view name) const {
  auto x = find(name);
  if (!x)
    return std::nullopt;
  if (x->is_number())
    return x->as_double();
  if (!x->is_string())
    return std::nullopt;
  auto number = parse_number<double>(x->as_string());
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<bool> value::get_bool(std::string_view name) const {
  if (auto x = find(name); x && x->is_bool())
    return x->as_bool();
  return std::nullopt;
}

std::optional<std::vector<std::string>>
value::get_strings(std::string_view name) const {
  auto x = find(name);
  if (!x)
    return std::nullopt;
  if (x->is_string())
    return std::vector{x->as_string()};
  if (!x->is_array())
    return std::nullopt;
  std::vector<std::string> result;
  result.reserve(x->as_array().size());
  for (auto& item : x->as_array()) {
    if (!item.is_string())
      return std::nullopt;
    result.push_back(item.as_string());
  }
  return result;
}

const char* kind_name(const value& x) {
  if (x.is_null())
    return "null";
  if (x.is_bool())
    return "a boolean";
  if (x.is_int())
    return "an integer";
  if (x.is_double())
    return "a number";
  if (x.is_string())
    return "a string";
  return x.is_array() ? "an array" : "a table";
}

} // namespace quaero
