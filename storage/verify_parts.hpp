#pragma once

#include "definitions/ids.hpp"
#include "storage/verify.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The parts of verify(), each of which looks at some tables.
namespace quaero::storage {

/// Collects what is wrong, and tells how far it is.
class fault_list {
public:
  fault_list(const verify_config& how, const verify_progress& progress,
             verify_report& out)
    : how_{how}, progress_{progress}, out_{out} {}

  verify_report& report() { return out_; }

  void add(std::string_view table, std::string_view what,
           std::string_view fault);
  void add(std::string_view table, const job_id& id, std::string_view fault) {
    add(table, to_string(id), fault);
  }

  /// Adds what could not be read; nothing if it could.
  /// @returns whether it could.
  bool check(const status& x, std::string_view table, std::string_view what);

  /// One more record of the table.
  void count(std::string_view table);

private:
  const verify_config& how_;
  const verify_progress& progress_;
  verify_report& out_;
  std::string table_;
  uint64_t records_ = 0;
};

/// Tables that nothing else depends on, and letters that nobody knows.
void verify_others(const store& db, fault_list& faults);

/// The queue. @param ids of its jobs, sorted.
void verify_queue(const store& db, fault_list& faults,
                  std::vector<job_id>& ids);

/// Jobs with their histories, all lists of jobs, totals and the index.
/// @param queued sorted.
void verify_jobs(const store& db, fault_list& faults,
                 const std::vector<job_id>& queued);

/// Logs and streams.
void verify_logs(const store& db, fault_list& faults);

void verify_documents(const store& db, fault_list& faults);

} // namespace quaero::storage
