#include "bench/over_http.hpp"

#include "bench/http_bench.hpp"
#include "bench/http_load.hpp"

namespace quaero::bench {

namespace {

constexpr uint32_t open_loop_connections = 64;

http_bench_config config_of(const bench_options& how) {
  http_bench_config out;
  out.mode = how.batch == 1 ? http_mode::single : http_mode::arrays;
  out.server = how.server;
  out.token = how.token;
  out.connections = how.clients;
  out.in_flight = how.in_flight;
  out.count = how.jobs;
  out.batch = how.batch;
  out.payload = how.payload;
  out.level = how.level;
  return out;
}

measurement as_measurement(const http_bench_result& x, double per_s) {
  const auto& all = x.latency_ms;
  auto us_at = [&](double share) { return time_at(all, share) * 1000; };
  measurement out;
  out.per_s = per_s;
  out.count = x.jobs;
  out.problem = x.problem;
  out.more = value::make_object(
    {{"seconds", x.seconds},
     {"requests", x.requests},
     {"answer", value::make_object({{"p50_us", us_at(0.5)},
                                    {"p90_us", us_at(0.9)},
                                    {"p99_us", us_at(0.99)},
                                    {"p999_us", us_at(0.999)},
                                    {"max_us", us_at(1)}})},
     {"client_cores", x.client_cores}});
  return out;
}

} // namespace

measurement enqueue_over_http(const bench_options& how) {
  const auto x = run_http(config_of(how));
  return as_measurement(x, x.per_s);
}

measurement throughput_over_http(const bench_options& how) {
  const auto x = run_http(config_of(how));
  return as_measurement(x, x.completed_per_s.value_or(0));
}

measurement answers_over_http(const bench_options& how, double rate) {
  auto config = config_of(how);
  // One slow answer must not keep the next request waiting.
  config.mode = http_mode::single;
  config.connections = open_loop_connections;
  config.in_flight = 1;
  config.rate = rate;
  const auto x = run_http(config);
  auto out = as_measurement(x, x.per_s);
  out.rank = time_at(x.latency_ms, 0.5);
  return out;
}

} // namespace quaero::bench
