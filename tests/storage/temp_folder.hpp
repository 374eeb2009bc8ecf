#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace quaero::storage::test {

/// An empty folder that goes away with its object.
class temp_folder {
public:
  temp_folder() {
    auto name
      = (std::filesystem::temp_directory_path() / "quaero_storage_XXXXXX")
          .string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  temp_folder(const temp_folder&) = delete;
  temp_folder& operator=(const temp_folder&) = delete;
  ~temp_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

private:
  std::string path_;
};

} // namespace quaero::storage::test
