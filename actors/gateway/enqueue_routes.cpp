#include "actors/gateway/idempotency.hpp"
#include "actors/gateway/router.hpp"
#include "definitions/job_request.hpp"

#include <memory>

namespace quaero {

namespace {

void enqueue(const exchange_ptr& ex) {
  const auto& config = ex->context().config;
  auto wanted = read_job_request(ex->request().body, config.job_types,
                                 system_wall_clock().now(),
                                 config.submit_durability, config.jobs);
  if (!wanted.ok())
    return ex->reply(make_problem(wanted.errors));
  auto order = std::make_shared<enqueue_order>();
  order->jobs = std::move(wanted.jobs);
  order->level = wanted.level;
  if (auto keep = keep_in_commit(ex, 201))
    order->also = [keep](storage::write_batch& out, const enqueued& x) {
      keep(out, enqueued_json(x.ids, x.existing));
    };
  ex->ask<enqueued>(
    ex->actors().job_manager,
    [ex](enqueued& x) {
      http_answer out;
      out.status = 201;
      out.body = enqueued_json(x.ids, x.existing);
      out.headers = {{"Cache-Control", "no-store"}};
      ex->reply(std::move(out));
    },
    atom::enqueue_v, std::move(order));
}

} // namespace

const std::vector<route>& enqueue_routes() {
  static const std::vector<route> routes{
    {"POST", "/api/jobs", enqueue, access::submit},
  };
  return routes;
}

} // namespace quaero
