#pragma once

#include "actors/nodes/certificates.hpp"

#include <boost/asio/ssl/context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// What hub and node demand of each other in TLS 1.2 and later. Sessions are
/// never resumed, so every connection shows its certificate.
namespace quaero {

/// What a connection is for, as its TLS handshake says (ALPN).
inline constexpr std::string_view node_protocol = "quaero-node/1";
inline constexpr std::string_view enrol_protocol = "quaero-enrol/1";

using tls_context_ptr = std::shared_ptr<boost::asio::ssl::context>;

/// "" if that certificate counts, or why not: the node's name, the serial.
using node_check
  = std::function<std::string(const std::string&, const std::string&)>;

/// For the hub: shows `hub` and asks for a node's certificate, signed by
/// `authority` (PEM), good for a node only, and fine by `check`. Who enrols may
/// have none. Who wants neither of the two protocols is refused.
/// @returns null if a certificate or key is none.
tls_context_ptr make_hub_context(const identity& hub,
                                 const std::string& authority,
                                 node_check check);

/// For a node: shows `node`, and trusts what `authority` (PEM) signed.
/// @returns null if a certificate or key is none.
tls_context_ptr make_node_context(const identity& node,
                                  const std::string& authority);

/// For who has no certificate yet: trusts what is signed by the authority with
/// that SHA-256, 64 digits, if the hub shows it.
tls_context_ptr make_joining_context(const std::string& fingerprint);

/// Before the handshake of a client: whom it wants to reach, and what for. Only
/// a hub's certificate for that name or address will do.
/// @returns false if `host` is no name and no address.
bool expect_hub(SSL* tls, const std::string& host, std::string_view protocol);

/// After a handshake: what both agreed on; "" is nothing.
std::string_view protocol_of(SSL* tls);

/// After a handshake: the certificate that the peer showed and that was found
/// good. @returns false if there is none.
bool peer_facts(SSL* tls, certificate_facts& out);

/// Why a handshake failed, for people: what was wrong with the certificate, if
/// it was that.
std::string handshake_failure(SSL* tls, const std::string& message);

} // namespace quaero
