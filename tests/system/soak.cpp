#include "tests/system/soak.hpp"

#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <stdexcept>
#include <utility>

namespace quaero::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds pace{40};
constexpr milliseconds slow{200};
constexpr seconds settle_max{180};
constexpr int64_t open_jobs_max = 400;
constexpr int jobs_of_a_request = 60;
constexpr int jobs_of_a_run = 30;

constexpr const char* fault_names[]
  = {"none",         "node killed", "node stopped", "line cut",
     "line stalled", "line slow",   "hub killed",   "hub stopped"};

std::string node_name(size_t i) {
  return "n" + std::to_string(i);
}

std::string definition() {
  return "id = \"soak\"\nname = \"soak\"\n[step.a]\n"
         "type = \"test_job_generator\"\nworker_count = "
         + std::to_string(jobs_of_a_run)
         + "\nlog_count = 4\nlog_delay_ms = 30\nfailure_rate = 0.0\n"
           "child_count = 0\nrecursion_depth = 0\n";
}

} // namespace

soak::soak(soak_plan how) : how_{std::move(how)}, random_{how_.seed} {
  start_again();
  apply(definition());
  leave_work_to_nodes();
  for (size_t i = 0; i < node_count; ++i) {
    lines_.push_back(std::make_unique<tcp_proxy>(nodes_port));
    join(node_name(i), lines_.back()->port(),
         {"--slots", "test_job_generator=16"});
  }
}

void soak::start_again() {
  start_hub({"--queue-lease", how_.lease});
  subscribe();
}

// Subscribes to all that happens, and reads none of it.
void soak::subscribe() {
  silent_ = std::make_unique<http_client>(port());
  silent_->send("GET /api/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1:"
                + std::to_string(port()) + "\r\n\r\n");
}

void soak::run() {
  const auto end = clock::now() + how_.time;
  auto next = clock::now();
  while (clock::now() < end) {
    const auto now = clock::now();
    end_faults(now);
    if (now >= next) {
      begin_fault();
      next
        = now + milliseconds{draw(static_cast<uint64_t>(how_.gap_max.count()))};
    }
    put_load();
    look_at_memory();
    // Faults last for times, and not until something happens.
    ::poll(nullptr, 0, static_cast<int>(pace.count()));
  }
  settle();
}

// -- faults -------------------------------------------------------------------

milliseconds soak::draw_pause() {
  return how_.pauses[draw(how_.pauses.size())];
}

bool soak::hub_is_there() const {
  return targets_[hub_target].now == fault::none;
}

soak::fault soak::next_fault() {
  if (bag_.empty()) {
    bag_ = {fault::node_killed,  fault::node_stopped, fault::line_cut,
            fault::line_stalled, fault::line_slow,    fault::hub_killed,
            fault::hub_stopped};
    std::shuffle(bag_.begin(), bag_.end(), random_);
  }
  const auto out = bag_.back();
  bag_.pop_back();
  return out;
}

void soak::begin_fault() {
  const auto what = next_fault();
  const auto i = draw(node_count);
  size_t at = hub_target;
  if (what == fault::node_killed || what == fault::node_stopped)
    at = i;
  else if (what < fault::hub_killed)
    at = node_count + i;
  if (targets_[at].now != fault::none) {
    bag_.insert(bag_.begin(), what); // not lost, only later
    return;
  }
  if (at == hub_target)
    break_hub(what);
  else if (at < node_count)
    break_node(i, what);
  else
    break_line(i, what);
}

void soak::break_node(size_t i, fault what) {
  const bool kills = what == fault::node_killed;
  node(node_name(i)).signal(kills ? SIGKILL : SIGSTOP);
  begin(i, what, kills ? milliseconds{draw(1000)} : draw_pause());
}

void soak::break_line(size_t i, fault what) {
  auto& line = *lines_[i];
  if (what == fault::line_cut)
    line.cut(true);
  else if (what == fault::line_stalled)
    line.stall(true);
  else
    line.quality({.delay = slow, .jitter = slow / 4, .loss_percent = 5});
  begin(node_count + i, what,
        what == fault::line_cut ? milliseconds{draw(1500)} : draw_pause());
}

