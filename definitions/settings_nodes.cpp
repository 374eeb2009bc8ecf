#include "definitions/settings_nodes.hpp"

namespace quaero {

namespace {

std::vector<setting> make_place_rows() {
  using s = settings;
  return {
    {"nodes.listen",
     +[](s& x) { return &x.nodes.listen; },
     "",
     "host:port",
     "Address for nodes, an IP address with a port; port 0 takes a free one; "
     "empty = no nodes.",
     0,
     300,
     {}},
    {"nodes.hosts",
     +[](s& x) { return &x.nodes.hosts; },
     "",
     "names",
     "Names and addresses by which nodes reach this machine, parted by blanks, "
     "the first for invitations; empty = the address of nodes.listen, or this "
     "machine's name.",
     0,
     4096,
     {}},
    {"nodes.labels",
     +[](s& x) { return &x.nodes.labels; },
     "",
     "labels",
     "What jobs can ask this machine for, as they can a node, parted by "
     "commas.",
     0,
     4096,
     {}},
    {"nodes.nodes_max",
     +[](s& x) { return &x.nodes.nodes_max; },
     "1000",
     "nodes",
     "Nodes that are known, and that are connected at once.",
     1,
     10'000,
     {}},
  };
}

std::vector<setting> make_limit_rows() {
  using s = settings;
  return {
    {"nodes.handshakes_max",
     +[](s& x) { return &x.nodes.handshakes_max; },
     "64",
     "peers",
     "Connections at once that are not a node's yet; more are closed.",
     1,
     10'000,
     {}},
    {"nodes.handshake_timeout",
     +[](s& x) { return &x.nodes.handshake_timeout; },
     "10s",
     "duration",
     "How long a connection may take to be a node's.",
     100,
     600'000,
     {}},
    {"nodes.idle_timeout",
     +[](s& x) { return &x.nodes.idle_timeout; },
     "10s",
     "duration",
     "How long a node's connection may be silent; a sign of life comes every "
     "2s.",
     5'000,
     600'000,
     {}},
    {"nodes.return_grace",
     +[](s& x) { return &x.nodes.return_grace; },
     "500ms",
     "duration",
     "How long jobs of a node whose process has ended wait for it, and eight "
     "round trips of its line; its connection may only have been reset.",
     10,
     60'000,
     {}},
    {"nodes.lease_margin",
     +[](s& x) { return &x.nodes.lease_margin; },
     "2s",
     "duration",
     "So much before its jobs go to others a node that is cut off stops them; "
     "at most a quarter of queue.lease.",
     10,
     600'000,
     {}},
    {"nodes.backlog_mib",
     +[](s& x) { return &x.nodes.backlog_mib; },
     "64",
     "MiB",
     "What may wait for one node; its connection ends beyond.",
     1,
     4'096,
     {}},
    {"nodes.processes_max",
     +[](s& x) { return &x.nodes.processes_max; },
     "60",
     "processes",
     "Starts of one node's daemon in an hour; more have to wait.",
     1,
     100'000,
     {}},
  };
}

/// How often a node may speak.
std::vector<setting> make_rate_rows() {
  using s = settings;
  return {
    {"nodes.hellos_minute_max",
     +[](s& x) { return &x.nodes.hellos_minute_max; },
     "600",
     "hellos",
     "Of one node in a minute, one for each connection; it is cut beyond.",
     1,
     1'000'000,
     {}},
    {"nodes.pulses_renew_max",
     +[](s& x) { return &x.nodes.pulses_renew_max; },
     "20",
     "pulses",
     "Of one node in a third of queue.lease, in which it sends one; it is cut "
     "off beyond.",
     3,
     1'000'000,
     {}},
    {"nodes.slots_minute_max",
     +[](s& x) { return &x.nodes.slots_minute_max; },
     "60",
     "changes",
     "How often a node may say how many slots one worker type has, in a "
     "minute; it is cut off beyond.",
     3,
     1'000'000,
     {}},
  };
}

} // namespace

std::vector<setting> make_nodes_table() {
  auto rows = make_place_rows();
  for (auto& x : make_limit_rows())
    rows.push_back(std::move(x));
  for (auto& x : make_rate_rows())
    rows.push_back(std::move(x));
  return rows;
}

} // namespace quaero
