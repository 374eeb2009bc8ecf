// The manual's pages, and the way from Markdown to HTML.

#include "actors/gateway/docs_pages.hpp"
#include "actors/gateway/markdown_html.hpp"
#include "tests/gateway/fakes.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace quaero;
using namespace quaero::test;
namespace fs = std::filesystem;

namespace {

struct docs_fixture : gateway_fixture {
  docs_fixture() {
    char name[] = "/tmp/quaero_docs_XXXXXX";
    root = ::mkdtemp(name);
    folder = root / "docs";
    write("docs/README.md", "# The manual\n\n[intro](guide/intro.md#one)\n");
    write("docs/guide/intro.md",
          "# Intro & more\n\n[up](../README.md) ![p](pic.png)\n\n"
          "| a | b |\n|---|---|\n| 1 | 2 |\n\n~~old~~ https://example.org\n\n"
          "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n"
          "## One\n\n## One\n");
    write("docs/guide/pic.png", "PNG bytes");
    write("docs/art.svg", "<svg/>");
    write("docs/secret.txt", "no page");
    write("outside.md", "# Outside");
    fs::create_symlink(root / "outside.md", folder / "link.md");
  }

  ~docs_fixture() { fs::remove_all(root); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream{root / path} << text;
  }

  void serve() {
    gateway_config config;
    config.docs_dir = folder;
    start(config);
  }

  fs::path root;
  fs::path folder;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(docs, docs_fixture)

BOOST_AUTO_TEST_CASE(the_home_page_links_the_manual) {
  serve();
  auto page = get("/");
  BOOST_TEST(page.status == 200);
  BOOST_TEST(has(page.body, "href=\"/docs\""));
  BOOST_TEST(page.header("content-type") == "text/html; charset=utf-8");
  BOOST_TEST(has(page.header("content-security-policy"), "default-src 'none'"));
}

BOOST_AUTO_TEST_CASE(the_manual_starts_with_its_readme) {
  serve();
  for (auto target : {"/docs", "/docs/", "/docs/README", "/docs/README.md"}) {
    auto page = get(target);
    BOOST_TEST(page.status == 200, target);
    BOOST_TEST(has(page.body, "<title>The manual - Quaero</title>"), page.body);
    BOOST_TEST(has(page.body, "href=\"/docs/guide/intro#one\""), page.body);
    BOOST_TEST(has(page.body, "<main>"));
    BOOST_TEST(
      has(page.body, "<a href=\"/docs/README\" aria-current=\"page\">"));
  }
}

BOOST_AUTO_TEST_CASE(a_page_is_rendered_without_what_could_run) {
  serve();
  auto page = get("/docs/guide/intro");
  BOOST_TEST(page.status == 200);
  for (auto part : {"<title>Intro &amp; more - Quaero</title>", "<table>",
                    "<del>old</del>", "href=\"https://example.org\"",
                    "href=\"/docs/README\"", "src=\"/docs/guide/pic.png\"",
                    "<a id=\"one\"></a>", "<a id=\"one-1\"></a>"})
    BOOST_TEST(has(page.body, part), part << " in " << page.body);
  BOOST_TEST(!has(page.body, "<script"));
  BOOST_TEST(!has(page.body, "javascript:"));
}

BOOST_AUTO_TEST_CASE(images_are_served_and_nothing_else) {
  serve();
  auto png = get("/docs/guide/pic.png");
  BOOST_TEST(png.body == "PNG bytes");
  BOOST_TEST(png.header("content-type") == "image/png");
  auto svg = get("/docs/art.svg");
  BOOST_TEST(svg.header("content-type") == "image/svg+xml");
  BOOST_TEST(has(svg.header("content-security-policy"), "sandbox"));
  BOOST_TEST(get("/docs/secret.txt").status == 404);
  BOOST_TEST(get("/docs/link").status == 404);
  auto none = get("/docs/none");
  BOOST_TEST(none.status == 404);
  BOOST_TEST(has(none.body, "<nav"));
}

BOOST_AUTO_TEST_CASE(no_path_leads_out_of_the_folder) {
  serve();
  for (auto target :
       {"/docs/../outside.md", "/docs/..%2foutside.md", "/docs/%2e%2e/outside",
        "/docs/guide/../../outside", "/docs/..%5coutside.md",
        "/docs//etc/passwd", "/docs/%2fetc%2fpasswd",
        "/docs/guide/..%2f..%2foutside.md", "/../outside.md"}) {
    auto reply = get(target);
    BOOST_TEST(reply.status == 404, target);
    BOOST_TEST(!has(reply.body, "Outside"), target);
  }
  BOOST_TEST(get("/docs/%00").status == 400);
}

BOOST_AUTO_TEST_CASE(a_missing_folder_has_no_pages) {
  start();
  BOOST_TEST(get("/docs").status == 404);
  docs_pages pages;
  pages.load("/nowhere/at/all");
  BOOST_TEST(pages.find({}).status == 404u);
}

BOOST_AUTO_TEST_CASE(the_limits_of_the_manual_hold) {
  auto pages_with = [this](const docs_limits& limits) {
    docs_pages pages;
    pages.load(folder, limits);
    int found = 0;
    for (auto name : {"README", "art.svg"})
      found += pages.find({name}).status == 200;
    for (auto name : {"intro", "pic.png"})
      found += pages.find({"guide", name}).status == 200;
    return found;
  };
  docs_limits limits;
  BOOST_TEST(pages_with(limits) == 4);
  limits.files_max = 2;
  BOOST_TEST(pages_with(limits) == 2);
  limits = {};
  limits.file_bytes_max = 20;
  BOOST_TEST(pages_with(limits) == 2); // The images.
  limits = {};
  limits.total_bytes_max = 15;
  BOOST_TEST(pages_with(limits) == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(links_are_made_absolute_where_they_stay_inside) {
  const char* table[][3] = {
    {"a", "b.md", "/docs/b"},
    {"g/a", "b.md#x", "/docs/g/b#x"},
    {"g/a", "../b.md", "/docs/b"},
    {"g/a", "./h/b.md", "/docs/g/h/b"},
    {"g/a", "pic.svg", "/docs/g/pic.svg"},
    {"g/a", "../../b.md", "../../b.md"},
    {"a", "#x", "#x"},
    {"a", "/b.md", "/b.md"},
    {"a", "https://e.org/b.md", "https://e.org/b.md"},
    {"a", "mailto:b.md", "mailto:b.md"},
    {"a", "b.txt", "b.txt"},
    {"a", "", ""},
  };
  for (const auto& [page, link, expected] : table)
    BOOST_TEST(docs_link(page, link) == expected, link);
}

BOOST_AUTO_TEST_CASE(html_and_urls_are_escaped) {
  BOOST_TEST(escape_html("<a href=\"'&\">")
             == "&lt;a href=&quot;&#39;&amp;&quot;&gt;");
  BOOST_TEST(percent_encode("a b/c?\xc3\xa4") == "a%20b/c%3F%C3%A4");
}
