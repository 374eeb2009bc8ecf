// Answers that are made smaller.

#include "actors/gateway/gzip.hpp"
#include "tests/gateway/fakes.hpp"
#include "tests/gateway/session_fixture.hpp"
#include "tests/support/curl_client.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

namespace {

struct encoding_fixture : gateway_fixture {
  // A run whose lines make an answer of more than `bytes`.
  std::string target(size_t bytes) {
    std::lock_guard lock{fake->mutex};
    auto id = fake->add_job("manager", "Nightly").job.id;
    for (size_t done = 0; done < bytes; done += 1000)
      fake->add_line(id, id, log_level::info, std::string(1000, 'x'));
    return "/api/jobs/" + to_string(id) + "/logs?limit=5000";
  }

  curl_reply get_encoded(const std::string& path) {
    return curl.get(server->url() + path, [](CURL* h) {
      curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, "gzip");
    });
  }

  curl_client curl;
};

struct one_answer_fixture : session_fixture {
  one_answer_fixture() {
    on_request = [this](const exchange_ptr& ex) { ex->reply(answer); };
  }

  ~one_answer_fixture() override { stop(); }

  http_reply ask(const std::string& accept, const std::string& method = "GET") {
    return http_client{port}.request(method, "/", "",
                                     {{"Accept-Encoding", accept}});
  }

  http_answer answer{200, std::string(10'000, 'x'), "application/json", {}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(encoding, encoding_fixture)

BOOST_AUTO_TEST_CASE(large_answers_are_small_for_who_takes_gzip) {
  start();
  for (size_t bytes : {10'000, 1'000'000}) { // Here, and on another thread.
    auto path = target(bytes);
    auto plain = get(path);
    BOOST_TEST(plain.header("content-encoding") == "");
    BOOST_TEST(plain.header("vary") == "Accept-Encoding");
    auto small = get_encoded(path);
    BOOST_TEST(small.outcome == CURLE_OK);
    BOOST_TEST(small.headers["content-encoding"] == "gzip");
    BOOST_TEST(small.headers["vary"] == "Accept-Encoding");
    BOOST_TEST(std::stoul(small.headers["content-length"])
               < plain.body.size() / 5);
    BOOST_TEST((small.body == plain.body));
  }
}

BOOST_AUTO_TEST_CASE(small_answers_stay_as_they_are) {
  start();
  auto reply = get_encoded("/api/health");
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.headers.count("content-encoding") == 0u);
  BOOST_TEST(reply.headers.count("vary") == 0u);
}

BOOST_AUTO_TEST_CASE(who_leaves_while_an_answer_is_made_small_harms_nobody) {
  start();
  auto path = target(5'000'000);
  for (int i = 0; i < 5; ++i)
    http_client{port}.send("GET " + path
                           + " HTTP/1.1\r\nHost: localhost\r\n"
                             "Accept-Encoding: gzip\r\n\r\n");
  BOOST_TEST(get_encoded(path).outcome == CURLE_OK);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(encoding_rules, one_answer_fixture)

BOOST_AUTO_TEST_CASE(the_size_from_which_on_is_exact_and_zero_means_never) {
  limits.gzip_bytes_min = 10'000;
  start();
  BOOST_TEST(ask("gzip").header("content-encoding") == "gzip");
  answer.body.pop_back();
  BOOST_TEST(ask("gzip").header("content-encoding") == "");
}

BOOST_AUTO_TEST_CASE(a_size_of_zero_means_never) {
  limits.gzip_bytes_min = 0;
  start();
  BOOST_TEST(ask("gzip").header("content-encoding") == "");
}

BOOST_AUTO_TEST_CASE(an_answer_with_a_tag_stays_as_it_is) {
  answer.headers = {{"ETag", "\"1\""}};
  start();
  auto reply = ask("gzip");
  BOOST_TEST(reply.header("content-encoding") == "");
  BOOST_TEST(reply.header("vary") == "");
  BOOST_TEST(reply.header("etag") == "\"1\"");
}

BOOST_AUTO_TEST_CASE(what_is_no_text_stays_as_it_is) {
  answer.content_type = "image/png";
  start();
  BOOST_TEST(ask("gzip").header("content-encoding") == "");
}

BOOST_AUTO_TEST_CASE(a_head_request_is_told_no_length_that_is_not_so) {
  start();
  http_client client{port};
  auto head = client.request("HEAD", "/", "", {{"Accept-Encoding", "gzip"}});
  BOOST_TEST(head.status == 200);
  BOOST_TEST(head.header("content-length") == "");
  BOOST_TEST(client.request("HEAD", "/").header("content-length") == "10000");
}

BOOST_AUTO_TEST_CASE(only_who_says_gzip_gets_it) {
  for (auto good : {"gzip", "GZIP", "br, gzip", "gzip;q=0.5", "gzip; q=1"})
    BOOST_TEST(accepts_gzip(good), good);
  for (auto bad : {"", "identity", "br", "gzip;q=0", "gzip; q=0.00", "*",
                   "notgzip", "gzip2"})
    BOOST_TEST(!accepts_gzip(bad), bad);
  BOOST_TEST(is_text("application/problem+json"));
  BOOST_TEST(is_text("text/html; charset=utf-8"));
  BOOST_TEST(!is_text("application/octet-stream"));
}

BOOST_AUTO_TEST_SUITE_END()
