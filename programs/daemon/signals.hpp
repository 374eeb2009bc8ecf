#pragma once

namespace quaero {

/// SIGINT and SIGTERM wait for await_stop_signal() in every thread that is made
/// from here on; other signals of a daemon's life are no deaths. Before the
/// first thread.
void block_stop_signals();

/// Returns with the first of them. The second one then ends the process at
/// once: whoever asks twice does not want to wait.
void await_stop_signal();

} // namespace quaero
