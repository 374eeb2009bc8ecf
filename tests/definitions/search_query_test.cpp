#include "definitions/search_query.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;

namespace {

document make(std::string title, std::string content) {
  document x;
  x.id = "doc_1";
  x.source_type = "Web";
  x.title = std::move(title);
  x.content_markdown = std::move(content);
  return x;
}

bool hits(std::string_view query, const document& x) {
  return matches(parse_search(query), x);
}

using texts = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(search_queries)

BOOST_AUTO_TEST_CASE(words_phrases_and_qualifiers_are_told_apart) {
  auto x = parse_search(R"(Cat +Dog "on the Mat" +"red  hat" id:a1 type:Web)");
  BOOST_CHECK((x.optional == texts{"cat", "on the mat"}));
  BOOST_CHECK((x.required == texts{"dog", "red  hat"}));
  BOOST_TEST(x.id == "a1");
  BOOST_TEST(x.document_type == "web");
  BOOST_TEST(!x.match_case);
}

BOOST_AUTO_TEST_CASE(anything_is_a_query) {
  BOOST_CHECK((parse_search("") == search_query{}));
  BOOST_CHECK((parse_search(" \t\n") == search_query{}));
  BOOST_CHECK((parse_search("+") == search_query{}));
  BOOST_CHECK((parse_search("\"\"") == search_query{}));
  BOOST_CHECK((parse_search("\"open").optional == texts{"open"}));
  BOOST_CHECK((parse_search("+ cat").required == texts{"cat"}));
  BOOST_CHECK((parse_search("a+b").optional == texts{"a+b"}));
  BOOST_CHECK((parse_search("a\"b c\"d").optional == texts{"a", "b c", "d"}));
  BOOST_CHECK((parse_search(R"("a \"b\"")").optional == texts{"a \"b\""}));
  // A colon behind any other word is no qualifier.
  BOOST_CHECK((parse_search("http://x").optional == texts{"http://x"}));
  BOOST_CHECK((parse_search("id:").optional == texts{"id:"}));
  BOOST_CHECK((parse_search("case:other").optional == texts{"case:other"}));
}

BOOST_AUTO_TEST_CASE(optional_words_are_any_and_required_ones_all) {
  auto x = make("The Cat", "sat on the mat");
  BOOST_TEST(hits("", x));
  BOOST_TEST(hits("dog cat", x));
  BOOST_TEST(!hits("dog mouse", x));
  BOOST_TEST(hits("+cat +mat", x));
  BOOST_TEST(!hits("+cat +dog", x));
  BOOST_TEST(hits("+cat dog mat", x));
  BOOST_TEST(!hits("+cat dog mouse", x)); // One of the optional ones, too.
  BOOST_TEST(hits("\"on the mat\"", x));
  BOOST_TEST(!hits("\"on mat\"", x));
}

BOOST_AUTO_TEST_CASE(case_counts_only_when_asked_for) {
  auto x = make("The Cat", "");
  BOOST_TEST(hits("CAT", x));
  BOOST_TEST(hits("Cat case:match", x));
  BOOST_TEST(!hits("cat case:match", x));
}

BOOST_AUTO_TEST_CASE(qualifiers_narrow) {
  auto x = make("The Cat", "");
  BOOST_TEST(hits("id:doc_1", x));
  BOOST_TEST(!hits("id:doc_2", x));
  BOOST_TEST(!hits("id:doc_1 dog", x));
  BOOST_TEST(hits("document_type:WEB cat", x));
  BOOST_TEST(!hits("document_type:mail cat", x));
}

BOOST_AUTO_TEST_SUITE_END()
