#pragma once

#include "actors/actors.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What people do with nodes, the other machines that work for this one. None
/// of these messages ever leaves the process.
namespace quaero {

/// A node that somebody wants.
struct node_wish {
  std::string node;
  std::vector<std::string> workers; ///< Worker types that it may run.
};

/// What a machine joins with. The one time that the token is seen.
struct node_invitation {
  std::string node;
  std::vector<std::string> workers;
  std::string token;
  std::string hub; ///< "host:port"
  timestamp expires_at{};
};

/// A node as people see it.
struct node_row {
  struct worker {
    std::string type;
    uint64_t slots = 0;
    uint64_t running = 0;
  };

  std::string name;
  /// "invited": nobody has joined yet; "away": not connected; "refused": its
  /// last hello was; "ready"; "draining": gets no more jobs.
  std::string state;
  std::string reason; ///< Of "refused".
  bool connected = false;
  std::string address; ///< Of its connection; "" if there is none.
  std::string version; ///< "" if it never was connected to this daemon.
  timestamp connected_at{};
  timestamp joined_at{};
  timestamp expires_at{}; ///< Of its certificate, or invitation.
  uint64_t finished = 0;  ///< Attempts that ended there since it is connected.
  std::vector<std::string> labels;
  std::vector<worker> workers; ///< Without numbers if it is not connected.
};

/// The NODE ADMIN: who is a node, and what becomes of one.
using node_admin_actor = status_actor::extend<
  // Makes an invitation, in place of an earlier one for that name.
  // ec::invalid_argument, ec::limit_reached.
  caf::replies_to<atom::create, node_wish>::with<node_invitation>,
  // By name.
  caf::replies_to<atom::list>::with<std::vector<node_row>>,
  // From now on, and after a restart: no more jobs for the node, or again.
  // ec::not_found.
  caf::replies_to<atom::drain, std::string, bool>::with<node_row>,
  // No certificate of the node counts any more, its connection is cut, and its
  // jobs go to others. ec::not_found.
  caf::reacts_to<atom::remove, std::string>>;

} // namespace quaero

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::node_wish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::node_invitation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::node_row)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::node_row>)
