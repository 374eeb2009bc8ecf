#pragma once

#include "definitions/document.hpp"
#include "storage/job_index.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What only those need to know of derived keys who check or mend them.
namespace quaero::storage {

/// Those of a job.
facet_keys facet_keys_of(const job_facets& job, const run_facets& run);

bool decode_job_counts(std::string_view val, state_counts& out);

/// Under which the index counts dead letters; they have no ids there.
std::string dead_letter_facet(failure_reason why);

/// A block of ids of the index.
struct posting {
  std::string_view facet; ///< One of facet_keys; good as long as the key.
  job_status kind = job_status::pending;
  uint64_t head = 0;
};

/// @returns false if that is no key of a block.
bool parse_posting(std::string_view key, posting& out);

/// All keys of the index of documents that a document has, sorted.
std::vector<std::string> document_index_keys(const document& x);

/// The key that leads from its source to the document.
std::string document_source_key(const document& x);

/// The id at the end of a key of the index of documents, "" if it is none.
std::string document_of_index_key(std::string_view key);

/// Whether an entry of the table of jobs, or one of format 1, can be read.
/// @returns corruption if it cannot.
status check_job_entry(std::string_view key, std::string_view val);

/// Whether an entry of the index job -> line leads to a line of that job.
/// @returns corruption if it does not.
status check_line_place(const store& db, std::string_view key,
                        std::string_view val);

} // namespace quaero::storage
