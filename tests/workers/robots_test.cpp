#include "actors/workers/crawler/robots.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace quaero::crawler {

namespace {

bool allows(const std::string& text, const std::string& path) {
  return robots_rules::parse(text, "quaero/0.1").allows(path);
}

} // namespace

BOOST_AUTO_TEST_SUITE(robots)

BOOST_AUTO_TEST_CASE(the_group_that_names_us_counts_and_no_other) {
  std::string text = "User-agent: *\nDisallow: /\n\n"
                     "User-Agent: other\nuser-agent: QUAERO/2\n"
                     "Disallow: /private # not this\r\n"
                     "Sitemap: http://e.com/s.xml\n";
  BOOST_TEST(allows(text, "/a"));
  BOOST_TEST(!allows(text, "/private/x"));
  BOOST_TEST(!robots_rules::parse(text, "someone").allows("/a"));
}

BOOST_AUTO_TEST_CASE(groups_of_the_same_name_count_together) {
  std::string text = "User-agent: quaero\nDisallow: /a\n"
                     "User-agent: x\nDisallow: /c\n"
                     "User-agent: quaero\nDisallow: /b\n";
  BOOST_TEST(!allows(text, "/a"));
  BOOST_TEST(!allows(text, "/b"));
  BOOST_TEST(allows(text, "/c"));
}

BOOST_AUTO_TEST_CASE(an_empty_group_for_us_allows_everything) {
  std::string text = "User-agent: *\nDisallow: /\nUser-agent: quaero\n"
                     "Disallow:\n";
  BOOST_TEST(allows(text, "/a"));
}

BOOST_AUTO_TEST_CASE(the_longest_match_wins_and_allow_wins_a_tie) {
  std::string text = "User-agent: *\nDisallow: /a\nAllow: /a/b\n"
                     "Disallow: /a/b/c\nDisallow: /t\nAllow: /t\n";
  BOOST_TEST(!allows(text, "/a"));
  BOOST_TEST(allows(text, "/a/b/x"));
  BOOST_TEST(!allows(text, "/a/b/c/d"));
  BOOST_TEST(allows(text, "/t"));
}

BOOST_AUTO_TEST_CASE(patterns_have_wildcards_and_ends) {
  std::string text = "User-agent: *\nDisallow: /*.php$\nDisallow: /x*y/z\n"
                     "Disallow: /only$\nDisallow: /q?*sid=\n";
  BOOST_TEST(!allows(text, "/a/b.php"));
  BOOST_TEST(allows(text, "/a/b.php?x"));
  BOOST_TEST(!allows(text, "/a.php.php"));
  BOOST_TEST(!allows(text, "/x1y1y/z2"));
  BOOST_TEST(allows(text, "/xy/"));
  BOOST_TEST(!allows(text, "/only"));
  BOOST_TEST(allows(text, "/only/this"));
  BOOST_TEST(!allows(text, "/q?a=1&sid=2"));
}

BOOST_AUTO_TEST_CASE(escapes_are_compared_in_one_spelling) {
  std::string text = "User-agent: *\nDisallow: /%7ejoe/\nDisallow: /caf\xC3\xA9"
                     "\n";
  BOOST_TEST(!allows(text, "/~joe/x"));
  BOOST_TEST(!allows(text, "/caf%c3%a9"));
}

BOOST_AUTO_TEST_CASE(the_robots_file_itself_is_always_allowed) {
  BOOST_TEST(robots_rules::deny_all().allows("/robots.txt"));
  BOOST_TEST(!robots_rules::deny_all().allows("/"));
}

BOOST_AUTO_TEST_CASE(the_status_decides_before_the_text) {
  std::string deny = "User-agent: *\nDisallow: /";
  auto allowed = [&](int status) {
    return robots_rules::from_response(status, deny, "quaero").allows("/a");
  };
  BOOST_TEST(!allowed(200));
  BOOST_TEST(allowed(404));
  BOOST_TEST(allowed(403));
  BOOST_TEST(!allowed(500));
  BOOST_TEST(!allowed(0));
  BOOST_TEST(robots_rules::from_response(200, "", "quaero").allows("/a"));
}

BOOST_AUTO_TEST_CASE(a_crawl_delay_is_read_up_to_crawl_delay_max) {
  auto delay = [](const std::string& x) {
    return robots_rules::parse("User-agent: *\nCrawl-delay: " + x, "q")
      .crawl_delay();
  };
  BOOST_TEST(delay("1.5").value().count() == 1500);
  BOOST_TEST((delay("999999") == crawl_delay_max));
  BOOST_TEST(!delay("-1").has_value());
  BOOST_TEST(!delay("soon").has_value());
  BOOST_TEST(!robots_rules{}.crawl_delay().has_value());
}

BOOST_AUTO_TEST_CASE(nothing_beyond_robots_bytes_max_is_read) {
  std::string text = "User-agent: *\nDisallow: /first\n#";
  text.append(robots_bytes_max, 'x');
  text += "\nDisallow: /last\n";
  BOOST_TEST(!allows(text, "/first"));
  BOOST_TEST(allows(text, "/last"));
  // A rule across the limit does not shrink to a wider one.
  std::string cut = "User-agent: *\n";
  cut.append(robots_bytes_max - cut.size() - 12, '\n');
  cut += "Disallow: /private";
  BOOST_TEST(allows(cut, "/page"));
}

BOOST_AUTO_TEST_CASE(rules_above_their_limits_do_not_count) {
  std::string text = "User-agent: *\nDisallow: /"
                     + std::string(robots_pattern_bytes_max, '*') + "\n";
  BOOST_TEST(allows(text, "/a"));
  text = "User-agent: *\n";
  for (size_t i = 0; i < robots_rules_max; ++i)
    text += "Allow: /x\n";
  BOOST_TEST(allows(text + "Disallow: /a\n", "/a"));
}

BOOST_AUTO_TEST_CASE(any_text_is_read) {
  BOOST_TEST(allows("\xEF\xBB\xBFUser-agent: x\nDisallow: /", "/a"));
  BOOST_TEST(allows("Disallow: /", "/a"));
  BOOST_TEST(allows("<html>::::\r\r\n:", "/a"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
