#include "bench/kill_plan.hpp"

#include "definitions/json.hpp"

#include <stdexcept>

namespace quaero::bench {

namespace {

constexpr uint64_t definition_count = 4;
constexpr uint64_t jobs_in_request_max = 8;
constexpr int64_t generator_lines_max = 6;

/// What a job of that kind writes beside its own lines.
constexpr int64_t generator_lines_more = 3;

std::string definition_id(uint64_t n) {
  return "kill-" + std::to_string(n);
}

std::string generator(int64_t lines, bool fails) {
  return R"("type":"test_job_generator","retry":{"attempts":2,)"
         R"("backoff":"10ms","backoff_max":"10ms"},"config":{"log_count":)"
         + std::to_string(lines)
         + R"(,"log_delay_ms":2,"child_count":0,"recursion_depth":0,)"
           R"("failure_rate":)"
         + (fails ? "1" : "0") + "}";
}

[[noreturn]] void refuse(const std::string& what, unsigned status,
                         std::string_view body) {
  constexpr size_t shown_bytes_max = 500;
  throw std::logic_error{what + " was answered " + std::to_string(status) + ": "
                         + std::string{body.substr(0, shown_bytes_max)}};
}

} // namespace

std::vector<std::string> kill_plan::definitions() {
  std::vector<std::string> out;
  for (uint64_t i = 0; i < definition_count; ++i)
    out.push_back("id = \"" + definition_id(i) + "\"\nname = \"Kill "
                  + std::to_string(i)
                  + "\"\n[step.work]\ntype = \"test_job_generator\"\n"
                    "worker_count = 4\nchild_count = 1\nrecursion_depth = 1\n"
                    "log_count = 4\nlog_delay_ms = 3\nfailure_rate = 0\n"
                    "[step.after]\ntype = \"noop\"\ndepends = \"work\"\n");
  out.push_back(
    "id = \"kill-start\"\nname = \"Kill start\"\nauto_start = true\n"
    "[step.once]\ntype = \"noop\"\n");
  return out;
}

void kill_plan::turn_to(const http_target& to) {
  to_ = &to;
  for (auto& [number, x] : waiting_) {
    if (x.key.empty())
      continue; // Nobody misses a question.
    ++resent_;
    waiting_again_.push_back(std::move(x));
  }
  waiting_.clear();
}

std::string_view kill_plan::request(uint64_t number) {
  auto& x = waiting_[number];
  if (!waiting_again_.empty()) {
    x = std::move(waiting_again_.front());
    waiting_again_.pop_front();
  } else {
    x = make();
  }
  x.bytes = x.key.empty()
              ? to_->get(x.path)
              : to_->post(x.path, x.body, "Idempotency-Key: " + x.key + "\r\n");
  return x.bytes;
}

kill_plan::asked kill_plan::make() {
  ++made_;
  if (finishing_ || (!jobs_.empty() && draw(2) == 0))
    return make_look();
  if (draw(10) != 0)
    return make_jobs();
  asked x;
  x.what = kind::run;
  x.path = "/api/job-definitions/" + definition_id(draw(definition_count))
           + "/execute";
  x.key = "run-" + std::to_string(made_);
  return x;
}

kill_plan::asked kill_plan::make_look() {
  asked x;
  if (jobs_.empty()) {
    x.path = "/api/jobs/stats";
    return x;
  }
  const auto& job = jobs_[draw(jobs_.size())];
  x.path = "/api/jobs/" + to_string(job.id);
  x.made.push_back(job);
  return x;
}

kill_plan::asked kill_plan::make_jobs() {
  // Most in one shared sync, as it is by default.
  static const char* const levels[] = {"group", "group", "buffered", "each"};
  asked x;
  x.what = kind::enqueue;
  x.path = "/api/jobs";
  x.key = "jobs-" + std::to_string(made_);
  const auto count = 1 + draw(jobs_in_request_max);
  for (uint64_t i = 0; i < count; ++i) {
    acked_job job;
    job.name = std::to_string(made_) + "." + std::to_string(i);
    std::string what = R"("type":"noop")";
    if (draw(4) == 0) {
      const auto lines = static_cast<int64_t>(draw(generator_lines_max));
      job.fails = draw(8) == 0;
      job.lines = lines + generator_lines_more;
      what = generator(lines, job.fails);
    }
    x.body += (i == 0 ? "[{\"name\":\"" : ",{\"name\":\"") + job.name
              + R"(","unique_key":")" + job.name + R"(","durability":")"
              + levels[draw(std::size(levels))] + "\"," + what + "}";
    x.made.push_back(std::move(job));
  }
  x.body += "]";
  return x;
}

void kill_plan::take_jobs(asked& x, std::string_view body) {
  value answer;
  std::string error;
  const auto* ids
    = parse_json(body, answer, error) ? answer.find("ids") : nullptr;
  if (ids == nullptr || !ids->is_array()
      || ids->as_array().size() != x.made.size())
    refuse(x.key, 201, body);
  for (size_t i = 0; i < x.made.size(); ++i) {
    if (!from_string(ids->as_array()[i].as_string(), x.made[i].id))
      refuse(x.key, 201, body);
    jobs_.push_back(std::move(x.made[i]));
  }
}

void kill_plan::on_answer(uint64_t number, unsigned status,
                          std::string_view body) {
  auto node = waiting_.extract(number);
  auto& x = node.mapped();
  constexpr unsigned accepted = 202;
  constexpr unsigned created = 201;
  constexpr unsigned conflict = 409;
  constexpr unsigned too_many = 429;
  constexpr unsigned not_yet = 503;
  const bool in_flight
    = status == conflict
      && body.find("idempotency_in_flight") != std::string_view::npos;
  if (status == not_yet || status == too_many || in_flight) {
    if (!x.key.empty())
      waiting_again_.push_back(std::move(x));
    return;
  }
  switch (x.what) {
    case kind::look:
      if (status != 200
          || (!x.made.empty()
              && body.find("\"name\":\"" + x.made[0].name + '"')
                   == std::string_view::npos))
        refuse("a job that was acknowledged, " + x.path + ",", status, body);
      break;
    case kind::enqueue:
      if (status != created)
        refuse(x.key, status, body);
      take_jobs(x, body);
      break;
    case kind::run: {
      if (status == conflict)
        break; // One of it goes on.
      value answer;
      std::string error;
      job_id id;
      if (status != accepted || !parse_json(body, answer, error)
          || !from_string(answer.get_string("job_id").value_or(""), id))
        refuse(x.key, status, body);
      runs_.push_back(id);
      break;
    }
  }
}

} // namespace quaero::bench
