#pragma once

#include "definitions/job_state.hpp"
#include "definitions/value.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// Bounds of a condition's text.
inline constexpr size_t condition_bytes_max = 1000;
inline constexpr size_t condition_depth_max = 32; ///< Of brackets and "not".

/// What a condition may ask of a step that is over.
struct step_facts {
  job_status status = job_status::pending;
  child_counts children;
};

/// Whether a step shall run, as a definition says it:
///
///   any     = all { "or" all }
///   all     = one { "and" one }
///   one     = "not" one | "(" any ")" | operand [ compare operand ]
///   compare = "==" | "!=" | "<" | "<=" | ">" | ">="
///   operand = "steps." NAME "." FIELD | "config." KEY
///           | number | 'text' | "text" | "true" | "false"
///
/// FIELD is status, completed, failed, cancelled (jobs of the step) or
/// documents. A NAME or KEY that has other characters than letters, digits,
/// '_' and '-' stands in quotes. Values of different kinds are not equal; only
/// two numbers or two texts can be ordered; an operand alone must be true or
/// false. A key that the configuration does not have is equal to nothing.
/// Immutable; safe to use from any thread.
class condition {
public:
  /// @param error says what is wrong and at which character, from 1.
  static std::optional<condition> parse(std::string_view text,
                                        std::string& error);

  /// The steps that it names, each once.
  const std::vector<std::string>& steps() const { return steps_; }

  struct verdict {
    bool holds = false;
    std::string error; ///< Why it cannot be said, or "".
  };

  /// @param facts of a step that steps() names.
  verdict evaluate(const std::function<step_facts(const std::string&)>& facts,
                   const value& config) const;

private:
  enum class op : uint8_t {
    any,
    all,
    negate,
    equal,
    unequal,
    less,
    less_equal,
    greater,
    greater_equal,
    constant,
    config,
    step_status,
    step_completed,
    step_failed,
    step_cancelled,
    step_documents,
  };

  struct node {
    op what;
    size_t left = 0;  ///< An index; operands: unused.
    size_t right = 0; ///< Of what has two sides.
    value constant;
    std::string name; ///< Of a step or a key.
  };

  class parser;
  class evaluator;

  std::vector<node> nodes_; ///< The last is the whole.
  std::vector<std::string> steps_;
};

} // namespace quaero
