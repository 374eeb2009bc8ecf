#pragma once

#include <cstddef>
#include <string>

namespace quaero::bench {

/// Bytes that this process has allocated and not freed.
double allocated_bytes();

/// Which allocator it has: "tcmalloc VERSION", or "glibc".
std::string allocator_name();

/// Touches so many bytes, and frees them: what is measured next finds memory
/// that the process has already, as in a daemon that has run for a while, and
/// so does the database alone behind it. Without tcmalloc they go back to the
/// system, and it is no use.
void warm_memory(size_t bytes);

} // namespace quaero::bench
