#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/search_query.hpp"

#include <algorithm>
#include <charconv>

namespace quaero {

namespace {

constexpr size_t results_page = 50;
constexpr size_t results_page_max = 100;
constexpr size_t results_offset_max = 1'000'000;
constexpr size_t brief_characters = 200;

// Clients of this route are used to have what is no number taken for nothing.
size_t number_or(const query_reader& query, std::string_view name,
                 size_t fallback, size_t min, size_t max) {
  auto text = query.text(name);
  size_t out = 0;
  auto end = text.data() + text.size();
  auto [last, failed] = std::from_chars(text.data(), end, out);
  if (failed == std::errc::result_out_of_range && last == end)
    return max;
  if (text.empty() || failed != std::errc{} || last != end || out < min)
    return fallback;
  return std::min(out, max);
}

// The first characters, whole ones.
std::string brief_of(const std::string& text) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && characters++ == brief_characters)
      return text.substr(0, i) + "...";
  }
  return text;
}

value result_json(const document& x) {
  auto out = document_json(x);
  for (auto name : {"tags", "jobs", "content_hash"})
    out.erase(name);
  out.set("brief", brief_of(x.content_markdown));
  return out;
}

void search(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  auto text = query.text("q");
  search_request wanted;
  wanted.wanted = parse_search(text);
  wanted.limit = number_or(query, "limit", results_page, 1, results_page_max);
  wanted.offset = number_or(query, "offset", 0, 0, results_offset_max);
  ex->ask<search_page>(
    ex->actors().searcher,
    [=](search_page& page) {
      value::array results;
      for (const auto& x : page.documents)
        results.push_back(result_json(x));
      ex->reply(value::make_object({{"count", uint64_t{results.size()}},
                                    {"results", std::move(results)},
                                    {"query", text},
                                    {"limit", uint64_t{wanted.limit}},
                                    {"offset", uint64_t{wanted.offset}},
                                    {"complete", page.complete},
                                    {"documents_searched", page.looked_at}}));
    },
    atom::documents_v, atom::search_v, wanted);
}

} // namespace

const std::vector<route>& search_routes() {
  static const std::vector<route> routes{{"GET", "/api/search", search}};
  return routes;
}

} // namespace quaero
