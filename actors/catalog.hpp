#pragma once

#include "actors/catalog_actors.hpp"
#include "definitions/validation.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct catalog_config {
  std::string definitions_dir; ///< "" is none.
  std::string templates_dir;   ///< "" is none.
  size_t files_max = 10'000;   ///< > 0; of one folder.
  /// Reads the variables again; returns "" or what is wrong, and then none of
  /// them counts. May block. Absent: there are none.
  std::function<std::string()> reload_variables;
};

/// What is in the folders, each time somebody asks.
struct catalog_state {
  static constexpr const char* name = "catalog";

  explicit catalog_state(catalog_actor::pointer ptr) : self{ptr} {}

  /// One reload on its way through the files.
  struct loading {
    std::vector<std::filesystem::path> files;
    size_t next = 0;
    load_report report;
    caf::typed_response_promise<load_report> reply;
  };
  using loading_ptr = std::shared_ptr<loading>;

  catalog_actor::pointer self;
  catalog_config config;
  step_manager_actor steps;
  dispatcher_actor dispatcher;
  const wall_clock* clock = nullptr;
  int64_t loads = 0;

  caf::typed_response_promise<load_report> on_load();
  caf::result<template_list> on_templates();
  caf::result<void> on_reload();
  actor_status on_status() const;

private:
  struct checking;

  void next_file(const loading_ptr& x);
  void check_step(const std::shared_ptr<checking>& x);
  void store(const std::shared_ptr<checking>& x);
  void refuse(const loading_ptr& x, std::string error);
};

/// Reads the files of users, by name. A definition that is not valid is named
/// in the answer and in the daemon's log, and left out; the others are stored
/// when their text has changed. A file that is gone removes nothing.
/// Bounds: one file at a time, files_max of a folder.
/// Blocks on the disk: spawn it detached.
catalog_actor::behavior_type
catalog(catalog_actor::stateful_pointer<catalog_state> self,
        catalog_config config, step_manager_actor steps,
        dispatcher_actor dispatcher, const wall_clock* clock);

} // namespace quaero
