#pragma once

#include "definitions/validation.hpp"
#include "definitions/value.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What the readers of the two formats share. Not meant for other layers.
namespace quaero {

/// The lines of the keys of a text, by dotted path: "step.scan.depends".
using key_lines = std::map<std::string, uint32_t, std::less<>>;

enum class definition_format : uint8_t { toml, json };

/// Reads a definition from its tree and checks every rule. Null members and
/// items count as absent. Errors are sorted by line.
/// @param lines  used for TOML only.
definition_result read_definition(value root, definition_format format,
                                  const key_lines& lines,
                                  const definition_limits& limits);

/// Keys this close to a known one are taken for a slip.
inline constexpr size_t misspelling_edits_max = 2;

/// Whether `text` stands for something that is only known at run time.
bool is_placeholder(std::string_view text);

/// Keys of a step that are not for its worker, sorted.
const std::vector<std::string>& reserved_step_keys();

/// The reserved key that somebody meant who wrote `key`, or "".
std::string misspelt_step_key(std::string_view key);

/// The candidate at most `distance_max` edits away from `name`, or "".
std::string nearest(std::string_view name,
                    const std::vector<std::string>& candidates,
                    size_t distance_max);

/// "a, b, c".
std::string join(const std::vector<std::string>& items,
                 std::string_view separator = ", ");

/// "'x'".
std::string quoted(std::string_view x);

/// "step.scan.depends"; a step without a name goes by its index.
std::string step_field(const step& x, size_t index, std::string_view key);

/// The rule for retry_policy::attempts.
bool is_attempt_count(int64_t x);

/// Messages that both the reader and validate() give.
std::string attempts_message();

} // namespace quaero
