#pragma once

#include "actors/nodes/certificates.hpp"
#include "definitions/time.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// All limits are > 0.
struct authority_config {
  std::string folder; ///< Made if it is missing; its parent must be there.
  /// Names and addresses by which nodes reach the hub; those of the machine
  /// itself (localhost, 127.0.0.1, ::1) are always among them.
  std::vector<std::string> hosts;
  const wall_clock* clock = &system_wall_clock();

  std::chrono::hours authority_validity{10 * 365 * 24};
  std::chrono::hours hub_validity{365 * 24};
  std::chrono::hours node_validity{90 * 24};
  /// Of the validity that is left: a node asks for a new certificate, and the
  /// hub makes itself one.
  std::chrono::hours renew_before{30 * 24};
  std::chrono::hours invitation_validity{24};
  /// How far clocks may differ: certificates count from so long ago.
  std::chrono::hours backdate{1};

  size_t nodes_max = 1000;       ///< With those that were revoked.
  size_t invitations_max = 1000; ///< That can still be used.
  size_t worker_types_max = 200; ///< Of one invitation.
  size_t hosts_max = 64;
};

/// What is known of a node.
struct known_node {
  std::string name;
  std::vector<std::string> workers; ///< Worker types that it was invited for.
  /// Of its newest certificate and the one before, which it may use until it
  /// has the newest.
  std::vector<std::string> serials;
  timestamp joined_at{};
  timestamp expires_at{}; ///< Of the newest.
  timestamp revoked_at{}; ///< Zero: it is not.
  bool draining = false;  ///< It shall get no more jobs.
};

/// Who may still join.
struct known_invitation {
  std::string node;
  std::vector<std::string> workers;
  timestamp expires_at{};
};

/// What a node gets for its request.
struct issued_certificate {
  std::string node;
  std::string certificate; ///< PEM.
  std::string authority;   ///< PEM of who vouches for it and for the hub.
  std::vector<std::string> workers;
  timestamp expires_at{};
};

/// The hub's own AUTHORITY: who is the hub, and who is a node. A certificate
/// counts only while the folder knows its serial, so what is revoked stops
/// counting with the answer, and what somebody else signed never counts.
///
/// The folder has the mode 0700 and its files 0600: `authority.key`,
/// `authority.pem`, `hub.key`, `hub.pem` and `nodes.json`. Each is replaced at
/// once and synced before an answer. A node's key is never here.
///
/// Bounds: the limits of its config; every change writes `nodes.json` again.
/// Errors: ec::storage_failed if a file cannot be written; nothing is changed.
/// Threads: any.
class authority {
public:
  /// Reads the folder; makes what is missing. What is there and cannot be used
  /// is refused and left alone.
  /// @returns null and a sentence in `why`.
  static std::unique_ptr<authority> open(authority_config config,
                                         std::string& why);

  /// 64 digits, for people and for pinning.
  const std::string& fingerprint() const { return fingerprint_; }
  /// In PEM.
  const std::string& certificate() const { return own_.certificate; }
  /// What the hub shows to nodes.
  identity hub() const;

  /// Makes the hub a new certificate if the one that it has ends in
  /// `renew_before`. Nodes take it like the former one.
  /// @returns "" or why it could not be stored; the former one then stays.
  std::string renew_hub();

  /// Makes an invitation, in place of an earlier one for that name. A node of
  /// that name goes on until somebody joins with it.
  /// Errors: ec::invalid_argument: the name, a type, or too many of them;
  /// ec::limit_reached: invitations_max, nodes_max.
  caf::expected<std::string> invite(const std::string& node,
                                    std::vector<std::string> workers);

  /// Lets a node join. Its former certificates stop counting. The invitation
  /// is used up, but for the same key: who did not get the answer may ask again
  /// until it expires.
  /// Errors: ec::not_found: there is no such invitation, it is over or used;
  /// ec::invalid_argument: the request.
  caf::expected<issued_certificate> redeem(std::string_view secret,
                                           const std::string& request);

  /// A new certificate for a node that has one that counts.
  /// Errors: ec::not_found: it does not count; ec::invalid_argument: the
  /// request.
  caf::expected<issued_certificate> renew(const std::string& node,
                                          const std::string& serial,
                                          const std::string& request);

  /// No certificate of the node counts any more, and no invitation.
  /// Errors: ec::not_found.
  caf::error revoke(const std::string& node);

  /// Forgets a node and its invitation; its certificates do not count.
  /// Errors: ec::not_found.
  caf::error remove(const std::string& node);

  /// Whether the node shall get jobs, as it is remembered over starts. Joining
  /// again changes nothing of it.
  /// Errors: ec::not_found.
  caf::error set_draining(const std::string& node, bool on);

  /// "" if that certificate of the node counts now, or why not. Its signature
  /// and its dates are the business of who asks.
  std::string check(const std::string& node, const std::string& serial) const;

  /// By name.
  std::vector<known_node> nodes() const;

  /// Invitations that can still be used, by name.
  std::vector<known_invitation> invited() const;

  /// So many they are.
  size_t invitations() const { return invited().size(); }

private:
  struct open_invitation {
    std::string node;
    std::string hash; ///< SHA-256 of the secret.
    std::vector<std::string> workers;
    timestamp expires_at{};
    std::string used_by; ///< The key that joined with it; "" is nobody.
  };
  struct contents {
    std::vector<known_node> nodes; ///< By name.
    std::vector<open_invitation> invitations;
  };

  explicit authority(authority_config config) : config_{std::move(config)} {}

  std::string load();
  std::string load_own();
  std::vector<std::string> hub_hosts() const;
  std::string load_hub();
  std::string load_contents();
  std::string make_own();
  std::string make_hub(const std::vector<std::string>& hosts);
  bool is_usable(const identity& hub,
                 const std::vector<std::string>& hosts) const;
  std::string path(const char* file) const;
  caf::error store(contents next);
  caf::expected<issued_certificate> issue(contents next, known_node& node,
                                          const std::string& request);
  void forget_old(contents& all) const;

  static std::string write(const contents& x);
  static std::string read(const std::string& text, contents& out);

  authority_config config_;
  identity own_;
  std::string fingerprint_;
  mutable std::mutex guard_;
  identity hub_; ///< Guarded.
  contents all_; ///< Guarded.
};

} // namespace quaero
