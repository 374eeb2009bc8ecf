// quaero-bench measures the runtime in process, and a daemon from outside.
//
//   throughput  noop jobs from submission to their committed, published end,
//               against the database alone with the same records
//   live        lines of a run to many WebSockets that follow it
//   lists       pages of 50 jobs out of a long history, by several filters
//   recover     a start with many jobs that wait, to the first end
//   deaths      the end of a worker, until its job runs again
//   churn       many jobs through one runtime: rates and space over time
//   idle        a daemon with nothing to do
//   http        enqueues and questions to a daemon over real connections
//   kill        what a daemon has acknowledged, over many kills
//
// Every run checks that exactly the right jobs ran; a run that is not exact
// ends with 1 and its figure is void.

#include "bench/commands.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  CLI::App app{"Measures Quaero on this machine.", "quaero-bench"};
  app.require_subcommand(1);
  int exit_code = 0;
  quaero::bench::add_throughput_command(app, exit_code);
  quaero::bench::add_live_command(app, exit_code);
  quaero::bench::add_lists_command(app, exit_code);
  quaero::bench::add_http_command(app, exit_code);
  quaero::bench::add_runtime_commands(app, exit_code);
  quaero::bench::add_kill_command(app, exit_code);
  try {
    CLI11_PARSE(app, argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "quaero-bench: %s\n", e.what());
    return 1;
  }
  return exit_code;
}
