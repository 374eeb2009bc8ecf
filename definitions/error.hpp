#pragma once

#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <string>

namespace quaero {

/// What went wrong, for programs. People read the message beside it.
enum class ec : uint8_t {
  none = 0,
  invalid_argument, ///< An input breaks a rule that the message names.
  invalid_config,   ///< A setting is out of range; the actor did not start.
  not_found,        ///< No such job, definition, document ...
  conflict,         ///< The thing is in a state that forbids this.
  disabled,         ///< The definition is switched off.
  limit_reached,    ///< A named limit; try again later.
  storage_failed,   ///< The database could not be read or written.
  no_worker,        ///< No worker is registered for a type.
  worker_failed,    ///< A worker refused or failed.
  shutting_down,    ///< The daemon takes no new work.
  read_only,        ///< It belongs to the system.
  changed,          ///< It is not the version that the caller knows.
  wrong_state,      ///< The job is in a state that forbids this.
};

std::string to_string(ec x);

/// An error that carries a sentence for people.
caf::error make_error(ec code, std::string message);

/// The sentence of an error that make_error() made, else CAF's own rendering.
std::string message_of(const caf::error& x);

} // namespace quaero

CAF_ERROR_CODE_ENUM(quaero::ec, "quaero")
