#pragma once

#include "actors/nodes/authority.hpp"
#include "actors/nodes/invitation.hpp"
#include "actors/nodes/tunnel_limits.hpp"

#include <caf/expected.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// How a node gets its certificate: one request, one answer, each a length of
/// four bytes (the highest first) and a JSON text, through TLS. With an
/// invitation for the first certificate, with a certificate for the next.
namespace quaero {

struct hub_place {
  std::string host; ///< A name or an address that the hub's certificate has.
  uint16_t port = 0;
};

/// The node's side, for the first certificate. `key` is the node's, in PEM, and
/// does not leave it. Blocks, at most for `limits.handshake_timeout`.
/// Errors: ec::invalid_argument: the key; ec::conflict: it is not the hub of
/// the invitation, or has another name; ec::not_found: the hub refuses, with
/// its sentence; ec::limit_reached: there is no
/// connection, or no answer in time.
caf::expected<issued_certificate> join_hub(const hub_place& hub,
                                           const invitation& with,
                                           const std::string& key,
                                           const tunnel_limits& limits = {});

/// The node's side, for the next certificate, for the same or another key.
/// `now` and `authority` (PEM) are what the node has.
/// Blocks and fails as join_hub().
caf::expected<issued_certificate>
renew_certificate(const hub_place& hub, const identity& now,
                  const std::string& authority, const std::string& key,
                  const tunnel_limits& limits = {});

struct enrolment_answer {
  std::string text;
  /// The node that has joined: its former certificates do not count any more.
  /// "" if it was another request, or is refused.
  std::string joined;
};

/// The hub's side: answers the text of a request. `shown` is the certificate
/// that the node has shown, or null.
enrolment_answer answer_enrolment(authority& by, std::string_view request,
                                  const certificate_facts* shown);

/// Four bytes, and back.
std::array<char, 4> write_length(size_t bytes);
size_t read_length(const std::array<char, 4>& from);

} // namespace quaero
