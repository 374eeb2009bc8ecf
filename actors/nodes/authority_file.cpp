// What the AUTHORITY keeps, as a text.

#include "actors/nodes/authority.hpp"
#include "definitions/json.hpp"

#include <algorithm>

namespace quaero {

namespace {

constexpr int64_t format_version = 1;

value to_value(const std::vector<std::string>& xs) {
  value::array out;
  for (const auto& x : xs)
    out.emplace_back(x);
  return out;
}

value to_value(timestamp x) {
  return x == timestamp{} ? value{} : value{to_rfc3339(x)};
}

bool read_time(const value& from, const char* name, timestamp& out) {
  const auto* x = from.find(name);
  if (x == nullptr || x->is_null())
    return true;
  return x->is_string() && from_rfc3339(x->as_string(), out);
}

bool read_list(const value& from, const char* name,
               std::vector<std::string>& out) {
  auto xs = from.get_strings(name);
  if (xs)
    out = std::move(*xs);
  return xs.has_value();
}

bool read_node(const value& from, known_node& out) {
  out.name = from.get_string("name").value_or("");
  out.draining = from.get_bool("draining").value_or(false);
  return is_node_name(out.name) && read_list(from, "workers", out.workers)
         && read_list(from, "serials", out.serials)
         && read_time(from, "joined_at", out.joined_at)
         && read_time(from, "expires_at", out.expires_at)
         && read_time(from, "revoked_at", out.revoked_at);
}

} // namespace

std::string authority::write(const contents& x) {
  value::array nodes;
  for (const auto& node : x.nodes)
    nodes.push_back(
      value::make_object({{"name", node.name},
                          {"workers", to_value(node.workers)},
                          {"serials", to_value(node.serials)},
                          {"joined_at", to_value(node.joined_at)},
                          {"expires_at", to_value(node.expires_at)},
                          {"revoked_at", to_value(node.revoked_at)},
                          {"draining", node.draining}}));
  value::array invitations;
  for (const auto& open : x.invitations)
    invitations.push_back(
      value::make_object({{"node", open.node},
                          {"hash", open.hash},
                          {"workers", to_value(open.workers)},
                          {"expires_at", to_value(open.expires_at)},
                          {"used_by", open.used_by}}));
  return to_pretty_json(
           value::make_object({{"version", format_version},
                               {"nodes", std::move(nodes)},
                               {"invitations", std::move(invitations)}}))
         + "\n";
}

std::string authority::read(const std::string& text, contents& out) {
  value all;
  std::string why;
  if (!parse_json(text, all, why))
    return why;
  if (all.get_int("version") != format_version)
    return "it is of another version";
  const auto* nodes = all.find("nodes");
  const auto* invitations = all.find("invitations");
  if (nodes == nullptr || !nodes->is_array() || invitations == nullptr
      || !invitations->is_array())
    return "nodes or invitations are missing";
  contents read;
  for (const auto& x : nodes->as_array())
    if (!read_node(x, read.nodes.emplace_back()))
      return "a node is not what it should be";
  for (const auto& x : invitations->as_array()) {
    auto& open = read.invitations.emplace_back();
    open.node = x.get_string("node").value_or("");
    open.hash = x.get_string("hash").value_or("");
    open.used_by = x.get_string("used_by").value_or("");
    if (!is_node_name(open.node) || open.hash.size() != 64
        || !read_list(x, "workers", open.workers)
        || !read_time(x, "expires_at", open.expires_at))
      return "an invitation is not what it should be";
  }
  std::sort(read.nodes.begin(), read.nodes.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  out = std::move(read);
  return {};
}

} // namespace quaero
