#pragma once

#include "actors/runtime.hpp"
#include "definitions/value.hpp"
#include "storage/leveldb_store.hpp"

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace quaero::bench {

/// What the scenarios in the process can be told. A scenario has its own
/// defaults, and takes a part of it.
struct bench_options {
  uint64_t jobs = 200'000; ///< > 0.
  uint32_t payload = 200;  ///< Bytes of each job's configuration, at least 14.
  durability level = durability::buffered; ///< Of all that is committed.
  uint32_t batch = 1000;                   ///< > 0; jobs in one submission.
  uint32_t in_flight = 8; ///< > 0; submissions of a client not yet answered.
  uint32_t clients = 1;   ///< > 0; callers, each an actor.
  uint64_t threads = 2;   ///< > 0; of the actors.
  std::string policy = "sharing"; ///< Of CAF's scheduler; or "stealing".
  uint32_t slots = 0;             ///< Of the pool; 0: the worker's own.
  uint32_t block_jobs = 256;      ///< > 0; see queue_config.
  uint32_t commits_in_flight = 4; ///< > 0; see queue_config.
  uint32_t commit_kib = 1024;     ///< > 0; see store_config.
  storage::leveldb_options store;
  uint32_t runs = 3;    ///< > 0.
  uint64_t warm_up = 0; ///< Jobs that run before it is measured.
  bool raw = true;      ///< Measures the database alone as well.
  std::string server;   ///< URL of a daemon to measure instead; "": none.
  std::string token;    ///< For it.
  std::string dir;      ///< For the databases; "": a temporary one.
  bool json = false;
};

/// Which of the options that not all scenarios take one of them takes.
struct option_set {
  bool jobs = false;
  bool submission = false; ///< batch, in-flight, clients.
  bool slots = false;
  bool warm_up = false;
  bool raw = false;
  bool server = false;
};

void add_options(CLI::App& app, bench_options& to, const option_set& takes);

/// What is known of a measurement before it is made.
value settings_of(const bench_options& x, const option_set& takes);

/// The runtime for so many jobs that wait or run.
runtime_config runtime_of(const bench_options& x, uint64_t jobs);

} // namespace quaero::bench
