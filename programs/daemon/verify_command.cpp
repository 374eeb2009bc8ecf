#include "programs/daemon/verify_command.hpp"

#include "definitions/log.hpp"
#include "definitions/settings.hpp"
#include "storage/format.hpp"
#include "storage/leveldb_files.hpp"
#include "storage/leveldb_store.hpp"
#include "storage/tables.hpp"
#include "storage/verify.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

namespace {

enum exit_code { exit_sound = 0, exit_damaged = 1, exit_cannot = 2 };

constexpr const char* usage
  = "Usage: quaerod verify [--data-dir DIR] [--config FILE] [--rebuild]\n"
    "                      [--cut-logs]\n"
    "Looks at everything in the database of a daemon that does not run.\n\n"
    "  --rebuild   make the indexes and totals again, then look\n"
    "  --cut-logs  give up what follows the damage in a damaged log, so that\n"
    "              the rest can be opened; the whole log stays beside it\n\n"
    "Ends with 0 if all is sound, 1 if something is damaged, 2 if it could\n"
    "not look.\n";

struct options {
  bool rebuild = false;
  bool cut_logs = false;
  bool help = false;
  std::vector<const char*> rest; ///< For the settings.
};

options read_options(std::span<const char* const> arguments) {
  options out;
  for (const auto* x : arguments) {
    const std::string_view word = x;
    if (word == "--rebuild")
      out.rebuild = true;
    else if (word == "--cut-logs")
      out.cut_logs = true;
    else if (word == "--help")
      out.help = true;
    else
      out.rest.push_back(x);
  }
  return out;
}

int cannot(const std::string& why) {
  std::fprintf(stderr, "quaerod verify: %s\n", why.c_str());
  return exit_cannot;
}

int cannot(const std::vector<setting_error>& errors) {
  for (const auto& x : errors)
    cannot(to_string(x));
  return exit_cannot;
}

class verification {
public:
  verification(const options& how, const std::string& data_dir)
    : how_{how}, path_{data_dir + "/db"} {}

  int run() {
    std::error_code error;
    if (!std::filesystem::is_directory(path_, error))
      return cannot("there is no database in " + path_
                    + "; name the data directory with --data-dir");
    if (auto result = storage::try_lock(path_); !result.ok())
      return cannot(result.message + "; stop it first");
    if (auto result = check_files(); !result.ok())
      return cannot(result.message);
    if (!must_not_open_)
      if (auto code = check_records(); code != exit_sound)
        return code;
    return conclude();
  }

private:
  static void tell(std::string_view table, uint64_t records) {
    std::fprintf(stderr, "quaerod verify: %.*s, %llu records\n",
                 static_cast<int>(table.size()), table.data(),
                 static_cast<unsigned long long>(records));
  }

  storage::status check_files() {
    auto progress = [](uint64_t done, uint64_t all) {
      std::fprintf(stderr, "quaerod verify: files, %llu of %llu MiB\n",
                   static_cast<unsigned long long>(done >> 20),
                   static_cast<unsigned long long>(all >> 20));
    };
    std::vector<storage::file_fault> found;
    auto result = storage::check_files(path_, progress, found);
    for (const auto& x : found) {
      if (x.torn) {
        std::printf("note: %s: %s; it is dropped when the database is "
                    "opened\n",
                    x.file.c_str(), x.what.c_str());
        continue;
      }
      const bool is_log = x.file.ends_with(".log");
      if (how_.cut_logs && is_log && storage::cut_log(path_, x.file).ok()) {
        std::printf("mended: %s: %s; it was cut there\n", x.file.c_str(),
                    x.what.c_str());
        continue;
      }
      damage(x.file + ": " + x.what
             + (is_log ? "; --cut-logs gives up what follows" : ""));
      const bool is_table
        = x.file.ends_with(".ldb") || x.file.ends_with(".sst");
      must_not_open_ |= !is_table; // It would be changed by that.
    }
    return result;
  }

  int check_records() {
    std::unique_ptr<storage::store> db;
    auto result = storage::open_leveldb(path_, {}, db);
    if (result.code == storage::errc::corruption) {
      damage(result.message);
      return exit_sound;
    }
    if (result.ok())
      result = storage::check_format(*db);
    // What cannot be read now would be missing in what is made of it.
    if (result.ok() && how_.rebuild && file_faults_ > 0)
      std::printf("note: nothing is rebuilt while a file is damaged\n");
    else if (result.ok() && how_.rebuild)
      result = storage::rebuild_derived(*db, tell, report_);
    if (!result.ok())
      return cannot(result.message);
    storage::verify(*db, {}, tell, report_);
    for (const auto& x : report_.mended)
      std::printf("mended: %s\n", x.c_str());
    for (const auto& x : report_.named)
      std::printf("damaged: %s\n", x.c_str());
    return exit_sound;
  }

  void damage(const std::string& what) {
    ++file_faults_;
    std::printf("damaged: %s\n", what.c_str());
  }

  int conclude() const {
    const auto faults = file_faults_ + report_.faults;
    const auto unnamed = report_.faults - report_.named.size();
    if (unnamed > 0)
      std::printf("and %llu more\n", static_cast<unsigned long long>(unnamed));
    std::printf("%llu jobs, %llu in the queue, %llu lines, %llu documents: ",
                static_cast<unsigned long long>(report_.jobs),
                static_cast<unsigned long long>(report_.queue_entries),
                static_cast<unsigned long long>(report_.lines),
                static_cast<unsigned long long>(report_.documents));
    if (faults == 0) {
      std::printf("all is sound\n");
      return exit_sound;
    }
    std::printf("%llu faults\n", static_cast<unsigned long long>(faults));
    return exit_damaged;
  }

  const options& how_;
  std::string path_;
  bool must_not_open_ = false;
  uint64_t file_faults_ = 0;
  storage::verify_report report_;
};

} // namespace

int run_verify(std::span<const char* const> arguments) {
  const auto how = read_options(arguments);
  if (how.help) {
    std::printf("%s", usage);
    return exit_sound;
  }
  auto parsed = parse_daemon_arguments(how.rest);
  if (!parsed.errors.empty())
    return cannot(parsed.errors);
  parsed.sources.environment = process_environment();
  const auto loaded = load_settings(parsed.sources);
  if (!loaded.ok())
    return cannot(loaded.errors);
  log::setup("warn", log::format::text);
  return verification{how, loaded.value.data_dir}.run();
}

} // namespace quaero
