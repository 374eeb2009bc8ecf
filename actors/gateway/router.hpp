#pragma once

#include "actors/gateway/exchange.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// What a caller must be allowed to do.
enum class access : uint8_t {
  by_method, ///< read for GET, operate for all other methods.
  open,      ///< Nothing: whoever reaches the port.
  read,      ///< Look.
  submit,    ///< Make jobs and start runs.
  operate,   ///< Change and stop what is there.
  admin,     ///< Tokens, credentials, secrets, the daemon itself.
};

/// What the gateway answers to whom.
struct route {
  std::string_view method; ///< GET answers HEAD, too.
  /// "/api/jobs/{id}": a segment in braces stands for any one segment, and
  /// "{...}" at the end for all that follow, at least one.
  std::string_view pattern;
  void (*handle)(const exchange_ptr& ex);
  access needs = access::by_method;
};

/// Finds who answers a request. The first route that fits counts.
/// Threads: none of its own; constant once it is made.
class router {
public:
  explicit router(const std::vector<route>& routes);

  /// Finds who answers the request: sets its target, which stays null if nobody
  /// does, and its params.
  void find(http_request& request) const;

  /// Answers the request, or has somebody answer it: 404 if no pattern fits,
  /// 405 with Allow if none fits with this method; OPTIONS by itself.
  void dispatch(const exchange_ptr& ex) const;

private:
  struct entry {
    route what;
    std::vector<std::string_view> segments;
  };

  static bool fits(const entry& x, const std::vector<std::string>& path,
                   std::vector<std::string>& params);

  std::vector<entry> entries_;
};

/// Every route of the gateway.
std::vector<route> all_routes();

/// The routes of each area; see the table at the end of its file.
const std::vector<route>& system_routes();
const std::vector<route>& definition_routes();
const std::vector<route>& job_list_routes();
const std::vector<route>& job_routes();
const std::vector<route>& enqueue_routes();
const std::vector<route>& queue_routes();
const std::vector<route>& life_routes();
const std::vector<route>& log_routes();
const std::vector<route>& operation_routes();
const std::vector<route>& dead_letter_routes();
const std::vector<route>& retention_routes();
const std::vector<route>& document_routes();
const std::vector<route>& search_routes();
const std::vector<route>& key_routes();
const std::vector<route>& credential_routes();
const std::vector<route>& config_routes();
const std::vector<route>& scheduler_routes();
const std::vector<route>& live_routes();
const std::vector<route>& page_routes();
const std::vector<route>& result_routes();
const std::vector<route>& openapi_routes();
const std::vector<route>& access_routes();
const std::vector<route>& observe_routes();
const std::vector<route>& node_routes();

} // namespace quaero
