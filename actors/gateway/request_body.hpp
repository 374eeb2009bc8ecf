#pragma once

#include "actors/gateway/exchange.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace quaero {

/// Reads the body as a JSON object whose members are all among `names`; an
/// empty body is an empty object. Answers 400, naming what is wrong, if it is
/// anything else.
/// @returns whether `out` is set.
bool read_object(const exchange_ptr& ex,
                 std::initializer_list<std::string_view> names, value& out);

/// Takes a member that must be a text out of `body`; leaves `out` alone if it
/// is absent. Answers 400 if it is no text.
bool read_text(const exchange_ptr& ex, const value& body, std::string_view name,
               std::optional<std::string>& out);

/// Who may run a definition need not be who may use every secret in it: a value
/// that is given for one run cannot ask for one.
/// @param config an object: the values that are given.
/// @returns "", or which of them names a secret.
std::string secret_in(const value& config, const key_lookup& keys);

} // namespace quaero
