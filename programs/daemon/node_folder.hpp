#pragma once

#include "actors/nodes/certificates.hpp"
#include "definitions/time.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// What a node remembers over its starts.
struct node_record {
  std::string node;      ///< Its name.
  std::string hub;       ///< "host:port"
  identity own;          ///< Without a certificate: it has not joined yet.
  std::string authority; ///< PEM: who vouches for the hub.
  std::vector<std::string> workers; ///< Types that it was invited for.
  timestamp expires_at{};           ///< Of its certificate.
  std::string invitation;           ///< SHA-256 of what it has joined with.
  std::vector<std::string> labels;
  std::map<std::string, uint64_t> slots; ///< By worker type.

  bool has_joined() const { return !own.certificate.empty(); }
};

/// The folder of a node's daemon, `node` in the data directory: mode 0700, with
/// `node.json` (0600), replaced at once and synced. One daemon at a time.
/// Threads: one.
class node_folder {
public:
  ~node_folder();
  node_folder(const node_folder&) = delete;
  node_folder& operator=(const node_folder&) = delete;

  /// Makes what is missing, locks it, reads the record.
  /// @returns null and a sentence in `why`.
  static std::unique_ptr<node_folder> open(const std::string& data_dir,
                                           std::string& why);

  const std::string& path() const { return path_; }

  const node_record& record() const { return record_; }

  /// @returns "" or why it could not be written; the former one then stays.
  std::string store(node_record next);

private:
  node_folder() = default;
  std::string load();

  std::string path_;
  int lock_ = -1;
  node_record record_;
};

} // namespace quaero
