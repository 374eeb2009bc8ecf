#include "actors/gateway/markdown_html.hpp"

#include <cctype>
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

namespace quaero {

namespace {

constexpr int options = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8;

struct free_parser {
  void operator()(cmark_parser* x) const { cmark_parser_free(x); }
};
struct free_node {
  void operator()(cmark_node* x) const { cmark_node_free(x); }
};
struct free_iter {
  void operator()(cmark_iter* x) const { cmark_iter_free(x); }
};
struct free_text {
  void operator()(char* x) const { std::free(x); }
};
using parser_ptr = std::unique_ptr<cmark_parser, free_parser>;
using node_ptr = std::unique_ptr<cmark_node, free_node>;
using iter_ptr = std::unique_ptr<cmark_iter, free_iter>;
using text_ptr = std::unique_ptr<char, free_text>;

// Calls `f` for each node, before its children.
template <class F>
void visit(cmark_node* root, F f) {
  iter_ptr iter{cmark_iter_new(root)};
  for (auto e = cmark_iter_next(iter.get()); e != CMARK_EVENT_DONE;
       e = cmark_iter_next(iter.get()))
    if (e == CMARK_EVENT_ENTER)
      f(cmark_iter_get_node(iter.get()));
}

std::string text_of(cmark_node* root) {
  std::string out;
  visit(root, [&](cmark_node* x) {
    auto type = cmark_node_get_type(x);
    if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
      out += cmark_node_get_literal(x);
  });
  return out;
}

std::string anchor_of(std::string_view heading) {
  std::string out;
  for (unsigned char c : heading) {
    if (std::isalnum(c) || c == '-' || c == '_' || c >= 0x80)
      out += static_cast<char>(std::tolower(c));
    else if (c == ' ')
      out += '-';
  }
  return out;
}

// A place to link to, before the words of a heading.
void add_anchor(cmark_node* heading, const std::string& name) {
  auto* x = cmark_node_new(CMARK_NODE_CUSTOM_INLINE);
  // Only letters, digits, '-', '_' and bytes of UTF-8: needs no escaping.
  auto html = "<a id=\"" + name + "\"></a>";
  cmark_node_set_on_enter(x, html.c_str());
  if (cmark_node_prepend_child(heading, x) == 0)
    cmark_node_free(x);
}

node_ptr parse(cmark_parser* parser, std::string_view markdown) {
  static std::once_flag registered;
  std::call_once(registered, cmark_gfm_core_extensions_ensure_registered);
  for (auto name : {"table", "autolink", "strikethrough"})
    if (auto* extension = cmark_find_syntax_extension(name))
      cmark_parser_attach_syntax_extension(parser, extension);
  cmark_parser_feed(parser, markdown.data(), markdown.size());
  return node_ptr{cmark_parser_finish(parser)};
}

} // namespace

rendered_markdown
render_markdown(std::string_view markdown,
                const std::function<std::string(std::string_view)>& link) {
  rendered_markdown out;
  parser_ptr parser{cmark_parser_new(options)};
  auto root = parse(parser.get(), markdown);
  std::map<std::string, int> seen;
  visit(root.get(), [&](cmark_node* x) {
    auto type = cmark_node_get_type(x);
    if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) {
      const auto* url = cmark_node_get_url(x);
      cmark_node_set_url(x, link(url ? url : "").c_str());
    } else if (type == CMARK_NODE_HEADING) {
      auto words = text_of(x);
      if (out.title.empty())
        out.title = words;
      auto name = anchor_of(words);
      auto n = seen[name]++;
      add_anchor(x, n == 0 ? name : name + "-" + std::to_string(n));
    }
  });
  text_ptr html{cmark_render_html(
    root.get(), options, cmark_parser_get_syntax_extensions(parser.get()))};
  out.html = html.get();
  return out;
}

std::string percent_encode(std::string_view path) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : path) {
    if (std::isalnum(c) || c == '/' || c == '-' || c == '_' || c == '.'
        || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += digits[c >> 4];
      out += digits[c & 15];
    }
  }
  return out;
}

} // namespace quaero
