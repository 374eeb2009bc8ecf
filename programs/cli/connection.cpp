#include "programs/cli/connection.hpp"

#include "definitions/ascii.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>

namespace quaero::cli {

namespace {

// The first line of a small file without its blanks, or nothing if the file is
// not there or is too large.
std::optional<std::string> read_small(const std::string& path,
                                      size_t bytes_max) {
  std::ifstream in{path};
  if (!in)
    return std::nullopt;
  std::string text(bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > bytes_max)
    return std::nullopt;
  return std::string{trim(text)};
}

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

bool is_token(const std::string& text) {
  return !text.empty() && text.size() <= token_bytes_max
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return c > ' ' && c <= '~'; });
}

// @returns false after a message.
bool find_token(const command_context& context, bool of_data_dir,
                std::string& token) {
  std::string from = "QUAERO_TOKEN";
  if (!context.token_file.empty()) {
    from = context.token_file;
    auto text = read_small(from, token_bytes_max);
    if (!text) {
      context.to.err << "quaero: cannot read a token from " << from << '\n';
      return false;
    }
    token = *text;
  } else if (auto text = variable("QUAERO_TOKEN"); !text.empty()) {
    token = std::string{trim(text)};
  } else if (of_data_dir) {
    // Only its owner can read it; without it the daemon says what it needs.
    token = read_small(context.data_dir + "/admin.token", token_bytes_max)
              .value_or("");
    return token.empty() || is_token(token) || (token.clear(), true);
  } else {
    return true;
  }
  if (is_token(token))
    return true;
  context.to.err << "quaero: what is in " << from
                 << " is no token: it is one line of up to " << token_bytes_max
                 << " visible characters, as quaero tokens create prints it\n";
  return false;
}

} // namespace

int connect(command_context& context) {
  if (context.http)
    return exit_ok;
  http_client_config config;
  config.ca_file
    = context.ca_file.empty() ? variable("QUAERO_CA_FILE") : context.ca_file;
  config.give_up = interrupt_pending;
  config.server = context.server;
  bool of_data_dir = context.server.empty() && !context.data_dir.empty();
  if (of_data_dir) {
    config.server
      = read_small(context.data_dir + "/endpoint", endpoint_bytes_max)
          .value_or("");
    if (config.server.empty()) {
      context.to.err << "quaero: no daemon runs in " << context.data_dir
                     << " (there is no file 'endpoint'). Start it with: "
                        "quaerod --data-dir "
                     << context.data_dir << '\n';
      return exit_unreachable;
    }
  }
  if (config.server.empty())
    config.server = variable("QUAERO_SERVER");
  if (config.server.empty())
    config.server = server_default;
  if (!find_token(context, of_data_dir, config.token))
    return exit_usage;
  context.http = make_http_client(std::move(config));
  return exit_ok;
}

} // namespace quaero::cli
