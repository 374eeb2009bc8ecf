#include "actors/workers/crawler/url.hpp"

#include "definitions/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace quaero::crawler {

namespace {

constexpr std::array<std::string_view, 19> download_extensions{
  "7z",  "deb",  "dmg", "doc", "docx", "exe", "gz",  "iso",  "pdf", "pkg",
  "ppt", "pptx", "rar", "rpm", "tar",  "tgz", "xls", "xlsx", "zip"};

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_'
         || c == '~';
}

// Neither reserved nor unreserved: may appear in a URL only as an escape.
bool needs_escape(char c) {
  auto byte = static_cast<unsigned char>(c);
  if (byte <= 0x20 || byte >= 0x7F)
    return true;
  return std::string_view{"\"<>\\^`{|}"}.find(c) != std::string_view::npos;
}

int hex_digit(char c) {
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

bool is_scheme(std::string_view text) {
  if (text.empty() || !is_alpha(text.front()))
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

struct authority_parts {
  std::string user; // with its "@", or ""
  std::string host; // lower case, brackets of IPv6 kept
  std::optional<uint16_t> port;
};

bool is_host_char(char c) {
  // Bytes above 0x7F: international names are left to the resolver.
  return static_cast<unsigned char>(c) >= 0x80 || is_unreserved(c) || c == '%'
         || std::string_view{"!$&'()*+,;="}.find(c) != std::string_view::npos;
}

bool is_ipv6_char(char c) {
  return hex_digit(c) >= 0 || c == ':' || c == '.';
}

bool read_port(std::string_view text, authority_parts& out) {
  if (text.empty())
    return true;
  unsigned port = 0;
  auto [end, ec]
    = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc{} || end != text.data() + text.size() || port > 65535)
    return false;
  out.port = static_cast<uint16_t>(port);
  return true;
}

bool read_authority(std::string_view text, authority_parts& out) {
  if (auto at = text.rfind('@'); at != std::string_view::npos) {
    out.user = normalise_escapes(text.substr(0, at + 1));
    text.remove_prefix(at + 1);
  }
  size_t host_end = 0;
  if (text.starts_with('[')) {
    auto close = text.find(']');
    if (close == std::string_view::npos || close < 3)
      return false;
    auto inside = text.substr(1, close - 1);
    if (!std::all_of(inside.begin(), inside.end(), is_ipv6_char))
      return false;
    host_end = close + 1;
  } else {
    host_end = std::min(text.find(':'), text.size());
    auto host = text.substr(0, host_end);
    if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_char))
      return false;
  }
  out.host = to_lower(text.substr(0, host_end));
  text.remove_prefix(host_end);
  if (text.empty())
    return true;
  return text.front() == ':' && read_port(text.substr(1), out);
}

uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

struct web_url {
  std::string scheme; // "http" or "https"
  authority_parts authority;
  url_parts parts;
};

std::optional<web_url> read_web_url(std::string_view text) {
  web_url result;
  result.parts = split_url(text);
  if (!result.parts.scheme || !result.parts.authority)
    return std::nullopt;
  result.scheme = to_lower(*result.parts.scheme);
  if (result.scheme != "http" && result.scheme != "https")
    return std::nullopt;
  if (!read_authority(*result.parts.authority, result.authority))
    return std::nullopt;
  if (result.authority.port == default_port(result.scheme))
    result.authority.port.reset();
  return result;
}

std::string host_and_port(const authority_parts& x) {
  return x.port ? x.host + ':' + std::to_string(*x.port) : x.host;
}

std::string clean_reference(std::string_view text) {
  std::string result{trim(text)};
  std::erase_if(result,
                [](char c) { return c == '\t' || c == '\r' || c == '\n'; });
  return result;
}

bool is_download(std::string_view path) {
  auto name = path.substr(path.rfind('/') + 1);
  auto dot = name.rfind('.');
  if (dot == std::string_view::npos)
    return false;
  return std::ranges::find(download_extensions, to_lower(name.substr(dot + 1)))
         != download_extensions.end();
}

std::string merge_paths(const url_parts& base, std::string_view path) {
  if (base.authority && base.path.empty())
    return '/' + std::string{path};
  auto slash = base.path.rfind('/');
  if (slash == std::string::npos)
    return std::string{path};
  return base.path.substr(0, slash + 1) + std::string{path};
}

} // namespace

