#include "actors/workers/config_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace quaero {

namespace {

/// Keys that the pipeline reads for every worker type.
constexpr std::array common_keys{"tags",      "input_tags", "output_tags",
                                 "cache",     "cache_type", "cache_hours",
                                 "revisions", "api_key"};

bool is_placeholder(const value& x) {
  return x.is_string() && x.as_string().starts_with('{')
         && x.as_string().ends_with('}');
}

std::string text_of(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", x);
  return buffer;
}

} // namespace

const value* config_rules::find(std::string_view key) {
  known_.emplace_back(key);
  const auto* x = config_.find(key);
  return x == nullptr || is_placeholder(*x) ? nullptr : x;
}

void config_rules::add(std::string_view key, const std::string& rule) {
  problems_.push_back(std::string{key} + ' ' + rule);
}

void config_rules::integer(std::string_view key, int64_t min, int64_t max) {
  if (find(key) == nullptr)
    return;
  auto x = config_.get_int(key);
  if (!x || *x < min || *x > max)
    add(key, "must be an integer from " + std::to_string(min) + " to "
               + std::to_string(max));
}

void config_rules::number(std::string_view key, double min, double max) {
  if (find(key) == nullptr)
    return;
  auto x = config_.get_double(key);
  if (!x || !(*x >= min && *x <= max))
    add(key, "must be a number from " + text_of(min) + " to " + text_of(max));
}

void config_rules::text(std::string_view key) {
  if (const auto* x = find(key); x != nullptr && !x->is_string())
    add(key, "must be a string");
}

void config_rules::flag(std::string_view key) {
  if (const auto* x = find(key); x != nullptr && !x->is_bool())
    add(key, "must be true or false");
}

void config_rules::no_other_keys() {
  if (!config_.is_object())
    return;
  for (const auto& [key, x] : config_.as_object()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()
        && std::find(common_keys.begin(), common_keys.end(), key)
             == common_keys.end())
      add(key, "is not a key of this worker type");
  }
}

} // namespace quaero
