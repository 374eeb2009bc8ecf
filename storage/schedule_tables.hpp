#pragma once

#include "definitions/schedule.hpp"
#include "storage/store.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

/// The table of what schedules have done; see storage/tables.hpp for the rules.
namespace quaero::storage {

/// Replaces the record of a definition. In the commit of the run that it tells
/// of, so that neither is there without the other.
void put_schedule(write_batch& out, std::string_view definition_id,
                  const schedule_record& x);
void remove_schedule(write_batch& out, std::string_view definition_id);

/// All of them, by definition.
status read_schedules(const store& db,
                      std::unordered_map<std::string, schedule_record>& out);

} // namespace quaero::storage
