#pragma once

#include "definitions/job_definition.hpp"
#include "definitions/job_template.hpp"
#include "definitions/key_pair.hpp"
#include "definitions/search_query.hpp"
#include "storage/tables.hpp"

#include <optional>
#include <string>
#include <vector>

/// What is said about definitions, documents, keys and credentials that users
/// change.
namespace quaero {

// -- definitions --------------------------------------------------------------

/// A definition to be stored.
struct definition_change {
  job_definition definition;
  /// The If-Match field of who changes it; "" is none.
  std::string if_match;
  bool must_exist = false; ///< Else ec::not_found.
  bool forced = false;     ///< Also in the place of one of the system.
  /// Comes from a file: what is there with the same content stays as it is,
  /// and `updated` says that it was another one.
  bool from_file = false;
};

struct definition_stored {
  job_definition definition; ///< As it is now.
  bool is_new = false;
  bool written = true; ///< Else it was there already.
};

struct definition_removal {
  std::string id;
  std::string if_match; ///< "" is none.
};

/// What a reload of the definitions' folder did.
struct load_report {
  uint64_t files = 0;
  uint64_t loaded = 0;             ///< Valid ones, stored or there already.
  uint64_t changed = 0;            ///< Those of them that were stored.
  std::vector<std::string> errors; ///< "FILE:12: field: rule", all of them.
};

/// Templates, and files that are none.
struct template_list {
  std::vector<job_template> templates;
  std::vector<std::string> errors;
};

// -- documents ----------------------------------------------------------------

struct document_saved {
  std::string id;
  bool is_new = false;
};

struct document_statistics {
  storage::document_counts counts;
  uint64_t total = 0;
  uint64_t content_bytes = 0; ///< Of the documents looked at.
  uint64_t looked_at = 0;     ///< The newest ones.
};

struct search_request {
  search_query wanted;
  size_t limit = 50;
  size_t offset = 0;
};

struct search_page {
  std::vector<document> documents; ///< The last updated first.
  bool complete = true; ///< All documents were looked at, or the page is full.
  uint64_t looked_at = 0;
};

// -- keys and credentials -----------------------------------------------------

/// What shall be of a pair; what is absent stays as it was.
struct pair_change {
  std::string key;
  std::optional<std::string> text;
  std::optional<std::string> description;
  std::optional<bool> secret;
  bool must_be_new = false; ///< Else ec::conflict.
};

struct pair_stored {
  key_pair pair; ///< As it is now.
  bool is_new = false;
};

} // namespace quaero
