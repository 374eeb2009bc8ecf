#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// What a database says of jobs. It is read by docs/storage_format.md, byte by
/// byte, and by no code of the runtime: what counts here is counted by nobody
/// else.
namespace quaero::test {

struct past_event {
  uint32_t number = 0; ///< Of its key.
  unsigned status = 0; ///< 0 waits, 1 runs, 2 completed, above: over as well.
  uint64_t epoch = 0;  ///< 0: none.
  uint64_t attempt = 0;
};

struct job_history {
  std::string type;
  std::vector<past_event> events; ///< In the order of their keys.
};

/// Of all jobs, by id as the API writes it.
/// REQUIRES: no daemon uses the folder. @throws std::runtime_error if it cannot
/// be read.
std::map<std::string, job_history> read_histories(const std::string& data_dir);

/// "" if the job of a worker completed once, and no epoch was accepted twice;
/// or what is wrong.
std::string completed_once(const job_history& x);

} // namespace quaero::test