void soak::break_hub(fault what) {
  if (what == fault::hub_killed) {
    ask_in_vain();
    kill();
  } else {
    daemon().signal(SIGSTOP);
  }
  begin(hub_target, what,
        what == fault::hub_killed ? milliseconds{draw(500)} : draw_pause());
}

void soak::begin(size_t at, fault what, milliseconds time) {
  targets_[at] = {what, clock::now() + time};
  ++faults_[fault_names[static_cast<size_t>(what)]];
}

void soak::end_faults(clock::time_point now) {
  for (size_t i = 0; i < targets_.size(); ++i)
    if (targets_[i].now != fault::none && targets_[i].until <= now)
      end(i);
}

void soak::end(size_t at) {
  const auto what = std::exchange(targets_[at].now, fault::none);
  switch (what) {
    case fault::none:
      return;
    case fault::node_killed:
      BOOST_REQUIRE_EQUAL(node(node_name(at)).wait(patience).value_or(-1),
                          128 + SIGKILL);
      start_node(node_name(at), {"--node"});
      return;
    case fault::node_stopped:
      return node(node_name(at)).signal(SIGCONT);
    case fault::line_cut:
      return lines_[at - node_count]->cut(false);
    case fault::line_stalled:
      return lines_[at - node_count]->stall(false);
    case fault::line_slow:
      return lines_[at - node_count]->quality({});
    case fault::hub_killed:
      return start_again();
    case fault::hub_stopped:
      return daemon().signal(SIGCONT);
  }
}

/// The hub gets a request, and nobody hears whether it was carried out. It is
/// sent again to the next one.
void soak::ask_in_vain() {
  if (owed_.empty())
    make_requests();
  const auto& x = owed_.front();
  http_client hub{port()};
  hub.send("POST " + x.path + " HTTP/1.1\r\nHost: 127.0.0.1:"
           + std::to_string(port()) + "\r\nIdempotency-Key: " + x.key
           + "\r\nContent-Length: " + std::to_string(x.body.size()) + "\r\n\r\n"
           + x.body);
  ::poll(nullptr, 0, static_cast<int>(draw(2 * pace.count())));
  ++sent_again_;
}

// -- load ---------------------------------------------------------------------

void soak::make_requests() {
  std::string body;
  for (int i = 0; i < jobs_of_a_request; ++i) {
    body += i == 0 ? '[' : ',';
    if (i % 3 == 0) {
      body += R"({"type":"noop","config":{"payload":")" + std::string(2000, 'x')
              + "\"}}";
    } else {
      body += R"({"type":"test_job_generator","config":{"log_count":)"
              + std::to_string(1 + draw(10)) + R"(,"log_delay_ms":)"
              + std::to_string(draw(60))
              + R"(,"failure_rate":0,"child_count":0,"recursion_depth":0}})";
    }
  }
  owed_.push_back({"/api/jobs", body + "]", "soak-" + std::to_string(made_)});
  if (made_++ % 8 == 0)
    owed_.push_back({"/api/job-definitions/soak/execute",
                     {},
                     "soak-run-" + std::to_string(made_)});
}

void soak::put_load() {
  if (!hub_is_there())
    return;
  try {
    value stats;
    std::string why;
    const auto answer = http_client{port()}.get("/api/jobs/stats");
    if (answer.status != 200 || !parse_json(answer.body, stats, why))
      return;
    const auto open
      = int_of(stats, "pending_jobs") + int_of(stats, "running_jobs");
    if (owed_.empty() && open < open_jobs_max)
      make_requests();
    while (!owed_.empty() && send(owed_.front()))
      owed_.pop_front();
  } catch (const std::runtime_error&) {
    ++sent_again_; // to the next hub, with the key that it has
  }
}

