#include "actors/workers/crawler/html_tree.hpp"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace quaero::crawler {

namespace {

using names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view name, names list) {
  return std::ranges::find(list, name) != list.end();
}

bool has_no_end_tag(std::string_view name) {
  return is_one_of(name,
                   {"area", "base", "br", "col", "embed", "hr", "img", "input",
                    "link", "meta", "param", "source", "track", "wbr"});
}

// Their end tags are often left out, and the parser then closes them itself.
bool is_closed_by_parser(std::string_view name) {
  return is_one_of(name, {"p", "li", "dt", "dd", "tr", "td", "th", "thead",
                          "tbody", "tfoot", "option", "optgroup", "rp", "rt",
                          "colgroup", "html", "head", "body"});
}

// Their content is text up to their own end tag.
bool holds_raw_text(std::string_view name) {
  return is_one_of(name, {"script", "style", "textarea", "title", "xmp",
                          "iframe", "noembed", "noframes"});
}

// An end tag does not close elements beyond one of these.
bool is_barrier(std::string_view name) {
  return is_one_of(name, {"table", "object", "applet", "marquee", "template",
                          "svg", "math", "caption"});
}

bool is_foreign(std::string_view name) {
  return name == "svg" || name == "math";
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

std::string lower_name(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (is_blank(c) || c == '/' || c == '>')
      break;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

// The end of the tag at `pos`, behind its ">", heeding quoted attributes.
size_t end_of_tag(std::string_view html, size_t pos) {
  char quote = 0;
  for (; pos < html.size(); ++pos) {
    auto c = html[pos];
    if (quote != 0) {
      if (c == quote)
        quote = 0;
    } else if (c == '>') {
      return pos + 1;
    } else if ((c == '"' || c == '\'') && pos > 0 && html[pos - 1] == '=') {
      quote = c;
    }
  }
  return html.size();
}

size_t find_end_tag(std::string_view html, size_t pos, std::string_view name) {
  for (pos = html.find("</", pos); pos != std::string_view::npos;
       pos = html.find("</", pos + 2))
    if (lower_name(html.substr(pos + 2, name.size() + 1)) == name)
      return pos;
  return html.size();
}

class depth_limiter {
public:
  explicit depth_limiter(size_t depth_max) : depth_max_{depth_max} {}

  std::string run(std::string_view html) {
    out_.reserve(html.size());
    size_t pos = 0;
    while (pos < html.size()) {
      auto next = std::min(html.find('<', pos), html.size());
      out_ += html.substr(pos, next - pos);
      pos = next == html.size() ? next : markup(html, next);
    }
    return std::move(out_);
  }

private:
  size_t markup(std::string_view html, size_t pos) {
    auto rest = html.substr(pos);
    if (rest.starts_with("<!--"))
      return copy(html, pos, std::min(html.find("-->", pos), html.size()));
    bool closing = rest.starts_with("</");
    size_t name_at = closing ? 2 : 1;
    if (rest.size() <= name_at || !is_letter(rest[name_at]))
      return copy(html, pos, pos + 1);
    auto name = lower_name(rest.substr(name_at, name_bytes_max));
    auto end = end_of_tag(html, pos);
    if (closing) {
      close(name);
      return copy(html, pos, end);
    }
    if (holds_raw_text(name))
      return copy(html, pos, find_end_tag(html, end, name));
    return open(name) ? copy(html, pos, end) : end;
  }

  size_t copy(std::string_view html, size_t from, size_t to) {
    out_ += html.substr(from, to - from);
    return to;
  }

  bool open(const std::string& name) {
    if (has_no_end_tag(name) || (foreign_ == 0 && is_closed_by_parser(name)))
      return true;
    if (open_.size() >= depth_max_)
      return false;
    open_.push_back(name);
    foreign_ += is_foreign(name) ? 1 : 0;
    return true;
  }

  void close(std::string_view name) {
    for (auto i = open_.size(); i-- > 0;) {
      if (open_[i] == name) {
        for (auto j = i; j < open_.size(); ++j)
          foreign_ -= is_foreign(open_[j]) ? 1 : 0;
        open_.resize(i);
        return;
      }
      if (is_barrier(open_[i]))
        return;
    }
  }

  static constexpr size_t name_bytes_max = 64;

  size_t depth_max_;
  std::string out_;
  std::vector<std::string> open_;
  size_t foreign_ = 0;
};

} // namespace

// Gives the parser memory and frees it at once. The parser's own way to free a
// tree calls itself for each level, and its only way to stop is to leave it.
class html_tree::arena {
public:
  explicit arena(size_t bytes_max) : bytes_max_{bytes_max} {}
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;
  ~arena() {
    for (auto* block = blocks_; block != nullptr;) {
      auto* next = block->next;
      std::free(block);
      block = next;
    }
  }

  // Nothing with a destructor lives between here and allocate().
  const GumboOutput* parse(const GumboOptions& options, const char* text,
                           size_t size) {
    if (setjmp(out_of_memory_) != 0)
      return nullptr;
    return gumbo_parse_with_options(&options, text, size);
  }

  static void* allocate(void* self, size_t size) {
    return static_cast<arena*>(self)->take(size);
  }

  static void release(void*, void*) {}

private:
  struct alignas(std::max_align_t) block_head {
    block_head* next;
  };

  static constexpr size_t block_bytes = 256 * 1024;

  void* take(size_t size) {
    constexpr auto align = alignof(std::max_align_t);
    size = (size + align - 1) / align * align;
    if (size > left_)
      add_block(std::max(size, block_bytes));
    auto* result = free_;
    free_ += size;
    left_ -= size;
    return result;
  }

  void add_block(size_t size) {
    used_ += size;
    auto* block
      = used_ > bytes_max_ ? nullptr : std::malloc(sizeof(block_head) + size);
    if (block == nullptr)
      std::longjmp(out_of_memory_, 1);
    blocks_ = new (block) block_head{blocks_};
    free_ = static_cast<char*>(block) + sizeof(block_head);
    left_ = size;
  }

  size_t bytes_max_;
  size_t used_ = 0;
  block_head* blocks_ = nullptr;
  char* free_ = nullptr;
  size_t left_ = 0;
  std::jmp_buf out_of_memory_;
};

std::string limit_depth(std::string_view html, size_t depth_max) {
  return depth_limiter{depth_max}.run(html);
}

html_tree::html_tree(std::string_view html, size_t bytes_max)
  : arena_{std::make_unique<arena>(bytes_max)} {
  // The tree refers to the text by pointers that nobody here looks at.
  auto text = limit_depth(html);
  auto options = kGumboDefaultOptions;
  options.allocator = &arena::allocate;
  options.deallocator = &arena::release;
  options.userdata = arena_.get();
  options.max_errors = 0;
  auto* output = arena_->parse(options, text.data(), text.size());
  if (output != nullptr)
    root_ = output->root;
}

html_tree::~html_tree() = default;

const GumboVector* children_of(const GumboNode* node) {
  switch (node->type) {
    case GUMBO_NODE_ELEMENT:
    case GUMBO_NODE_TEMPLATE:
      return &node->v.element.children;
    case GUMBO_NODE_DOCUMENT:
      return &node->v.document.children;
    default:
      return nullptr;
  }
}

void for_each_node(const GumboNode* root,
                   const std::function<bool(const GumboNode*)>& visit) {
  std::vector<const GumboNode*> open{root};
  while (!open.empty()) {
    auto* node = open.back();
    open.pop_back();
    if (!visit(node))
      continue;
    if (auto* list = children_of(node))
      for (auto i = list->length; i-- > 0;)
        open.push_back(static_cast<const GumboNode*>(list->data[i]));
  }
}

bool is_element(const GumboNode* node, GumboTag tag) {
  return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag
         && node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML;
}

bool is_text(const GumboNode* node) {
  return node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE
         || node->type == GUMBO_NODE_CDATA;
}

std::string_view attribute(const GumboNode* node, const char* name) {
  if (node->type != GUMBO_NODE_ELEMENT)
    return {};
  auto* found = gumbo_get_attribute(&node->v.element.attributes, name);
  return found == nullptr ? std::string_view{} : std::string_view{found->value};
}

bool has_attribute(const GumboNode* node, const char* name) {
  return node->type == GUMBO_NODE_ELEMENT
         && gumbo_get_attribute(&node->v.element.attributes, name) != nullptr;
}

std::string text_of(const GumboNode* node) {
  std::string out;
  for_each_node(node, [&out](const GumboNode* x) {
    if (is_text(x))
      out += x->v.text.text;
    else if (is_element(x, GUMBO_TAG_BR))
      out += '\n';
    return !is_element(x, GUMBO_TAG_SCRIPT) && !is_element(x, GUMBO_TAG_STYLE);
  });
  return out;
}

std::string collapse(std::string_view text) {
  std::string out;
  bool gap = false;
  for (auto c : text) {
    if (is_blank(c)) {
      gap = !out.empty();
      continue;
    }
    if (gap)
      out += ' ';
    gap = false;
    out += c;
  }
  return out;
}

} // namespace quaero::crawler
