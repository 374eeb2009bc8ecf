#pragma once

#include "actors/gateway/access_control.hpp"
#include "actors/gateway/admission.hpp"
#include "actors/gateway/gateway.hpp"
#include "actors/gateway/router.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace quaero {

/// The door of the gateway: looks at the head of each request before its body
/// is read, and remembers what came of it: numbers of every request, and in the
/// audit log every refusal and every act that changes or stops something.
/// Bounds: see access_control and address_watch.
/// Threads: the gateway's.
class gatekeeper {
public:
  using audit_sink = std::function<void(audit_record)>;

  /// @param routes lives as long as this.
  gatekeeper(const gateway_config& config, const router& routes,
             audit_sink audit);

  /// Fills what the gateway adds to a request.
  /// @returns what is wrong with it, or nothing.
  std::optional<http_answer> check(http_request& request);

  /// The answer to a browser's question beforehand, if this is one.
  std::optional<http_answer> preflight(const http_request& request) const {
    return admission_.preflight(request);
  }

  /// The request is answered with that status, once.
  void answered(const http_request& request, unsigned status);

  void set_tokens(const token_table_ptr& all);
  token_uses take_uses() { return control_.take_uses(); }
  bool still_admits(const api_caller& x) const;
  std::optional<timestamp> next_end() const;

  /// Whether tick() has something to do, now or soon.
  bool has_news() const { return used_ || control_.watch().has_suppressed(); }

  /// Records what was refused and not recorded, of windows that are over.
  void tick();

  /// Why the gateway may not listen as it is told to, "" if it may.
  std::string forbids_listening(bool has_tls) const;

private:
  void record(const http_request& request, unsigned status);

  const gateway_config& config_;
  const router& routes_;
  audit_sink audit_;
  bool loopback_;
  admission admission_;
  access_control control_;
  bool used_ = false; ///< A token, since the last tick.
};

} // namespace quaero
