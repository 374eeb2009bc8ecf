#include "bench/heap.hpp"

#include <algorithm>
#include <malloc.h>
#include <memory>
#include <vector>

#ifdef QUAERO_TCMALLOC
#  include <gperftools/malloc_extension.h>
#  include <gperftools/tcmalloc.h>
#endif

namespace quaero::bench {

#ifdef QUAERO_TCMALLOC

double allocated_bytes() {
  size_t out = 0;
  MallocExtension::instance()->GetNumericProperty(
    "generic.current_allocated_bytes", &out);
  return static_cast<double>(out);
}

std::string allocator_name() {
  return std::string{"tcmalloc "} + tc_version(nullptr, nullptr, nullptr);
}

#else

double allocated_bytes() {
  malloc_trim(0);
  const auto heap = mallinfo2();
  return static_cast<double>(heap.uordblks + heap.hblkhd);
}

std::string allocator_name() {
  return "glibc";
}

#endif

void warm_memory(size_t bytes) {
  constexpr size_t piece = 1024 * 1024;
  constexpr size_t page = 4096;
  std::vector<std::unique_ptr<char[]>> pieces;
  for (size_t done = 0; done < bytes; done += piece) {
    pieces.emplace_back(new char[piece]);
    for (size_t at = 0; at < piece; at += page)
      pieces.back()[at] = 1;
  }
}

} // namespace quaero::bench
