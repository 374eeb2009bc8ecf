#include "bench/http_bench.hpp"

#include "bench/clock.hpp"
#include "bench/daemon_process.hpp"
#include "bench/http_plans.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace quaero::bench {

namespace {

/// How many jobs there are to ask for.
constexpr uint64_t asked_jobs = 1000;
/// Between two questions whether the daemon is idle.
constexpr std::chrono::milliseconds pause{5};
/// How long no job may end while jobs wait.
constexpr std::chrono::seconds stall_limit{60};

struct job_counts {
  int64_t all = 0;
  int64_t open = 0; ///< Wait or run.
  int64_t completed = 0;

  job_counts operator-(const job_counts& x) const {
    return {all - x.all, open - x.open, completed - x.completed};
  }
};

job_counts ask_counts(const http_target& to) {
  const auto x = to.ask("/api/jobs/stats");
  auto number = [&](std::string_view name) {
    if (auto out = x.get_int(name))
      return *out;
    throw std::runtime_error{"the daemon does not say its "
                             + std::string{name}};
  };
  return {number("total_jobs"), number("pending_jobs") + number("running_jobs"),
          number("completed_jobs")};
}

job_counts wait_idle(const http_target& to) {
  auto last = ask_counts(to);
  auto moved = clock::now();
  while (last.open > 0) {
    std::this_thread::sleep_for(pause);
    const auto now = ask_counts(to);
    if (now.open != last.open)
      moved = clock::now();
    else if (clock::now() - moved > stall_limit)
      throw std::runtime_error{std::to_string(now.open)
                               + " jobs are open and none ends"};
    last = now;
  }
  return last;
}

std::string make_noop(const http_bench_config& how) {
  std::string config = R"({"payload":")";
  config.append(how.payload - config.size() - 2, 'x');
  return R"({"type":"noop","durability":")" + to_string(how.level)
         + R"(","config":)" + config + "\"}}";
}

/// @returns "" or what is wrong.
std::string check(std::vector<job_id> answered, const job_counts& made) {
  std::sort(answered.begin(), answered.end());
  if (std::adjacent_find(answered.begin(), answered.end()) != answered.end())
    return "an id was answered twice";
  const auto wanted = static_cast<int64_t>(answered.size());
  if (made.all == wanted && made.completed == wanted && made.open == 0)
    return {};
  return std::to_string(wanted) + " jobs were accepted, "
         + std::to_string(made.all) + " are there, "
         + std::to_string(made.completed) + " are completed";
}

http_target target_of(const http_bench_config& how, const daemon_process* own) {
  if (own != nullptr) // It knows no token, so any would be refused.
    return {parse_server(own->url()), {}};
  return {parse_server(how.server), how.token};
}

/// One run on a daemon that is there.
class http_run {
public:
  http_run(const http_bench_config& how, const daemon_process* own)
    : how_{how}, own_{own}, to_{target_of(how, own)} {}

  http_bench_result run() {
    before_ = ask_counts(to_);
    if (before_.open != 0)
      throw std::runtime_error{"the daemon is not idle"};
    if (how_.mode == http_mode::get)
      ask_for_jobs();
    else
      enqueue_jobs();
    return std::move(out_);
  }

private:
  void enqueue_jobs() {
    const bool arrays = how_.mode == http_mode::arrays;
    enqueue_plan plan{to_, make_noop(how_), how_.count, arrays ? how_.batch : 1,
                      arrays};
    const auto begin = clock::now();
    put_load(plan, plan.requests());
    const auto made = wait_idle(to_) - before_;
    const std::chrono::duration<double> took = clock::now() - begin;
    out_.jobs = plan.ids().size();
    out_.per_s = static_cast<double>(out_.jobs) / out_.seconds;
    out_.completed_per_s = static_cast<double>(out_.jobs) / took.count();
    judge(plan.ids(), made);
  }

  void ask_for_jobs() {
    enqueue_plan jobs{to_, make_noop(how_), asked_jobs, asked_jobs, true};
    http_load_config once;
    once.server = to_.server();
    run_load(once, jobs);
    wait_idle(to_);
    get_plan plan{to_, jobs.ids()};
    put_load(plan, how_.count);
    out_.jobs = jobs.ids().size();
    out_.per_s = static_cast<double>(out_.requests) / out_.seconds;
    judge(jobs.ids(), ask_counts(to_) - before_);
  }

  void put_load(http_load_plan& plan, uint64_t requests) {
    http_load_config how;
    how.server = to_.server();
    how.connections = how_.connections;
    how.in_flight = how_.in_flight;
    how.requests = requests;
    how.time = how_.time;
    how.rate = how_.rate;
    if (own_ != nullptr)
      how.server_cpu_seconds = [this] { return own_->cpu_seconds(); };
    auto x = run_load(how, plan);
    out_.requests = x.requests;
    out_.seconds = x.seconds;
    out_.latency_ms = std::move(x.latency_ms);
    out_.client_cores = x.client_cores;
    if (own_ != nullptr)
      out_.daemon_cores = x.server_cores;
  }

  void judge(const std::vector<job_id>& answered, const job_counts& made) {
    out_.problem = check(answered, made);
    out_.exact = out_.problem.empty();
  }

  const http_bench_config& how_;
  const daemon_process* own_;
  http_target to_;
  job_counts before_;
  http_bench_result out_;
};

} // namespace

http_bench_result run_http(const http_bench_config& how) {
  if (!how.server.empty())
    return http_run{how, nullptr}.run();
  const auto data = how.dir + "/data";
  http_bench_result out;
  {
    daemon_process own{data, how.level};
    out = http_run{how, &own}.run();
    own.stop();
  }
  std::filesystem::remove_all(data);
  return out;
}

} // namespace quaero::bench
