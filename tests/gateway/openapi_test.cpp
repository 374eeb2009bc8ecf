#include "actors/gateway/openapi.hpp"
#include "tests/gateway/fakes.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;

BOOST_AUTO_TEST_SUITE(openapi)

BOOST_AUTO_TEST_CASE(every_route_is_described_and_nothing_else) {
  BOOST_TEST(openapi_gaps(all_routes()) == std::vector<std::string>{},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_route_without_a_description_is_told) {
  auto routes = all_routes();
  routes.push_back({"PUT", "/api/nowhere", nullptr});
  const std::vector<std::string> expected{"PUT /api/nowhere"};
  BOOST_TEST(openapi_gaps(routes) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_description_without_a_route_is_told) {
  auto routes = all_routes();
  std::erase_if(routes, [](const route& x) { return x.pattern == "/livez"; });
  const std::vector<std::string> expected{"get /livez has no route"};
  BOOST_TEST(openapi_gaps(routes) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_operation_names_the_scope_that_its_route_needs) {
  auto all = read_json(openapi_document(all_routes(), "1.2.3"));
  BOOST_TEST(at(all, "info.version").as_string() == "1.2.3");
  const auto* paths = all.find("paths");
  auto scope = [&](const char* path, const char* method) {
    return paths->find(path)->find(method)->get_string("x-scope").value_or("");
  };
  BOOST_TEST(scope("/livez", "get") == "");
  BOOST_TEST(scope("/api/jobs", "get") == "read");
  BOOST_TEST(scope("/api/jobs/{id}/cancel", "post") == "operate");
}

BOOST_AUTO_TEST_SUITE_END()
