#include "programs/cli/settings.hpp"

#include "definitions/json.hpp"
#include "programs/cli/declare.hpp"

namespace quaero::cli {

namespace {

value read_setting(const std::string& text) {
  value result;
  std::string error;
  return parse_json(text, result, error) ? result : value{text};
}

} // namespace

void add_set_option(CLI::App& app, std::vector<std::string>& set) {
  add_value(app, "--set", set, "KEY=VALUE",
            "key=value for {config.key}; a number, true, false or a JSON "
            "text keeps its type");
}

void take_id_from_settings(std::string& id, std::vector<std::string>& set) {
  if (id.empty() && !set.empty() && set.back().find('=') == std::string::npos) {
    id = set.back();
    set.pop_back();
  }
}

bool read_settings(const console& to, const std::vector<std::string>& set,
                   value& body) {
  auto config = value::make_object();
  for (const auto& item : set) {
    auto equals = item.find('=');
    if (equals == 0 || equals == std::string::npos) {
      to.err << "quaero: --set " << one_line(item)
             << ": write it as key=value, for example --set max_pages=10\n";
      return false;
    }
    config.set(item.substr(0, equals), read_setting(item.substr(equals + 1)));
  }
  body.set("config", std::move(config));
  return true;
}

} // namespace quaero::cli
