// The gateway with a certificate.

#include "actors/gateway/tls.hpp"
#include "tests/gateway/fakes.hpp"
#include "tests/gateway/session_fixture.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/curl_client.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

struct tls_fixture : gateway_fixture {
  tls_fixture() {
    config.tls_certificate = own.path();
    config.tls_key = own.key();
  }

  std::function<void(CURL*)> trusting(std::function<void(CURL*)> more = {}) {
    return [this, more](CURL* h) {
      curl_easy_setopt(h, CURLOPT_CAINFO, own.path().c_str());
      if (more)
        more(h);
    };
  }

  std::string refusal(const std::string& path, const std::string& key) {
    config.tls_certificate = path;
    config.tls_key = key;
    auto bound = gateway{}.start(sys, config, spawn_actors());
    return bound ? "none" : message_of(bound.error());
  }

  certificate own;
  gateway_config config;
  curl_client curl;
};

/// Sessions behind TLS whose requests the test answers.
struct tls_session_fixture : session_fixture {
  tls_session_fixture() {
    BOOST_REQUIRE(load_tls(own.path(), own.key(), tls) == "");
  }

  ~tls_session_fixture() override { stop(); }

  certificate own;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tls, tls_fixture)

BOOST_AUTO_TEST_CASE(who_trusts_the_certificate_is_answered) {
  start(config);
  BOOST_TEST(server->url() == "https://127.0.0.1:" + std::to_string(port));
  for (int i = 0; i < 3; ++i) {
    auto reply = curl.get(server->url() + "/api/health", trusting());
    BOOST_TEST(reply.outcome == CURLE_OK);
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.body == R"({"status":"ok"})");
  }
}

BOOST_AUTO_TEST_CASE(who_does_not_trust_it_refuses) {
  start(config);
  auto reply = curl.get(server->url() + "/api/health");
  BOOST_TEST(reply.outcome == CURLE_PEER_FAILED_VERIFICATION);
  BOOST_TEST(curl.get(server->url() + "/api/health", trusting()).status == 200);
}

BOOST_AUTO_TEST_CASE(versions_of_tls_from_1_2_on_are_taken) {
  start(config);
  auto with = [&](long versions) {
    return curl.get(server->url() + "/api/health", trusting([=](CURL* h) {
                      curl_easy_setopt(h, CURLOPT_SSLVERSION, versions);
                      curl_easy_setopt(h, CURLOPT_SSL_CIPHER_LIST,
                                       "DEFAULT@SECLEVEL=0");
                      curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
                    }));
  };
  BOOST_TEST(with(CURL_SSLVERSION_TLSv1_3).status == 200);
  BOOST_TEST(
    with(CURL_SSLVERSION_TLSv1_2 | long{CURL_SSLVERSION_MAX_TLSv1_2}).status
    == 200);
  BOOST_TEST(
    with(CURL_SSLVERSION_TLSv1_0 | long{CURL_SSLVERSION_MAX_TLSv1_1}).outcome
    == CURLE_SSL_CONNECT_ERROR);
}

