#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace quaero::storage {

enum class errc : uint8_t {
  ok,
  not_found,
  busy,       ///< Another process has the database open.
  corruption, ///< The database is damaged; the message says where.
  io_error,   ///< The disk failed, or is full.
  too_new,    ///< Written by a newer version of the program.
  too_old,    ///< Has to be brought to the format of this one first.
};

/// What became of an operation.
struct status {
  errc code = errc::ok;
  std::string message;

  bool ok() const { return code == errc::ok; }
};

/// Changes that are made together or not at all, in their order. One flat
/// buffer: appending a batch to another is one copy.
class write_batch {
public:
  void put(std::string_view key, std::string_view val);
  void remove(std::string_view key);
  /// Puts a value that is written in place: append it to the string returned,
  /// then call end_put(). No other member in between.
  std::string& begin_put(std::string_view key);
  void end_put();
  void append(const write_batch& other); ///< REQUIRES: &other != this.
  void append(write_batch&& other);      ///< The same; `other` is empty then.
  void clear();                          ///< Keeps the room.
  void reserve(size_t bytes) { ops_.reserve(bytes); }

  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; } ///< Operations.
  size_t bytes() const { return ops_.size(); }

  /// Calls one of the two for each operation, in order.
  template <class Put, class Remove>
  void visit(Put&& put_op, Remove&& remove_op) const {
    std::string_view rest = ops_;
    while (!rest.empty()) {
      bool is_put = take_byte(rest) == 1;
      auto key = take_string(rest);
      if (is_put)
        put_op(key, take_string(rest));
      else
        remove_op(key);
    }
  }

private:
  static uint8_t take_byte(std::string_view& in);
  static std::string_view take_string(std::string_view& in);
  void put_string(std::string_view x);

  std::string ops_; ///< { 1 key value | 0 key }, strings with varint lengths.
  size_t count_ = 0;
  size_t open_ = 0; ///< Where the value of begin_put() starts.
};

/// A walk over the keys in their order, of the state at its making.
/// Not thread-safe; must not outlive its store.
class cursor {
public:
  virtual ~cursor() = default;
  virtual bool valid() const = 0;
  virtual void seek(std::string_view key) = 0; ///< First key >= `key`.
  /// Last key <= `key`.
  virtual void seek_back(std::string_view key) = 0;
  virtual void next() = 0;                  ///< REQUIRES: valid().
  virtual void prev() = 0;                  ///< REQUIRES: valid().
  virtual std::string_view key() const = 0; ///< REQUIRES: valid(); until moved.
  virtual std::string_view val() const = 0; ///< REQUIRES: valid(); until moved.
  virtual status state() const = 0; ///< Why it became invalid, if not the end.
};

/// An ordered table of byte strings on which batches are atomic.
/// Threads: any may read; one at a time may write.
class store {
public:
  virtual ~store() = default;

  /// Makes the changes of `batch`. With `sync` they survive a loss of power
  /// before this returns; without, they survive the end of the process.
  /// Any error is final: what was written since the last success is unknown
  /// until the store is opened again.
  virtual status write(const write_batch& batch, bool sync) = 0;

  /// @returns not_found if there is no such key.
  virtual status read(std::string_view key, std::string& val) const = 0;

  virtual std::unique_ptr<cursor> scan() const = 0;

  /// Gives the room of removed keys in [from, to) back. May take seconds; does
  /// not stop readers or the writer.
  virtual void compact(std::string_view from, std::string_view to) = 0;

  /// Before an orderly end: sorts what only the log has, so that the next open
  /// need not read it again. Makes nothing safer. May take seconds.
  virtual void sort_log() {}
};

/// Calls `f(key, val)` for each key that starts with `prefix`, from `from` on
/// (an empty `from` is the first), until it returns false.
status for_each(
  const store& db, std::string_view prefix,
  const std::function<bool(std::string_view key, std::string_view val)>& f,
  std::string_view from = {});

/// The same from the last key backwards; `before` (exclusive) may be empty.
status for_each_reverse(
  const store& db, std::string_view prefix,
  const std::function<bool(std::string_view key, std::string_view val)>& f,
  std::string_view before = {});

/// The smallest key greater than every key that starts with `prefix`; empty if
/// there is none.
std::string prefix_end(std::string_view prefix);

} // namespace quaero::storage
