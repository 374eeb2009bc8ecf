// A hub and nodes that run jobs, each in a process of its own, joined by the
// tunnel.

#include "actors/nodes/caf_end.hpp"
#include "actors/nodes/node_gate.hpp"
#include "actors/nodes/node_link.hpp"
#include "actors/nodes/node_tunnel.hpp"
#include "definitions/log.hpp"
#include "storage/memory_store.hpp"
#include "tests/nodes/nodes_fixture.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <future>
#include <optional>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct process_config : caf::actor_system_config {
  process_config() {
    use_nodes(*this);
    add_message_types<caf::id_block::quaero_types>();
    add_node_messages(*this);
    set("scheduler.max-threads", 2u);
  }
};

/// "t" ends at once, and saves a document if its name is "large"; "w" never
/// ends; "b" is for blocks.
std::vector<worker_kind> make_kinds(const worker_environment& x) {
  auto& sys = x.system;
  worker_kind quick;
  quick.job_type = "t";
  quick.spawn_worker = [&sys]() -> job_worker_actor {
    return sys.spawn(
      [](job_worker_actor::pointer) -> job_worker_actor::behavior_type {
        return {[](atom::execute, const job_context_ptr& job) {
          job->log(log_level::info, "done");
          if (job->job().name == "large") {
            document page;
            page.source_type = "s";
            page.source_id = to_string(job->job().id);
            page.content_markdown.assign(8'000'000, 'x');
            job->save(std::move(page));
          }
          return job_outcome::ok();
        }};
      });
  };
  auto waits = quick;
  waits.job_type = "w";
  waits.spawn_worker = [&sys]() -> job_worker_actor {
    return sys.spawn(
      [](job_worker_actor::pointer self) -> job_worker_actor::behavior_type {
        return {[self](atom::execute, const job_context_ptr&) {
          return self->make_response_promise<job_outcome>();
        }};
      });
  };
  worker_kind blocks;
  blocks.job_type = "b";
  blocks.slots = 2000;
  blocks.spawn_block_worker = [&sys]() -> block_worker_actor {
    return sys.spawn(
      [](block_worker_actor::pointer) -> block_worker_actor::behavior_type {
        return {[](atom::execute, const job_block& block) {
          return std::vector<job_outcome>(block.jobs.size());
        }};
      });
  };
  return {quick, waits, blocks};
}

/// What a node's process does until it hears a line.
int run_node(const std::string& name, const identity& own,
             const std::string& authority, child& parent) {
  log::setup("off", log::format::text);
  const auto at = parent.hear();
  if (at.empty())
    return 100;
  process_config config;
  caf::actor_system sys{config};
  node_tunnel tunnel;
  std::promise<node_link_actor> made;
  std::shared_future<node_link_actor> link{made.get_future()};
  auto end = make_node_end(
    sys, sys.message_types(node_gate_actor{}),
    [link](caf::expected<caf::strong_actor_ptr> x) {
      if (x)
        caf::anon_send(link.get(), atom::attach_v, std::move(*x));
      else
        caf::anon_send(link.get(), atom::done_v, std::string{"no gate"});
    });
  auto why = tunnel.start({{"127.0.0.1", static_cast<uint16_t>(std::stoi(at))},
                           own,
                           authority,
                           {},
                           node_message_types()},
                          end);
  if (!why.empty())
    return 101;
  node_link_config how;
  how.node = name;
  how.build = "test";
  how.instance = static_cast<uint64_t>(::getpid());
  how.connect = [&tunnel, link] {
    tunnel.connect(nullptr, [link](const std::string& lost) {
      caf::anon_send(link.get(), atom::done_v, lost);
    });
  };
  how.disconnect = [&tunnel](const std::string& x) { tunnel.close(x); };
  auto side = spawn_node_side(sys, how, {}, make_kinds, &system_wall_clock());
  made.set_value(side.link);
  parent.hear();
  end_node_side(side);
  tunnel.stop();
  return 0;
}

/// The hub's process: this one.
struct fixture : hub_fixture {
  fixture() { log::setup("off", log::format::text); }

  ~fixture() {
    tunnel.stop();
    if (sys) {
      caf::anon_send_exit(nodes.registry, caf::exit_reason::kill);
      caf::anon_send_exit(sink, caf::exit_reason::kill);
    }
    nodes = {};
    sink = nullptr;
    rt.reset();
  }

  /// REQUIRES: no thread was started.
  std::unique_ptr<child> make_node(const std::string& name) {
    return std::make_unique<child>(
      [name, own = node(name), authority = hub->certificate()](child& parent) {
        return run_node(name, own, authority, parent);
      });
  }

