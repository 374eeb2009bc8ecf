#include "definitions/definition_reader.hpp"
#include "definitions/settings.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>

extern char** environ;

namespace quaero {

namespace {

constexpr std::string_view environment_head = "QUAERO_";
constexpr std::string_view config_variable = "QUAERO_CONFIG";

// -- names --------------------------------------------------------------------

using name_form = std::string (*)(const setting&);

std::string toml_name(const setting& x) {
  return x.name;
}

// The name of a setting that `wrong` may have been meant for, or "".
std::string suggestion_for(std::string_view wrong, name_form form) {
  std::vector<std::string> names;
  for (const auto& row : setting_table())
    names.push_back(form(row));
  return nearest(wrong, names, misspelling_edits_max);
}

std::string unknown_message(std::string_view wrong, name_form form) {
  auto meant = suggestion_for(wrong, form);
  return "no such setting"
         + (meant.empty() ? "" : "; did you mean " + meant + '?');
}

// The setting that has `text` in that form, or "". "<type>" matches any type.
std::string setting_named(std::string_view text, name_form form) {
  for (const auto& row : setting_table()) {
    auto wanted = form(row);
    if (text == wanted)
      return row.name;
    auto open = wanted.find('<');
    if (open == std::string::npos)
      continue;
    auto head = wanted.substr(0, open);
    auto tail = wanted.substr(wanted.find('>') + 1);
    if (text.size() <= head.size() + tail.size() || !text.starts_with(head)
        || !text.ends_with(tail))
      continue;
    std::string type{
      text.substr(head.size(), text.size() - head.size() - tail.size())};
    for (auto& c : type)
      c = c == '-'
            ? '_'
            : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string name = row.name;
    return name.replace(name.find('<'), name.find('>') - name.find('<') + 1,
                        type);
  }
  return "";
}

// -- file ---------------------------------------------------------------------

bool kind_fits(const setting& row, const toml::node& node) {
  struct {
    const toml::node& node;
    bool operator()(std::string* (*)(settings&)) const {
      return node.is_string();
    }
    bool operator()(bool* (*)(settings&)) const { return node.is_boolean(); }
    bool operator()(uint64_t* (*)(settings&)) const {
      return node.is_integer();
    }
    bool operator()(std::chrono::nanoseconds* (*)(settings&)) const {
      return node.is_string();
    }
    bool operator()(std::map<std::string, uint64_t>* (*)(settings&)) const {
      return node.is_integer();
    }
  } visitor{node};
  return std::visit(visitor, row.where);
}

std::string text_of(const toml::node& node) {
  if (auto text = node.value_exact<std::string>())
    return *text;
  if (auto number = node.value_exact<int64_t>())
    return std::to_string(*number);
  if (auto flag = node.value_exact<bool>())
    return *flag ? "true" : "false";
  return "";
}

class toml_reader {
public:
  toml_reader(std::string_view file, settings& out) : file_{file}, out_{out} {}

  // Tables nest two deep at most (workers.<type>), which bounds the recursion.
  void read(const toml::table& table, const std::string& prefix, int depth) {
    for (const auto& [key, node] : table) {
      auto name = prefix + std::string{key.str()};
      auto line = static_cast<uint32_t>(key.source().begin.line);
      if (auto* inner = node.as_table();
          inner && depth < table_depth_max && is_table_name(name))
        read(*inner, name + '.', depth + 1);
      else
        read_member(name, node, line);
    }
  }

  std::vector<setting_error> take_errors() {
    std::stable_sort(
      errors_.begin(), errors_.end(),
      [](const auto& a, const auto& b) { return a.line < b.line; });
    return std::move(errors_);
  }

private:
  static constexpr int table_depth_max = 2;

  static bool is_table_name(const std::string& name) {
    if (name.starts_with("workers."))
      return true;
    auto head = name + '.';
    const auto& rows = setting_table();
    return std::any_of(rows.begin(), rows.end(), [&](const setting& row) {
      return std::string_view{row.name}.starts_with(head);
    });
  }

  void read_member(const std::string& name, const toml::node& node,
                   uint32_t line) {
    auto known = setting_named(name, toml_name);
    if (known.empty()) {
      add(name, line, unknown_message(name, toml_name));
      return;
    }
    const auto& rows = setting_table();
    auto row = std::find_if(rows.begin(), rows.end(),
                            [&](const setting& x) { return x.name == known; });
    if (row == rows.end()) // the row of all worker types
      row = std::find_if(rows.begin(), rows.end(), [](const setting& x) {
        return std::string_view{x.name}.find('<') != std::string_view::npos;
      });
    bool fits = kind_fits(*row, node);
    bool text = std::holds_alternative<std::string* (*)(settings&)>(row->where);
    // Of the other kinds the empty text is no value: the row's rule is said.
    auto rule = !fits && text && row->choices.empty()
                  ? "must be a string"
                  : apply_setting(out_, known, fits ? text_of(node) : "");
    if (!rule.empty())
      add(name, line, rule);
  }

