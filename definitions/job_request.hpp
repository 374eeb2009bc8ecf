#pragma once

#include "definitions/queue_job.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// What a request for jobs may hold. All > 0.
struct job_request_limits {
  size_t jobs_max = 10'000;             ///< In one request.
  size_t name_bytes_max = 200;          ///< Of a name.
  size_t config_bytes_max = 256 * 1024; ///< Of a config, as sent.
  size_t metadata_bytes_max = 64 * 1024;
  size_t unique_key_bytes_max = 255;
  size_t tags_max = 20;
  size_t tag_bytes_max = 64;
  size_t errors_max = 100; ///< That are listed.
};

/// One thing wrong with a request.
struct request_error {
  std::string pointer; ///< RFC 6901; "" is the whole.
  std::string message;
};

/// Either jobs without errors or all errors that were found.
struct job_request {
  std::vector<new_job> jobs;
  durability level = durability::group; ///< The strongest that one asked for.
  std::vector<request_error> errors;

  bool ok() const { return errors.empty(); }
};

/// Reads one JSON object, or an array of them:
/// `{type, name, config, queue, priority, run_at, expires_at, unique_key,
///   retry, durability, tags, metadata, limit_key, timeout}`. Only `type` must
///   be there; without a
/// name the job is called as its type. Refuses every other member by its name.
/// @param types that some worker executes, sorted.
/// @param fallback the durability of jobs that name none.
job_request read_job_request(std::string_view text,
                             const std::vector<std::string>& types,
                             timestamp now, durability fallback,
                             const job_request_limits& limits = {});

/// `{"ids":[...]}`, and `"existing":[...]`, the positions of ids of jobs that
/// were there already, if there are any.
std::string enqueued_json(const std::vector<job_id>& ids,
                          const std::vector<uint32_t>& existing);

} // namespace quaero
