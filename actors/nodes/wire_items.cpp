#include "actors/nodes/wire_items.hpp"

#include "actors/nodes/certificates.hpp"
#include "actors/nodes/wire_schema.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <algorithm>

namespace quaero {

namespace {

template <class Item, size_t I = 0>
constexpr char kind_of() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, wire_item>, Item>)
    return static_cast<char>(I);
  else
    return kind_of<Item, I + 1>();
}

template <size_t I = 1>
wire_item read_kind(size_t kind, std::string_view bytes) {
  if constexpr (I == std::variant_size_v<wire_item>) {
    return {};
  } else {
    if (kind != I)
      return read_kind<I + 1>(kind, bytes);
    std::variant_alternative_t<I, wire_item> x;
    caf::binary_deserializer source{nullptr, bytes.data(), bytes.size()};
    if (source(x) || source.remaining() != 0)
      return {};
    return x;
  }
}

template <size_t I = 1>
void describe_kinds(schema_writer& out) {
  if constexpr (I < std::variant_size_v<wire_item>) {
    out.describe<std::variant_alternative_t<I, wire_item>>();
    describe_kinds<I + 1>(out);
  }
}

template <class Item>
std::string write_item(const Item& x) {
  std::vector<char> bytes;
  caf::binary_serializer sink{nullptr, bytes};
  // Nothing of an item can fail: it has neither handles nor messages.
  sink(x);
  std::string out(1, kind_of<Item>());
  out.append(bytes.data(), bytes.size());
  return out;
}

} // namespace

template <class Item>
std::string to_item(const Item& x) {
  return write_item(x);
}

template std::string to_item(const wire_assign_v1&);
template std::string to_item(const wire_cancel_v1&);
template std::string to_item(const wire_expire_v1&);
template std::string to_item(const wire_kept_v1&);
template std::string to_item(const wire_ready_v1&);
template std::string to_item(const wire_report_v1&);
template std::string to_item(const wire_lines_v1&);
template std::string to_item(const wire_question_v1&);
template std::string to_item(const wire_answer_v1&);

wire_item read_item(std::string_view bytes) {
  if (bytes.empty())
    return {};
  return read_kind(static_cast<unsigned char>(bytes[0]), bytes.substr(1));
}

const std::string& wire_schema() {
  static const std::string out = [] {
    schema_writer all;
    describe_kinds(all);
    return sha256_hex(all.text());
  }();
  return out;
}

} // namespace quaero
