#pragma once

#include "definitions/job_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// One thing wrong with a definition.
struct definition_error {
  uint32_t line = 0;   ///< From 1; 0 when the text has no lines (JSON, code).
  std::string field;   ///< "step.scan.depends"; "" is the text as a whole.
  std::string message; ///< One sentence that names the rule.
};

/// "handbook.toml:12: step.scan.depends: ..." without the parts unknown.
std::string to_string(const definition_error& x, std::string_view file = {});

inline constexpr size_t definition_id_bytes_max = 128;
inline constexpr uint32_t retry_attempts_max = 100;

/// Levels of arrays and tables in a definition; levels of one dotted key.
inline constexpr size_t definition_depth_max = 64;
inline constexpr size_t definition_key_depth_max = 32;

struct definition_limits {
  size_t bytes_max = 1024 * 1024; ///< Of the text.
  size_t steps_max = 200;
  size_t name_bytes_max = 200;
};

/// Either a definition without errors or all errors that were found.
struct definition_result {
  job_definition definition;
  std::vector<definition_error> errors;

  bool ok() const { return errors.empty(); }
};

/// Reads a definition as users write it. Reports every error of the text in
/// the order of the lines. Fills `toml`, `content_hash`, `type`; steps keep the
/// order of the file.
definition_result parse_toml(std::string_view text,
                             const definition_limits& limits = {});

/// Reads a definition as the HTTP API takes it. `enabled` defaults to false.
definition_result parse_json_definition(std::string_view text,
                                        const definition_limits& limits = {});

/// The content_hash of a text: 8 hex digits, the 64 bits of FNV-1a folded to
/// 32. Tells versions of a file apart; no protection against forgery.
std::string content_hash(std::string_view text);

/// Writes a definition so that parse_toml() gives it back.
std::string to_toml(const job_definition& x);

/// Every rule that holds for a definition whatever it was read from.
std::vector<definition_error> validate(const job_definition& x,
                                       const definition_limits& limits = {});

} // namespace quaero
