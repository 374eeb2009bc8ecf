#pragma once

#include "actors/view_messages.hpp"
#include "storage/store.hpp"

namespace quaero {

/// How much of a stream is read at a time.
struct stream_page_limits {
  size_t bytes_max = 1024 * 1024; ///< Of messages in a page; one line always.
  size_t tail_scan_max = 100'000; ///< > 0; entries that a tail looks at.
};

/// Reads a part of a stream with the lines that it refers to. Lines that were
/// removed with their job are left out.
storage::status read_stream_page(const storage::store& db,
                                 const stream_query& query,
                                 const stream_page_limits& limits,
                                 stream_page& out);

} // namespace quaero
