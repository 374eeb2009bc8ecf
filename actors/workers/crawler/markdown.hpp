#pragma once

#include "actors/workers/crawler/html_tree.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace quaero::crawler {

/// Elements inside each other that keep their meaning in Markdown; of deeper
/// ones the bare text is kept.
inline constexpr size_t markdown_depth_max = 600;

/// Columns of a table; the cells beyond are dropped.
inline constexpr size_t markdown_columns_max = 200;

/// Writes what is below `root` as GitHub-flavoured Markdown. Links and image
/// addresses become absolute against `base`; those that are not http, https,
/// mailto or tel keep only their text. Scripts, styles, frames and hidden
/// elements are left out.
/// @param skip_chrome also leave out nav, header, footer and aside.
std::string to_markdown(const GumboNode* root, std::string_view base,
                        bool skip_chrome = false);

} // namespace quaero::crawler
