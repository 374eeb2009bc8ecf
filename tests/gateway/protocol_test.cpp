// How the gateway speaks HTTP, whatever is asked.

#include "tests/gateway/fakes.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

const std::string host = "Host: localhost\r\n";

std::string plain_get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\n" + host + "\r\n";
}

http_reply raw(uint16_t port, const std::string& bytes) {
  http_client client{port};
  client.send(bytes);
  client.finish();
  return client.read_reply();
}

std::string code_of(const http_reply& x) {
  return read_json(x.body).get_string("code").value_or("");
}

bool can_connect(uint16_t port) {
  try {
    http_client client{port};
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(protocol, gateway_fixture)

BOOST_AUTO_TEST_CASE(the_url_names_the_bound_port) {
  start();
  BOOST_TEST(port != 0);
  BOOST_TEST(server->url() == "http://127.0.0.1:" + std::to_string(port));
}

BOOST_AUTO_TEST_CASE(a_used_port_is_refused_with_advice) {
  start();
  gateway other;
  gateway_config config;
  config.port = port;
  auto bound = other.start(sys, config, {});
  BOOST_REQUIRE(!bound);
  BOOST_TEST(message_of(bound.error()) == "the gateway misses an actor");

  gateway_fixture second;
  second.start();
  gateway third;
  config.port = second.port;
  auto same = third.start(sys, config, second.spawn_actors());
  BOOST_REQUIRE(!same);
  BOOST_TEST(message_of(same.error())
             == "address 127.0.0.1:" + std::to_string(second.port)
                  + " is in use; choose another with --listen");
}

BOOST_AUTO_TEST_CASE(an_address_that_is_none_and_a_limit_of_zero_are_refused) {
  gateway_config config;
  config.address = "nowhere";
  auto bad_address = gateway{}.start(sys, config, spawn_actors());
  BOOST_REQUIRE(!bad_address);
  BOOST_TEST(message_of(bad_address.error())
             == "'nowhere' is not an IP address");
  config = {};
  config.body_bytes_max = 0;
  auto bad_limit = gateway{}.start(sys, config, spawn_actors());
  BOOST_REQUIRE(!bad_limit);
  BOOST_TEST(message_of(bad_limit.error())
             == "gateway.body_bytes_max is out of range");
}

BOOST_AUTO_TEST_CASE(a_connection_is_kept_until_it_is_to_be_closed) {
  start();
  http_client client{port};
  BOOST_TEST(client.get("/api/health").status == 200);
  BOOST_TEST(client.get("/api/health").status == 200);
  auto last
    = client.request("GET", "/api/health", "", {{"Connection", "close"}});
  BOOST_TEST(last.status == 200);
  BOOST_TEST(last.header("connection") == "close");
  BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(http_1_0_ends_with_its_answer) {
  start();
  http_client client{port};
  client.send("GET /api/health HTTP/1.0\r\nHost: localhost\r\n\r\n");
  BOOST_TEST(client.read_reply().status == 200);
  BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_their_order) {
  start();
  http_client client{port};
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += plain_get(i % 2 ? "/api/health" : "/api/jobs/stats")
           + (i % 5 ? "" : plain_get("/api/nothing"));
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    auto body = client.read_reply().body;
    auto expected = i % 2 ? "status" : "total_jobs";
    BOOST_TEST((body.find(expected) != std::string::npos), body);
    if (i % 5 == 0)
      BOOST_TEST(client.read_reply().status == 404);
  }
}

BOOST_AUTO_TEST_CASE(who_sends_nothing_more_still_gets_every_answer) {
  start();
  http_client client{port};
  std::string all;
  for (int i = 0; i < 10; ++i)
    all += plain_get("/api/nothing/" + std::to_string(i));
  client.send(all);
  client.finish();
  for (int i = 0; i < 10; ++i)
    BOOST_TEST(*read_json(client.read_reply().body).get_string("path")
               == "/api/nothing/" + std::to_string(i));
  BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(a_head_request_has_the_length_but_no_body) {
  start();
  http_client client{port};
  auto full = client.get("/api/version");
  auto head = client.request("HEAD", "/api/version");
  BOOST_TEST(head.status == 200);
  BOOST_TEST(head.header("content-length") == std::to_string(full.body.size()));
  BOOST_TEST(client.get("/api/health").status == 200); // Nothing in between.
}

BOOST_AUTO_TEST_CASE(options_tell_the_methods) {
  start();
  http_client client{port};
  auto reply = client.request("OPTIONS", "/api/job-definitions/x");
  BOOST_TEST(reply.status == 204);
  BOOST_TEST(reply.header("allow") == "DELETE, GET, HEAD, OPTIONS, PUT");
  BOOST_TEST(client.request("OPTIONS", "*").status == 204);
}

BOOST_AUTO_TEST_CASE(an_unknown_path_is_404_and_a_wrong_method_405) {
  start();
  auto unknown = get("/api/no/such?x=1");
  BOOST_TEST(unknown.status == 404);
  BOOST_TEST(unknown.header("content-type") == "application/problem+json");
  auto body = read_json(unknown.body);
  BOOST_TEST(*body.get_string("error") == "Not Found");
  BOOST_TEST(*body.get_string("path") == "/api/no/such");
  BOOST_TEST(*body.get_int("status") == 404);
  auto wrong = http_client{port}.request("DELETE", "/api/jobs");
  BOOST_TEST(wrong.status == 405);
  BOOST_TEST(wrong.header("allow") == "GET, HEAD, OPTIONS, POST");
  BOOST_TEST(code_of(wrong) == "method_not_allowed");
}

BOOST_AUTO_TEST_CASE(a_request_id_is_echoed_or_made) {
  start();
  http_client client{port};
  auto mine
    = client.request("GET", "/api/health", "", {{"X-Request-ID", "abc-1.2_3"}});
  BOOST_TEST(mine.header("x-request-id") == "abc-1.2_3");
  auto odd
    = client.request("GET", "/api/health", "", {{"X-Request-ID", "<b>"}});
  BOOST_TEST(odd.header("x-request-id").size() == 16u);
  BOOST_TEST(client.get("/api/none").header("x-request-id").size() == 16u);
  BOOST_TEST(odd.header("x-content-type-options") == "nosniff");
}

BOOST_AUTO_TEST_CASE(malformed_requests_are_400) {
  start();
  const std::string bad[] = {
    "nonsense\r\n\r\n",
    "GET /\r\n\r\n",
    "GET  / HTTP/1.1\r\n" + host + "\r\n",
    "GET / HTTP/1.1\r\n\r\n",                    // No Host.
    "GET / HTTP/1.1\r\n" + host + host + "\r\n", // Two.
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET / HTTP/1.1\r\n" + host + "bad header\r\n\r\n",
    "GET / HTTP/1.1\r\n" + host + "a : b\r\n\r\n",
    "GET /%zz HTTP/1.1\r\n" + host + "\r\n",
    "GET /%00 HTTP/1.1\r\n" + host + "\r\n",
    "GET /%ff HTTP/1.1\r\n" + host + "\r\n",
    "GET nowhere HTTP/1.1\r\n" + host + "\r\n",
    "GET /?a=%4 HTTP/1.1\r\n" + host + "\r\n",
    "POST /api/jobs HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n",
    "POST /api/jobs HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
    "POST /api/jobs HTTP/1.1\r\n" + host
      + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "POST /api/jobs HTTP/1.1\r\n" + host
      + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "POST /api/jobs HTTP/1.1\r\n" + host
      + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /api/jobs HTTP/1.1\r\n" + host
      + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "POST /api/jobs HTTP/1.0\r\n" + host
      + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHo", // Ends in the head.
    "POST /api/jobs HTTP/1.1\r\n" + host
      + "Content-Length: 9\r\n\r\nabc", // Ends in the body.
  };
  for (const auto& bytes : bad) {
    http_client client{port};
    client.send(bytes);
    client.finish();
    auto reply = client.read_reply();
    BOOST_TEST(reply.status == 400, bytes << " -> " << reply.status);
    BOOST_TEST(client.at_end(), bytes);
    BOOST_TEST(reply.header("content-type") == "application/problem+json");
  }
  BOOST_TEST(get("/api/health").status == 200);
}

BOOST_AUTO_TEST_CASE(other_transfer_encodings_and_expectations_are_refused) {
  start();
  BOOST_TEST(
    raw(port, "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n")
      .status
    == 501);
  BOOST_TEST(
    raw(port, "GET / HTTP/1.1\r\n" + host + "Expect: magic\r\n\r\n").status
    == 417);
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_read) {
  start();
  auto reply
    = raw(port, "POST /api/job-definitions/x/execute HTTP/1.1\r\n" + host
                  + "Transfer-Encoding: chunked\r\n\r\n"
                    "5\r\n{\"con\r\n11\r\nfig\":{\"a\":\"b\"}}  \r\n"
                    "0\r\n\r\n");
  BOOST_TEST(reply.status == 202, reply.body);
  std::lock_guard lock{fake->mutex};
  BOOST_REQUIRE(fake->executed.size() == 1u);
  BOOST_TEST(fake->executed[0].overrides[0].second == "b");
}

BOOST_AUTO_TEST_CASE(a_client_that_expects_to_be_asked_is_asked) {
  start();
  http_client client{port};
  client.send("POST /api/job-definitions/x/execute HTTP/1.1\r\n" + host
              + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  BOOST_TEST(client.read_reply().status == 100);
  client.send("{}");
  BOOST_TEST(client.read_reply().status == 202);
}

BOOST_AUTO_TEST_CASE(a_body_above_the_limit_is_413) {
  gateway_config config;
  config.body_bytes_max = 100;
  start(config);
  auto exact = post("/api/job-definitions/x/execute", std::string(100, ' '));
  BOOST_TEST(exact.status == 202);
  auto more = post("/api/job-definitions/x/execute", std::string(101, ' '));
  BOOST_TEST(more.status == 413);
  BOOST_TEST(code_of(more) == "body_too_large");
  auto chunked
    = raw(port, "POST /api/job-definitions/x/execute HTTP/1.1\r\n" + host
                  + "Transfer-Encoding: chunked\r\n\r\nffff\r\n"
                  + std::string(0xffff, ' ') + "\r\n0\r\n\r\n");
  BOOST_TEST(chunked.status == 413);
}

BOOST_AUTO_TEST_CASE(a_body_as_large_as_the_default_limit_is_taken) {
  start();
  gateway_config config;
  auto all = std::string(config.body_bytes_max, ' ');
  BOOST_TEST(post("/api/job-definitions/x/execute", all).status == 202);
  BOOST_TEST(post("/api/job-definitions/x/execute", all + " ").status == 413);
}

BOOST_AUTO_TEST_CASE(a_target_above_the_limit_is_414) {
  gateway_config config;
  start(config);
  auto longest = "/api/health?x=" + std::string(config.target_bytes_max, 'x');
  longest.resize(config.target_bytes_max);
  BOOST_TEST(get(longest).status == 200);
  BOOST_TEST(get(longest + "x").status == 414);
  BOOST_TEST(get("/" + std::string(config.header_bytes_max, 'x')).status
             == 414);
  BOOST_TEST(get("/" + std::string(1024 * 1024, 'x')).status == 414);
}

BOOST_AUTO_TEST_CASE(a_head_above_the_limit_is_431) {
  gateway_config config;
  start(config);
  auto fields = [](size_t n) { return "X: " + std::string(n, 'x') + "\r\n"; };
  auto head = "GET /api/health HTTP/1.1\r\n" + host;
  auto room = config.header_bytes_max - head.size() - fields(0).size() - 2;
  BOOST_TEST(raw(port, head + fields(room) + "\r\n").status == 200);
  auto more = raw(port, head + fields(room + 1) + "\r\n");
  BOOST_TEST(more.status == 431);
  BOOST_TEST(code_of(more) == "header_too_large");
  BOOST_TEST(raw(port, head + fields(1024 * 1024) + "\r\n").status == 431);
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_is_503) {
  gateway_config config;
  config.connections_max = 2;
  start(config);
  auto first = std::make_unique<http_client>(port);
  http_client second{port};
  BOOST_TEST(first->get("/api/health").status == 200);
  BOOST_TEST(second.get("/api/health").status == 200);
  http_client third{port};
  auto refused = third.read_reply();
  BOOST_TEST(refused.status == 503);
  BOOST_TEST(refused.header("retry-after") == "1");
  BOOST_TEST(third.at_end());
  first = nullptr; // Makes room; the gateway sees that in its own time.
  int status = 503;
  while (status == 503)
    status = http_client{port}.get("/api/health").status;
  BOOST_TEST(status == 200);
}

BOOST_AUTO_TEST_CASE(a_connection_without_a_request_is_closed) {
  gateway_config config;
  config.idle_timeout = 50ms;
  start(config);
  http_client client{port};
  BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(a_request_that_does_not_arrive_is_408) {
  gateway_config config;
  config.read_timeout = 50ms;
  start(config);
  for (auto part :
       {std::string{"GET / HT"}, "POST /api/jobs HTTP/1.1\r\n" + host
                                   + "Content-Length: 9\r\n\r\nabc"}) {
    http_client client{port};
    client.send(part);
    BOOST_TEST(client.read_reply().status == 408);
    BOOST_TEST(client.at_end());
  }
}

BOOST_AUTO_TEST_CASE(an_actor_that_does_not_answer_is_504) {
  gateway_config config;
  config.request_timeout = 50ms;
  start(config);
  std::promise<void> gate;
  std::string id;
  {
    std::lock_guard lock{fake->mutex};
    fake->gate = gate.get_future().share();
    id = to_string(fake->add_job("fetch", "slow").job.id);
  }
  http_client client{port};
  auto reply = client.get("/api/jobs/" + id);
  BOOST_TEST(reply.status == 504);
  BOOST_TEST(code_of(reply) == "timeout");
  gate.set_value(); // The late answer belongs to nobody.
  BOOST_TEST(client.get("/api/health").status == 200);
  BOOST_TEST(client.get("/api/jobs/" + id).status == 200);
}

BOOST_AUTO_TEST_CASE(stop_lets_the_answer_in_flight_finish) {
  start();
  std::promise<void> gate;
  std::string id;
  {
    std::lock_guard lock{fake->mutex};
    fake->gate = gate.get_future().share();
    id = to_string(fake->add_job("fetch", "slow").job.id);
  }
  http_client idle{port};
  BOOST_TEST(idle.get("/api/health").status == 200);
  http_client busy{port};
  busy.send(plain_get("/api/health") + plain_get("/api/jobs/" + id));
  BOOST_TEST(busy.read_reply().status == 200);
  std::thread stopper{[this] { server->stop(); }};
  BOOST_TEST(idle.at_end());
  while (can_connect(port))
    std::this_thread::yield();
  gate.set_value();
  auto reply = busy.read_reply();
  // The second request may not have been taken any more.
  BOOST_TEST((reply.status == 200 || reply.status == 0));
  if (reply.status == 200)
    BOOST_TEST(reply.header("connection") == "close");
  BOOST_TEST(busy.at_end());
  stopper.join();
  server->stop(); // Again.
}

BOOST_AUTO_TEST_CASE(stop_does_not_wait_for_ever) {
  gateway_config config;
  config.drain_timeout = 50ms;
  start(config);
  std::promise<void> gate;
  {
    std::lock_guard lock{fake->mutex};
    fake->gate = gate.get_future().share();
  }
  http_client busy{port};
  busy.send(plain_get("/api/jobs/0190b6f4-0000-7000-8000-000000000001"));
  server->stop();
  gate.set_value();
  BOOST_TEST(busy.read_reply().status == 0);
}

BOOST_AUTO_TEST_CASE(a_foreign_host_is_refused_on_loopback) {
  start();
  auto with_host = [this](const std::string& x) {
    return http_client{port}
      .request("GET", "/api/health", "", {{"Host", x}})
      .status;
  };
  for (auto good :
       {"localhost", "LOCALHOST:1", "127.0.0.1", "127.8.9.1:80", "[::1]:8085"})
    BOOST_TEST(with_host(good) == 200, good);
  for (auto bad : {"evil.example", "127.0.0.1.evil.example", "10.0.0.1",
                   "localhost.evil.example:80", "[::2]"})
    BOOST_TEST(with_host(bad) == 403, bad);
  BOOST_TEST(with_host("localhost:x") == 400);
  BOOST_TEST(
    raw(port, "GET http://evil.example/api/health HTTP/1.1\r\n" + host + "\r\n")
      .status
    == 403);
  BOOST_TEST(
    raw(port, "GET http://localhost/api/health HTTP/1.1\r\n" + host + "\r\n")
      .status
    == 200);
}

BOOST_AUTO_TEST_CASE(a_foreign_origin_may_look_but_not_change) {
  start();
  auto self = "127.0.0.1:" + std::to_string(port);
  auto from = [&](const std::string& method, const std::string& origin) {
    return http_client{port}.request(
      method,
      method == "GET" ? "/api/health" : "/api/job-definitions/x/execute", "",
      {{"Host", self}, {"Origin", origin}});
  };
  BOOST_TEST(from("POST", "http://" + self).status == 202);
  BOOST_TEST(from("GET", "http://evil.example").status == 200);
  for (auto origin : {"http://evil.example", "null", "http://127.0.0.1:1"}) {
    auto reply = from("POST", origin);
    BOOST_TEST(reply.status == 403, origin);
    BOOST_TEST(code_of(reply) == "foreign_origin");
  }
  BOOST_TEST(
    from("GET", "http://evil.example").header("access-control-allow-origin")
    == "");
}

BOOST_AUTO_TEST_CASE(errors_of_actors_have_their_status) {
  start();
  const std::pair<ec, int> table[] = {
    {ec::invalid_argument, 400}, {ec::not_found, 404},
    {ec::conflict, 409},         {ec::disabled, 400},
    {ec::limit_reached, 429},    {ec::no_worker, 400},
    {ec::shutting_down, 503},    {ec::storage_failed, 500},
    {ec::worker_failed, 500},
  };
  http_client client{port};
  for (auto [code, status] : table) {
    {
      std::lock_guard lock{fake->mutex};
      fake->execute_error = make_error(code, "because");
    }
    auto reply = client.request("POST", "/api/job-definitions/x/execute");
    auto body = read_json(reply.body);
    BOOST_TEST(reply.status == status, to_string(code));
    BOOST_TEST(*body.get_string("detail") == "because");
    BOOST_TEST(*body.get_string("error") == "because");
    BOOST_TEST(*body.get_string("code") == to_string(code));
    const bool later = status == 429 || status == 503;
    BOOST_TEST((reply.header("retry-after") == "1") == later);
  }
}

BOOST_AUTO_TEST_CASE(many_clients_are_served_at_a_time) {
  start();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      http_client client{port};
      for (int k = 0; k < 50; ++k)
        good += client.get("/api/jobs/stats").status == 200;
    });
  for (auto& x : threads)
    x.join();
  BOOST_TEST(good == 16 * 50);
}

BOOST_AUTO_TEST_SUITE_END()
