#include "definitions/secrets.hpp"

#include "definitions/json.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace quaero {

namespace {

// What stands between the key and the seal: how the secret was written.
constexpr char as_is = ':';
constexpr char strict_escapes = '%';
constexpr char url_escapes = '~';

bool is_unreserved(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

// What must be escaped anywhere in a URL, and no more.
bool is_url_char(unsigned char c) {
  constexpr std::string_view never = "\"<>\\^`{|}%";
  return c > ' ' && c < 0x7f
         && never.find(static_cast<char>(c)) == std::string_view::npos;
}

std::string escape(std::string_view text, bool (*stays)(unsigned char)) {
  std::string out;
  for (unsigned char c : text) {
    char hex[4];
    std::snprintf(hex, sizeof(hex), "%%%02X", c);
    out += stays(c) ? std::string(1, static_cast<char>(c)) : hex;
  }
  return out;
}

std::string escape_json(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

bool is_key_char(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
}

bool is_hex(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// A sealed reference: where it is, and what it says.
struct reference {
  size_t begin = std::string_view::npos;
  size_t end = 0;
  std::string_view key;
  std::string_view seal;
  char kind = as_is;

  bool found() const { return begin != std::string_view::npos; }
};

// The reference that begins at the brace, if there is one.
reference reference_at(std::string_view text, size_t open) {
  auto at = open + 1;
  while (at < text.size() && is_key_char(static_cast<unsigned char>(text[at])))
    ++at;
  reference out;
  out.key = text.substr(open + 1, at - open - 1);
  if (out.key.empty() || at + seal_digits + 2 > text.size())
    return {};
  out.kind = text[at];
  out.seal = text.substr(at + 1, seal_digits);
  out.end = at + seal_digits + 2;
  const bool kind_known = out.kind == as_is || out.kind == strict_escapes
                          || out.kind == url_escapes;
  if (!kind_known || text[out.end - 1] != '}'
      || !std::all_of(out.seal.begin(), out.seal.end(), is_hex))
    return {};
  out.begin = open;
  return out;
}

reference next_reference(std::string_view text, size_t from) {
  for (auto open = text.find('{', from); open != std::string_view::npos;
       open = text.find('{', open + 1)) {
    if (auto x = reference_at(text, open); x.found())
      return x;
  }
  return {};
}

std::string written(const std::string& text, char kind) {
  if (kind == strict_escapes)
    return escape(text, is_unreserved);
  return kind == url_escapes ? escape(text, is_url_char) : text;
}

} // namespace

void secrets::add_form(form x) {
  const bool known
    = std::any_of(forms_.begin(), forms_.end(),
                  [&](const form& y) { return y.text == x.text; });
  if (!known)
    forms_.push_back(std::move(x));
}

void secrets::add(std::string_view key, const key_text& x) {
  const auto hidden = '{' + std::string{key} + '}';
  auto sealed
    = [&](char kind) { return '{' + std::string{key} + kind + x.seal + '}'; };
  const auto in_json = escape_json(x.text);
  add_form({in_json, hidden, sealed(as_is), true});
  add_form({x.text, hidden, {}, false});
  add_form(
    {escape(x.text, is_unreserved), hidden, sealed(strict_escapes), true});
  add_form({escape(x.text, is_url_char), hidden, sealed(url_escapes), true});
  // A JSON text within a JSON text.
  add_form({escape_json(in_json), hidden, hidden, true});
  std::stable_sort(
    forms_.begin(), forms_.end(),
    [](const form& a, const form& b) { return a.text.size() > b.text.size(); });
}

// One pass: what stands for a secret is not looked at again.
void secrets::replace(std::string& text, bool sealing) const {
  std::string out;
  size_t done = 0;
  for (;;) {
    auto best = std::string::npos;
    const form* which = nullptr;
    for (const auto& x : forms_) {
      if (sealing && !x.in_json)
        continue;
      auto at = text.find(x.text, done);
      if (at < best) {
        best = at;
        which = &x;
      }
    }
    if (which == nullptr)
      break;
    out.append(text, done, best - done);
    out += sealing ? which->sealed : which->hidden;
    done = best + which->text.size();
  }
  if (done == 0)
    return;
  out.append(text, done);
  text = std::move(out);
}

void secrets::hide(std::string& text) const {
  if (!empty())
    replace(text, false);
}

void secrets::seal(std::string& json) const {
  if (!empty())
    replace(json, true);
}

std::vector<std::string> unseal(std::string& json, const key_lookup& keys,
                                secrets& used) {
  std::vector<std::string> lost;
  auto x = next_reference(json, 0);
  if (!x.found())
    return lost;
  std::string out;
  size_t done = 0;
  for (; x.found(); x = next_reference(json, x.end)) {
    out.append(json, done, x.begin - done);
    done = x.end;
    auto found = keys ? keys(x.key) : std::nullopt;
    if (found && found->seal == x.seal) {
      used.add(x.key, *found);
      out += escape_json(written(found->text, x.kind));
      continue;
    }
    // A reference to nothing must not look like one that somebody sealed.
    auto shown = '{' + std::string{x.key} + '}';
    out += shown;
    lost.push_back(std::move(shown));
  }
  out.append(json, done);
  json = std::move(out);
  return lost;
}

std::string without_seals(std::string_view text) {
  std::string out;
  size_t done = 0;
  for (auto x = next_reference(text, 0); x.found();
       x = next_reference(text, x.end)) {
    out += text.substr(done, x.begin - done);
    out += '{';
    out += x.key;
    out += '}';
    done = x.end;
  }
  out += text.substr(done);
  return out;
}

} // namespace quaero
