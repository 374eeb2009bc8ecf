#include "actors/gateway/router.hpp"

namespace quaero {

namespace {

constexpr std::string_view links
  = "<ul><li><a href=\"/docs\">Manual</a></li>"
    "<li><a href=\"/api/status\">Status</a></li></ul>";

constexpr std::string_view welcome
  = "<h1>Quaero</h1><p>The daemon runs. It is used through its HTTP interface; "
    "the <a href=\"/docs\">manual</a> says how.</p>";

void home(const exchange_ptr& ex) {
  ex->reply(html_page("Home", links, welcome));
}

void docs(const exchange_ptr& ex) {
  ex->reply(ex->context().docs.find(ex->params));
}

} // namespace

const std::vector<route>& page_routes() {
  static const std::vector<route> routes{
    {"GET", "/", home, access::open},
    {"GET", "/docs", docs, access::open},
    {"GET", "/docs/{...}", docs, access::open},
  };
  return routes;
}

} // namespace quaero
