#define BOOST_TEST_MODULE crawl_test

#include "tests/support/site_server.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>

using namespace quaero;
using namespace quaero::test;

namespace {

using names = std::set<std::string>;

struct crawl_fixture : system_fixture {
  crawl_fixture() { start(); }

  // A crawl from the first page; keys of `more` are not given twice.
  std::string crawl(const std::string& more = "") {
    apply("id = \"site\"\nname = \"Site\"\n[step.crawl]\ntype = \"crawler\"\n"
          "start_urls = [\""
          + server.url()
          + "\"]\nrate_limit = 0\nconcurrency = 8\n"
            "retry_attempts = 1\n"
          + more);
    return run("site");
  }

  names stored() const {
    names out;
    for (const auto& x : documents())
      BOOST_TEST(out.insert(text_of(x, "url")).second,
                 "twice: " << text_of(x, "url"));
    return out;
  }

  names urls(const strings& paths) const {
    names out;
    for (const auto& x : paths)
      out.insert(server.url(x));
    return out;
  }

  // The messages of failed jobs by the URL of the page.
  std::map<std::string, std::string> failures(const std::string& job) const {
    std::map<std::string, std::string> out;
    for (const auto& x : leaf_jobs(job))
      if (text_of(x, "status") == "failed")
        out[text_of(*x.find("config"), "seed_url")] = text_of(x, "error");
    return out;
  }

  // A first page that links to one other.
  void link_to(const std::string& path) {
    server.page("/", "First", "<main><a href=\"" + path + "\">it</a></main>");
  }

  site_server server;
};

const std::string everything = "max_depth = 20\nmax_pages = 2000\n";

} // namespace

// -- a whole site -------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(each_distinct_page_is_stored_once, crawl_fixture) {
  auto site = generate_site(server, 500);
  auto job = crawl(everything);
  BOOST_TEST(wait_over(job) == "completed");
  BOOST_TEST(stored() == names(site.pages.begin(), site.pages.end()),
             boost::test_tools::per_element());
  BOOST_TEST(number("/api/documents", "total_count") == 500);
  BOOST_TEST(number("/api/jobs/" + job, "document_count") == 500);
  auto failed = failures(job);
  for (const auto& url : site.missing)
    BOOST_TEST(contains(failed[url], "HTTP 404"), url << ": " << failed[url]);
  BOOST_TEST(failed.count(site.redirect_loop) == 1u);
  BOOST_TEST(failed.count(site.forbidden) == 0u);
  // The linked file has no page behind it either.
  failed.erase(server.url("/files/manual.pdf"));
  BOOST_TEST(failed.size() == site.missing.size() + 1);
  BOOST_TEST(server.hits("/private/secret.html") == 0u);
  check_over(job);
  check_line_numbers(job);
}

BOOST_FIXTURE_TEST_CASE(a_second_run_doubles_no_document, crawl_fixture) {
  generate_site(server, 40);
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(wait_over(crawl(everything)) == "completed");
    BOOST_TEST(stored().size() == 40u);
  }
}

BOOST_FIXTURE_TEST_CASE(a_document_is_markdown_of_the_main_content,
                        crawl_fixture) {
  generate_site(server, 1);
  BOOST_TEST(wait_over(crawl()) == "completed");
  auto found = documents();
  BOOST_TEST_REQUIRE(found.size() == 1u);
  auto full = get("/api/documents/" + text_of(found[0], "id"));
  BOOST_TEST(text_of(full, "title") == "Page 0");
  auto text = text_of(full, "content_markdown");
  BOOST_TEST(contains(text, "# Page 0"), text);
  BOOST_TEST(contains(text, "*page* `0`"), text);
  BOOST_TEST(!contains(text, "circle"), "the menu is no content: " << text);
  BOOST_TEST(!contains(text, "<"), text);
}

// -- what limits a crawl ------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(no_page_is_taken_beyond_max_pages, crawl_fixture) {
  generate_site(server, 500);
  for (int64_t pages : {1, 37}) {
    auto job
      = crawl("max_depth = 20\nmax_pages = " + std::to_string(pages) + "\n");
    BOOST_TEST(wait_over(job) == "completed");
    BOOST_TEST(int64_t(leaf_jobs(job).size()) == pages);
  }
}

