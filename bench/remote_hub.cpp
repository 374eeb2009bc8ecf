#include "bench/remote_hub.hpp"

#include "actors/nodes/caf_end.hpp"
#include "bench/daemon_process.hpp"
#include "definitions/error.hpp"

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace quaero::bench {

namespace {

constexpr std::chrono::seconds ready_limit{30};
/// Between two questions whether nodes are there.
constexpr std::chrono::milliseconds pace{2};

} // namespace

remote_hub::remote_hub(bench_runtime& rt, std::string dir)
  : rt_{rt}, dir_{std::move(dir)} {
  std::filesystem::create_directories(dir_);
  authority_config by;
  by.folder = dir_ + "/nodes";
  std::string why;
  authority_ = authority::open(std::move(by), why);
  if (!authority_)
    throw std::runtime_error{why};
  hub_nodes_config config;
  config.boot = rt.boot();
  nodes_ = spawn_hub_nodes(
    rt.system(), config, {rt.actors().queue, rt.actors().collector, {}, {}},
    [peers
     = peers_](const caf::strong_actor_ptr& x) { return peers->identify(x); },
    &system_wall_clock());
  hub_tunnel_config how;
  how.types = node_message_types();
  how.limits.processes_max = 100'000; // Rounds kill nodes over and over.
  how.on_open
    = [peers = peers_](const std::string& node, const caf_node& process,
                       const std::string& address) {
        peers->opened(process, {node, address});
      };
  how.on_close = [peers = peers_, registry = nodes_.registry](
                   const std::string& node, const std::string&, bool by_peer) {
    peers->closed(node);
    caf::anon_send(registry, atom::done_v, node, by_peer);
  };
  auto port = tunnel_.start(std::move(how), *authority_,
                            make_hub_end(rt.system(), nodes_.gate));
  if (!port)
    throw std::runtime_error{message_of(port.error())};
  port_ = *port;
}

remote_hub::~remote_hub() {
  processes_.clear();
  tunnel_.stop();
  rt_.self()->send_exit(nodes_.registry, caf::exit_reason::kill);
  rt_.self()->wait_for(nodes_.registry);
}

std::string remote_hub::folder_of(const std::string& name) const {
  return dir_ + "/" + name;
}

void remote_hub::join(const std::string& name, const std::string& type,
                      uint32_t slots) {
  auto token = authority_->invite(name, {type});
  if (!token)
    throw std::runtime_error{message_of(token.error())};
  std::vector<std::string> words{
    daemon_program(), "--join", "127.0.0.1:" + std::to_string(port_),
    "--token",        *token,   "--data-dir",
    folder_of(name)};
  if (slots > 0)
    words.insert(words.end(), {"--slots", type + "=" + std::to_string(slots)});
  processes_[name] = std::make_unique<process>(std::move(words));
}

void remote_hub::kill(const std::string& name) {
  processes_.at(name)->signal(SIGKILL);
}

void remote_hub::restart(const std::string& name) {
  auto& at = processes_.at(name);
  at = nullptr;
  at = std::make_unique<process>(std::vector<std::string>{
    daemon_program(), "--node", "--data-dir", folder_of(name)});
}

std::vector<node_view> remote_hub::views() {
  std::vector<node_view> out;
  rt_.self()
    ->request(nodes_.registry, ready_limit, atom::list_v)
    .receive(
      [&](const std::vector<node_view>& x) { out = x; },
      [](const caf::error& e) { throw std::runtime_error{message_of(e)}; });
  return out;
}

void remote_hub::await_ready(size_t nodes) {
  const auto until = clock::now() + ready_limit;
  for (size_t ready = 0; ready < nodes;) {
    ready = 0;
    for (const auto& x : views())
      if (x.state == node_state::connected && !x.workers.empty()
          && x.workers.front().ready)
        ++ready;
    if (ready >= nodes)
      return;
    if (clock::now() > until) {
      std::string said;
      for (const auto& [name, x] : processes_)
        said += name + ": " + x->err();
      throw std::runtime_error{"nodes do not come: " + said};
    }
    std::this_thread::sleep_for(pace);
  }
}

std::map<std::string, uint64_t> remote_hub::running() {
  std::map<std::string, uint64_t> out;
  for (const auto& x : views())
    for (const auto& worker : x.workers)
      out[x.name] += worker.running;
  return out;
}

} // namespace quaero::bench
