#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quaero::bench {

struct lists_config {
  uint64_t jobs = 1'000'000; ///< > 0; that are over, and a few that wait.
  uint32_t rounds = 200;     ///< > 0; times each list is asked for.
  uint64_t threads = 2;      ///< Of the actors.
  std::string dir;           ///< For the database; emptied before and after.
};

/// One list, asked for again and again.
struct list_result {
  std::string query;
  uint64_t total = 0;
  bool total_is_exact = false;
  uint64_t jobs = 0; ///< On the page.
  double first_ms = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

/// Makes a database of runs of ten definitions whose jobs are over (9 of 10
/// completed, the rest failed or cancelled) and asks a READER for pages of 50.
std::vector<list_result> run_lists(const lists_config& how);

} // namespace quaero::bench
