#include "definitions/json.hpp"

#include "definitions/utf8.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace quaero {

namespace {

// -- reading ------------------------------------------------------------------

// Builds a value from the events of the parser. Open arrays and objects are on
// a stack of its own, so that the depth of a text costs no call frames.
class tree_builder {
public:
  explicit tree_builder(size_t depth_max) : depth_max_{depth_max} {}

  bool Null() { return add(value{}); }
  bool Bool(bool x) { return add(value{x}); }
  bool Int(int x) { return add(value{x}); }
  bool Uint(unsigned x) { return add(value{x}); }
  bool Int64(int64_t x) { return add(value{x}); }
  bool Uint64(uint64_t x) {
    if (x <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return add(value{static_cast<int64_t>(x)});
    return add(value{static_cast<double>(x)});
  }
  bool Double(double x) { return add(value{x}); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    std::string_view view{text, size};
    return check_text(view) && add(value{view});
  }
  bool StartObject() { return open(value::make_object()); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    std::string_view view{text, size};
    if (!check_text(view))
      return false;
    open_.back().as_object().emplace_back(std::string{view}, value{});
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    return check_names(open_.back().as_object()) && close();
  }
  bool StartArray() { return open(value::make_array()); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  const std::string& error() const { return error_; }
  value& result() { return result_; }

private:
  bool fail(std::string message) {
    error_ = std::move(message);
    return false;
  }

  // An escape can spell half of a surrogate pair.
  bool check_text(std::string_view x) {
    return is_utf8(x) || fail("a string is no valid Unicode");
  }

  bool check_names(const value::object& members) {
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (auto& x : members)
      names.push_back(x.first);
    std::sort(names.begin(), names.end());
    auto twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end()
           || fail("the member '" + std::string{*twice} + "' is given twice");
  }

  bool open(value x) {
    if (open_.size() == depth_max_)
      return fail("nested deeper than " + std::to_string(depth_max_)
                  + " levels");
    open_.push_back(std::move(x));
    return true;
  }

  bool close() {
    auto x = std::move(open_.back());
    open_.pop_back();
    return add(std::move(x));
  }

  bool add(value x) {
    if (open_.empty())
      result_ = std::move(x);
    else if (open_.back().is_array())
      open_.back().as_array().push_back(std::move(x));
    else
      open_.back().as_object().back().second = std::move(x);
    return true;
  }

  size_t depth_max_;
  std::vector<value> open_;
  value result_;
  std::string error_;
};

// Passes the parser's events on and keeps the rules that the parser has not.
class sink_feeder {
public:
  sink_feeder(json_sink& sink, const rapidjson::MemoryStream& stream,
              size_t depth_max)
    : sink_{sink}, stream_{stream}, depth_max_{depth_max} {}

  bool Null() { return sink_.on_null(); }
  bool Bool(bool x) { return sink_.on_bool(x); }
  bool Int(int x) { return sink_.on_int(x); }
  bool Uint(unsigned x) { return sink_.on_int(x); }
  bool Int64(int64_t x) { return sink_.on_int(x); }
  bool Uint64(uint64_t x) {
    constexpr auto max = std::numeric_limits<int64_t>::max();
    return x <= static_cast<uint64_t>(max)
             ? sink_.on_int(static_cast<int64_t>(x))
             : sink_.on_double(static_cast<double>(x));
  }
  bool Double(double x) { return sink_.on_double(x); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    std::string_view x{text, size};
    return check_text(x) && sink_.on_string(x);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    std::string_view x{text, size};
    names_.push_back({text_.size(), size});
    text_ += x;
    return check_text(x) && sink_.on_key(x);
  }
  bool StartObject() { return open(true); }
  bool StartArray() { return open(false); }
  bool EndObject(rapidjson::SizeType) { return check_names() && close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  const std::string& error() const { return error_; }

private:
  struct name {
    size_t begin = 0; ///< In `text_`.
    size_t size = 0;
  };

  bool fail(std::string message) {
    error_ = std::move(message);
    return false;
  }

  // An escape can spell half of a surrogate pair.
  bool check_text(std::string_view x) {
    return is_utf8(x) || fail("a string is no valid Unicode");
  }

  bool open(bool is_object) {
    if (open_.size() == depth_max_)
      return fail("nested deeper than " + std::to_string(depth_max_)
                  + " levels");
    open_.push_back(names_.size());
    return sink_.on_open(is_object, stream_.Tell());
  }

  bool close() {
    if (open_.back() < names_.size())
      text_.resize(names_[open_.back()].begin);
    names_.resize(open_.back());
    open_.pop_back();
    return sink_.on_close(stream_.Tell() + 1); // it is at the bracket
  }

  bool check_names() {
    sorted_.clear();
    for (size_t i = open_.back(); i < names_.size(); ++i)
      sorted_.emplace_back(text_.data() + names_[i].begin, names_[i].size);
    std::sort(sorted_.begin(), sorted_.end());
    auto twice = std::adjacent_find(sorted_.begin(), sorted_.end());
    return twice == sorted_.end()
           || fail("the member '" + std::string{*twice} + "' is given twice");
  }

  json_sink& sink_;
  const rapidjson::MemoryStream& stream_;
  size_t depth_max_;
  std::vector<size_t> open_; ///< Where in `names_` the members of each begin.
  std::vector<name> names_;
  std::string text_;
  std::vector<std::string_view> sorted_;
  std::string error_;
};

std::string at_position(std::string_view text, size_t offset,
                        std::string message) {
  auto before = text.substr(0, offset);
  auto line = 1 + std::count(before.begin(), before.end(), '\n');
  auto line_begin = before.rfind('\n') + 1; // npos + 1 == 0
  auto column = before.size() - line_begin + 1;
  if (!message.empty() && message.back() == '.')
    message.pop_back();
  return "line " + std::to_string(line) + ", column " + std::to_string(column)
         + ": " + message;
}

// -- writing ------------------------------------------------------------------

void append_number(std::string& out, double x) {
  if (!std::isfinite(x)) {
    out += "null";
    return;
  }
  std::array<char, 32> text{};
  auto end = std::to_chars(text.data(), text.data() + text.size(), x).ptr;
  std::string_view digits{text.data(), static_cast<size_t>(end - text.data())};
  out += digits;
  // Keeps 5.0 a double for whoever reads it back.
  if (digits.find_first_of(".e") == std::string_view::npos)
    out += ".0";
}

class json_writer {
public:
  json_writer(std::string& out, bool pretty) : out_{out}, pretty_{pretty} {}

  void write(const value& x) {
    if (x.is_null())
      out_ += "null";
    else if (x.is_bool())
      out_ += x.as_bool() ? "true" : "false";
    else if (x.is_int())
      out_ += std::to_string(x.as_int());
    else if (x.is_double())
      append_number(out_, x.as_double());
    else if (x.is_string())
      append_json_string(out_, x.as_string());
    else if (x.is_array())
      write_all(x.as_array(), '[', ']', [this](auto& item) { write(item); });
    else
      write_all(x.as_object(), '{', '}', [this](auto& member) {
        append_json_string(out_, member.first);
        out_ += pretty_ ? ": " : ":";
        write(member.second);
      });
  }

private:
  template <class Items, class Write>
  void write_all(const Items& items, char first, char last, Write write_one) {
    out_ += first;
    ++depth_;
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0)
        out_ += ',';
      new_line();
      write_one(items[i]);
    }
    --depth_;
    if (!items.empty())
      new_line();
    out_ += last;
  }

  void new_line() {
    if (!pretty_)
      return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  std::string& out_;
  bool pretty_;
  size_t depth_ = 0;
};

bool needs_escape(char c) {
  return c == '"' || c == '\\' || static_cast<uint8_t>(c) < 0x20;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += hex[static_cast<uint8_t>(c) >> 4];
      out += hex[static_cast<uint8_t>(c) & 15];
  }
}

} // namespace

namespace {

/// Reads `text` into `handler`. False with a message, or without one if the
/// handler stopped and has none.
template <class Handler, class MakeHandler>
bool read_text(std::string_view text, std::string& error,
               const json_limits& limits, MakeHandler make) {
  if (text.size() > limits.bytes_max) {
    error = "the text has " + std::to_string(text.size()) + " bytes, allowed "
            + std::to_string(limits.bytes_max);
    return false;
  }
  if (auto bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    error
      = at_position(text, bad, "invalid UTF-8 at byte " + std::to_string(bad));
    return false;
  }
  constexpr unsigned flags
    = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag;
  // A null pointer would end the parser with a failed check.
  rapidjson::MemoryStream stream{text.empty() ? "" : text.data(), text.size()};
  rapidjson::Reader reader;
  Handler& handler = make(stream);
  auto result = reader.Parse<flags>(stream, handler);
  if (result.IsError()) {
    const bool stopped = result.Code() == rapidjson::kParseErrorTermination;
    if (stopped && handler.error().empty())
      return false;
    auto message = stopped
                     ? handler.error()
                     : std::string{rapidjson::GetParseError_En(result.Code())};
    error = at_position(text, result.Offset(), std::move(message));
    return false;
  }
  // The parser takes a zero byte for the end of the text.
  if (stream.Tell() != text.size()) {
    error = at_position(text, stream.Tell(), "text after the end of the value");
    return false;
  }
  return true;
}

} // namespace

bool parse_json(std::string_view text, value& out, std::string& error,
                const json_limits& limits) {
  tree_builder builder{limits.depth_max};
  auto use
    = [&](const rapidjson::MemoryStream&) -> tree_builder& { return builder; };
  if (!read_text<tree_builder>(text, error, limits, use))
    return false;
  out = std::move(builder.result());
  return true;
}

bool scan_json(std::string_view text, json_sink& sink, std::string& error,
               const json_limits& limits) {
  std::optional<sink_feeder> feeder;
  auto use = [&](const rapidjson::MemoryStream& stream) -> sink_feeder& {
    return feeder.emplace(sink, stream, limits.depth_max);
  };
  return read_text<sink_feeder>(text, error, limits, use);
}

std::string to_json(const value& x) {
  std::string result;
  json_writer{result, false}.write(x);
  return result;
}

std::string to_pretty_json(const value& x) {
  std::string result;
  json_writer{result, true}.write(x);
  return result;
}

void append_json_string(std::string& out, std::string_view text) {
  std::string repaired;
  if (!is_utf8(text)) {
    repaired = to_utf8(text);
    text = repaired;
  }
  out += '"';
  size_t start = 0; // Of what goes as it is.
  for (size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i]))
      continue;
    out.append(text, start, i - start);
    append_escape(out, text[i]);
    start = i + 1;
  }
  out.append(text, start);
  out += '"';
}

} // namespace quaero
