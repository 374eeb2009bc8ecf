#include "actors/workers/crawler/markdown.hpp"

#include "actors/workers/crawler/markdown_writer.hpp"
#include "actors/workers/crawler/url.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace quaero::crawler {

namespace {

std::string fence_for(std::string_view code, size_t least) {
  size_t longest = 0;
  size_t run = 0;
  for (auto c : code) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max(longest == 0 ? 0 : longest + 1, least), '`');
}

std::string code_span(std::string_view text) {
  auto fence = fence_for(text, 1);
  bool touches = text.starts_with('`') || text.ends_with('`');
  std::string_view pad = touches ? " " : "";
  return fence + std::string{pad} + std::string{text} + std::string{pad}
         + fence;
}

// An absolute address that can stand between the parentheses of a link.
std::string address(std::string_view base, std::string_view href) {
  auto url = resolve_url(base, href);
  auto scheme = split_url(url).scheme.value_or("");
  std::ranges::transform(scheme, scheme.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (scheme != "http" && scheme != "https" && scheme != "mailto"
      && scheme != "tel")
    return {};
  std::string out;
  for (auto c : normalise_escapes(url)) {
    if (c == '(')
      out += "%28";
    else if (c == ')')
      out += "%29";
    else
      out += c;
  }
  return out;
}

std::string language_in(std::string_view classes) {
  for (std::string_view prefix : {"language-", "lang-", "highlight-source-"}) {
    auto pos = classes.find(prefix);
    if (pos == std::string_view::npos || (pos > 0 && classes[pos - 1] != ' '))
      continue;
    auto name = classes.substr(pos + prefix.size());
    name = name.substr(0, name.find_first_of(" \t\r\n\f`"));
    if (!name.empty())
      return std::string{name};
  }
  return {};
}

std::string language_of(const GumboNode* pre) {
  auto language = language_in(attribute(pre, "class"));
  auto* list = children_of(pre);
  for (unsigned i = 0; language.empty() && i < list->length; ++i)
    language = language_in(
      attribute(static_cast<const GumboNode*>(list->data[i]), "class"));
  return language;
}

bool is_left_out(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_NOSCRIPT:
    case GUMBO_TAG_TEMPLATE:
    case GUMBO_TAG_IFRAME:
    case GUMBO_TAG_SVG:
    case GUMBO_TAG_CANVAS:
    case GUMBO_TAG_AUDIO:
    case GUMBO_TAG_VIDEO:
    case GUMBO_TAG_OBJECT:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_TEXTAREA:
    case GUMBO_TAG_HEAD:
      return true;
    default:
      return false;
  }
}

bool is_chrome(GumboTag tag) {
  return tag == GUMBO_TAG_NAV || tag == GUMBO_TAG_HEADER
         || tag == GUMBO_TAG_FOOTER || tag == GUMBO_TAG_ASIDE;
}

bool is_inline(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_SPAN:
    case GUMBO_TAG_ABBR:
    case GUMBO_TAG_BDI:
    case GUMBO_TAG_BDO:
    case GUMBO_TAG_BIG:
    case GUMBO_TAG_BUTTON:
    case GUMBO_TAG_CITE:
    case GUMBO_TAG_DATA:
    case GUMBO_TAG_DEL:
    case GUMBO_TAG_DFN:
    case GUMBO_TAG_FONT:
    case GUMBO_TAG_INS:
    case GUMBO_TAG_LABEL:
    case GUMBO_TAG_MARK:
    case GUMBO_TAG_MATH:
    case GUMBO_TAG_NOBR:
    case GUMBO_TAG_Q:
    case GUMBO_TAG_RP:
    case GUMBO_TAG_RT:
    case GUMBO_TAG_RUBY:
    case GUMBO_TAG_S:
    case GUMBO_TAG_SMALL:
    case GUMBO_TAG_STRIKE:
    case GUMBO_TAG_SUB:
    case GUMBO_TAG_SUP:
    case GUMBO_TAG_TIME:
    case GUMBO_TAG_TT:
    case GUMBO_TAG_U:
    case GUMBO_TAG_WBR:
    case GUMBO_TAG_UNKNOWN:
      return true;
    default:
      return false;
  }
}

using table_row = std::vector<const GumboNode*>;

void add_row(const GumboNode* tr, std::vector<table_row>& rows) {
  table_row row;
  auto* list = children_of(tr);
  for (unsigned i = 0; i < list->length; ++i) {
    auto* cell = static_cast<const GumboNode*>(list->data[i]);
    if ((is_element(cell, GUMBO_TAG_TD) || is_element(cell, GUMBO_TAG_TH))
        && row.size() < markdown_columns_max)
      row.push_back(cell);
  }
  if (!row.empty())
    rows.push_back(std::move(row));
}

