#pragma once

#include "programs/cli/command.hpp"

#include <optional>
#include <string>

namespace quaero::cli {

inline constexpr size_t input_bytes_max = 1024 * 1024; ///< Of one input.
inline constexpr size_t typed_bytes_max = 64 * 1024;   ///< Of one typed line.

/// Reads a file, "-" being standard input.
/// @returns nothing, after a message, if it cannot be read or is larger than
///          input_bytes_max.
std::optional<std::string> read_input(const console& to,
                                      const std::string& path);

/// Reads all of standard input, without the line break at its end.
std::optional<std::string> read_value(const console& to);

/// Asks for a text that is not shown while it is typed.
/// @returns nothing, after a message, if nobody can be asked or leaves.
std::optional<std::string> ask_secret(const command_context& context,
                                      const std::string& prompt);

/// Asks on stderr; goes on only if exactly `word` is typed. With --no-input or
/// without a terminal it says how to do without being asked.
/// @returns exit_ok, exit_usage if nobody can be asked, exit_failed if the
///          answer is another one.
int confirm(const command_context& context, const std::string& question,
            const std::string& word);

} // namespace quaero::cli
