#include "actors/gateway/router.hpp"

#include "actors/gateway/idempotency.hpp"

#include <set>

namespace quaero {

namespace {

std::vector<std::string_view> split(std::string_view pattern) {
  std::vector<std::string_view> out;
  while (!pattern.empty()) {
    pattern.remove_prefix(1); // The slash.
    auto end = std::min(pattern.find('/'), pattern.size());
    if (end > 0)
      out.push_back(pattern.substr(0, end));
    pattern.remove_prefix(end);
  }
  return out;
}

std::string join(const std::set<std::string_view>& xs) {
  std::string out;
  for (auto x : xs) {
    if (!out.empty())
      out += ", ";
    out += x;
  }
  return out;
}

http_answer not_found(const http_request& request) {
  auto extra
    = value::make_object({{"error", "Not Found"},
                          {"path", request.path},
                          {"message", "there is nothing at " + request.path}});
  return make_problem(404, "not_found", "there is nothing at " + request.path,
                      extra);
}

http_answer not_allowed(const http_request& request, std::string allow) {
  auto out = make_problem(405, "method_not_allowed",
                          request.path + " takes " + allow + " only");
  out.headers.emplace_back("Allow", std::move(allow));
  return out;
}

} // namespace

router::router(const std::vector<route>& routes) {
  for (const auto& x : routes)
    entries_.push_back({x, split(x.pattern)});
}

bool router::fits(const entry& x, const std::vector<std::string>& path,
                  std::vector<std::string>& params) {
  params.clear();
  for (size_t i = 0; i < x.segments.size(); ++i) {
    auto wanted = x.segments[i];
    if (i >= path.size())
      return false;
    if (wanted == "{...}") {
      params.insert(params.end(), path.begin() + static_cast<ptrdiff_t>(i),
                    path.end());
      return true;
    }
    if (wanted.front() == '{')
      params.push_back(path[i]);
    else if (wanted != path[i])
      return false;
  }
  return x.segments.size() == path.size();
}

void router::find(http_request& request) const {
  const std::string_view method
    = request.method == "HEAD" ? "GET" : std::string_view{request.method};
  for (const auto& x : entries_)
    if (x.what.method == method && fits(x, request.segments, request.params)) {
      request.target = &x.what;
      return;
    }
  request.params.clear();
}

void router::dispatch(const exchange_ptr& ex) const {
  const auto& request = ex->request();
  if (const auto* target = request.target) {
    ex->params = request.params;
    return ex->guarded([&] { handle_once(ex, target->handle); });
  }
  std::set<std::string_view> allowed;
  if (request.path == "*")
    allowed = {"DELETE", "GET", "HEAD", "POST", "PUT"};
  std::vector<std::string> ignored;
  for (const auto& x : entries_) {
    if (request.path == "*" || !fits(x, request.segments, ignored))
      continue;
    allowed.insert(x.what.method);
    if (x.what.method == "GET")
      allowed.insert("HEAD");
  }
  if (allowed.empty())
    return ex->reply(not_found(request));
  allowed.insert("OPTIONS");
  if (request.method == "OPTIONS")
    return ex->reply({204, "", "", {{"Allow", join(allowed)}}});
  ex->reply(not_allowed(request, join(allowed)));
}

std::vector<route> all_routes() {
  std::vector<route> out;
  for (auto area : {system_routes,      definition_routes, job_list_routes,
                    job_routes,         enqueue_routes,    queue_routes,
                    log_routes,         document_routes,   live_routes,
                    search_routes,      key_routes,        credential_routes,
                    config_routes,      scheduler_routes,  life_routes,
                    result_routes,      operation_routes,  page_routes,
                    openapi_routes,     access_routes,     observe_routes,
                    dead_letter_routes, retention_routes,  node_routes})
    out.insert(out.end(), area().begin(), area().end());
  return out;
}

} // namespace quaero
