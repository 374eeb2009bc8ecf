#include "definitions/log.hpp"

#include "definitions/json.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

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

void write(spdlog::level::level_enum level, std::string_view event, fields xs) {
  auto& to = the_sink();
  if (!to.out->should_log(level))
    return;
  auto line = to.how == format::json ? as_json(event, xs) : as_text(event, xs);
  to.out->log(level, "{}", line);
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
