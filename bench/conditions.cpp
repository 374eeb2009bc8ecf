#include "bench/conditions.hpp"

#include "bench/heap.hpp"
#include "programs/daemon/built.hpp"

#include <caf/config.hpp>

#include <sys/utsname.h>
#include <sys/vfs.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace quaero::bench {

namespace {

std::string cpu_name() {
  std::ifstream in{"/proc/cpuinfo"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(": ") + 2);
  return "unknown";
}

std::string file_system(const std::string& dir) {
  struct statfs x {};
  if (statfs(dir.c_str(), &x) != 0)
    return "unknown";
  switch (static_cast<uint32_t>(x.f_type)) {
    case 0xEF53:
      return "ext4";
    case 0x01021994:
      return "tmpfs";
    case 0x9123683E:
      return "btrfs";
    case 0x58465342:
      return "xfs";
    case 0x794c7630:
      return "overlayfs";
    default: {
      std::array<char, 16> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "0x%x",
                    static_cast<unsigned>(x.f_type));
      return buffer.data();
    }
  }
}

value store_of(const storage::leveldb_options& x) {
  return value::make_object(
    {{"write_buffer_mib", x.write_buffer_bytes >> 20},
     {"block_cache_mib", x.block_cache_bytes >> 20},
     {"bloom_bits", x.bloom_bits_per_key},
     {"open_files", x.max_open_files},
     {"compression", x.compression ? "snappy" : "none"}});
}

std::string caf_version() {
  return std::to_string(CAF_MAJOR_VERSION) + '.'
         + std::to_string(CAF_MINOR_VERSION) + '.'
         + std::to_string(CAF_PATCH_VERSION);
}

} // namespace

value conditions(const std::string& dir) {
  utsname system{};
  uname(&system);
  std::array<double, 1> load{};
  getloadavg(load.data(), 1);
  return value::make_object(
    {{"at", to_rfc3339(system_wall_clock().now())},
     {"cpu", cpu_name()},
     {"cores", static_cast<int64_t>(std::thread::hardware_concurrency())},
     {"kernel", std::string{system.release}},
     {"file_system", file_system(dir)},
     {"load_before", load[0]},
     {"compiler", QUAERO_COMPILER},
     {"flags", QUAERO_FLAGS},
     {"build", QUAERO_BUILD_TYPE},
     {"version", built().version},
     {"commit", built().git_commit},
     {"allocator", allocator_name()},
     {"caf", caf_version()},
     {"leveldb", QUAERO_LEVELDB_VERSION},
     {"store", store_of({})}});
}

value conditions(const bench_options& how) {
  auto out = conditions(how.dir);
  out.set("durability", to_string(how.level));
  if (!how.server.empty()) {
    out.set("store", nullptr); // the daemon's own, as are its threads
    return out;
  }
  out.set("store", store_of(how.store));
  out.set("threads", how.threads);
  out.set("policy", how.policy);
  out.set("block_jobs", how.block_jobs);
  out.set("commits_in_flight", how.commits_in_flight);
  out.set("commit_kib", how.commit_kib);
  return out;
}

} // namespace quaero::bench
