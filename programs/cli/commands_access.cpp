#include "definitions/time.hpp"
#include "programs/cli/list.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

/// Who may do what, and who did.
namespace quaero::cli {

namespace {

constexpr const char* heading = "Access";

struct create_options {
  std::string name;
  std::string scope;
  std::string expires;
  std::string output;
};

int list_tokens(command_context& context) {
  static const list_format format{
    .target = "/api/tokens",
    .items = "tokens",
    .noun = "tokens",
    .columns
    = {{.heading = "ID", .member = "id"},
       {.heading = "NAME", .member = "name", .shrinks = true},
       {.heading = "SCOPE", .member = "scope"},
       {.heading = "AGE", .member = "created_at", .right = true, .age = true},
       {.heading = "STATE", .member = "state"},
       {.heading = "EXPIRES", .member = "expires_at"},
       {.heading = "LAST USED", .member = "last_used_at"}},
    .when_empty = "There are no tokens: everybody who reaches the daemon may "
                  "do everything. Make one with: quaero tokens create NAME "
                  "--scope read",
    .page_max = 0};
  return show_list(context, format);
}

// A file that nobody else may read, and that was not there.
int write_token(const console& to, const std::string& path,
                const std::string& token) {
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
  auto text = token + '\n';
  bool good = file >= 0
              && ::write(file, text.data(), text.size())
                   == static_cast<ssize_t>(text.size());
  if (file >= 0)
    good = ::close(file) == 0 && good;
  if (good) {
    to.err << "The token is in " << path << "; use it with --token-file\n";
    return exit_ok;
  }
  // It exists now and is shown only once: rather on the screen than lost.
  to.err << "quaero: cannot write " << path << ": " << std::strerror(errno)
         << ". This is the token:\n";
  to.out << one_line(token) << '\n';
  return exit_failed;
}

int create_token(command_context& context, const create_options& options) {
  auto body
    = value::make_object({{"name", options.name}, {"scope", options.scope}});
  if (!options.expires.empty()) {
    std::chrono::nanoseconds lifetime{};
    if (!parse_duration(options.expires, lifetime) || lifetime.count() == 0) {
      context.to.err << "quaero: --expires is a duration, for example 30d or "
                        "12h\n";
      return exit_usage;
    }
    body.set("expires_at", to_rfc3339(context.clock->now() + lifetime));
  }
  auto x = ask(context, json_request("POST", "/api/tokens", body));
  if (!x.ok())
    return x.exit;
  auto token = text_of(x.json, "token");
  if (!options.output.empty())
    return write_token(context.to, options.output, token);
  if (context.json) {
    print_json(context, x);
    return exit_ok;
  }
  context.to.out << one_line(token) << '\n';
  context.to.err << "Keep it: it is not shown again. Revoke it with: quaero "
                    "tokens revoke "
                 << one_line(text_of(x.json, "id")) << '\n';
  return exit_ok;
}

int revoke_token(command_context& context, const std::string& id) {
  auto x = ask(context, {.method = "DELETE",
                         .target = "/api/tokens/" + percent_encode(id)});
  return x.ok() ? print_done(context, x, id + " revoked") : x.exit;
}

int list_audit(command_context& context, const list_options& options) {
  static const list_format format{
    .target = "/api/audit",
    .items = "records",
    .noun = "records",
    .columns = {{.heading = "TIME", .member = "timestamp"},
                {.heading = "WHO", .member = "caller", .shrinks = true},
                {.heading = "METHOD", .member = "method"},
                {.heading = "PATH", .member = "path", .shrinks = true},
                {.heading = "STATUS", .member = "status", .right = true},
                {.heading = "FROM", .member = "remote", .shrinks = true}},
    .when_empty = "Nothing was refused or administered so far."};
  return show_list(context, format, options);
}

void add_create(CLI::App& group, command_context& context) {
  auto [sub, options]
    = declare(group, context,
              {"create",
               "Make a token and print it, once\n\n"
               "Scopes, each with those before it: read, submit, operate, "
               "admin.",
               "quaero tokens create ci --scope submit --expires 30d\n"
               "quaero tokens create me --scope admin --output me.token"},
              create_token);
  sub.add_option("NAME", options.name, "What it is for")->required();
  add_value(sub, "--scope", options.scope, "SCOPE",
            "read, submit, operate or admin")
    ->required()
    ->check(CLI::IsMember({"read", "submit", "operate", "admin"}));
  add_value(sub, "--expires", options.expires, "DURATION",
            "How long it is good for, for example 30d (default: for ever)");
  add_value(sub, "--output", options.output, "FILE",
            "New file to put it into, which only you may read");
}

} // namespace

void add_access_commands(CLI::App& app, command_context& context) {
  auto& group
    = declare_group(app, {"tokens", "What programs and people log in with",
                          "quaero tokens create ci --scope submit\n"
                          "quaero tokens list",
                          heading});
  add_create(group, context);
  declare_plain(
    group, context,
    {"list", "List the tokens, not what they are", "quaero tokens list"},
    list_tokens);
  declare_with_id(
    group, context,
    {"revoke", "Make a token worthless at once", "quaero tokens revoke ID"},
    "Id of a token", revoke_token);
  auto [audit, options]
    = declare(app, context,
              {"audit", "List what was refused and what was administered",
               "quaero audit\n"
               "quaero audit --all --json",
               heading},
              list_audit);
  add_list_options(audit, options);
}

} // namespace quaero::cli
