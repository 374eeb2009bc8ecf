#include "programs/cli/input.hpp"
#include "programs/cli/list.hpp"
#include "programs/cli/table.hpp"

/// Keys with values, and what the daemon logs in to web sites with.
namespace quaero::cli {

namespace {

constexpr const char* heading = "Documents and settings";

struct set_options {
  std::string key;
  std::string value;
  std::string description;
  bool secret = false;
  bool from_stdin = false;
};

std::string key_path(const std::string& key) {
  return "/api/kv/" + percent_encode(key);
}

std::string secret_text(const value& x) {
  return x.get_bool("secret").value_or(false) ? "yes" : "no";
}

int list_keys(command_context& context) {
  static const list_format format{
    .target = "/api/kv",
    .items = "",
    .noun = "keys",
    .columns
    = {{.heading = "KEY", .member = "key", .shrinks = true},
       {.heading = "VALUE", .member = "value", .shrinks = true},
       {.heading = "SECRET", .text = secret_text},
       {.heading = "DESCRIPTION", .member = "description", .shrinks = true}},
    .when_empty = "There are no keys. Add one with: quaero kv set KEY VALUE",
    .page_max = 0};
  return show_list(context, format);
}

int get_key(command_context& context, const std::string& key) {
  return show_answer(context, key_path(key), [&](const value& x) {
    print_text(context.to, text_of(x, "value"));
  });
}

// The value from where it may come from; nothing after a message.
std::optional<std::string> value_of(const command_context& context,
                                    const set_options& options) {
  auto& err = context.to.err;
  if (options.secret && !options.value.empty()) {
    err << "quaero: a secret is not taken from the command line, where others "
           "can read it and the shell keeps it. Leave it out to be asked, or "
           "send it to standard input with --from-stdin\n";
    return std::nullopt;
  }
  if (options.from_stdin && !options.value.empty()) {
    err << "quaero: give the value once: as an argument, or with "
           "--from-stdin\n";
    return std::nullopt;
  }
  if (options.from_stdin)
    return read_value(context.to);
  if (options.secret)
    return ask_secret(context, "Value of " + one_line(options.key) + ": ");
  if (options.value.empty() && options.description.empty())
    err << "quaero: give a value: quaero kv set KEY VALUE, or with "
           "--from-stdin\n";
  else
    return options.value; // "" changes the description alone
  return std::nullopt;
}

int set_key(command_context& context, const set_options& options) {
  auto text = value_of(context, options);
  if (!text)
    return exit_usage;
  auto body = value::make_object({{"value", *text}});
  if (!options.description.empty())
    body.set("description", options.description);
  if (options.secret)
    body.set("secret", true);
  auto x = ask(context, json_request("PUT", key_path(options.key), body));
  if (!x.ok())
    return x.exit;
  return print_done(context, x,
                    options.key + (x.status == 201 ? " created" : " updated"));
}

int delete_key(command_context& context, const std::string& key) {
  auto x = ask(context, {.method = "DELETE", .target = key_path(key)});
  return x.ok() ? print_done(context, x, key + " deleted") : x.exit;
}

int list_credentials(command_context& context) {
  static const list_format format{
    .target = "/api/auth/list",
    .items = "",
    .noun = "credentials",
    .columns
    = {{.heading = "ID", .member = "id"},
       {.heading = "NAME", .member = "name", .shrinks = true},
       {.heading = "SITE", .member = "site_domain", .shrinks = true},
       {.heading = "URL", .member = "base_url", .shrinks = true},
       {.heading = "AGE", .member = "updated_at", .right = true, .age = true}},
    .when_empty = "There are no stored credentials.",
    .page_max = 0};
  return show_list(context, format);
}

std::string credential_path(const std::string& id) {
  return "/api/auth/" + percent_encode(id);
}

int show_credential(command_context& context, const std::string& id) {
  return show_answer(context, credential_path(id), [&](const value& x) {
    print_fields(context.to, flat_fields(x));
  });
}

int delete_credential(command_context& context, const std::string& id) {
  auto x = ask(context, {.method = "DELETE", .target = credential_path(id)});
  return x.ok() ? print_done(context, x, id + " deleted") : x.exit;
}

void add_set(CLI::App& group, command_context& context) {
  auto [sub, options] = declare(group, context,
                                {"set",
                                 "Create or change a key\n\n"
                                 "A secret is typed without being shown, or "
                                 "comes from standard input.",
                                 "quaero kv set region eu-central\n"
                                 "quaero kv set api_key --secret\n"
                                 "quaero kv set api_key --secret --from-stdin "
                                 "< key.txt"},
                                set_key);
  sub.add_option("KEY", options.key, "Name of the key")->required();
  sub.add_option("VALUE", options.value, "Its value; not of a secret");
  sub.add_flag("--secret", options.secret,
               "Never show the value again, anywhere");
  sub.add_flag("--from-stdin", options.from_stdin,
               "Take the value from standard input");
  add_value(sub, "--description", options.description, "TEXT",
            "What it is for");
}

} // namespace

void add_key_commands(CLI::App& app, command_context& context) {
  auto& group
    = declare_group(app, {"kv", "Keys with values, for {key} in definitions",
                          "quaero kv list\n"
                          "quaero kv set api_key --secret",
                          heading});
  constexpr const char* key = "Name of the key";
  declare_plain(
    group, context,
    {"list", "List the keys, their values masked", "quaero kv list"},
    list_keys);
  declare_with_id(group, context,
                  {"get", "Print the value of a key", "quaero kv get region"},
                  key, get_key);
  add_set(group, context);
  declare_with_id(group, context,
                  {"delete", "Delete a key", "quaero kv delete region"}, key,
                  delete_key);
  auto& credentials
    = declare_group(app, {"credentials", "Stored logins of web sites",
                          "quaero credentials list", heading});
  constexpr const char* id = "Id of a stored login";
  declare_plain(credentials, context,
                {"list", "List the stored logins, without their secrets",
                 "quaero credentials list"},
                list_credentials);
  declare_with_id(credentials, context,
                  {"show", "Print a stored login, without its secrets",
                   "quaero credentials show ID"},
                  id, show_credential);
  declare_with_id(
    credentials, context,
    {"delete", "Delete a stored login", "quaero credentials delete ID"}, id,
    delete_credential);
}

} // namespace quaero::cli
