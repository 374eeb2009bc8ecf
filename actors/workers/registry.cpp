#include "actors/workers/registry.hpp"

#include "actors/workers/local_dir/local_dir_worker.hpp"
#include "actors/workers/noop/noop_worker.hpp"
#include "actors/workers/test_job_generator/test_job_generator.hpp"

#include <utility>

namespace quaero {

const std::vector<std::string>& registered_types() {
  static const std::vector<std::string> types{crawler::step_type,
                                              local_dir::step_type, noop::type,
                                              test_job_generator::type};
  return types;
}

std::string job_type_of(const std::string& worker_type) {
  if (worker_type == crawler::step_type)
    return crawler::job_type;
  if (worker_type == local_dir::step_type)
    return local_dir::job_type;
  return worker_type;
}

worker_kinds registered_workers(worker_settings settings) {
  return [settings = std::move(settings)](const worker_environment& x) {
    std::vector<worker_kind> kinds{
      crawler::kind(x, settings.crawler),
      local_dir::kind(x),
      noop::kind(x),
      test_job_generator::kind(x),
    };
    for (auto& kind : kinds)
      if (auto i = settings.slots.find(kind.step_type);
          i != settings.slots.end())
        kind.slots = i->second;
    return kinds;
  };
}

} // namespace quaero
