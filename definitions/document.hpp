#pragma once

#include "definitions/time.hpp"
#include "definitions/value.hpp"

#include <string>
#include <vector>

namespace quaero {

/// Something that was collected or written. (source_type, source_id) is its
/// natural key: saving it again updates the one that is there.
struct document {
  std::string id; ///< "doc_" + UUID; "" lets the document store decide.
  std::string source_type; ///< Not empty.
  std::string source_id;   ///< Not empty.
  std::string title;
  std::string content_markdown;
  std::string detail_level = "full"; ///< "full" or "metadata".
  std::string metadata = "{}";       ///< JSON object.
  std::string url;
  std::vector<std::string> tags;
  std::vector<std::string> jobs; ///< Runs that made or met it.
  std::string content_hash;
  timestamp created_at{}; ///< Set by the document store.
  timestamp updated_at{}; ///< Set by the document store.

  bool operator==(const document&) const = default;
};

} // namespace quaero
