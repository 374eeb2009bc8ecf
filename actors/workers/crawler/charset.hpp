#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quaero::crawler {

/// Bytes at the start of a page that are searched for its charset.
inline constexpr size_t charset_scan_bytes = 4096;

struct decoded_text {
  std::string text;    ///< Always well-formed UTF-8.
  std::string charset; ///< What it was read as: "utf-8", "windows-1252"...
  /// Nothing said which charset it is, or what was said is unknown; it was
  /// read as UTF-8 if it is, else as windows-1252.
  bool guessed = false;
};

/// Turns the body of a response into UTF-8. Decides by, first wins: byte order
/// mark, charset of `content_type`, meta or XML declaration in the text. Each
/// byte that means nothing in the charset becomes U+FFFD. Never fails.
decoded_text decode_text(std::string_view bytes, std::string_view content_type);

/// The media type of a Content-Type header in lower case: "text/html".
std::string media_type(std::string_view content_type);

} // namespace quaero::crawler
