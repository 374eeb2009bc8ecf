#pragma once

#include "bench/scenario.hpp"

/// Scenarios on a daemon that runs already, over HTTP. Of the options, those of
/// the runtime and of the store are the daemon's own.
namespace quaero::bench {

/// From the first byte sent until all are accepted. `batch` jobs in one
/// request, `clients` connections with `in_flight` requests each.
measurement enqueue_over_http(const bench_options& how);

/// The same, until all were seen to be completed.
measurement throughput_over_http(const bench_options& how);

/// Single jobs at a constant rate, each from its intended moment until its
/// answer. Jobs: rate * seconds.
measurement answers_over_http(const bench_options& how, double rate);

} // namespace quaero::bench
