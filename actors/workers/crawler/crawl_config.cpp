#include "actors/workers/crawler/crawl_config.hpp"

#include "actors/workers/crawler/frontier.hpp"
#include "actors/workers/crawler/url.hpp"
#include "definitions/time.hpp"

#include <algorithm>

namespace quaero::crawler {

namespace {

using std::chrono::milliseconds;

class reader {
public:
  reader(const value& from, crawl_config_result& to) : from_{from}, to_{to} {}

  void integer(const char* key, int64_t& out, int64_t least, int64_t most) {
    if (!present(key))
      return;
    auto found = from_.get_int(key);
    if (found && *found >= least && *found <= most)
      out = *found;
    else
      error(key, "must be an integer from " + std::to_string(least) + " to "
                   + std::to_string(most));
  }

  void time(const char* key, milliseconds& out, milliseconds least,
            milliseconds most) {
    if (!present(key))
      return;
    auto found = read_time(key);
    if (found && *found >= least && *found <= most)
      out = *found;
    else
      error(key, "must be milliseconds from " + std::to_string(least.count())
                   + " to " + std::to_string(most.count())
                   + ", or a duration such as \"500ms\" in that range");
  }

  void flag(const char* key, bool& out) {
    if (!present(key))
      return;
    if (auto found = from_.get_bool(key))
      out = *found;
    else
      error(key, "must be true or false");
  }

  void text(const char* key, std::string& out, bool may_be_empty = true) {
    if (!present(key))
      return;
    auto found = from_.get_string(key);
    if (found && (may_be_empty || !found->empty()))
      out = std::move(*found);
    else
      error(key, may_be_empty ? "must be a string"
                              : "must be a string that is not empty");
  }

  void texts(const char* key, std::vector<std::string>& out) {
    if (!present(key))
      return;
    if (auto found = from_.get_strings(key))
      out = std::move(*found);
    else
      error(key, "must be a list of strings");
  }

  void error(const std::string& key, const std::string& rule) {
    to_.errors.push_back(key + ' ' + rule);
  }

private:
  bool present(const char* key) const {
    auto* found = from_.find(key);
    return found != nullptr && !found->is_null();
  }

  std::optional<milliseconds> read_time(const char* key) const {
    // Above this a number of milliseconds cannot be a sensible wait anyway.
    constexpr int64_t most = int64_t{1} << 40;
    if (auto number = from_.get_int(key))
      return milliseconds{std::clamp<int64_t>(*number, -1, most)};
    std::chrono::nanoseconds span{};
    auto text = from_.get_string(key);
    if (!text || !parse_duration(*text, span))
      return std::nullopt;
    return std::chrono::ceil<milliseconds>(span);
  }

  const value& from_;
  crawl_config_result& to_;
};

void read_start_urls(reader& in, crawl_config& out,
                     const crawl_limits& limits) {
  std::vector<std::string> found;
  in.texts("start_urls", found);
  if (found.size() > limits.start_urls) {
    in.error("start_urls",
             "must be at most " + std::to_string(limits.start_urls) + " URLs");
    return;
  }
  for (auto& x : found) {
    if (auto url = normalise_url(x))
      out.start_urls.push_back(std::move(*url));
    else
      in.error("start_urls", "must be http or https URLs of at most "
                               + std::to_string(url_bytes_max)
                               + " bytes; this is none: " + x.substr(0, 200));
  }
}

void check_patterns(reader& in, const char* key,
                    std::vector<std::string>& patterns) {
  for (auto& error : check_url_patterns(patterns))
    in.error(key, error);
}

value strings(const std::vector<std::string>& list) {
  return value::array(list.begin(), list.end());
}

} // namespace

crawl_config_result parse_crawl_config(const value& x,
                                       const crawl_limits& limits) {
  crawl_config_result result;
  auto& to = result.config;
  reader in{x, result};
  read_start_urls(in, to, limits);
  in.text("source_type", to.source_type);
  in.text("entity_type", to.entity_type);
  in.integer("max_depth", to.max_depth, 1, limits.max_depth);
  in.integer("max_pages", to.max_pages, 1, limits.max_pages);
  in.integer("concurrency", to.concurrency, 1, limits.concurrency);
  in.time("rate_limit", to.rate_limit, milliseconds{0}, limits.rate_limit);
  in.integer("retry_attempts", to.retry_attempts, 1, limits.retry_attempts);
  in.time("retry_backoff", to.retry_backoff, milliseconds{0},
          limits.retry_backoff);
  in.flag("follow_links", to.follow_links);
  in.flag("follow_robots_txt", to.respect_robots);
  in.flag("respect_robots", to.respect_robots);
  in.flag("download_images", to.download_images);
  in.text("detail_level", to.detail_level);
  if (to.detail_level != "full" && to.detail_level != "metadata")
    in.error("detail_level", "must be \"full\" or \"metadata\"");
  in.texts("include_patterns", to.include_patterns);
  in.texts("exclude_patterns", to.exclude_patterns);
  check_patterns(in, "include_patterns", to.include_patterns);
  check_patterns(in, "exclude_patterns", to.exclude_patterns);
  in.texts("tags", to.tags);
  in.texts("allowed_content_types", to.allowed_content_types);
  in.text("user_agent", to.user_agent, false);
  in.integer("max_body_size", to.max_body_size, 1, limits.max_body_size);
  in.time("request_timeout", to.request_timeout, milliseconds{1},
          limits.request_timeout);
  return result;
}

value to_value(const crawl_config& x) {
  return value::make_object({
    {"start_urls", strings(x.start_urls)},
    {"source_type", x.source_type},
    {"entity_type", x.entity_type},
    {"max_depth", x.max_depth},
    {"max_pages", x.max_pages},
    {"concurrency", x.concurrency},
    {"rate_limit", int64_t{x.rate_limit.count()}},
    {"retry_attempts", x.retry_attempts},
    {"retry_backoff", int64_t{x.retry_backoff.count()}},
    {"follow_links", x.follow_links},
    {"respect_robots", x.respect_robots},
    {"download_images", x.download_images},
    {"detail_level", x.detail_level},
    {"include_patterns", strings(x.include_patterns)},
    {"exclude_patterns", strings(x.exclude_patterns)},
    {"tags", strings(x.tags)},
    {"allowed_content_types", strings(x.allowed_content_types)},
    {"user_agent", x.user_agent},
    {"max_body_size", x.max_body_size},
    {"request_timeout", int64_t{x.request_timeout.count()}},
  });
}

} // namespace quaero::crawler
