#include "actors/workers/crawler/crawl_config.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace quaero::crawler {

namespace {

std::string only_error(const std::string& key, value x) {
  auto result = parse_crawl_config(value::make_object({{key, std::move(x)}}));
  BOOST_TEST(result.errors.size() == 1u);
  return result.errors.empty() ? "" : result.errors.front();
}

crawl_config parse_one(const std::string& key, value x) {
  auto result = parse_crawl_config(value::make_object({{key, std::move(x)}}));
  BOOST_TEST(result.ok());
  return result.config;
}

} // namespace

BOOST_AUTO_TEST_SUITE(crawl_configs)

BOOST_AUTO_TEST_CASE(an_empty_config_is_all_defaults) {
  auto result = parse_crawl_config(value::make_object());
  BOOST_TEST(result.ok());
  BOOST_TEST((result.config == crawl_config{}));
  BOOST_TEST(result.config.max_pages == 100);
  BOOST_TEST(result.config.rate_limit.count() == 1000);
}

BOOST_AUTO_TEST_CASE(a_config_survives_a_round_trip) {
  crawl_config x;
  x.start_urls = {"http://e.com/"};
  x.max_depth = 7;
  x.max_pages = 9;
  x.rate_limit = std::chrono::milliseconds{0};
  x.respect_robots = false;
  x.detail_level = "metadata";
  x.include_patterns = {"a"};
  x.exclude_patterns = {"b"};
  x.tags = {"t"};
  x.user_agent = "me";
  x.request_timeout = std::chrono::milliseconds{1234};
  auto result = parse_crawl_config(to_value(x));
  BOOST_TEST(result.ok());
  BOOST_TEST((result.config == x));
}

BOOST_AUTO_TEST_CASE(errors_name_the_key_and_the_rule) {
  BOOST_TEST(only_error("max_pages", 0)
             == "max_pages must be an integer from 1 to 1000000");
  BOOST_TEST(only_error("max_depth", "deep")
             == "max_depth must be an integer from 1 to 100");
  BOOST_TEST(only_error("follow_links", 3)
             == "follow_links must be true or false");
  BOOST_TEST(only_error("detail_level", "half")
             == "detail_level must be \"full\" or \"metadata\"");
  BOOST_TEST(only_error("exclude_patterns", "[")
             == "exclude_patterns has a pattern that is not a regular "
                "expression: [");
  BOOST_TEST(only_error("start_urls", "ftp://e.com/").find("ftp://e.com/")
             != std::string::npos);
  BOOST_TEST(only_error("tags", 3) == "tags must be a list of strings");
  BOOST_TEST(only_error("user_agent", "").find("not empty")
             != std::string::npos);
  BOOST_TEST(only_error("rate_limit", -1).starts_with("rate_limit must be"));
}

BOOST_AUTO_TEST_CASE(every_number_is_taken_at_its_limits_and_not_beyond) {
  crawl_limits limits;
  BOOST_TEST(parse_one("max_pages", limits.max_pages).max_pages
             == limits.max_pages);
  only_error("max_pages", limits.max_pages + 1);
  parse_one("max_depth", limits.max_depth);
  only_error("max_depth", limits.max_depth + 1);
  parse_one("concurrency", limits.concurrency);
  only_error("concurrency", limits.concurrency + 1);
  parse_one("retry_attempts", limits.retry_attempts);
  only_error("retry_attempts", limits.retry_attempts + 1);
  parse_one("max_body_size", limits.max_body_size);
  only_error("max_body_size", limits.max_body_size + 1);
  for (std::string key : {"rate_limit", "retry_backoff", "request_timeout"})
    only_error(key, int64_t{1} << 62);
  only_error("request_timeout", 0);
  parse_one("start_urls", value::array(limits.start_urls, "http://e.com/"));
  only_error("start_urls",
             value::array(limits.start_urls + 1, "http://e.com/"));
}

BOOST_AUTO_TEST_CASE(times_are_milliseconds_or_durations) {
  BOOST_TEST(parse_one("rate_limit", 50).rate_limit.count() == 50);
  BOOST_TEST(parse_one("rate_limit", 0).rate_limit.count() == 0);
  BOOST_TEST(parse_one("rate_limit", "2s").rate_limit.count() == 2000);
  BOOST_TEST(parse_one("request_timeout", "1m").request_timeout.count()
             == 60'000);
}

BOOST_AUTO_TEST_CASE(robots_have_two_names) {
  BOOST_TEST(!parse_one("follow_robots_txt", false).respect_robots);
  BOOST_TEST(!parse_one("respect_robots", false).respect_robots);
}

BOOST_AUTO_TEST_CASE(every_error_is_reported) {
  auto x = value::make_object(
    {{"max_pages", -1}, {"max_depth", -1}, {"include_patterns", "("}});
  BOOST_TEST(parse_crawl_config(x).errors.size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
