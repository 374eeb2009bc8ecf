#include "definitions/settings.hpp"
#include "definitions/time.hpp"
#include "definitions/value.hpp"

#include <algorithm>

namespace quaero {

namespace {

constexpr size_t help_width = 78;
constexpr size_t help_indent = 6;

bool is_text(const setting& x) {
  return std::holds_alternative<std::string* (*)(settings&)>(x.where);
}

bool is_switch(const setting& x) {
  return std::holds_alternative<bool* (*)(settings&)>(x.where);
}

bool is_duration(const setting& x) {
  return std::holds_alternative<std::chrono::nanoseconds* (*)(settings&)>(
    x.where);
}

bool is_of_worker_type(const setting& x) {
  return std::string_view{x.name}.find('<') != std::string_view::npos;
}

std::string range_text(const setting& x) {
  if (!x.choices.empty()) {
    std::string list;
    for (auto* choice : x.choices)
      list += (list.empty() ? "" : ", ") + std::string{choice};
    return list;
  }
  if (is_switch(x))
    return "true, false";
  if (is_duration(x))
    return format_duration(std::chrono::milliseconds{x.min}) + " to "
           + format_duration(std::chrono::milliseconds{x.max});
  return std::to_string(x.min) + " to " + std::to_string(x.max)
         + (is_text(x) ? " bytes" : std::string{" "} + x.unit);
}

void append_wrapped(std::string& out, std::string_view text) {
  size_t column = 0;
  while (!text.empty()) {
    auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column != 0 && column + 1 + word.size() > help_width) {
      out += '\n';
      column = 0;
    }
    if (column == 0) {
      out.append(help_indent, ' ');
      column = help_indent;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

std::string shown_default(const setting& x) {
  if (is_of_worker_type(x))
    return "the worker's";
  return *x.default_text == '\0' ? "none" : x.default_text;
}

// A value as TOML writes it. Defaults need no escapes; a test reads them back.
std::string toml_value(const setting& x) {
  if (is_text(x) || is_duration(x))
    return '"' + std::string{x.default_text} + '"';
  return x.default_text;
}

std::string escape_cell(std::string_view text) {
  std::string result;
  for (char c : text)
    result += c == '|' ? std::string{"\\|"}
                       : (c == '<' ? std::string{"&lt;"} : std::string{c});
  return result;
}

constexpr const char* bullets
  = "\u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022";

// What one row says now.
struct value_reader {
  settings& from;

  value operator()(std::string* (*field)(settings&)) const {
    return *field(from);
  }
  value operator()(bool* (*field)(settings&)) const { return *field(from); }
  value operator()(uint64_t* (*field)(settings&)) const { return *field(from); }
  value operator()(std::chrono::nanoseconds* (*field)(settings&)) const {
    return format_duration(*field(from));
  }
  value operator()(std::map<std::string, uint64_t>* (*field)(settings&)) const {
    auto out = value::make_object();
    for (const auto& [type, number] : *field(from))
      out.set(type, number);
    return out;
  }
};

} // namespace

value settings_value(const settings& x) {
  auto copy = x; // The table's fields are not const.
  auto out = value::make_object();
  for (const auto& row : setting_table()) {
    auto now = std::visit(value_reader{copy}, row.where);
    const bool set = !now.is_string() || !now.as_string().empty();
    out.set(row.name, row.secret && set ? value{bullets} : std::move(now));
  }
  return out;
}

std::string settings_help() {
  std::string result;
  for (const auto& row : setting_table()) {
    result += "  " + flag_name(row) + " <" + row.unit + ">\n";
    append_wrapped(result, row.sentence);
    append_wrapped(result, range_text(row) + "; default: " + shown_default(row)
                             + "; environment: " + environment_name(row));
  }
  return result;
}

std::string settings_markdown() {
  std::string result
    = "# Settings\n\n"
      "The daemon `quaerod` takes its settings from a TOML file "
      "(`--config FILE` or `QUAERO_CONFIG`),\nfrom the environment and from "
      "flags. A flag beats the environment, the environment beats the\nfile, "
      "and the file beats the default. A name in the file that is no setting "
      "is an error, and so is\na value outside of its range: the daemon says "
      "which one it is and does not start.\n\n"
      "A name with a dot stands in the table of that name: "
      "`store.compression` is `compression` below\n`[store]`. The flag of a "
      "setting is its name with dashes (`--store-compression`), its "
      "environment\nvariable is the name in capitals with underscores "
      "(`QUAERO_STORE_COMPRESSION`). Durations are\nwritten as `250ms`, `90s` "
      "or `2h30m`. The file [quaero.toml.example](quaero.toml.example) lists "
      "all\nsettings with their defaults.\n\n"
      "| Setting | Default | Range | Meaning |\n|---|---|---|---|\n";
  for (const auto& row : setting_table()) {
    bool quoted = !is_of_worker_type(row) && *row.default_text != '\0';
    auto shown = quoted ? '`' + shown_default(row) + '`' : shown_default(row);
    result += '|';
    for (const auto& cell : {'`' + std::string{row.name} + '`', shown,
                             range_text(row), escape_cell(row.sentence)})
      result += ' ' + cell + " |";
    result += '\n';
  }
  return result;
}

std::string settings_example() {
  std::string result = "# Every setting of quaerod with its default. Start it "
                       "with:\n#   quaerod --config quaero.toml\n";
  std::string table;
  for (const auto& row : setting_table()) {
    std::string name = row.name;
    if (auto dot = name.rfind('.'); dot != std::string::npos) {
      if (name.substr(0, dot) != table) {
        table = name.substr(0, dot);
        result += is_of_worker_type(row)
                    ? "\n# A table for each worker type:\n# [workers.crawler]\n"
                    : "\n[" + table + "]\n";
      }
      name = name.substr(dot + 1);
    }
    result += std::string{"# "} + row.sentence + "\n# " + range_text(row) + '\n'
              + (is_of_worker_type(row) ? "# " + name + " = 64"
                                        : name + " = " + toml_value(row))
              + '\n';
  }
  return result;
}

} // namespace quaero
