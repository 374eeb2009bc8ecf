#include "programs/cli/input.hpp"

#include "programs/cli/terminal_mode.hpp"

#include <fstream>

namespace quaero::cli {

namespace {

bool can_ask(const command_context& context) {
  return context.to.in_terminal && !context.no_input;
}

std::optional<std::string> read_all(const console& to, std::istream& in,
                                    const std::string& name) {
  std::string text(input_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad()) {
    to.err << "quaero: cannot read " << name << '\n';
    return std::nullopt;
  }
  if (text.size() > input_bytes_max) {
    to.err << "quaero: " << name << " is larger than " << input_bytes_max
           << " bytes\n";
    return std::nullopt;
  }
  return text;
}

} // namespace

std::optional<std::string> read_input(const console& to,
                                      const std::string& path) {
  if (path == "-")
    return read_all(to, *to.in, "standard input");
  std::ifstream file{path, std::ios::binary};
  if (file.is_open())
    return read_all(to, file, path);
  to.err << "quaero: cannot read " << path << '\n';
  return std::nullopt;
}

std::optional<std::string> read_value(const console& to) {
  auto text = read_all(to, *to.in, "standard input");
  if (text && text->ends_with('\n'))
    text->pop_back();
  if (text && text->ends_with('\r'))
    text->pop_back();
  return text;
}

std::optional<std::string> ask_secret(const command_context& context,
                                      const std::string& prompt) {
  auto& err = context.to.err;
  if (!can_ask(context)) {
    err << "quaero: nobody can be asked for it here; send it to standard input "
           "with --from-stdin\n";
    return std::nullopt;
  }
  err << prompt << std::flush;
  std::string text;
  {
    terminal_mode hidden{terminal_mode::kind::hidden};
    std::getline(*context.to.in, text);
  }
  err << '\n';
  if (!text.empty() && text.size() <= typed_bytes_max)
    return text;
  err << "quaero: nothing was changed\n";
  return std::nullopt;
}

int confirm(const command_context& context, const std::string& question,
            const std::string& word) {
  auto& err = context.to.err;
  if (!can_ask(context)) {
    err << "quaero: " << question
        << ". Nobody can be asked here; repeat it with --yes to go on, or "
           "with --dry-run to see what it would do\n";
    return exit_usage;
  }
  err << question << ".\nType " << word << " to go on: " << std::flush;
  std::string typed;
  std::getline(*context.to.in, typed);
  if (typed == word)
    return exit_ok;
  err << "quaero: nothing was changed\n";
  return exit_failed;
}

} // namespace quaero::cli
