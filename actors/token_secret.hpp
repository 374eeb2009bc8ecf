#pragma once

#include "definitions/api_access.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace quaero {

/// Fills so many bytes with randomness that nobody can guess.
/// @returns false if there is none.
using random_source = std::function<bool(uint8_t* out, size_t bytes)>;

/// The system's generator for secrets.
bool system_random(uint8_t* out, size_t bytes);

/// Makes a token: the prefix and 43 letters and digits, 256 bits of `random`.
/// @returns "" if `random` has none.
std::string make_secret(const random_source& random);

/// Whether `text` has the form of a token.
bool is_secret(std::string_view text);

/// SHA-256. A slow hash with a salt protects words that people choose; nobody
/// can try 2^256 texts, so a quick one keeps a token as safe, at the price that
/// a check at each request may have.
digest hash_secret(std::string_view text);

/// Compares in a time that does not depend on where the two differ.
bool same_secret(std::string_view a, std::string_view b);
bool same_secret(const digest& a, const digest& b);

/// `text` with everything that looks like a token replaced.
std::string without_secrets(std::string_view text);

} // namespace quaero
