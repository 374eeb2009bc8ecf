#pragma once

#include "actors/gateway/http_message.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

struct docs_limits {
  size_t files_max = 1000;                   ///< Pages and images.
  size_t file_bytes_max = 4 * 1024 * 1024;   ///< Larger files are left out.
  size_t total_bytes_max = 64 * 1024 * 1024; ///< Of all files together.
};

/// The manual: Markdown pages (.md) and their images (.svg, .png), and example
/// files (.example), of a folder and its sub-folders, read and rendered once.
/// Nothing but what was read can be asked for, so no path leads out of the
/// folder; symbolic links are not followed. Raw HTML in a page is left out.
///
/// A page "guide/intro.md" is at /docs/guide/intro (and, for links from
/// elsewhere, at /docs/guide/intro.md). "index" or "README" is what a folder
/// itself shows.
class docs_pages {
public:
  /// Reads the folder. A missing folder has no pages.
  void load(const std::string& folder, const docs_limits& limits = {});

  /// @param path what follows /docs/, decoded; "" is the first page.
  /// @returns the page or image; a 404 page that lists the others.
  http_answer find(const std::vector<std::string>& path) const;

  size_t size() const { return files_.size(); }

private:
  struct page {
    std::string title;
    std::string html; ///< Of <main>.
  };

  void add_page(const std::string& path, const std::string& markdown);
  const std::pair<const std::string, page>*
  find_page(const std::string& path) const;
  std::string navigation(const std::string& current) const;

  std::map<std::string, page> pages_;        ///< By path without ".md".
  std::map<std::string, http_answer> files_; ///< Images, by path.
};

/// A page of the gateway: title, navigation and content in one shell, with the
/// headers that keep scripts out. `title` is text; the others are HTML.
http_answer html_page(std::string_view title, std::string_view navigation,
                      std::string_view content, unsigned status = 200);

/// `text` with the five characters escaped that mean something in HTML.
std::string escape_html(std::string_view text);

/// Where a link in the page `page` leads: a relative link to a page or image
/// becomes absolute and loses its ".md"; all others stay as they are.
std::string docs_link(std::string_view page, std::string_view link);

} // namespace quaero
