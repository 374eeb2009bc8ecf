#include "bench/conditions.hpp"

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

} // namespace

value conditions(const std::string& dir) {
  utsname system{};
  uname(&system);
  std::array<double, 1> load{};
  getloadavg(load.data(), 1);
  return value::make_object(
    {{"cpu", cpu_name()},
     {"cores", static_cast<int64_t>(std::thread::hardware_concurrency())},
     {"kernel", std::string{system.release}},
     {"file_system", file_system(dir)},
     {"load_before", load[0]},
     {"compiler", QUAERO_COMPILER},
     {"build", QUAERO_BUILD_TYPE},
     {"version", QUAERO_VERSION},
     {"caf", "0.17.6"},
     {"store", "leveldb, write buffer 32 MiB, snappy"}});
}

} // namespace quaero::bench
