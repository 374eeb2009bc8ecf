#define BOOST_TEST_MODULE fetcher
#include "actors/workers/crawler/fetcher.hpp"
#include "tests/support/site_server.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace quaero::crawler {

namespace {

using test::site_request;
using test::site_response;
using test::site_server;
using namespace std::chrono_literals;

constexpr size_t mib = 1024 * 1024;

std::future<fetch_result> start(fetcher& x, fetch_request request,
                                fetch_id* id = nullptr) {
  auto promise = std::make_shared<std::promise<fetch_result>>();
  auto result = promise->get_future();
  auto number = x.fetch(std::move(request), [promise](fetch_result r) {
    promise->set_value(std::move(r));
  });
  if (id != nullptr)
    *id = number;
  return result;
}

struct fixture {
  fetch_request request(const std::string& path) {
    fetch_request x;
    x.url = path.starts_with('/') ? server.url(path) : path;
    x.backoff = 1ms;
    x.timeout = 10s;
    return x;
  }

  fetch_result get(fetch_request x) {
    return start(fetching, std::move(x)).get();
  }

  fetch_result get(const std::string& path) { return get(request(path)); }

  void redirect(const std::string& from, const std::string& to,
                unsigned status = 302) {
    site_response x;
    x.status = status;
    x.headers.emplace_back("Location", to);
    server.route(from, x);
  }

