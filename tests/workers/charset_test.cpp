#include "actors/workers/crawler/charset.hpp"
#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace quaero::crawler {

using std::string_literals::operator""s;

BOOST_AUTO_TEST_SUITE(charsets)

BOOST_AUTO_TEST_CASE(the_header_says_the_charset) {
  auto x = decode_text("caf\xE9", "text/html; charset=ISO-8859-1");
  BOOST_TEST(x.text == "caf\xC3\xA9");
  BOOST_TEST(!x.guessed);
  BOOST_TEST(decode_text("\xCF\xF0", "text/html;charset=\"windows-1251\"").text
             == "\xD0\x9F\xD1\x80");
  BOOST_TEST(decode_text("\x93\xFA", "text/html; charset=Shift_JIS").text
             == "\xE6\x97\xA5");
}

BOOST_AUTO_TEST_CASE(the_page_says_the_charset) {
  for (std::string head : {"<meta charset='iso-8859-15'>",
                           "<meta http-equiv=Content-Type content=\"text/html; "
                           "charset=iso-8859-15\">",
                           "<?xml version='1.0' encoding='ISO-8859-15'?>"}) {
    auto x = decode_text(head + "\xA4", "text/html");
    BOOST_TEST(x.text == head + "\xE2\x82\xAC");
    BOOST_TEST(x.charset == "iso-8859-15");
  }
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_comes_first) {
  auto x = decode_text("\xEF\xBB\xBF\xC3\xA9", "text/html; charset=latin1");
  BOOST_TEST(x.text == "\xC3\xA9");
  BOOST_TEST(decode_text("\xFF\xFE\xE9\0a\0"s, "").text == "\xC3\xA9"s + "a");
  BOOST_TEST(decode_text("\xFE\xFF\0\xE9"s, "").text == "\xC3\xA9");
}

BOOST_AUTO_TEST_CASE(an_unknown_charset_is_guessed) {
  auto x = decode_text("\xC3\xA9", "text/html; charset=klingon");
  BOOST_TEST(x.text == "\xC3\xA9");
  BOOST_TEST(x.guessed);
  x = decode_text("it\x92s", "text/html; charset=//TRANSLIT");
  BOOST_TEST(x.text == "it\xE2\x80\x99s");
  BOOST_TEST(x.charset == "windows-1252");
  BOOST_TEST(x.guessed);
}

BOOST_AUTO_TEST_CASE(whatever_comes_in_valid_utf8_goes_out) {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  for (std::string charset :
       {"utf-8", "windows-1252", "euc-jp", "gbk", "big5", "utf-16le",
        "shift_jis", "euc-kr", "koi8-r", "iso-8859-8"}) {
    auto x = decode_text(bytes, "text/html; charset=" + charset);
    BOOST_TEST(is_utf8(x.text));
    BOOST_TEST(!x.text.empty());
    BOOST_TEST(x.charset == charset);
  }
  BOOST_TEST(decode_text("", "").text == "");
  BOOST_TEST(decode_text("a\xE3\x81", "x; charset=utf-8").text.substr(0, 4)
             == "a\xEF\xBF\xBD");
}

BOOST_AUTO_TEST_CASE(a_large_text_is_converted_whole) {
  std::string bytes(1'000'000, '\xE9');
  BOOST_TEST(decode_text(bytes, "x; charset=latin1").text.size() == 2'000'000u);
}

BOOST_AUTO_TEST_CASE(the_charset_is_searched_within_charset_scan_bytes) {
  std::string far(charset_scan_bytes, ' ');
  auto x = decode_text(far + "<meta charset=koi8-r>\xC1", "");
  BOOST_TEST(x.guessed);
}

BOOST_AUTO_TEST_CASE(a_media_type_is_the_header_without_parameters) {
  BOOST_TEST(media_type(" Text/HTML ; charset=x") == "text/html");
  BOOST_TEST(media_type("text/plain") == "text/plain");
  BOOST_TEST(media_type("") == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