  void add(const std::string& field, uint32_t line, std::string message) {
    errors_.push_back({std::string{file_}, line, field, std::move(message)});
  }

  std::string_view file_;
  settings& out_;
  std::vector<setting_error> errors_;
};

std::vector<setting_error> read_file(const std::string& path, settings& out) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return {{path, 0, "", "cannot be read; is it there?"}};
  std::string text(settings_file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad())
    return {{path, 0, "", "cannot be read; is it a file?"}};
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > settings_file_bytes_max)
    return {
      {path, 0, "",
       "is larger than " + std::to_string(settings_file_bytes_max) + " bytes"}};
  return read_settings_toml(text, path, out);
}

// -- environment --------------------------------------------------------------

void read_environment(const setting_sources& sources, settings_result& result) {
  for (const auto& [name, text] : sources.environment) {
    if (!name.starts_with(environment_head) || name == config_variable)
      continue;
    auto known = setting_named(name, environment_name);
    if (known.empty()) {
      if (!suggestion_for(name, environment_name).empty())
        result.warnings.push_back(
          {name, 0, "", unknown_message(name, environment_name)});
      continue;
    }
    if (auto rule = apply_setting(result.value, known, text); !rule.empty())
      result.errors.push_back({name, 0, known, rule});
  }
}

// -- flags --------------------------------------------------------------------

bool is_switch(const std::string& name) {
  const auto& rows = setting_table();
  return std::any_of(rows.begin(), rows.end(), [&](const setting& x) {
    return x.name == name
           && std::holds_alternative<bool* (*)(settings&)>(x.where);
  });
}

// Takes the flag at `i`, and its value if that is the next argument.
void take_flag(std::span<const char* const> arguments, size_t& i,
               daemon_arguments& out) {
  std::string_view argument = arguments[i];
  auto equals = argument.find('=');
  std::string flag{argument.substr(0, equals)};
  auto known = setting_named(flag, flag_name);
  if (known.empty() && flag != "--config") {
    out.errors.push_back({flag, 0, "", unknown_message(flag, flag_name)});
    return;
  }
  std::string text;
  if (equals != std::string_view::npos)
    text = argument.substr(equals + 1);
  else if (is_switch(known))
    text = "true";
  else if (i + 1 < arguments.size())
    text = arguments[++i];
  else {
    out.errors.push_back({flag, 0, "", "needs a value"});
    return;
  }
  if (flag == "--config")
    out.sources.file = text;
  else
    out.sources.flags.emplace_back(flag.substr(2), text);
}

} // namespace

std::vector<setting_error> read_settings_toml(std::string_view text,
                                              std::string_view file,
                                              settings& out) {
  try {
    auto table = toml::parse(text, file);
    toml_reader reader{file, out};
    reader.read(table, "", 0);
    return reader.take_errors();
  } catch (const toml::parse_error& x) {
    return {{std::string{file}, static_cast<uint32_t>(x.source().begin.line),
             "", "is not valid TOML: " + std::string{x.description()}}};
  }
}

daemon_arguments
parse_daemon_arguments(std::span<const char* const> arguments) {
  daemon_arguments result;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h")
      result.help = true;
    else if (argument == "--version")
      result.version = true;
    else if (argument.starts_with("--"))
      take_flag(arguments, i, result);
    else
      result.errors.push_back(
        {std::string{argument}, 0, "", "is not expected here; see --help"});
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> result;
  for (auto** i = environ; i != nullptr && *i != nullptr; ++i) {
    std::string_view entry = *i;
    auto equals = entry.find('=');
    if (entry.starts_with(environment_head) && equals != std::string_view::npos)
      result.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return result;
}

settings_result load_settings(const setting_sources& sources) {
  settings_result result;
  auto file = sources.file;
  for (const auto& [name, text] : sources.environment)
    if (file.empty() && name == config_variable)
      file = text;
  if (!file.empty())
    result.errors = read_file(file, result.value);
  read_environment(sources, result);
  for (const auto& [flag, text] : sources.flags) {
    auto known = setting_named("--" + flag, flag_name);
    auto rule = known.empty() ? unknown_message("--" + flag, flag_name)
                              : apply_setting(result.value, known, text);
    if (!rule.empty())
      result.errors.push_back({"--" + flag, 0, known, rule});
  }
  return result;
}

} // namespace quaero
