#pragma once

#include "definitions/value.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quaero::crawler {

/// The largest values that a step may ask for; each minimum is beside its
/// member of crawl_config.
struct crawl_limits {
  int64_t max_depth = 100;
  int64_t max_pages = 1'000'000;
  int64_t concurrency = 100;
  std::chrono::milliseconds rate_limit{3'600'000};
  int64_t retry_attempts = 20;
  std::chrono::milliseconds retry_backoff{600'000};
  int64_t max_body_size = 1024 * 1024 * 1024;
  std::chrono::milliseconds request_timeout{600'000};
  size_t start_urls = 10'000;
};

/// What a crawler step is told. Times may be written as milliseconds (500) or
/// with units ("500ms"). The names of the keys are those of the members.
struct crawl_config {
  std::vector<std::string> start_urls; ///< Normalised; may be empty.
  std::string source_type;
  std::string entity_type = "all";
  int64_t max_depth = 2;                      ///< From 1: seeds only.
  int64_t max_pages = 100;                    ///< From 1.
  int64_t concurrency = 5;                    ///< From 1; per host.
  std::chrono::milliseconds rate_limit{1000}; ///< Per host; from 0: no wait.
  int64_t retry_attempts = 3;                 ///< From 1; the first one counts.
  std::chrono::milliseconds retry_backoff{1000}; ///< From 0.
  bool follow_links = true;
  bool respect_robots = true;        ///< Also: follow_robots_txt.
  bool download_images = true;       ///< Kept only; no images are taken.
  std::string detail_level = "full"; ///< "full" or "metadata".
  std::vector<std::string> include_patterns;
  std::vector<std::string> exclude_patterns;
  std::vector<std::string> tags;
  std::vector<std::string> allowed_content_types{"text/html",
                                                 "application/xhtml+xml"};
  std::string user_agent = "quaero/0.1";             ///< Not empty.
  int64_t max_body_size = 10 * 1024 * 1024;          ///< Bytes, from 1.
  std::chrono::milliseconds request_timeout{30'000}; ///< From 1 ms.

  bool operator==(const crawl_config&) const = default;
};

struct crawl_config_result {
  crawl_config config;
  /// One sentence a broken rule: "max_pages must be an integer from 1 to
  /// 1000000". `config` then has the default in its place.
  std::vector<std::string> errors;

  bool ok() const { return errors.empty(); }
};

/// Reads the config of a step, or of a job that to_value() has written. Reports
/// every error. Other keys do not count.
crawl_config_result parse_crawl_config(const value& x,
                                       const crawl_limits& limits = {});

/// Every key, so that parse_crawl_config() gives the same back.
value to_value(const crawl_config& x);

} // namespace quaero::crawler
