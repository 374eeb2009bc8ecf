#pragma once

#include "tests/gateway/fakes.hpp"

#include <string>

namespace quaero::test {

/// The id of no job.
inline const std::string unknown_id = "0190b6f4-0000-7000-8000-0000000000ff";

/// A run with three steps: the first is over, the second works, the third has
/// not started.
struct run_fixture : gateway_fixture {
  run_fixture() {
    start();
    std::lock_guard lock{fake->mutex};
    auto& x = fake->add_job("manager", "Nightly");
    manager = x.job.id;
    x.job.config = R"({"definition":{"steps":[
      {"name":"scan","type":"local_dir"},{"name":"sum","type":"summary"},
      {"name":"tell","type":"email"}]}})";
    x.state.status = job_status::running;
    x.state.started_at = timestamp{std::chrono::seconds{1'768'874'400}};
    scan = add_step("scan", 0, job_status::completed);
    sum = add_step("sum", 1, job_status::running);
    leaf = fake->add_job("fetch", "one page", scan, manager).job.id;
    fake->jobs.back().job.step_id = scan;
    add_lines();
    auto& live = fake->live[manager];
    live.manager = manager;
    live.status = job_status::running;
    live.children = {1, 2, 3, 0, 0, 9};
    step_progress progress{
      sum, "sum", "summary", job_status::running, {1, 2, 0, 0, 0, 4}, ""};
    live.steps = {progress};
  }

  job_id add_step(const std::string& name, int index, job_status status) {
    auto& x = fake->add_job("step", name, manager, manager);
    x.job.metadata = R"({"step_index":)" + std::to_string(index)
                     + R"(,"step_name":")" + name + R"(","step_type":"t"})";
    x.state.status = status;
    x.state.started_at = timestamp{std::chrono::seconds{1'768'874'400}};
    if (is_terminal(status)) {
      x.state.finished_at = x.state.started_at + std::chrono::seconds{3};
      x.state.children.completed = 3;
      x.state.children.documents = 5;
    }
    return x.job.id;
  }

  // manager: 1, 8; scan: 2 to 5 (one of them debug); sum: 6, 7.
  void add_lines() {
    fake->add_line(manager, manager, log_level::info, "1");
    fake->add_line(scan, scan, log_level::info, "2");
    fake->add_line(scan, leaf, log_level::debug, "3");
    fake->add_line(scan, leaf, log_level::warn, "4");
    fake->add_line(scan, leaf, log_level::error, "5");
    fake->add_line(sum, sum, log_level::info, "6");
    fake->add_line(sum, sum, log_level::info, "7");
    fake->add_line(manager, manager, log_level::info, "8");
  }

  std::string messages(const value& x) {
    std::string out;
    for (const auto& line : at(x, "logs").as_array())
      out += *line.get_string("message");
    return out;
  }

  job_id manager, scan, sum, leaf;
};

} // namespace quaero::test
