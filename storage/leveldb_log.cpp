#include "storage/leveldb_log.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace quaero::storage {

namespace {

constexpr size_t block_bytes = 32 * 1024;
constexpr size_t header_bytes = 7; // Checksum, length, type.

enum part : uint8_t { full = 1, first, middle, last };

// CRC-32C, as LevelDB has it.
constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> out{};
  for (uint32_t i = 0; i < out.size(); ++i) {
    uint32_t x = i;
    for (int bit = 0; bit < 8; ++bit)
      x = (x >> 1) ^ ((x & 1) != 0 ? 0x82F63B78u : 0u);
    out[i] = x;
  }
  return out;
}

constexpr auto crc_table = make_table();

uint32_t crc_of(std::string_view bytes) {
  uint32_t x = ~0u;
  for (char c : bytes)
    x = crc_table[(x ^ static_cast<uint8_t>(c)) & 0xFF] ^ (x >> 8);
  return ~x;
}

// A checksum of bytes that hold a checksum is a weak one: so it is turned.
uint32_t masked(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

uint32_t read_le32(std::string_view in) {
  uint32_t out = 0;
  for (size_t i = 0; i < 4; ++i)
    out |= uint32_t{static_cast<uint8_t>(in[i])} << (8 * i);
  return out;
}

class log_reader {
public:
  log_reader(log_state& out, const log_record_visitor& f) : out_{out}, f_{f} {}

  void take_block(std::string_view block) {
    size_t at = 0;
    while (block.size() - at >= header_bytes) {
      const auto used = take_part(block.substr(at), start_ + at);
      if (used == 0) { // LevelDB goes on with the next block.
        stop(start_ + at);
        start_ += block.size();
        return;
      }
      at += used;
    }
    // Fewer bytes than a header are filled with zeros, or are the end.
    if (block.size() < block_bytes && at < block.size())
      stop(start_ + at);
    start_ += block.size();
  }

  void end() {
    if (open_)
      stop(open_at_);
    out_.bytes = start_;
    if (!stopped_)
      out_.sound = out_.bytes;
  }

private:
  void stop(uint64_t at) {
    if (!stopped_)
      out_.sound = open_ ? open_at_ : at;
    stopped_ = true;
    open_ = false;
  }

  /// @returns the bytes of a part of a record, 0 if it is none.
  size_t take_part(std::string_view in, uint64_t at) {
    const size_t length
      = static_cast<uint8_t>(in[4])
        | static_cast<size_t>(static_cast<uint8_t>(in[5])) << 8;
    const auto type = static_cast<uint8_t>(in[6]);
    if (type < full || type > last || header_bytes + length > in.size()
        || read_le32(in) != masked(crc_of(in.substr(6, 1 + length))))
      return 0;
    take(static_cast<part>(type), in.substr(header_bytes, length), at);
    return header_bytes + length;
  }

  void take(part type, std::string_view bytes, uint64_t at) {
    const bool begins = type == full || type == first;
    if (begins == open_) { // No end before, or no beginning.
      if (!stopped_)
        stop(at);
      // The rest of a record without its beginning is no record.
      if (!begins)
        return;
    }
    if (begins) {
      record_.clear();
      open_at_ = at;
    }
    record_.append(bytes);
    open_ = type == first || type == middle;
    if (!open_)
      end_record();
  }

  void end_record() {
    if (stopped_) {
      ++out_.behind;
      return;
    }
    ++out_.records;
    if (f_)
      f_(record_);
  }

  log_state& out_;
  const log_record_visitor& f_;
  uint64_t start_ = 0; ///< Of the block.
  bool stopped_ = false;
  bool open_ = false; ///< A record has begun and not ended.
  uint64_t open_at_ = 0;
  std::string record_;
};

} // namespace

status read_leveldb_log(const std::string& path, log_state& out,
                        const log_record_visitor& f) {
  out = {};
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return {errc::io_error, path + ": " + std::strerror(errno)};
  log_reader reader{out, f};
  std::string block(block_bytes, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (in.bad())
      return {errc::io_error, path + ": " + std::strerror(errno)};
    const auto n = static_cast<size_t>(in.gcount());
    if (n > 0)
      reader.take_block(std::string_view{block}.substr(0, n));
  }
  reader.end();
  return {};
}

} // namespace quaero::storage
