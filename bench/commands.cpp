#include "bench/commands.hpp"

#include "bench/table.hpp"
#include "definitions/json.hpp"

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace quaero::bench {

std::string make_folder(const std::string& wanted) {
  auto out = wanted;
  if (out.empty())
    out = std::filesystem::temp_directory_path()
          / ("quaero-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(out);
  return out;
}

void drop_folder(const std::string& made) {
  std::error_code ignored;
  std::filesystem::remove(made, ignored);
}

void print(const value& x, bool as_line) {
  if (as_line)
    std::printf("%s\n", to_json(x).c_str());
  else
    print_measurement(x);
  // Whoever reads a pipe wants each measurement when it is done.
  std::fflush(stdout);
}

} // namespace quaero::bench
