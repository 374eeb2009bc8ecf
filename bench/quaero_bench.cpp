// quaero-bench measures the runtime in process, and a daemon from outside.
//
// In the process, each beside the database alone with the same commits:
//   throughput  noop jobs from submission to their committed, published end
//   enqueue     submissions alone
//   drain       jobs that wait already, until all have ended
//   mixed       jobs of which some fail and run again
//   fanout      a run whose one job spawns many
//   chain, dag  runs of many steps, one after another, and in layers
//   logs        lines of a job, and how soon a follower sees one
//   schedule    schedules that fire at one moment
// In the process, alone:
//   latency     until a worker begins with a job, at a low rate
//   memory      what a queued job and a running one take
//   store       the database alone
//   live        lines of a run to many WebSockets that follow it
//   lists       pages of 50 jobs out of a long history, by several filters
//   recover     a start with many jobs that wait, to the first end
//   deaths      the end of a worker, until its job runs again
//   churn       many jobs through one runtime: rates and space over time
// In the process, with nodes as daemons:
//   remote      jobs on nodes, and what the loss of one costs
// A daemon, from outside:
//   idle        a daemon with nothing to do
//   http        enqueues and questions to a daemon over real connections
//   kill        what a daemon has acknowledged, over many kills
// Measurements put together:
//   sweep       a scenario with one option at several values, and a plot
//   compare     two files of measurements
//   standard    every figure that the project reports
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
  quaero::bench::add_scenario_commands(app, exit_code);
  quaero::bench::add_live_command(app, exit_code);
  quaero::bench::add_lists_command(app, exit_code);
  quaero::bench::add_http_command(app, exit_code);
  quaero::bench::add_idle_command(app, exit_code);
  quaero::bench::add_kill_command(app, exit_code);
  quaero::bench::add_sweep_command(app, exit_code);
  quaero::bench::add_compare_command(app, exit_code);
  quaero::bench::add_standard_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "quaero-bench: %s\n", e.what());
    return 1;
  }
  return exit_code;
}
