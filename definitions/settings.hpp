#pragma once

#include "definitions/retention.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quaero {

class value;

/// What the daemon can be told. Default construction gives the defaults of
/// setting_table(), the only place where names, defaults and ranges stand.
struct settings {
  settings();

  std::string data_dir;
  std::string listen;          ///< "host:port"; see split_listen().
  std::string definitions_dir; ///< "" = none.
  std::string docs_dir;        ///< "" = none.
  std::string templates_dir;   ///< "" = none.
  std::string variables_dir;   ///< "" = none.
  std::string durability;      ///< "group", "buffered" or "each".
  uint64_t actor_threads = 0;  ///< 0 = number of cores.
  std::chrono::nanoseconds drain_timeout{};

  struct {
    uint64_t write_buffer_mib = 0;
    uint64_t block_cache_mib = 0;
    bool compression = false;
  } store;

  struct {
    uint64_t length_max = 0; ///< Jobs.
    uint64_t queues_max = 0; ///< Named queues at a time.
    std::chrono::nanoseconds lease{};
  } queue;

  struct {
    uint64_t body_bytes_max = 0;
    uint64_t bodies_bytes_max = 0; ///< Of all requests at a time.
    uint64_t header_bytes_max = 0; ///< Of a request's head.
    uint64_t headers_max = 0;      ///< Fields of a request's head.
    uint64_t target_bytes_max = 0;
    uint64_t connections_max = 0;
    uint64_t stream_bytes_max = 0;  ///< That wait for one client.
    uint64_t message_bytes_max = 0; ///< Of a WebSocket client.
    uint64_t gzip_bytes_min = 0;    ///< 0: no answer is made smaller.
    std::chrono::nanoseconds idle_timeout{};
    std::chrono::nanoseconds read_timeout{};
    std::chrono::nanoseconds request_timeout{};
    std::chrono::nanoseconds write_timeout{};
    std::chrono::nanoseconds ping_interval{};
    std::string cors_origins; ///< See split_origins().
    bool insecure = false;
  } http;

  struct {
    std::string certificate; ///< Paths; "" = plain HTTP.
    std::string key;
  } tls;

  struct {
    uint64_t events_kept = 0; ///< Events of the daemon's stream.
    uint64_t clients_max = 0;
  } live;

  struct {
    std::chrono::nanoseconds keep{};
  } idempotency;

  struct {
    std::string user_agent;
    bool respect_robots = false;
    std::chrono::nanoseconds request_timeout{};
    uint64_t max_body_bytes = 0;
    uint64_t connections_max = 0;
  } crawler;

  struct {
    uint64_t records_max = 0;
    std::chrono::nanoseconds age_max{};
  } audit;

  struct {
    uint64_t missed_max = 0;
  } scheduler;

  struct {
    std::string listen; ///< "" = no nodes.
    std::string hosts;  ///< Parted by blanks.
    std::string labels; ///< Parted by commas.
    uint64_t nodes_max = 0;
    uint64_t handshakes_max = 0;
    std::chrono::nanoseconds handshake_timeout{};
    std::chrono::nanoseconds idle_timeout{};
    std::chrono::nanoseconds return_grace{};
    std::chrono::nanoseconds lease_margin{};
    uint64_t backlog_mib = 0;
    uint64_t processes_max = 0; ///< Of one node in an hour.
    uint64_t hellos_minute_max = 0;
    uint64_t pulses_renew_max = 0;
    uint64_t slots_minute_max = 0;
  } nodes;

  struct {
    std::chrono::nanoseconds interval{};
    retention_limits limits;
  } retention;

  struct {
    std::chrono::nanoseconds interval{};
    uint64_t jobs_min = 0; ///< 0: never.
  } compaction;

  struct {
    std::string level;  ///< "debug", "info", "warn" or "error".
    std::string format; ///< "text" or "json".
  } log;

  /// Worker type -> jobs of that type that run at once. A type that is not here
  /// has what its worker brings along.
  std::map<std::string, uint64_t> worker_slots;

  /// @returns `fallback` if nobody said how many.
  uint64_t slots_of(const std::string& type, uint64_t fallback) const;
};

/// One row of the table.
struct setting {
  /// Where the setting is kept; the alternative is its kind.
  using field = std::variant<std::string* (*)(settings&), bool* (*)(settings&),
                             uint64_t* (*)(settings&),
                             std::chrono::nanoseconds* (*)(settings&),
                             std::map<std::string, uint64_t>* (*)(settings&)>;

