#include "storage/codec.hpp"

#include "storage/keys.hpp"

#include <bit>

namespace quaero::storage {

namespace {

enum class value_tag : uint8_t {
  null,
  no,
  yes,
  integer,
  real,
  string,
  array,
  object,
};
constexpr uint8_t value_tag_count = 8;

// Signed numbers in an order in which small magnitudes come first.
uint64_t fold_sign(int64_t x) {
  return (static_cast<uint64_t>(x) << 1) ^ static_cast<uint64_t>(x >> 63);
}

int64_t unfold_sign(uint64_t x) {
  return static_cast<int64_t>((x >> 1) ^ (0 - (x & 1)));
}

uint64_t count_of(timestamp x) {
  return static_cast<uint64_t>(x.time_since_epoch().count());
}

timestamp time_of(uint64_t count) {
  return timestamp{std::chrono::nanoseconds{static_cast<int64_t>(count)}};
}

void put_tag(std::string& out, value_tag x) {
  put_byte(out, static_cast<uint8_t>(x));
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr const char* digits = "0123456789abcdef";
  for (char c : bytes) {
    out.push_back(digits[static_cast<uint8_t>(c) >> 4]);
    out.push_back(digits[static_cast<uint8_t>(c) & 15]);
  }
}

} // namespace

// -- writing ------------------------------------------------------------------

size_t encode_varint(char* out, uint64_t x) {
  size_t size = 0;
  while (x >= 0x80) {
    out[size++] = static_cast<char>(x | 0x80);
    x >>= 7;
  }
  out[size++] = static_cast<char>(x);
  return size;
}

void put_byte(std::string& out, uint8_t x) {
  out.push_back(static_cast<char>(x));
}

void put_varint(std::string& out, uint64_t x) {
  if (x < 0x80) {
    out.push_back(static_cast<char>(x));
    return;
  }
  char buf[varint_bytes_max];
  out.append(buf, encode_varint(buf, x));
}

void put_signed(std::string& out, int64_t x) {
  put_varint(out, fold_sign(x));
}

void put_double(std::string& out, double x) {
  auto bits = std::bit_cast<uint64_t>(x);
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(bits >> shift));
}

void put_string(std::string& out, std::string_view x) {
  put_varint(out, x.size());
  out.append(x);
}

void put_strings(std::string& out, const std::vector<std::string>& x) {
  put_varint(out, x.size());
  for (auto& s : x)
    put_string(out, s);
}

void put_id(std::string& out, const job_id& x) {
  out.append(x.view());
}

void put_time(std::string& out, timestamp x) {
  put_time_from(out, timestamp{}, x);
}

void put_time_from(std::string& out, timestamp base, timestamp x) {
  // Unsigned, so that moments far apart wrap around and come back.
  put_signed(out, static_cast<int64_t>(count_of(x) - count_of(base)));
}

timestamp id_time(const job_id& x) {
  uint64_t ms = 0;
  for (size_t i = 0; i < 6; ++i)
    ms = ms << 8 | x.bytes[i];
  return time_of(ms * 1000000);
}

void put_value(std::string& out, const value& x) {
  if (x.is_null()) {
    put_tag(out, value_tag::null);
  } else if (x.is_bool()) {
    put_tag(out, x.as_bool() ? value_tag::yes : value_tag::no);
  } else if (x.is_int()) {
    put_tag(out, value_tag::integer);
    put_signed(out, x.as_int());
  } else if (x.is_double()) {
    put_tag(out, value_tag::real);
    put_double(out, x.as_double());
  } else if (x.is_string()) {
    put_tag(out, value_tag::string);
    put_string(out, x.as_string());
  } else if (x.is_array()) {
    put_tag(out, value_tag::array);
    put_varint(out, x.as_array().size());
    for (auto& item : x.as_array())
      put_value(out, item);
  } else {
    put_tag(out, value_tag::object);
    put_varint(out, x.as_object().size());
    for (auto& [name, member] : x.as_object()) {
      put_string(out, name);
      put_value(out, member);
    }
  }
}

void put_retry(std::string& out, const retry_policy& x) {
  put_varint(out, x.attempts);
  put_signed(out, x.backoff.count());
  put_signed(out, x.backoff_max.count());
  put_double(out, x.jitter);
}

// -- reading ------------------------------------------------------------------

void record_reader::fail() {
  failed_ = true;
  rest_ = {};
}

std::string_view record_reader::take(size_t bytes) {
  if (bytes > rest_.size()) {
    fail();
    return {};
  }
  auto result = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return result;
}

uint8_t record_reader::take_byte() {
  auto x = take(1);
  return x.empty() ? uint8_t{0} : static_cast<uint8_t>(x.front());
}

uint64_t record_reader::take_varint() {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    auto byte = take_byte();
    if (failed_ || (shift == 63 && byte > 1))
      break;
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      return result;
  }
  fail();
  return 0;
}

