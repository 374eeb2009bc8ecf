#pragma once

#include "actors/messages.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quaero::sim {

/// A promise that does not hold.
struct broken_promise {
  std::string promise; ///< "P1" to "P11", or "rest": the runtime hangs.
  std::string what;
};

/// What a worker has said at the end of one attempt.
struct last_words {
  job_status status = job_status::completed;
  bool again = false; ///< The worker wants it to run again.
  std::vector<std::string> children;
  std::vector<std::string> documents; ///< Their source ids.
  std::vector<std::string> lines;
  bool lost = false; ///< Perhaps: who had to report it has ended.
};

/// What the model knows of a job.
struct job_fact {
  queue_job record;
  std::vector<job_event> history;
  bool synced = false;      ///< The record survives a loss of power.
  size_t synced_events = 0; ///< So many events do.
  job_status status = job_status::pending;
  uint64_t open_children = 0; ///< Not terminal.
  bool stop_asked = false;    ///< Somebody asked for its end.
  bool stop_stored = false;   ///< The mark of that, of a run or step.
  bool stop_holds = false;    ///< And all who must know of it do.
  bool stop_answered = false; ///< And was told that it has come.

  bool is_leaf() const;
  bool is_over() const { return is_terminal(status); }
};

/// What must be true of the database, in words of its own: knows the records,
/// not the code that makes them. Looks at the database behind every write,
/// because a crash may come there.
/// Bounds: O(jobs that a write touches), and a look at every queue entry.
class model {
public:
  /// The first promise that did not hold; later ones may follow from it.
  const std::optional<broken_promise>& broken() const { return broken_; }
  void fail(const char* promise, std::string what);

  // -- the database -----------------------------------------------------------

  void on_write(const storage::store& db, const storage::write_batch& batch,
                bool sync);

  /// The daemon starts again on what is there.
  /// @param power_lost whether what was not synced may be gone.
  void on_restart(const storage::store& db, bool power_lost);

  const std::map<job_id, job_fact>& jobs() const { return jobs_; }
  job_fact* find(const job_id& id);

  /// Events in the order of their commits, as streams tell them.
  const std::vector<std::pair<job_id, job_status>>& stream() const {
    return stream_;
  }

  /// Ticks of a definition that have a run, with how many.
  const std::map<timestamp, int>& ticks(const std::string& definition) {
    return ticks_[definition];
  }

  // -- what was promised to somebody ------------------------------------------

  /// These jobs were accepted.
  void on_accepted(const std::vector<job_id>& ids, durability level);

  /// The end of a job, and of all below it, was asked for, or has come.
  void on_stop_asked(const job_id& id);
  void on_stopped(const job_id& id);

  /// No message is under way.
  void on_rest();

  // -- workers ----------------------------------------------------------------

  /// A worker was given a job.
  void on_attempt(const leased_job& lease, bool start_stored);

  /// It has answered.
  void on_words(const job_id& job, uint64_t epoch, last_words words);

  /// What workers of a type have said, and is not stored, may be lost.
  void on_reports_lost(const std::string& type);

  /// A definition worker was asked for the jobs of a step, and gave these.
  void on_created(const job_id& step, std::set<std::string> names);

  /// Whether the run or step of a job, or itself, may be stopped.
  bool may_stop(const job_fact& x) const;

private:
  struct touched {
    std::vector<job_id> made;
    std::vector<std::pair<job_id, uint32_t>> events; ///< In their order.
    std::set<job_id> parents;
    std::set<std::string> awaited; ///< Children that ends of attempts make.
    bool queue = false;
  };

  touched keys_of(const storage::write_batch& batch);
  void add_job(const storage::store& db, const job_id& id, touched& what);
  void add_events(const storage::store& db, const job_id& id, touched& what);
  void check_move(const job_fact& x, const job_event& e, job_status from);
  void check_epoch(const job_fact& x, const job_event& e);
  void check_end_of_attempt(const storage::store& db, const job_fact& x,
                            const job_event& e, touched& what);
  void check_left(const storage::store& db, const job_fact& x,
                  const last_words& words);
  void check_parents(const touched& what);
  void check_counts(const job_fact& x);
  void check_created(const job_fact& step);
  void check_queue(const storage::store& db);
  void add_to_stream(const storage::store& db, const touched& what);
  void count_tick(const job_fact& x, int n);
  void set_status(job_fact& x, job_status to, touched* what);
  bool stop_holds(const job_id& id) const;
  void forget(const job_id& id);
  bool lose_events(const storage::store& db, job_fact& x, bool power_lost);

  std::optional<broken_promise> broken_;
  std::map<job_id, job_fact> jobs_;
  std::multiset<std::string> names_; ///< Of all jobs.
  std::map<job_id, std::vector<job_id>> children_;
  std::vector<std::pair<job_id, job_status>> stream_;
  std::map<std::string, std::map<timestamp, int>> ticks_;
  std::unordered_map<job_id, uint64_t> given_; ///< The newest epoch given out.
  std::map<std::pair<job_id, uint64_t>, last_words> words_;
  std::map<job_id, std::vector<std::set<std::string>>> created_;
  std::set<job_id> unsynced_;
};

} // namespace quaero::sim
