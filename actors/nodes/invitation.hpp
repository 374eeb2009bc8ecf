#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quaero {

/// Bytes of the text of an invitation.
inline constexpr size_t invitation_bytes_max = 256;

/// What a node is given to join with. Who holds the text can become the node
/// once, so it is a secret until then.
struct invitation {
  std::string node;      ///< Its name.
  std::string authority; ///< 32 bytes: SHA-256 of the hub's authority.
  std::string secret;    ///< 32 bytes that nobody can guess.

  bool operator==(const invitation&) const = default;
};

/// "qn1." and letters, digits, '-' and '_'.
std::string to_string(const invitation& x);

/// Nothing if the text is no invitation.
std::optional<invitation> read_invitation(std::string_view text);

} // namespace quaero
