#include "definitions/substitution.hpp"

#include "definitions/ascii.hpp"

#include <algorithm>
#include <cctype>

namespace quaero {

namespace {

constexpr std::string_view config_prefix = "config.";

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'
         || c == '.';
}

// A placeholder name has a letter, so that "{3}" in a pattern is none.
bool is_name(std::string_view x) {
  return std::all_of(x.begin(), x.end(), is_name_char)
         && std::any_of(x.begin(), x.end(),
                        [](unsigned char c) { return std::isalpha(c) != 0; });
}

// A member may have dots in its own name: the longest name counts.
const value* find_path(const value& x, std::string_view path) {
  if (auto member = x.find(path))
    return member;
  for (auto dot = path.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = path.rfind('.', dot - 1)) {
    if (auto member = x.find(path.substr(0, dot)))
      return find_path(*member, path.substr(dot + 1));
  }
  return nullptr;
}

class substitution {
public:
  substitution(const value& job_config, const key_lookup& keys, secrets* used)
    : job_config_{job_config}, keys_{keys}, used_{used} {}

  void walk(value& x, bool with_config) {
    if (x.is_string())
      replace(x, with_config);
    else if (x.is_array())
      for (auto& item : x.as_array())
        walk(item, with_config);
    else if (x.is_object())
      for (auto& member : x.as_object())
        walk(member.second, with_config);
  }

  std::vector<std::string> take_unresolved() { return std::move(unresolved_); }

private:
  static bool is_config(std::string_view name) {
    return name.substr(0, config_prefix.size()) == config_prefix;
  }

  void replace(value& x, bool with_config) {
    std::string_view text = x.as_string();
    if (with_config && text.size() > 2 && text.front() == '{'
        && text.back() == '}') {
      auto name = text.substr(1, text.size() - 2);
      if (is_name(name) && is_config(name)) {
        auto found = find_path(job_config_, name.substr(config_prefix.size()));
        if (!found) {
          add_unresolved(text);
          return;
        }
        // Keys in it count, but no further {config.name}: it may name itself.
        auto copy = *found;
        walk(copy, false);
        x = std::move(copy);
        return;
      }
    }
    x = replace_keys(text);
  }

  // One pass: what a key's text says in braces stays as it is.
  std::string replace_keys(std::string_view text) {
    std::string result;
    while (!text.empty()) {
      auto open = text.find('{');
      result += text.substr(0, open);
      if (open == std::string_view::npos)
        break;
      text.remove_prefix(open);
      auto close = text.find_first_of("{}", 1);
      if (close == std::string_view::npos || text[close] == '{'
          || !is_name(text.substr(1, close - 1))) {
        auto end = std::min(close, text.size());
        result += text.substr(0, end);
        text.remove_prefix(end);
        continue;
      }
      auto placeholder = text.substr(0, close + 1);
      auto found = look_up(text.substr(1, close - 1));
      if (!found)
        add_unresolved(placeholder);
      result += found ? found->text : std::string{placeholder};
      text.remove_prefix(close + 1);
    }
    return result;
  }

  std::optional<key_text> look_up(std::string_view name) {
    const auto key = to_lower(name);
    auto found = keys_ ? keys_(key) : std::nullopt;
    if (found && used_ != nullptr && !found->seal.empty())
      used_->add(key, *found);
    return found;
  }

  void add_unresolved(std::string_view x) {
    if (std::find(unresolved_.begin(), unresolved_.end(), x)
        == unresolved_.end())
      unresolved_.emplace_back(x);
  }

  const value& job_config_;
  const key_lookup& keys_;
  secrets* used_;
  std::vector<std::string> unresolved_;
};

} // namespace

std::vector<std::string> substitute(value& x, const value& job_config,
                                    const key_lookup& keys, secrets* used) {
  substitution run{job_config, keys, used};
  run.walk(x, true);
  return run.take_unresolved();
}

bool has_placeholder(const value& x) {
  if (x.is_string()) {
    const auto& text = x.as_string();
    auto open = text.find('{');
    return open != std::string::npos
           && text.find('}', open) != std::string::npos;
  }
  if (x.is_array())
    return std::any_of(x.as_array().begin(), x.as_array().end(),
                       has_placeholder);
  if (x.is_object())
    return std::any_of(x.as_object().begin(), x.as_object().end(),
                       [](const auto& m) { return has_placeholder(m.second); });
  return false;
}

} // namespace quaero