  site_server server;
  fetcher fetching;
};

std::string numbered(int i) {
  std::string path = "/";
  path += std::to_string(i);
  return path;
}

std::string name(const fetch_result& x) {
  return to_string(x.error);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(fetchers, fixture)

BOOST_AUTO_TEST_CASE(a_page_is_fetched) {
  site_response page;
  page.body = "hello";
  page.headers = {{"X-One", "1"}, {"X-One", "2"}, {"Set-Cookie", "a=1"}};
  server.route("/a", page);
  auto x = get("/a?q=1#part");
  BOOST_TEST(x.ok());
  BOOST_TEST(x.status == 200);
  BOOST_TEST(x.body == "hello");
  BOOST_TEST(x.content_type == "text/html; charset=utf-8");
  BOOST_TEST(x.headers["x-one"] == "1, 2");
  BOOST_TEST(x.final_url == server.url("/a?q=1"));
  BOOST_TEST(x.attempts == 1u);
  BOOST_TEST(x.message == "");
}

BOOST_AUTO_TEST_CASE(a_bad_status_is_a_response) {
  auto x = get("/none");
  BOOST_TEST(x.ok());
  BOOST_TEST(x.status == 404);
  BOOST_TEST(x.attempts == 1u);
}

BOOST_AUTO_TEST_CASE(the_server_learns_who_asks) {
  std::map<std::string, std::string> seen;
  server.route("/a", [&](const site_request& r) {
    seen = r.headers;
    return site_response{};
  });
  auto x = request("/a");
  x.headers = {{"Cookie", "k=v"}, {"X-Bad", "a\r\nX-Evil: 1"}};
  get(x);
  BOOST_TEST(seen["user-agent"] == "quaero/0.1");
  BOOST_TEST(seen["cookie"] == "k=v");
  BOOST_TEST(seen["accept-encoding"] == "gzip, deflate");
  BOOST_TEST(!seen.contains("x-evil"));
}

BOOST_AUTO_TEST_CASE(five_hundred_fetches_all_end) {
  server.fallback([](const site_request& r) {
    site_response x;
    x.body = r.path;
    return x;
  });
  std::vector<std::future<fetch_result>> all;
  for (int i = 0; i < 500; ++i) {
    auto x = request(numbered(i));
    x.host_concurrency = 50;
    all.push_back(start(fetching, x));
  }
  for (int i = 0; i < 500; ++i)
    BOOST_TEST(all[static_cast<size_t>(i)].get().body == numbered(i));
  BOOST_TEST(server.hits() == 500u);
  BOOST_TEST(server.in_flight_max() <= 50u);
}

BOOST_AUTO_TEST_CASE(a_host_never_gets_more_than_its_concurrency) {
  auto hold = std::make_shared<test::gate>();
  site_response slow;
  slow.hold = hold;
  server.route("/slow", slow);
  std::vector<std::future<fetch_result>> all;
  for (int i = 0; i < 40; ++i) {
    auto x = request("/slow");
    x.host_concurrency = 3;
    all.push_back(start(fetching, x));
  }
  BOOST_TEST(server.wait_for_hits("/slow", 3));
  hold->open();
  for (auto& x : all)
    BOOST_TEST(x.get().ok());
  BOOST_TEST(server.in_flight_max() == 3u);
}

BOOST_AUTO_TEST_CASE(starts_for_one_host_are_a_delay_apart) {
  server.page("/a", "A", "");
  std::vector<std::future<fetch_result>> all;
  for (int i = 0; i < 4; ++i) {
    auto x = request("/a");
    x.host_delay = 50ms;
    all.push_back(start(fetching, x));
  }
  for (auto& x : all)
    x.get();
  auto times = server.arrivals();
  BOOST_REQUIRE_EQUAL(times.size(), 4u);
  // The last cannot start before three delays are over; the first may have
  // been on its way for a while.
  BOOST_TEST((times.back() - times.front() > 100ms));
}

BOOST_AUTO_TEST_CASE(redirects_are_followed) {
  redirect("/a", "b?x=1", 301);
  redirect("/b", server.url("/c"), 308);
  server.page("/c", "C", "");
  auto x = get("/a");
  BOOST_TEST(x.ok());
  BOOST_TEST(x.final_url == server.url("/c"));
  BOOST_TEST(x.redirects == 2u);
  BOOST_TEST(x.status == 200);
}

BOOST_AUTO_TEST_CASE(a_redirect_in_a_circle_is_an_error) {
  redirect("/a", "/b");
  redirect("/b", "/a#again");
  auto x = get("/a");
  BOOST_TEST(name(x) == "redirect_loop");
  BOOST_TEST(server.hits() == 2u);
  redirect("/self", "/self");
  BOOST_TEST(name(get("/self")) == "redirect_loop");
}

BOOST_AUTO_TEST_CASE(redirects_have_a_limit) {
  server.fallback([](const site_request& r) {
    site_response x;
    x.status = 302;
    x.headers.emplace_back("Location", r.path + "x");
    return x;
  });
  auto x = get("/a");
  BOOST_TEST(name(x) == "too_many_redirects");
  BOOST_TEST(x.redirects == 10u);
  BOOST_TEST(server.hits() == 11u);
  auto once = request("/b");
  once.redirects_max = 0;
  BOOST_TEST(get(once).status == 302);
}

BOOST_AUTO_TEST_CASE(a_redirect_leads_to_web_pages_only) {
  redirect("/a", "file:///etc/passwd");
  BOOST_TEST(name(get("/a")) == "invalid_url");
}

BOOST_AUTO_TEST_CASE(another_host_does_not_get_our_headers) {
  site_server other;
  bool leaked = false;
  other.route("/x", [&](const site_request& r) {
    leaked = r.headers.contains("cookie");
    return site_response{};
  });
  redirect("/a", other.url("/x"));
  auto x = request("/a");
  x.headers = {{"Cookie", "k=v"}};
  BOOST_TEST(get(x).ok());
  BOOST_TEST(other.hits("/x") == 1u);
  BOOST_TEST(!leaked);
}

BOOST_AUTO_TEST_CASE(a_body_above_its_limit_is_not_taken) {
  for (bool chunked : {false, true}) {
    site_response big;
    big.stream_bytes = 100 * mib;
    big.chunked = chunked;
    server.route("/big", big);
    auto x = request("/big");
    x.body_max = mib;
    auto result = get(x);
    BOOST_TEST(name(result) == "too_large");
    BOOST_TEST(result.body.empty());
    BOOST_TEST(result.attempts == 1u);
  }
  BOOST_TEST(server.wait_until_idle());
  // What is beyond the limit was on its way in buffers of the system.
  BOOST_TEST(server.body_bytes_sent() < 50 * mib);
}

BOOST_AUTO_TEST_CASE(a_body_at_its_limit_is_taken) {
  site_response page;
  page.stream_bytes = 1000;
  page.chunked = true;
  server.route("/a", page);
  auto x = request("/a");
  x.body_max = 1000;
  BOOST_TEST(get(x).body.size() == 1000u);
  x.body_max = 999;
  BOOST_TEST(name(get(x)) == "too_large");
}

BOOST_AUTO_TEST_CASE(headers_have_a_limit) {
  site_response page;
  for (int i = 0; i < 10; ++i)
    page.headers.emplace_back("X-Long", std::string(60'000, 'x'));
  server.route("/a", page);
  BOOST_TEST(name(get("/a")) == "too_large");
}

BOOST_AUTO_TEST_CASE(a_content_type_that_is_not_wanted_is_refused) {
  site_response image;
  image.content_type = "image/png";
  image.stream_bytes = 100 * mib;
  server.route("/i", image);
  auto x = request("/i");
  x.body_max = 200 * mib;
  x.accept_types = {"text/html"};
  auto result = get(x);
  BOOST_TEST(name(result) == "content_type");
  BOOST_TEST(result.message
             == "the content type \"image/png\" is not accepted");
  BOOST_TEST(server.wait_until_idle());
  BOOST_TEST(server.body_bytes_sent() < 50 * mib);
  server.page("/p", "P", "");
  x.url = server.url("/p");
  BOOST_TEST(get(x).ok());
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_explained) {
  std::string url;
  {
    site_server gone;
    url = gone.url("/");
  }
  auto x = request(url);
  x.attempts = 2;
  auto result = get(x);
  BOOST_TEST(name(result) == "connect");
  auto host = url.substr(7, url.size() - 8);
  BOOST_TEST(result.message
             == "could not connect to " + host + ": connection refused");
  BOOST_TEST(result.attempts == 2u);
}

BOOST_AUTO_TEST_CASE(an_unavailable_server_is_asked_again) {
  server.route("/a", [](const site_request& r) {
    site_response x;
    x.status = r.number < 3 ? 503 : 200;
    return x;
  });
  auto x = get("/a");
  BOOST_TEST(x.status == 200);
  BOOST_TEST(x.attempts == 3u);
  site_response busy;
  busy.status = 429;
  server.route("/b", busy);
  x = get("/b");
  BOOST_TEST(x.ok());
  BOOST_TEST(x.status == 429);
  BOOST_TEST(server.hits("/b") == 3u);
}

BOOST_AUTO_TEST_CASE(a_broken_connection_is_tried_again) {
  server.route("/a", [](const site_request& r) {
    site_response x;
    x.hang_up = r.number == 1;
    return x;
  });
  BOOST_TEST(get("/a").status == 200);
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_times_out) {
  site_response slow;
  slow.hold = std::make_shared<test::gate>();
  server.route("/slow", slow);
  auto x = request("/slow");
  x.timeout = 50ms;
  x.attempts = 2;
  auto result = get(x);
  BOOST_TEST(name(result) == "timeout");
  BOOST_TEST(server.hits("/slow") == 2u);
}

BOOST_AUTO_TEST_CASE(only_web_addresses_are_fetched) {
  for (std::string url : {"ftp://127.0.0.1/", "file:///etc/passwd", "x", ""}) {
    fetch_request x;
    x.url = url;
    auto result = get(x);
    BOOST_TEST(name(result) == "invalid_url");
    BOOST_TEST(result.attempts == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_fetch_can_be_cancelled_while_it_runs_and_waits) {
  site_response slow;
  slow.hold = std::make_shared<test::gate>();
  server.route("/slow", slow);
  fetch_id running = 0;
  fetch_id waiting = 0;
  auto x = request("/slow");
  x.host_concurrency = 1;
  auto first = start(fetching, x, &running);
  auto second = start(fetching, x, &waiting);
  BOOST_TEST(server.wait_for_hits("/slow", 1));
  fetching.cancel(waiting);
  BOOST_TEST(name(second.get()) == "cancelled");
  fetching.cancel(running);
  BOOST_TEST(name(first.get()) == "cancelled");
  fetching.cancel(running);
  fetching.cancel(12345);
  server.page("/a", "A", "");
  BOOST_TEST(get("/a").ok());
  BOOST_TEST(server.hits("/slow") == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_fetcher_cancels_everything) {
  site_response slow;
  slow.hold = std::make_shared<test::gate>();
  server.route("/slow", slow);
  std::vector<std::future<fetch_result>> all;
  {
    fetcher mine;
    for (int i = 0; i < 20; ++i)
      all.push_back(start(mine, request("/slow")));
    BOOST_TEST(server.wait_for_hits("/slow", 5));
  }
  for (auto& x : all)
    BOOST_TEST(name(x.get()) == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_callback_may_fetch) {
  server.page("/a", "A", "");
  std::promise<fetch_result> done;
  auto second = request("/a");
  fetching.fetch(request("/a"), [&](fetch_result) {
    fetching.fetch(second,
                   [&](fetch_result x) { done.set_value(std::move(x)); });
  });
  BOOST_TEST(done.get_future().get().ok());
}

BOOST_AUTO_TEST_CASE(a_callback_may_fetch_while_the_fetcher_ends) {
  site_response slow;
  slow.hold = std::make_shared<test::gate>();
  server.route("/slow", slow);
  std::string last;
  {
    fetcher mine;
    mine.fetch(request("/slow"), [&](fetch_result) {
      mine.fetch(request("/slow"), [&](fetch_result x) { last = name(x); });
    });
  }
  BOOST_TEST(last == "cancelled");
}

BOOST_AUTO_TEST_CASE(fetches_have_a_limit) {
  site_response slow;
  slow.hold = std::make_shared<test::gate>();
  server.route("/slow", slow);
  fetcher_settings settings;
  settings.fetches_max = 2;
  fetcher mine{settings};
  start(mine, request("/slow"));
  start(mine, request("/slow"));
  BOOST_TEST(name(start(mine, request("/slow")).get()) == "other");
}

BOOST_AUTO_TEST_CASE(no_more_than_concurrency_max_run_at_the_same_time) {
  auto hold = std::make_shared<test::gate>();
  site_response slow;
  slow.hold = hold;
  server.route("/slow", slow);
  fetcher_settings settings;
  settings.concurrency_max = 4;
  fetcher mine{settings};
  std::vector<std::future<fetch_result>> all;
  for (int i = 0; i < 12; ++i) {
    auto x = request("/slow");
    x.host_concurrency = 100;
    all.push_back(start(mine, x));
  }
  BOOST_TEST(server.wait_for_hits("/slow", 4));
  hold->open();
  for (auto& x : all)
    BOOST_TEST(x.get().ok());
  BOOST_TEST(server.in_flight_max() == 4u);
}

BOOST_AUTO_TEST_CASE(many_threads_may_use_one_fetcher) {
  server.page("/a", "A", "");
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        fetch_id id = 0;
        auto x = start(fetching, request("/a"), &id);
        if (i % 5 == 0)
          fetching.cancel(id);
        auto result = x.get();
        good += result.ok() || result.error == fetch_error::cancelled ? 1 : 0;
      }
    });
  for (auto& x : threads)
    x.join();
  BOOST_TEST(good == 100);
}

BOOST_AUTO_TEST_CASE(the_wait_before_a_retry_doubles_up_to_its_limit) {
  fetch_request x;
  x.backoff = 100ms;
  x.backoff_max = 5s;
  auto wait = [&](uint32_t attempt, const std::string& after = "") {
    return retry_wait(x, attempt, after, 1'000'000'000).count();
  };
  BOOST_TEST(wait(1) == 100);
  BOOST_TEST(wait(2) == 200);
  BOOST_TEST(wait(3) == 400);
  BOOST_TEST(wait(1000) == 5000);
  BOOST_TEST(wait(1, "2") == 2000);
  BOOST_TEST(wait(1, "99999999999") == 5000);
  BOOST_TEST(wait(1, "-5") == 100);
  BOOST_TEST(wait(1, "soon") == 100);
  BOOST_TEST(wait(1, "Sun, 09 Sep 2001 01:46:43 GMT") == 3000);
  BOOST_TEST(wait(1, "Sun, 09 Sep 2001 01:46:00 GMT") == 100);
}

BOOST_AUTO_TEST_CASE(a_generated_site_is_what_it_says) {
  test::generated_site_options options;
  options.big_bytes = 1000;
  auto site = test::generate_site(server, 50, options);
  BOOST_TEST(site.pages.size() == 50u);
  std::set<std::string> bodies;
  for (auto& url : site.pages)
    bodies.insert(get(url).body);
  BOOST_TEST(bodies.size() == 50u);
  for (auto& url : site.missing)
    BOOST_TEST(get(url).status == 404);
  for (auto& url : site.redirects) {
    auto x = get(url);
    BOOST_TEST((std::find(site.pages.begin(), site.pages.end(), x.final_url)
                != site.pages.end()));
  }
  BOOST_TEST(name(get(site.redirect_loop)) == "redirect_loop");
  BOOST_TEST(get("/robots.txt").status == 200);
  BOOST_TEST(get("/big").body.size() > 1000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
