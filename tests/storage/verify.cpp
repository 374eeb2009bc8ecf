#include "storage/verify.hpp"

#include "storage/format.hpp"
#include "storage/job_index.hpp"
#include "storage/keys.hpp"
#include "storage/life_tables.hpp"
#include "storage/stream_tables.hpp"
#include "tests/storage/samples.hpp"

#include <algorithm>

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;
using namespace std::string_literals;

namespace {

constexpr uint64_t run_n = 10;
constexpr uint64_t step_n = 11;
constexpr uint64_t done_n = 12; ///< A job of the step that is over.
constexpr uint64_t open_n = 13; ///< One that waits.
constexpr uint64_t own_n = 14;  ///< Outside of any run, over.

queue_job make_job(uint64_t n, std::string_view type, uint64_t parent) {
  queue_job x;
  x.id = make_id(n);
  x.type = type;
  x.name = std::to_string(n);
  x.created_at = at(0);
  if (parent != 0)
    x.parent_id = make_id(parent);
  if (n != own_n)
    x.manager_id = make_id(run_n);
  if (n == done_n || n == open_n)
    x.step_id = make_id(step_n);
  return x;
}

job_event make_event(uint64_t n, job_status status, uint64_t epoch = 0) {
  job_event x;
  x.id = make_id(n);
  x.status = status;
  x.at = at(1000);
  x.epoch = epoch;
  return x;
}

document make_document(const std::string& id) {
  document x;
  x.id = id;
  x.source_type = "web";
  x.source_id = "http://localhost/" + id;
  x.tags = {"One"};
  x.created_at = x.updated_at = at(5);
  return x;
}

queue_entry entry_of(uint64_t n, uint64_t sequence) {
  queue_entry x;
  x.key = {4, sequence};
  x.id = make_id(n);
  x.type = "noop";
  x.queue = "default";
  return x;
}

/// A run with a step and two jobs, a job of its own, a log, documents.
struct verify_fixture : memory_fixture {
  totals sums;

  verify_fixture() {
    require_ok(open_format(*db));
    write(*db, [this](write_batch& out) {
      put_jobs(out);
      put_queue_entry(out, entry_of(open_n, 7));
      put_active(out, make_id(run_n));
      for (auto id : {"a", "b"})
        put_document(out, make_document(id), nullptr);
      put_lines(out);
      stream_block stream{make_id(run_n)};
      stream.add_line(make_id(step_n), 1);
      stream.put(out, 1);
      put_totals(out, sums);
    });
    require_ok(rebuild_job_index(*db, [](uint64_t) {}));
    require_sound();
  }

  void put_jobs(write_batch& out) {
    put_job(out, make_job(run_n, manager_job_type, 0));
    put_job(out, make_job(step_n, step_job_type, run_n));
    put_job(out, make_job(done_n, "noop", step_n));
    put_job(out, make_job(open_n, "noop", step_n));
    put_job(out, make_job(own_n, "noop", 0));
    put_event(out, 1, make_event(run_n, job_status::running));
    put_event(out, 1, make_event(step_n, job_status::running));
    for (auto n : {done_n, own_n}) {
      put_event(out, 1, make_event(n, job_status::running, 5));
      put_event(out, 2, make_event(n, job_status::completed, 5));
    }
    sums.jobs[size_t(job_status::running)] = 2;
    sums.jobs[size_t(job_status::completed)] = 2;
    sums.jobs[size_t(job_status::pending)] = 1;
    sums.roots = 2;
    sums.documents = 2;
    sums.log_sequence = 3;
  }

  static void put_lines(write_batch& out) {
    log_entry line;
    line.line.owner = make_id(step_n);
    line.line.job = make_id(done_n);
    line.line.level = log_level::info;
    line.line.at = at(9);
    for (uint64_t i = 1; i <= 3; ++i) {
      line.index = line.sequence = i;
      line.totals[size_t(log_level::info)] = i;
      line.line.message = "line " + std::to_string(i);
      put_log_entry(out, line);
    }
  }

  verify_report look(size_t named_max = 100) const {
    verify_report out;
    verify(
      *db, {named_max}, [](std::string_view, uint64_t) {}, out);
    return out;
  }

  void require_sound() const {
    const auto x = look();
    BOOST_REQUIRE_MESSAGE(x.faults == 0, x.named.front());
  }

  /// Some fault starts with `where` and says `what`.
  void check_named(const std::string& where, const std::string& what) const {
    const auto x = look();
    const bool found
      = std::any_of(x.named.begin(), x.named.end(), [&](const auto& y) {
          return y.starts_with(where) && y.find(what) != std::string::npos;
        });
    std::string all_named;
    for (const auto& y : x.named)
      all_named += y + "\n";
    BOOST_TEST(found, where << ": " << what << " is not among\n" << all_named);
  }

  void mend() {
    verify_report out;
    require_ok(rebuild_derived(
      *db, [](std::string_view, uint64_t) {}, out));
    require_sound();
  }

