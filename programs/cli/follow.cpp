#include "programs/cli/follow.hpp"

#include "programs/cli/interrupts.hpp"
#include "programs/cli/meter.hpp"
#include "programs/cli/progress_view.hpp"

namespace quaero::cli {

namespace {

std::string tree_path(const std::string& job_id) {
  return job_path(job_id) + "/tree";
}

void print_failures(command_context& context, const step_progress& step) {
  auto& out = context.to.out;
  if (step.failed == 0 || step.step_id.empty()) {
    if (!step.error.empty())
      out << '\n'
          << one_line(step.name) << ": " << one_line(step.error) << '\n';
    return;
  }
  auto x = ask_quietly(
    context,
    {.target = "/api/jobs?parent_id=" + percent_encode(step.step_id)
               + "&status=failed&limit=" + std::to_string(errors_shown_max)});
  const auto& jobs = items_of(x.json, "jobs");
  out << '\n'
      << one_line(step.name) << ": "
      << paint(context.to, colour::red, std::to_string(step.failed) + " failed")
      << (jobs.empty() ? "" : ", for example:") << '\n';
  for (const auto& job : jobs)
    out << "  " << one_line(text_of(job, "name")) << ": "
        << one_line(text_of(job, "error")) << '\n';
}

void print_summary(command_context& context, const run_progress& run) {
  auto& out = context.to.out;
  out << '\n'
      << one_line(run.name) << ' '
      << paint(context.to, status_colour(run.status), one_line(run.status))
      << " after " << duration_text(run.duration_ms) << ", " << run.documents
      << " documents\n";
  if (!run.error.empty())
    out << one_line(run.error) << '\n';
  out << '\n';
  print_steps(context.to, run);
  for (const auto& step : run.steps)
    print_failures(context, step);
  auto server = server_url(context);
  out << "\nDocumentation: " << server << "/docs\nThis run:      " << server
      << tree_path(run.job_id) << '\n';
}

int detach(command_context& context, const char* what,
           const std::string& job_id) {
  auto id = one_line(job_id);
  context.to.err << "quaero: the " << what
                 << " goes on. Follow it again with: quaero jobs follow " << id
                 << "\nStop it with: quaero jobs cancel " << id << '\n';
  return exit_detached;
}

// Whether polling is to end after an answer that is not ok.
bool gives_up(const answer& x, int& unanswered) {
  return x.exit == exit_not_found || x.exit == exit_refused
         || ++unanswered > unanswered_polls_max;
}

int finish_single(command_context& context, const answer& job) {
  auto status = text_of(job.json, "status");
  if (context.json) {
    print_json(context, job);
  } else {
    auto& out = context.to.out;
    auto error = text_of(job.json, "error");
    out << one_line(text_of(job.json, "name")) << ' '
        << paint(context.to, status_colour(status), one_line(status)) << '\n';
    if (!error.empty())
      out << one_line(error) << '\n';
  }
  return status == "completed" ? exit_ok : exit_failed;
}

// A job without steps has nothing to show but its status.
int follow_single(command_context& context, const std::string& job_id) {
  interrupt_guard guard;
  meter view{context.to};
  int unanswered = 0;
  for (;;) {
    auto x = ask_quietly(context, {.target = job_path(job_id)});
    if (x.ok()) {
      unanswered = 0;
      auto status = text_of(x.json, "status");
      if (!context.json)
        view.show(0, 0, text_of(x.json, "name") + "  " + status);
      if (is_over(status)) {
        view.clear();
        return finish_single(context, x);
      }
    } else if (gives_up(x, unanswered)) {
      view.clear();
      report(context, x);
      return x.exit;
    }
    if (context.wait(poll_interval)) {
      view.clear();
      return detach(context, "job", job_id);
    }
  }
}

// A job without steps is the only step of its own tree.
bool is_single(const run_progress& run) {
  if (run.steps.empty())
    return true;
  const auto& only = run.steps.front();
  return run.steps.size() == 1 && !only.step_id.empty()
         && only.step_id == run.job_id && only.total == 0;
}

int finish(command_context& context, progress_view& view, const answer& tree,
           const run_progress& run) {
  if (context.json) {
    print_json(context, tree);
  } else {
    view.clear();
    print_summary(context, run);
  }
  return run.status == "completed" ? exit_ok : exit_failed;
}

} // namespace

int follow_run(command_context& context, const std::string& job_id) {
  interrupt_guard guard;
  progress_view view{context.to};
  int unanswered = 0;
  for (;;) {
    auto x = ask_quietly(context, {.target = tree_path(job_id)});
    run_progress run;
    if (x.ok() && read_progress(x.json, run)) {
      unanswered = 0;
      if (run.job_id.empty())
        run.job_id = job_id;
      if (!context.json)
        view.show(run);
      if (run.over())
        return finish(context, view, x, run);
    } else if (gives_up(x, unanswered)) {
      if (x.ok()) {
        context.to.err << "quaero: the daemon's answer is not understood. Are "
                          "both of the same version? See: quaero status\n";
        return exit_unreachable;
      }
      report(context, x);
      return x.exit;
    }
    if (context.wait(poll_interval)) {
      view.clear();
      return detach(context, "run", job_id);
    }
  }
}

int follow_job(command_context& context, const std::string& job_id) {
  auto x = ask_quietly(context, {.target = tree_path(job_id)});
  run_progress run;
  bool read = x.ok() && read_progress(x.json, run);
  bool single = x.exit == exit_not_found || (read && is_single(run));
  return single ? follow_single(context, job_id) : follow_run(context, job_id);
}

} // namespace quaero::cli
