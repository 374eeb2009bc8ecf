#pragma once

#include "tests/system/fixture.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace quaero::test {

/// A hub with nodes, all of them real daemons. They end with the object.
struct node_fixture : system_fixture {
  node_fixture();

  /// Starts the hub, always on the same port for nodes. Leases are short.
  void start_hub(const strings& more = {}, const environment& with = {});

  /// The arguments of `quaerod` that make a machine the node, which reaches the
  /// hub at that port; 0 is the hub's own.
  strings joining(const std::string& name,
                  const std::string& workers = "noop,test_job_generator",
                  uint16_t port = 0) const;

  /// Starts a node's daemon with these arguments, on the folder of that name.
  process& start_node(const std::string& name, const strings& arguments,
                      const environment& with = {});
  /// The same with another program.
  process& start_node(const std::string& program, const std::string& name,
                      const strings& arguments, const environment& with);
  /// Invites and starts it, and waits until it is ready.
  process& join(const std::string& name, uint16_t port = 0,
                const strings& more = {}, const environment& with = {});

  process& node(const std::string& name) { return *nodes_.at(name); }

  /// Ends a node's daemon by a signal. @returns its exit code.
  int stop_node(const std::string& name, int number);

  strings folder_of(const std::string& name) const;

  /// Changes what a node's daemon remembers. REQUIRES: it does not run.
  void replace_in_record(const std::string& name, const std::string& what,
                         const std::string& by) const;

  /// The row of a node or of the hub; null if there is none.
  value row(const std::string& name) const;
  value hub_row() const;
  void wait_state(const std::string& name, const std::string& state) const;
  void wait_away(const std::string& name) const;

  /// The hub itself runs at most one job.
  void leave_work_to_nodes() const;

  /// A run of so many jobs, each of which waits so long, where that label is
  /// if one is given. @returns its id.
  std::string start_run(int jobs, int ms, const std::string& label = {}) const;

  /// How many of its jobs have ended.
  int64_t ended(const std::string& run) const;
  void wait_ended(const std::string& run, int64_t jobs) const;

  /// Waits until the run is over, and checks that each of its jobs has
  /// completed once; `attempts` is set to all attempts together.
  void check_once(const std::string& run, int64_t jobs) const;

  /// Stops the hub and has `quaerod verify` look at all that is there.
  void check_database();

  uint16_t nodes_port = 0;

private:
  std::map<std::string, std::unique_ptr<process>> nodes_;
};

/// Gives a program another wall clock: "-61s", "+100d", or what libfaketime
/// takes besides. Clocks that measure stay right.
/// REQUIRES: the package faketime, else the test fails.
environment clock_off_by(const std::string& what);

/// The same, and `file` says what it is, from one look to the next.
environment clock_said_by(const std::string& file);

/// A port that is free now.
uint16_t free_port();

/// Bytes of memory that a process has; 0 if it is not there.
size_t resident_mib(pid_t pid);

} // namespace quaero::test
