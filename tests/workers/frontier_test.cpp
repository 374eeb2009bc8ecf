#include "actors/workers/crawler/frontier.hpp"
#include "actors/workers/crawler/url.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace quaero::crawler {

namespace {

using strings = std::vector<std::string>;

constexpr auto admitted = admission::admitted;

std::string url(int i) {
  return "http://e.com/" + std::to_string(i);
}

} // namespace

BOOST_AUTO_TEST_SUITE(frontiers)

BOOST_AUTO_TEST_CASE(each_url_is_admitted_once) {
  frontier x{{100, 2}, {}};
  BOOST_TEST((x.admit(url(1), 1) == admitted));
  BOOST_TEST((x.admit(url(1), 1) == admission::seen));
  BOOST_TEST((x.admit(url(1), 2) == admission::seen));
  BOOST_TEST((x.admit(url(2), 2) == admitted));
  BOOST_TEST(x.pages() == 2u);
}

BOOST_AUTO_TEST_CASE(no_more_than_pages_max_are_admitted) {
  frontier x{{3, 2}, {}};
  int count = 0;
  for (int i = 0; i < 10; ++i)
    count += x.admit(url(i), 1) == admitted ? 1 : 0;
  BOOST_TEST(count == 3);
  BOOST_TEST(x.full());
  BOOST_TEST((x.admit(url(0), 1) == admission::seen));
  BOOST_TEST((x.admit(url(99), 1) == admission::full));
}

BOOST_AUTO_TEST_CASE(depth_max_1_is_seeds_only) {
  frontier x{{100, 1}, {}};
  BOOST_TEST((x.admit(url(1), 1) == admitted));
  BOOST_TEST(!x.follows_links_at(1));
  BOOST_TEST((x.admit(url(2), 2) == admission::too_deep));
  frontier y{{100, 2}, {}};
  BOOST_TEST(y.follows_links_at(1));
  BOOST_TEST(!y.follows_links_at(2));
}

BOOST_AUTO_TEST_CASE(a_redirect_target_is_seen_without_being_a_page) {
  frontier x{{100, 2}, {}};
  BOOST_TEST(x.mark_seen(url(1)));
  BOOST_TEST(!x.mark_seen(url(1)));
  BOOST_TEST((x.admit(url(1), 1) == admission::seen));
  BOOST_TEST(x.pages() == 0u);
}

BOOST_AUTO_TEST_CASE(patterns_hold_for_links_and_not_for_seeds) {
  frontier x{{100, 3}, {strings{"/docs/", "^http://d\\."}, strings{"private"}}};
  BOOST_TEST((x.admit("http://e.com/", 1) == admitted));
  BOOST_TEST((x.admit("http://e.com/docs/a", 2) == admitted));
  BOOST_TEST((x.admit("http://d.com/", 2) == admitted));
  BOOST_TEST((x.admit("http://e.com/blog", 2) == admission::filtered));
  BOOST_TEST((x.admit("http://e.com/docs/private", 2) == admission::filtered));
}

BOOST_AUTO_TEST_CASE(a_bad_pattern_is_named) {
  auto errors = check_url_patterns({"ok", "(unclosed", "(a)\\1"});
  BOOST_REQUIRE_EQUAL(errors.size(), 2u);
  BOOST_TEST(errors[0]
             == "has a pattern that is not a regular expression: (unclosed");
  BOOST_TEST(check_url_patterns({"^a.*b$", "[0-9]+"}).empty());
}

BOOST_AUTO_TEST_CASE(patterns_have_limits) {
  strings many(url_patterns_max, "a");
  BOOST_TEST(check_url_patterns(many).empty());
  many.emplace_back("a");
  BOOST_TEST(check_url_patterns(many).size() == 1u);
  BOOST_TEST(
    check_url_patterns({std::string(url_pattern_bytes_max, 'a')}).empty());
  BOOST_TEST(
    check_url_patterns({std::string(url_pattern_bytes_max + 1, 'a')}).size()
    == 1u);
}

BOOST_AUTO_TEST_CASE(no_pattern_takes_exponential_time) {
  url_filter filter{{}, {"(a+)+$", "(a|aa)*b$"}};
  BOOST_TEST(filter.matches("http://e.com/" + std::string(3000, 'a') + "!"));
  BOOST_TEST(
    !filter.matches("http://e.com/" + std::string(url_bytes_max, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
