#pragma once

#include "actors/gateway/exchange.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Where a list goes on, as clients carry it: they may keep it and send it
/// back, and need not know what is in it.
namespace quaero {

/// What a cursor says.
struct list_position {
  std::string place;   ///< Of the last item that was given; the list's own.
  uint64_t offset = 0; ///< Items still to be left out behind it.
  uint64_t total = 0;  ///< Of the list, when its first page was made.
  bool total_is_exact = false;

  bool operator==(const list_position&) const = default;
};

/// @param list names the list and everything that decides what is in it and in
///             which order: a cursor fits no other one.
std::string make_cursor(std::string_view list, const list_position& x);

/// @returns nothing if `text` is not a cursor of this list: cut, changed, made
///          up, or of another list.
std::optional<list_position> read_cursor(std::string_view list,
                                         std::string_view text);

/// Reads the parameter `cursor` of a request; `out` stays empty without one.
/// Answers 400 and returns false if it is not one of this list, or comes with
/// an offset.
bool take_cursor(const exchange_ptr& ex, std::string_view list,
                 std::optional<list_position>& out);

} // namespace quaero
