#pragma once

#include <cstddef>
#include <functional>
#include <gumbo.h>
#include <memory>
#include <string>
#include <string_view>

namespace quaero::crawler {

/// Elements that may be open inside each other; the start tags of deeper ones
/// are dropped before the parser sees them, for its work grows with the square
/// of the depth.
inline constexpr size_t html_depth_max = 512;

/// Bytes that the tree of one page may take. Tags can be arranged so that the
/// tree is thousands of times larger than the text.
inline constexpr size_t html_tree_bytes_max = 512 * 1024 * 1024;

/// `html` without the start tags below `depth_max` open elements. Linear in
/// the text; errs on the side of dropping.
std::string limit_depth(std::string_view html, size_t depth_max
                                               = html_depth_max);

/// A parsed page. Nodes live as long as the tree.
class html_tree {
public:
  /// Parses UTF-8 text; keeps no reference to it.
  explicit html_tree(std::string_view html, size_t bytes_max
                                            = html_tree_bytes_max);
  html_tree(const html_tree&) = delete;
  html_tree& operator=(const html_tree&) = delete;
  ~html_tree();

  /// The html element, or nullptr if the tree would be above its limit.
  const GumboNode* root() const { return root_; }

private:
  class arena;

  std::unique_ptr<arena> arena_;
  const GumboNode* root_ = nullptr;
};

/// Calls `visit` for each node below and including `root` in document order
/// until it is told not to go below a node (false). Needs no stack of calls.
void for_each_node(const GumboNode* root,
                   const std::function<bool(const GumboNode*)>& visit);

/// The children of an element, nullptr if it cannot have any.
const GumboVector* children_of(const GumboNode* node);

/// Whether `node` is this HTML element.
bool is_element(const GumboNode* node, GumboTag tag);

bool is_text(const GumboNode* node);

/// The value of an attribute, "" if there is none or `node` is no element.
std::string_view attribute(const GumboNode* node, const char* name);

bool has_attribute(const GumboNode* node, const char* name);

/// All text below `node` as it stands, without that of scripts and styles.
std::string text_of(const GumboNode* node);

/// `text` with each run of white space as one blank and none at the ends.
std::string collapse(std::string_view text);

} // namespace quaero::crawler
