#include "actors/nodes/authority.hpp"

#include "actors/nodes/invitation.hpp"
#include "actors/nodes/safe_files.hpp"
#include "definitions/error.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

namespace quaero {

namespace {

constexpr size_t serials_max = 2;
constexpr size_t worker_type_bytes_max = 200;

std::string random_bytes(size_t n) {
  std::string out(n, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()),
                 static_cast<int>(n))
      != 1)
    return {};
  return out;
}

std::string from_hex(std::string_view text) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1]));
  return out;
}

/// In a time that does not depend on where they differ.
bool same(const std::string& a, const std::string& b) {
  return a.size() == b.size()
         && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

template <class List>
auto find_named(List& list, const std::string& name) {
  return std::find_if(list.begin(), list.end(),
                      [&](const auto& x) { return x.name == name; });
}

std::string judge(const std::vector<known_node>& nodes, const std::string& node,
                  const std::string& serial) {
  auto found = find_named(nodes, node);
  if (found == nodes.end())
    return "no node " + node + " is known";
  if (found->revoked_at != timestamp{})
    return "the node was revoked";
  if (std::find(found->serials.begin(), found->serials.end(), serial)
      == found->serials.end())
    return "the certificate was replaced by another one";
  return {};
}

caf::error not_there(const std::string& node) {
  return make_error(ec::not_found, "there is no node " + node);
}

} // namespace

// -- the folder ---------------------------------------------------------------

std::unique_ptr<authority> authority::open(authority_config config,
                                           std::string& why) {
  std::unique_ptr<authority> out{new authority{std::move(config)}};
  why = out->load();
  return why.empty() ? std::move(out) : nullptr;
}

std::string authority::path(const char* file) const {
  return config_.folder + "/" + file;
}

std::string authority::load() {
  if (config_.hosts.size() > config_.hosts_max)
    return "the hub has more than " + std::to_string(config_.hosts_max)
           + " names";
  for (const auto& host : config_.hosts)
    if (!is_host_name(host))
      return "'" + host + "' is no name of a host and no IP address";
  if (auto why = make_private_folder(config_.folder); !why.empty())
    return why;
  if (auto why = load_own(); !why.empty())
    return why;
  if (auto why = load_hub(); !why.empty())
    return why;
  return load_contents();
}

std::string authority::load_own() {
  if (auto why = read_private(path("authority.key"), own_.key); !why.empty())
    return why;
  if (auto why = read_private(path("authority.pem"), own_.certificate);
      !why.empty())
    return why;
  // The key is written first, so a certificate without one was there before.
  if (own_.certificate.empty())
    if (auto why = make_own(); !why.empty())
      return why;
  certificate_facts facts;
  if (!read_facts(own_.certificate, facts)
      || facts.use != certificate_use::authority || !belongs(own_))
    return path("authority.pem")
           + " is not what it should be, or authority.key is not its key; with "
             "another one all nodes have to join again";
  if (facts.until <= config_.clock->now())
    return path("authority.pem") + " has expired";
  fingerprint_ = facts.fingerprint;
  return {};
}

std::string authority::make_own() {
  const auto now = config_.clock->now();
  own_.key = make_key();
  own_.certificate
    = sign_authority(own_.key, {certificate_use::authority,
                                "Quaero hub",
                                {},
                                now - config_.backdate,
                                now + config_.authority_validity});
  if (own_.certificate.empty())
    return "cannot make a certificate for the hub's authority";
  if (auto why = write_private(path("authority.key"), own_.key); !why.empty())
    return why;
  return write_private(path("authority.pem"), own_.certificate);
}

std::vector<std::string> authority::hub_hosts() const {
  std::vector<std::string> out{"localhost", "127.0.0.1", "::1"};
  for (const auto& host : config_.hosts)
    if (std::find(out.begin(), out.end(), host) == out.end())
      out.push_back(host);
  return out;
}

std::string authority::load_hub() {
  if (auto why = read_private(path("hub.key"), hub_.key); !why.empty())
    return why;
  if (auto why = read_private(path("hub.pem"), hub_.certificate); !why.empty())
    return why;
  const auto hosts = hub_hosts();
  return is_usable(hub_, hosts) ? "" : make_hub(hosts);
}

