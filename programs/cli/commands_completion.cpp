#include "programs/cli/completion.hpp"
#include "programs/cli/declare.hpp"

namespace quaero::cli {

void add_completion_command(CLI::App& app, command_context& context) {
  auto& group = declare_group(app, {"completion",
                                    "Print a script that completes commands",
                                    "source <(quaero completion bash)\n"
                                    "quaero completion zsh > ~/.zfunc/_quaero",
                                    "This program"});
  auto add = [&](const char* shell, const char* example,
                 std::string (*script)(const CLI::App&)) {
    auto& sub = declare_command(
      group, {shell, "Print the script for this shell", example});
    sub.callback([&context, &app, script] {
      context.action = [&app, script](command_context& x) {
        x.to.out << script(app);
        return static_cast<int>(exit_ok);
      };
    });
  };
  add("bash", "source <(quaero completion bash)", bash_completion);
  add("zsh", "quaero completion zsh > ~/.zfunc/_quaero", zsh_completion);
}

} // namespace quaero::cli
