#include "actors/workers/crawler/html_tree.hpp"
#include "actors/workers/crawler/markdown_writer.hpp"
#include "actors/workers/crawler/page.hpp"
#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

namespace quaero::crawler {

namespace {

const std::string here = "http://e.com/dir/page.html";

page read(const std::string& html) {
  return parse_page(html, here);
}

std::string markdown(const std::string& body) {
  return read("<main>" + body + "</main>").markdown;
}

std::string repeated(const std::string& text, size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

using strings = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(pages)

BOOST_AUTO_TEST_CASE(the_title_has_four_sources) {
  std::string og = "<meta property='og:title' content='O'>";
  std::string twitter = "<meta name='twitter:title' content='T'>";
  BOOST_TEST(read("<title> A \n b </title>" + og).title == "A b");
  BOOST_TEST(read(og + twitter + "<h1>H</h1>").title == "O");
  BOOST_TEST(read(twitter + "<h1>H <b>x</b></h1><h1>I</h1>").title == "H x");
  BOOST_TEST(read(twitter).title == "T");
  BOOST_TEST(read("<svg><title>S</title></svg>").title == "Untitled");
}

BOOST_AUTO_TEST_CASE(the_content_root_is_the_first_in_the_document) {
  BOOST_TEST(read("<p>x<div class='a content'>c</div><main>m</main>").markdown
             == "c");
  BOOST_TEST(read("<p>x<article>a</article><main>m</main>").markdown == "a");
  BOOST_TEST(read("<p>x<div role=main>r</div>").markdown == "r");
  BOOST_TEST(read("<p>x<div id=main>i</div>").markdown == "i");
  BOOST_TEST(read("<p>x<div class=contents>i</div>").markdown == "x\n\ni");
}

BOOST_AUTO_TEST_CASE(without_a_root_the_body_counts_without_its_frame) {
  BOOST_TEST(read("<header>h</header><nav>n</nav><p>text</p><aside>a</aside>"
                  "<footer>f</footer><script>s</script><style>t</style>"
                  "<noscript>o</noscript>")
               .markdown
             == "text");
  BOOST_TEST(read("<main></main><p>text</p>").markdown == "text");
}

BOOST_AUTO_TEST_CASE(blocks_are_set_apart) {
  const std::vector<std::pair<std::string, std::string>> all{
    {"<h1>One</h1><h3> Three <em>x</em></h3>", "# One\n\n### Three *x*"},
    {"<p>a</p><p>b</p>", "a\n\nb"},
    {"<div>a</div><div>b</div>", "a\n\nb"},
    {"a<hr>b", "a\n\n---\n\nb"},
    {"a<br>b", "a\nb"},
    {"a<br><br>b", "a\n\nb"},
    {"<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n>\n> b\n\nc"},
    {"<h2><div>a</div><div>b</div></h2>", "## a b"},
    {"<p>a</p><p> </p><p></p><p>b</p>", "a\n\nb"},
    {"<dl><dt>t</dt><dd>d</dd><dt>u</dt><dd>e</dd></dl>",
     "**t**\n: d\n\n**u**\n: e"},
  };
  for (auto& [html, expected] : all)
    BOOST_TEST(markdown(html) == expected);
}

BOOST_AUTO_TEST_CASE(white_space_is_collapsed_and_never_lost) {
  const std::vector<std::pair<std::string, std::string>> all{
    {"a <b>b</b> c", "a **b** c"},
    {"a<b> b </b>c", "a **b** c"},
    {"<b>a</b>b", "**a**b"},
    {"<i>a</i> <i>b</i>", "*a* *b*"},
    {"  a \n\t b  ", "a b"},
    {"<span>a</span> <span>b</span>", "a b"},
    {"<span>a</span><span>b</span>", "ab"},
    {"a <b></b> <i> </i> b", "a b"},
    {"see <code> x </code>now", "see `x` now"},
    {"<b>a<p>b</p></b>", "**a**\n\n**b**"},
    {"<b>a <i>b</i></b>", "**a *b***"},
  };
  for (auto& [html, expected] : all)
    BOOST_TEST(markdown(html) == expected);
}

BOOST_AUTO_TEST_CASE(lists_nest_and_count) {
  BOOST_TEST(markdown("<ul><li>a</li><li>b<ul><li>c</li><li>d</li></ul></li>"
                      "<li>e</li></ul>f")
             == "- a\n- b\n  - c\n  - d\n- e\n\nf");
  BOOST_TEST(markdown("<ol start=9><li>a</li><li>b<ul><li>c</ul></ol>")
             == "9. a\n10. b\n    - c");
  BOOST_TEST(markdown("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>")
             == "- a\n  - b\n- c");
  BOOST_TEST(markdown("<ol start=9223372036854775807><li>a<li>b</ol>")
             == "9223372036854775807. a\n9223372036854775807. b");
  BOOST_TEST(markdown("<ul><li><pre>x\ny</pre></li></ul>")
             == "- ```\n  x\n  y\n  ```");
}

BOOST_AUTO_TEST_CASE(code_is_fenced) {
  BOOST_TEST(markdown("<pre><code class='language-cpp'>int  x;\n\n  y();\n"
                      "</code></pre>")
             == "```cpp\nint  x;\n\n  y();\n```");
  BOOST_TEST(markdown("<pre>a\n```\nb</pre>") == "````\na\n```\nb\n````");
  BOOST_TEST(markdown("x <code>a`b</code> y") == "x ``a`b`` y");
  BOOST_TEST(markdown("<code>`a`</code>") == "`` `a` ``");
  BOOST_TEST(markdown("<pre>&lt;b&gt;</pre>") == "```\n<b>\n```");
}

BOOST_AUTO_TEST_CASE(tables_have_pipes) {
  BOOST_TEST(markdown("<table><caption>C</caption><thead><tr><th>a<th>b</thead>"
                      "<tbody><tr><td>1 <b>x</b><td>2|3</table>z")
             == "C\n\n| a | b |\n| --- | --- |\n| 1 **x** | 2\\|3 |\n\nz");
  BOOST_TEST(markdown("<table><tr><td>a<tr><td>b<td><p>c</p><p>d</p></table>")
             == "| a |  |\n| --- | --- |\n| b | c d |");
  BOOST_TEST(markdown("<table><tr><td><p>layout</p></table>") == "layout");
}

BOOST_AUTO_TEST_CASE(links_and_images_are_absolute) {
  BOOST_TEST(markdown("<a href='../x y#f'> go </a>on")
             == "[go](http://e.com/x%20y#f) on");
  BOOST_TEST(markdown("<a href='a(b)'>x</a>")
             == "[x](http://e.com/dir/a%28b%29)");
  BOOST_TEST(markdown("<a href='javascript:x'>x</a>") == "x");
  BOOST_TEST(markdown("<a>x</a>") == "x");
  BOOST_TEST(markdown("<a href='/'></a>x") == "x");
  BOOST_TEST(markdown("<a href='/c'><h3>Card</h3><p>Text</p></a>")
             == "### [Card](http://e.com/c)\n\n[Text](http://e.com/c)");
  BOOST_TEST(markdown("a <img src=i.png alt='An [i]'> b")
             == "a ![An i](http://e.com/dir/i.png) b");
  BOOST_TEST(markdown("<img src='data:x' alt=A>") == "A");
}

BOOST_AUTO_TEST_CASE(text_never_becomes_markup) {
  BOOST_TEST(markdown("&lt;script&gt; 1 < 2 a_b") == "\\<script> 1 < 2 a_b");
  BOOST_TEST(markdown("<p hidden>a</p>b<svg><text>c</text></svg>") == "b");
}

BOOST_AUTO_TEST_CASE(links_of_the_whole_page_are_found) {
  auto x = read("<nav><a href='/n'>n</a></nav><main><a href='m#f'>m</a>"
                "<a href=m>again</a><a href='#f'>f</a><a href=''>e</a>"
                "<map><area href='/area'></map></main>"
                "<footer><a rel=nofollow href='//o.com'>o</a>"
                "<a href='mailto:x@e.com'>x</a><a href='f.pdf'>p</a></footer>");
  BOOST_TEST(x.links
               == (strings{"http://e.com/n", "http://e.com/dir/m",
                           "http://e.com/area", "http://o.com/"}),
             boost::test_tools::per_element());
  BOOST_TEST(x.links_refused == 2u);
}

BOOST_AUTO_TEST_CASE(a_base_element_changes_what_links_mean) {
  auto x = read("<base href='/other/'><base href='/no/'><main>"
                "<a href=p>p</a></main>");
  BOOST_TEST(x.links == (strings{"http://e.com/other/p"}),
             boost::test_tools::per_element());
  BOOST_TEST(x.markdown == "[p](http://e.com/other/p)");
  BOOST_TEST(read("<base href='javascript:x'><a href=p>p</a>").links.front()
             == "http://e.com/dir/p");
}

BOOST_AUTO_TEST_CASE(no_more_than_page_links_max_are_kept) {
  std::string html;
  for (size_t i = 0; i < page_links_max + 5; ++i)
    html += "<a href=" + std::to_string(i) + ">x</a>";
  BOOST_TEST(read(html).links.size() == page_links_max);
}

BOOST_AUTO_TEST_CASE(robots_meta_is_read) {
  BOOST_TEST(!read("x").noindex);
  auto x = read("<meta name=ROBOTS content='NoIndex, follow'>");
  BOOST_TEST(x.noindex);
  BOOST_TEST(!x.nofollow);
  x = read("<meta name=robots content=none>");
  BOOST_TEST(x.noindex);
  BOOST_TEST(x.nofollow);
}

BOOST_AUTO_TEST_CASE(metadata_is_an_object) {
  auto x = read("<html lang=en><meta name=description content=' D d '>"
                "<meta name=keywords content='a, b c,,'>"
                "<meta name=author content=A><link rel=canonical href='/c'>"
                "<meta property='og:type' content=article>"
                "<meta name='twitter:card' content=summary>"
                "<main><h1>H</h1><p>one two<img src=i></main>");
  BOOST_TEST(to_json(x.metadata)
             == R"({"source_url":"http://e.com/dir/page.html",)"
                R"("description":"D d","keywords":["a","b c"],)"
                R"("language":"en","author":"A",)"
                R"("canonical_url":"http://e.com/c",)"
                R"("open_graph":{"type":"article"},)"
                R"("twitter_card":{"card":"summary"},"text_length":35,)"
                R"("word_count":3,"heading_count":1,"paragraph_count":1,)"
                R"("link_count":0,"image_count":1})");
}

BOOST_AUTO_TEST_CASE(any_depth_of_nesting_is_read) {
  for (std::string tag : {"div", "b", "span", "ul", "blockquote", "table", "li",
                          "p", "svg", "a", "font", "object"}) {
    auto x = read(repeated("<" + tag + ">", 100'000) + "deep");
    BOOST_TEST_CONTEXT("<" << tag << ">")
    BOOST_TEST(x.error == "");
  }
  auto x = read("<main>" + repeated("<div>", 100'000) + "deep"
                + repeated("</div>", 100'000) + "<p>after</main>");
  BOOST_TEST(x.markdown == "deep\n\nafter");
  x = read(repeated("<ul><li>", 50'000) + "deep");
  BOOST_TEST(x.markdown.find("deep") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_depth_limit_drops_tags_and_no_text) {
  BOOST_TEST(limit_depth("<div><b>x</b></div>", 1) == "<div>x</b></div>");
  std::string html = "<p>a<p>b<br><ul><li>c<li>d</ul><!-- <div><div> -->"
                     "<script>'<div><div>'</script><a href='<div>'>e</a>1 < 2";
  BOOST_TEST(limit_depth(html, 1) == html);
  BOOST_TEST(limit_depth("<a b='", 1) == "<a b='");
  BOOST_TEST(limit_depth("<", 1) == "<");
}

BOOST_AUTO_TEST_CASE(a_tree_above_its_limit_is_refused) {
  auto html = repeated("<p>text</p>", 10'000);
  BOOST_TEST((html_tree{html, 1024 * 1024}.root() == nullptr));
  BOOST_TEST((html_tree{html}.root() != nullptr));
  // Each paragraph opens all the elements again that were never closed.
  std::string bomb = "<p>";
  for (int i = 0; i < 500; ++i)
    bomb += "<font size=" + std::to_string(i) + ">";
  BOOST_TEST(read(bomb + repeated("<p>x", 100'000)).error != "");
}

BOOST_AUTO_TEST_CASE(indents_stop_at_markdown_indent_max) {
  auto text = markdown(repeated("<blockquote>", 100) + "x");
  BOOST_TEST(text == repeated("> ", markdown_indent_max) + "x");
}

BOOST_AUTO_TEST_CASE(any_bytes_are_a_page) {
  for (std::string html :
       {"", "<", "<!", "</", "\0", "<a href=", "&#0;&#xD800;",
        "<table><a href=/x>", "<frameset><frame>"})
    BOOST_TEST(read(html).error == "");
  std::string all;
  for (int i = 0; i < 4096; ++i)
    all += static_cast<char>(i * 7 + i / 256);
  BOOST_TEST(read(all).error == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
