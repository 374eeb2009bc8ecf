#pragma once

#include "actors/workers/registry.hpp"
#include "definitions/settings.hpp"

namespace quaero {

/// What settings say of workers, at a hub and at a node.
worker_settings workers_of(const settings& x);

} // namespace quaero
