#pragma once

#include "definitions/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Keys, requests and certificates as texts in PEM: EC keys on P-256 and X.509.
namespace quaero {

/// Bytes of a node's name. Letters, digits, '-', '_' and '.', the first one a
/// letter or digit.
inline constexpr size_t node_name_bytes_max = 63;
bool is_node_name(std::string_view name);

/// A host's name or an IP address, as a certificate can hold it.
bool is_host_name(std::string_view name);

enum class certificate_use : uint8_t {
  authority, ///< Vouches for others, and nothing else.
  hub,       ///< The server's end of a connection, and nothing else.
  node,      ///< The client's end, and nothing else.
};

/// What is written into a certificate.
struct certificate_terms {
  certificate_use use = certificate_use::node;
  std::string subject;            ///< REQUIRES: is_node_name() of a node.
  std::vector<std::string> hosts; ///< Of a hub. REQUIRES: is_host_name().
  timestamp from{};
  timestamp until{};
};

/// What is read from a certificate.
struct certificate_facts {
  certificate_use use = certificate_use::node;
  std::string node;        ///< "" if it is no node's.
  std::string serial;      ///< Lower-case hexadecimal digits.
  std::string fingerprint; ///< SHA-256 of its DER form, 64 digits.
  std::vector<std::string> hosts;
  timestamp from{};
  timestamp until{};
};

/// A certificate with its key, in PEM.
struct identity {
  std::string certificate;
  std::string key;
};

/// @returns a new key; "" if the system has no randomness.
std::string make_key();

/// A request for a certificate for the key, which it is signed with.
/// @returns "" if `key` is none.
std::string make_request(const std::string& key, const std::string& subject);

/// SHA-256 of the public key that is asked for, 64 digits; "" if it is no
/// request, is not signed with its own key, or the key is not on P-256.
std::string requested_key(const std::string& request);

/// A certificate that vouches for itself. @returns "" if `key` is none.
std::string sign_authority(const std::string& key,
                           const certificate_terms& terms);

/// A certificate for the key of `request`; nothing else of it is taken over.
/// Its serial is random, of 127 bits.
/// @returns "" if something of it is not what it should be.
std::string sign_request(const identity& authority, const std::string& request,
                         const certificate_terms& terms);

/// @returns false, and leaves `out` alone, if it is no certificate or of no use
///          that is named above.
bool read_facts(const std::string& certificate, certificate_facts& out);

/// Whether the key is the certificate's.
bool belongs(const identity& x);

/// SHA-256, 64 hexadecimal digits.
std::string sha256_hex(std::string_view text);

} // namespace quaero
