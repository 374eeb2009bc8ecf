#pragma once

#include "actors/nodes/wire_items.hpp"

#include <cstddef>
#include <string>

/// What a node may say of an attempt. What breaks a rule is not used at all.
namespace quaero {

/// All > 0.
struct report_limits {
  size_t lines_max = 150'000;
  size_t children_max = 100'000;
  size_t documents_max = 10'000;
  size_t word_bytes_max = 255;           ///< Of a type, a tag, a key.
  size_t text_bytes_max = 64 * 1024;     ///< Of a name, title, error, URL.
  size_t config_bytes_max = 1024 * 1024; ///< Of a child's; sealed.
  size_t result_bytes_max = 1024 * 1024; ///< JSON; also other metadata.
  size_t content_bytes_max = 64 * 1024 * 1024;
  size_t tags_max = 1000;
  std::chrono::hours wait_max{24 * 366}; ///< Until another attempt.
};

/// "" or what is wrong.
std::string check(const wire_report_v1& x, const report_limits& limits);

/// Whether a line can be used, wherever it goes.
bool is_usable(const log_line& x);

} // namespace quaero
