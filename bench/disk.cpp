#include "bench/disk.hpp"

#include "bench/clock.hpp"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <unistd.h>

namespace quaero::bench {

namespace {

constexpr int syncs = 200;
constexpr size_t append_bytes = 4096;

} // namespace

histogram measure_syncs(const std::string& dir) {
  const auto path = dir + "/sync";
  const int fd
    = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    throw std::runtime_error{"cannot write " + path};
  const std::array<char, append_bytes> bytes{};
  histogram out;
  bool good = true;
  for (int i = 0; i < syncs && good; ++i) {
    const auto begin = clock::now();
    good = write(fd, bytes.data(), bytes.size())
             == static_cast<ssize_t>(bytes.size())
           && fdatasync(fd) == 0;
    out.add(clock::now() - begin);
  }
  close(fd);
  std::filesystem::remove(path);
  if (!good)
    throw std::runtime_error{"cannot sync " + path};
  return out;
}

} // namespace quaero::bench
