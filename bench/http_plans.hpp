#pragma once

#include "bench/http_load.hpp"
#include "definitions/ids.hpp"
#include "definitions/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero::bench {

/// A daemon to put questions to.
class http_target {
public:
  http_target(http_server server, const std::string& token);

  const http_server& server() const { return server_; }

  /// The bytes of a request.
  std::string get(const std::string& path) const;
  /// `fields`: more of them, each with its end of line.
  std::string post(const std::string& path, std::string_view body,
                   std::string_view fields = {}) const;

  /// The JSON of an answer.
  /// @throws std::runtime_error unless the status is 200.
  value ask(const std::string& path) const;

  /// Posts a body; its answer does not matter.
  /// @throws std::runtime_error unless the status is 200 or 201.
  void send(const std::string& path, std::string_view body) const;

private:
  http_server server_;
  std::string fields_; ///< Of each request.
};

/// Enqueues `jobs` copies of a job, `batch` with each request.
class enqueue_plan final : public http_load_plan {
public:
  /// @param job its JSON.
  /// @param as_array or, if `batch` is 1, as the one object.
  enqueue_plan(const http_target& to, const std::string& job, uint64_t jobs,
               uint32_t batch, bool as_array);

  /// How many there are.
  uint64_t requests() const { return (jobs_ + batch_ - 1) / batch_; }

  std::string_view request(uint64_t number) override;
  void on_answer(uint64_t number, unsigned status,
                 std::string_view body) override;

  /// All that were answered.
  const std::vector<job_id>& ids() const { return ids_; }

private:
  uint64_t jobs_of(uint64_t number) const;

  uint64_t jobs_;
  uint32_t batch_;
  std::string full_; ///< Bytes of a request.
  std::string last_; ///< Of the last one, with what is left.
  std::vector<job_id> ids_;
};

/// Asks for one job after another, round and round.
class get_plan final : public http_load_plan {
public:
  /// REQUIRES: there is an id.
  get_plan(const http_target& to, const std::vector<job_id>& ids);

  std::string_view request(uint64_t number) override;
  void on_answer(uint64_t number, unsigned status,
                 std::string_view body) override;

private:
  struct question {
    std::string request;
    std::string answer; ///< What has to be in it.
  };

  std::vector<question> all_;
};

} // namespace quaero::bench