  /// Removes a job's record, and nothing else of it.
  void drop_record(uint64_t n) {
    write(*db, [n](write_batch& out) { out.remove(job_key(make_id(n))); });
  }

  /// Removes all keys of a table; those with `part` in them only.
  void drop(char letter, std::string_view part = {}) {
    const auto found = all(*db, std::string(1, letter));
    write(*db, [&](write_batch& out) {
      for (const auto& [key, val] : found)
        if (key.find(part) != std::string::npos)
          out.remove(key);
    });
  }

  static std::string shown(uint64_t n) { return to_string(make_id(n)); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(verification, verify_fixture)

BOOST_AUTO_TEST_CASE(what_is_sound_has_no_faults) {
  const auto x = look();
  BOOST_TEST(x.faults == 0u);
  BOOST_TEST(x.jobs == 5u);
  BOOST_TEST(x.queue_entries == 1u);
  BOOST_TEST(x.lines == 3u);
  BOOST_TEST(x.documents == 2u);
}

BOOST_AUTO_TEST_CASE(records_that_cannot_be_read_are_named) {
  // The last of each table whose records are checked one by one.
  const std::string record{job_key(make_id(open_n)).view()};
  const std::string event{event_key(make_id(own_n), 2).view()};
  for (const std::string& prefix :
       {record, event, "q"s, "l"s, "d"s, "g"s, "m"s, "n"s, "p"s, "x"s}) {
    verify_fixture f;
    const auto [key, val] = all(*f.db, prefix).back();
    require_ok(put(*f.db, key, "\x09"));
    BOOST_TEST(f.look().faults > 0u, prefix);
  }
}

BOOST_AUTO_TEST_CASE(keys_of_no_table_are_named) {
  require_ok(put(*db, "?what", "1"));
  check_named("keys ?", "no table");
}

BOOST_AUTO_TEST_CASE(totals_that_are_off_are_named_and_made_again) {
  sums.jobs[size_t(job_status::completed)] = 3;
  sums.roots = 1;
  sums.documents = 7;
  sums.log_sequence = 2;
  write(*db, [&](write_batch& out) { put_totals(out, sums); });
  check_named("totals completed jobs", "it says 3, the records say 2");
  check_named("totals jobs without a parent", "it says 1, the records say 2");
  check_named("totals documents", "it says 7, the records say 2");
  check_named("totals log lines", "it says 2, the records say 3");
  mend();
}

BOOST_AUTO_TEST_CASE(an_index_that_lacks_a_job_is_named_and_made_again) {
  drop('n', "noop");
  check_named("job_postings t noop, made", "it says 0, the records say 3");
  drop('p', "noop");
  check_named("job_counts t noop", "it is missing");
  mend();
}

BOOST_AUTO_TEST_CASE(an_index_with_a_job_too_many_is_named_and_made_again) {
  job_index_writer writer{*db, {}};
  auto job = make_job(99, "noop", 0);
  writer.add(writer.name(facets_of(job), {}), job.id);
  write(*db, [&](write_batch& out) { require_ok(writer.finish(out)); });
  check_named("job_postings t noop, made", "it says 4, the records say 3");
  check_named("job_counts t noop, pending", "it says 2, the records say 1");
  mend();
}

BOOST_AUTO_TEST_CASE(an_index_with_another_job_is_named) {
  // As many as there should be: one is not the right one.
  const auto blocks = all(*db, "n");
  auto [key, val] = blocks.front();
  val.back() = static_cast<char>(val.back() + 1);
  require_ok(put(*db, key, val));
  check_named("job_postings", "it has ids of other jobs");
  mend();
}

BOOST_AUTO_TEST_CASE(lists_that_lack_a_job_are_named_and_made_again) {
  drop('c');
  check_named("children " + shown(done_n), "not in the list of its parent");
  mend();
  drop('n', posting_prefix(facet::roots, {}, job_status::pending));
  check_named("job_postings r, made", "it says 0, the records say 2");
  mend();
}

BOOST_AUTO_TEST_CASE(lists_with_what_is_no_job_are_named_and_mended) {
  write(*db, [](write_batch& out) {
    out.put("c" + std::string{make_id(step_n).view()}
              + std::string{make_id(98).view()},
            "");
    out.put("c" + std::string{make_id(run_n).view()}
              + std::string{make_id(own_n).view()},
            "");
  });
  check_named("children " + shown(step_n), "has no child " + shown(98));
  check_named("children " + shown(run_n), "has no child " + shown(own_n));
  mend();
}

BOOST_AUTO_TEST_CASE(runs_and_the_list_of_active_ones_must_agree) {
  write(*db, [](write_batch& out) { remove_active(out, make_id(run_n)); });
  check_named("active " + shown(run_n), "the run is running and is not in");
  mend();
  write(*db, [](write_batch& out) { put_active(out, make_id(97)); });
  check_named("active " + shown(97), "there is no such run");
  mend();
}

BOOST_AUTO_TEST_CASE(a_job_that_waits_has_one_place_in_the_queue) {
  write(*db, [](write_batch& out) { remove_queue_entry(out, {4, 7}); });
  check_named("queue " + shown(open_n), "the job is pending and has no entry");
  write(*db, [](write_batch& out) {
    put_queue_entry(out, entry_of(open_n, 7));
    put_queue_entry(out, entry_of(open_n, 8));
    put_queue_entry(out, entry_of(done_n, 9));
    put_queue_entry(out, entry_of(96, 10));
  });
  check_named("queue " + shown(open_n), "it has two entries");
  check_named("queue " + shown(done_n), "the job is completed");
  check_named("queue " + shown(96), "there is no such job");
}

BOOST_AUTO_TEST_CASE(entries_before_the_head_of_their_lane_are_named) {
  write(*db, [](write_batch& out) { put_queue_head(out, {4, 8}); });
  check_named("queue", "1 entries lie before the heads");
}

BOOST_AUTO_TEST_CASE(a_copy_waits_without_a_place_in_the_queue) {
  job_label label;
  label.held = true;
  write(*db, [&](write_batch& out) {
    remove_queue_entry(out, {4, 7});
    put_label(out, make_id(open_n), label);
  });
  require_sound();
  write(*db, [&](write_batch& out) { put_label(out, make_id(95), label); });
  check_named("labels " + shown(95), "there is no such job");
}

BOOST_AUTO_TEST_CASE(moves_that_are_not_allowed_are_named) {
  write(*db, [](write_batch& out) {
    put_event(out, 3, make_event(done_n, job_status::completed, 5));
  });
  check_named("events " + shown(done_n),
              "a move from completed to completed in epoch 5");
}

BOOST_AUTO_TEST_CASE(an_attempt_of_an_older_epoch_is_named) {
  write(*db, [](write_batch& out) {
    put_event(out, 1, make_event(open_n, job_status::running, 5));
    put_event(out, 2, make_event(open_n, job_status::pending, 5));
    put_event(out, 3, make_event(open_n, job_status::running, 4));
  });
  check_named("events " + shown(open_n),
              "a move from pending to running in epoch 4");
}

BOOST_AUTO_TEST_CASE(parents_runs_and_histories_that_are_alone_are_named) {
  drop_record(step_n);
  check_named("jobs " + shown(done_n), "its parent " + shown(step_n));
  check_named("jobs " + shown(done_n), "its step " + shown(step_n));
  check_named("events " + shown(step_n), "there is no such job");
  check_named("log " + shown(step_n), "there is no such job");
  drop_record(run_n);
  check_named("jobs " + shown(open_n), "its run " + shown(run_n));
  check_named("run_stream " + shown(run_n), "there is no such job");
}

BOOST_AUTO_TEST_CASE(gaps_in_a_log_are_named) {
  const auto lines = all(*db, "l");
  write(*db, [&](write_batch& out) { out.remove(lines[1].first); });
  check_named("log " + shown(step_n), "line 3 does not follow line 1");
  check_named("job_log", "damaged record in table log");
}

BOOST_AUTO_TEST_CASE(an_index_of_lines_that_is_gone_is_made_again) {
  drop('x');
  mend();
  std::vector<log_entry> found;
  require_ok(read_job_log(*db, make_id(done_n), {}, found));
  BOOST_TEST(found.size() == 3u);
}

BOOST_AUTO_TEST_CASE(gaps_in_a_stream_are_named) {
  write(*db, [](write_batch& out) {
    stream_block stream{make_id(run_n)};
    stream.add_line(make_id(step_n), 3);
    stream.put(out, 3);
  });
  check_named("run_stream " + shown(run_n), "entry 3 follows entry 1");
}

BOOST_AUTO_TEST_CASE(indexes_of_documents_are_checked_both_ways) {
  drop('i', "one");
  check_named("document_index a", "an entry is missing");
  drop('s');
  check_named("document_sources a", "its source does not lead to it");
  mend();
  drop('d', "a");
  check_named("document_index a", "an entry leads to no document");
  check_named("document_sources a", "a source leads to no document");
  mend();
}

BOOST_AUTO_TEST_CASE(faults_beyond_the_limit_are_counted) {
  drop('c');
  const auto faults = look().faults;
  BOOST_TEST(faults == 3u);
  const auto x = look(2);
  BOOST_TEST(x.named.size() == 2u);
  BOOST_TEST(x.faults == faults);
}

BOOST_AUTO_TEST_CASE(a_rebuild_that_is_interrupted_is_done_again) {
  drop('c');
  drop('n');
  auto faulty = std::make_unique<fault_store>(std::move(db));
  auto* faults = faulty.get();
  db = std::move(faulty);
  verify_report out;
  for (uint64_t n = 1; n <= 6; ++n) {
    faults->fail_write(n, {errc::io_error, "cut"});
    const auto result = rebuild_derived(
      *db, [](std::string_view, uint64_t) {}, out);
    faults->heal();
    if (n == 1)
      BOOST_CHECK(result.code == errc::io_error);
    mend();
  }
}

BOOST_AUTO_TEST_SUITE_END()
