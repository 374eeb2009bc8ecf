#include "tests/gateway/fakes.hpp"

#include "actors/audit_log.hpp"
#include "actors/store_actor.hpp"
#include "actors/token_store.hpp"
#include "storage/memory_store.hpp"

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <charconv>

namespace quaero::test {

namespace {

using world_ptr = std::shared_ptr<world>;
using guard = std::lock_guard<std::mutex>;

template <class Typed>
Typed as(const caf::actor& x) {
  return caf::actor_cast<Typed>(caf::actor_cast<caf::strong_actor_ptr>(x));
}

actor_status status_of(const char* name) {
  return {name, 0, {{"asked", 1}}};
}

caf::error absent(const char* what) {
  return make_error(ec::not_found, std::string{"no such "} + what);
}

const job_view* find_job(const world& w, const job_id& id) {
  for (const auto& x : w.jobs)
    if (x.job.id == id)
      return &x;
  return nullptr;
}

caf::result<job_view> get_job(world& w, const job_id& id) {
  std::shared_future<void> gate;
  {
    guard lock{w.mutex};
    gate = w.gate;
  }
  if (gate.valid())
    gate.wait();
  guard lock{w.mutex};
  if (w.read_error)
    return w.read_error;
  if (const auto* x = find_job(w, id))
    return *x;
  return absent("job");
}

job_page list_jobs(world& w, const job_query& query) {
  guard lock{w.mutex};
  job_page out;
  for (auto it = w.jobs.rbegin(); it != w.jobs.rend(); ++it) {
    const auto& wanted = query.filter.states;
    const auto& parents = query.filter.parents;
    if (!parents.empty() && it->job.parent_id != parents[0])
      continue;
    if (query.filter.roots && it->job.parent_id)
      continue;
    if (!wanted.empty()
        && std::find(wanted.begin(), wanted.end(), it->state.status)
             == wanted.end())
      continue;
    if (out.total++ >= query.offset && out.jobs.size() < query.limit)
      out.jobs.push_back(*it);
  }
  return out;
}

log_page cut(std::vector<log_entry> lines, const storage::log_query& query) {
  log_page out;
  out.unfiltered_total = lines.size();
  std::erase_if(lines,
                [&](const auto& x) { return x.line.level < query.level; });
  out.total = lines.size();
  std::erase_if(lines, [&](const auto& x) {
    return x.index <= query.after
           || (query.before > 0 && x.index >= query.before);
  });
  if (lines.size() > query.limit) {
    auto surplus = static_cast<ptrdiff_t>(lines.size() - query.limit);
    if (query.newest)
      lines.erase(lines.begin(), lines.begin() + surplus);
    else
      lines.erase(lines.end() - surplus, lines.end());
  }
  out.lines = std::move(lines);
  return out;
}

caf::result<log_page> read_log(world& w, const job_id& owner,
                               const storage::log_query& query) {
  guard lock{w.mutex};
  w.log_limits.push_back(query.limit);
  if (!find_job(w, owner))
    return absent("job");
  return cut(w.logs[owner], query);
}

caf::result<log_page> read_job_log(world& w, const job_id& job,
                                   const storage::log_query& query) {
  guard lock{w.mutex};
  if (!find_job(w, job))
    return absent("job");
  std::vector<log_entry> lines;
  for (const auto& [owner, all] : w.logs)
    for (const auto& x : all)
      if (x.line.job == job)
        lines.push_back(x);
  return cut(std::move(lines), query);
}

document_page list_documents(world& w, const storage::document_query& query) {
  guard lock{w.mutex};
  document_page out;
  for (const auto& x : w.documents) {
    const bool tagged
      = std::all_of(query.tags.begin(), query.tags.end(), [&](const auto& tag) {
          return std::find(x.tags.begin(), x.tags.end(), tag) != x.tags.end();
        });
    if (!tagged
        || (!query.source_type.empty() && x.source_type != query.source_type))
      continue;
    if (out.total++ >= query.offset && out.documents.size() < query.limit)
      out.documents.push_back(x);
  }
  return out;
}

caf::result<job_definition> get_definition(world& w, const std::string& id) {
  guard lock{w.mutex};
  for (const auto& x : w.definitions)
    if (x.id == id)
      return x;
  return absent("definition");
}

std::vector<loaded_job> load_jobs(world& w, const id_list& ids) {
  guard lock{w.mutex};
  std::vector<loaded_job> out;
  for (const auto& id : ids.ids)
    if (const auto* x = find_job(w, id))
      out.push_back({x->job, 0, 0});
  return out;
}

// Each fake knows the messages that the gateway sends, no others.

caf::behavior reader_of(const world_ptr& w) {
  return {
    [](atom::status) { return status_of("reader"); },
    [w](atom::get, const job_id& id) { return get_job(*w, id); },
    [w](atom::list, const job_query& q) { return list_jobs(*w, q); },
    [w](atom::log, const job_id& id, const storage::log_query& q) {
      return read_log(*w, id, q);
    },
    [w](atom::log, atom::get, const job_id& id, const storage::log_query& q) {
      return read_job_log(*w, id, q);
    },
    [w](atom::documents, const storage::document_query& q) {
      return list_documents(*w, q);
    },
    [w](atom::documents, atom::get,
        const std::string& id) -> caf::result<document> {
      guard lock{w->mutex};
      for (const auto& x : w->documents)
        if (x.id == id)
          return x;
      return absent("document");
    },
    [w](atom::load, const id_list& ids) { return load_jobs(*w, ids); },
    [w](atom::get, const std::string& id) { return get_definition(*w, id); },
    [w](atom::list) {
      guard lock{w->mutex};
      return w->definitions;
    },
  };
}

caf::result<definition_stored> put_definition(world& w,
                                              const definition_change& x) {
  guard lock{w.mutex};
  for (auto& old : w.definitions)
    if (old.id == x.definition.id) {
      if (old.job_type == "system")
        return make_error(ec::read_only, "belongs to the system");
      old = x.definition;
      return definition_stored{old, false, true};
    }
  if (x.must_exist)
    return absent("definition");
  w.definitions.push_back(x.definition);
  return definition_stored{x.definition, true, true};
}

caf::behavior dispatcher_of(const world_ptr& w) {
  return {
    [w](atom::execute, const run_request& x) -> caf::result<run_started> {
      guard lock{w->mutex};
      if (w->execute_error)
        return w->execute_error;
      w->executed.push_back(x);
      job_id id;
      id.bytes[15] = 77;
      return run_started{id, "Name of " + x.definition_id};
    },
    [w](atom::put, const definition_change& x) {
      return put_definition(*w, x);
    },
    [w](atom::remove, const definition_removal& x) -> caf::result<void> {
      guard lock{w->mutex};
      auto& all = w->definitions;
      auto i = std::find_if(all.begin(), all.end(),
                            [&](const auto& y) { return y.id == x.id; });
      if (i == all.end())
        return absent("definition");
      if (i->job_type == "system")
        return make_error(ec::read_only, "belongs to the system");
      all.erase(i);
      return caf::unit;
    },
    [](atom::status) {
      return actor_status{"dispatcher", 0, {{"asked", 1}, {"recovered", 1}}};
    },
    [](atom::rerun, const rerun_request&) -> caf::result<job_made> {
      return absent("job");
    },
  };
}

caf::behavior job_manager_of(const world_ptr& w) {
  return {
    [w](atom::progress, const job_id& id) -> caf::result<run_progress> {
      guard lock{w->mutex};
      auto it = w->live.find(id);
      if (it == w->live.end())
        return absent("run");
      return it->second;
    },
    [w](atom::cancel, const job_id& id) -> caf::result<void> {
      guard lock{w->mutex};
      auto known = std::any_of(w->jobs.begin(), w->jobs.end(),
                               [&](const auto& x) { return x.job.id == id; });
      if (!known)
        return absent("job");
      if (w->live.count(id) == 0)
        return make_error(ec::conflict, "the job is over: it is completed");
      w->cancelled.push_back(id);
      for (auto& x : w->jobs)
        if (x.job.id == id)
          x.state.status = job_status::cancelled;
      return caf::unit;
    },
    [](atom::remove, const job_id&) -> caf::result<removal> {
      return absent("job");
    },
    [](atom::put, const job_id&, const label_change&) -> caf::result<void> {
      return absent("job");
    },
    [](atom::copy, const job_id&) -> caf::result<job_made> {
      return absent("job");
    },
    [](atom::retry, const job_id&) -> caf::result<job_made> {
      return absent("job");
    },
    [](atom::status) { return status_of("job_manager"); },
    [](atom::status, atom::visit) { return status_of("job_manager"); },
  };
}

caf::behavior step_manager_of(const world_ptr& w) {
  return {
    [w](atom::validate,
        const step& x) -> caf::result<std::vector<std::string>> {
      guard lock{w->mutex};
      if (x.type == "email")
        return make_error(ec::no_worker, "no worker for email");
      return w->broken_steps[x.type];
    },
    [](atom::status) { return status_of("step_manager"); },
  };
}

caf::behavior queue_of(const world_ptr& w) {
  return {
    [](atom::list) { return id_list{}; },
    [w](atom::stats) {
      guard lock{w->mutex};
      return w->queue;
    },
    [](atom::status) { return status_of("queue"); },
  };
}

caf::behavior log_collector_of(const world_ptr& w) {
  return {
    [w](atom::stats) {
      guard lock{w->mutex};
      return w->totals;
    },
    [](atom::status) { return status_of("log_collector"); },
  };
}

caf::behavior answer_store_of() {
  return {
    [](atom::get, const std::string&, const std::string&) {
      return request_claim{};
    },
    [](atom::put, const kept_answer_ptr&) {},
    [](atom::forget, const std::string&) {},
    [](atom::status) { return status_of("answer_store"); },
  };
}

caf::behavior operations_of() {
  return {
    [](atom::start, const operation_request& x) {
      operation out;
      out.action = x.action;
      out.query = x.query;
      return out;
    },
    [](atom::get, const job_id&) -> caf::result<operation> {
      return absent("operation");
    },
    [](atom::list) { return std::vector<operation>{}; },
    [](atom::cancel, const job_id&) -> caf::result<operation> {
      return absent("operation");
    },
    [](atom::status) { return status_of("operations"); },
  };
}

caf::behavior document_store_of() {
  return {
    [](atom::status) { return status_of("document_store"); },
  };
}

// Routes of these are tested with the real ones.
template <class Handle>
Handle silent(caf::actor_system& sys) {
  return as<Handle>(sys.spawn([] {
    return caf::behavior{[](atom::status) { return status_of("silent"); }};
  }));
}

} // namespace

job_view& world::add_job(std::string type, std::string name, job_id parent,
                         job_id manager) {
  job_view x;
  x.job.id.bytes[6] = 0x70;
  x.job.id.bytes[15] = static_cast<uint8_t>(++next_id_);
  x.job.type = std::move(type);
  x.job.name = std::move(name);
  x.job.parent_id = parent;
  x.job.manager_id = x.job.type == manager_job_type ? x.job.id : manager;
  return jobs.emplace_back(std::move(x));
}

void world::add_line(job_id owner, job_id job, log_level level,
                     std::string text) {
  auto& lines = logs[owner];
  log_entry x;
  x.line.owner = owner;
  x.line.job = job;
  x.line.level = level;
  x.line.message = std::move(text);
  x.line.at = timestamp{std::chrono::seconds{1'768'874'404}};
  x.index = lines.size() + 1;
  x.sequence = ++sequence_;
  if (!lines.empty())
    x.totals = lines.back().totals;
  ++x.totals[static_cast<size_t>(level)];
  lines.push_back(std::move(x));
}

gateway_fixture::system_config::system_config() {
  add_message_types<caf::id_block::quaero_types>();
  set("scheduler.max-threads", 2);
  set("scheduler.policy", caf::atom("sharing"));
}

gateway_fixture::gateway_fixture() : sys{config_} {}

gateway_fixture::~gateway_fixture() {
  server.reset();
}

gateway_actors gateway_fixture::spawn_actors() {
  gateway_actors out;
  auto w = fake;
  // One waits for the gate, so it has a thread of its own.
  out.reader
    = as<reader_actor>(sys.spawn<caf::detached>([w] { return reader_of(w); }));
  out.dispatcher
    = as<dispatcher_actor>(sys.spawn([w] { return dispatcher_of(w); }));
  out.job_manager
    = as<job_manager_actor>(sys.spawn([w] { return job_manager_of(w); }));
  out.step_manager
    = as<step_manager_actor>(sys.spawn([w] { return step_manager_of(w); }));
  out.queue = as<queue_actor>(sys.spawn([w] { return queue_of(w); }));
  out.log_collector
    = as<log_collector_actor>(sys.spawn([w] { return log_collector_of(w); }));
  out.document_store
    = as<document_store_actor>(sys.spawn([] { return document_store_of(); }));
  out.searcher = out.reader;
  out.key_store = silent<key_store_actor>(sys);
  out.credential_store = silent<credential_store_actor>(sys);
  out.catalog = silent<catalog_actor>(sys);
  auto db = std::make_shared<storage::memory_store>();
  store_actor writer = sys.spawn(store, store_config{}, db);
  auto ids = std::make_shared<id_generator>(system_wall_clock(), 1);
  out.tokens = sys.spawn(token_store, token_store_config{}, db, writer, ids,
                         &system_wall_clock());
  out.audit = sys.spawn(audit_log, audit_log_config{}, db, writer,
                        &system_wall_clock());
  out.store = writer;
  out.census = as<status_actor>(sys.spawn([]() -> caf::behavior {
    return {[](atom::status) { return status_of("daemon"); }};
  }));
  out.answers
    = as<answer_store_actor>(sys.spawn([] { return answer_store_of(); }));
  out.operations
    = as<operations_actor>(sys.spawn([] { return operations_of(); }));
  return out;
}

void gateway_fixture::start(gateway_config config) {
  config.port = 0;
  server = std::make_unique<gateway>();
  auto bound = server->start(sys, std::move(config), spawn_actors());
  BOOST_REQUIRE(bound);
  port = *bound;
}

http_reply gateway_fixture::get(const std::string& target) {
  return http_client{port}.get(target);
}

http_reply gateway_fixture::post(const std::string& target,
                                 const std::string& body) {
  return http_client{port}.request("POST", target, body);
}

value gateway_fixture::get_json(const std::string& target, int status) {
  auto reply = get(target);
  BOOST_TEST(reply.status == status, target << ": " << reply.body);
  return read_json(reply.body);
}

value read_json(const std::string& text) {
  value out;
  std::string error;
  BOOST_TEST(parse_json(text, out, error), error << " in " << text);
  return out;
}

const value& at(const value& x, std::string_view path) {
  static const value none;
  const auto* now = &x;
  while (!path.empty()) {
    auto end = std::min(path.find('.'), path.size());
    auto name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    size_t i = 0;
    std::from_chars(name.data(), name.data() + name.size(), i);
    if (now->is_array())
      now = i < now->as_array().size() ? &now->as_array()[i] : nullptr;
    else
      now = now->find(name);
    if (!now)
      return none;
  }
  return *now;
}

} // namespace quaero::test
