#include "storage/answer_table.hpp"

#include "storage/codec.hpp"
#include "storage/keys.hpp"

namespace quaero::storage {

namespace {

constexpr char by_key = 'k';
constexpr char by_time = 't';

/// Table, kind, and nothing else.
std::string prefix_of(char kind) {
  std::string out;
  out += static_cast<char>(table::answers);
  out += kind;
  return out;
}

std::string key_of(std::string_view key) {
  return prefix_of(by_key).append(key);
}

/// Ascends with the time, before 1970 too.
uint64_t time_bits(timestamp x) {
  return static_cast<uint64_t>(x.time_since_epoch().count()) ^ (1ull << 63);
}

std::string time_key_of(timestamp at, std::string_view key) {
  auto out = prefix_of(by_time);
  const auto bits = time_bits(at);
  for (int shift = 56; shift >= 0; shift -= 8)
    out += static_cast<char>(bits >> shift);
  return out.append(key);
}

} // namespace

void put_answer(write_batch& out, const kept_answer& x) {
  auto& val = out.begin_put(key_of(x.key));
  put_byte(val, record_version);
  put_time(val, x.at);
  put_varint(val, x.status);
  put_string(val, x.fingerprint);
  val.append(x.body);
  out.end_put();
  out.put(time_key_of(x.at, x.key), {});
}

status read_answer(const store& db, std::string_view key, kept_answer& out) {
  return read_record(db, key_of(key), [&](std::string_view val) {
    record_reader in{val};
    in.expect(record_version);
    out.key = key;
    out.at = in.take_time();
    out.status = static_cast<uint16_t>(in.take_varint(UINT16_MAX));
    out.fingerprint = in.take_string();
    out.body = in.take_rest();
    return in.done();
  });
}

status read_old_answers(const store& db, timestamp before, size_t limit,
                        std::vector<answer_age>& out) {
  constexpr size_t head_bytes = 2 + 8;
  out.clear();
  status error;
  auto result = for_each(
    db, prefix_of(by_time), [&](std::string_view key, std::string_view) {
      if (key.size() < head_bytes) {
        error = damaged(key);
        return false;
      }
      record_reader in{key.substr(2, 8)};
      const auto bits = in.take_be64() ^ (1ull << 63);
      const timestamp at{std::chrono::nanoseconds{static_cast<int64_t>(bits)}};
      if (at >= before || out.size() == limit)
        return false;
      out.push_back({std::string{key.substr(head_bytes)}, at});
      return true;
    });
  return error.ok() ? result : error;
}

void remove_answer(write_batch& out, const answer_age& x) {
  out.remove(key_of(x.key));
  out.remove(time_key_of(x.at, x.key));
}

} // namespace quaero::storage
