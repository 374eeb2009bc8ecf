#include "actors/gateway/request_body.hpp"

#include "definitions/json.hpp"
#include "definitions/substitution.hpp"

#include <algorithm>

namespace quaero {

namespace {

void refuse(const exchange_ptr& ex, std::string rule) {
  ex->reply(make_problem(400, "invalid_argument", std::move(rule)));
}

std::string join(std::initializer_list<std::string_view> names) {
  std::string out;
  for (auto x : names) {
    out += out.empty() ? "" : ", ";
    out += x;
  }
  return out;
}

} // namespace

bool read_object(const exchange_ptr& ex,
                 std::initializer_list<std::string_view> names, value& out) {
  const auto& text = ex->request().body;
  out = value::make_object();
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return true;
  std::string error;
  if (!parse_json(text, out, error)) {
    refuse(ex, std::move(error));
    return false;
  }
  if (!out.is_object()) {
    refuse(ex, "the body must be an object");
    return false;
  }
  for (const auto& [name, val] : out.as_object())
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      refuse(ex, name + ": no such field; there are " + join(names));
      return false;
    }
  return true;
}

bool read_text(const exchange_ptr& ex, const value& body, std::string_view name,
               std::optional<std::string>& out) {
  const auto* found = body.find(name);
  if (found == nullptr)
    return true;
  if (!found->is_string()) {
    refuse(ex, std::string{name} + ": must be text");
    return false;
  }
  out = found->as_string();
  return true;
}

std::string secret_in(const value& config, const key_lookup& keys) {
  for (const auto& [name, val] : config.as_object()) {
    auto one = val;
    secrets asked;
    substitute(one, value::make_object(), keys, &asked);
    if (!asked.empty())
      return "config." + name + ": a value for one run may not name a secret";
  }
  return {};
}

} // namespace quaero
