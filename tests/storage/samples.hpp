#pragma once

#include "definitions/schedule.hpp"
#include "storage/pair_tables.hpp"
#include "storage/tables.hpp"
#include "tests/storage/stores.hpp"

/// Records to store, with a field of every kind or with none.
namespace quaero::storage::test {

/// An id with `ms` in its head and `n` in its tail; sorts by both.
job_id make_id(uint64_t n, uint64_t ms = 1768874404118);

/// `n` nanoseconds behind the moment of make_id().
timestamp at(int64_t n);

queue_job full_job();
job_event full_event();
queue_entry full_entry();
log_entry full_entry_of_log();
document full_document();
job_definition full_definition();
key_pair full_pair();
credential full_credential();
schedule_record full_schedule();

/// Writes one batch.
template <class F>
void write(store& db, F&& f) {
  write_batch batch;
  f(batch);
  auto result = db.write(batch, false);
  BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
}

inline void require_ok(const status& x) {
  BOOST_REQUIRE_MESSAGE(x.ok(), x.message);
}

} // namespace quaero::storage::test
