#include "programs/cli/command.hpp"
#include "programs/cli/declare.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace quaero::cli {

namespace {

struct verify_options {
  bool rebuild = false;
  bool cut_logs = false;
};

/// The command line knows no database: quaerod beside it does the work, in the
/// place of this process.
int verify(command_context& context, const verify_options& options) {
  std::error_code unknown;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const auto program = (self.parent_path() / "quaerod").string();
  std::vector<std::string> words{program, "verify"};
  if (!context.data_dir.empty()) {
    words.emplace_back("--data-dir");
    words.push_back(context.data_dir);
  }
  if (options.rebuild)
    words.emplace_back("--rebuild");
  if (options.cut_logs)
    words.emplace_back("--cut-logs");
  std::vector<char*> arguments;
  for (auto& x : words)
    arguments.push_back(x.data());
  arguments.push_back(nullptr);
  context.to.out.flush();
  ::execv(program.c_str(), arguments.data());
  context.to.err << "quaero: cannot run " << program << ": "
                 << std::strerror(errno) << "\n";
  return exit_usage;
}

} // namespace

void add_verify_command(CLI::App& app, command_context& context) {
  auto [sub, options]
    = declare(app, context,
              {"verify",
               "Look at everything in the database of a daemon that is "
               "stopped\n\n"
               "Ends with 0 if all is sound, 1 if something is damaged, 2 if "
               "it could not look.",
               "quaero verify --data-dir /var/lib/quaero\n"
               "quaero verify --rebuild",
               "The daemon"},
              verify);
  sub.add_flag("--rebuild", options.rebuild,
               "Make the indexes and totals again, then look");
  sub.add_flag("--cut-logs", options.cut_logs,
               "Give up what follows the damage in a damaged log");
}

} // namespace quaero::cli
