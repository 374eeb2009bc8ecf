#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace quaero::cli {

inline constexpr size_t block_lines_max = 1000; ///< Jobs.
inline constexpr size_t block_bytes_max
  = 4 * 1024 * 1024; ///< Soft: a line may pass it.
inline constexpr size_t job_line_bytes_max = 1024 * 1024; ///< Of one line.

/// Jobs that are sent together: a JSON array.
struct job_block {
  std::string body;
  int64_t first = 0; ///< Number of its first line, from 1.
  int64_t last = 0;
  size_t jobs = 0;
  std::vector<int64_t> lines; ///< Of each job.
};

/// Takes a text with one JSON object a line apart into blocks. Empty lines
/// count as lines and are no jobs. The same text makes the same blocks, also
/// behind skipped lines if a block ended there.
class job_lines {
public:
  explicit job_lines(std::istream& in) : in_{in} {}

  /// Passes over the first lines.
  /// @returns false if there are not so many.
  bool skip(int64_t lines);

  /// @returns false at the end, or with a sentence in error() if a line is no
  ///          JSON object or too long. What stands before that line in its
  ///          block is lost: a block is sent whole or not at all.
  bool next(job_block& out);

  const std::string& error() const { return error_; }
  int64_t bytes() const { return bytes_; } ///< Read so far.

private:
  bool read_line(std::string& out);
  bool fail(const std::string& why);

  std::istream& in_;
  int64_t line_ = 0;
  int64_t bytes_ = 0;
  std::string error_;
};

} // namespace quaero::cli
