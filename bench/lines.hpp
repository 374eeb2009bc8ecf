#pragma once

#include "definitions/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Measurements as lines of JSON.
namespace quaero::bench {

/// @throws std::runtime_error with the place of what is no object.
/// @param from what messages call the text.
std::vector<value> parse_lines(std::string_view text, const std::string& from);

/// The same, of a file.
std::vector<value> read_lines(const std::string& path);

/// A number, by the names that lead to it: "pickup.p50_us".
std::optional<double> number_at(const value& line, std::string_view name);

/// All numbers of a measurement that are results, by such names.
std::vector<std::pair<std::string, double>> figures_of(const value& line);

/// The name of the one that says most.
std::string headline_of(const value& line);

/// Whether the larger one is the better one.
bool more_is_better(const std::string& name);

/// What was measured, and how: equal for measurements that can be compared.
std::string settings_text(const value& line);

/// With as many digits as mean something.
std::string number_text(double x);

} // namespace quaero::bench
