#pragma once

#include "programs/cli/command.hpp"

#include <memory>
#include <string>
#include <utility>

namespace quaero::cli {

/// How a command stands in the help.
struct command_text {
  const char* name;
  const char* summary;    ///< One line; a blank line and more may follow.
  const char* examples;   ///< Command lines, one a line.
  const char* group = ""; ///< Heading in the list of commands.
};

/// A command that has commands below it.
CLI::App& declare_group(CLI::App& parent, const command_text& text);

/// A command without an action yet. Global options may stand behind it.
CLI::App& declare_command(CLI::App& parent, const command_text& text);

/// A command without arguments.
CLI::App& declare_plain(CLI::App& parent, command_context& context,
                        const command_text& text, int (*run)(command_context&));

/// A command on one thing that its id or name tells.
/// @param what of the argument: "Id of a job".
CLI::App& declare_with_id(CLI::App& parent, command_context& context,
                          const command_text& text, const char* what,
                          int (*run)(command_context&, const std::string&));

/// A command and where its options are kept.
template <class T>
struct declared {
  CLI::App& app;
  T& options;
};

/// A command with options: add them to `app`, kept in `options`.
template <class T>
declared<T> declare(CLI::App& parent, command_context& context,
                    const command_text& text,
                    int (*run)(command_context&, const T&)) {
  auto options = std::make_shared<T>();
  auto& app = declare_command(parent, text);
  app.callback([&context, options, run] {
    context.action
      = [options, run](command_context& x) { return run(x, *options); };
  });
  return {app, *options};
}

/// An option with a value, which the help calls `kind`.
template <class T>
CLI::Option* add_value(CLI::App& app, const char* name, T& to, const char* kind,
                       std::string text) {
  return app.add_option(name, to, std::move(text))->type_name(kind);
}

/// Does each in turn; the first that goes wrong decides the exit code.
template <class Items, class F>
int for_each_in_turn(const Items& items, F f) {
  int result = exit_ok;
  for (const auto& item : items)
    if (int code = f(item); result == exit_ok)
      result = code;
  return result;
}

} // namespace quaero::cli
