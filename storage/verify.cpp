#include "storage/verify.hpp"

#include "storage/access_tables.hpp"
#include "storage/answer_table.hpp"
#include "storage/keys.hpp"
#include "storage/life_tables.hpp"
#include "storage/pair_tables.hpp"
#include "storage/schedule_tables.hpp"
#include "storage/tables.hpp"
#include "storage/verify_parts.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace quaero::storage {

// -- faults -------------------------------------------------------------------

void fault_list::add(std::string_view table, std::string_view what,
                     std::string_view fault) {
  ++out_.faults;
  if (out_.named.size() >= how_.named_max)
    return;
  std::string text{table};
  if (!what.empty())
    text.append(" ").append(what);
  out_.named.push_back(text.append(": ").append(fault));
}

bool fault_list::check(const status& x, std::string_view table,
                       std::string_view what) {
  if (!x.ok())
    add(table, what, x.message);
  return x.ok();
}

void fault_list::count(std::string_view table) {
  if (table != table_) {
    table_ = table;
    records_ = 0;
  }
  if (records_++ % verify_progress_records == 0)
    progress_(table, records_ - 1);
}

// -- tables that stand alone --------------------------------------------------

namespace {

constexpr size_t audit_page = 1000;

void verify_letters(const store& db, fault_list& faults) {
  auto at = db.scan();
  for (at->seek({}); at->valid();) {
    const char letter = at->key().empty() ? '\0' : at->key().front();
    if (table_name(letter) == nullptr)
      faults.add("keys", std::string(1, letter),
                 "no table has keys that begin so");
    if (letter == '\xff')
      break;
    at->seek(std::string(1, static_cast<char>(letter + 1)));
  }
  faults.check(at->state(), "database", "");
}

void verify_audit(const store& db, fault_list& faults) {
  audit_range range;
  if (!faults.check(read_audit_range(db, range), "audit", ""))
    return;
  auto before = range.next;
  while (before > range.first) {
    std::vector<audit_record> page;
    if (!faults.check(read_audit(db, range.first, before, audit_page, page),
                      "audit", "before " + std::to_string(before))
        || page.empty())
      return;
    for (const auto& x : page) {
      faults.count("audit");
      if (x.sequence + 1 != before)
        faults.add("audit", std::to_string(before - 1), "it is missing");
      before = x.sequence;
    }
  }
}

void verify_answers(const store& db, fault_list& faults) {
  constexpr std::string_view prefix = "ok";
  auto result = for_each(db, prefix, [&](std::string_view key, auto&&) {
    faults.count("answers");
    const auto name = key.substr(prefix.size());
    kept_answer found;
    faults.check(read_answer(db, name, found), "answers", name);
    return true;
  });
  faults.check(result, "answers", "");
}

void verify_labels(const store& db, fault_list& faults) {
  const fixed_key prefix{table::labels};
  auto result = for_each(db, prefix, [&](std::string_view key, auto&&) {
    faults.count("labels");
    const auto id = job_id_from_bytes(key.substr(1));
    job_label found;
    if (key.size() != 1 + id.bytes.size())
      faults.add("labels", "", "a key of a wrong length");
    else if (faults.check(read_label(db, id, found), "labels", to_string(id))
             && !has_job(db, id))
      faults.add("labels", id, "there is no such job");
    return true;
  });
  faults.check(result, "labels", "");
}

} // namespace

void verify_others(const store& db, fault_list& faults) {
  verify_letters(db, faults);
  std::vector<job_definition> definitions;
  faults.check(read_definitions(db, definitions), "definitions", "");
  std::vector<key_pair> pairs;
  faults.check(read_pairs(db, pairs), "kv", "");
  std::vector<credential> credentials;
  faults.check(read_credentials(db, credentials), "credentials", "");
  std::unordered_map<std::string, schedule_record> schedules;
  faults.check(read_schedules(db, schedules), "schedules", "");
  std::vector<api_token> tokens;
  faults.check(read_tokens(db, tokens), "tokens", "");
  std::vector<operation> operations;
  faults.check(read_operations(db, operations), "operations", "");
  std::vector<std::pair<std::string, queue_settings>> queues;
  faults.check(read_queue_settings(db, queues), "queue_settings", "");
  std::vector<std::pair<std::string, uint32_t>> slots;
  faults.check(read_type_slots(db, slots), "type_slots", "");
  std::vector<std::pair<std::string, uint64_t>> limits;
  faults.check(read_node_limits(db, limits), "node_limits", "");
  verify_audit(db, faults);
  verify_answers(db, faults);
  verify_labels(db, faults);
}

// -- the queue ----------------------------------------------------------------

void verify_queue(const store& db, fault_list& faults,
                  std::vector<job_id>& ids) {
  auto look_at = [&](queue_entry&& x) {
    faults.count("queue");
    ids.push_back(x.id);
    queue_job job;
    std::vector<job_event> events;
    auto result = read_job(db, x.id, job);
    if (result.code == errc::not_found) {
      faults.add("queue", x.id, "there is no such job");
    } else if (result.ok() && read_events(db, x.id, events).ok()) {
      const auto state = fold(events).status;
      if (is_terminal(state))
        faults.add("queue", x.id, "the job is " + to_string(state));
      if (x.type != job.type)
        faults.add("queue", x.id, "the job is of type " + job.type);
    }
  };
  faults.check(read_queue(db, look_at), "queue", "");
  uint64_t there = 0;
  auto result = for_each(db, fixed_key{table::queue}, [&](auto&&, auto&&) {
    ++there;
    return true;
  });
  faults.check(result, "queue", "");
  if (there > ids.size())
    faults.add("queue", "",
               std::to_string(there - ids.size())
                 + " entries lie before the heads of their lanes");
  faults.report().queue_entries = there;
  std::sort(ids.begin(), ids.end());
  for (auto i = std::adjacent_find(ids.begin(), ids.end()); i != ids.end();
       i = std::adjacent_find(i + 1, ids.end()))
    faults.add("queue", *i, "it has two entries");
}

// -- all ----------------------------------------------------------------------

void verify(const store& db, const verify_config& how,
            const verify_progress& progress, verify_report& out) {
  fault_list faults{how, progress, out};
  std::vector<job_id> queued;
  verify_others(db, faults);
  verify_queue(db, faults, queued);
  verify_jobs(db, faults, queued);
  verify_logs(db, faults);
  verify_documents(db, faults);
}

} // namespace quaero::storage
