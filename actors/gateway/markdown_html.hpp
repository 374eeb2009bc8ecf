#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace quaero {

struct rendered_markdown {
  std::string title; ///< Text of the first heading, or "".
  std::string html;
};

/// Renders GitHub's Markdown: tables, bare links, strike-through. Raw HTML and
/// links that run scripts are left out. Headings can be linked to by the words
/// they hold ("## A b" is #a-b; a repeated one gets -1, -2 ...).
/// @param link says where each link and image leads instead.
/// Any thread may call it.
rendered_markdown
render_markdown(std::string_view markdown,
                const std::function<std::string(std::string_view)>& link);

/// `path` with what a URL's path cannot hold as %xx; '/' stays.
std::string percent_encode(std::string_view path);

} // namespace quaero
