#pragma once

#include "definitions/value.hpp"
#include "programs/cli/command.hpp"

#include <string>
#include <vector>

namespace quaero::cli {

/// Adds --set key=value, which may be repeated.
void add_set_option(CLI::App& app, std::vector<std::string>& set);

/// --set takes all that follows it; what is no key=value was meant as the id.
void take_id_from_settings(std::string& id, std::vector<std::string>& set);

/// Puts the settings into `body` as its member "config". A JSON value keeps its
/// type, anything else is a text.
/// @returns false after a message.
bool read_settings(const console& to, const std::vector<std::string>& set,
                   value& body);

} // namespace quaero::cli
