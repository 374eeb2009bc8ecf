#include "programs/daemon/node_command.hpp"

#include "actors/nodes/enrolment.hpp"
#include "actors/nodes/invitation.hpp"
#include "actors/workers/registry.hpp"
#include "definitions/error.hpp"
#include "definitions/log.hpp"
#include "definitions/settings.hpp"
#include "programs/daemon/node_daemon.hpp"
#include "programs/daemon/node_folder.hpp"
#include "programs/daemon/node_options.hpp"
#include "programs/daemon/signals.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>

namespace quaero {

namespace {

enum exit_code { exit_ok = 0, exit_failed = 1, exit_usage = 2, exit_refused };

constexpr const char* usage
  = "Usage: quaerod --join HOST:PORT --token TOKEN [--data-dir DIR]\n"
    "               [--labels LIST] [--slots TYPE=N,...] [--weight N] [FLAGS]\n"
    "       quaerod --node [--data-dir DIR] [FLAGS]\n"
    "Works for another daemon, the hub, until SIGINT or SIGTERM.\n\n"
    "  --join HOST:PORT   the hub; `quaero nodes invite NAME` there prints "
    "the\n"
    "                     whole command. Later starts with the same command "
    "go\n"
    "                     on as the same node\n"
    "  --token TOKEN      what the machine joins with, once\n"
    "  --token-file FILE  the same, in a file\n"
    "  --node             go on as the node that has joined before\n"
    "  --labels LIST      such as gpu,eu; kept until others are given\n"
    "  --slots TYPE=N,... jobs of a type at a time; kept like labels\n"
    "  --weight N         its share of the work, 1 to 100; kept like labels\n\n"
    "The node's key and certificate are in DIR/node. Of the settings those of\n"
    "workers, log and nodes count, data_dir, actor_threads and "
    "drain_timeout.\n";

int fail(const std::string& why, int code = exit_failed) {
  std::fprintf(stderr, "quaerod: %s\n", why.c_str());
  return code;
}

std::string read_token(const node_options& x, std::string& out) {
  out = x.token;
  if (x.token_file.empty())
    return {};
  std::ifstream in{x.token_file};
  in >> out;
  return in ? "" : "--token-file: cannot read " + x.token_file;
}

/// What was said now holds, and is what holds at the next start.
void apply(const node_options& x, node_record& out) {
  if (!x.join.empty())
    out.hub = x.join;
  out.labels = next_labels(x, out.labels);
  if (x.slots)
    out.slots = *x.slots;
}

/// Joins with the token, unless that has been done.
std::string join(const node_options& x, node_folder& folder) {
  std::string token;
  if (auto why = read_token(x, token); !why.empty())
    return why;
  const auto with = read_invitation(token);
  if (!with)
    return "--token: this is no invitation; it begins with qn1. and comes from "
           "`quaero nodes invite`";
  auto next = folder.record();
  if (!next.node.empty() && next.node != with->node)
    return folder.path() + " is of node " + next.node + ", and the token of "
           + with->node + "; choose another folder with --data-dir";
  const auto print = sha256_hex(token);
  const bool is_same = next.invitation == print;
  apply(x, next);
  if (is_same && next.has_joined())
    return folder.store(std::move(next));
  // Another try after a lost answer comes with the same key.
  auto trying = next;
  if (!is_same || trying.own.key.empty()) {
    trying.own = {{}, make_key()};
    trying.node = with->node;
    trying.invitation = print;
  }
  // A node that was one before stays it if this goes wrong.
  if (!next.has_joined())
    if (auto why = folder.store(trying); !why.empty())
      return why;
  hub_place hub;
  read_hub(x.join, hub);
  auto issued = join_hub(hub, *with, trying.own.key);
  if (!issued)
    return "cannot join " + x.join + ": " + message_of(issued.error());
  trying.own.certificate = issued->certificate;
  trying.authority = issued->authority;
  trying.workers = issued->workers;
  trying.expires_at = issued->expires_at;
  log::info("node.joined", {{"node", trying.node}, {"hub", trying.hub}});
  return folder.store(std::move(trying));
}

std::string check_slots(const node_options& x) {
  const auto& known = registered_types();
  for (const auto& [type, n] : x.slots.value_or(node_record{}.slots))
    if (std::find(known.begin(), known.end(), type) == known.end())
      return "--slots: there is no worker type '" + type + "'";
  return {};
}

int run(const node_options& options, const settings& how) {
  std::string why;
  auto folder = node_folder::open(how.data_dir, why);
  if (!folder)
    return fail(why);
  if (!options.join.empty()) {
    why = join(options, *folder);
  } else if (!folder->record().has_joined()) {
    why = folder->path()
          + " is of no node yet; join with the command that `quaero nodes "
            "invite` prints, or name another folder with --data-dir";
  } else {
    auto next = folder->record();
    apply(options, next);
    why = folder->store(std::move(next));
  }
  if (!why.empty())
    return fail(why);
  block_stop_signals();
  node_daemon node{how, *folder};
  node.on_end([](const std::string&) { ::kill(::getpid(), SIGTERM); });
  if (why = node.start(); !why.empty())
    return fail(why);
  await_stop_signal();
  node.stop();
  return node.refused() ? exit_refused : exit_ok;
}

} // namespace

int run_node(std::span<const char* const> arguments) {
  node_options options;
  if (auto why = read_node_options(arguments, options); !why.empty())
    return fail(why, exit_usage);
  if (options.help) {
    std::printf("%s", usage);
    return exit_ok;
  }
  if (auto why = check_slots(options); !why.empty())
    return fail(why, exit_usage);
  auto parsed = parse_daemon_arguments(options.rest);
  parsed.sources.environment = process_environment();
  auto loaded = load_settings(parsed.sources);
  auto errors = parsed.errors;
  errors.insert(errors.end(), loaded.errors.begin(), loaded.errors.end());
  for (const auto& x : errors)
    fail(to_string(x));
  if (!errors.empty())
    return exit_usage;
  log::setup(loaded.value.log.level, loaded.value.log.format == "json"
                                       ? log::format::json
                                       : log::format::text);
  return run(options, loaded.value);
}

} // namespace quaero
