#pragma once

#include "definitions/time.hpp"

#include <string>

namespace quaero {

/// A key and the text that its `{key}` placeholder stands for.
struct key_pair {
  std::string key; ///< Trimmed, ASCII in lower case.
  std::string text;
  std::string description;
  bool secret = false; ///< Never given back.
  /// Of a secret: see key_text. Never leaves the process.
  std::string seal;
  timestamp created_at{};
  timestamp updated_at{};

  bool operator==(const key_pair&) const = default;
};

/// Who somebody is at a web site: captured in a browser.
struct credential {
  std::string id; ///< "cred_" + UUID.
  std::string name;
  std::string site_domain; ///< Lower case; one credential each.
  std::string service_type;
  std::string base_url;
  std::string user_agent;
  std::string cookies = "[]"; ///< JSON array; never given back.
  std::string tokens = "{}";  ///< JSON object; never given back.
  timestamp created_at{};
  timestamp updated_at{};

  bool operator==(const credential&) const = default;
};

} // namespace quaero
