#define BOOST_TEST_MODULE cli_test

#include "programs/cli/http_client.hpp"
#include "programs/cli/table.hpp"
#include "tests/programs/one_answer.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

struct captured {
  std::ostringstream out;
  std::ostringstream err;
  console to{out, err};
};

} // namespace

BOOST_AUTO_TEST_CASE(wide_and_combining_characters_are_counted) {
  BOOST_TEST(display_width("abc") == 3u);
  BOOST_TEST(display_width("äöü") == 3u);
  BOOST_TEST(display_width("日本") == 4u);
  BOOST_TEST(display_width("e\xCC\x81") == 1u);
  BOOST_TEST(display_width("🚀") == 2u);
  BOOST_TEST(display_width("\xFF\xFE") == 2u);
  BOOST_TEST(display_width("\xE6\x97") == 2u);
}

BOOST_AUTO_TEST_CASE(a_cut_text_fits_and_shows_that_it_was_cut) {
  BOOST_TEST(cut("abcdef", 6) == "abcdef");
  BOOST_TEST(cut("abcdef", 4) == "abc…");
  BOOST_TEST(cut("日本語", 4) == "日…");
  BOOST_TEST(cut("abc", 0) == "");
}

BOOST_AUTO_TEST_CASE(nothing_that_steers_the_terminal_is_printed) {
  BOOST_TEST(one_line("a\x1b[31mb\nc\td") == "a [31mb c d");
  BOOST_TEST(one_line("a\xC2\x9B"
                      "b")
             == "a b");
}

BOOST_AUTO_TEST_CASE(colours_are_used_only_if_the_console_has_them) {
  captured c;
  BOOST_TEST(paint(c.to, colour::red, "x") == "x");
  c.to.colours = true;
  BOOST_TEST(paint(c.to, colour::red, "x") == "\x1b[31mx\x1b[0m");
}

BOOST_AUTO_TEST_CASE(a_table_is_aligned_by_columns_of_the_terminal) {
  captured c;
  table t{{{.heading = "NAME"}, {.heading = "N", .right = true}}};
  t.add({"日本", "5"});
  t.add({"a", "123"});
  t.print(c.to);
  BOOST_TEST(c.out.str() == "NAME    N\n日本    5\na     123\n");
}

BOOST_AUTO_TEST_CASE(a_table_is_cut_to_the_terminal_the_widest_cells_first) {
  for (size_t width : {60, 40, 30, 20, 10, 1}) {
    captured c;
    c.to.width = width;
    table t{{{.heading = "ID"},
             {.heading = "TITLE", .shrinks = true},
             {.heading = "URL", .shrinks = true}}};
    t.add({"12345678", std::string(100, 't'), std::string(30, 'u')});
    t.print(c.to);
    std::istringstream lines{c.out.str()};
    for (std::string line; std::getline(lines, line);)
      BOOST_TEST(display_width(line) <= width, line);
    if (width >= 40)
      BOOST_TEST(c.out.str().find("12345678") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(fields_without_a_value_are_left_out) {
  captured c;
  print_fields(c.to, {{"id", "1"}, {"error", ""}, {"status", "failed"}});
  BOOST_TEST(c.out.str() == "id      1\nstatus  failed\n");
}

BOOST_AUTO_TEST_CASE(path_segments_are_encoded) {
  BOOST_TEST(percent_encode("a b/ü?") == "a%20b%2F%C3%BC%3F");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_named_in_plain_words) {
  // Port 9 is the discard service, which nobody runs on loopback.
  auto client = make_http_client({.server = "127.0.0.1:9/"});
  BOOST_TEST(client->server() == "http://127.0.0.1:9");
  auto x = client->send({.target = "/"});
  BOOST_TEST(!x.reached());
  BOOST_TEST(x.failure == "connection refused");
}

BOOST_AUTO_TEST_CASE(a_request_arrives_whole_and_its_answer_comes_back) {
  one_answer server{"{}", "HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\n",
                    3};
  auto x = make_http_client({.server = server.url})
             ->send({.method = "POST",
                     .target = "/a?b=c",
                     .body = "{}",
                     .content_type = "application/json"});
  BOOST_TEST(x.status == 202);
  BOOST_TEST(x.body == "xxx");
  BOOST_TEST(server.request.starts_with("POST /a?b=c HTTP/1.1\r\n"));
  BOOST_TEST(server.request.ends_with("\r\n\r\n{}"));
  BOOST_TEST(server.request.find("Content-Type: application/json\r\n")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_answer_above_the_limit_is_refused) {
  one_answer server{"\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                    response_bytes_max + 1};
  auto x = make_http_client({.server = server.url})->send({.target = "/"});
  BOOST_TEST(!x.reached());
  BOOST_TEST(x.failure == "the answer is larger than 64 MiB");
}

BOOST_AUTO_TEST_CASE(a_token_and_fields_go_out_and_fields_come_back) {
  one_answer server{"\r\n\r\n",
                    "HTTP/1.1 429 Slow\r\nRetry-After: 7 \r\nETag: \"e\"\r\n"
                    "Content-Length: 1\r\n\r\n",
                    1};
  auto client = make_http_client({.server = server.url, .token = "q_secret"});
  auto x = client->send({.target = "/", .fields = {{"If-Match", "\"e\""}}});
  BOOST_TEST(x.status == 429);
  BOOST_TEST(x.field("retry-after") == "7");
  BOOST_TEST(x.field("etag") == "\"e\"");
  BOOST_TEST(x.field("other") == "");
  BOOST_TEST(server.request.find("Authorization: Bearer q_secret\r\n")
             != std::string::npos);
  BOOST_TEST(server.request.find("If-Match: \"e\"\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stream_is_handed_on_and_ends_when_told) {
  one_answer server{"\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                    response_bytes_max + 1};
  size_t bytes = 0;
  auto client = make_http_client({.server = server.url});
  auto x = client->stream({.target = "/"}, [&](std::string_view piece) {
    bytes += piece.size();
    return bytes <= 1'000'000;
  });
  BOOST_TEST(x.status == 200);
  BOOST_TEST(x.failure == "");
  BOOST_TEST(x.body == "");
  BOOST_TEST(bytes > 1'000'000u);
  BOOST_TEST(bytes < 3'000'000u);
}

BOOST_AUTO_TEST_CASE(a_refused_stream_has_its_reason_in_the_body) {
  one_answer server{"\r\n\r\n",
                    "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n", 3};
  auto client = make_http_client({.server = server.url});
  auto x = client->stream({.target = "/"}, [](std::string_view) {
    BOOST_ERROR("the body of a refusal is no stream");
    return true;
  });
  BOOST_TEST(x.status == 404);
  BOOST_TEST(x.body == "xxx");
}

BOOST_AUTO_TEST_CASE(a_silent_stream_ends) {
  one_answer server{"never", "", 0}; // it waits for more of the request
  auto client = make_http_client({.server = server.url});
  auto x = client->stream(
    {.target = "/", .silence_max = std::chrono::milliseconds{50}},
    [](std::string_view) { return true; });
  BOOST_TEST(!x.reached());
  BOOST_TEST(x.failure == "no sign of life");
  client.reset(); // lets the server go
}

BOOST_AUTO_TEST_CASE(numbers_are_parted_in_thousands) {
  BOOST_TEST(count_text(0) == "0");
  BOOST_TEST(count_text(999) == "999");
  BOOST_TEST(count_text(1000) == "1,000");
  BOOST_TEST(count_text(-1234567) == "-1,234,567");
}