// The rows of this table, not those of tables inside it.
std::vector<table_row> rows_of(const GumboNode* table) {
  std::vector<table_row> rows;
  for_each_node(table, [&](const GumboNode* x) {
    if (is_element(x, GUMBO_TAG_TR)) {
      add_row(x, rows);
      return false;
    }
    return x == table || is_element(x, GUMBO_TAG_THEAD)
           || is_element(x, GUMBO_TAG_TBODY) || is_element(x, GUMBO_TAG_TFOOT);
  });
  return rows;
}

class renderer {
public:
  renderer(std::string_view base, bool skip_chrome)
    : base_{base}, skip_chrome_{skip_chrome} {}

  std::string run(const GumboNode* root) {
    children(root);
    return out_.take();
  }

private:
  void node(const GumboNode* x) {
    if (out_.full())
      return;
    if (is_text(x)) {
      out_.text(x->v.text.text);
    } else if (x->type == GUMBO_NODE_ELEMENT && !left_out(x)) {
      ++depth_;
      if (depth_ > markdown_depth_max)
        out_.text(text_of(x));
      else
        element(x);
      --depth_;
    }
  }

  void children(const GumboNode* x) {
    auto* list = children_of(x);
    for (unsigned i = 0; i < list->length; ++i)
      node(static_cast<const GumboNode*>(list->data[i]));
  }

  bool left_out(const GumboNode* x) const {
    auto tag = x->v.element.tag;
    return is_left_out(tag) || (skip_chrome_ && is_chrome(tag))
           || has_attribute(x, "hidden");
  }

  void element(const GumboNode* x) {
    auto tag = x->v.element.tag;
    switch (tag) {
      case GUMBO_TAG_H1:
      case GUMBO_TAG_H2:
      case GUMBO_TAG_H3:
      case GUMBO_TAG_H4:
      case GUMBO_TAG_H5:
      case GUMBO_TAG_H6:
        return heading(x, static_cast<size_t>(tag - GUMBO_TAG_H1) + 1);
      case GUMBO_TAG_STRONG:
      case GUMBO_TAG_B:
        return marked(x, "**", "**");
      case GUMBO_TAG_EM:
      case GUMBO_TAG_I:
        return marked(x, "*", "*");
      case GUMBO_TAG_A:
        return anchor(x);
      case GUMBO_TAG_IMG:
        return image(x);
      case GUMBO_TAG_CODE:
      case GUMBO_TAG_KBD:
      case GUMBO_TAG_SAMP:
      case GUMBO_TAG_VAR:
        return code(x);
      case GUMBO_TAG_BR:
        return out_.line_break();
      case GUMBO_TAG_HR:
        return rule();
      default:
        return is_inline(tag) ? children(x) : block_element(x);
    }
  }

  void block_element(const GumboNode* x) {
    switch (x->v.element.tag) {
      case GUMBO_TAG_PRE:
        return preformatted(x);
      case GUMBO_TAG_UL:
        return list(x, false);
      case GUMBO_TAG_OL:
        return list(x, true);
      case GUMBO_TAG_DL:
      case GUMBO_TAG_P:
        return block(x, false);
      case GUMBO_TAG_DT:
        out_.end_block();
        marked(x, "**", "**");
        return out_.end_block(true);
      case GUMBO_TAG_DD:
        return indented(x, ": ", "  ", true);
      case GUMBO_TAG_BLOCKQUOTE:
        return indented(x, "> ", "> ", false);
      case GUMBO_TAG_TABLE:
        return table(x);
      default:
        return block(x, lists_ > 0);
    }
  }

  void block(const GumboNode* x, bool tight) {
    out_.end_block(tight);
    children(x);
    out_.end_block(tight);
  }

  void marked(const GumboNode* x, std::string open, std::string close) {
    out_.open_mark(std::move(open), std::move(close));
    children(x);
    out_.close_mark();
  }

  void indented(const GumboNode* x, std::string first, std::string rest,
                bool tight) {
    out_.end_block(tight);
    if (out_.flat())
      return children(x);
    out_.push_indent(std::move(first), std::move(rest));
    children(x);
    out_.end_block(tight);
    out_.pop_indent();
  }

  void heading(const GumboNode* x, size_t level) {
    out_.end_block();
    auto sign = std::string(level, '#') + ' ';
    bool alone = !out_.flat();
    if (alone)
      out_.push_indent(std::move(sign), "");
    out_.begin_flat();
    children(x);
    out_.end_flat();
    if (alone) {
      out_.end_block();
      out_.pop_indent();
    }
  }

  void anchor(const GumboNode* x) {
    auto href = attribute(x, "href");
    auto target = href.empty() ? std::string{} : address(base_, href);
    if (target.empty())
      return children(x);
    marked(x, "[", "](" + target + ")");
  }

