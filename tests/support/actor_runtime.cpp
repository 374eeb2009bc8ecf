#include "tests/support/actor_runtime.hpp"

#include "storage/job_scan.hpp"
#include "storage/life_tables.hpp"
#include "storage/memory_store.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace quaero::test {

namespace {

class scripted_logic : public definition_logic {
public:
  scripted_logic(std::string type, test_kind& how)
    : type_{std::move(type)}, how_{how} {}

  std::vector<std::string> validate(const step& x) override {
    return how_.validate ? how_.validate(x) : std::vector<std::string>{};
  }

  init_result init(const step_context& x) override {
    return how_.init ? how_.init(x) : init_result{};
  }

  step_output create(const step_context& x, const init_result&) override {
    if (how_.create)
      return how_.create(x);
    step_output out;
    const auto n = x.definition.config.get_int("jobs").value_or(1);
    out.jobs
      = make_new_jobs(static_cast<size_t>(n), x.definition.name + "-", type_);
    return out;
  }

private:
  std::string type_;
  test_kind& how_;
};

void require_ok(const storage::status& x) {
  BOOST_REQUIRE_MESSAGE(x.ok(), x.message);
}

} // namespace

runtime_fixture::runtime_fixture()
  : db{std::make_shared<storage::fault_store>(
    std::make_unique<storage::memory_store>())} {
  settings.detach = false;
}

runtime_fixture::~runtime_fixture() {
  crash();
  end_actors();
}

void runtime_fixture::make_runtime() {
  settings.id_seed = ++boot;
  auto look_up = [this](std::string_view key) -> std::optional<std::string> {
    auto i = keys.find(std::string{key});
    if (i == keys.end())
      return std::nullopt;
    return i->second;
  };
  rt = std::make_unique<runtime>(
    sys, settings, db, boot, clock, look_up,
    [this](const worker_environment& x) { return make_kinds(x); });
}

std::optional<uint64_t> runtime_fixture::start() {
  make_runtime();
  auto recovered = request<uint64_t>(rt->jobs, atom::recover_v);
  settle();
  if (!recovered->ok())
    return std::nullopt;
  tell(rt->dispatcher, atom::recover_v);
  tell(rt->operations, atom::recover_v);
  tell(rt->scheduler, atom::recover_v);
  tell(rt->retention, atom::recover_v);
  tell(rt->compactor, atom::recover_v);
  return recovered->value;
}

void runtime_fixture::crash() {
  rt.reset();
  held.clear();
  workers.clear();
  settle();
  held.clear();
}

std::optional<uint64_t> runtime_fixture::restart() {
  crash();
  return start();
}

std::vector<worker_kind>
runtime_fixture::make_kinds(const worker_environment& environment) {
  kinds_.try_emplace(jobs_type);
  std::vector<worker_kind> out;
  for (auto& [type, how] : kinds_) {
    worker_kind x;
    x.step_type = type;
    x.definition = environment.system.spawn(
      definition_worker, std::make_shared<scripted_logic>(type, how));
    x.job_type = type;
    x.slots = how.slots;
    x.spawn_worker
      = [this, &behaviour = how] { return spawn_worker(behaviour); };
    out.push_back(std::move(x));
  }
  return out;
}

job_worker_actor runtime_fixture::spawn_worker(test_kind& how) {
  ++workers_spawned;
  job_worker_actor out = sys.spawn(
    [this,
     &how](job_worker_actor::pointer self) -> job_worker_actor::behavior_type {
      return {[this, &how, self](atom::execute, const job_context_ptr& x) {
        auto reply = self->make_response_promise<job_outcome>();
        auto outcome = how.execute ? how.execute(*x) : job_outcome::ok();
        if (outcome)
          reply.deliver(std::move(*outcome));
        else
          held.push_back({x, {self, reply}});
        return reply;
      }};
    });
  workers.push_back(out);
  return out;
}

job_id runtime_fixture::run(const job_definition& x) {
  auto stored = ask<bool>(rt->dispatcher, atom::put_v, x);
  BOOST_REQUIRE_MESSAGE(stored.ok(), message_of(stored.error));
  auto started = execute(x.id);
  BOOST_REQUIRE_MESSAGE(started.ok(), message_of(started.error));
  return started.value.manager;
}

