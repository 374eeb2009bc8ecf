#include "actors/workers/local_dir/local_dir_worker.hpp"

#include "actors/job_context.hpp"
#include "actors/workers/local_dir/scan.hpp"
#include "definitions/json.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <filesystem>
#include <stdexcept>
#include <utility>

namespace quaero::local_dir {

namespace {

std::string count_of(uint64_t n, const char* what) {
  return std::to_string(n) + ' ' + what;
}

std::string describe(const scan_result& x) {
  return "Scanned " + count_of(x.total_files_scanned, "files: ")
         + count_of(x.excluded_by_path, "excluded by path, ")
         + count_of(x.excluded_by_extension, "by extension, ")
         + count_of(x.excluded_by_size, "by size, ")
         + count_of(x.excluded_by_binary, "binary, ")
         + count_of(x.unreadable, "unreadable");
}

value batch_config(const scan_config& config, const std::string& base_path,
                   size_t index, const std::vector<file_entry>& files) {
  value::array list;
  for (const auto& x : files)
    list.push_back(to_value(x));
  value::array tags;
  for (const auto& x : config.tags)
    tags.emplace_back(x);
  return value::make_object({{"base_path", base_path},
                             {"batch_idx", static_cast<int64_t>(index)},
                             {"batch_size", config.batch_size},
                             {"max_file_size", config.max_file_size},
                             {"files", std::move(list)},
                             {"tags", std::move(tags)}});
}

std::string base_name(const std::string& path) {
  std::filesystem::path x{path};
  return x.filename().empty() ? x.parent_path().filename().string()
                              : x.filename().string();
}

} // namespace

// -- the step -----------------------------------------------------------------

std::vector<std::string> logic::validate(const step& x) {
  return parse_scan_config(x.config).errors;
}

init_result logic::init(const step_context& x) {
  const auto config = parse_scan_config(x.definition.config).config;
  auto found = scan(config);
  if (!found.ok())
    throw std::runtime_error{found.error};
  init_result out;
  out.lines.push_back(
    say(log_level::info, "Scanning '" + config.dir_path + "'"));
  out.lines.push_back(say(log_level::info, describe(found)));
  if (found.truncated)
    out.lines.push_back(
      say(log_level::warn, "Only the first " + std::to_string(config.max_files)
                             + " files are taken: max_files"));
  if (found.files.empty())
    throw std::runtime_error{"no file of '" + config.dir_path
                             + "' matches: " + describe(found)};
  out.work_items = found.files.size();
  value::array files;
  for (const auto& file : found.files)
    files.push_back(to_value(file));
  out.metadata = value::make_object(
    {{"base_path", found.base_path}, {"files", std::move(files)}});
  return out;
}

step_output logic::create(const step_context& x, const init_result& found) {
  auto config = parse_scan_config(x.definition.config).config;
  if (config.tags.empty())
    config.tags = x.scope.tags;
  std::vector<file_entry> files;
  for (const auto& item : found.metadata.find("files")->as_array()) {
    file_entry file;
    if (from_value(item, file))
      files.push_back(std::move(file));
  }
  const auto base = found.metadata.get_string("base_path").value_or("");
  auto batches = make_batches(files, static_cast<size_t>(config.batch_size));
  step_output out;
  for (size_t i = 0; i < batches.size(); ++i) {
    new_job job;
    job.type = job_type;
    job.name = "Batch " + std::to_string(i + 1) + '/'
               + std::to_string(batches.size()) + ": " + base_name(base);
    job.config = to_json(batch_config(config, base, i, batches[i]));
    job.metadata = to_json(
      value::make_object({{"job_definition_id", x.scope.definition_id},
                          {"step_name", x.scope.step_name}}));
    out.jobs.push_back(std::move(job));
  }
  out.lines.push_back(
    say(log_level::info, "Matched " + count_of(files.size(), "files, creating ")
                           + count_of(batches.size(), "batch jobs")));
  return out;
}

// -- the jobs -----------------------------------------------------------------

namespace {

job_outcome run_batch(job_context& context) {
  value config;
  std::string error;
  if (!parse_json(context.job().config, config, error))
    return job_outcome::failure("config: " + error, false);
  const auto* files = config.find("files");
  if (files == nullptr || !files->is_array())
    return job_outcome::failure("config: files is missing", false);
  const auto base = config.get_string("base_path").value_or("");
  const auto tags
    = config.get_strings("tags").value_or(std::vector<std::string>{});
  const auto size_max = static_cast<uint64_t>(
    config.get_int("max_file_size").value_or(1024 * 1024));
  uint64_t saved = 0;
  uint64_t errors = 0;
  for (const auto& item : files->as_array()) {
    if (context.cancelled())
      return job_outcome::stopped();
    file_entry file;
    if (!from_value(item, file)) {
      ++errors;
      continue;
    }
    auto one = read_document(file, base, tags, size_max);
    if (one.ok() && context.save(std::move(one.doc))) {
      ++saved;
      continue;
    }
    ++errors;
    context.log(log_level::warn,
                file.path + ": "
                  + (one.error.empty() ? "documents_max" : one.error));
  }
  context.log(log_level::info, "Batch complete: " + count_of(saved, "saved, ")
                                 + count_of(errors, "errors"));
  if (saved == 0 && errors != 0)
    return job_outcome::failure("no file of the batch could be read");
  job_outcome out;
  out.result_count = saved;
  return out;
}

} // namespace

job_worker_actor::behavior_type worker(job_worker_actor::pointer) {
  return {
    [](atom::execute, const job_context_ptr& x) { return run_batch(*x); },
  };
}

worker_kind kind(const worker_environment& environment) {
  auto& system = environment.system;
  const bool detach = environment.detach;
  auto work = std::make_shared<logic>();
  worker_kind out;
  out.step_type = step_type;
  out.definition = detach ? system.spawn<caf::detached>(definition_worker, work)
                          : system.spawn(definition_worker, work);
  out.job_type = job_type;
  out.slots = 4;
  out.spawn_worker = [&system, detach]() -> job_worker_actor {
    return detach ? system.spawn<caf::detached>(worker) : system.spawn(worker);
  };
  return out;
}

} // namespace quaero::local_dir