BOOST_AUTO_TEST_CASE(a_plain_request_is_cut_and_the_next_one_served) {
  start(config);
  http_client plain{port};
  BOOST_TEST(plain.get("/api/health").status == 0);
  BOOST_TEST(curl.get(server->url() + "/api/health", trusting()).status == 200);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_does_not_come_is_cut) {
  config.handshake_timeout = 50ms;
  start(config);
  http_client silent{port};
  BOOST_TEST(silent.at_end());
  http_client slow{port};
  slow.send("\x16\x03\x01");
  BOOST_TEST(slow.at_end());
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_is_told_through_tls) {
  config.connections_max = 1;
  start(config);
  http_client first{port}; // Has not even begun.
  auto reply = curl.get(server->url() + "/api/health", trusting());
  BOOST_TEST(reply.status == 503);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_refused_with_the_reason) {
  BOOST_TEST(refusal(own.path(), "")
             == "tls.key is missing; tls.certificate is of no use without it");
  BOOST_TEST(refusal("", own.key())
             == "tls.certificate is missing; tls.key is of no use without it");
  BOOST_TEST(refusal("/nowhere.pem", own.key())
             == "tls.certificate: cannot read /nowhere.pem: No such file or "
                "directory");
  BOOST_TEST(refusal(own.path(), "/nowhere.pem")
             == "tls.key: cannot read /nowhere.pem: No such file or directory");
  BOOST_TEST(refusal(own.key(), own.key()).find("is no certificate in PEM")
             != std::string::npos);
  BOOST_TEST(
    refusal(own.path(), own.path()).find("is no key without a password in PEM")
    != std::string::npos);
  BOOST_TEST(refusal(own.path(), own.locked_key())
               .find("is no key without a password in PEM")
             != std::string::npos);
  certificate other;
  BOOST_TEST(refusal(own.path(), other.key())
             == "tls.key: " + other.key()
                  + " is not the key of the certificate " + own.path());
  BOOST_TEST(refusal(own.path(), own.key()) == "none");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(tls_sessions, tls_session_fixture)

BOOST_AUTO_TEST_CASE(a_large_body_and_a_large_answer_pass) {
  on_request = [](const exchange_ptr& ex) {
    ex->reply({200, ex->request().body + "!", "text/plain", {}});
  };
  start();
  const std::string body(3'000'000, 'x');
  auto reply = curl_client{}.get(
    "https://127.0.0.1:" + std::to_string(port) + "/", [&](CURL* h) {
      curl_easy_setopt(h, CURLOPT_CAINFO, own.path().c_str());
      curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, 3'000'000L);
      curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.c_str());
    });
  BOOST_TEST(reply.outcome == CURLE_OK);
  BOOST_TEST((reply.body == body + "!"));
}

BOOST_AUTO_TEST_CASE(a_stream_ends_properly) {
  on_request = [](const exchange_ptr& ex) {
    auto out = ex->open_stream({200, "", "text/plain", {}});
    for (int i = 0; i < 100; ++i)
      BOOST_TEST(out->write(shared_text(std::string(1000, 'x'))));
    out->close();
  };
  start();
  auto reply = curl_client{}.get(
    "https://127.0.0.1:" + std::to_string(port) + "/",
    [&](CURL* h) { curl_easy_setopt(h, CURLOPT_CAINFO, own.path().c_str()); });
  BOOST_TEST(reply.outcome == CURLE_OK);
  BOOST_TEST(reply.body.size() == 100'000u);
}

BOOST_AUTO_TEST_CASE(a_web_socket_speaks_through_tls) {
  on_request = [](const exchange_ptr& ex) {
    ex->upgrade([](const std::shared_ptr<web_socket>& x) {
      std::weak_ptr<web_socket> weak = x;
      x->on_text = [weak](std::string_view text) {
        for (int i = 0; i < 100; ++i)
          weak.lock()->send(shared_text(std::string{text}));
        weak.lock()->close(1000, "");
      };
    });
  };
  start();
  namespace ssl = asio::ssl;
  namespace websocket = boost::beast::websocket;
  asio::io_context io;
  ssl::context trust{ssl::context::tls_client};
  trust.load_verify_file(own.path());
  trust.set_verify_mode(ssl::verify_peer);
  websocket::stream<ssl::stream<asio::ip::tcp::socket>> peer{io, trust};
  peer.next_layer().next_layer().connect(
    {asio::ip::address_v4::loopback(), port});
  peer.next_layer().handshake(ssl::stream_base::client);
  peer.handshake("localhost", "/");
  peer.write(asio::buffer("hello", 5));
  for (int i = 0; i < 100; ++i) {
    boost::beast::flat_buffer in;
    peer.read(in);
    BOOST_TEST(boost::beast::buffers_to_string(in.data()) == "hello");
  }
  boost::beast::flat_buffer in;
  boost::system::error_code failed;
  peer.read(in, failed);
  BOOST_TEST((failed == websocket::error::closed));
}

BOOST_AUTO_TEST_SUITE_END()
