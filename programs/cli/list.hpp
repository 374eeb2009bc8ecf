#pragma once

#include "programs/cli/ask.hpp"
#include "programs/cli/declare.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quaero::cli {

inline constexpr int64_t list_limit_default = 20;
inline constexpr int64_t list_limit_max = 1'000'000'000;
inline constexpr int64_t page_rows_max = 500; ///< Of one answer of the API.

struct list_column {
  const char* heading;
  const char* member = "";                     ///< Of a row.
  std::string (*text)(const value&) = nullptr; ///< Instead of a member.
  bool right = false;                          ///< Numbers.
  bool age = false;     ///< A time, shown as how long ago it was.
  bool status = false;  ///< Coloured.
  bool shrinks = false; ///< Cut first when the terminal is too narrow.
};

/// A list of the API and how people see it.
struct list_format {
  std::string target; ///< Without limit and cursor.
  const char* items;  ///< The member with the rows; "" = the answer is a list.
  const char* noun;   ///< "jobs"
  std::vector<list_column> columns;
  const char* when_empty;           ///< A sentence.
  int64_t page_max = page_rows_max; ///< 0 = the list comes at once.

  /// Said if the daemon stopped before it had looked at everything.
  const char* when_incomplete = "";
};

struct list_options {
  int64_t limit = list_limit_default;
  bool all = false;
};

/// Adds --limit and --all. REQUIRES: `options.limit` is the default by now.
void add_list_options(CLI::App& app, list_options& options);

/// Asks for the list, page after page, and prints a table; with --json the
/// answer as it is, or, if it takes several, one object with all rows.
int show_list(command_context& context, const list_format& format,
              const list_options& options = {});

/// "5m", "3h", "12d": how long ago a time of the API was; "" if it is none.
std::string age_text(const command_context& context, const std::string& time);

} // namespace quaero::cli
