#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// How CAF tells one process apart from the others, as it is sent: the kind of
/// the id, the number of the process, a hash of the machine.
using caf_node = std::array<char, 32>;

/// Whether it is an id of the kind that CAF makes by itself. The other kind is
/// an address of any length.
bool is_plain(const caf_node& x);

/// Which end of a connection sends.
enum class frame_sender : uint8_t { hub, node };

/// All limits are > 0.
struct frame_limits {
  size_t payload_bytes_max = 256 * 1024;  ///< Of a message.
  size_t handshake_bytes_max = 16 * 1024; ///< Of what the hub says first.
  /// Of what can hold messages within messages: errors, reasons of an end, and
  /// questions that are dropped. Each level needs 13 bytes at least.
  size_t nesting_bytes_max = 4 * 1024;
  size_t type_bytes_max = 512; ///< Of the names of a message's parts.
  /// Actors of one sender that say something during a connection; CAF keeps a
  /// proxy of each.
  size_t sources_max = 1024;
};

/// Whom a guard watches, and what may pass.
struct frame_rules {
  frame_sender sender = frame_sender::node;
  caf_node from{}; ///< The sender. REQUIRES: it is not `to`.
  caf_node to{};
  /// Messages that may pass, by the names of their parts as CAF writes them:
  /// "@<>+@atom+@u32". Nothing else does, but "@<>+@error" as an answer.
  std::vector<std::string> types;
  frame_limits limits;
};

/// Reads what one end of a connection sends to the other's CAF (BASP, version
/// 3, of CAF 0.17.6) and lets pass only what two of our processes need:
///
///   hub:  server handshake, rest
///   node: client handshake, the same again with its flag, rest
///   rest: direct messages of known types, monitor and down messages,
///         heartbeats; all of them from one of the two processes to the other
///
/// CAF's question for a SpawnServ is dropped once, an unasked error always.
/// A frame is passed on once its header and what decides of its payload are
/// right: the ids of the processes, the types of a message. So CAF never sees a
/// length that is refused, a message that is routed, sent by name, passed on or
/// of a stream, nor one of a type that is not listed.
///
/// Bounds: O(1) a byte, O(log sources_max) a message and O(sources_max) for a
/// new source. Holds back at most 100 bytes and `type_bytes_max`, and remembers
/// `sources_max` numbers; takes no other memory.
/// Threads: one.
class frame_guard {
public:
  explicit frame_guard(frame_rules rules);

  /// Appends to `out` what may pass, at most `held()` bytes more than `in` has.
  /// @returns "" or why the sender must be cut off. Then nothing may follow.
  const std::string& take(std::string_view in, std::string& out);

  /// Bytes that wait for those behind them.
  size_t held() const { return held_.size(); }

  /// Whether its handshakes are over.
  bool is_greeted() const { return greetings_ == greetings_needed(); }

  uint64_t frames() const { return frames_; } ///< Begun so far.

private:
  struct header {
    uint8_t operation = 0;
    uint8_t flags = 0;
    uint32_t payload_bytes = 0;
    uint64_t data = 0;
    uint64_t source = 0;
    uint64_t target = 0;
  };

  size_t greetings_needed() const;
  std::string judge();
  std::string judge_header();
  std::string judge_greeting();
  std::string judge_direct();
  std::string judge_named();
  std::string judge_nodes(size_t limit);
  std::string judge_type();
  std::string note_source(uint64_t id);
  void need_payload(size_t bytes);

  frame_rules rules_;
  header now_;
  std::string held_; ///< Of the frame that is judged.
  size_t needed_;    ///< Bytes of it, before it can be judged further.
  bool has_header_ = false;
  uint64_t open_ = 0;  ///< Bytes of the judged frame still to come.
  bool drops_ = false; ///< The judged frame goes nowhere.
  size_t greetings_ = 0;
  bool has_asked_ = false; ///< For a SpawnServ.
  uint64_t frames_ = 0;
  std::vector<uint64_t> sources_; ///< Sorted.
  std::string refused_;
};

} // namespace quaero
