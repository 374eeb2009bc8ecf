#include "tests/storage/samples.hpp"

#include <limits>

namespace quaero::storage::test {

job_id make_id(uint64_t n, uint64_t ms) {
  job_id result;
  for (size_t i = 0; i < 6; ++i)
    result.bytes[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  result.bytes[6] = 0x70;
  for (size_t i = 0; i < 8; ++i)
    result.bytes[8 + i] = static_cast<uint8_t>(n >> (8 * (7 - i)));
  return result;
}

timestamp at(int64_t n) {
  return timestamp{std::chrono::nanoseconds{1768874404118000000 + n}};
}

queue_job full_job() {
  queue_job x;
  x.id = make_id(1);
  x.parent_id = make_id(2);
  x.manager_id = make_id(3);
  x.step_id = make_id(4);
  x.type = "crawler_url";
  x.name = "a page";
  x.queue = "slow";
  x.priority = 9;
  x.depth = 65535;
  x.created_at = at(123456);
  x.run_at = at(3600000000000);
  x.retry = {7, std::chrono::seconds{2}, std::chrono::hours{1}, 0.125};
  x.config = R"({"url":"http://localhost/"})";
  x.metadata = R"({"k":[1,2]})";
  x.tags = {"nightly", "caf\xc3\xa9"};
  x.unique_key = "page:1";
  x.expires_at = at(7200000000000);
  x.limit_key = "host:localhost";
  x.timeout = std::chrono::minutes{3};
  return x;
}

job_event full_event() {
  job_event x;
  x.id = make_id(1);
  x.status = job_status::failed;
  x.at = at(98765432101);
  x.epoch = (7ull << 32) | 5;
  x.attempt = std::numeric_limits<uint32_t>::max();
  x.started_at = at(98765000000);
  x.error = "no such host";
  x.result_count = std::numeric_limits<uint64_t>::max();
  x.children = {1, 2, 3, 4, 5, 600};
  x.result = R"({"found":3})";
  x.reason = failure_reason::timed_out;
  return x;
}

queue_entry full_entry() {
  queue_entry x;
  x.key = {delayed_lane, 1ull << 40};
  x.id = make_id(1);
  x.step_id = make_id(2);
  x.manager_id = make_id(3);
  x.type = "agent";
  x.queue = "slow";
  x.priority = 2;
  x.run_at = at(5000);
  x.attempt = 300;
  x.unique_key = "page:1";
  x.expires_at = at(6000);
  x.tags = {"nightly", "own"};
  x.limit_key = "host:localhost";
  x.deaths = 2;
  x.uncounted = 5;
  x.snoozed = true;
  return x;
}

log_entry full_entry_of_log() {
  log_entry x;
  x.line.job = make_id(1);
  x.line.owner = make_id(2);
  x.line.manager = make_id(3);
  x.line.level = log_level::error;
  x.line.origin = log_origin::system;
  x.line.at = at(77);
  x.line.message = "It broke: \xc3\xa4\n";
  x.index = 10;
  x.sequence = 12345678901;
  x.totals = {1, 2, 3, 4};
  return x;
}

document full_document() {
  document x;
  x.id = "doc_1";
  x.source_type = "web";
  x.source_id = "http://localhost/";
  x.title = "Title";
  x.content_markdown = std::string(5000, 'm');
  x.detail_level = "metadata";
  x.metadata = R"({"a":1})";
  x.url = "http://localhost/x";
  x.tags = {"One", "two", "TWO"};
  x.jobs = {"run-1", "run-2"};
  x.content_hash = "abcd";
  x.created_at = at(1);
  x.updated_at = at(-5);
  return x;
}

namespace {

step full_step() {
  step x;
  x.name = "scan";
  x.type = "local_dir";
  x.description = "Reads.";
  x.config = value::make_object(
    {{"null", {}},
     {"no", false},
     {"yes", true},
     {"int", std::numeric_limits<int64_t>::min()},
     {"one", 1.0},
     {"tenth", 0.1},
     {"text", std::string("a\0b", 3)},
     {"list", value::make_array({1, "two", value::make_array()})},
     {"table", value::make_object({{"", value::make_object()}})}});
  x.on_error = on_error::fatal;
  x.depends = {"first", "second"};
  x.always_run = true;
  x.condition = "never";
  x.step_timeout = "45m";
  x.job = {"slow", uint8_t{9}, "5m", "host", {"gpu"}};
  x.retry = retry_policy{5, std::chrono::milliseconds{10},
                         std::chrono::seconds{3}, 1};
  return x;
}

} // namespace

schedule_record full_schedule() {
  schedule_record x;
  x.last_tick = at(7);
  x.outcome = tick_outcome::failed;
  x.other = make_id(8);
  x.error = "no such step";
  x.run = make_id(9);
  x.run_for = at(3);
  x.waiting = at(5);
  return x;
}

job_definition full_definition() {
  job_definition x;
  x.time_zone = "Europe/Berlin";
  x.missed = missed_runs::run_all;
  x.overlap = overlap::allow;
  x.parallel = false;
  x.id = "nightly";
  x.name = "Nightly";
  x.type = "local_dir";
  x.job_type = "system";
  x.description = "Every night.";
  x.toml = "id = \"nightly\"\n";
  x.source_type = "web";
  x.base_url = "http://localhost";
  x.auth_id = "auth";
  x.steps = {full_step(), step{}};
  x.schedule = "0 2 * * *";
  x.timeout = "45m";
  x.enabled = false;
  x.auto_start = true;
  x.extension = true;
  x.config = value::make_object({{"root", "/srv"}});
  x.pre_jobs = {"before"};
  x.post_jobs = {"after", "later"};
  x.error_tolerance = error_tolerance{10, failure_action::mark_warning};
  x.retention[0] = {std::chrono::hours{24 * 3650}, 0};
  x.retention[2].count = 1'000'000;
  x.tags = {"a", ""};
  x.url_patterns = {"*.org"};
  x.validation_status = "invalid";
  x.validation_error = "no steps";
  x.validated_at = at(1);
  x.content_hash = "0123abcd";
  x.updated = true;
  x.created_at = at(2);
  x.updated_at = at(3);
  return x;
}

key_pair full_pair() {
  return {"ops-key", "text", "What it is for.", true, std::string(32, 'a'),
          at(1),     at(2)};
}

credential full_credential() {
  return {"cred_1",
          "Example",
          "example.org",
          "generic",
          "https://example.org",
          "Browser/1",
          R"([{"name":"s"}])",
          R"({"t":"x"})",
          at(3),
          at(4)};
}

} // namespace quaero::storage::test
