#include "storage/leveldb_store.hpp"

#include "tests/storage/stores.hpp"

#include <fstream>

using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

/// Overwrites the middle of each table file.
size_t damage_tables(const std::string& path) {
  size_t result = 0;
  for (auto& file : std::filesystem::directory_iterator(path)) {
    if (file.path().extension() != ".ldb")
      continue;
    std::fstream out(file.path(), std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(file.file_size() / 3));
    out << std::string(64, '#');
    ++result;
  }
  return result;
}

uintmax_t log_bytes(const std::string& path) {
  uintmax_t out = 0;
  for (auto& file : std::filesystem::directory_iterator(path))
    if (file.path().extension() == ".log")
      out += file.file_size();
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(leveldb_stores)

BOOST_AUTO_TEST_CASE(a_database_outlives_its_store) {
  leveldb_fixture f;
  BOOST_REQUIRE(put(*f.db, "synced", "1", true).ok());
  BOOST_REQUIRE(put(*f.db, "buffered", "2").ok());
  f.db.reset();
  f.open();
  BOOST_CHECK(all(*f.db) == (pairs{{"buffered", "2"}, {"synced", "1"}}));
}

BOOST_AUTO_TEST_CASE(a_database_in_use_is_refused) {
  leveldb_fixture f;
  std::unique_ptr<store> second;
  auto result = open_leveldb(f.folder.path(), {}, second);
  BOOST_CHECK(result.code == errc::busy);
  BOOST_CHECK(!second);
  BOOST_CHECK(result.message.find(f.folder.path()) != std::string::npos);
  BOOST_CHECK(result.message.find("another daemon") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(missing_folders_are_made) {
  temp_folder folder;
  std::unique_ptr<store> db;
  BOOST_CHECK(open_leveldb(folder.path() + "/a/b/c", {}, db).ok());
  BOOST_CHECK(std::filesystem::is_directory(folder.path() + "/a/b/c"));
}

BOOST_AUTO_TEST_CASE(a_file_is_no_database) {
  temp_folder folder;
  auto path = folder.path() + "/file";
  std::ofstream{path} << "text";
  std::unique_ptr<store> db;
  auto result = open_leveldb(path, {}, db);
  BOOST_CHECK(result.code == errc::io_error);
  BOOST_CHECK(result.message.find(path) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_option_may_be_off) {
  temp_folder folder;
  leveldb_options options;
  options.compression = false;
  options.bloom_bits_per_key = 0;
  options.block_cache_bytes = 0;
  options.write_buffer_bytes = 64 * 1024;
  std::unique_ptr<store> db;
  BOOST_REQUIRE(open_leveldb(folder.path(), options, db).ok());
  for (int i = 0; i < 300; ++i)
    BOOST_REQUIRE(
      put(*db, std::to_string(1000 + i), std::string(1000, 'x')).ok());
  BOOST_CHECK_EQUAL(all(*db).size(), 300u);
}

BOOST_AUTO_TEST_CASE(a_sorted_log_is_not_read_again) {
  leveldb_fixture f;
  for (int i = 0; i < 1000; ++i)
    BOOST_REQUIRE(put(*f.db, std::to_string(i), std::string(1000, 'x')).ok());
  const auto before = all(*f.db);
  BOOST_TEST(log_bytes(f.folder.path()) > 1'000'000u);
  f.db->sort_log();
  BOOST_TEST(log_bytes(f.folder.path()) == 0u);
  f.db.reset();
  BOOST_REQUIRE(open_leveldb(f.folder.path(), {}, f.db).ok());
  BOOST_CHECK(all(*f.db) == before);
}

BOOST_AUTO_TEST_CASE(a_damaged_table_is_noticed) {
  leveldb_fixture f;
  for (int i = 0; i < 1000; ++i)
    BOOST_REQUIRE(put(*f.db, std::to_string(i), std::to_string(i * 7919)).ok());
  f.db->compact({}, {});
  f.db.reset();
  BOOST_REQUIRE_GT(damage_tables(f.folder.path()), 0u);
  auto result = open_leveldb(f.folder.path(), {}, f.db);
  size_t count = 0;
  if (result.ok())
    result = for_each(*f.db, {}, [&](std::string_view, std::string_view) {
      return ++count > 0;
    });
  BOOST_CHECK(result.code == errc::corruption);
  BOOST_CHECK(!result.message.empty());
}

BOOST_AUTO_TEST_SUITE_END()
