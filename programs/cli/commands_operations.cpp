#include "programs/cli/follow.hpp"
#include "programs/cli/input.hpp"
#include "programs/cli/interrupts.hpp"
#include "programs/cli/list.hpp"
#include "programs/cli/meter.hpp"
#include "programs/cli/operations.hpp"
#include "programs/cli/table.hpp"

namespace quaero::cli {

namespace {

std::string operation_path(const std::string& id) {
  return "/api/operations/" + percent_encode(id);
}

int64_t number_of(const value& x, const char* name) {
  return x.get_int(name).value_or(0);
}

std::string counts_of(const value& x) {
  auto text = count_text(number_of(x, "done")) + " of "
              + count_text(number_of(x, "total")) + " done";
  if (auto n = number_of(x, "skipped"); n > 0)
    text += ", " + count_text(n) + " had nothing to do";
  if (auto n = number_of(x, "failed"); n > 0)
    text += ", " + count_text(n) + " failed";
  return text;
}

int outcome_of(const value& x) {
  bool good
    = text_of(x, "status") == "completed" && number_of(x, "failed") == 0;
  return good ? exit_ok : exit_failed;
}

void print_errors(const console& to, const value& x) {
  for (const auto& error : items_of(x, "errors"))
    to.err << "  " << one_line(text_of(error, "job_id")) << ": "
           << one_line(error.is_string() ? error.as_string()
                                         : text_of(error, "message"))
           << '\n';
  if (auto why = text_of(x, "error"); !why.empty())
    to.err << "quaero: " << one_line(why) << '\n';
}

int finish(command_context& context, const answer& x) {
  if (context.json) {
    print_json(context, x);
  } else {
    context.to.out << one_line(text_of(x.json, "action")) << ' '
                   << paint(context.to,
                            status_colour(text_of(x.json, "status")),
                            one_line(text_of(x.json, "status")))
                   << ": " << counts_of(x.json) << '\n';
    print_errors(context.to, x.json);
  }
  return outcome_of(x.json);
}

answer start(command_context& context, const bulk_options& options,
             bool dry_run) {
  return ask(context,
             json_request("POST", "/api/operations",
                          value::make_object({{"action", options.action},
                                              {"q", options.query},
                                              {"dry_run", dry_run}})));
}

int list_operations(command_context& context) {
  static const list_format format{
    .target = "/api/operations",
    .items = "operations",
    .noun = "operations",
    .columns = {{.heading = "ID", .member = "id"},
                {.heading = "ACTION", .member = "action"},
                {.heading = "STATUS", .member = "status", .status = true},
                {.heading = "DONE", .member = "done", .right = true},
                {.heading = "TOTAL", .member = "total", .right = true},
                {.heading = "FAILED", .member = "failed", .right = true},
                {.heading = "QUERY", .member = "q", .shrinks = true}},
    .when_empty = "There are no operations. Start one with: quaero jobs retry "
                  "-q 'state:failed'",
    .page_max = 0};
  return show_list(context, format);
}

int show_operation(command_context& context, const std::string& id) {
  return show_answer(context, operation_path(id), [&](const value& x) {
    print_fields(context.to, {{"id", text_of(x, "id")},
                              {"action", text_of(x, "action")},
                              {"query", text_of(x, "q")},
                              {"status", text_of(x, "status")},
                              {"counts", counts_of(x)},
                              {"created_at", text_of(x, "created_at")},
                              {"finished_at", text_of(x, "finished_at")}});
    print_errors(context.to, x);
  });
}

int cancel_operation(command_context& context, const std::string& id) {
  auto x
    = ask(context, json_request("POST", operation_path(id) + "/cancel", {}));
  if (!x.ok())
    return x.exit;
  return print_done(context, x, id + " stopped; what it has done stays done");
}

} // namespace

int run_operation(command_context& context, const bulk_options& options) {
  auto preview = start(context, options, true);
  if (!preview.ok())
    return preview.exit;
  auto matched = number_of(preview.json, "matched");
  if (context.json && (options.dry_run || matched == 0)) {
    print_json(context, preview);
    return exit_ok;
  }
  bool exact = preview.json.get_bool("total_is_exact").value_or(true);
  auto sentence
    = "this would " + options.action + ' ' + (exact ? "" : "at least ")
      + count_text(matched)
      + (matched == 1 ? " job that matches: " : " jobs that match: ")
      + one_line(options.query);
  if (options.dry_run || matched == 0) {
    context.to.out << sentence << '\n';
    return exit_ok;
  }
  if (!options.yes)
    if (int code = confirm(context, sentence, std::to_string(matched));
        code != exit_ok)
      return code;
  auto x = start(context, options, false);
  if (!x.ok())
    return x.exit;
  return follow_operation(context, text_of(x.json, "operation_id"));
}

int follow_operation(command_context& context, const std::string& id) {
  interrupt_guard guard;
  meter bar{context.to};
  int unanswered = 0;
  for (;;) {
    auto x = ask_quietly(context, {.target = operation_path(id)});
    if (x.ok()) {
      unanswered = 0;
      auto status = text_of(x.json, "status");
      if (!context.json)
        bar.show(number_of(x.json, "done") + number_of(x.json, "skipped")
                   + number_of(x.json, "failed"),
                 number_of(x.json, "total"), counts_of(x.json));
      if (is_over(status)) {
        bar.clear();
        return finish(context, x);
      }
    } else if (x.exit != exit_unreachable
               || ++unanswered > unanswered_polls_max) {
      bar.clear();
      report(context, x);
      return x.exit;
    }
    if (context.wait(poll_interval)) {
      bar.clear();
      context.to.err << "quaero: the operation goes on. See it with: quaero "
                        "operations show "
                     << one_line(id)
                     << "\nStop it with: quaero operations cancel "
                     << one_line(id) << '\n';
      return exit_detached;
    }
  }
}

void add_operation_commands(CLI::App& app, command_context& context) {
  auto& group = declare_group(
    app, {"operations", "Actions on all jobs that match a query",
          "quaero jobs retry -q 'state:failed' --yes\n"
          "quaero operations list",
          "Jobs and queues"});
  declare_plain(
    group, context,
    {"list", "List operations, newest first", "quaero operations list"},
    list_operations);
  constexpr const char* what = "Id of an operation";
  declare_with_id(
    group, context,
    {"show", "Print how far an operation is", "quaero operations show ID"},
    what, show_operation);
  declare_with_id(group, context,
                  {"follow", "Show an operation until it is over",
                   "quaero operations follow ID"},
                  what, follow_operation);
  declare_with_id(group, context,
                  {"cancel", "Stop an operation; what it did stays done",
                   "quaero operations cancel ID"},
                  what, cancel_operation);
}

} // namespace quaero::cli