uint64_t record_reader::take_varint(uint64_t max) {
  auto result = take_varint();
  if (result <= max)
    return result;
  fail();
  return 0;
}

int64_t record_reader::take_signed() {
  return unfold_sign(take_varint());
}

double record_reader::take_double() {
  return std::bit_cast<double>(take_be64());
}

bool record_reader::take_bool() {
  return take_varint(1) == 1;
}

std::string record_reader::take_string() {
  return std::string{take(take_varint())};
}

std::vector<std::string> record_reader::take_strings() {
  auto count = take_count();
  std::vector<std::string> result;
  for (size_t i = 0; i < count && !failed_; ++i)
    result.push_back(take_string());
  return result;
}

job_id record_reader::take_id() {
  job_id result;
  auto bytes = take(result.bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i)
    result.bytes[i] = static_cast<uint8_t>(bytes[i]);
  return result;
}

timestamp record_reader::take_time() {
  return take_time_from(timestamp{});
}

timestamp record_reader::take_time_from(timestamp base) {
  auto distance = take_signed();
  return failed_ ? timestamp{}
                 : time_of(count_of(base) + static_cast<uint64_t>(distance));
}

std::string record_reader::take_rest() {
  return std::string{take(rest_.size())};
}

uint32_t record_reader::take_be32() {
  uint32_t result = 0;
  for (char c : take(4))
    result = result << 8 | static_cast<uint8_t>(c);
  return result;
}

uint64_t record_reader::take_be64() {
  uint64_t result = 0;
  for (char c : take(8))
    result = result << 8 | static_cast<uint8_t>(c);
  return result;
}

void record_reader::expect(uint8_t x) {
  if (take_byte() != x)
    fail();
}

value record_reader::take_value() {
  return take_value(0);
}

value record_reader::take_value(size_t depth) {
  if (depth > value_depth_max) {
    fail();
    return {};
  }
  switch (take_enum<value_tag>(value_tag_count)) {
    case value_tag::no:
      return value{false};
    case value_tag::yes:
      return value{true};
    case value_tag::integer:
      return value{take_signed()};
    case value_tag::real:
      return value{take_double()};
    case value_tag::string:
      return value{take_string()};
    case value_tag::array:
      return take_array(depth + 1);
    case value_tag::object:
      return take_object(depth + 1);
    default:
      return {};
  }
}

value record_reader::take_array(size_t depth) {
  auto count = take_count();
  value::array result;
  for (size_t i = 0; i < count && !failed_; ++i)
    result.push_back(take_value(depth));
  return value{std::move(result)};
}

value record_reader::take_object(size_t depth) {
  auto count = take_count();
  value::object result;
  for (size_t i = 0; i < count && !failed_; ++i) {
    auto name = take_string();
    result.emplace_back(std::move(name), take_value(depth));
  }
  return value{std::move(result)};
}

retry_policy record_reader::take_retry() {
  retry_policy result;
  result.attempts = static_cast<uint32_t>(take_varint(UINT32_MAX));
  result.backoff = std::chrono::nanoseconds{take_signed()};
  result.backoff_max = std::chrono::nanoseconds{take_signed()};
  result.jitter = take_double();
  return result;
}

// -- errors -------------------------------------------------------------------

const char* table_name(char letter) {
  switch (static_cast<table>(letter)) {
    case table::active:
      return "active";
    case table::queue_settings:
      return "queue_settings";
    case table::node_limits:
      return "node_limits";
    case table::type_slots:
      return "type_slots";
    case table::answers:
      return "answers";
    case table::children:
      return "children";
    case table::dead_letters:
      return "dead_letters";
    case table::documents:
      return "documents";
    case table::definitions:
      return "definitions";
    case table::run_stream:
      return "run_stream";
    case table::queue_heads:
      return "queue_heads";
    case table::document_index:
      return "document_index";
    case table::jobs:
      return "jobs";
    case table::job_counts:
      return "job_counts";
    case table::job_postings:
      return "job_postings";
    case table::kv:
      return "kv";
    case table::labels:
      return "labels";
    case table::log:
      return "log";
    case table::meta:
      return "meta";
    case table::operations:
      return "operations";
    case table::queue:
      return "queue";
    case table::schedules:
      return "schedules";
    case table::document_sources:
      return "document_sources";
    case table::daemon_stream:
      return "daemon_stream";
    case table::job_log:
      return "job_log";
    case table::credentials:
      return "credentials";
    case table::tokens:
      return "tokens";
    case table::audit:
      return "audit";
  }
  return nullptr;
}

status damaged(std::string_view key) {
  constexpr size_t key_bytes_shown = 64;
  const char* name = key.empty() ? nullptr : table_name(key.front());
  std::string message = "damaged record in table ";
  message += name ? name : "(unknown)";
  message += ", key ";
  append_hex(message, key.substr(0, key_bytes_shown));
  if (key.size() > key_bytes_shown)
    message += "...";
  return {errc::corruption, std::move(message)};
}

} // namespace quaero::storage
