#pragma once

#include <CLI/App.hpp>

#include <string>

namespace quaero::cli {

/// A script that makes the shell complete the commands below `app`, their
/// options and what may stand behind these. Both are made from the tree of
/// commands alone, so nothing in them can be forgotten.
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);

} // namespace quaero::cli
