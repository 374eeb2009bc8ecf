#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How much of the work a machine takes while there are more slots than jobs: a
/// share by its weight. It says so with a label, "weight-3", as it says all
/// that it is.
namespace quaero {

inline constexpr uint32_t node_weight_max = 100;
inline constexpr std::string_view node_weight_label = "weight-";

inline bool is_weight_label(std::string_view x) {
  return x.starts_with(node_weight_label);
}

/// Of the digits of a weight.
/// @returns nothing if it is no number from 1 to `node_weight_max`.
inline std::optional<uint32_t> read_node_weight(std::string_view digits) {
  uint32_t out = 0;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, out);
  if (read.ec != std::errc{} || read.ptr != end || out == 0
      || out > node_weight_max)
    return std::nullopt;
  return out;
}

/// The first that labels say; 1 if they say none.
inline uint32_t weight_of(const std::vector<std::string>& labels) {
  const auto at = std::find_if(labels.begin(), labels.end(), is_weight_label);
  if (at == labels.end())
    return 1;
  return read_node_weight(
           std::string_view{*at}.substr(node_weight_label.size()))
    .value_or(1);
}

} // namespace quaero
