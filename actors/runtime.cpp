#include "actors/runtime.hpp"

#include "actors/census.hpp"
#include "actors/deadlines.hpp"
#include "actors/dispatcher.hpp"
#include "actors/document_store.hpp"
#include "actors/step_manager.hpp"
#include "storage/pair_tables.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

/// So many may get lost, or come late, less one.
constexpr int heartbeats_per_lease = 3;

/// Spawns an actor that blocks: with a thread of its own unless a test runs it.
template <class... Ts>
auto spawn_blocking(caf::actor_system& system, bool detach, Ts&&... xs) {
  return detach ? system.spawn<caf::detached>(std::forward<Ts>(xs)...)
                : system.spawn(std::forward<Ts>(xs)...);
}

} // namespace

runtime::runtime(caf::actor_system& system, runtime_config config,
                 std::shared_ptr<storage::store> db, uint64_t boot,
                 const wall_clock& clock, key_lookup keys,
                 const worker_kinds& kinds)
  : system_{system}, detached_{config.detach}, ring_{std::make_shared<key_ring>(
                                                 std::move(keys))} {
  const bool detach = config.detach;
  auto ids = std::make_shared<id_generator>(clock, config.id_seed);
  // A database that cannot be read is found, and reported, by the recovery.
  if (job_id last; storage::read_last_id(*db, last).ok())
    ids->continue_after(last);
  std::shared_ptr<const storage::store> reading = db;
  meter = config.meter ? config.meter : std::make_shared<metrics>();
  config.store.meter = meter;
  store = spawn_blocking(system, detach, quaero::store, config.store, db);
  hub = system.spawn(event_hub, config.hub);
  collector = spawn_blocking(system, detach, log_collector, config.log, reading,
                             store, caf::actor_cast<event_sink_actor>(hub));
  for (uint32_t i = 0; i < config.readers; ++i)
    readers.push_back(spawn_blocking(system, detach, reader, config.reader,
                                     reading, collector));
  documents = spawn_blocking(system, detach, document_store, reading, ids,
                             &clock, collector, config.documents);
  config.queue.boot = boot;
  config.queue.meter = meter;
  // The first reader is for those outside: their long lists keep nobody here.
  queue = system.spawn(quaero::queue, config.queue, collector, readers.back(),
                       documents, ids, &clock);
  const worker_environment here{system, readers.back(), clock, detach, {}};
  spawn_workers(kinds, here, config, clock);
  const auto keeping = spawn_blocking(system, detach, job_keeper, config.keeper,
                                      reading, collector, ids, &clock);
  keeper = keeping;
  job_manager_peers peers{
    steps,     queue,          collector,
    documents, readers.back(), caf::actor_cast<event_sink_actor>(hub),
    keeper};
  jobs = system.spawn(job_manager, config.jobs, std::move(peers), this->keys(),
                      ids, &clock);
  caf::anon_send(keeping, atom::attach_v, jobs);
  dispatcher
    = system.spawn(quaero::dispatcher, jobs, readers.back(), collector, &clock);
  caf::anon_send(jobs, atom::attach_v,
                 caf::actor_cast<run_starter_actor>(dispatcher));
  spawn_catalog(config, reading, ids, clock);
  operations = system.spawn(quaero::operations, config.operations, jobs,
                            readers.back(), collector, ids, &clock);
  scheduler = system.spawn(quaero::scheduler, config.scheduler, dispatcher,
                           collector, reading, &clock);
  spawn_retention(config, db, clock);
  spawn_access(config, reading, ids, clock);
  answers = spawn_blocking(system, detach, answer_store, config.answers,
                           reading, collector, &clock);
  for (const auto& x : readers)
    owned_.push_back(caf::actor_cast<caf::actor>(x));
  for (auto x :
       {caf::actor_cast<caf::actor>(scheduler),
        caf::actor_cast<caf::actor>(operations),
        caf::actor_cast<caf::actor>(answers),
        caf::actor_cast<caf::actor>(dispatcher),
        caf::actor_cast<caf::actor>(jobs), caf::actor_cast<caf::actor>(steps),
        caf::actor_cast<caf::actor>(queue), caf::actor_cast<caf::actor>(pairs),
        caf::actor_cast<caf::actor>(credentials),
        caf::actor_cast<caf::actor>(catalog),
        caf::actor_cast<caf::actor>(keeper),
        caf::actor_cast<caf::actor>(documents),
        caf::actor_cast<caf::actor>(collector),
        caf::actor_cast<caf::actor>(hub), caf::actor_cast<caf::actor>(store)})
    owned_.push_back(std::move(x));
}

void runtime::spawn_catalog(const runtime_config& config,
                            std::shared_ptr<const storage::store> db,
                            std::shared_ptr<id_generator> ids,
                            const wall_clock& clock) {
  // Known before the KEY STORE has its first turn: runs that are brought back
  // ask at once. It finds and reports what cannot be read.
  std::vector<key_pair> found;
  if (storage::read_pairs(*db, found).ok())
    for (const auto& x : found)
      ring_->put(x);
  pairs
    = system_.spawn(key_store, config.keys, db, collector, ring_, ids, &clock);
  credentials = system_.spawn(credential_store, config.credentials, db,
                              collector, ids, &clock);
  catalog = spawn_blocking(system_, detached_, quaero::catalog, config.catalog,
                           steps, dispatcher, &clock);
}

