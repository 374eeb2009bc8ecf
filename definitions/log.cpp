#include "definitions/log.hpp"

#include "definitions/json.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>

namespace quaero::log {

namespace {

struct sink {
  format how = format::text;
  std::shared_ptr<spdlog::logger> out;

  sink() {
    out = std::make_shared<spdlog::logger>(
      "quaero", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    out->set_level(spdlog::level::warn);
    out->flush_on(spdlog::level::warn);
  }
};

sink& the_sink() {
  static sink instance;
  return instance;
}

bool needs_quotes(std::string_view text) {
  return text.empty()
         || text.find_first_of(" \"\n\t=\\") != std::string_view::npos;
}

std::string as_text(std::string_view event, fields xs) {
  std::string line{event};
  for (const auto& x : xs) {
    line += ' ';
    line += x.name;
    line += '=';
    if (needs_quotes(x.text))
      append_json_string(line, x.text);
    else
      line += x.text;
  }
  return line;
}

std::string as_json(std::string_view event, fields xs) {
  std::string line = "\"event\":";
  append_json_string(line, event);
  for (const auto& x : xs) {
    line += ',';
    append_json_string(line, x.name);
    line += ':';
    append_json_string(line, x.text);
  }
  return line;
}

/// What was written last, for those who look from outside.
class line_memory {
public:
  void add(log_level level, std::string message) {
    if (message.size() > recent_line_bytes_max)
      message = to_utf8(message.substr(0, recent_line_bytes_max)) + " [cut]";
    std::lock_guard guard{mutex_};
    lines_.push_back(
      {++count_, system_wall_clock().now(), level, std::move(message)});
    if (lines_.size() > recent_lines_max)
      lines_.pop_front();
  }

  std::vector<line> find(uint64_t after, size_t limit, log_level level,
                         bool newest) const {
    std::lock_guard guard{mutex_};
    std::vector<line> out;
    auto take = [&](const line& x) {
      if (x.index > after && x.level >= level && out.size() < limit)
        out.push_back(x);
    };
    if (newest) {
      std::for_each(lines_.rbegin(), lines_.rend(), take);
      std::reverse(out.begin(), out.end());
    } else {
      std::for_each(lines_.begin(), lines_.end(), take);
    }
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::deque<line> lines_;
  uint64_t count_ = 0;
};

line_memory& the_memory() {
  static line_memory instance;
  return instance;
}

log_level level_of(spdlog::level::level_enum x) {
  switch (x) {
    case spdlog::level::err:
      return log_level::error;
    case spdlog::level::warn:
      return log_level::warn;
    case spdlog::level::info:
      return log_level::info;
    default:
      return log_level::debug;
  }
}

void write(spdlog::level::level_enum level, std::string_view event, fields xs) {
  auto& to = the_sink();
  if (!to.out->should_log(level))
    return;
  auto line = to.how == format::json ? as_json(event, xs) : as_text(event, xs);
  to.out->log(level, "{}", line);
  the_memory().add(level_of(level), to.how == format::json ? as_text(event, xs)
                                                           : std::move(line));
}

} // namespace

bool shows_debug() {
  return the_sink().out->should_log(spdlog::level::debug);
}

void setup(std::string_view level, format how) {
  auto& to = the_sink();
  to.how = how;
  to.out->set_level(spdlog::level::from_str(std::string{level}));
  to.out->flush_on(spdlog::level::info);
  if (how == format::json)
    to.out->set_pattern(
      "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}",
      spdlog::pattern_time_type::utc);
  else
    to.out->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                        spdlog::pattern_time_type::utc);
}

std::vector<line> recent(uint64_t after, size_t limit, log_level level,
                         bool newest) {
  return the_memory().find(after, limit, level, newest);
}

void debug(std::string_view event, fields xs) {
  write(spdlog::level::debug, event, xs);
}

void info(std::string_view event, fields xs) {
  write(spdlog::level::info, event, xs);
}

void warn(std::string_view event, fields xs) {
  write(spdlog::level::warn, event, xs);
}

void error(std::string_view event, fields xs) {
  write(spdlog::level::err, event, xs);
}

} // namespace quaero::log
