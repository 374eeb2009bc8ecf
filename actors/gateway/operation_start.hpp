#pragma once

#include "actors/gateway/exchange.hpp"

/// How an operation is started from more than one route.
namespace quaero {

/// Answers with what the operation would meet (200), and changes nothing.
void try_operation(const exchange_ptr& ex, const operation_request& x);

/// Starts it and answers 202 with its id.
void start_operation(const exchange_ptr& ex, const operation_request& x);

/// Reads the member `dry_run` of a body; answers 400 if it is no boolean.
bool read_dry_run(const exchange_ptr& ex, const value& body, bool& out);

} // namespace quaero
