#pragma once

#include "actors/actors.hpp"
#include "actors/nodes/node_views.hpp"
#include "actors/nodes/wire_messages.hpp"

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// The interfaces of what is above the tunnels. Those that a node can reach
/// (NODE GATE, NODE SESSION, and a node's LINK) take nothing but wire messages
/// from it, drop all else, and never have a request open.
namespace quaero {

/// The NODE GATE: the only actor that a hub publishes.
using node_gate_actor = caf::typed_actor<
  // A node is there. Its LINK is the sender; the answer is a welcome.
  caf::reacts_to<wire_hello_v1>>;

/// A node's LINK, as the hub sees it.
using wire_link_actor = caf::typed_actor<caf::reacts_to<wire_welcome_v1>,
                                         caf::reacts_to<wire_block_v1>,
                                         caf::reacts_to<wire_pulse_v1>>;

/// A NODE SESSION, as its node sees it.
using wire_session_actor = caf::typed_actor<caf::reacts_to<wire_block_v1>,
                                            caf::reacts_to<wire_pulse_v1>>;

/// The NODE REGISTRY: which nodes there are. The daemon's way to all of them.
using node_registry_actor = status_actor::extend<
  // All that have said hello since the start, by name.
  caf::replies_to<atom::list>::with<std::vector<node_view>>,
  // One; ec::not_found.
  caf::replies_to<atom::get, std::string>::with<node_view>,
  // The node gets no more jobs, whether it is there or comes; what it runs goes
  // on. Replies with how it is then; ec::not_found if no more names can be
  // remembered. Forgotten by a restart: who knows it over starts says it again.
  caf::replies_to<atom::drain, std::string>::with<node_view>,
  // It gets jobs again; ec::not_found.
  caf::replies_to<atom::start, std::string>::with<node_view>,
  // Its epoch is over: its jobs go to others at once, and what it says of them
  // is refused. `remove` forgets it, too. To be followed by hub_tunnel::cut.
  // ec::not_found.
  caf::reacts_to<atom::expire, std::string>,
  caf::reacts_to<atom::remove, std::string>,
  // INTERNAL, from the gate: somebody said hello, and passed its checks.
  caf::reacts_to<atom::attach, arrival>,
  // The tunnel says that the connection of a node has ended; true: by the end
  // of the other process, so there is nothing to wait for.
  caf::reacts_to<atom::done, std::string, bool>,
  // With its sessions.
  caf::replies_to<atom::status, atom::visit>::with<actor_status>>;

/// A NODE SESSION: one epoch of one node, over any number of connections.
using node_session_actor = status_actor::extend<
  // From the node. Another sender than its LINK is not listened to.
  caf::reacts_to<wire_block_v1>, caf::reacts_to<wire_pulse_v1>,
  // From the registry: the node is connected again, its epoch goes on.
  caf::reacts_to<atom::attach, arrival>,
  // The same: its connection has ended; see there.
  caf::reacts_to<atom::done, bool>,
  // The same: no more jobs, or jobs again.
  caf::reacts_to<atom::drain, bool>,
  // From its REMOTE POOLS: jobs whose start is stored, and those to stop.
  caf::reacts_to<atom::assign, std::string, job_block>,
  caf::reacts_to<atom::cancel, id_list>,
  caf::reacts_to<atom::expire, std::string>,
  // Of what the pool for that type has claimed, these go on.
  caf::reacts_to<atom::attach, std::string, std::vector<loaded_job>>,
  // The answer to the question of that number that a job's worker asked, or why
  // there is none.
  caf::reacts_to<atom::visit, job_id, uint64_t, bool, std::string>,
  caf::replies_to<atom::get>::with<node_view>>;

/// A REMOTE POOL: stands at the hub for one worker pool of a node.
using remote_pool_actor = worker_pool_actor::extend<
  // From its session: the node's pool lives.
  caf::reacts_to<atom::renew>,
  // The same: it takes jobs, so many at a time; those that it claims go on.
  caf::reacts_to<atom::attach, uint32_t, job_claims>,
  // The same: what a worker of the node's pool asks; by number.
  caf::reacts_to<atom::visit, uint64_t, job_question>,
  // The same: so many slots from now on; 0 is none.
  caf::reacts_to<atom::put, uint32_t>>;

/// A NODE LINK: stands at a node for the hub. To the node's pools it is QUEUE
/// and LOG COLLECTOR.
using node_link_actor = status_actor::extend<
  caf::reacts_to<atom::attach, worker_pool_actor, pool_offer>,
  caf::reacts_to<atom::renew>, caf::reacts_to<atom::report, report_block>,
  caf::reacts_to<atom::commit, commit_ptr>,
  // What a worker of the node asks the hub. ec::wrong_state if the attempt is
  // over or comes to its end, ec::invalid_argument, ec::limit_reached,
  // ec::worker_failed with what the hub says.
  caf::replies_to<atom::visit, job_question>::with<std::string>,
  // From the hub. Another sender than the session is not listened to.
  caf::reacts_to<wire_welcome_v1>, caf::reacts_to<wire_block_v1>,
  caf::reacts_to<wire_pulse_v1>,
  // The tunnel has a connection: this is the hub's gate.
  caf::reacts_to<atom::attach, caf::strong_actor_ptr>,
  // The connection has ended, or did not come to be.
  caf::reacts_to<atom::done, std::string>,
  // Takes no more jobs; replies when none runs and all is with the hub.
  caf::reacts_to<atom::drain>, caf::replies_to<atom::get>::with<link_view>>;

} // namespace quaero
