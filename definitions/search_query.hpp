#pragma once

#include "definitions/document.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// What a search looks for: all of `required`, and one of `optional` unless
/// there are none.
struct search_query {
  std::vector<std::string> required; ///< Words and phrases.
  std::vector<std::string> optional;
  std::string id;            ///< Of a document; "" is any.
  std::string document_type; ///< A source type in lower case; "" is any.
  bool match_case = false;

  bool operator==(const search_query&) const = default;
};

/// Reads `word`, `"a phrase"`, `+word`, `+"a phrase"`, `id:x`,
/// `document_type:x` (also `type:`, `source:`) and `case:match`. Anything is a
/// query: a quote that is not closed ends with the text, and a colon behind
/// any other word is an ordinary character. Without `case:match` words are
/// kept in lower case (ASCII).
search_query parse_search(std::string_view text);

/// Whether title or content has what is looked for.
bool matches(const search_query& wanted, const document& x);

} // namespace quaero
