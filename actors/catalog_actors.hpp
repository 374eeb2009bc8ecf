#pragma once

#include "actors/actors.hpp"

/// Interfaces of what users keep beside runs; see actors.hpp.
namespace quaero {

/// The KEY STORE: pairs of keys and texts, for people and placeholders.
using key_store_actor = status_actor::extend<
  // All pairs, by key. Secrets are there in clear: not for outside.
  caf::replies_to<atom::list>::with<std::vector<key_pair>>,
  // ec::not_found.
  caf::replies_to<atom::get, std::string>::with<key_pair>,
  // Makes or changes a pair; replies when committed, and the text counts from
  // then on. ec::conflict, ec::not_found (no text and no pair),
  // ec::invalid_argument, ec::limit_reached.
  caf::replies_to<atom::put, pair_change>::with<pair_stored>,
  // ec::not_found.
  caf::reacts_to<atom::remove, std::string>>;

/// The CREDENTIAL STORE: who somebody is at web sites, one for each site.
using credential_store_actor = status_actor::extend<
  // All of them, by site.
  caf::replies_to<atom::list>::with<std::vector<credential>>,
  // By id; ec::not_found.
  caf::replies_to<atom::get, std::string>::with<credential>,
  // Replaces that of the site; replies when committed. ec::invalid_argument,
  // ec::limit_reached.
  caf::replies_to<atom::put, credential>::with<credential>,
  // By id; ec::not_found.
  caf::reacts_to<atom::remove, std::string>>;

/// The CATALOG: definitions, templates and variables that are files.
using catalog_actor = status_actor::extend<
  // Reads the folder of definitions and stores what has changed.
  caf::replies_to<atom::load>::with<load_report>,
  // Reads the folder of templates.
  caf::replies_to<atom::list>::with<template_list>,
  // Reads the variables again; ec::invalid_config and none of them counts.
  caf::reacts_to<atom::reload>>;

} // namespace quaero