key_lookup runtime::keys() const {
  return [ring = ring_](std::string_view key) { return ring->find(key); };
}

void runtime::spawn_retention(const runtime_config& config,
                              const std::shared_ptr<storage::store>& db,
                              const wall_clock& clock) {
  retention = spawn_blocking(system_, detached_, quaero::retention,
                             config.retention, db, jobs, meter, &clock);
  const auto worker = spawn_blocking(system_, detached_, compaction, db);
  compactor = system_.spawn(quaero::compactor, config.compactor, worker, keeper,
                            meter, &clock);
  for (auto x : {caf::actor_cast<caf::actor>(retention),
                 caf::actor_cast<caf::actor>(compactor),
                 caf::actor_cast<caf::actor>(worker)})
    owned_.push_back(std::move(x));
}

void runtime::spawn_access(const runtime_config& config,
                           std::shared_ptr<const storage::store> db,
                           std::shared_ptr<id_generator> ids,
                           const wall_clock& clock) {
  tokens = system_.spawn(token_store, config.tokens, db, store, std::move(ids),
                         &clock);
  audit = spawn_blocking(system_, detached_, audit_log, config.audit, db, store,
                         &clock);
  census_actors whom;
  whom.upper = {store, collector, documents, tokens, audit, steps, dispatcher};
  whom.upper.insert(whom.upper.begin() + 2, readers.begin(), readers.end());
  whom.trees = {jobs, queue};
  whom.lower = {keeper,    operations, scheduler,   retention,
                compactor, pairs,      credentials, catalog};
  census = system_.spawn(quaero::census, std::move(whom));
  for (auto x : {caf::actor_cast<caf::actor>(census),
                 caf::actor_cast<caf::actor>(tokens),
                 caf::actor_cast<caf::actor>(audit)})
    owned_.push_back(std::move(x));
}

worker_pool_actor spawn_pool(caf::actor_system& system, const worker_kind& kind,
                             worker_pool_config config, work_giver_actor queue,
                             commit_taker_actor collector,
                             const wall_clock& clock) {
  config.type = kind.job_type;
  config.slots = kind.slots;
  if (kind.spawn_block_worker)
    return system.spawn(block_pool, std::move(config), kind.spawn_block_worker,
                        std::move(queue), &clock);
  return system.spawn(worker_pool, std::move(config), kind.spawn_worker,
                      std::move(queue), std::move(collector), &clock);
}

void runtime::spawn_workers(const worker_kinds& kinds,
                            const worker_environment& environment,
                            const runtime_config& how,
                            const wall_clock& clock) {
  definition_workers by_type;
  for (auto& kind : kinds(environment)) {
    if (!kind.step_type.empty()) {
      by_type[kind.step_type] = kind.definition;
      owned_.push_back(caf::actor_cast<caf::actor>(kind.definition));
    }
    if (kind.job_type.empty())
      continue;
    worker_pool_config config;
    config.attempt.keys = std::make_shared<const key_lookup>(keys());
    config.node = how.node;
    config.labels = how.labels;
    config.heartbeat = how.queue.lease / heartbeats_per_lease;
    config.meter = meter;
    auto pool
      = spawn_pool(system_, kind, std::move(config), queue, collector, clock);
    owned_.push_back(caf::actor_cast<caf::actor>(pool));
    if (kind.answers) {
      owned_.push_back(caf::actor_cast<caf::actor>(kind.answers));
      questions.emplace(kind.job_type, kind.answers);
    }
    pools.push_back(std::move(pool));
    job_types.push_back(kind.job_type);
  }
  std::sort(job_types.begin(), job_types.end());
  steps = system_.spawn(step_manager, std::move(by_type));
}

runtime::~runtime() {
  // First the STORE: what the others make of each other's end must not be
  // written, or a run that goes on would be found failed.
  caf::anon_send_exit(store, caf::exit_reason::kill);
  if (detached_) {
    caf::scoped_actor self{system_};
    self->wait_for(store);
  }
  for (const auto& x : owned_)
    caf::anon_send_exit(x, caf::exit_reason::kill);
}

void runtime::on_loss(const std::function<void(const caf::error&)>& f) {
  for (const auto& x : owned_)
    x->attach_functor([f](const caf::error& why) {
      if (why && why != caf::exit_reason::kill
          && why != caf::exit_reason::user_shutdown)
        f(why);
    });
}

caf::expected<uint64_t> runtime::recover() {
  caf::scoped_actor self{system_};
  caf::expected<uint64_t> out{uint64_t{0}};
  self->request(jobs, store_deadline, atom::recover_v)
    .receive([&](uint64_t n) { out = n; },
             [&](caf::error& e) { out = std::move(e); });
  if (out) {
    self->send(dispatcher, atom::recover_v);
    self->send(operations, atom::recover_v);
    self->send(retention, atom::recover_v);
    self->send(compactor, atom::recover_v);
  }
  return out;
}

void runtime::start_schedules() {
  caf::anon_send(scheduler, atom::recover_v);
}

bool runtime::drain(std::chrono::nanoseconds limit) {
  caf::scoped_actor self{system_};
  self->send(scheduler, atom::drain_v);
  self->send(dispatcher, atom::drain_v);
  bool done = false;
  self->request(queue, caf::timespan{limit}, atom::drain_v)
    .receive([&] { done = true; }, [](const caf::error&) {});
  return done;
}

} // namespace quaero
