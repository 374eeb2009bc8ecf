#include "actors/workers/crawler/frontier.hpp"

#include "actors/workers/crawler/url.hpp"

#include <algorithm>
#include <optional>

namespace quaero::crawler {

namespace {

constexpr auto regex_flags = std::regex::ECMAScript
                             | std::regex::optimize
#ifdef __GLIBCXX__
                             // Its usual way to match can take exponential
                             // time and a stack as deep as the text is long.
                             | std::regex_constants::__polynomial
#endif
  ;

struct compiled {
  std::optional<std::regex> regex;
  std::string error;
};

compiled compile(const std::string& pattern) {
  if (pattern.size() > url_pattern_bytes_max)
    return {std::nullopt, "is longer than "
                            + std::to_string(url_pattern_bytes_max) + " bytes"};
  try {
    return {std::regex{pattern, regex_flags}, {}};
  } catch (const std::regex_error&) {
    return {std::nullopt, "is not a regular expression"};
  }
}

std::vector<std::regex> compile_all(const std::vector<std::string>& patterns) {
  std::vector<std::regex> result;
  for (auto& x : patterns) {
    auto one = compile(x);
    if (one.regex && result.size() < url_patterns_max)
      result.push_back(std::move(*one.regex));
  }
  return result;
}

bool matches_any(const std::vector<std::regex>& list, std::string_view url) {
  return std::ranges::any_of(list, [url](const std::regex& x) {
    return std::regex_search(url.begin(), url.end(), x);
  });
}

} // namespace

std::vector<std::string>
check_url_patterns(const std::vector<std::string>& patterns) {
  std::vector<std::string> errors;
  if (patterns.size() > url_patterns_max)
    errors.push_back("must be at most " + std::to_string(url_patterns_max)
                     + " patterns");
  for (auto& x : patterns)
    if (auto error = compile(x).error; !error.empty())
      errors.push_back("has a pattern that " + error + ": " + x.substr(0, 200));
  return errors;
}

url_filter::url_filter(const std::vector<std::string>& include,
                       const std::vector<std::string>& exclude)
  : include_{compile_all(include)}, exclude_{compile_all(exclude)} {}

bool url_filter::matches(std::string_view url) const {
  if (url.size() > url_bytes_max)
    return false;
  return (include_.empty() || matches_any(include_, url))
         && !matches_any(exclude_, url);
}

const char* to_string(admission x) {
  switch (x) {
    case admission::admitted:
      return "admitted";
    case admission::seen:
      return "seen";
    case admission::filtered:
      return "filtered";
    case admission::too_deep:
      return "too_deep";
    default:
      return "full";
  }
}

frontier::frontier(frontier_limits limits, url_filter filter)
  : limits_{limits}, filter_{std::move(filter)} {}

admission frontier::admit(const std::string& url, uint32_t depth) {
  if (depth > limits_.depth_max)
    return admission::too_deep;
  if (seen_.contains(url))
    return admission::seen;
  if (depth > 1 && !filter_.matches(url))
    return admission::filtered;
  if (full())
    return admission::full;
  seen_.insert(url);
  ++pages_;
  return admission::admitted;
}

bool frontier::mark_seen(const std::string& url) {
  return seen_.insert(url).second;
}

} // namespace quaero::crawler
