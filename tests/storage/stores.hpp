#pragma once

#include "storage/fault_store.hpp"
#include "storage/leveldb_store.hpp"
#include "storage/memory_store.hpp"
#include "tests/storage/temp_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace quaero::storage::test {

/// Each kind of store, ready to use.
struct memory_fixture {
  std::unique_ptr<store> db = std::make_unique<memory_store>();
};

struct leveldb_fixture {
  temp_folder folder;
  std::unique_ptr<store> db;

  leveldb_fixture() { open(); }

  void open() {
    auto result = open_leveldb(folder.path(), leveldb_options{}, db);
    BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
  }
};

struct fault_fixture {
  std::unique_ptr<store> db
    = std::make_unique<fault_store>(std::make_unique<memory_store>());
};

using pairs = std::vector<std::pair<std::string, std::string>>;

inline status put(store& db, std::string_view key, std::string_view val,
                  bool sync = false) {
  write_batch batch;
  batch.put(key, val);
  return db.write(batch, sync);
}

/// The value, or "(none)".
inline std::string get(const store& db, std::string_view key) {
  std::string val;
  auto result = db.read(key, val);
  if (result.code == errc::not_found)
    return "(none)";
  BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
  return val;
}

inline pairs all(const store& db, std::string_view prefix = {}) {
  pairs result;
  auto st
    = for_each(db, prefix, [&](std::string_view key, std::string_view val) {
        result.emplace_back(key, val);
        return true;
      });
  BOOST_REQUIRE(st.ok());
  return result;
}

} // namespace quaero::storage::test
