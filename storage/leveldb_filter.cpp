#include "storage/leveldb_filter.hpp"

#include "storage/keys.hpp"

#include <leveldb/slice.h>

#include <string>
#include <vector>

namespace quaero::storage {

namespace {

/// Whether LevelDB is asked for this key, and not for what follows it.
bool is_looked_up(const leveldb::Slice& key) {
  if (key.empty())
    return true;
  const std::string_view x{key.data(), key.size()};
  switch (static_cast<table>(x.front())) {
    case table::jobs:
      return part_of(x) != job_part::event;
    case table::queue:
    case table::job_postings:
    case table::daemon_stream:
    case table::children:
    case table::document_index:
      return false;
    default:
      return true;
  }
}

class key_filter final : public leveldb::FilterPolicy {
public:
  explicit key_filter(int bits_per_key)
    : bloom_{leveldb::NewBloomFilterPolicy(bits_per_key)} {}

  const char* Name() const override { return "quaero.KeyFilter1"; }

  void CreateFilter(const leveldb::Slice* keys, int n,
                    std::string* dst) const override {
    std::vector<leveldb::Slice> chosen;
    chosen.reserve(static_cast<size_t>(n));
    for (int i = 0; i < n; ++i)
      if (is_looked_up(keys[i]))
        chosen.push_back(keys[i]);
    if (chosen.empty())
      dst->push_back('\0'); // LevelDB takes "" for no keys of any table.
    else
      bloom_->CreateFilter(chosen.data(), static_cast<int>(chosen.size()), dst);
  }

  bool KeyMayMatch(const leveldb::Slice& key,
                   const leveldb::Slice& filter) const override {
    return !is_looked_up(key) || bloom_->KeyMayMatch(key, filter);
  }

private:
  std::unique_ptr<const leveldb::FilterPolicy> bloom_;
};

} // namespace

std::unique_ptr<const leveldb::FilterPolicy> make_key_filter(int bits_per_key) {
  return std::make_unique<key_filter>(bits_per_key);
}

} // namespace quaero::storage
