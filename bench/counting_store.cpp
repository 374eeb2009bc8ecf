#include "bench/counting_store.hpp"

#include "bench/clock.hpp"

#include <unistd.h>
#include <utility>

namespace quaero::bench {

store_counts& store_counts::operator+=(const store_counts& x) {
  commits += x.commits;
  synced += x.synced;
  operations += x.operations;
  bytes += x.bytes;
  write_s += x.write_s;
  return *this;
}

counting_store::counting_store(std::shared_ptr<storage::store> inner,
                               size_t bytes_max)
  : inner_{std::move(inner)}, bytes_max_{bytes_max} {
  recorded_.whole = bytes_max > 0;
}

void counting_store::begin() {
  const std::lock_guard lock{mutex_};
  counts_ = {};
  recorded_.measured = recorded_.commits.size();
}

store_counts counting_store::end() {
  const std::lock_guard lock{mutex_};
  ended_ = true;
  return counts_;
}

recording counting_store::take_recording() {
  const std::lock_guard lock{mutex_};
  return std::move(recorded_);
}

clock::time_point counting_store::last_write() const {
  const std::lock_guard lock{mutex_};
  return last_write_;
}

storage::status counting_store::write(const storage::write_batch& batch,
                                      bool sync) {
  const auto begin = clock::now();
  auto out = inner_->write(batch, sync);
  const auto end = clock::now();
  const std::lock_guard lock{mutex_};
  last_write_ = end;
  if (ended_)
    return out;
  counts_ += {1, sync ? 1u : 0u, batch.count(), batch.bytes(),
              std::chrono::duration<double>(end - begin).count()};
  if (recorded_.whole)
    record(batch, sync);
  return out;
}

void counting_store::record(const storage::write_batch& batch, bool sync) {
  recorded_bytes_ += batch.bytes();
  if (recorded_bytes_ > bytes_max_)
    recorded_ = {{}, 0, false};
  else
    recorded_.commits.push_back({batch, sync});
}

storage::status counting_store::read(std::string_view key,
                                     std::string& val) const {
  return inner_->read(key, val);
}

std::unique_ptr<storage::cursor> counting_store::scan() const {
  return inner_->scan();
}

void counting_store::compact(std::string_view from, std::string_view to) {
  inner_->compact(from, to);
}

size_t recording_bytes_max() {
  constexpr long share = 3;
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES) / share)
         * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

} // namespace quaero::bench
