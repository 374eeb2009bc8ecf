#pragma once

#include "definitions/value.hpp"
#include "programs/process.hpp"
#include "tests/support/http_client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quaero::test {

using strings = std::vector<std::string>;

/// For everything that should be much quicker.
inline constexpr std::chrono::seconds patience{30};

/// A daemon on a folder of its own, and the command line program. Both are the
/// real ones. The daemon ends, and the folder goes away, with the object.
class system_fixture {
public:
  system_fixture();
  ~system_fixture();

  // -- the daemon -------------------------------------------------------------

  /// Starts it on the folder and waits until it can be used.
  /// @throws std::runtime_error with its output if it ends instead.
  void start(const strings& flags = {}, const environment& more = {});

  /// Starts one that is expected to end by itself, on the same data unless the
  /// flags say otherwise.
  ended start_in_vain(const strings& flags, const environment& more = {});

  /// The same below limits of a shell, like "ulimit -n 64".
  void start_under(const std::string& limits, const strings& flags = {});
  ended start_in_vain_under(const std::string& limits, const strings& flags
                                                       = {});

  /// Ends it by a signal.
  /// @returns its exit code.
  int stop(int number);

  /// Ends it as a crash does.
  void kill();

  process& daemon() { return *daemon_; }
  std::string url() const;
  uint16_t port() const;

  /// What the folder's file `endpoint` says, or "".
  std::string endpoint() const;

  /// Of the daemon; 0 if unknown.
  size_t peak_memory_mib() const;

  // -- the command line -------------------------------------------------------

  /// Runs `quaero` with these arguments on the daemon.
  ended cli(const strings& arguments, const environment& more = {}) const;

  /// The same with this text on its standard input.
  ended cli_reading(const std::string& text, const strings& arguments) const;

  /// Its command line: the program, the arguments and the daemon's folder.
  strings cli_words(const strings& arguments) const;

  // -- the API ----------------------------------------------------------------

  /// The JSON of an answer. REQUIRES: status 200, else the test fails.
  value get(const std::string& target) const;

  /// A number of an answer, -1 if it is not there.
  int64_t number(const std::string& target, const std::string& name) const;

  /// All items of a list that comes in pages.
  std::vector<value> all(const std::string& target,
                         const std::string& name) const;

  std::vector<value> documents() const;

  // -- runs -------------------------------------------------------------------

  /// Stores a definition. REQUIRES: it is accepted.
  void apply(const std::string& toml) const;

  /// Starts a run, returns its id.
  std::string run(const std::string& definition) const;

  /// Stores and starts.
  std::string run_toml(const std::string& id, const std::string& toml) const;

  /// Asks until the answer satisfies; the test fails if that takes too long.
  void wait_until(const std::function<bool()>& satisfied) const;

  /// Waits until a run is over, returns its status.
  std::string wait_over(const std::string& job) const;

  /// The jobs of a run's steps, without the steps.
  std::vector<value> leaf_jobs(const std::string& job) const;

  /// Checks that all lines of a run, step by step, are numbered from 1 on.
  void check_line_numbers(const std::string& job) const;

  /// Checks that of a run nothing waits or runs, that its counts are those of
  /// its jobs, and that the numbers of the daemon, which must have run nothing
  /// else, agree.
  void check_over(const std::string& job) const;

  // -- files ------------------------------------------------------------------

  const std::string& folder() const { return folder_; }
  std::string data_dir() const { return folder_ + "/data"; }

  /// Writes a file below the folder, returns its path.
  std::string write(const std::string& name, const std::string& text) const;

private:
  strings daemon_words(const std::string& limits, const strings& flags) const;
  void start_words(strings words, const environment& more);

  std::string folder_;
  std::unique_ptr<process> daemon_;
};

std::string text_of(const value& x, const std::string& name);
int64_t int_of(const value& x, const std::string& name);
const value::array& items_of(const value& x, const std::string& name);

/// The JSON that a program printed. REQUIRES: it is one, else the test fails.
value json_of(const ended& x);

bool contains(const std::string& text, const std::string& part);

/// The paths of a source tree and of the programs built from it.
std::string source_path(const std::string& name);
std::string program_path(const std::string& name);

} // namespace quaero::test