bool authority::is_usable(const identity& hub,
                          const std::vector<std::string>& hosts) const {
  certificate_facts facts;
  return read_facts(hub.certificate, facts) && facts.use == certificate_use::hub
         && belongs(hub) && facts.hosts == hosts
         && config_.clock->now() + config_.renew_before < facts.until;
}

identity authority::hub() const {
  std::lock_guard lock{guard_};
  return hub_;
}

std::string authority::renew_hub() {
  const auto hosts = hub_hosts();
  std::lock_guard lock{guard_};
  return is_usable(hub_, hosts) ? "" : make_hub(hosts);
}

// Nodes know the authority, so the hub may change its own certificate.
std::string authority::make_hub(const std::vector<std::string>& hosts) {
  const auto now = config_.clock->now();
  identity made{{}, make_key()};
  made.certificate
    = sign_request(own_, make_request(made.key, "Quaero hub"),
                   {certificate_use::hub, "Quaero hub", hosts,
                    now - config_.backdate, now + config_.hub_validity});
  if (made.certificate.empty())
    return "cannot make a certificate for the hub";
  if (auto why = write_private(path("hub.key"), made.key); !why.empty())
    return why;
  if (auto why = write_private(path("hub.pem"), made.certificate); !why.empty())
    return why;
  hub_ = std::move(made);
  return {};
}

std::string authority::load_contents() {
  std::string text;
  if (auto why = read_private(path("nodes.json"), text); !why.empty())
    return why;
  if (text.empty())
    return {};
  if (auto why = read(text, all_); !why.empty())
    return path("nodes.json") + ": " + why;
  return {};
}

caf::error authority::store(contents next) {
  if (auto why = write_private(path("nodes.json"), write(next)); !why.empty())
    return make_error(ec::storage_failed, why);
  all_ = std::move(next);
  return {};
}

void authority::forget_old(contents& all) const {
  const auto now = config_.clock->now();
  std::erase_if(all.invitations,
                [&](const auto& x) { return x.expires_at <= now; });
}

// -- joining ------------------------------------------------------------------

caf::expected<std::string> authority::invite(const std::string& node,
                                             std::vector<std::string> workers) {
  if (!is_node_name(node))
    return make_error(ec::invalid_argument,
                      "a node's name has 1 to "
                        + std::to_string(node_name_bytes_max)
                        + " letters, digits, '-', '_' and '.'");
  if (workers.empty() || workers.size() > config_.worker_types_max)
    return make_error(ec::invalid_argument,
                      "a node has 1 to "
                        + std::to_string(config_.worker_types_max)
                        + " worker types");
  for (const auto& x : workers)
    if (x.empty() || x.size() > worker_type_bytes_max)
      return make_error(ec::invalid_argument, "a worker type has no name");
  std::lock_guard lock{guard_};
  auto next = all_;
  forget_old(next);
  std::erase_if(next.invitations,
                [&](const auto& x) { return x.node == node; });
  if (next.invitations.size() >= config_.invitations_max)
    return make_error(ec::limit_reached, "too many invitations are open");
  if (find_named(next.nodes, node) == next.nodes.end()
      && next.nodes.size() >= config_.nodes_max)
    return make_error(ec::limit_reached, "too many nodes are known");
  invitation out{node, from_hex(fingerprint_), random_bytes(32)};
  if (out.secret.empty())
    return make_error(ec::storage_failed, "the system has no randomness");
  next.invitations.push_back(
    {node, sha256_hex(out.secret), std::move(workers),
     config_.clock->now() + config_.invitation_validity, ""});
  if (auto e = store(std::move(next)))
    return e;
  return to_string(out);
}

