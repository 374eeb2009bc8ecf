#pragma once

#include "storage/store.hpp"

#include <cstdint>

/// Which form the keys and records of a database have, and how one of an older
/// form is brought to the present one. See docs/storage_format.md.
/// On a thread that may block.
namespace quaero::storage {

inline constexpr uint32_t format_version = 2;

/// Writes the format into an empty database, checks it, and brings a database
/// of an older format to this one, with a line in the daemon's log for each
/// million records. Ended in between, it goes on at the next call. Takes as
/// much of the disk again as the jobs' records have, until LevelDB has tidied
/// up.
/// @returns too_new if the database was written by a newer program.
status open_format(store& db);

/// The same without a change.
/// @returns too_old if the database has to be brought to this format.
status check_format(const store& db);

} // namespace quaero::storage
