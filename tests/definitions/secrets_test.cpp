#include "definitions/json.hpp"
#include "definitions/secrets.hpp"
#include "definitions/substitution.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace quaero;

namespace {

const std::string seal_of_key(32, 'a');

/// What an attempt has: a secret with everything that must be escaped.
struct fixture {
  std::map<std::string, key_text, std::less<>> texts{
    {"api-key", {"s3cret/\"with\" %&\u00e4\\", seal_of_key}},
    {"plain", {std::string{"in the open"}}}};
  key_lookup keys = [this](std::string_view key) -> std::optional<key_text> {
    auto i = texts.find(key);
    if (i == texts.end())
      return std::nullopt;
    return i->second;
  };
  secrets used;

  fixture() { used.add("api-key", texts.at("api-key")); }

  const std::string& secret() { return texts.at("api-key").text; }

  /// The secret in a JSON text.
  std::string json(const std::string& text) {
    return to_json(value::make_object({{"url", text}}));
  }

  std::string text_in(const std::string& json_text) {
    value x;
    std::string error;
    BOOST_TEST(parse_json(json_text, x, error), error);
    return x.get_string("url").value_or("?");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(secrets_of_work, fixture)

BOOST_AUTO_TEST_CASE(placeholders_tell_which_secrets_they_put_in) {
  secrets found;
  value x{"{plain} and {Api-Key}"};
  substitute(x, value::make_object(), keys, &found);
  BOOST_TEST(x.as_string() == "in the open and " + secret());
  auto text = x.as_string();
  found.hide(text);
  BOOST_TEST(text == "in the open and {api-key}");
  secrets none;
  value y{"{plain} {nobody}"};
  substitute(y, value::make_object(), keys, &none);
  BOOST_TEST(none.empty());
}

BOOST_AUTO_TEST_CASE(a_secret_is_hidden_in_whatever_form_it_is_written) {
  for (auto text : {secret(), json(secret()), json(json(secret())),
                    std::string{"s3cret%2F%22with%22%20%25%26%C3%A4%5C"},
                    std::string{"s3cret/%22with%22%20%25&%C3%A4%5C"}}) {
    auto shown = "before " + text + " after " + text;
    used.hide(shown);
    BOOST_TEST((shown.find("s3cret") == std::string::npos), shown);
    BOOST_TEST((shown.find("{api-key}") != std::string::npos), shown);
    BOOST_TEST(shown.starts_with("before "));
  }
  std::string other = "s3cret alone is none";
  used.hide(other);
  BOOST_TEST(other == "s3cret alone is none");
}

BOOST_AUTO_TEST_CASE(what_is_sealed_comes_back_as_it_was) {
  for (auto text :
       {secret(), "https://host/?k=" + secret(),
        std::string{"https://h/?k=s3cret%2F%22with%22%20%25%26%C3%A4%5C"},
        std::string{"https://h/s3cret/%22with%22%20%25&%C3%A4%5C#x"},
        std::string{"nothing {in} it"}}) {
    auto config = json(text);
    used.seal(config);
    BOOST_TEST((config.find("s3cret") == std::string::npos), config);
    secrets again;
    BOOST_TEST(unseal(config, keys, again).empty());
    BOOST_TEST(text_in(config) == text);
    BOOST_TEST(again.empty() == (text == "nothing {in} it"));
  }
}

BOOST_AUTO_TEST_CASE(a_changed_secret_counts_where_the_old_one_was_sealed) {
  auto config = json(secret());
  used.seal(config);
  texts.at("api-key").text = "the new one";
  BOOST_TEST(unseal(config, keys, used).empty());
  BOOST_TEST(text_in(config) == "the new one");
}

BOOST_AUTO_TEST_CASE(nobody_asks_for_a_secret_without_its_seal) {
  for (auto text :
       {std::string{"{api-key}"}, "{api-key:" + std::string(32, 'b') + "}",
        "{api-key:" + std::string(31, 'a') + "}",
        "{api-key:" + std::string(33, 'a') + "}",
        "{api-key;" + seal_of_key + "}", "{:" + seal_of_key + "}",
        "{plain:" + seal_of_key + "}"}) {
    auto config = json(text);
    secrets found;
    unseal(config, keys, found);
    BOOST_TEST(found.empty(), text);
    BOOST_TEST((text_in(config).find("s3cret") == std::string::npos), text);
  }
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_gone_is_told) {
  auto config = json(secret());
  used.seal(config);
  texts.clear();
  secrets found;
  const std::vector<std::string> lost{"{api-key}"};
  BOOST_TEST(unseal(config, keys, found) == lost,
             boost::test_tools::per_element());
  BOOST_TEST(text_in(config) == "{api-key}");
}

BOOST_AUTO_TEST_CASE(a_seal_is_never_shown) {
  auto config = json("a " + secret() + " b");
  used.seal(config);
  BOOST_TEST((config.find(seal_of_key) != std::string::npos));
  BOOST_TEST(without_seals(config) == json("a {api-key} b"));
  BOOST_TEST(without_seals("{a} {b:c} {") == "{a} {b:c} {");
}

BOOST_AUTO_TEST_CASE(the_longer_of_two_secrets_is_found_first) {
  used.add("long", {secret() + "-and-more", std::string(32, 'c')});
  auto text = secret() + "-and-more, " + secret();
  used.hide(text);
  BOOST_TEST(text == "{long}, {api-key}");
}

BOOST_AUTO_TEST_SUITE_END()
