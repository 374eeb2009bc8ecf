#include "actors/workers/crawler/url.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

namespace quaero::crawler {

namespace {

using cases = std::vector<std::pair<std::string, std::string>>;

std::string normal(const std::string& text) {
  return normalise_url(text).value_or("none");
}

} // namespace

BOOST_AUTO_TEST_SUITE(urls)

BOOST_AUTO_TEST_CASE(references_resolve_as_the_normal_examples_of_rfc_3986) {
  const cases all{
    {"g:h", "g:h"},
    {"g", "http://a/b/c/g"},
    {"./g", "http://a/b/c/g"},
    {"g/", "http://a/b/c/g/"},
    {"/g", "http://a/g"},
    {"//g", "http://g"},
    {"?y", "http://a/b/c/d;p?y"},
    {"g?y", "http://a/b/c/g?y"},
    {"#s", "http://a/b/c/d;p?q#s"},
    {"g#s", "http://a/b/c/g#s"},
    {"g?y#s", "http://a/b/c/g?y#s"},
    {";x", "http://a/b/c/;x"},
    {"g;x", "http://a/b/c/g;x"},
    {"g;x?y#s", "http://a/b/c/g;x?y#s"},
    {"", "http://a/b/c/d;p?q"},
    {".", "http://a/b/c/"},
    {"./", "http://a/b/c/"},
    {"..", "http://a/b/"},
    {"../", "http://a/b/"},
    {"../g", "http://a/b/g"},
    {"../..", "http://a/"},
    {"../../", "http://a/"},
    {"../../g", "http://a/g"},
  };
  for (auto& [reference, expected] : all)
    BOOST_TEST(resolve_url("http://a/b/c/d;p?q", reference) == expected);
}

BOOST_AUTO_TEST_CASE(references_resolve_as_the_abnormal_examples_of_rfc_3986) {
  const cases all{
    {"../../../g", "http://a/g"},
    {"../../../../g", "http://a/g"},
    {"/./g", "http://a/g"},
    {"/../g", "http://a/g"},
    {"g.", "http://a/b/c/g."},
    {".g", "http://a/b/c/.g"},
    {"g..", "http://a/b/c/g.."},
    {"..g", "http://a/b/c/..g"},
    {"./../g", "http://a/b/g"},
    {"./g/.", "http://a/b/c/g/"},
    {"g/./h", "http://a/b/c/g/h"},
    {"g/../h", "http://a/b/c/h"},
    {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
    {"g;x=1/../y", "http://a/b/c/y"},
    {"g?y/./x", "http://a/b/c/g?y/./x"},
    {"g?y/../x", "http://a/b/c/g?y/../x"},
    {"g#s/./x", "http://a/b/c/g#s/./x"},
    {"g#s/../x", "http://a/b/c/g#s/../x"},
    {"http:g", "http:g"},
  };
  for (auto& [reference, expected] : all)
    BOOST_TEST(resolve_url("http://a/b/c/d;p?q", reference) == expected);
}

BOOST_AUTO_TEST_CASE(a_url_has_one_normal_spelling) {
  const cases all{
    {"HTTP://Example.COM", "http://example.com/"},
    {"http://example.com:80/a", "http://example.com/a"},
    {"https://example.com:443/", "https://example.com/"},
    {"http://example.com:443/", "http://example.com:443/"},
    {"http://example.com:/", "http://example.com/"},
    {"http://example.com/a#b", "http://example.com/a"},
    {"http://example.com?x=1#b", "http://example.com/?x=1"},
    {"http://example.com/?", "http://example.com/?"},
    {"http://e.com/%7euser/%c3%a9%2f", "http://e.com/~user/%C3%A9%2F"},
    {"http://e.com/a b", "http://e.com/a%20b"},
    {"http://e.com/caf\xC3\xA9", "http://e.com/caf%C3%A9"},
    {"http://e.com/%2E%2E/a/%2e/b", "http://e.com/a/b"},
    {"http://e.com/100%", "http://e.com/100%"},
    {"http://e.com/A/B", "http://e.com/A/B"},
    {"http://m\xC3\xBCnchen.de/", "http://m\xC3\xBCnchen.de/"},
    {"http://[::1]:8080/x", "http://[::1]:8080/x"},
    {" http://e.com/x\n", "http://e.com/x"},
  };
  for (auto& [text, expected] : all) {
    BOOST_TEST(normal(text) == expected);
    BOOST_TEST(normal(normal(text)) == expected);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_web_address_has_no_normal_spelling) {
  for (std::string text :
       {"", "a/b", "ftp://e.com/", "mailto:a@e.com", "http:///x", "http://",
        "http://e.com:99999/", "http://e.com:x/", "http://a b/", "http:x",
        "http://[::1/", "http://<e>/"})
    BOOST_TEST(normal(text) == "none");
}

BOOST_AUTO_TEST_CASE(a_url_is_at_most_url_bytes_max_long) {
  std::string url = "http://e.com/";
  url.append(url_bytes_max - url.size(), 'a');
  BOOST_TEST(normalise_url(url).has_value());
  BOOST_TEST(!normalise_url(url + 'a').has_value());
  // It counts with its escapes.
  url.back() = ' ';
  BOOST_TEST(!normalise_url("http://e.com/" + std::string(2000, '<')));
  BOOST_TEST(
    (read_link("http://e.com/", url + "aa").kind == link_kind::too_long));
}

BOOST_AUTO_TEST_CASE(hosts_are_told_apart_by_port) {
  BOOST_TEST(host_key("HTTP://E.com/x") == "e.com:80");
  BOOST_TEST(host_key("https://e.com/") == "e.com:443");
  BOOST_TEST(host_key("http://u:p@e.com:8080/") == "e.com:8080");
  BOOST_TEST(host_key("mailto:x@e.com") == "");
  BOOST_TEST(origin_of("https://E.com:443/a?b") == "https://e.com");
  BOOST_TEST(origin_of("http://e.com:81/") == "http://e.com:81");
  BOOST_TEST(path_and_query("http://e.com?a=b") == "/?a=b");
  BOOST_TEST(path_and_query("http://e.com/c/d?a=b") == "/c/d?a=b");
}

BOOST_AUTO_TEST_CASE(links_are_sorted_by_kind) {
  const std::string base = "http://e.com/dir/page.html";
  auto kind = [&](const std::string& href) {
    return static_cast<int>(read_link(base, href).kind);
  };
  for (std::string href : {"", "  ", "#", "#top"})
    BOOST_TEST(kind(href) == static_cast<int>(link_kind::same_page));
  for (std::string href :
       {"javascript:void(0)", "JavaScript:x", "mailto:a@b.c", "tel:1", "sms:1",
        "data:text/html,x", "ftp://e.com/", "about:blank", "java\nscript:x"})
    BOOST_TEST(kind(href) == static_cast<int>(link_kind::other_scheme));
  for (std::string href : {"a.pdf", "/x/B.ZIP?v=1", "c.tar.gz#x"})
    BOOST_TEST(kind(href) == static_cast<int>(link_kind::download));
  for (std::string href : {"a.html", "../up", "?q=1", "//o.com/", "/pdf"})
    BOOST_TEST(kind(href) == static_cast<int>(link_kind::page));
  BOOST_TEST(kind("http://:80/") == static_cast<int>(link_kind::malformed));
  BOOST_TEST(read_link(base, "a/../b.html#c").url == "http://e.com/dir/b.html");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
