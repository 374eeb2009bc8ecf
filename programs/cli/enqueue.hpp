#pragma once

#include "programs/cli/ask.hpp"

#include <string>
#include <vector>

namespace quaero::cli {

/// Tries to send one block, while the daemon is away or refuses for a while.
inline constexpr int block_tries_max = 12;

struct enqueue_options {
  std::string type;
  std::string name;
  std::string config; ///< JSON, or "@" and a file.
  std::string retry;  ///< Attempts, or the same.
  std::string queue;
  std::string priority;
  std::string delay;   ///< A duration.
  std::string at;      ///< RFC 3339.
  std::string expires; ///< A duration, or RFC 3339.
  std::string unique_key;
  std::string durability;
  std::vector<std::string> tags;
  std::string key; ///< Of the request, so that a repeated one counts once.
  bool follow = false;

  std::string lines; ///< A file with many jobs; "-" = standard input.
  int64_t skip = 0;  ///< Lines at its start.
};

/// Enqueues one job and prints its id.
int enqueue_one(command_context& context, const enqueue_options& options);

/// Enqueues the jobs of a file, block by block. A block whose answer is lost is
/// sent again under its key, and counts once. If it cannot go on it says how
/// many lines are accepted and how to go on from there.
int enqueue_lines(command_context& context, const enqueue_options& options);

} // namespace quaero::cli
