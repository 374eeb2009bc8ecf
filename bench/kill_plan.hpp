#pragma once

#include "bench/http_plans.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero::bench {

/// What the daemon has vouched for.
struct acked_job {
  job_id id;
  std::string name;
  bool fails = false; ///< It was made to.
  int64_t lines = 0;  ///< Of its last attempt; 0: it writes none.
};

/// A client that keeps a record of every answer, over many daemons. Half of its
/// requests enqueue jobs or start runs, half ask for a job that was
/// acknowledged before. A request that got no answer is sent again to the next
/// daemon, with the key that it had.
class kill_plan final : public http_load_plan {
public:
  explicit kill_plan(uint64_t seed) : random_{seed} {}

  /// Turns to a daemon; what is not answered comes first.
  void turn_to(const http_target& to);

  /// Asks for nothing new any more.
  void finish() { finishing_ = true; }

  /// How many requests have to be sent again.
  uint64_t owed() const { return waiting_again_.size(); }

  std::string_view request(uint64_t number) override;

  /// @throws std::logic_error if the answer is wrong.
  void on_answer(uint64_t number, unsigned status,
                 std::string_view body) override;

  const std::vector<acked_job>& jobs() const { return jobs_; }
  const std::vector<job_id>& runs() const { return runs_; }
  uint64_t resent() const { return resent_; }

  /// The definitions that runs are made of, as TOML.
  static std::vector<std::string> definitions();

private:
  enum class kind : uint8_t { enqueue, run, look };

  struct asked {
    kind what = kind::look;
    std::string path;
    std::string body;
    std::string key;             ///< Of idempotency; "": it is a question.
    std::vector<acked_job> made; ///< Without ids; what enqueue asks for.
    std::string bytes;           ///< As they were sent to this daemon.
  };

  asked make();
  asked make_jobs();
  asked make_look();
  void take_jobs(asked& x, std::string_view body);
  uint64_t draw(uint64_t below) { return random_() % below; }

  std::mt19937_64 random_;
  const http_target* to_ = nullptr;
  bool finishing_ = false;
  uint64_t made_ = 0; ///< Requests, over all daemons.
  uint64_t resent_ = 0;
  std::deque<asked> waiting_again_;
  std::map<uint64_t, asked> waiting_; ///< By number.
  std::vector<acked_job> jobs_;
  std::vector<job_id> runs_;
};

} // namespace quaero::bench
