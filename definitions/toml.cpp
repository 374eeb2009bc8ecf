#include "definitions/definition_reader.hpp"
#include "definitions/utf8.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace quaero {

namespace {

// -- before parsing -----------------------------------------------------------

// Finds the first dotted key with too many parts. Each part is a table in a
// table: the parser would take any number, and then use up the stack.
class key_depth_check {
public:
  explicit key_depth_check(std::string_view text) : text_{text} {}

  // Returns the line, or 0 if all is well.
  uint32_t run() {
    while (pos_ < text_.size()) {
      auto c = text_[pos_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        pos_ = std::min(text_.find('\n', pos_), text_.size());
        continue;
      }
      ++pos_;
      if (c == '\n')
        ++line_;
      if (c == '.' && ++dots_ >= definition_key_depth_max)
        return line_;
      if (std::string_view{"=[]{},\n"}.find(c) != std::string_view::npos)
        dots_ = 0;
    }
    return 0;
  }

private:
  bool at(std::string_view what) const {
    return text_.substr(pos_, what.size()) == what;
  }

  // A string that is not closed stops the parser where it stops this.
  void skip_string(char quote) {
    std::string triple(3, quote);
    auto is_long = at(triple);
    pos_ += is_long ? 3 : 1;
    for (; pos_ < text_.size(); ++pos_) {
      auto c = text_[pos_];
      if (is_long ? at(triple) : c == quote || c == '\n')
        break;
      if (c == '\n')
        ++line_;
      else if (c == '\\' && quote == '"' && pos_ + 1 < text_.size()
               && text_[pos_ + 1] != '\n')
        ++pos_;
    }
    if (pos_ < text_.size() && text_[pos_] != '\n')
      pos_ += is_long ? 3 : 1;
  }

  std::string_view text_;
  size_t pos_ = 0;
  size_t dots_ = 0;
  uint32_t line_ = 1;
};

// -- to our own tree ----------------------------------------------------------

// Deeper keys are found by the line of the table that they are in.
constexpr size_t path_depth_max = 4;

class converter {
public:
  value run(const toml::table& root) { return convert_table(root, "", 0); }

  key_lines lines;
  std::vector<definition_error> errors;

private:
  value convert(const toml::node& x, const std::string& path, size_t depth) {
    if (depth > definition_depth_max) {
      fail(x, path,
           "nested deeper than " + std::to_string(definition_depth_max)
             + " levels");
      return {};
    }
    if (auto table = x.as_table())
      return convert_table(*table, path, depth);
    if (auto array = x.as_array())
      return convert_array(*array, path, depth);
    if (auto text = x.as_string())
      return text->get();
    if (auto number = x.as_integer())
      return number->get();
    if (auto flag = x.as_boolean())
      return flag->get();
    if (auto number = x.as_floating_point()) {
      if (!std::isfinite(number->get()))
        fail(x, path, "a number must be finite");
      return number->get();
    }
    return convert_time(x);
  }

  value convert_table(const toml::table& x, const std::string& path,
                      size_t depth) {
    struct entry {
      const toml::key* key;
      const toml::node* node;
    };
    std::vector<entry> entries;
    for (auto&& [key, node] : x)
      entries.push_back({&key, &node});
    // The parser sorts by name; users mean the order of the file.
    std::stable_sort(entries.begin(), entries.end(), [](auto& a, auto& b) {
      return a.key->source().begin < b.key->source().begin;
    });
    auto result = value::make_object();
    for (auto& [key, node] : entries) {
      std::string name{key->str()};
      auto inner = path.empty() ? name : path + "." + name;
      if (depth < path_depth_max)
        lines.emplace(inner, key->source().begin.line);
      result.as_object().emplace_back(name, convert(*node, inner, depth + 1));
    }
    return result;
  }

  value convert_array(const toml::array& x, const std::string& path,
                      size_t depth) {
    auto result = value::make_array();
    for (auto& item : x)
      result.as_array().push_back(convert(item, path, depth + 1));
    return result;
  }

  // Dates and times stay text: no worker has another use for them.
  static value convert_time(const toml::node& x) {
    std::ostringstream text;
    if (auto date = x.as_date())
      text << *date;
    else if (auto time = x.as_time())
      text << *time;
    else if (auto both = x.as_date_time())
      text << *both;
    return text.str();
  }

  void fail(const toml::node& x, const std::string& path, std::string message) {
    errors.push_back({x.source().begin.line, path, std::move(message)});
  }
};

definition_result failed(uint32_t line, std::string message) {
  definition_result result;
  result.errors.push_back({line, "", std::move(message)});
  return result;
}

uint32_t line_at(std::string_view text, size_t offset) {
  auto end = text.begin() + static_cast<std::ptrdiff_t>(offset);
  return 1 + static_cast<uint32_t>(std::count(text.begin(), end, '\n'));
}

definition_result read_table(const toml::table& table,
                             const definition_limits& limits) {
  converter convert;
  auto root = convert.run(table);
  auto result = read_definition(std::move(root), definition_format::toml,
                                convert.lines, limits);
  auto& errors = result.errors;
  errors.insert(errors.end(), convert.errors.begin(), convert.errors.end());
  std::stable_sort(errors.begin(), errors.end(),
                   [](auto& a, auto& b) { return a.line < b.line; });
  return result;
}

} // namespace

definition_result parse_toml(std::string_view text,
                             const definition_limits& limits) {
  if (text.size() > limits.bytes_max)
    return failed(1, "the text has " + std::to_string(text.size())
                       + " bytes, allowed " + std::to_string(limits.bytes_max));
  if (auto bad = find_invalid_utf8(text); bad != std::string_view::npos)
    return failed(line_at(text, bad),
                  "invalid UTF-8 at byte " + std::to_string(bad));
  if (auto line = key_depth_check{text}.run())
    return failed(line, "invalid TOML syntax: a key has more than "
                          + std::to_string(definition_key_depth_max)
                          + " parts");
  definition_result result;
  try {
    result = read_table(toml::parse(text), limits);
  } catch (const toml::parse_error& e) {
    return failed(e.source().begin.line,
                  "invalid TOML syntax: " + std::string{e.description()});
  }
  result.definition.toml = text;
  result.definition.content_hash = content_hash(text);
  return result;
}

std::string content_hash(std::string_view text) {
  uint64_t hash = 14695981039346656037ull;
  for (auto c : text) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 1099511628211ull;
  }
  auto folded = static_cast<uint32_t>(hash ^ hash >> 32);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (int shift = 28; shift >= 0; shift -= 4)
    result += digits[folded >> shift & 15];
  return result;
}

} // namespace quaero