  const char* name; ///< In TOML: "store.block_cache_mib".
  field where;
  const char* default_text;
  const char* unit; ///< What stands for the value in help: "MiB", "path".
  const char* sentence;
  uint64_t min = 0; ///< Of numbers; milliseconds of durations.
  uint64_t max = 0; ///< Of numbers; milliseconds of durations; bytes of texts.
  std::vector<const char*> choices; ///< Of texts; none = any text.
  bool secret = false;              ///< Its value is never shown.
};

/// Every setting, top level first, tables after, as a file lists them. The one
/// with "<type>" in its name stands for a setting of every worker type.
const std::vector<setting>& setting_table();

/// "--store-block-cache-mib".
std::string flag_name(const setting& x);

/// "QUAERO_STORE_BLOCK_CACHE_MIB".
std::string environment_name(const setting& x);

/// Something wrong with a setting.
struct setting_error {
  std::string source;  ///< A file's path, an environment name or a flag.
  uint32_t line = 0;   ///< From 1, of a file; 0 = none.
  std::string field;   ///< "queue.length_max"; "" = the source as a whole.
  std::string message; ///< Names the rule.

  bool operator==(const setting_error&) const = default;
};

/// "quaero.toml:12: queue.length_max: must be a number of jobs from 1 to 9".
std::string to_string(const setting_error& x);

/// Where settings come from; a later member beats an earlier one.
struct setting_sources {
  std::string file; ///< Path; "" = what QUAERO_CONFIG says, else none.
  /// Name and value; those that do not start with QUAERO_ are skipped.
  std::vector<std::pair<std::string, std::string>> environment;
  /// Flag without its dashes, and value.
  std::vector<std::pair<std::string, std::string>> flags;
};

struct settings_result {
  settings value; ///< Only to be used when ok().
  std::vector<setting_error> errors;
  /// Names in the environment that are close to a setting's but are none. They
  /// are no error, because other programs may own them.
  std::vector<setting_error> warnings;

  bool ok() const { return errors.empty(); }
};

inline constexpr size_t settings_file_bytes_max = 1024 * 1024;

/// Reads all sources: flags beat environment beats file beats default. Reports
/// every error of every source. Reads the file; touches nothing else.
settings_result load_settings(const setting_sources& sources);

/// Reads settings from the text of a TOML file into `out`; `file` is for
/// messages. Members of `out` that the text does not name stay.
std::vector<setting_error>
read_settings_toml(std::string_view text, std::string_view file, settings& out);

/// Sets one setting from text, as flags and environment give it.
/// @param name as in the table, "<type>" replaced by a worker type.
/// @returns "" or the rule that `text` breaks.
std::string apply_setting(settings& out, std::string_view name,
                          std::string_view text);

/// What a daemon's command line says.
struct daemon_arguments {
  setting_sources sources; ///< `environment` is left empty.
  bool help = false;
  bool version = false;
  std::vector<setting_error> errors;
};

/// Reads `--name value`, `--name=value`, `--config FILE`, `--help`,
/// `--version`. A switch may stand alone (`--store-compression`) or carry a
/// value (`--store-compression=false`).
/// @param arguments without the program's name.
daemon_arguments parse_daemon_arguments(std::span<const char* const> arguments);

/// The variables of this process whose names start with QUAERO_.
std::vector<std::pair<std::string, std::string>> process_environment();

/// Splits "127.0.0.1:8085" or "[::1]:0".
/// @returns false, and leaves the rest alone, if `text` is anything else.
bool split_listen(std::string_view text, std::string& host, uint16_t& port);

/// Splits "https://a.example http://b.example:8080", origins as a browser sends
/// them: scheme, host in lower case, a port that is not the scheme's own.
/// @returns false, and leaves `out` alone, if a word is anything else.
bool split_origins(std::string_view text, std::vector<std::string>& out);

/// The flags, for `quaerod --help`.
std::string settings_help();

/// Every setting and its value, by name, as the API shows them: durations as
/// users write them, secrets as bullets.
value settings_value(const settings& x);

/// The page docs/settings.md.
std::string settings_markdown();

/// The file docs/quaero.toml.example: every setting with its default.
std::string settings_example();

} // namespace quaero
