#pragma once

#include "actors/nodes/enrolment.hpp"
#include "definitions/job_definition.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quaero {

/// The command line of a node's daemon.
struct node_options {
  std::string join;  ///< "host:port"; "": it has joined before.
  std::string token; ///< The text of an invitation.
  std::string token_file;
  std::optional<std::vector<std::string>> labels;       ///< Nothing: as before.
  std::optional<std::map<std::string, uint64_t>> slots; ///< By worker type.
  std::optional<uint32_t> weight; ///< 1 to `node_weight_max`.
  bool help = false;
  std::vector<const char*> rest; ///< For the settings.
};

/// Labels of a node; each as those that a step requires.
inline constexpr size_t node_labels_max = 32;

/// Whether the daemon shall be a node: `--join` or `--node` is among them.
bool is_node(std::span<const char* const> arguments);

/// @returns "" or what is wrong, with the option's name.
std::string read_node_options(std::span<const char* const> arguments,
                              node_options& out);

/// "gpu,eu": letters, digits, '-', '_' and '.'.
/// @returns "" or what is wrong.
std::string read_labels(const std::string& text, std::vector<std::string>& out);

/// "crawler=8,noop=2".
/// @returns "" or what is wrong.
std::string read_slots(const std::string& text,
                       std::map<std::string, uint64_t>& out);

/// The labels that a node has from now on: those that it is told, or had, and
/// its weight in the same way. Sorted.
std::vector<std::string> next_labels(const node_options& x,
                                     const std::vector<std::string>& before);

/// "host:port", "[::1]:port"; the port is not 0.
bool read_hub(const std::string& text, hub_place& out);

} // namespace quaero
