#include "definitions/search_query.hpp"

#include "definitions/ascii.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

class search_parser {
public:
  explicit search_parser(std::string_view text) : rest_{text} {}

  search_query run() {
    for (;;) {
      auto start = rest_.find_first_not_of(blanks);
      if (start == std::string_view::npos)
        break;
      rest_.remove_prefix(start);
      if (rest_.front() == '+') {
        rest_.remove_prefix(1);
        required_ = true; // Of the next item, even behind a blank.
      } else if (rest_.front() == '"') {
        add(take_phrase());
      } else {
        take_word();
      }
    }
    if (!out_.match_case)
      for (auto* items : {&out_.required, &out_.optional})
        for (auto& x : *items)
          x = to_lower(x);
    return std::move(out_);
  }

private:
  std::string take_phrase() {
    std::string phrase;
    size_t i = 1;
    for (; i < rest_.size() && rest_[i] != '"'; ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size())
        ++i;
      phrase += rest_[i];
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
    return phrase;
  }

  void take_word() {
    auto end = std::min(rest_.find_first_of(" \t\r\n\f\v\""), rest_.size());
    auto word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (!take_qualifier(word))
      add(std::string{word});
  }

  bool take_qualifier(std::string_view word) {
    auto colon = word.find(':');
    if (colon == std::string_view::npos || colon + 1 == word.size())
      return false;
    auto name = to_lower(word.substr(0, colon));
    auto val = word.substr(colon + 1);
    if (name == "id")
      out_.id = val;
    else if (name == "document_type" || name == "type" || name == "source")
      out_.document_type = to_lower(val);
    else if (name == "case" && to_lower(val) == "match")
      out_.match_case = true;
    else
      return false;
    required_ = false;
    return true;
  }

  void add(std::string item) {
    const bool required = std::exchange(required_, false);
    if (item.empty())
      return;
    auto& to = required ? out_.required : out_.optional;
    to.push_back(std::move(item));
  }

  std::string_view rest_;
  search_query out_;
  bool required_ = false;
};

} // namespace

search_query parse_search(std::string_view text) {
  return search_parser{text}.run();
}

bool matches(const search_query& wanted, const document& x) {
  if (!wanted.id.empty() && wanted.id != x.id)
    return false;
  if (!wanted.document_type.empty()
      && wanted.document_type != to_lower(x.source_type))
    return false;
  if (wanted.required.empty() && wanted.optional.empty())
    return true;
  const bool fold = !wanted.match_case;
  const auto title = fold ? to_lower(x.title) : x.title;
  const auto content = fold ? to_lower(x.content_markdown) : x.content_markdown;
  auto has = [&](const std::string& item) {
    return title.find(item) != std::string::npos
           || content.find(item) != std::string::npos;
  };
  return std::all_of(wanted.required.begin(), wanted.required.end(), has)
         && (wanted.optional.empty()
             || std::any_of(wanted.optional.begin(), wanted.optional.end(),
                            has));
}

} // namespace quaero
