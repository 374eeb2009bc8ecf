#include "tests/system/job_history.hpp"

#include "storage/leveldb_store.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <string_view>

namespace quaero::test {

namespace {

constexpr char jobs_letter = '~';
constexpr size_t id_bytes = 16;
constexpr size_t job_key_bytes = 1 + id_bytes;
constexpr size_t event_key_bytes = job_key_bytes + 4;
constexpr unsigned runs = 1;
constexpr unsigned completed = 2;

class record_reader {
public:
  explicit record_reader(std::string_view bytes) : left_{bytes} {}

  uint8_t u8() {
    if (left_.empty())
      throw std::runtime_error("a record is too short");
    const auto out = static_cast<uint8_t>(left_[0]);
    left_.remove_prefix(1);
    return out;
  }

  /// 7 bits a byte, the low ones first.
  uint64_t var() {
    uint64_t out = 0;
    for (unsigned at = 0; at < 64; at += 7) {
      const auto x = u8();
      out |= uint64_t{x & 0x7fu} << at;
      if (x < 0x80)
        return out;
    }
    throw std::runtime_error("a number is too long");
  }

  std::string text() {
    const auto bytes = var();
    if (bytes > left_.size())
      throw std::runtime_error("a text is too long");
    std::string out{left_.substr(0, bytes)};
    left_.remove_prefix(bytes);
    return out;
  }

private:
  std::string_view left_;
};

std::string id_text(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      out += '-';
    out += digits[static_cast<uint8_t>(bytes[i]) >> 4];
    out += digits[static_cast<uint8_t>(bytes[i]) & 15];
  }
  return out;
}

void check_version(record_reader& from) {
  if (from.u8() != 1)
    throw std::runtime_error("a record has an unknown version");
}

past_event read_event(std::string_view key, std::string_view val) {
  past_event out;
  for (size_t i = job_key_bytes; i < key.size(); ++i)
    out.number = out.number << 8 | static_cast<uint8_t>(key[i]);
  record_reader from{val};
  check_version(from);
  const auto fields = from.var();
  out.status = from.u8();
  from.var(); // when
  if ((fields & 1) != 0)
    out.epoch = from.var();
  if ((fields & 2) != 0)
    out.attempt = from.var();
  return out;
}

std::string name_of(const past_event& x) {
  return "event " + std::to_string(x.number) + " (status "
         + std::to_string(x.status) + ", attempt " + std::to_string(x.attempt)
         + ", epoch " + std::to_string(x.epoch) + ")";
}

} // namespace

std::map<std::string, job_history> read_histories(const std::string& data_dir) {
  std::unique_ptr<storage::store> db;
  auto opened = storage::open_leveldb(data_dir + "/db", {}, db);
  if (!opened.ok())
    throw std::runtime_error(opened.message);
  std::map<std::string, job_history> out;
  auto at = db->scan();
  const std::string_view letter{&jobs_letter, 1};
  for (at->seek(letter); at->valid() && at->key().starts_with(letter);
       at->next()) {
    const auto key = at->key();
    auto& job = out[id_text(key.substr(1, id_bytes))];
    if (key.size() == event_key_bytes) {
      job.events.push_back(read_event(key, at->val()));
      continue;
    }
    record_reader from{at->val()};
    check_version(from);
    from.var(); // fields
    job.type = from.text();
  }
  return out;
}

std::string completed_once(const job_history& x) {
  std::set<uint64_t> started;
  std::set<uint64_t> ended;
  unsigned over = 0;
  uint64_t last = 0;
  for (const auto& event : x.events) {
    if (over > 0)
      return "is over before " + name_of(event);
    over += event.status >= completed;
    if (event.status == runs) {
      if (event.epoch <= last || !started.insert(event.epoch).second)
        return "starts again with an epoch that is not newer: "
               + name_of(event);
    } else if (event.epoch != 0) {
      if (event.epoch < last || !ended.insert(event.epoch).second)
        return "has accepted an old epoch, or one twice: " + name_of(event);
    }
    last = std::max(last, event.epoch);
  }
  if (over == 0 || x.events.back().status != completed)
    return "has not completed: "
           + (x.events.empty() ? "it has no event" : name_of(x.events.back()));
  if (x.events.back().epoch == 0 || x.events.back().epoch != last)
    return "was completed by an epoch that was not the newest";
  return {};
}

} // namespace quaero::test
