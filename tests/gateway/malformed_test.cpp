// What no client should send. The gateway says so, and goes on as before.

#include "tests/gateway/fakes.hpp"
#include "tests/support/curl_client.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <dirent.h>
#include <fstream>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

const std::string host = "Host: localhost\r\n";
const std::string zero(1, '\0');
const std::string get_head = "GET /api/health HTTP/1.1\r\n" + host;
const std::string post_head
  = "POST /api/job-definitions/x/execute HTTP/1.1\r\n" + host;
const std::string chunked = post_head + "Transfer-Encoding: chunked\r\n\r\n";

std::string fields(size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i)
    out += "A" + std::to_string(i) + ": b\r\n";
  return out;
}

/// KiB of memory that this process has.
size_t resident_kib() {
  std::ifstream in{"/proc/self/status"};
  std::string word;
  size_t out = 0;
  while (in >> word)
    if (word == "VmRSS:" && in >> out)
      break;
  return out;
}

/// Descriptors of this process from now on: those it has.
class no_more_descriptors {
public:
  no_more_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto now = before_;
    now.rlim_cur = highest() + 1;
    ::setrlimit(RLIMIT_NOFILE, &now);
    // Fills the holes.
    for (int fd = 0; (fd = ::dup(0)) >= 0;)
      filled_.push_back(fd);
  }

  ~no_more_descriptors() {
    for (int fd : filled_)
      ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

private:
  static rlim_t highest() {
    rlim_t out = 0;
    auto* all = ::opendir("/proc/self/fd");
    while (auto* x = ::readdir(all))
      out = std::max(out, static_cast<rlim_t>(std::atoi(x->d_name)));
    ::closedir(all);
    return out;
  }

  rlimit before_{};
  std::vector<int> filled_;
};

struct malformed_fixture : gateway_fixture {
  http_reply raw(const std::string& bytes) {
    http_client client{port};
    client.send(bytes);
    client.finish();
    return client.read_reply();
  }

  void check_alive() { BOOST_TEST(get("/api/health").status == 200); }

  // Each is answered with its status and nothing is done.
  void check_refused(const std::vector<std::pair<std::string, int>>& all) {
    for (const auto& [bytes, status] : all) {
      auto reply = raw(bytes);
      const auto what = bytes.substr(0, 200);
      BOOST_TEST(reply.status == status, what);
      // A head that was read whole says where the next request begins.
      BOOST_TEST((reply.header("connection") == "close" || status == 404
                  || status == 405),
                 what);
      BOOST_TEST(reply.header("x-request-id") != "");
      BOOST_TEST(read_json(reply.body).get_string("code").has_value(), what);
    }
    check_alive();
    std::lock_guard lock{fake->mutex};
    BOOST_TEST(fake->executed.empty());
  }