answer<run_started> runtime_fixture::execute(const std::string& id) {
  return ask<run_started>(rt->dispatcher, atom::execute_v,
                          run_request{id, {}, {}});
}

size_t runtime_fixture::release(const std::string& name, job_outcome outcome) {
  size_t count = 0;
  auto waiting = std::exchange(held, {});
  for (auto& x : waiting) {
    if (!name.empty() && x.context->job().name != name) {
      held.push_back(std::move(x));
      continue;
    }
    x.reply.deliver(outcome);
    ++count;
  }
  settle();
  return count;
}

// -- what the database says ---------------------------------------------------

job_view runtime_fixture::view(const job_id& id) const {
  job_view out;
  require_ok(storage::read_job(*db, id, out.job));
  std::vector<job_event> events;
  require_ok(storage::read_events(*db, id, events));
  out.state = fold(events, out.job.type == step_job_type);
  return out;
}

std::vector<job_view> runtime_fixture::children(const job_id& parent) const {
  std::vector<job_id> ids;
  require_ok(storage::read_children(*db, parent, {}, 100'000, ids));
  std::vector<job_view> out;
  for (const auto& id : ids)
    out.push_back(view(id));
  return out;
}

job_view runtime_fixture::step_of(const job_id& manager,
                                  const std::string& name) const {
  for (auto& x : children(manager))
    if (x.job.name == name)
      return x;
  BOOST_REQUIRE_MESSAGE(false, "no step " + name);
  return {};
}

std::vector<log_entry> runtime_fixture::lines(const job_id& owner) const {
  storage::log_query query;
  query.level = log_level::debug;
  query.limit = 100'000;
  std::vector<log_entry> out;
  require_ok(storage::read_log(*db, owner, query, out));
  return out;
}

bool runtime_fixture::says(const job_id& owner, const std::string& text) const {
  const auto all = lines(owner);
  return std::any_of(all.begin(), all.end(), [&](const log_entry& x) {
    return x.line.message.find(text) != std::string::npos;
  });
}

storage::totals runtime_fixture::totals() const {
  storage::totals out;
  require_ok(storage::read_totals(*db, out));
  return out;
}

size_t runtime_fixture::queue_entries() const {
  size_t count = 0;
  require_ok(
    storage::read_queue(*db, [&](storage::queue_entry&&) { ++count; }));
  return count;
}

size_t runtime_fixture::active_runs() const {
  std::vector<job_id> ids;
  require_ok(storage::read_active(*db, ids));
  return ids.size();
}

void runtime_fixture::check_job(const job_id& id, storage::totals& seen,
                                std::vector<job_view>& all) const {
  std::vector<job_event> events;
  require_ok(storage::read_events(*db, id, events));
  const auto terminal
    = std::count_if(events.begin(), events.end(),
                    [](const job_event& x) { return is_terminal(x.status); });
  BOOST_TEST(terminal <= 1, "a job ended twice");
  auto one = view(id);
  ++seen.jobs[static_cast<size_t>(one.state.status)];
  uint64_t index = 0;
  uint64_t sequence = 0;
  for (const auto& x : lines(id)) {
    BOOST_TEST(x.index == ++index);
    BOOST_TEST(x.sequence > sequence);
    sequence = x.sequence;
  }
  all.push_back(std::move(one));
  for (const auto& child : children(id))
    check_job(child.job.id, seen, all);
}

void runtime_fixture::check_index(const std::vector<job_view>& all) const {
  using storage::facet;
  std::map<std::pair<facet, std::string>, storage::state_counts> counts;
  std::map<job_id, storage::run_facets> runs;
  for (const auto& x : all)
    if (x.job.type == manager_job_type)
      runs[x.job.id] = storage::run_facets_of(x.job);
  std::array<std::vector<job_id>, job_status_count> ids;
  std::array<std::vector<job_id>, failure_reason_count> dead;
  for (const auto& x : all) {
    job_label label;
    require_ok(storage::read_label(*db, x.job.id, label));
    if (x.state.reason != failure_reason::none && !label.retried_as) {
      dead[static_cast<size_t>(x.state.reason)].push_back(x.job.id);
      ++counts[{facet::dead, to_string(x.state.reason)}]
              [static_cast<size_t>(job_status::failed)];
    }
    const auto state = static_cast<size_t>(x.state.status);
    auto count = [&](facet about, const std::string& text) {
      ++counts[{about, text}][state];
    };
    const auto facets = storage::facets_of(x.job);
    const auto& run = runs[facets.manager];
    count(facet::all, "");
    count(facet::type, facets.type);
    if (!run.definition.empty())
      count(facet::definition, run.definition);
    if (!facets.queue.empty())
      count(facet::queue, facets.queue);
    if (facets.root)
      count(facet::roots, "");
    std::set<std::string> tags{facets.tags.begin(), facets.tags.end()};
    tags.insert(run.tags.begin(), run.tags.end());
    for (const auto& tag : tags)
      count(facet::tag, tag);
    ids[0].push_back(x.job.id);
    if (is_terminal(x.state.status))
      ids[state].push_back(x.job.id);
  }
  for (const auto& [key, expected] : counts) {
    storage::state_counts stored{};
    require_ok(storage::read_job_counts(*db, key.first, key.second, stored));
    BOOST_TEST((stored == expected), "counts of "
                                       << static_cast<char>(key.first) << " '"
                                       << key.second << "' are wrong");
  }
  for (auto why : all_failure_reasons()) {
    auto& expected = dead[static_cast<size_t>(why)];
    std::sort(expected.begin(), expected.end());
    std::vector<job_id> found;
    auto stream
      = storage::scan_dead_letters(*db, why, list_order::oldest_first);
    for (stream->seek({}); stream->valid(); stream->next())
      found.push_back(stream->id());
    BOOST_TEST((found == expected),
               "the list of dead letters is wrong: " << to_string(why));
  }
  for (size_t kind = 0; kind < ids.size(); ++kind) {
    std::sort(ids[kind].begin(), ids[kind].end());
    std::vector<job_id> found;
    auto stream = storage::scan_postings(*db, facet::all, "",
                                         static_cast<job_status>(kind),
                                         list_order::oldest_first);
    for (stream->seek({}); stream->valid(); stream->next())
      found.push_back(stream->id());
    BOOST_TEST((found == ids[kind]), "the index has other jobs of kind "
                                       << kind << " than there are");
  }
}

void runtime_fixture::check_database() const {
  std::vector<job_id> roots;
  require_ok(storage::read_roots(*db, {}, 100'000, roots));
  storage::totals seen;
  std::vector<job_view> all;
  for (const auto& id : roots)
    check_job(id, seen, all);
  check_index(all);
  const auto stored = totals();
  BOOST_TEST(stored.roots == roots.size());
  for (size_t i = 0; i < job_status_count; ++i)
    BOOST_TEST(stored.jobs[i] == seen.jobs[i],
               "total of " << to_string(static_cast<job_status>(i)) << " is "
                           << stored.jobs[i] << ", jobs: " << seen.jobs[i]);
}

void runtime_fixture::check_over() const {
  check_database();
  BOOST_TEST(active_runs() == 0u);
  BOOST_TEST(queue_entries() == 0u);
  const auto stored = totals();
  BOOST_TEST(stored.jobs[static_cast<size_t>(job_status::pending)] == 0u);
  BOOST_TEST(stored.jobs[static_cast<size_t>(job_status::running)] == 0u);
}

// -- definitions --------------------------------------------------------------

step make_step(const std::string& name, std::vector<std::string> depends,
               const std::string& type) {
  step out;
  out.name = name;
  out.type = type;
  out.depends = std::move(depends);
  return out;
}

job_definition make_definition(const std::string& id, std::vector<step> steps) {
  job_definition out;
  out.id = id;
  out.name = "Test " + id;
  out.steps = std::move(steps);
  return out;
}

std::vector<new_job> make_new_jobs(size_t n, const std::string& prefix,
                                   const std::string& type) {
  std::vector<new_job> out(n);
  for (size_t i = 0; i < n; ++i) {
    out[i].type = type;
    out[i].name = prefix + std::to_string(i + 1);
    out[i].retry.attempts = 1;
  }
  return out;
}

} // namespace quaero::test
