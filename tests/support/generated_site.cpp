#include "tests/support/site_server.hpp"

#include <algorithm>

namespace quaero::test {

namespace {

constexpr size_t fan_out = 3;
constexpr size_t missing_every = 10;
constexpr size_t redirect_every = 8;

std::string path_of(size_t i) {
  return i == 0 ? "/" : "/page/" + std::to_string(i) + ".html";
}

std::string anchor(const std::string& href, const std::string& text) {
  return "<li><a href=\"" + href + "\">" + text + "</a></li>\n";
}

// Other spellings of the address of page `i`; normalised they are all the same.
std::string spellings(const site_server& server, size_t i) {
  auto path = path_of(i);
  auto port = std::to_string(server.port());
  auto escaped = path;
  if (auto at = escaped.find("page"); at != std::string::npos)
    escaped.replace(at, 1, "%70");
  return anchor(path + "#part-2", "by fragment")
         + anchor("HTTP://127.0.0.1:" + port + path, "by scheme")
         + anchor("//127.0.0.1:" + port + path, "without scheme")
         + anchor("/x/.." + path, "by dots") + anchor(escaped, "by escape");
}

std::string words(size_t i, size_t count) {
  std::string out = "<p>";
  for (size_t k = 0; k < count; ++k)
    out += "word" + std::to_string((i * 31 + k * 7) % 997) + ' ';
  return out + "on <em>page</em> <code>" + std::to_string(i) + "</code>.</p>\n";
}

std::string links(const site_server& server, size_t i, size_t count) {
  std::string out;
  for (size_t k = 1; k <= fan_out; ++k)
    if (auto child = i * fan_out + k; child < count)
      out += anchor(path_of(child), "down") + spellings(server, child);
  if (i > 0)
    out += anchor(path_of((i - 1) / fan_out), "up");
  out += anchor(path_of((i * 7 + 3) % count), "across");
  out += anchor(path_of(i), "itself");
  if (i % missing_every == 0)
    out += anchor("/missing/" + std::to_string(i), "dead");
  if (i % redirect_every == 0)
    out += anchor("/old/" + std::to_string(i), "moved");
  return out;
}

std::string extra_links(const generated_site_options& options) {
  auto out = anchor("/index.html", "index") + anchor("/loop/a", "circle")
             + anchor("/private/secret.html", "private")
             + anchor("mailto:nobody@example.org", "mail")
             + anchor("/files/manual.pdf", "manual")
             + anchor("javascript:void(0)", "script");
  if (options.big_bytes > 0)
    out += anchor("/big", "big");
  if (options.slow)
    out += anchor("/slow", "slow");
  return out;
}

site_response redirect_to(const std::string& path, unsigned status) {
  site_response response;
  response.status = status;
  response.headers.emplace_back("Location", path);
  return response;
}

void add_pages(site_server& server, size_t count,
               const generated_site_options& options) {
  for (size_t i = 0; i < count; ++i) {
    auto title = "Page " + std::to_string(i);
    auto nav = i == 0 ? "<nav><ul>" + extra_links(options) + "</ul></nav>" : "";
    server.page(path_of(i), title,
                nav + "<main><h1>" + title + "</h1>" + words(i, options.words)
                  + "<ul>" + links(server, i, count) + "</ul></main>");
  }
}

void add_special(site_server& server, const generated_site_options& options) {
  server.route("/index.html", redirect_to("/", 301));
  server.route("/loop/a", redirect_to("/loop/b", 302));
  server.route("/loop/b", redirect_to("/loop/a", 302));
  server.page("/private/secret.html", "Secret", "<p>Not for robots.</p>");
  site_response robots;
  robots.content_type = "text/plain";
  robots.body = "User-agent: *\nDisallow: /private/\n";
  server.route("/robots.txt", robots);
  if (options.big_bytes > 0) {
    site_response big;
    big.body = "<html><title>Big</title><p>";
    big.stream_bytes = options.big_bytes;
    server.route("/big", big);
  }
  if (options.slow) {
    site_response slow;
    slow.body = "<html><title>Slow</title><p>At last.</p></html>";
    slow.hold = options.slow;
    server.route("/slow", slow);
  }
}

} // namespace

generated_site generate_site(site_server& server, size_t count,
                             const generated_site_options& options) {
  count = std::max<size_t>(count, 1);
  add_pages(server, count, options);
  add_special(server, options);
  generated_site site;
  site.start = server.url("/");
  site.redirect_loop = server.url("/loop/a");
  site.forbidden = server.url("/private/secret.html");
  site.redirects.push_back(server.url("/index.html"));
  for (size_t i = 0; i < count; ++i) {
    site.pages.push_back(server.url(path_of(i)));
    if (i % missing_every == 0)
      site.missing.push_back(server.url("/missing/" + std::to_string(i)));
    if (i % redirect_every == 0) {
      auto from = "/old/" + std::to_string(i);
      server.route(from, redirect_to(path_of(i), 301));
      site.redirects.push_back(server.url(from));
    }
  }
  for (size_t i = count - 1;; i = (i - 1) / fan_out) {
    ++site.depth;
    if (i == 0)
      break;
  }
  return site;
}

} // namespace quaero::test
