#pragma once

#include "definitions/time.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Answers that are kept, so that a request which comes again is not carried
/// out again. An index by time tells which of them are old.
namespace quaero::storage {

struct kept_answer {
  std::string key;         ///< What the client calls its request.
  std::string fingerprint; ///< Of the request; the same for the same request.
  uint16_t status = 200;
  std::string body;
  timestamp at{};
  bool operator==(const kept_answer&) const = default;
};

void put_answer(write_batch& out, const kept_answer& x);
status read_answer(const store& db, std::string_view key, kept_answer& out);

/// Where an answer is found, and when it was given.
struct answer_age {
  std::string key;
  timestamp at{};
};

/// The oldest answers from before `before`, at most `limit`. Reads these only.
status read_old_answers(const store& db, timestamp before, size_t limit,
                        std::vector<answer_age>& out);
void remove_answer(write_batch& out, const answer_age& x);

} // namespace quaero::storage
