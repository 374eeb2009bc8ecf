#include "definitions/settings.hpp"

#include "definitions/json.hpp"
#include "definitions/settings_http.hpp"
#include "definitions/settings_life.hpp"
#include "definitions/settings_nodes.hpp"
#include "definitions/time.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace quaero {

namespace {

constexpr uint64_t path_bytes_max = 4096;
constexpr uint64_t worker_type_bytes_max = 64;
constexpr std::string_view slots_head = "workers.";
constexpr std::string_view slots_tail = ".slots";

std::vector<setting> make_folders() {
  using s = settings;
  return {
    {"definitions_dir",
     +[](s& x) { return &x.definitions_dir; },
     "",
     "path",
     "Folder of job definitions (*.toml) to load at start; empty = none.",
     0,
     path_bytes_max,
     {}},
    {"templates_dir",
     +[](s& x) { return &x.templates_dir; },
     "",
     "path",
     "Folder of job templates (*.toml) to list; empty = none.",
     0,
     path_bytes_max,
     {}},
    {"docs_dir",
     +[](s& x) { return &x.docs_dir; },
     "",
     "path",
     "Folder of Markdown pages to show at /docs; empty = none.",
     0,
     path_bytes_max,
     {}},
    {"variables_dir",
     +[](s& x) { return &x.variables_dir; },
     "",
     "path",
     "Folder of files with values for {placeholders}; empty = none.",
     0,
     path_bytes_max,
     {}},
  };
}

std::vector<setting> make_top_level() {
  using s = settings;
  return {
    {"data_dir",
     +[](s& x) { return &x.data_dir; },
     "./data",
     "path",
     "Folder of the database; made when missing.",
     1,
     path_bytes_max,
     {}},
    {"listen",
     +[](s& x) { return &x.listen; },
     "127.0.0.1:8085",
     "host:port",
     "Address of the HTTP API; port 0 takes a free one.",
     3,
     300,
     {}},
    {"durability",
     +[](s& x) { return &x.durability; },
     "group",
     "mode",
     "When what the daemon itself commits is on disk: shared syncs (group), "
     "when the system likes (buffered), a sync for each commit (each).",
     0,
     16,
     {"group", "buffered", "each"}},
    {"actor_threads",
     +[](s& x) { return &x.actor_threads; },
     "0",
     "threads",
     "Threads that run actors; 0 = number of cores.",
     0,
     1024,
     {}},
    {"drain_timeout",
     +[](s& x) { return &x.drain_timeout; },
     "20s",
     "duration",
     "How long running jobs may go on when the daemon stops.",
     0,
     3'600'000,
     {}},
  };
}

std::vector<setting> make_core_tables() {
  using s = settings;
  return {
    {"store.write_buffer_mib",
     +[](s& x) { return &x.store.write_buffer_mib; },
     "128",
     "MiB",
     "Memory for writes that wait to be sorted.",
     1,
     1024,
     {}},
    {"store.block_cache_mib",
     +[](s& x) { return &x.store.block_cache_mib; },
     "64",
     "MiB",
     "Memory for blocks that were read.",
     1,
     65536,
     {}},
    {"store.compression",
     +[](s& x) { return &x.store.compression; },
     "true",
     "true|false",
     "Whether blocks are compressed on disk.",
     0,
     0,
     {}},
    {"queue.length_max",
     +[](s& x) { return &x.queue.length_max; },
     "5000000",
     "jobs",
     "Jobs that may wait; more are refused until some are done.",
     1,
     100'000'000,
     {}},
    {"queue.queues_max",
     +[](s& x) { return &x.queue.queues_max; },
     "1000",
     "queues",
     "Named queues that have jobs or settings; more are refused.",
     1,
     100'000,
     {}},
    {"queue.lease",
     +[](s& x) { return &x.queue.lease; },
     "15s",
     "duration",
     "How long a worker pool without a sign of life keeps its jobs.",
     1'000,
     3'600'000,
     {}},
    {"idempotency.keep",
     +[](s& x) { return &x.idempotency.keep; },
     "24h",
     "duration",
     "How long the answer to a request with an Idempotency-Key is kept.",
     60'000,
     2'592'000'000,
     {}},
    {"workers.<type>.slots",
     +[](s& x) { return &x.worker_slots; },
     "",
     "jobs",
     "Jobs of one worker type that run at once; the default is the worker's "
     "own.",
     1,
     10'000,
     {}},
  };
}

std::vector<setting> make_live_table() {
  using s = settings;
  return {
    {"live.events_kept",
     +[](s& x) { return &x.live.events_kept; },
     "100000",
     "events",
     "Events of all jobs that a client of the daemon's stream can go back.",
     1000,
     10'000'000,
     {}},
    {"live.clients_max",
     +[](s& x) { return &x.live.clients_max; },
     "256",
     "clients",
     "WebSockets and event streams at once; one more is answered 503.",
     1,
     10'000,
     {}},
  };
}

std::vector<setting> make_outer_tables() {
  using s = settings;
  return {
    {"crawler.user_agent",
     +[](s& x) { return &x.crawler.user_agent; },
     "quaero/0.1",
     "text",
     "How the crawler introduces itself.",
     1,
     256,
     {}},
    {"crawler.respect_robots",
     +[](s& x) { return &x.crawler.respect_robots; },
     "true",
     "true|false",
     "Whether robots.txt is obeyed.",
     0,
     0,
     {}},
    {"crawler.request_timeout",
     +[](s& x) { return &x.crawler.request_timeout; },
     "30s",
     "duration",
     "Limit of one request with its body.",
     100,
     3'600'000,
     {}},
    {"crawler.max_body_bytes",
     +[](s& x) { return &x.crawler.max_body_bytes; },
     "10485760",
     "bytes",
     "Larger pages are refused.",
     1024,
     1'073'741'824,
     {}},
    {"crawler.connections_max",
     +[](s& x) { return &x.crawler.connections_max; },
     "256",
     "connections",
     "Transfers at once over all runs.",
     1,
     10'000,
     {}},
    {"log.level",
     +[](s& x) { return &x.log.level; },
     "info",
     "level",
     "The least important lines that the daemon's own log shows.",
     0,
     16,
     {"debug", "info", "warn", "error"}},
    {"log.format",
     +[](s& x) { return &x.log.format; },
     "text",
     "format",
     "How the daemon's own log is written.",
     0,
     16,
     {"text", "json"}},
  };
}

std::vector<setting> make_audit_table() {
  using s = settings;
  return {
    {"audit.records_max",
     +[](s& x) { return &x.audit.records_max; },
     "100000",
     "records",
     "Records of the audit log that are kept; the oldest go.",
     1000,
     100'000'000,
     {}},
    {"audit.age_max",
     +[](s& x) { return &x.audit.age_max; },
     "90d",
     "duration",
     "Records of the audit log that are older go.",
     3'600'000,
     315'360'000'000,
     {}},
    {"scheduler.missed_max",
     +[](s& x) { return &x.scheduler.missed_max; },
     "100",
     "ticks",
     "Missed ticks of a schedule with missed = \"run_all\" that get a run.",
     1,
     10'000,
     {}},
  };
}

std::string number_rule(const setting& x) {
  return "must be a number of " + std::string{x.unit} + " from "
         + std::to_string(x.min) + " to " + std::to_string(x.max);
}

std::string duration_rule(const setting& x) {
  using std::chrono::milliseconds;
  return "must be a duration from " + format_duration(milliseconds{x.min})
         + " to " + format_duration(milliseconds{x.max})
         + ", written as \"90s\" or \"2h30m\"";
}

std::optional<uint64_t> read_number(std::string_view text, const setting& x) {
  uint64_t result = 0;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size() || result < x.min
      || result > x.max)
    return std::nullopt;
  return result;
}

