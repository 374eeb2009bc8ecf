#pragma once

#include "tests/tidy/tree.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What the Markdown pages hold.
namespace quaero::tidy {

/// A link of a page.
struct page_link {
  std::string target; ///< As written: "cli.md#exit-codes".
  size_t line = 0;    ///< Index.
};

/// A block of code of a page.
struct code_block {
  std::string language;
  std::string text;
  size_t line = 0; ///< Index of its fence.
};

/// Links outside of code.
std::vector<page_link> links_of(const source_file& page);

/// Blocks between ``` fences.
std::vector<code_block> code_of(const source_file& page);

/// The anchors of a page's headings, as the gateway and code hosts make them.
std::set<std::string> anchors_of(const source_file& page);

/// "docs/cli.md" for the link "cli.md" of "docs/index.md".
std::string resolve(const source_file& page, std::string_view path);

/// Whether a link leads to another site.
bool is_outside(std::string_view target);

} // namespace quaero::tidy
