#include "actors/catalog.hpp"

#include "actors/deadlines.hpp"
#include "definitions/log.hpp"
#include "definitions/substitution.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace fs = std::filesystem;

namespace quaero {

namespace {

/// One more than a definition may have: the reader then says so.
constexpr size_t file_bytes_max = definition_limits{}.bytes_max + 1;

bool read_file(const fs::path& path, std::string& out) {
  std::ifstream in{path, std::ios::binary};
  out.resize(file_bytes_max);
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<size_t>(in.gcount()));
  return !in.bad() && (in.eof() || in.good());
}

/// The TOML files directly in `dir`, by name.
/// @returns "" or why they cannot be listed.
std::string toml_files(const std::string& dir, size_t files_max,
                       std::vector<fs::path>& out) {
  std::error_code error;
  for (fs::directory_iterator i{dir, error}, end; !error && i != end;
       i.increment(error)) {
    if (i->path().extension() != ".toml")
      continue;
    if (out.size() == files_max)
      return dir + ": more than " + std::to_string(files_max) + " files";
    out.push_back(i->path());
  }
  std::sort(out.begin(), out.end());
  return error ? dir + ": " + error.message() : std::string{};
}

} // namespace

/// A definition whose steps are being looked at.
struct catalog_state::checking {
  loading_ptr all;
  std::string path;
  job_definition definition;
  std::vector<definition_error> errors;
  size_t step = 0;
};

caf::typed_response_promise<load_report> catalog_state::on_load() {
  ++loads;
  auto x = std::make_shared<loading>();
  x->reply = self->make_response_promise<load_report>();
  if (!config.definitions_dir.empty()) {
    auto why = toml_files(config.definitions_dir, config.files_max, x->files);
    if (!why.empty())
      refuse(x, std::move(why));
  }
  x->report.files = x->files.size();
  auto reply = x->reply;
  next_file(x);
  return reply;
}

void catalog_state::refuse(const loading_ptr& x, std::string error) {
  log::error("definitions.invalid", {{"error", error}});
  x->report.errors.push_back(std::move(error));
}

void catalog_state::next_file(const loading_ptr& x) {
  while (x->next < x->files.size()) {
    const auto path = x->files[x->next++].string();
    std::string text;
    if (!read_file(path, text)) {
      refuse(x, path + ": cannot be read");
      continue;
    }
    auto parsed = parse_toml(text);
    for (const auto& error : parsed.errors)
      refuse(x, to_string(error, path));
    if (!parsed.ok())
      continue;
    auto one = std::make_shared<checking>();
    one->all = x;
    one->path = path;
    one->definition = std::move(parsed.definition);
    check_step(one);
    return;
  }
  x->reply.deliver(std::move(x->report));
}

// Has the worker of each step look at its configuration, one after another.
void catalog_state::check_step(const std::shared_ptr<checking>& x) {
  const auto& all = x->definition.steps;
  while (x->step < all.size() && has_placeholder(all[x->step].config))
    ++x->step;
  if (x->step == all.size()) {
    store(x);
    return;
  }
  const auto& one = all[x->step++];
  const auto field = "step." + one.name;
  self->request(steps, answer_deadline, atom::validate_v, one)
    .then(
      [this, x, field](const std::vector<std::string>& rules) {
        for (const auto& rule : rules)
          x->errors.push_back({0, field, rule});
        check_step(x);
      },
      [this, x, field](const caf::error& why) {
        x->errors.push_back({0, field, message_of(why)});
        check_step(x);
      });
}

void catalog_state::store(const std::shared_ptr<checking>& x) {
  for (const auto& error : x->errors)
    refuse(x->all, to_string(error, x->path));
  if (!x->errors.empty()) {
    next_file(x->all);
    return;
  }
  definition_change change;
  change.definition = std::move(x->definition);
  change.definition.validation_status = "valid";
  change.definition.validated_at = clock->now();
  change.from_file = true;
  const auto id = change.definition.id;
  self->request(dispatcher, store_deadline, atom::put_v, std::move(change))
    .then(
      [this, x, id](const definition_stored& y) {
        ++x->all->report.loaded;
        if (y.written) {
          ++x->all->report.changed;
          log::info("definitions.loaded", {{"id", id}, {"new", y.is_new}});
        }
        next_file(x->all);
      },
      [this, x](const caf::error& e) {
        refuse(x->all, x->path + ": " + message_of(e));
        next_file(x->all);
      });
}

caf::result<template_list> catalog_state::on_templates() {
  template_list out;
  std::vector<fs::path> files;
  if (config.templates_dir.empty())
    return out;
  auto why = toml_files(config.templates_dir, config.files_max, files);
  if (!why.empty())
    out.errors.push_back(std::move(why));
  for (const auto& path : files) {
    std::string text;
    job_template one;
    one.id = path.stem().string();
    why = read_file(path, text) ? read_template(text, one) : "cannot be read";
    if (why.empty())
      out.templates.push_back(std::move(one));
    else
      out.errors.push_back(path.string() + ": " + why);
  }
  return out;
}

caf::result<void> catalog_state::on_reload() {
  auto why = config.reload_variables ? config.reload_variables() : "";
  if (!why.empty()) {
    log::error("variables.invalid", {{"error", why}});
    return make_error(ec::invalid_config, std::move(why));
  }
  return caf::unit;
}

actor_status catalog_state::on_status() const {
  return {name, self->mailbox().size(), {{"loads", loads}}};
}

catalog_actor::behavior_type
catalog(catalog_actor::stateful_pointer<catalog_state> self,
        catalog_config config, step_manager_actor steps,
        dispatcher_actor dispatcher, const wall_clock* clock) {
  if (config.files_max == 0) {
    self->quit(make_error(ec::invalid_config, "catalog: files_max > 0"));
    return catalog_actor::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = std::move(config);
  st.steps = std::move(steps);
  st.dispatcher = std::move(dispatcher);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::load) { return self->state.on_load(); },
    [self](atom::list) { return self->state.on_templates(); },
    [self](atom::reload) { return self->state.on_reload(); },
  };
}

} // namespace quaero
