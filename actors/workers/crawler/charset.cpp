#include "actors/workers/crawler/charset.hpp"

#include "definitions/ascii.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iconv.h>
#include <optional>
#include <vector>

namespace quaero::crawler {

namespace {

struct charset_name {
  std::string_view label;
  std::string_view iconv_name;
};

// A label comes from a stranger: only these ever reach iconv.
constexpr std::array charsets = std::to_array<charset_name>({
  {"utf-8", "UTF-8"},
  {"utf8", "UTF-8"},
  {"unicode-1-1-utf-8", "UTF-8"},
  {"us-ascii", "CP1252"},
  {"ascii", "CP1252"},
  {"latin1", "CP1252"},
  {"l1", "CP1252"},
  {"iso-8859-1", "CP1252"},
  {"iso8859-1", "CP1252"},
  {"iso_8859-1", "CP1252"},
  {"windows-1252", "CP1252"},
  {"cp1252", "CP1252"},
  {"x-cp1252", "CP1252"},
  {"iso-8859-2", "ISO-8859-2"},
  {"latin2", "ISO-8859-2"},
  {"iso-8859-3", "ISO-8859-3"},
  {"iso-8859-4", "ISO-8859-4"},
  {"iso-8859-5", "ISO-8859-5"},
  {"iso-8859-6", "ISO-8859-6"},
  {"iso-8859-7", "ISO-8859-7"},
  {"iso-8859-8", "ISO-8859-8"},
  {"iso-8859-9", "CP1254"},
  {"latin5", "CP1254"},
  {"iso-8859-10", "ISO-8859-10"},
  {"iso-8859-13", "ISO-8859-13"},
  {"iso-8859-14", "ISO-8859-14"},
  {"iso-8859-15", "ISO-8859-15"},
  {"latin9", "ISO-8859-15"},
  {"iso-8859-16", "ISO-8859-16"},
  {"koi8-r", "KOI8-R"},
  {"koi8-u", "KOI8-U"},
  {"macintosh", "MACINTOSH"},
  {"windows-874", "CP874"},
  {"windows-1250", "CP1250"},
  {"windows-1251", "CP1251"},
  {"cp1251", "CP1251"},
  {"windows-1253", "CP1253"},
  {"windows-1254", "CP1254"},
  {"windows-1255", "CP1255"},
  {"windows-1256", "CP1256"},
  {"windows-1257", "CP1257"},
  {"windows-1258", "CP1258"},
  {"gb2312", "GB18030"},
  {"gbk", "GB18030"},
  {"gb18030", "GB18030"},
  {"big5", "BIG5-HKSCS"},
  {"big5-hkscs", "BIG5-HKSCS"},
  {"euc-jp", "EUC-JP"},
  {"shift_jis", "CP932"},
  {"shift-jis", "CP932"},
  {"sjis", "CP932"},
  {"x-sjis", "CP932"},
  {"windows-31j", "CP932"},
  {"euc-kr", "CP949"},
  {"ks_c_5601-1987", "CP949"},
  {"windows-949", "CP949"},
  {"utf-16", "UTF-16LE"},
  {"utf-16le", "UTF-16LE"},
  {"utf-16be", "UTF-16BE"},
});

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view blanks = " \t\r\n\f";

std::string_view iconv_name_of(std::string_view label) {
  auto pos = std::ranges::find(charsets, label, &charset_name::label);
  return pos == charsets.end() ? std::string_view{} : pos->iconv_name;
}

// The value behind the first "<name> =" in a lower-case text, "" if none.
std::string value_behind(std::string_view text, std::string_view name) {
  for (auto pos = text.find(name); pos != std::string_view::npos;
       pos = text.find(name, pos + 1)) {
    auto at = text.find_first_not_of(blanks, pos + name.size());
    if (at == std::string_view::npos || text[at] != '=')
      continue;
    at = text.find_first_not_of(" \t\r\n\f\"'", at + 1);
    if (at == std::string_view::npos)
      return {};
    auto end = text.find_first_of(" \t\r\n\f\"';>?/", at);
    return std::string{text.substr(at, std::min(end, text.size()) - at)};
  }
  return {};
}

std::string declared_inside(std::string_view bytes) {
  auto head = to_lower(bytes.substr(0, charset_scan_bytes));
  std::string_view rest = head;
  if (rest.starts_with("<?xml"))
    if (auto found = value_behind(rest.substr(0, rest.find('>')), "encoding");
        !found.empty())
      return found;
  for (auto pos = rest.find("<meta"); pos != std::string_view::npos;
       pos = rest.find("<meta", pos + 1)) {
    auto tag = rest.substr(pos, rest.find('>', pos) - pos);
    if (auto found = value_behind(tag, "charset"); !found.empty())
      // A text whose ASCII could be read is not UTF-16, whatever it says.
      return found.starts_with("utf-16") ? "utf-8" : found;
  }
  return {};
}

// Returns the label of a byte order mark and drops the mark.
std::string_view take_mark(std::string_view& bytes) {
  auto take = [&bytes](std::string_view mark) {
    bool found = bytes.starts_with(mark);
    if (found)
      bytes.remove_prefix(mark.size());
    return found;
  };
  if (take("\xEF\xBB\xBF"))
    return "utf-8";
  if (take("\xFE\xFF"))
    return "utf-16be";
  if (take("\xFF\xFE"))
    return "utf-16le";
  return {};
}

class converter {
public:
  explicit converter(std::string_view from)
    : handle_{iconv_open("UTF-8", std::string{from}.c_str())} {}
  converter(const converter&) = delete;
  converter& operator=(const converter&) = delete;
  ~converter() {
    if (valid())
      iconv_close(handle_);
  }

