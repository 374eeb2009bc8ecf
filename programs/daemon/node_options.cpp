#include "programs/daemon/node_options.hpp"

#include "actors/queue_messages.hpp"
#include "definitions/node_weight.hpp"
#include "definitions/settings.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace quaero {

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    if (end > at)
      out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

bool is_label(const std::string& x) {
  return x.size() <= label_bytes_max
         && std::all_of(x.begin(), x.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '-' || c == '_'
                     || c == '.';
            });
}

std::string wrong_weight() {
  return "must be a whole number from 1 to " + std::to_string(node_weight_max);
}

/// Where a text goes, and what is wrong with it.
std::string take(const std::string& name, const std::string& text,
                 node_options& out) {
  auto of = [&](const std::string& why) {
    return why.empty() ? why : name + ": " + why;
  };
  hub_place ignored;
  if (name == "--join") {
    out.join = text;
    return of(read_hub(text, ignored) ? "" : "must be HOST:PORT");
  }
  if (name == "--token")
    out.token = text;
  else if (name == "--token-file")
    out.token_file = text;
  else if (name == "--labels")
    return of(read_labels(text, out.labels.emplace()));
  else if (name == "--slots")
    return of(read_slots(text, out.slots.emplace()));
  else if (name == "--weight") {
    out.weight = read_node_weight(text);
    return of(out.weight ? "" : wrong_weight());
  }
  return {};
}

bool is_of_node(std::string_view name) {
  constexpr std::string_view names[]
    = {"--join", "--token", "--token-file", "--labels", "--slots", "--weight"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string check(const node_options& x) {
  if (x.help)
    return {};
  const bool has_token = !x.token.empty() || !x.token_file.empty();
  if (!x.token.empty() && !x.token_file.empty())
    return "--token-file: there is a --token already";
  if (!x.join.empty() && !has_token)
    return "--join: needs the --token that `quaero nodes invite` prints";
  if (x.join.empty() && has_token)
    return "--token: needs --join HOST:PORT";
  return {};
}

} // namespace

bool is_node(std::span<const char* const> arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const char* x) {
    const std::string_view word = x;
    return word == "--node" || word == "--join" || word.starts_with("--join=");
  });
}

std::string read_node_options(std::span<const char* const> arguments,
                              node_options& out) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    const auto equals = word.find('=');
    const std::string name{word.substr(0, equals)};
    if (word == "--node")
      continue;
    if (word == "--help" || word == "-h") {
      out.help = true;
      continue;
    }
    if (!is_of_node(name)) {
      out.rest.push_back(arguments[i]);
      continue;
    }
    if (equals == word.npos && i + 1 == arguments.size())
      return name + ": needs a value";
    const std::string text{equals == word.npos ? arguments[++i]
                                               : word.substr(equals + 1)};
    if (auto why = take(name, text, out); !why.empty())
      return why;
  }
  return check(out);
}

std::string read_labels(const std::string& text,
                        std::vector<std::string>& out) {
  out = split(text);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > node_labels_max)
    return "there are more than " + std::to_string(node_labels_max);
  for (const auto& x : out) {
    if (is_weight_label(x)
        && !read_node_weight(x.substr(node_weight_label.size())))
      return "'" + x + "': a weight " + wrong_weight();
    if (!is_label(x))
      return "'" + x + "' must have 1 to " + std::to_string(label_bytes_max)
             + " letters, digits, '-', '_' and '.'";
  }
  return {};
}

std::vector<std::string> next_labels(const node_options& x,
                                     const std::vector<std::string>& before) {
  auto out = x.labels.value_or(before);
  auto weight = x.weight.value_or(weight_of(before));
  if (!x.weight && std::any_of(out.begin(), out.end(), is_weight_label))
    weight = weight_of(out);
  std::erase_if(out, is_weight_label);
  if (weight != 1)
    out.push_back(std::string{node_weight_label} + std::to_string(weight));
  std::sort(out.begin(), out.end());
  return out;
}

std::string read_slots(const std::string& text,
                       std::map<std::string, uint64_t>& out) {
  for (const auto& x : split(text)) {
    const auto equals = x.find('=');
    uint64_t n = 0;
    const auto* end = x.data() + x.size();
    const auto* begin = equals == x.npos ? end : x.data() + equals + 1;
    const auto read = std::from_chars(begin, end, n);
    if (equals == x.npos || equals == 0 || read.ec != std::errc{}
        || read.ptr != end || n < 1 || n > slots_max)
      return "'" + x + "' must be TYPE=N with a number of jobs from 1 to "
             + std::to_string(slots_max);
    out[x.substr(0, equals)] = n;
  }
  return {};
}

bool read_hub(const std::string& text, hub_place& out) {
  return split_listen(text, out.host, out.port) && out.port != 0
         && is_host_name(out.host);
}

} // namespace quaero