caf::expected<issued_certificate>
authority::redeem(std::string_view secret, const std::string& request) {
  const auto key = requested_key(request);
  if (key.empty())
    return make_error(ec::invalid_argument,
                      "this is no request for a certificate");
  const auto hash = sha256_hex(secret);
  std::lock_guard lock{guard_};
  auto next = all_;
  forget_old(next);
  auto found = next.invitations.end();
  for (auto i = next.invitations.begin(); i != next.invitations.end(); ++i)
    if (same(i->hash, hash))
      found = i;
  if (found == next.invitations.end())
    return make_error(ec::not_found,
                      "there is no such invitation, or its time is over");
  if (!found->used_by.empty() && found->used_by != key)
    return make_error(ec::not_found, "the invitation was used already");
  found->used_by = key;
  auto node = find_named(next.nodes, found->node);
  if (node == next.nodes.end()) {
    if (next.nodes.size() >= config_.nodes_max)
      return make_error(ec::limit_reached, "too many nodes are known");
    node = std::find_if(next.nodes.begin(), next.nodes.end(),
                        [&](const auto& x) { return found->node < x.name; });
    known_node joining_first;
    joining_first.name = found->node;
    node = next.nodes.insert(node, std::move(joining_first));
  }
  node->workers = found->workers;
  node->serials.clear();
  node->joined_at = config_.clock->now();
  node->revoked_at = {};
  auto& joining = *node;
  return issue(std::move(next), joining, request);
}

caf::expected<issued_certificate> authority::renew(const std::string& node,
                                                   const std::string& serial,
                                                   const std::string& request) {
  if (requested_key(request).empty())
    return make_error(ec::invalid_argument,
                      "this is no request for a certificate");
  std::lock_guard lock{guard_};
  if (auto why = judge(all_.nodes, node, serial); !why.empty())
    return make_error(ec::not_found, std::move(why));
  auto next = all_;
  auto found = find_named(next.nodes, node);
  // What the node did not use until now, it did not get.
  found->serials = {serial};
  auto& renewed = *found;
  return issue(std::move(next), renewed, request);
}

/// REQUIRES: `node` is in `next`, and the lock is held.
caf::expected<issued_certificate>
authority::issue(contents next, known_node& node, const std::string& request) {
  const auto now = config_.clock->now();
  issued_certificate out{
    node.name, {}, own_.certificate, node.workers, now + config_.node_validity};
  out.certificate = sign_request(own_, request,
                                 {certificate_use::node,
                                  node.name,
                                  {},
                                  now - config_.backdate,
                                  out.expires_at});
  certificate_facts facts;
  if (!read_facts(out.certificate, facts))
    return make_error(ec::invalid_argument,
                      "cannot make a certificate for this request");
  node.serials.insert(node.serials.begin(), facts.serial);
  if (node.serials.size() > serials_max)
    node.serials.resize(serials_max);
  node.expires_at = out.expires_at;
  if (auto e = store(std::move(next)))
    return e;
  return out;
}

// -- who counts ---------------------------------------------------------------

caf::error authority::revoke(const std::string& node) {
  std::lock_guard lock{guard_};
  auto next = all_;
  auto found = find_named(next.nodes, node);
  const auto withdrawn = std::erase_if(
    next.invitations, [&](const auto& x) { return x.node == node; });
  if (found == next.nodes.end() && withdrawn == 0)
    return not_there(node);
  if (found != next.nodes.end()) {
    found->serials.clear();
    found->revoked_at = config_.clock->now();
  }
  return store(std::move(next));
}

caf::error authority::remove(const std::string& node) {
  std::lock_guard lock{guard_};
  auto next = all_;
  const auto gone
    = std::erase_if(next.nodes, [&](const auto& x) { return x.name == node; })
      + std::erase_if(next.invitations,
                      [&](const auto& x) { return x.node == node; });
  if (gone == 0)
    return not_there(node);
  return store(std::move(next));
}

caf::error authority::set_draining(const std::string& node, bool on) {
  std::lock_guard lock{guard_};
  auto found = find_named(all_.nodes, node);
  if (found == all_.nodes.end())
    return not_there(node);
  if (found->draining == on)
    return {};
  auto next = all_;
  find_named(next.nodes, node)->draining = on;
  return store(std::move(next));
}

std::string authority::check(const std::string& node,
                             const std::string& serial) const {
  std::lock_guard lock{guard_};
  return judge(all_.nodes, node, serial);
}

std::vector<known_node> authority::nodes() const {
  std::lock_guard lock{guard_};
  return all_.nodes;
}

std::vector<known_invitation> authority::invited() const {
  const auto now = config_.clock->now();
  std::vector<known_invitation> out;
  std::lock_guard lock{guard_};
  for (const auto& x : all_.invitations)
    if (x.expires_at > now && x.used_by.empty())
      out.push_back({x.node, x.workers, x.expires_at});
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.node < b.node; });
  return out;
}

} // namespace quaero
