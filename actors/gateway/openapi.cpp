#include "actors/gateway/openapi.hpp"

#include "definitions/json.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace quaero {

namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return out;
}

// "/docs/{...}" is "/docs/{rest}": OpenAPI has no name for several segments.
std::string path_of(const route& x) {
  std::string out{x.pattern};
  constexpr std::string_view many = "{...}";
  if (auto i = out.find(many); i != std::string::npos)
    out.replace(i, many.size(), "{rest}");
  return out;
}

// Adds the members of `from` to `to`, down to that level: a path may have its
// operations in several parts, and components are kept by kind.
void merge(value& to, const value& from, int levels) {
  for (const auto& [name, val] : from.as_object()) {
    auto* there = to.find(name);
    if (levels > 0 && there != nullptr && there->is_object() && val.is_object())
      merge(*there, val, levels - 1);
    else
      to.set(name, val);
  }
}

value merged_parts() {
  auto out = value::make_object();
  for (auto text : openapi_parts()) {
    value part;
    std::string error;
    if (!parse_json(text, part, error) || !part.is_object())
      throw std::logic_error("a part of the API's description: " + error);
    constexpr int levels = 2;
    merge(out, part, levels);
  }
  return out;
}

std::string_view scope_name(const route& x) {
  switch (x.needs) {
    case access::open:
      return "";
    case access::read:
      return "read";
    case access::submit:
      return "submit";
    case access::operate:
      return "operate";
    case access::admin:
      return "admin";
    default:
      return x.method == "GET" ? "read" : "operate";
  }
}

// What no part says of an operation because it holds for many.
void complete(value& operation, const route& x) {
  value::array security;
  if (auto scope = scope_name(x); !scope.empty()) {
    security.push_back(
      value::make_object({{"bearer", value::array{value{scope}}}}));
    operation.set("x-scope", scope);
  }
  operation.set("security", std::move(security));
  operation.find("responses")
    ->set("default",
          value::make_object({{"$ref", "#/components/responses/problem"}}));
}

value* find_operation(value& all, const route& x) {
  auto* paths = all.find("paths");
  auto* path = paths != nullptr ? paths->find(path_of(x)) : nullptr;
  return path != nullptr ? path->find(lower(x.method)) : nullptr;
}

} // namespace

std::string openapi_document(const std::vector<route>& routes,
                             std::string_view version) {
  auto all = merged_parts();
  all.find("info")->set("version", version);
  for (const auto& x : routes)
    if (auto* operation = find_operation(all, x))
      complete(*operation, x);
  return to_json(all);
}

std::vector<std::string> openapi_gaps(const std::vector<route>& routes) {
  auto all = merged_parts();
  std::vector<std::string> out;
  std::set<std::string> served;
  for (const auto& x : routes) {
    served.insert(lower(x.method) + " " + path_of(x));
    if (find_operation(all, x) == nullptr)
      out.push_back(std::string{x.method} + " " + path_of(x));
  }
  for (const auto& [path, operations] : all.find("paths")->as_object())
    for (const auto& [method, operation] : operations.as_object())
      if (method != "parameters" && !served.contains(method + " " + path))
        out.push_back(method + " " + path + " has no route");
  return out;
}

namespace {

void serve(const exchange_ptr& ex) {
  // Made once: the routes do not change while the daemon runs.
  static const auto text
    = openapi_document(all_routes(), ex->context().config.version);
  ex->reply({200, text, "application/json", {}});
}

} // namespace

const std::vector<route>& openapi_routes() {
  static const std::vector<route> routes{
    {"GET", "/openapi.json", serve, access::open},
  };
  return routes;
}

} // namespace quaero