  void image(const GumboNode* x) {
    auto alt = collapse(attribute(x, "alt"));
    std::erase_if(alt, [](char c) { return c == '[' || c == ']'; });
    auto src = attribute(x, "src");
    auto target = src.empty() ? std::string{} : address(base_, src);
    if (target.empty())
      out_.text(alt);
    else
      out_.inline_raw("![" + alt + "](" + target + ")");
  }

  void code(const GumboNode* x) {
    auto raw = text_of(x);
    auto text = collapse(raw);
    if (text.empty())
      return out_.text(raw);
    // Blanks at the ends belong between the words, not into the code.
    if (std::string_view{" \t\r\n\f"}.find(raw.front()) != std::string::npos)
      out_.blank();
    out_.inline_raw(code_span(text));
    if (std::string_view{" \t\r\n\f"}.find(raw.back()) != std::string::npos)
      out_.blank();
  }

  void rule() {
    if (out_.flat())
      return out_.blank();
    out_.end_block();
    out_.inline_raw("---");
    out_.end_block();
  }

  void preformatted(const GumboNode* x) {
    if (out_.flat())
      return code(x);
    auto text = text_of(x);
    std::erase(text, '\r');
    text.resize(text.find_last_not_of("\n\t ") + 1);
    if (text.empty())
      return;
    auto fence = fence_for(text, 3);
    out_.end_block();
    out_.lines(fence + language_of(x) + '\n' + text + '\n' + fence);
    out_.end_block();
  }

  void list(const GumboNode* x, bool numbered) {
    out_.end_block(lists_ > 0);
    ++lists_;
    int64_t number = 1;
    auto start = attribute(x, "start");
    std::from_chars(start.data(), start.data() + start.size(), number);
    auto* all = children_of(x);
    for (unsigned i = 0; i < all->length; ++i) {
      auto* item = static_cast<const GumboNode*>(all->data[i]);
      if (!is_element(item, GUMBO_TAG_LI)) {
        stray_item(item);
        continue;
      }
      auto sign = numbered ? std::to_string(number) + ". " : "- ";
      // Numbers come from the page and may be at the end of their range.
      number = number == INT64_MAX ? number : number + 1;
      auto rest = std::string(sign.size(), ' ');
      if (!left_out(item))
        list_item(item, std::move(sign), std::move(rest));
    }
    --lists_;
    out_.end_block(lists_ > 0);
  }

  void list_item(const GumboNode* x, std::string sign, std::string rest) {
    if (++depth_ > markdown_depth_max)
      out_.text(text_of(x));
    else
      indented(x, std::move(sign), std::move(rest), true);
    --depth_;
  }

  // A list straight inside a list belongs to the item before it.
  void stray_item(const GumboNode* x) {
    if (out_.flat())
      return node(x);
    out_.push_indent("  ", "  ");
    node(x);
    out_.pop_indent();
  }

  void table(const GumboNode* x) {
    auto rows = rows_of(x);
    size_t columns = 0;
    for (auto& row : rows)
      columns = std::max(columns, row.size());
    out_.end_block();
    caption(x);
    if (columns <= 1 || out_.flat()) // a table for layout, or inside a cell
      for (auto& row : rows)
        for (auto* cell : row)
          block(cell, false);
    else
      grid(rows, columns);
    out_.end_block();
  }

  void caption(const GumboNode* table) {
    auto* list = children_of(table);
    for (unsigned i = 0; i < list->length; ++i) {
      auto* x = static_cast<const GumboNode*>(list->data[i]);
      if (is_element(x, GUMBO_TAG_CAPTION))
        block(x, false);
    }
  }

  void grid(const std::vector<table_row>& rows, size_t columns) {
    bool first = true;
    for (auto& row : rows) {
      std::string line = "|";
      for (auto* x : row)
        line += ' ' + cell(x) + " |";
      for (auto i = row.size(); first && i < columns; ++i)
        line += "  |";
      if (first)
        line += "\n|";
      for (size_t i = 0; first && i < columns; ++i)
        line += " --- |";
      first = false;
      out_.lines(line);
      out_.end_block(true);
      if (out_.full())
        return;
    }
  }

  std::string cell(const GumboNode* x) {
    renderer inner{base_, skip_chrome_};
    inner.depth_ = depth_ + 1;
    inner.out_.begin_flat();
    if (inner.depth_ > markdown_depth_max)
      inner.out_.text(text_of(x));
    else
      inner.children(x);
    std::string out;
    for (auto c : inner.out_.take()) {
      if (c == '|')
        out += '\\';
      out += c;
    }
    return out;
  }

  std::string base_;
  bool skip_chrome_;
  markdown_writer out_;
  size_t depth_ = 0;
  size_t lists_ = 0;
};

} // namespace

std::string to_markdown(const GumboNode* root, std::string_view base,
                        bool skip_chrome) {
  return renderer{base, skip_chrome}.run(root);
}

} // namespace quaero::crawler
