#include "tests/actors/queue_fixture.hpp"

#include "actors/document_store.hpp"
#include "actors/reader.hpp"
#include "storage/memory_store.hpp"

namespace quaero::test {

queue_fixture::queue_fixture()
  : db{std::make_shared<storage::fault_store>(
    std::make_unique<storage::memory_store>())},
    ids{std::make_shared<id_generator>(clock, 1)} {
  config.lease = std::chrono::hours{24 * 365}; // fake pools are silent
  collector_ = own(log_collector_actor{sys.spawn(
    [this](
      log_collector_actor::pointer self) -> log_collector_actor::behavior_type {
      return {
        [](atom::status) { return actor_status{}; },
        [this, self](atom::commit, const commit_ptr& x) {
          auto reply = self->make_response_promise<void>();
          commits.push_back(x);
          if (hold)
            held_.push_back({x, {self, reply}});
          else
            write({x, {self, reply}});
          return reply;
        },
        [](atom::forget, const job_id&) {},
        [](atom::stats) { return storage::totals{}; },
        [](atom::list) { return id_list{}; },
      };
    })});
  reader_ = own(sys.spawn(reader, reader_config{}, db, log_collector_actor{}));
  documents_ = own(sys.spawn(document_store, db, ids, &clock,
                             log_collector_actor{}, document_store_config{}));
}

queue_fixture::~queue_fixture() {
  held_.clear();
  end_actors();
}

void queue_fixture::start() {
  aut = own(queue_actor{
    sys.spawn(queue, config, collector_, reader_, documents_, ids, &clock)});
  settle();
}

void queue_fixture::restart() {
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  for (const auto& x : pools)
    caf::anon_send_exit(x.handle, caf::exit_reason::kill);
  settle();
  pools.clear();
  commits.clear();
  ++config.boot;
  start();
  auto found = ask<recovery_ptr>(reader_, atom::recover_v);
  BOOST_REQUIRE_MESSAGE(found.ok(), message_of(found.error));
  tell(aut, atom::recover_v, found.value);
}

fake_pool& queue_fixture::attach(uint32_t slots, const std::string& type,
                                 const std::string& node) {
  auto& x = pools.emplace_back();
  x.handle = own(worker_pool_actor{sys.spawn(
    [&x](worker_pool_actor::pointer) -> worker_pool_actor::behavior_type {
      return {
        [](atom::status) { return actor_status{}; },
        [&x](atom::assign, job_block& block) {
          for (auto& lease : block.jobs)
            x.assigned.push_back(std::move(lease));
        },
        [&x](atom::cancel, const id_list& list) {
          x.cancelled.insert(x.cancelled.end(), list.ids.begin(),
                             list.ids.end());
        },
        [&x](atom::expire) { ++x.expired; },
      };
    })});
  tell(aut, atom::attach_v, x.handle, offer(type, node, slots));
  return x;
}

enqueue_ptr queue_fixture::make_request(std::vector<new_job> jobs,
                                        job_place place) {
  auto out = std::make_shared<enqueue_request>();
  out->jobs = make_jobs(jobs, place, *ids, clock.now(), out->ops);
  return out;
}

std::vector<job_id> queue_fixture::enqueue(std::vector<new_job> jobs,
                                           job_place place) {
  auto wanted = make_request(std::move(jobs), place);
  std::vector<job_id> out;
  for (const auto& x : wanted->jobs)
    out.push_back(x.id);
  auto done = ask(aut, atom::enqueue_v, wanted);
  BOOST_REQUIRE_MESSAGE(done.ok(), message_of(done.error));
  return out;
}

std::vector<job_id> queue_fixture::enqueue(size_t n, job_place place) {
  std::vector<new_job> jobs;
  for (size_t i = 1; i <= n; ++i)
    jobs.push_back(named(std::to_string(i)));
  return enqueue(std::move(jobs), place);
}

void queue_fixture::write(held_commit x) {
  auto result = db->write(x.change->ops, true);
  if (result.ok())
    x.reply.acknowledge();
  else
    x.reply.deliver(make_error(ec::storage_failed, result.message));
}

void queue_fixture::store_start(const leased_job& lease) {
  job_event event;
  event.id = lease.job.id;
  event.status = job_status::running;
  event.at = clock.now();
  event.epoch = lease.epoch;
  event.attempt = lease.attempt;
  storage::write_batch batch;
  storage::put_event(batch, 2 * lease.attempt - 1, event);
  BOOST_REQUIRE(db->write(batch, false).ok());
}

void queue_fixture::release_commits() {
  for (auto& x : std::exchange(held_, {}))
    write(std::move(x));
  settle();
}

queue_status queue_fixture::stats() {
  return ask<queue_status>(aut, atom::stats_v).value;
}

job_place queue_fixture::new_run() {
  const auto manager = ids->next();
  const auto step = ids->next();
  return {manager, step, step};
}

std::vector<storage::queue_entry> queue_fixture::entries() const {
  std::vector<storage::queue_entry> out;
  auto result = storage::read_queue(
    *db, [&](storage::queue_entry&& x) { out.push_back(std::move(x)); });
  BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
  return out;
}

std::vector<job_event> queue_fixture::events(const job_id& id) const {
  std::vector<job_event> out;
  auto result = storage::read_events(*db, id, out);
  BOOST_REQUIRE_MESSAGE(result.ok(), result.message);
  return out;
}

size_t queue_fixture::keys() const {
  size_t count = 0;
  auto i = db->scan();
  for (i->seek({}); i->valid(); i->next())
    ++count;
  return count;
}

pool_offer offer(const std::string& type, const std::string& node,
                 uint32_t slots) {
  pool_offer x;
  x.type = type;
  x.node = node;
  x.slots = slots;
  return x;
}

new_job named(const std::string& name, uint8_t priority) {
  new_job x;
  x.type = "t";
  x.name = name;
  x.priority = priority;
  return x;
}

std::string names(const fake_pool& x) {
  std::string out;
  for (const auto& lease : x.assigned)
    out += (out.empty() ? "" : " ") + lease.job.name;
  return out;
}

} // namespace quaero::test
