#pragma once

#include "programs/cli/command.hpp"

namespace quaero::cli {

inline constexpr const char* server_default = "http://127.0.0.1:8085";
inline constexpr size_t endpoint_bytes_max = 4096; ///< Of DIR/endpoint.
inline constexpr size_t token_bytes_max = 4096;    ///< Of a token.

/// Makes `context.http` if it is not there. The server is the first that is
/// given of --server, --data-dir, QUAERO_SERVER and the default. The token is
/// that of --token-file, QUAERO_TOKEN or, for a server found by --data-dir
/// only, of the daemon's own file in that folder. Certificates to trust are in
/// the file of --ca, else of QUAERO_CA_FILE.
/// @returns exit_ok, or another code after a message.
int connect(command_context& context);

} // namespace quaero::cli
