#include "actors/workers/crawler/page.hpp"

#include "actors/workers/crawler/html_tree.hpp"
#include "actors/workers/crawler/markdown.hpp"
#include "actors/workers/crawler/url.hpp"
#include "definitions/ascii.hpp"

#include <algorithm>
#include <unordered_set>

namespace quaero::crawler {

namespace {

bool has_word(std::string_view list, std::string_view word) {
  constexpr std::string_view gaps = " ,\t\r\n\f";
  while (!list.empty()) {
    auto end = std::min(list.find_first_of(gaps), list.size());
    if (list.substr(0, end) == word)
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool is_content_root(const GumboNode* x) {
  if (x->type != GUMBO_NODE_ELEMENT || is_element(x, GUMBO_TAG_BODY))
    return false;
  auto classes = attribute(x, "class");
  auto id = attribute(x, "id");
  return is_element(x, GUMBO_TAG_MAIN) || is_element(x, GUMBO_TAG_ARTICLE)
         || attribute(x, "role") == "main" || has_word(classes, "content")
         || has_word(classes, "main-content") || id == "content"
         || id == "main";
}

// Signs of Markdown alone are no words.
uint64_t count_words(std::string_view text) {
  uint64_t count = 0;
  bool counted = false;
  for (auto c : text) {
    bool gap = c == ' ' || c == '\n' || c == '\t';
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                  || (c >= '0' && c <= '9')
                  || static_cast<unsigned char>(c) >= 0x80;
    if (letter && !counted)
      ++count;
    counted = !gap && (counted || letter);
  }
  return count;
}

class page_reader {
public:
  page_reader(const GumboNode* root, std::string_view url)
    : root_{root}, url_{url}, base_{url} {}

  page run() {
    for_each_node(root_, [this](const GumboNode* x) {
      survey(x);
      return true;
    });
    for_each_node(root_, [this](const GumboNode* x) {
      if (is_element(x, GUMBO_TAG_A) || is_element(x, GUMBO_TAG_AREA))
        add_link(x);
      return true;
    });
    page_.title = title();
    write_markdown();
    write_metadata();
    return std::move(page_);
  }

private:
  // The first pass: everything that another part of the page depends on.
  void survey(const GumboNode* x) {
    if (x->type != GUMBO_NODE_ELEMENT)
      return;
    if (content_ == nullptr && is_content_root(x))
      content_ = x;
    if (is_element(x, GUMBO_TAG_BODY))
      body_ = x;
    else if (is_element(x, GUMBO_TAG_TITLE))
      keep_first(title_, text_of(x));
    else if (is_element(x, GUMBO_TAG_H1))
      keep_first(h1_, text_of(x));
    else if (is_element(x, GUMBO_TAG_BASE))
      read_base(x);
    else if (is_element(x, GUMBO_TAG_META))
      read_meta(x);
    else if (is_element(x, GUMBO_TAG_LINK)
             && has_word(to_lower(attribute(x, "rel")), "canonical"))
      keep_first(canonical_, attribute(x, "href"));
  }

  static void keep_first(std::string& to, std::string_view text) {
    if (to.empty())
      to = collapse(text);
  }

  void read_base(const GumboNode* x) {
    auto href = attribute(x, "href");
    if (has_base_ || href.empty())
      return;
    has_base_ = true;
    if (auto found = normalise_url(resolve_url(url_, href)))
      base_ = std::move(*found);
  }

  void read_meta(const GumboNode* x) {
    auto content = collapse(attribute(x, "content"));
    auto name = to_lower(attribute(x, "name"));
    if (name.empty())
      name = to_lower(attribute(x, "property"));
    if (name == "robots") {
      auto words = to_lower(content);
      bool none = has_word(words, "none");
      page_.noindex |= none || has_word(words, "noindex");
      page_.nofollow |= none || has_word(words, "nofollow");
    } else if (name == "description") {
      keep_first(description_, content);
    } else if (name == "keywords") {
      keep_first(keywords_, content);
    } else if (name == "author") {
      keep_first(author_, content);
    } else if (name.starts_with("og:")) {
      put_first(open_graph_, name.substr(3), content);
    } else if (name.starts_with("twitter:")) {
      put_first(twitter_card_, name.substr(8), content);
    }
  }

  static void put_first(value& to, const std::string& name,
                        const std::string& text) {
    constexpr size_t members_max = 100;
    if (!text.empty() && to.find(name) == nullptr
        && to.as_object().size() < members_max)
      to.set(name, text);
  }

  void add_link(const GumboNode* x) {
    if (!has_attribute(x, "href"))
      return;
    auto found = read_link(base_, attribute(x, "href"));
    if (found.kind == link_kind::same_page)
      return;
    if (found.kind != link_kind::page) {
      ++page_.links_refused;
      return;
    }
    if (page_.links.size() < page_links_max && seen_.insert(found.url).second)
      page_.links.push_back(std::move(found.url));
  }

  std::string title() const {
    for (auto& x : {title_, open_graph_.get_string("title").value_or(""), h1_,
                    twitter_card_.get_string("title").value_or("")})
      if (!x.empty())
        return x;
    return "Untitled";
  }

  void write_markdown() {
    if (content_ != nullptr)
      page_.markdown = to_markdown(content_, base_);
    if (!page_.markdown.empty())
      return;
    content_ = body_ == nullptr ? root_ : body_;
    page_.markdown = to_markdown(content_, base_, true);
  }

  void write_metadata() {
    auto& to = page_.metadata;
    to.set("source_url", url_);
    put(to, "description", description_);
    put_keywords();
    put(to, "language", std::string{attribute(root_, "lang")});
    put(to, "author", author_);
    if (!canonical_.empty())
      put(to, "canonical_url", resolve_url(base_, canonical_));
    if (!open_graph_.as_object().empty())
      to.set("open_graph", open_graph_);
    if (!twitter_card_.as_object().empty())
      to.set("twitter_card", twitter_card_);
    count();
  }

  static void put(value& to, std::string_view name, const std::string& text) {
    if (!text.empty())
      to.set(name, text);
  }

  void put_keywords() {
    value::array list;
    std::string_view rest = keywords_;
    while (!rest.empty()) {
      auto end = std::min(rest.find(','), rest.size());
      if (auto word = collapse(rest.substr(0, end)); !word.empty())
        list.emplace_back(std::move(word));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!list.empty())
      page_.metadata.set("keywords", std::move(list));
  }

  void count() {
    uint64_t headings = 0;
    uint64_t paragraphs = 0;
    uint64_t images = 0;
    for_each_node(content_, [&](const GumboNode* x) {
      if (x->type != GUMBO_NODE_ELEMENT)
        return true;
      auto tag = x->v.element.tag;
      headings += tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6 ? 1 : 0;
      paragraphs += tag == GUMBO_TAG_P ? 1 : 0;
      images += tag == GUMBO_TAG_IMG ? 1 : 0;
      return true;
    });
    auto& to = page_.metadata;
    to.set("text_length", uint64_t{page_.markdown.size()});
    to.set("word_count", count_words(page_.markdown));
    to.set("heading_count", headings);
    to.set("paragraph_count", paragraphs);
    to.set("link_count", uint64_t{page_.links.size()});
    to.set("image_count", images);
  }

  const GumboNode* root_;
  std::string url_;
  std::string base_;
  bool has_base_ = false;
  const GumboNode* content_ = nullptr;
  const GumboNode* body_ = nullptr;
  std::string title_;
  std::string h1_;
  std::string canonical_;
  std::string description_;
  std::string keywords_;
  std::string author_;
  value open_graph_ = value::make_object();
  value twitter_card_ = value::make_object();
  std::unordered_set<std::string> seen_;
  page page_;
};

} // namespace

page parse_page(std::string_view html, std::string_view url) {
  html_tree tree{html};
  if (tree.root() == nullptr) {
    page result;
    result.error = "the page takes more than "
                   + std::to_string(html_tree_bytes_max / (1024 * 1024))
                   + " MiB when parsed";
    return result;
  }
  return page_reader{tree.root(), url}.run();
}

} // namespace quaero::crawler
