#include "actors/gateway/docs_pages.hpp"

#include "actors/gateway/docs_style.hpp"
#include "actors/gateway/markdown_html.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace quaero {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view page_suffix = ".md";

// Files that stand for their folder, in this order.
constexpr std::string_view index_names[] = {"index", "README"};

std::string join(const std::vector<std::string>& path) {
  std::string out;
  for (const auto& x : path)
    out += out.empty() ? x : "/" + x;
  return out;
}

std::string_view file_type(std::string_view path) {
  if (path.ends_with(".svg"))
    return "image/svg+xml";
  if (path.ends_with(".png"))
    return "image/png";
  if (path.ends_with(".example"))
    return "text/plain; charset=utf-8";
  return {};
}

http_answer file(std::string_view type, std::string bytes) {
  // A picture that is opened as a page must not run what is in it.
  return {200,
          std::move(bytes),
          std::string{type},
          {{"Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox"}}};
}

bool read_file(const fs::path& path, std::string& out) {
  std::ifstream in{path, std::ios::binary};
  out.assign(std::istreambuf_iterator<char>{in}, {});
  return in.good() || in.eof();
}

// What a folder holds, sorted, so that the limits cut at the same place always.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code failed;
  fs::recursive_directory_iterator it{folder, failed};
  while (!failed && it != fs::recursive_directory_iterator{}) {
    std::error_code unknown;
    if (fs::is_regular_file(it->symlink_status(unknown)) && !unknown)
      out.push_back(it->path());
    it.increment(failed);
  }
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace

void docs_pages::load(const std::string& folder, const docs_limits& limits) {
  pages_.clear();
  files_.clear();
  if (folder.empty())
    return;
  size_t total = 0;
  for (const auto& path : files_of(folder)) {
    if (pages_.size() + files_.size() >= limits.files_max)
      return;
    auto name = path.lexically_relative(folder).generic_string();
    auto type = file_type(name);
    std::error_code unknown;
    auto size = fs::file_size(path, unknown);
    if ((type.empty() && !name.ends_with(page_suffix)) || unknown
        || size > limits.file_bytes_max
        || total + size > limits.total_bytes_max)
      continue;
    std::string bytes;
    if (!read_file(path, bytes))
      continue;
    total += bytes.size();
    if (type.empty())
      add_page(name.substr(0, name.size() - page_suffix.size()), bytes);
    else
      files_.emplace(name, file(type, std::move(bytes)));
  }
}

void docs_pages::add_page(const std::string& path,
                          const std::string& markdown) {
  auto rendered = render_markdown(
    markdown, [&](std::string_view link) { return docs_link(path, link); });
  auto title = rendered.title.empty() ? path : rendered.title;
  pages_.emplace(path, page{std::move(title), std::move(rendered.html)});
}

const std::pair<const std::string, docs_pages::page>*
docs_pages::find_page(const std::string& path) const {
  auto it = pages_.find(path);
  for (auto name : index_names) {
    if (it != pages_.end())
      break;
    it = pages_.find(path.empty() ? std::string{name}
                                  : path + "/" + std::string{name});
  }
  if (it == pages_.end() && path.empty())
    it = pages_.begin();
  return it == pages_.end() ? nullptr : &*it;
}

http_answer docs_pages::find(const std::vector<std::string>& path) const {
  auto name = join(path);
  if (auto it = files_.find(name); it != files_.end())
    return it->second;
  if (name.ends_with(page_suffix))
    name.resize(name.size() - page_suffix.size());
  if (const auto* found = find_page(name))
    return html_page(found->second.title, navigation(found->first),
                     found->second.html);
  return html_page("Page not found", navigation({}),
                   "<h1>Page not found</h1><p>There is no page here. The list "
                   "shows what there is.</p>",
                   404);
}

std::string docs_pages::navigation(const std::string& current) const {
  std::string out = "<ul>";
  for (const auto& [path, one] : pages_) {
    out += "<li><a href=\"/docs/" + escape_html(percent_encode(path)) + "\"";
    out += path == current ? " aria-current=\"page\">" : ">";
    out += escape_html(one.title) + "</a></li>";
  }
  return out + "</ul>";
}

http_answer html_page(std::string_view title, std::string_view navigation,
                      std::string_view content, unsigned status) {
  std::string out = "<!doctype html>\n<html lang=\"en\"><head>"
                    "<meta charset=\"utf-8\"><meta name=\"viewport\" "
                    "content=\"width=device-width, initial-scale=1\"><title>";
  out += escape_html(title);
  out += " - Quaero</title><style>";
  out += docs_style;
  out += "</style></head><body><header><a href=\"/\">Quaero</a></header>"
         "<div class=\"page\"><nav aria-label=\"Pages\">";
  out += navigation;
  out += "</nav><main>";
  out += content;
  out += "</main></div></body></html>\n";
  return {status,
          std::move(out),
          "text/html; charset=utf-8",
          {{"Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
           {"Referrer-Policy", "no-referrer"}}};
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (auto c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string docs_link(std::string_view page, std::string_view link) {
  auto end = std::min(link.find_first_of("?#"), link.size());
  auto path = link.substr(0, end);
  const bool has_scheme = path.find(':') != std::string_view::npos;
  if (path.empty() || path.front() == '/' || has_scheme)
    return std::string{link};
  auto folder = fs::path{page}.parent_path();
  auto target = (folder / path).lexically_normal().generic_string();
  if (target == ".." || target.starts_with("../"))
    return std::string{link};
  if (target.ends_with(page_suffix))
    target.resize(target.size() - page_suffix.size());
  else if (file_type(target).empty() && !target.ends_with('/') && target != ".")
    return std::string{link};
  if (target == ".")
    target.clear();
  return "/docs/" + target + std::string{link.substr(end)};
}

} // namespace quaero
