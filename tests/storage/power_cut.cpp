#include "storage/leveldb_files.hpp"
#include "storage/leveldb_log.hpp"
#include "storage/unsynced_disk.hpp"
#include "tests/storage/stores.hpp"

#include <fstream>
#include <iterator>
#include <random>

using namespace quaero::storage;
using namespace quaero::storage::test;

namespace fs = std::filesystem;

namespace {

/// A database on a disk that forgets.
struct power_fixture {
  temp_folder folder;
  unsynced_disk disk;
  leveldb_options options;
  std::unique_ptr<store> db;

  power_fixture() {
    options.write_buffer_bytes = 64 * 1024; // Many tables.
    open();
  }

  void open() {
    auto result = open_leveldb(folder.path(), options, disk.env(), db);
    BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
  }

  void lose_power(uint64_t torn_bytes = 0) {
    disk.cut_power();
    db.reset();
    auto result = disk.forget(torn_bytes);
    BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
  }
};

std::string key_of(int n) {
  return std::to_string(100'000 + n);
}

/// The first key of [0, end) that is not there.
int first_missing(const store& db, int end) {
  for (int i = 0; i < end; ++i)
    if (get(db, key_of(i)) == "(none)")
      return i;
  return end;
}

std::string only_file(const std::string& path, const std::string& extension) {
  std::string out;
  for (const auto& x : fs::directory_iterator(path))
    if (x.path().extension() == extension && x.file_size() > 0)
      out = x.path().filename();
  BOOST_REQUIRE_MESSAGE(!out.empty(), "no " << extension);
  return out;
}

std::string read_bytes(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

/// A log with `count` records, of which every other one is longer than a block
/// of the file.
struct log_fixture : leveldb_fixture {
  std::string log;

  void fill(int count) {
    for (int i = 0; i < count; ++i)
      BOOST_REQUIRE(
        put(*db, key_of(i), std::string(i % 2 ? 40'000 : 10, 'x')).ok());
    db.reset();
    log = folder.path() + "/" + only_file(folder.path(), ".log");
  }

  log_state state() const {
    log_state out;
    BOOST_REQUIRE(read_leveldb_log(log, out).ok());
    return out;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(power_cuts)

BOOST_AUTO_TEST_CASE(a_synced_write_survives_with_all_before_it) {
  for (int round = 0; round < 4; ++round) {
    power_fixture f;
    const std::string val(500, 'v');
    // Over several tables, so that files were made, renamed and removed.
    for (int i = 0; i < 1000 + round; ++i)
      BOOST_REQUIRE(put(*f.db, key_of(i), val, i % 7 == 0).ok());
    BOOST_REQUIRE(put(*f.db, key_of(1000 + round), val, true).ok());
    f.lose_power();
    f.open();
    BOOST_TEST(first_missing(*f.db, 1001 + round) == 1001 + round);
  }
}

BOOST_AUTO_TEST_CASE(what_was_not_synced_is_lost_from_its_end_on) {
  power_fixture f;
  for (int i = 0; i < 40; ++i)
    BOOST_REQUIRE(put(*f.db, key_of(i), "v", true).ok());
  for (int i = 40; i < 100; ++i)
    BOOST_REQUIRE(put(*f.db, key_of(i), "v").ok());
  BOOST_TEST(f.disk.unsynced_bytes() > 0u);
  f.lose_power();
  f.open();
  // Exactly the bound: all since the last sync, and nothing else.
  BOOST_TEST(all(*f.db).size() == 40u);
  BOOST_TEST(first_missing(*f.db, 100) == 40);
}

BOOST_AUTO_TEST_CASE(a_cut_at_any_byte_leaves_a_beginning_of_the_writes) {
  for (uint64_t torn : {1u, 5u, 20u, 100u, 300u, 1000u}) {
    power_fixture f;
    for (int i = 0; i < 10; ++i)
      BOOST_REQUIRE(put(*f.db, key_of(i), "v", true).ok());
    for (int i = 10; i < 60; ++i)
      BOOST_REQUIRE(put(*f.db, key_of(i), "v").ok());
    f.lose_power(torn);
    f.open();
    const auto there = all(*f.db).size();
    BOOST_TEST(there >= 10u);
    BOOST_TEST(there == static_cast<size_t>(first_missing(*f.db, 60)));
  }
}

BOOST_AUTO_TEST_CASE(cuts_over_and_over_lose_nothing_that_was_synced) {
  power_fixture f;
  std::mt19937 random{7};
  int synced = 0;
  int next = 0;
  for (int cut = 0; cut < 20; ++cut) {
    for (int i = 0; i < 100; ++i, ++next) {
      const bool sync = random() % 5 == 0;
      BOOST_REQUIRE(put(*f.db, key_of(next), std::string(300, 'v'), sync).ok());
      if (sync)
        synced = next + 1;
    }
    f.lose_power(random() % 2000);
    f.open();
    next = first_missing(*f.db, next);
    BOOST_TEST_REQUIRE(next >= synced);
    synced = next; // What was read again is in a table that was synced.
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_written_without_power) {
  power_fixture f;
  BOOST_REQUIRE(put(*f.db, "a", "1", true).ok());
  f.disk.cut_power();
  BOOST_TEST(!put(*f.db, "b", "2", true).ok());
  f.db.reset();
  BOOST_REQUIRE(f.disk.forget().ok());
  f.open();
  BOOST_CHECK(all(*f.db) == (pairs{{"a", "1"}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(leveldb_logs)

BOOST_FIXTURE_TEST_CASE(a_whole_log_is_sound, log_fixture) {
  fill(9);
  const auto x = state();
  BOOST_TEST(x.records == 9u);
  BOOST_TEST(x.sound == x.bytes);
  BOOST_TEST(!x.torn());
  BOOST_TEST(!x.damaged());
}

BOOST_FIXTURE_TEST_CASE(a_log_cut_anywhere_is_torn_and_opens_without_the_rest,
                        log_fixture) {
  fill(4);
  const auto whole = read_bytes(log);
  const auto records = state().records;
  for (size_t cut = 1; cut < whole.size(); cut += cut < 100 ? 1 : 997) {
    write_bytes(log, whole.substr(0, whole.size() - cut));
    const auto x = state();
    BOOST_TEST(!x.damaged());
    BOOST_TEST(x.records < records);
    // At the end of a record nobody can tell that there was one more.
    BOOST_TEST(x.torn() == (x.sound < whole.size() - cut));
  }
  write_bytes(log, whole.substr(0, whole.size() - 3));
  BOOST_TEST(state().torn());
  open();
  BOOST_TEST(all(*db).size() == 3u);
}

BOOST_FIXTURE_TEST_CASE(zeros_behind_a_log_are_an_interrupted_write,
                        log_fixture) {
  fill(3);
  const auto whole = read_bytes(log);
  for (size_t zeros : {1u, 6u, 7u, 5000u, 100'000u}) {
    write_bytes(log, whole + std::string(zeros, '\0'));
    BOOST_TEST(state().torn(), zeros);
    BOOST_TEST(state().records == 3u);
  }
  open();
  BOOST_TEST(all(*db).size() == 3u);
}

BOOST_FIXTURE_TEST_CASE(a_log_damaged_in_its_middle_is_refused, log_fixture) {
  fill(8);
  auto bytes = read_bytes(log);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_bytes(log, bytes);
  const auto x = state();
  BOOST_TEST(x.damaged());
  BOOST_TEST(x.records + x.behind < 8u);
  const auto result = open_leveldb(folder.path(), {}, db);
  BOOST_CHECK(result.code == errc::corruption);
  BOOST_TEST(result.message.find(fs::path{log}.filename().string()) == 0u,
             result.message);
  BOOST_TEST(result.message.find("quaerod verify") != std::string::npos);
  BOOST_CHECK(!db);
  BOOST_TEST(read_bytes(log) == bytes); // It was refused, not changed.
  // Whoever gives up what follows has what came before.
  BOOST_REQUIRE(cut_log(folder.path(), fs::path{log}.filename().string()).ok());
  BOOST_TEST(read_bytes(log + ".damaged") == bytes);
  open();
  BOOST_TEST(all(*db).size() == x.records);
}

BOOST_FIXTURE_TEST_CASE(only_damaged_logs_are_cut, log_fixture) {
  fill(3);
  const auto bytes = read_bytes(log);
  const auto result = cut_log(folder.path(), fs::path{log}.filename().string());
  BOOST_CHECK(result.code == errc::not_found);
  BOOST_TEST(read_bytes(log) == bytes);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(leveldb_file_checks)

namespace {

struct file_fixture : leveldb_fixture {
  file_fixture() {
    for (int i = 0; i < 1000; ++i)
      BOOST_REQUIRE(put(*db, key_of(i), std::to_string(i * 7919)).ok());
    db->compact({}, {});
    BOOST_REQUIRE(put(*db, "last", "1").ok());
    db.reset();
  }

  std::string path_of(const std::string& name) const {
    return folder.path() + "/" + name;
  }

  /// The faults, as FILE: WHAT.
  std::vector<std::string> faults() const {
    std::vector<file_fault> found;
    auto result = check_files(
      folder.path(), [](uint64_t, uint64_t) {}, found);
    BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
    std::vector<std::string> out;
    for (const auto& x : found)
      out.push_back(x.file + ": " + x.what);
    return out;
  }

  void check_refused(const std::string& file, const std::string& what) {
    const auto found = faults();
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].starts_with(file + ": "), found[0]);
    BOOST_TEST(found[0].find(what) != std::string::npos, found[0]);
    auto result = open_leveldb(folder.path(), {}, db);
    BOOST_CHECK(result.code == errc::corruption);
    BOOST_TEST(result.message.find(file) != std::string::npos, result.message);
  }

  std::string manifest() const {
    for (const auto& x : fs::directory_iterator(folder.path()))
      if (x.path().filename().string().starts_with("MANIFEST-"))
        return x.path().filename();
    return {};
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(files_as_they_were_written_have_no_faults,
                        file_fixture) {
  BOOST_TEST(faults().empty());
}

BOOST_FIXTURE_TEST_CASE(a_current_that_is_gone_is_refused, file_fixture) {
  fs::remove(path_of("CURRENT"));
  check_refused("CURRENT", "it is missing");
  // LevelDB alone would have made a new database of it.
  BOOST_TEST(only_file(folder.path(), ".ldb") != "");
}

BOOST_FIXTURE_TEST_CASE(a_current_that_names_nothing_is_refused, file_fixture) {
  for (auto text : {"", "MANIFEST-", "MANIFEST-999999\n", "garbage\n"}) {
    write_bytes(path_of("CURRENT"), text);
    check_refused("CURRENT", "does not name a manifest");
  }
}

BOOST_FIXTURE_TEST_CASE(a_damaged_manifest_is_refused, file_fixture) {
  const auto name = manifest();
  auto bytes = read_bytes(path_of(name));
  bytes[10] = static_cast<char>(bytes[10] ^ 1);
  write_bytes(path_of(name), bytes);
  auto result = open_leveldb(folder.path(), {}, db);
  BOOST_CHECK(result.code == errc::corruption);
  BOOST_REQUIRE(!faults().empty());
  BOOST_TEST(faults()[0].starts_with(name), faults()[0]);
}

BOOST_FIXTURE_TEST_CASE(a_log_that_is_gone_is_refused, file_fixture) {
  const auto name = only_file(folder.path(), ".log");
  fs::remove(path_of(name));
  check_refused(name, "it is missing");
}

BOOST_FIXTURE_TEST_CASE(a_damaged_table_is_named, file_fixture) {
  const auto name = only_file(folder.path(), ".ldb");
  auto bytes = read_bytes(path_of(name));
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
  write_bytes(path_of(name), bytes);
  const auto found = faults();
  BOOST_REQUIRE_EQUAL(found.size(), 1u);
  BOOST_TEST(found[0].starts_with(name + ": "), found[0]);
  write_bytes(path_of(name), bytes.substr(0, bytes.size() / 2));
  BOOST_REQUIRE_EQUAL(faults().size(), 1u);
  BOOST_TEST(faults()[0].starts_with(name + ": "), faults()[0]);
}

BOOST_FIXTURE_TEST_CASE(a_table_that_is_gone_is_refused, file_fixture) {
  const auto name = only_file(folder.path(), ".ldb");
  fs::remove(path_of(name));
  auto result = open_leveldb(folder.path(), {}, db);
  BOOST_CHECK(result.code == errc::corruption);
  BOOST_TEST(result.message.find(name) != std::string::npos, result.message);
}

BOOST_AUTO_TEST_CASE(a_folder_that_was_begun_is_no_damage) {
  temp_folder folder;
  write_bytes(folder.path() + "/MANIFEST-000001", "");
  write_bytes(folder.path() + "/000003.log", "");
  std::unique_ptr<store> db;
  auto result = open_leveldb(folder.path(), {}, db);
  BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
}

BOOST_AUTO_TEST_SUITE_END()
