#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero::crawler {

/// Bytes of a robots.txt that are read; the rest does not count.
inline constexpr size_t robots_bytes_max = 500 * 1024;

/// Rules of one robots.txt that are kept; further ones do not count.
inline constexpr size_t robots_rules_max = 10'000;

/// Bytes of one rule's pattern; a rule above it does not count.
inline constexpr size_t robots_pattern_bytes_max = 2048;

/// The longest Crawl-delay that is obeyed; a longer one is cut to it.
inline constexpr std::chrono::milliseconds crawl_delay_max{60'000};

/// What one robots.txt (RFC 9309) says to one crawler. A value, safe to share
/// between threads once it is made.
class robots_rules {
public:
  /// Everything is allowed.
  robots_rules() = default;

  /// Nothing is allowed.
  static robots_rules deny_all();

  /// Reads the text. All groups that name `user_agent` (its part before "/",
  /// in any case) count together; without one, all groups of "*" do.
  static robots_rules parse(std::string_view text, std::string_view user_agent);

  /// What a fetch of robots.txt means. `status` is the HTTP status, or 0 if
  /// the server could not be reached: 2xx reads `body`, 4xx allows everything,
  /// anything else allows nothing.
  static robots_rules from_response(int status, std::string_view body,
                                    std::string_view user_agent);

  /// Whether `path` (with its query, starting with "/") may be fetched. The
  /// longest matching rule decides, Allow wins a tie. "/robots.txt" always may.
  bool allows(std::string_view path) const;

  /// The least time between two requests, if the text asks for one.
  std::optional<std::chrono::milliseconds> crawl_delay() const {
    return crawl_delay_;
  }

private:
  struct rule {
    std::string pattern;
    bool allow;
  };
  struct parser;

  std::vector<rule> rules_;
  std::optional<std::chrono::milliseconds> crawl_delay_;
};

} // namespace quaero::crawler
