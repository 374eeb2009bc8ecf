#include "actors/token_secret.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

namespace quaero {

namespace {

constexpr std::string_view letters
  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 > 2^256.
constexpr size_t secret_letters = 43;

bool is_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
         || (c >= 'a' && c <= 'z');
}

} // namespace

bool system_random(uint8_t* out, size_t bytes) {
  constexpr size_t bytes_max = 256; // that the call gives at a time
  while (bytes > 0) {
    const auto n = std::min(bytes, bytes_max);
    if (::getentropy(out, n) != 0)
      return false;
    out += n;
    bytes -= n;
  }
  return true;
}

std::string make_secret(const random_source& random) {
  std::string out{token_prefix};
  const auto size = out.size() + secret_letters;
  std::array<uint8_t, 64> bytes{};
  while (out.size() < size) {
    if (!random(bytes.data(), bytes.size()))
      return {};
    for (auto byte : bytes) {
      // Of six bits: a remainder would make some letters likelier.
      const size_t i = byte >> 2;
      if (i < letters.size() && out.size() < size)
        out += letters[i];
    }
  }
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return out;
}

bool is_secret(std::string_view text) {
  return text.size() == token_prefix.size() + secret_letters
         && text.starts_with(token_prefix)
         && std::all_of(text.begin() + token_prefix.size(), text.end(),
                        is_letter);
}

digest hash_secret(std::string_view text) {
  // Looking the algorithm up costs more than the hash.
  static const EVP_MD* const algorithm
    = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  digest out{};
  if (EVP_Digest(text.data(), text.size(), out.data(), nullptr, algorithm,
                 nullptr)
      != 1)
    std::abort(); // No memory; a wrong hash could be somebody else's.
  return out;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size()
         && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool same_secret(const digest& a, const digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string without_secrets(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto at = std::min(text.find(token_prefix), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty())
      break;
    out += token_prefix;
    text.remove_prefix(token_prefix.size());
    const auto end = static_cast<size_t>(
      std::find_if_not(text.begin(), text.end(), is_letter) - text.begin());
    if (end > 0)
      out += "[hidden]";
    text.remove_prefix(end);
  }
  return out;
}

} // namespace quaero