  // A run whose lines make a large answer.
  std::string large_target() {
    std::lock_guard lock{fake->mutex};
    auto id = fake->add_job("manager", "Nightly").job.id;
    for (int i = 0; i < 5000; ++i)
      fake->add_line(id, id, log_level::info, std::string(2000, 'x'));
    return "/api/jobs/" + to_string(id) + "/logs?limit=5000";
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(malformed, malformed_fixture)

BOOST_AUTO_TEST_CASE(bodies_with_two_ends_have_their_status) {
  start();
  check_refused({
    // Two readers would find two ends of the body.
    {post_head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400},
    {post_head + "Content-Length: 1, 2\r\n\r\nxx", 400},
    {post_head + "Content-Length: +1\r\n\r\nx", 400},
    {post_head + "Content-Length: 0x1\r\n\r\nx", 400},
    {post_head + "Content-Length: 99999999999999999999\r\n\r\nx", 400},
    {post_head + "Content-Length: 99999999999\r\n\r\nx", 413},
    {post_head
       + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {post_head
       + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
     400},
    {post_head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
    {post_head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
    {post_head
       + "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
         "identity\r\n\r\n0\r\n\r\n",
     400},
  });
}

BOOST_AUTO_TEST_CASE(chunks_have_their_status) {
  start();
  check_refused({
    {chunked + "zz\r\n\r\n", 400},
    {chunked + "-1\r\n\r\n", 400},
    {chunked + "0x5\r\nhello\r\n0\r\n\r\n", 400},
    {chunked + "FFFFFFFFFFFFFFFFF\r\n", 400},
    {chunked + "5\r\nhelloXX0\r\n\r\n", 400},
    {chunked + "5\nhello\n0\n\n", 400},
    {chunked + "FFFFFFF\r\n", 413},
  });
}

BOOST_AUTO_TEST_CASE(fields_have_their_status) {
  start();
  check_refused({
    {get_head + "A: b\r\n folded\r\n\r\n", 400},
    {get_head + "A: b\r\n\tfolded\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n folded: x\r\n" + host + "\r\n", 400},
    {get_head + "A : b\r\n\r\n", 400},
    {get_head + ": b\r\n\r\n", 400},
    {get_head + "A\r\n\r\n", 400},
    {get_head + "A: b" + zero + "c\r\n\r\n", 400},
    {get_head + "A" + zero + ": b\r\n\r\n", 400},
    {"GET /api/health HTTP/1.1\nHost: localhost\n\n", 400},
    {get_head + "A: b\nB: c\r\n\r\n", 400},
    {get_head + "A: b\rB: c\r\n\r\n", 400},
    {get_head + fields(10'000) + "\r\n", 431},
  });
}

BOOST_AUTO_TEST_CASE(first_lines_have_their_status) {
  start();
  check_refused({
    {"GET /" + zero + " HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET /\r\n", 400}, // HTTP/0.9.
    {"GET\r\n\r\n", 400},
    {" / HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" + host + "\r\n", 400},
    {"GET / http/1.1\r\n" + host + "\r\n", 400},
    {"G=T / HTTP/1.1\r\n" + host + "\r\n", 400},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"GET / HTTP/3.0\r\n" + host + "\r\n", 505},
    {"TRACE /api/health HTTP/1.1\r\n" + host + "\r\n", 405},
    {"CONNECT localhost:80 HTTP/1.1\r\n" + host + "\r\n", 405},
    {"BREW /api/health HTTP/1.1\r\n" + host + "\r\n", 405},
    {"GET http:// HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET //[ HTTP/1.1\r\n" + host + "\r\n", 404},
    {"GET /%e2%82 HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET /%c0%af HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET /?%ff=1 HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET /%2 HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET /\xFF HTTP/1.1\r\n" + host + "\r\n", 400},
    // Through TLS, but to a port that speaks none.
    {"\x16\x03\x01\x02\x01\x01\x01\xFC\x03\x03 and so on \r\n\r\n", 400},
    // Cut off.
    {"GET /api/he", 400},
    {get_head + "A: ", 400},
    {post_head + "Content-Length: 10\r\n\r\nabc", 400},
    {chunked + "5\r\nhel", 400},
  });
}

BOOST_AUTO_TEST_CASE(as_many_fields_as_the_limit_are_taken_and_no_more) {
  gateway_config config;
  start(config);
  auto with = [&](size_t n) {
    return raw(get_head + fields(n - 1) + "\r\n"); // And Host.
  };
  BOOST_TEST(with(config.headers_max).status == 200);
  auto more = with(config.headers_max + 1);
  BOOST_TEST(more.status == 431);
  BOOST_TEST(*read_json(more.body).get_string("code") == "header_too_large");
}

BOOST_AUTO_TEST_CASE(chunks_that_are_mostly_packing_are_refused) {
  start();
  std::string endless = chunked + "1";
  endless += ";" + std::string(200'000, 'x');
  BOOST_TEST(raw(endless).status == 400);
  std::string many = chunked;
  for (int i = 0; i < 2000; ++i)
    many += "1;a=" + std::string(1000, 'x') + "\r\nx\r\n";
  BOOST_TEST(raw(many + "0\r\n\r\n").status == 400);
  auto trailer = chunked + "0\r\n" + fields(50'000) + "\r\n";
  BOOST_TEST(raw(trailer).status == 400);
  // Some of it is in order.
  auto fine = chunked;
  for (int i = 0; i < 500; ++i)
    fine += "1;a=b\r\n \r\n";
  BOOST_TEST(raw(fine + "0\r\nTrailer: x\r\n\r\n").status == 202);
}

BOOST_AUTO_TEST_CASE(json_that_is_10000_levels_deep_is_refused) {
  start();
  for (auto one : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 10'000; ++i)
      deep += one;
    BOOST_TEST(post("/api/job-definitions", deep).status == 400);
    BOOST_TEST(post("/api/job-definitions/x/execute", deep).status == 400);
  }
  BOOST_TEST(post("/api/job-definitions", "{\"id\":\"\xFF\"}").status == 400);
  BOOST_TEST(post("/api/job-definitions", "null").status == 400);
  check_alive();
}

BOOST_AUTO_TEST_CASE(curl_is_told_what_is_wrong) {
  start();
  curl_client curl;
  auto ask = [&](const std::string& path, std::function<void(CURL*)> more) {
    return curl.get(server->url() + path, more);
  };
  BOOST_TEST(ask("/api/health", {}).status == 200);
  BOOST_TEST(ask("/%zz", {}).status == 400);
  BOOST_TEST(ask("/" + std::string(10'000, 'x'), {}).status == 414);
  auto many = [](CURL* h) {
    static curl_slist* all = [] {
      curl_slist* out = nullptr;
      for (int i = 0; i < 10'000; ++i)
        out = curl_slist_append(out, ("A" + std::to_string(i) + ": b").c_str());
      return out;
    }();
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, all);
  };
  BOOST_TEST(ask("/api/health", many).status == 431);
  BOOST_TEST(
    ask("/api/health",
        [](CURL* h) { curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, "TRACE"); })
      .status
    == 405);
  const std::string body(17 * 1024 * 1024, ' ');
  auto large = ask("/api/job-definitions", [&](CURL* h) {
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.data());
  });
  BOOST_TEST(large.status == 413);
  BOOST_TEST(ask("/api/health", {}).status == 200);
}

BOOST_AUTO_TEST_CASE(who_leaves_in_the_middle_of_an_answer_harms_nobody) {
  start();
  auto target = large_target();
  for (int i = 0; i < 20; ++i) {
    http_client client{port};
    client.send("GET " + target + " HTTP/1.1\r\n" + host + "\r\n");
    std::string some;
    if (i % 2)
      client.read_exactly(1000, some);
  }
  check_alive();
}

BOOST_AUTO_TEST_CASE(who_never_reads_a_large_answer_is_cut) {
  gateway_config config;
  config.write_timeout = 50ms;
  config.connections_max = 2;
  start(config);
  auto target = large_target();
  http_client first{port};
  http_client second{port};
  for (auto* x : {&first, &second})
    x->send("GET " + target + " HTTP/1.1\r\n" + host + "\r\n");
  // There is room again as soon as one of them is cut.
  int status = 0;
  while (status != 200)
    status = get("/api/health").status;
  BOOST_TEST(status == 200);
}

BOOST_AUTO_TEST_CASE(bodies_of_all_together_have_a_limit) {
  gateway_config config;
  config.bodies_bytes_max = 1000;
  start(config);
  http_client slow{port};
  slow.send(post_head + "Content-Length: 1000\r\n\r\n" + std::string(900, ' '));
  const std::string body(101, ' ');
  // The gateway sees the first one in its own time.
  int status = 202;
  while (status == 202)
    status = post("/api/job-definitions/x/execute", body).status;
  BOOST_TEST(status == 503);
  BOOST_TEST(post("/api/job-definitions/x/execute", body.substr(1)).status
             == 202);
  slow.send(std::string(100, ' '));
  BOOST_TEST(slow.read_reply().status == 202);
  BOOST_TEST(post("/api/job-definitions/x/execute", body).status == 202);
}

BOOST_AUTO_TEST_CASE(
  without_a_descriptor_connections_are_cut_until_there_is_one) {
  start();
  check_alive();
  // More than one: the gateway may still be about to close what was before, and
  // has a descriptor for the first one then.
  std::array<int, 4> all{};
  for (auto& fd : all) {
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(fd >= 0);
  }
  bool cut = false;
  for (no_more_descriptors none; const auto fd : all) {
    if (cut)
      break;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOST_REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to))
                  == 0);
    timeval limit{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    char byte = 0;
    const auto got = ::recv(fd, &byte, 1, 0);
    cut = got == 0 || (got < 0 && errno == ECONNRESET);
  }
  BOOST_TEST(cut);
  for (const auto fd : all)
    ::close(fd);
  // The one that accepts pauses for a moment when there was no descriptor.
  while (get("/api/health").status != 200)
    continue;
  check_alive();
}

BOOST_AUTO_TEST_CASE(ten_thousand_bad_requests_cost_no_memory) {
  start();
  const std::string bad[] = {
    get_head + fields(1000) + "\r\n",
    chunked + "zz\r\n\r\n",
    get_head + "A: b\r\n folded\r\n\r\n",
    "GET /\r\n",
    post_head + "Content-Length: 100000\r\n\r\n" + std::string(10'000, 'x'),
    "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n" + host + "\r\n",
    "GET /api/none HTTP/1.1\r\n" + host + "\r\n",
    post_head + "Content-Length: 3\r\n\r\n{{{",
  };
  auto send_all = [&](size_t n) {
    for (size_t i = 0; i < n; ++i) {
      auto status = raw(bad[i % std::size(bad)]).status;
      BOOST_REQUIRE(status >= 400);
      BOOST_REQUIRE(status < 500);
    }
  };
  send_all(500);
  const auto before = resident_kib();
  send_all(10'000);
  const auto after = resident_kib();
  constexpr size_t kib_more_max = 16 * 1024;
  BOOST_TEST(after < before + kib_more_max, before << " KiB, then " << after);
  check_alive();
}

BOOST_AUTO_TEST_SUITE_END()
