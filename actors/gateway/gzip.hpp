#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace quaero {

/// Whether an Accept-Encoding field takes gzip.
bool accepts_gzip(std::string_view field);

/// Whether a body of this Content-Type becomes smaller by it.
bool is_text(std::string_view content_type);

/// Makes bodies smaller, quickly rather than well. One thread at a time.
class gzip_encoder {
public:
  gzip_encoder();
  ~gzip_encoder();

  /// @returns "" if it cannot be done.
  std::string encode(std::string_view text);

private:
  struct state;
  std::unique_ptr<state> state_; ///< Made with the first text.
};

} // namespace quaero
