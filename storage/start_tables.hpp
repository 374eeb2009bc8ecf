#pragma once

#include "definitions/job_state.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Starts of attempts that a node has. They are events as all others, with the
/// node's name behind them.
namespace quaero::storage {

/// The same as put_event(), of an attempt that begins on that node.
/// REQUIRES: it moves the job to running; `node` is not "".
void put_start(write_batch& out, uint32_t n, const job_event& x,
               std::string_view node);

/// On which node an attempt began. @param n the number of its start.
/// @param node becomes "" if the start does not say: the attempt is one of a
///             pool at home, or it was stored before starts said it.
status read_start_node(const store& db, const job_id& id, uint32_t n,
                       std::string& node);

} // namespace quaero::storage