std::string text_rule(const setting& x, std::string_view text) {
  if (!x.choices.empty()) {
    std::string list;
    for (auto* choice : x.choices) {
      if (text == choice)
        return "";
      list += (list.empty() ? "" : ", ") + std::string{choice};
    }
    return "must be one of: " + list;
  }
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    return "must be valid UTF-8 without NUL";
  if (text.size() < x.min || text.size() > x.max)
    return "must have " + std::to_string(x.min) + " to " + std::to_string(x.max)
           + " bytes";
  return "";
}

// Reads a text into the field of one row; the return value is "" or a rule.
struct field_writer {
  settings& out;
  const setting& row;
  std::string_view text;
  std::string_view type; // worker type, of the row of all types only

  std::string operator()(std::string* (*field)(settings&)) const {
    auto rule = text_rule(row, text);
    std::string host;
    uint16_t port = 0;
    const std::string_view name = row.name;
    const bool is_place
      = name == "listen" || (name == "nodes.listen" && !text.empty());
    if (rule.empty() && is_place && !split_listen(text, host, port))
      rule = "must be host:port with a port from 0 to 65535";
    std::vector<std::string> origins;
    if (rule.empty() && name == "http.cors_origins"
        && !split_origins(text, origins))
      rule = "must be origins such as https://example.org, parted by blanks; "
             "there is no wildcard";
    if (rule.empty())
      *field(out) = text;
    return rule;
  }