  // iconv_open() marks failure by this very pointer.
  bool valid() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  std::string run(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 8);
    auto* in = const_cast<char*>(bytes.data()); // iconv only reads it
    auto left = bytes.size();
    while (left > 0) {
      std::array<char, 16384> chunk;
      auto* to = chunk.data();
      auto room = chunk.size();
      auto rc = iconv(handle_, &in, &left, &to, &room);
      auto reason = errno;
      out.append(chunk.data(), chunk.size() - room);
      if (rc != static_cast<size_t>(-1) || reason == E2BIG)
        continue;
      out += replacement;
      if (reason != EILSEQ)
        break; // the text ends inside a character
      ++in;
      --left;
    }
    return out;
  }

private:
  iconv_t handle_;
};

std::optional<std::string> convert(std::string_view bytes,
                                   std::string_view label) {
  auto name = iconv_name_of(label);
  if (name.empty())
    return std::nullopt;
  if (name == "UTF-8")
    return to_utf8(bytes);
  converter work{name};
  if (!work.valid())
    return std::nullopt;
  return work.run(bytes);
}

// Last resort, for a machine without iconv's tables: each byte is its code.
std::string from_latin1(std::string_view bytes) {
  std::string out;
  for (auto c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

} // namespace

decoded_text decode_text(std::string_view bytes,
                         std::string_view content_type) {
  std::string label{take_mark(bytes)};
  if (label.empty())
    label = value_behind(to_lower(content_type), "charset");
  if (label.empty() || iconv_name_of(label).empty())
    label = declared_inside(bytes);
  if (auto text = convert(bytes, label))
    return {std::move(*text), std::move(label), false};
  if (is_utf8(bytes))
    return {std::string{bytes}, "utf-8", true};
  if (auto text = convert(bytes, "windows-1252"))
    return {std::move(*text), "windows-1252", true};
  return {from_latin1(bytes), "iso-8859-1", true};
}

std::string media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  auto first = content_type.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  auto last = content_type.find_last_not_of(blanks);
  return to_lower(content_type.substr(first, last - first + 1));
}

} // namespace quaero::crawler
