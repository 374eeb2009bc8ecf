#pragma once

#include <cstdint>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace quaero::crawler {

/// Patterns in one list, and bytes of one pattern.
inline constexpr size_t url_patterns_max = 100;
inline constexpr size_t url_pattern_bytes_max = 1024;

/// One sentence for each pattern that is no ECMAScript regular expression, has
/// a back reference, or is too long; names the pattern. Empty if all are good.
std::vector<std::string>
check_url_patterns(const std::vector<std::string>& patterns);

/// Which URLs a step follows: one that matches an include pattern anywhere, or
/// any if there are none, but matches no exclude pattern. Matching takes time
/// linear in the URL for each pattern and no deep stack.
class url_filter {
public:
  url_filter() = default; ///< Follows everything.

  /// Patterns that check_url_patterns() complains of do not count.
  url_filter(const std::vector<std::string>& include,
             const std::vector<std::string>& exclude);

  /// @returns false also for a URL above `url_bytes_max`.
  bool matches(std::string_view url) const;

private:
  std::vector<std::regex> include_;
  std::vector<std::regex> exclude_;
};

struct frontier_limits {
  uint64_t pages_max = 100; ///< Admitted in all.
  uint32_t depth_max = 2;   ///< Seeds have depth 1.
};

enum class admission : uint8_t {
  admitted, ///< Now, and never again.
  seen,     ///< Admitted or marked before.
  filtered, ///< By the patterns; seeds never are.
  too_deep,
  full, ///< `pages_max` are admitted.
};

const char* to_string(admission x);

/// The pages that one step of a crawl takes: each URL once, and never more than
/// its limit. Keeps every admitted URL in memory. For one actor.
class frontier {
public:
  frontier(frontier_limits limits, url_filter filter);

  /// Decides on a URL as normalise_url() gives it.
  /// @param depth 1 for a seed, that of the page with the link plus 1 else.
  admission admit(const std::string& url, uint32_t depth);

  /// Remembers a URL that was reached another way, by a redirect for instance.
  /// Does not count as a page. @returns false if it was seen before.
  bool mark_seen(const std::string& url);

  bool seen(const std::string& url) const { return seen_.contains(url); }

  /// Whether links of a page at this depth can be admitted.
  bool follows_links_at(uint32_t depth) const {
    return depth < limits_.depth_max && pages_ < limits_.pages_max;
  }

  uint64_t pages() const { return pages_; }
  bool full() const { return pages_ >= limits_.pages_max; }

private:
  frontier_limits limits_;
  url_filter filter_;
  std::unordered_set<std::string> seen_;
  uint64_t pages_ = 0;
};

} // namespace quaero::crawler
