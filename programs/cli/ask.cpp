#include "programs/cli/ask.hpp"

#include "definitions/json.hpp"
#include "programs/cli/connection.hpp"

#include <algorithm>
#include <cstdlib>

namespace quaero::cli {

namespace {

int exit_code_of(int status) {
  if (status >= 200 && status < 300)
    return exit_ok;
  if (status == 404)
    return exit_not_found;
  return status >= 400 && status < 500 ? exit_refused : exit_unreachable;
}

// The sentence of a problem document, or of whatever else came.
std::string problem_text(const answer& x) {
  for (const char* name : {"detail", "error", "message", "title"})
    if (auto text = x.json.get_string(name); text && !text->empty())
      return one_line(*text);
  constexpr size_t shown_bytes_max = 200;
  auto text = one_line(x.text.substr(0, shown_bytes_max));
  return text.empty() ? "HTTP status " + std::to_string(x.status) : text;
}

std::string needed_scope(const answer& x) {
  for (const char* name : {"needed_scope", "required_scope"})
    if (auto text = x.json.get_string(name); text && !text->empty())
      return one_line(*text);
  return "";
}

std::string forbidden_step(const answer& x) {
  auto code = text_of(x.json, "code");
  if (code == "read_only")
    return "It belongs to the daemon; copy it under another id: quaero "
           "definitions export";
  if (code == "foreign_host" || code == "foreign_origin")
    return "Use the address that the daemon listens at; it is in DIR/endpoint.";
  auto scope = needed_scope(x);
  return "Use a token with the scope "
         + (scope.empty() ? "that is needed" : scope)
         + "; an administrator makes one with: quaero tokens create NAME "
           "--scope "
         + (scope.empty() ? "SCOPE" : scope);
}

std::string next_step(const answer& x) {
  auto again = x.retry_after > 0
                 ? "Try again in " + std::to_string(x.retry_after) + " s"
                 : std::string{"Try again later"};
  switch (x.status) {
    case 401:
      return "Give a token: set QUAERO_TOKEN, or use --token-file FILE, or "
             "--data-dir DIR of a daemon on this machine.";
    case 403:
      return forbidden_step(x);
    case 404:
      if (text_of(x.json, "detail").starts_with("there is nothing at /api"))
        return "The daemon does not know that yet. Is it of another version? "
               "See: quaero status, quaero --version";
      return "List what there is: quaero jobs list, quaero definitions list, "
             "quaero documents list";
    case 409:
      return "See what runs: quaero jobs list --status running";
    case 412:
      return "Somebody changed it meanwhile. Look at it, then try again with "
             "its new ETag: quaero definitions show ID --etag";
    case 429:
    case 503:
      return again + ", or look at: quaero status";
    default:
      return x.status >= 500 ? "Look into the daemon's log." : "";
  }
}

} // namespace

answer answer_of(http_response response) {
  answer result;
  if (!response.reached()) {
    result.exit = exit_unreachable;
    result.text = std::move(response.failure);
    result.advice = std::move(response.advice);
    return result;
  }
  result.status = response.status;
  result.exit = exit_code_of(response.status);
  result.etag = std::string{response.field("etag")};
  auto seconds = std::string{response.field("retry-after")};
  result.retry_after = std::max(0L, std::atol(seconds.c_str()));
  json_limits limits;
  limits.bytes_max = response_bytes_max;
  std::string error;
  parse_json(response.body, result.json, error, limits);
  result.text = std::move(response.body);
  return result;
}

answer ask_quietly(command_context& context, const http_request& request) {
  answer result;
  result.exit = connect(context);
  return result.ok() ? answer_of(context.http->send(request)) : result;
}

answer ask(command_context& context, const http_request& request) {
  auto result = ask_quietly(context, request);
  if (!result.ok())
    report(context, result);
  return result;
}

http_request json_request(std::string method, std::string target,
                          const value& body) {
  return {.method = std::move(method),
          .target = std::move(target),
          .body = body.is_null() ? "" : to_json(body),
          .content_type = "application/json"};
}

void report(const command_context& context, const answer& x) {
  if (!context.http)
    return; // connect() has said why
  auto& err = context.to.err;
  if (x.status == 0) {
    err << "quaero: cannot reach " << context.http->server() << ": "
        << one_line(x.text) << ". "
        << (x.advice.empty() ? "Is the daemon running? Start it with: quaerod"
                             : x.advice)
        << '\n';
    return;
  }
  err << "quaero: " << problem_text(x) << '\n';
  for (const auto& error : items_of(x.json, "errors")) {
    auto line = error.get_int("line").value_or(0);
    auto field = one_line(text_of(error, "field"));
    if (field.empty())
      field = one_line(text_of(error, "pointer"));
    err << "  " << (line > 0 ? "line " + std::to_string(line) + ": " : "")
        << (field.empty() ? "" : field + ": ")
        << one_line(error.is_string() ? error.as_string()
                                      : text_of(error, "message"))
        << '\n';
  }
  if (auto text = next_step(x); !text.empty())
    err << text << '\n';
}

void print_json(const command_context& context, const answer& x) {
  print_text(context.to, x.text);
}

int show_answer(command_context& context, std::string target,
                const std::function<void(const value&)>& print) {
  auto x = ask(context, {.target = std::move(target)});
  if (!x.ok())
    return x.exit;
  if (context.json)
    print_json(context, x);
  else
    print(x.json);
  return exit_ok;
}

int print_done(const command_context& context, const answer& x,
               const std::string& sentence) {
  if (!context.json)
    context.to.out << one_line(sentence) << '\n';
  else if (!x.text.empty())
    print_json(context, x);
  return exit_ok;
}

std::string server_url(const command_context& context) {
  return context.http->server();
}

std::string job_path(const std::string& id) {
  return "/api/jobs/" + percent_encode(id);
}

void add_query(std::string& target, std::string_view name,
               std::string_view text) {
  if (text.empty())
    return;
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += name;
  target += '=';
  target += percent_encode(text);
}

const value::array& items_of(const value& json, std::string_view name) {
  static const value::array none;
  const auto* x = json.find(name);
  return x != nullptr && x->is_array() ? x->as_array() : none;
}

std::string text_of(const value& json, std::string_view name) {
  const auto* x = json.find(name);
  if (x == nullptr || x->is_null())
    return "";
  return x->is_string() ? x->as_string() : to_json(*x);
}

std::string list_text(const value& json, std::string_view name) {
  std::string result;
  for (const auto& x : items_of(json, name))
    result += (result.empty() ? "" : ", ")
              + (x.is_string() ? x.as_string() : to_json(x));
  return result;
}

bool is_over(std::string_view status) {
  return status == "completed" || status == "failed" || status == "cancelled"
         || status == "skipped";
}

} // namespace quaero::cli
