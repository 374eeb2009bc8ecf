#include "programs/cli/declare.hpp"

namespace quaero::cli {

CLI::App& declare_command(CLI::App& parent, const command_text& text) {
  auto* app = parent.add_subcommand(text.name, text.summary)->fallthrough();
  app->footer(text.examples);
  app->group(*text.group != '\0' ? text.group : "Commands");
  return *app;
}

CLI::App& declare_group(CLI::App& parent, const command_text& text) {
  auto& app = declare_command(parent, text);
  app.require_subcommand(1);
  return app;
}

CLI::App& declare_plain(CLI::App& parent, command_context& context,
                        const command_text& text,
                        int (*run)(command_context&)) {
  auto& app = declare_command(parent, text);
  app.callback([&context, run] { context.action = run; });
  return app;
}

CLI::App& declare_with_id(CLI::App& parent, command_context& context,
                          const command_text& text, const char* what,
                          int (*run)(command_context&, const std::string&)) {
  auto [app, id] = declare(parent, context, text, run);
  app.add_option("ID", id, what)->required();
  return app;
}

} // namespace quaero::cli
