#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace quaero::crawler {

/// Bytes of the longest URL that is fetched or followed.
inline constexpr size_t url_bytes_max = 4096;

/// The five parts of RFC 3986, as written. An absent part differs from an empty
/// one: "http://a/b?" has an empty query.
struct url_parts {
  std::optional<std::string> scheme;
  std::optional<std::string> authority;
  std::string path;
  std::optional<std::string> query;
  std::optional<std::string> fragment;

  bool operator==(const url_parts&) const = default;
};

/// Splits any URL reference; every text has a split, so this never fails.
url_parts split_url(std::string_view text);

std::string to_string(const url_parts& x);

/// The path without "." and ".." segments (RFC 3986, 5.2.4).
std::string remove_dot_segments(std::string_view path);

/// What `reference` means on a page at `base` (RFC 3986, 5.2.2, strict).
/// REQUIRES: `base` has a scheme.
url_parts resolve_url(const url_parts& base, const url_parts& reference);

/// The same for texts. Blanks around the reference and line breaks inside it,
/// as HTML authors leave them, do not count.
std::string resolve_url(std::string_view base, std::string_view reference);

/// The one spelling of an absolute http or https URL: scheme and host in lower
/// case, no default port, no fragment, no dot segments, "/" for an empty path,
/// escapes of unreserved characters decoded and all others in upper case,
/// characters that may not stand in a URL escaped. A host that is not ASCII
/// stays as it is. Applying it twice changes nothing.
/// @returns nothing if it is no such URL, names no host, has a port above 65535
///          or is longer than `url_bytes_max`.
std::optional<std::string> normalise_url(std::string_view text);

/// Escapes in their one spelling, for comparing paths. See normalise_url().
std::string normalise_escapes(std::string_view text);

/// "host:port", lower case and always with the port: what rate limits and
/// concurrency limits count by. "" if `url` is not an http or https URL.
std::string host_key(std::string_view url);

/// "https://host" or "http://host:8080": the scope of one robots.txt. "" if
/// `url` is not an http or https URL.
std::string origin_of(std::string_view url);

/// The path with the query, at least "/": what robots.txt rules match.
std::string path_and_query(std::string_view url);

/// Why a link is followed or not.
enum class link_kind {
  page,         ///< May be fetched.
  same_page,    ///< Empty, or a fragment only.
  other_scheme, ///< mailto:, javascript:, tel:, data:, ftp: and the like.
  download,     ///< Its path ends like a file that is no page: .pdf, .zip...
  malformed,    ///< No host, bad port.
  too_long,     ///< Above `url_bytes_max`.
};

struct link {
  link_kind kind = link_kind::malformed;
  std::string url; ///< Normalised; "" unless kind is page or download.
};

/// Reads the href of a link on a page whose base URL is `base`.
link read_link(std::string_view base, std::string_view href);

} // namespace quaero::crawler
