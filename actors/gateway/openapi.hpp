#pragma once

#include "actors/gateway/router.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The OpenAPI 3.1 description of the API. What each operation takes and
/// answers stands in the JSON files of actors/gateway/openapi/; what the route
/// table knows (who may call it) and what holds for all (errors are problem
/// documents) is added here, so that it is said once.
namespace quaero {

/// The texts of the JSON files, one for each area.
const std::vector<std::string_view>& openapi_parts();

/// The whole description as JSON.
/// REQUIRES: the parts are JSON objects; a test reads them.
std::string openapi_document(const std::vector<route>& routes,
                             std::string_view version);

/// Routes that no part describes and descriptions that no route serves, as
/// "GET /api/jobs"; none if all is well.
std::vector<std::string> openapi_gaps(const std::vector<route>& routes);

} // namespace quaero
