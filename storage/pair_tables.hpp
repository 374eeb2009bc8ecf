#pragma once

#include "definitions/key_pair.hpp"
#include "storage/store.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Key/value pairs and credentials; see tables.hpp.
namespace quaero::storage {

/// Trimmed, ASCII in lower case: how keys are kept and compared.
std::string pair_key(std::string_view key);

void put_pair(write_batch& out, const key_pair& x);
void remove_pair(write_batch& out, std::string_view key);
status read_pair(const store& db, std::string_view key, key_pair& out);

/// All pairs, by key.
status read_pairs(const store& db, std::vector<key_pair>& out);

void put_credential(write_batch& out, const credential& x);
void remove_credential(write_batch& out, const credential& x);

/// All credentials, by site.
status read_credentials(const store& db, std::vector<credential>& out);

} // namespace quaero::storage
