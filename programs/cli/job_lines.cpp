#include "programs/cli/job_lines.hpp"

#include "definitions/ascii.hpp"
#include "definitions/json.hpp"

namespace quaero::cli {

bool job_lines::skip(int64_t lines) {
  std::string unused;
  while (line_ < lines)
    if (!read_line(unused))
      return false;
  return true;
}

bool job_lines::next(job_block& out) {
  out = {};
  out.body = "[";
  out.first = line_ + 1;
  std::string line;
  while (out.jobs < block_lines_max && out.body.size() < block_bytes_max
         && read_line(line)) {
    auto text = trim(line);
    if (text.empty())
      continue;
    value job;
    std::string error;
    if (!parse_json(text, job, error))
      return fail(error);
    if (!job.is_object())
      return fail("expected an object, as in {\"type\":\"noop\"}");
    out.body += (out.jobs == 0 ? "" : ",") + std::string{text};
    out.lines.push_back(line_);
    ++out.jobs;
  }
  out.body += ']';
  out.last = line_;
  return error_.empty() && out.jobs > 0;
}

bool job_lines::read_line(std::string& out) {
  out.clear();
  auto* buffer = in_.rdbuf();
  constexpr auto end = std::istream::traits_type::eof();
  for (auto c = buffer->sbumpc(); c != end; c = buffer->sbumpc()) {
    ++bytes_;
    if (c == '\n') {
      ++line_;
      return true;
    }
    out += static_cast<char>(c);
    if (out.size() > job_line_bytes_max) {
      ++line_;
      return fail("longer than " + std::to_string(job_line_bytes_max)
                  + " bytes");
    }
  }
  line_ += out.empty() ? 0 : 1;
  return !out.empty();
}

bool job_lines::fail(const std::string& why) {
  error_ = "line " + std::to_string(line_) + ": " + why;
  return false;
}

} // namespace quaero::cli
