#pragma once

#include <CLI/App.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quaero::cli {

inline constexpr size_t help_columns = 79; ///< No line of help is wider.

/// What a command is, its examples, then its usage and options.
std::shared_ptr<CLI::FormatterBase> help_format();

/// The known word that was probably meant, or "" if none is near.
std::string nearest(std::string_view word,
                    const std::vector<std::string>& known);

/// What is wrong with a command line that does not parse because of a command
/// or an option that is not there: a sentence, or "" if something else is.
std::string unknown_word(const CLI::App& app, int argc,
                         const char* const* argv);

/// The command that was named as far as the command line goes, with its names:
/// "jobs list".
const CLI::App& command_of(const CLI::App& app, int argc,
                           const char* const* argv, std::string& name);

} // namespace quaero::cli