/// @returns whether it was answered.
bool soak::send(const request& x) {
  const auto answer = http_client{port()}.request("POST", x.path, x.body,
                                                  {{"Idempotency-Key", x.key}});
  if (answer.status == 0)
    throw std::runtime_error("no answer");
  if (answer.status == 503 || answer.status == 429
      || contains(answer.body, "idempotency_in_flight"))
    return false;
  take(x, answer.body);
  return true;
}

void soak::take(const request& x, const std::string& body) {
  value answer;
  std::string why;
  BOOST_REQUIRE_MESSAGE(parse_json(body, answer, why), body);
  if (x.path != "/api/jobs") {
    if (auto run = text_of(answer, "job_id"); !run.empty())
      runs_.push_back(run);
    else // One run of a definition at a time.
      BOOST_TEST(text_of(answer, "code") == "conflict", body);
    return;
  }
  const auto& ids = items_of(answer, "ids");
  BOOST_REQUIRE_MESSAGE(ids.size() == jobs_of_a_request, body);
  for (const auto& id : ids)
    jobs_.push_back(id.as_string());
}

void soak::look_at_memory() {
  if (targets_[hub_target].now != fault::hub_killed)
    hub_mib_max_ = std::max(hub_mib_max_, resident_mib(daemon().pid()));
  for (size_t i = 0; i < node_count; ++i)
    if (targets_[i].now != fault::node_killed)
      node_mib_max_
        = std::max(node_mib_max_, resident_mib(node(node_name(i)).pid()));
}

// -- the end ------------------------------------------------------------------

void soak::settle() {
  for (size_t i = 0; i < targets_.size(); ++i)
    end(i);
  const auto limit = clock::now() + settle_max;
  for (;;) {
    while (!owed_.empty() && send(owed_.front()))
      owed_.pop_front();
    const auto stats = get("/api/jobs/stats");
    const auto open
      = int_of(stats, "pending_jobs") + int_of(stats, "running_jobs");
    look_at_memory();
    if (owed_.empty() && open == 0)
      break;
    BOOST_REQUIRE_MESSAGE(clock::now() < limit,
                          open << " jobs never end: " << summary()
                               << daemon().err());
    BOOST_REQUIRE_MESSAGE(daemon().runs_for(pace), daemon().err());
  }
  for (size_t i = 0; i < node_count; ++i) {
    wait_state(node_name(i), "ready");
    BOOST_TEST(stop_node(node_name(i), SIGTERM) == 0);
  }
}

size_t soak::jobs_of_runs() const {
  return runs_.size() * jobs_of_a_run;
}

void soak::check_answers() {
  std::map<std::string, std::string> states;
  std::string cursor;
  do {
    const auto page = get("/api/jobs?limit=500"
                          + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto& x : items_of(page, "jobs"))
      BOOST_TEST(states.emplace(text_of(x, "id"), text_of(x, "status")).second);
    cursor = text_of(page, "next_cursor");
  } while (!cursor.empty());
  for (const auto& [id, state] : states)
    BOOST_TEST(state == "completed", id << " is " << state);
  for (const auto* all_ids : {&jobs_, &runs_})
    for (const auto& id : *all_ids)
      BOOST_TEST(states.contains(id), id);
  // A run has its jobs, a step and itself.
  BOOST_TEST(states.size()
             == jobs_.size() + runs_.size() * (jobs_of_a_run + 2));
  for (const auto& run : runs_)
    check_line_numbers(run);
}

std::string soak::summary() const {
  std::string out = "seed " + std::to_string(how_.seed) + ": "
                    + std::to_string(jobs_.size()) + " jobs, "
                    + std::to_string(runs_.size()) + " runs, "
                    + std::to_string(sent_again_) + " requests sent again";
  for (const auto& [name, n] : faults_)
    out += ", " + name + ' ' + std::to_string(n);
  return out + "; hub " + std::to_string(hub_mib_max_) + " MiB, nodes "
         + std::to_string(node_mib_max_) + " MiB at most\n";
}

} // namespace quaero::test
