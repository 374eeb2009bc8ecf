#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quaero {

/// What a `{key}` placeholder stands for.
struct key_text {
  key_text(std::string x, std::string s = {})
    : text{std::move(x)}, seal{std::move(s)} {}

  std::string text;
  /// 32 hex digits that only the database knows: the text is a secret. Empty:
  /// it is none.
  std::string seal;
};

/// Looks up a key (lower case) of the key/value store. Any thread.
using key_lookup = std::function<std::optional<key_text>(std::string_view key)>;

/// A secret is looked for in everything that its user says. A shorter one
/// would be found where it is not meant.
inline constexpr size_t secret_bytes_min = 8;

inline constexpr size_t seal_digits = 32;

/// The secrets that a piece of work was given, to take them out of what it
/// leaves behind: as they are, escaped as in JSON, and escaped as in a URL.
/// Threads: any, once all have been added.
class secrets {
public:
  bool empty() const { return forms_.empty(); }

  /// REQUIRES: x.seal is not empty. Adding one again changes nothing.
  void add(std::string_view key, const key_text& x);

  /// Writes `{key}` in place of each secret: for people to read.
  void hide(std::string& text) const;

  /// Writes a sealed reference in place of each secret of a JSON text: unseal()
  /// finds it again. Nobody can write one who does not know the seal, so a text
  /// from outside cannot ask for a secret.
  void seal(std::string& json) const;

private:
  struct form {
    std::string text; ///< As it may stand somewhere.
    std::string hidden;
    std::string sealed;
    bool in_json = false; ///< May stand within a JSON string.
  };

  void add_form(form x);
  void replace(std::string& text, bool sealing) const;

  std::vector<form> forms_; ///< Longest first.
};

/// Puts secrets back into a JSON text that was sealed, and adds them to `used`.
/// Cheap for a text without seals.
/// @returns the references that nothing resolves any more; they stay.
std::vector<std::string> unseal(std::string& json, const key_lookup& keys,
                                secrets& used);

/// `{key}` in place of each sealed reference.
std::string without_seals(std::string_view text);

} // namespace quaero
