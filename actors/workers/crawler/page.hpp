#pragma once

#include "definitions/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quaero::crawler {

/// Links that are kept of one page; further ones do not count.
inline constexpr size_t page_links_max = 20'000;

/// What the crawler takes from one page.
struct page {
  /// Of the title element, else og:title, else the first h1, else
  /// twitter:title, else "Untitled".
  std::string title;
  /// Of the content root: the first main, article, [role=main], .content,
  /// .main-content, #content or #main; else of the body without nav, header,
  /// footer and aside.
  std::string markdown;
  /// Normalised http and https addresses of every a and area of the whole page
  /// in their order, each once. Links to files that are no pages and to the
  /// page itself by a fragment are left out.
  std::vector<std::string> links;
  size_t links_refused = 0; ///< Other schemes, downloads, malformed, too long.
  bool noindex = false;     ///< Robots meta: shall not be saved.
  bool nofollow = false;    ///< Robots meta: its links shall not be followed.
  /// Object: source_url, description, keywords, language, author,
  /// canonical_url, open_graph, twitter_card, text_length, word_count,
  /// heading_count, paragraph_count, link_count, image_count. Texts the page
  /// does not have are absent.
  value metadata = value::make_object();
  /// Why the page could not be read, "" if it could. All else is then empty.
  std::string error;
};

/// Reads a page. Never throws for what the page holds; any thread may call it.
/// @param html UTF-8, see decode_text().
/// @param url the address it came from; links are relative to it or to the
///            page's base element.
page parse_page(std::string_view html, std::string_view url);

} // namespace quaero::crawler