url_parts split_url(std::string_view text) {
  url_parts result;
  if (auto hash = text.find('#'); hash != std::string_view::npos) {
    result.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (auto mark = text.find('?'); mark != std::string_view::npos) {
    result.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (auto colon = text.find(':');
      colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
    result.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    auto end = std::min(text.find('/'), text.size());
    result.authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  result.path = text;
  return result;
}

std::string to_string(const url_parts& x) {
  std::string result;
  if (x.scheme)
    result += *x.scheme + ':';
  if (x.authority)
    result += "//" + *x.authority;
  result += x.path;
  if (x.query)
    result += '?' + *x.query;
  if (x.fragment)
    result += '#' + *x.fragment;
  return result;
}

std::string remove_dot_segments(std::string_view path) {
  std::string out;
  bool absolute = path.starts_with('/');
  while (!path.empty()) {
    bool slash = path.front() == '/';
    auto end = std::min(path.find('/', slash ? 1 : 0), path.size());
    auto segment = path.substr(slash ? 1 : 0, end - (slash ? 1 : 0));
    bool last = end == path.size();
    path.remove_prefix(end);
    if (segment == "." || segment == "..") {
      if (segment == "..") {
        auto cut = out.rfind('/');
        out.resize(cut == std::string::npos ? 0 : cut);
      }
      if (last && slash)
        out += '/';
      continue;
    }
    if (slash && (!out.empty() || absolute))
      out += '/';
    out += segment;
  }
  return out;
}

url_parts resolve_url(const url_parts& base, const url_parts& reference) {
  auto result = reference;
  if (reference.scheme || reference.authority) {
    if (!reference.scheme)
      result.scheme = base.scheme;
    result.path = remove_dot_segments(reference.path);
    return result;
  }
  result.scheme = base.scheme;
  result.authority = base.authority;
  if (reference.path.empty()) {
    result.path = base.path;
    if (!reference.query)
      result.query = base.query;
  } else if (reference.path.front() == '/') {
    result.path = remove_dot_segments(reference.path);
  } else {
    result.path = remove_dot_segments(merge_paths(base, reference.path));
  }
  return result;
}

std::string resolve_url(std::string_view base, std::string_view reference) {
  return to_string(
    resolve_url(split_url(base), split_url(clean_reference(reference))));
}

std::string normalise_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (c == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0
        && hex_digit(text[i + 2]) >= 0) {
      auto byte = static_cast<char>(hex_digit(text[i + 1]) * 16
                                    + hex_digit(text[i + 2]));
      if (is_unreserved(byte))
        out += byte;
      else
        append_escape(out, byte);
      i += 2;
    } else if (needs_escape(c)) {
      append_escape(out, c);
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> normalise_url(std::string_view text) {
  if (text.size() > url_bytes_max)
    return std::nullopt;
  auto url = read_web_url(clean_reference(text));
  if (!url)
    return std::nullopt;
  auto path = remove_dot_segments(normalise_escapes(url->parts.path));
  auto result = url->scheme + "://" + url->authority.user
                + host_and_port(url->authority)
                + (path.empty() ? std::string{"/"} : path);
  if (url->parts.query)
    result += '?' + normalise_escapes(*url->parts.query);
  if (result.size() > url_bytes_max)
    return std::nullopt;
  return result;
}

std::string host_key(std::string_view url) {
  auto web = read_web_url(url);
  if (!web)
    return {};
  auto port = web->authority.port.value_or(default_port(web->scheme));
  return web->authority.host + ':' + std::to_string(port);
}

std::string origin_of(std::string_view url) {
  auto web = read_web_url(url);
  if (!web)
    return {};
  return web->scheme + "://" + host_and_port(web->authority);
}

std::string path_and_query(std::string_view url) {
  auto parts = split_url(url);
  auto result = parts.path.empty() ? std::string{"/"} : parts.path;
  if (parts.query)
    result += '?' + *parts.query;
  return result;
}

link read_link(std::string_view base, std::string_view href) {
  auto text = clean_reference(href);
  if (text.empty() || text.front() == '#')
    return {link_kind::same_page, {}};
  if (text.size() > url_bytes_max)
    return {link_kind::too_long, {}};
  auto target = resolve_url(split_url(base), split_url(text));
  auto scheme = to_lower(target.scheme.value_or(""));
  if (scheme != "http" && scheme != "https")
    return {link_kind::other_scheme, {}};
  auto url = normalise_url(to_string(target));
  if (!url) {
    auto kind = to_string(target).size() > url_bytes_max ? link_kind::too_long
                                                         : link_kind::malformed;
    return {kind, {}};
  }
  auto kind
    = is_download(split_url(*url).path) ? link_kind::download : link_kind::page;
  return {kind, std::move(*url)};
}

} // namespace quaero::crawler