  std::string operator()(bool* (*field)(settings&)) const {
    if (text != "true" && text != "false")
      return "must be true or false";
    *field(out) = text == "true";
    return "";
  }

  std::string operator()(uint64_t* (*field)(settings&)) const {
    auto number = read_number(text, row);
    if (!number)
      return number_rule(row);
    *field(out) = *number;
    return "";
  }

  std::string operator()(std::chrono::nanoseconds* (*field)(settings&)) const {
    std::chrono::nanoseconds d{};
    if (!parse_duration(text, d) || d < std::chrono::milliseconds{row.min}
        || d > std::chrono::milliseconds{row.max})
      return duration_rule(row);
    *field(out) = d;
    return "";
  }

  std::string
  operator()(std::map<std::string, uint64_t>* (*field)(settings&)) const {
    auto number = read_number(text, row);
    if (!number)
      return number_rule(row);
    field(out)->insert_or_assign(std::string{type}, *number);
    return "";
  }
};

bool is_worker_type(std::string_view x) {
  return !x.empty() && x.size() <= worker_type_bytes_max
         && std::all_of(x.begin(), x.end(), [](char c) {
              return c == '_' || (c >= 'a' && c <= 'z')
                     || (c >= '0' && c <= '9');
            });
}

// "crawler" of "workers.crawler.slots", or "" if the name is another one.
std::string_view worker_type_of(std::string_view name) {
  if (name.size() <= slots_head.size() + slots_tail.size()
      || !name.starts_with(slots_head) || !name.ends_with(slots_tail))
    return {};
  name.remove_prefix(slots_head.size());
  name.remove_suffix(slots_tail.size());
  return is_worker_type(name) ? name : std::string_view{};
}

} // namespace

const std::vector<setting>& setting_table() {
  static const auto table = [] {
    auto rows = make_top_level();
    for (auto more : {make_folders(), make_core_tables(), make_http_tables(),
                      make_life_tables(), make_audit_table(), make_live_table(),
                      make_nodes_table(), make_outer_tables()})
      rows.insert(rows.end(), more.begin(), more.end());
    return rows;
  }();
  return table;
}

settings::settings() {
  for (const auto& row : setting_table())
    if (!std::string_view{row.name}.starts_with(slots_head))
      std::visit(field_writer{*this, row, row.default_text, {}}, row.where);
}

uint64_t settings::slots_of(const std::string& type, uint64_t fallback) const {
  auto i = worker_slots.find(type);
  return i != worker_slots.end() ? i->second : fallback;
}

std::string apply_setting(settings& out, std::string_view name,
                          std::string_view text) {
  auto type = worker_type_of(name);
  for (const auto& row : setting_table()) {
    bool of_type
      = !type.empty() && std::string_view{row.name}.starts_with(slots_head);
    if (name == row.name || of_type)
      return std::visit(field_writer{out, row, text, type}, row.where);
  }
  return "no such setting";
}

std::string flag_name(const setting& x) {
  std::string result = "--";
  for (char c : std::string_view{x.name})
    result += c == '.' || c == '_' ? '-' : c;
  return result;
}

std::string environment_name(const setting& x) {
  std::string result = "QUAERO_";
  for (char c : std::string_view{x.name})
    result
      += c == '.'
           ? '_'
           : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

std::string to_string(const setting_error& x) {
  auto result = x.source;
  if (x.line != 0)
    result += ':' + std::to_string(x.line);
  if (!x.field.empty())
    result += (result.empty() ? "" : ": ") + x.field;
  return result + (result.empty() ? "" : ": ") + x.message;
}

bool split_listen(std::string_view text, std::string& host, uint16_t& port) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return false;
  auto name = text.substr(0, colon);
  bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (bracketed)
    name = name.substr(1, name.size() - 2);
  else if (name.find_first_of(":[] \t") != std::string_view::npos)
    return false;
  auto digits = text.substr(colon + 1);
  uint16_t number = 0;
  auto [end, error]
    = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size())
    return false;
  host = name;
  port = number;
  return true;
}

bool split_origins(std::string_view text, std::vector<std::string>& out) {
  constexpr std::string_view mark = "://";
  std::vector<std::string> found;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty())
      continue;
    const auto at = word.find(mark);
    const auto scheme = word.substr(0, std::min(at, word.size()));
    if (scheme != "http" && scheme != "https")
      return false;
    const auto host = word.substr(at + mark.size());
    const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'
             || c == '-' || c == ':' || c == '[' || c == ']';
    });
    const auto usual = scheme == "http" ? ":80" : ":443";
    if (host.empty() || !plain || host.ends_with(':') || host.ends_with(usual))
      return false;
    found.emplace_back(word);
  }
  out = std::move(found);
  return true;
}

} // namespace quaero
