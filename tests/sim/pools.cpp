#include "actors/definition_worker.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>

/// Worker pools of the daemon. In the product it ends with any of them; here it
/// goes on, so that the QUEUE loses them as it loses those of a node.
namespace quaero::sim {

namespace {

/// Of one type.
constexpr size_t pools_max = 3;

/// Those that the daemon starts with, in their order.
const std::vector<std::string> all_types{slow_type, other_type, block_type};

class dice_logic : public definition_logic {
public:
  explicit dice_logic(world& owner) : owner_{owner} {}

  std::vector<std::string> validate(const quaero::step&) override { return {}; }

  init_result init(const step_context&) override { return {}; }

  step_output create(const step_context& x, const init_result&) override {
    return owner_.create(x);
  }

private:
  world& owner_;
};

/// The type whose pools are next.
const std::string& draw_type(dice& random) {
  return random.chance(60)   ? slow_type
         : random.chance(50) ? other_type
                             : block_type;
}

} // namespace

// -- as the daemon makes them -------------------------------------------------

/// What executes jobs of a type.
worker_kind world::kind_of(const std::string& type, const worker_place& place) {
  worker_kind x;
  x.job_type = type;
  x.slots = own_slots(type);
  // Each worker is remembered, so that it can end with its pool.
  auto put = [place](auto worker) {
    *place = caf::actor_cast<caf::actor>(worker);
    return worker;
  };
  if (type == block_type)
    x.spawn_block_worker = [this, put] { return put(spawn_block_worker()); };
  else
    x.spawn_worker = [this, put] { return put(spawn_worker()); };
  return x;
}

std::vector<worker_kind>
world::make_kinds(const worker_environment& environment) {
  std::vector<worker_kind> out;
  for (const auto& type : all_types) {
    auto place = std::make_shared<caf::actor>();
    auto x = kind_of(type, place);
    if (type != block_type) {
      x.step_type = type;
      x.definition = environment.system.spawn(
        definition_worker, std::make_shared<dice_logic>(*this));
    }
    if (is_far(type))
      x.job_type.clear();
    else
      pools[type].push_back({worker_pool_actor{}, std::move(place)});
    out.push_back(std::move(x));
  }
  return out;
}

/// The runtime has made those of its kinds.
void world::take_pools() {
  auto next = rt->pools.begin();
  for (const auto& type : all_types)
    if (!is_far(type))
      pools[type].front().handle = *next++;
}

void world::end_pools() {
  for (const auto& [type, all] : pools)
    for (const auto& x : all)
      caf::anon_send_exit(x.handle, caf::exit_reason::kill);
  pools.clear();
}

// -- they come and go ---------------------------------------------------------

void world::add_pool(const std::string& type) {
  auto place = std::make_shared<caf::actor>();
  worker_pool_config config;
  config.node = settings.node;
  config.attempt.keys = std::make_shared<const key_lookup>(rt->keys());
  config.heartbeat = settings.queue.lease / 3;
  auto handle = spawn_pool(sys, kind_of(type, place), std::move(config),
                           rt->queue, rt->collector, clock);
  pools[type].push_back({std::move(handle), std::move(place)});
}

/// One of them ends at once, with its worker, and what they have not read yet.
/// REQUIRES: there is one.
void world::lose_pool(const std::string& type) {
  auto& all = pools[type];
  const auto at
    = all.begin() + static_cast<ptrdiff_t>(random.below(all.size()));
  const auto gone = std::move(*at);
  all.erase(at);
  kill_now(caf::actor_cast<caf::actor>(gone.handle));
  kill_worker_of(gone.worker);
  facts.on_reports_lost(type);
}

/// Another one comes in its place, mostly before the QUEUE knows.
void world::kill_pool() {
  const auto& type = draw_type(random);
  if (is_far(type) || pools[type].empty())
    return;
  lose_pool(type);
  if (random.chance(30))
    run_some(random.below(30));
  if (random.chance(50)) // what it had, perhaps
    cancel();
  add_pool(type);
}

/// There may be none.
void world::change_pools() {
  const auto& type = draw_type(random);
  if (is_far(type))
    return;
  const auto n = pools[type].size();
  if (n == 0 || (n < pools_max && random.chance(50)))
    add_pool(type);
  else
    lose_pool(type);
}

/// How many jobs of a type may run.
uint64_t world::slots_of(const std::string& type) const {
  const auto of_pool = slots.at(type).now;
  const auto i = pools.find(type);
  return is_far(type)       ? of_pool
         : i == pools.end() ? 0
                            : of_pool * i->second.size();
}

} // namespace quaero::sim