BOOST_FIXTURE_TEST_CASE(no_link_is_followed_below_max_depth, crawl_fixture) {
  generate_site(server, 100);
  auto job = crawl("max_depth = 1\n");
  BOOST_TEST(wait_over(job) == "completed");
  BOOST_TEST(leaf_jobs(job).size() == 1u);
  job = crawl("max_depth = 2\n");
  BOOST_TEST(wait_over(job) == "completed");
  BOOST_TEST(stored()
               == urls({"/", "/page/1.html", "/page/2.html", "/page/3.html"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(patterns_choose_the_pages, crawl_fixture) {
  for (auto path : {"/a/1", "/a/2", "/a/3", "/b/1"})
    server.page(path, path, "<main><p>Text.</p></main>");
  server.page("/", "First",
              "<a href=/a/1>1</a><a href=/a/2>2</a><a href=/a/3>3</a>"
              "<a href=/b/1>b</a>");
  auto job = crawl("include_patterns = [\"/a/\"]\n"
                   "exclude_patterns = [\"/a/3$\"]\n");
  BOOST_TEST(wait_over(job) == "completed");
  BOOST_TEST(stored() == urls({"/", "/a/1", "/a/2"}),
             boost::test_tools::per_element());
  BOOST_TEST(server.hits("/a/3") + server.hits("/b/1") == 0u);
}

// -- what goes wrong ----------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(robots_that_forbid_all_are_obeyed_and_named,
                        crawl_fixture) {
  generate_site(server, 10);
  site_response robots;
  robots.content_type = "text/plain";
  robots.body = "User-agent: *\nDisallow: /\n";
  server.route("/robots.txt", robots);
  wait_over(crawl("on_error = \"fail\"\n"));
  auto x = cli({"run", "site", "--follow"});
  BOOST_TEST(x.exit == 1, x.out + x.err);
  BOOST_TEST(contains(x.out, "robots.txt"), x.out);
  BOOST_TEST(documents().empty());
  BOOST_TEST(server.hits("/") == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_site_that_is_down_fails_the_run, crawl_fixture) {
  auto gone = std::make_unique<site_server>();
  auto url = gone->url();
  gone.reset();
  apply("id = \"down\"\nname = \"Down\"\n[step.crawl]\ntype = \"crawler\"\n"
        "start_urls = [\""
        + url
        + "\"]\nretry_attempts = 2\n"
          "retry_backoff = \"10ms\"\non_error = \"fail\"\n");
  auto x = cli({"run", "down", "--follow"});
  BOOST_TEST(x.exit == 1, x.out + x.err);
  BOOST_TEST(contains(x.out, "connect"), x.out);
  BOOST_TEST(documents().empty());
}

BOOST_FIXTURE_TEST_CASE(a_loop_of_redirects_is_named, crawl_fixture) {
  site_response around;
  around.status = 302;
  around.headers.emplace_back("Location", "/around");
  server.route("/around", around);
  link_to("/around");
  auto job = crawl();
  BOOST_TEST(wait_over(job) == "completed");
  auto why = failures(job)[server.url("/around")];
  BOOST_TEST(contains(why, "redirect"), why);
}

BOOST_FIXTURE_TEST_CASE(a_huge_page_fails_and_takes_no_memory, crawl_fixture) {
  constexpr uint64_t huge = 100ull << 20;
  constexpr size_t memory_mib_max = 400;
  for (bool chunked : {false, true}) {
    site_response page;
    page.body = "<html><title>Huge</title><p>";
    page.stream_bytes = huge;
    page.chunked = chunked;
    server.route("/huge", page);
    link_to("/huge");
    auto job = crawl();
    BOOST_TEST(wait_over(job) == "completed");
    auto why = failures(job)[server.url("/huge")];
    BOOST_TEST(contains(why, "10485760"), why);
  }
  BOOST_TEST(stored() == urls({"/"}));
  BOOST_TEST(server.body_bytes_sent() < huge);
  BOOST_TEST(peak_memory_mib() > 0u);
  BOOST_TEST(peak_memory_mib() < memory_mib_max);
}

BOOST_FIXTURE_TEST_CASE(a_content_type_that_is_not_allowed_is_named,
                        crawl_fixture) {
  site_response binary;
  binary.content_type = "application/octet-stream";
  binary.body = std::string(1000, '\0');
  server.route("/download", binary);
  link_to("/download");
  auto job = crawl();
  BOOST_TEST(wait_over(job) == "completed");
  auto why = failures(job)[server.url("/download")];
  BOOST_TEST(contains(why, "application/octet-stream"), why);
  BOOST_TEST(stored() == urls({"/"}));
}

// -- cancelling ---------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_crawl_of_a_slow_site_can_be_cancelled,
                        crawl_fixture) {
  auto closed = std::make_shared<gate>();
  std::string links;
  for (int i = 0; i < 50; ++i)
    links += "<a href=/slow/" + std::to_string(i) + ">slow</a>";
  server.page("/", "First", links);
  server.fallback([closed](const site_request&) {
    site_response out;
    out.hold = closed;
    return out;
  });
  site_response no_robots;
  no_robots.status = 404;
  server.route("/robots.txt", no_robots);
  auto job = crawl("request_timeout = \"10m\"\n");
  wait_until([&] { return server.in_flight() >= 8; });
  auto begin = std::chrono::steady_clock::now();
  auto x = cli({"jobs", "cancel", job});
  BOOST_TEST(x.exit == 0, x.err);
  BOOST_TEST(wait_over(job) == "cancelled");
  BOOST_TEST(
    (std::chrono::steady_clock::now() - begin < std::chrono::seconds{15}));
  auto jobs = leaf_jobs(job);
  BOOST_TEST(jobs.size() == 51u);
  BOOST_TEST(std::count_if(jobs.begin(), jobs.end(),
                           [](const value& one) {
                             return text_of(one, "status") == "cancelled";
                           })
             == 50);
  check_over(job);
  auto again = cli({"jobs", "cancel", job});
  BOOST_TEST(again.exit == 5);
  BOOST_TEST(contains(again.err, "cancelled"), again.err);
  closed->open();
  BOOST_TEST(stop(SIGINT) == 0);
}
