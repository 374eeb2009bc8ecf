#include "actors/gateway/cursor.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace quaero;

namespace {

const list_position somewhere{std::string("\0\xff place", 8), 7, 1'000'000,
                              true};

} // namespace

BOOST_AUTO_TEST_SUITE(cursors)

BOOST_AUTO_TEST_CASE(a_cursor_says_what_was_put_in) {
  auto text = make_cursor("jobs", somewhere);
  BOOST_CHECK(read_cursor("jobs", text) == somewhere);
  BOOST_TEST(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                    "qrstuvwxyz0123456789-_")
             == std::string::npos);
  BOOST_CHECK(read_cursor("jobs", make_cursor("jobs", {})) == list_position{});
}

BOOST_AUTO_TEST_CASE(a_cursor_fits_no_other_list) {
  auto text = make_cursor("jobs\nstate:failed", somewhere);
  BOOST_CHECK(!read_cursor("jobs\nstate:completed", text));
  BOOST_CHECK(!read_cursor("", text));
  // The end of the name is not the begin of what follows.
  BOOST_CHECK(!read_cursor("jobs\nstate:faile", text));
}

BOOST_AUTO_TEST_CASE(a_cursor_that_was_changed_is_refused) {
  const auto text = make_cursor("jobs", somewhere);
  for (size_t i = 0; i < text.size(); ++i) {
    auto other = text;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    BOOST_CHECK_MESSAGE(!read_cursor("jobs", other), other);
    BOOST_CHECK(!read_cursor("jobs", text.substr(0, i)));
  }
  for (const std::string& bad :
       {std::string{}, std::string{"x"}, std::string{"=="}, text + "A",
        text + "=", " " + text, std::string(100'000, 'A'),
        std::string{"\xff\xfe"}, std::string(50, '\0')})
    BOOST_CHECK(!read_cursor("jobs", bad));
}

BOOST_AUTO_TEST_SUITE_END()
