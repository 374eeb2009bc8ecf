#pragma once

#include "actors/messages.hpp"
#include "actors/nodes/wire_messages.hpp"
#include "definitions/secrets.hpp"

#include <caf/fwd.hpp>
#include <caf/meta/type_name.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What the items of blocks are. Each is the number of its kind and its fields
/// as CAF writes them.
namespace quaero {

/// Of a job's configuration: what its sealed references stand for.
struct wire_secret_v1 {
  std::string key;
  std::string text;
  std::string seal;
};

// -- from the hub -------------------------------------------------------------

/// Run this.
struct wire_assign_v1 {
  leased_job lease;
  std::vector<wire_secret_v1> secrets;
};

/// Stop these if they run.
struct wire_cancel_v1 {
  std::vector<job_id> jobs;
};

/// The lease of the pool for that type ran out: stop all, then offer again.
struct wire_expire_v1 {
  std::string type;
};

/// The answer to claims of one type: these are kept, the others shall stop.
struct wire_kept_v1 {
  std::string type;
  std::vector<job_id> jobs;
};

/// The answer to a question of an attempt.
struct wire_answer_v1 {
  job_id id;
  uint64_t number = 0;
  bool ok = false;
  std::string text; ///< Else why there is none.
};

// -- from the node ------------------------------------------------------------

/// The pool for that type takes so many jobs at a time from now on; of those
/// that it runs since before the epoch, it claims these.
struct wire_ready_v1 {
  std::string type;
  uint32_t slots = 0; ///< 0: no more.
  std::vector<job_id> jobs;
  std::vector<uint64_t> epochs;   ///< Of jobs[i].
  std::vector<uint32_t> attempts; ///< The same.
};

/// An attempt is over. Moments are told as times before or after the node's
/// own `now`, so that its clock does not matter.
struct wire_report_v1 {
  std::string type; ///< Of the job.
  job_id id;
  uint64_t epoch = 0;
  uint32_t attempt = 0;
  int64_t run_ns = 0; ///< How long it took.
  bool retries = false;
  int64_t retry_ns = 0; ///< With `retries`: the next one not before then.
  bool uncounted = false;
  job_outcome outcome;
  std::vector<new_job> children;
  std::vector<document> documents;
  std::vector<log_line> lines;
};

/// What attempts say while they run.
struct wire_lines_v1 {
  std::vector<log_line> lines;
};

/// What the worker of an attempt asks.
struct wire_question_v1 {
  job_id id;
  uint64_t epoch = 0;
  uint64_t number = 0; ///< For the answer.
  std::string text;
};

/// The kinds; a number never changes its meaning.
using wire_item
  = std::variant<std::monostate, wire_assign_v1, wire_cancel_v1, wire_expire_v1,
                 wire_kept_v1, wire_ready_v1, wire_report_v1, wire_lines_v1,
                 wire_question_v1, wire_answer_v1>;

/// The bytes of an item.
template <class Item>
std::string to_item(const Item& x);

/// @returns nothing (monostate) if the bytes are no item.
wire_item read_item(std::string_view bytes);

/// SHA-256, 64 digits, of the types of all fields of all items: two programs
/// with the same one understand each other's blocks.
const std::string& wire_schema();

template <class Inspector>
auto inspect(Inspector& f, wire_secret_v1& x) {
  return f(caf::meta::type_name("wire_secret_v1"), x.key, x.text, x.seal);
}

template <class Inspector>
auto inspect(Inspector& f, wire_assign_v1& x) {
  return f(caf::meta::type_name("wire_assign_v1"), x.lease, x.secrets);
}

template <class Inspector>
auto inspect(Inspector& f, wire_cancel_v1& x) {
  return f(caf::meta::type_name("wire_cancel_v1"), x.jobs);
}

template <class Inspector>
auto inspect(Inspector& f, wire_expire_v1& x) {
  return f(caf::meta::type_name("wire_expire_v1"), x.type);
}

template <class Inspector>
auto inspect(Inspector& f, wire_kept_v1& x) {
  return f(caf::meta::type_name("wire_kept_v1"), x.type, x.jobs);
}

template <class Inspector>
auto inspect(Inspector& f, wire_ready_v1& x) {
  return f(caf::meta::type_name("wire_ready_v1"), x.type, x.slots, x.jobs,
           x.epochs, x.attempts);
}

template <class Inspector>
auto inspect(Inspector& f, wire_report_v1& x) {
  return f(caf::meta::type_name("wire_report_v1"), x.type, x.id, x.epoch,
           x.attempt, x.run_ns, x.retries, x.retry_ns, x.uncounted, x.outcome,
           x.children, x.documents, x.lines);
}

template <class Inspector>
auto inspect(Inspector& f, wire_lines_v1& x) {
  return f(caf::meta::type_name("wire_lines_v1"), x.lines);
}

template <class Inspector>
auto inspect(Inspector& f, wire_question_v1& x) {
  return f(caf::meta::type_name("wire_question_v1"), x.id, x.epoch, x.number,
           x.text);
}

template <class Inspector>
auto inspect(Inspector& f, wire_answer_v1& x) {
  return f(caf::meta::type_name("wire_answer_v1"), x.id, x.number, x.ok,
           x.text);
}

} // namespace quaero