  void start_hub() {
    sys.emplace(network);
    runtime_config settings;
    settings.queue.claim_grace = settings.queue.lease;
    rt = std::make_unique<runtime>(
      *sys, settings, std::make_shared<storage::memory_store>(), 1,
      system_wall_clock(), key_lookup{},
      [](const worker_environment&) { return std::vector<worker_kind>{}; });
    BOOST_REQUIRE(rt->recover());
    nodes = spawn_hub_nodes(
      *sys, {}, {rt->queue, rt->collector, rt->keys(), {}},
      [this](const caf::strong_actor_ptr& x) { return peers->identify(x); },
      &system_wall_clock());
    config.types = node_message_types();
    config.on_open = [this](const std::string& node, const caf_node& process,
                            const std::string& address) {
      peers->opened(process, {node, address});
    };
    config.on_close
      = [this](const std::string& node, const std::string&, bool by_peer) {
          peers->closed(node);
          caf::anon_send(nodes.registry, atom::done_v, node, by_peer);
        };
    sink = sys->spawn(
      [this](event_sink_actor::pointer) -> event_sink_actor::behavior_type {
        return {
          [this](atom::publish, const event_block_ptr& x) { on_block(*x); }};
      });
    caf::anon_send(rt->hub, atom::subscribe_v, sink);
    hub_fixture::start(make_hub_end(*sys, nodes.gate));
  }

  void on_block(const event_block& x) {
    for (const auto& one : x.events) {
      started += one.status == job_status::running;
      completed += one.status == job_status::completed;
    }
    // Before it is told: who hears it may want more at once.
    if (started >= starts_wanted) {
      starts_wanted = UINT64_MAX;
      seen.add("started");
    }
    if (completed >= wanted) {
      wanted = UINT64_MAX;
      seen.add("completed");
    }
  }

  void join(child& x) { x.say(std::to_string(port)); }

  void enqueue(size_t n, const std::string& type,
               const std::string& job_name = "job") {
    caf::scoped_actor self{*sys};
    auto order = std::make_shared<enqueue_order>();
    order->jobs.resize(n);
    for (auto& x : order->jobs) {
      x.type = type;
      x.name = job_name;
    }
    bool done = false;
    self->request(rt->jobs, 10s, atom::enqueue_v, enqueue_order_ptr{order})
      .receive([&](enqueued&) { done = true; }, [](caf::error&) {});
    BOOST_REQUIRE(done);
  }

  process_config network;
  std::optional<caf::actor_system> sys;
  std::unique_ptr<runtime> rt;
  hub_nodes nodes;
  known_peers_ptr peers = std::make_shared<known_peers>();
  event_sink_actor sink;
  event_list seen;
  // Of the sink's.
  std::atomic<uint64_t> started{0};
  std::atomic<uint64_t> completed{0};
  std::atomic<uint64_t> starts_wanted{UINT64_MAX};
  std::atomic<uint64_t> wanted{UINT64_MAX};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(remote_jobs, fixture)

BOOST_AUTO_TEST_CASE(jobs_run_in_another_process) {
  auto alpha = make_node("alpha");
  start_hub();
  wanted = 20'200;
  enqueue(10'000, "b");
  enqueue(200, "t");
  const auto begin = std::chrono::steady_clock::now();
  join(*alpha);
  enqueue(10'000, "b");
  BOOST_TEST(seen.next() == "completed");
  const std::chrono::duration<double> took
    = std::chrono::steady_clock::now() - begin;
  BOOST_TEST_MESSAGE("20,200 jobs in " << took.count() << " s");
  alpha->say("end");
  BOOST_TEST(alpha->wait() == 0);
}

BOOST_AUTO_TEST_CASE(large_documents_pass_the_tunnel_in_parts) {
  auto alpha = make_node("alpha");
  start_hub();
  wanted = 4;
  join(*alpha);
  enqueue(4, "t", "large");
  BOOST_TEST(seen.next() == "completed");
  caf::scoped_actor self{*sys};
  uint64_t documents = 0;
  self->request(rt->collector, 10s, atom::stats_v)
    .receive([&](const storage::totals& x) { documents = x.documents; },
             [](caf::error&) {});
  BOOST_TEST(documents == 4u);
}

BOOST_AUTO_TEST_CASE(jobs_of_a_process_that_is_killed_run_in_another_one) {
  auto alpha = make_node("alpha");
  auto beta = make_node("beta");
  start_hub();
  starts_wanted = 10;
  join(*alpha);
  enqueue(10, "w");
  BOOST_TEST(seen.next() == "started");
  join(*beta);
  starts_wanted = 20;
  const auto begin = std::chrono::steady_clock::now();
  alpha->kill(SIGKILL);
  BOOST_TEST(seen.next() == "started");
  const std::chrono::duration<double> took
    = std::chrono::steady_clock::now() - begin;
  BOOST_TEST_MESSAGE("after " << took.count() << " s");
  BOOST_TEST(took.count() < 5);
}

BOOST_AUTO_TEST_SUITE_END()
