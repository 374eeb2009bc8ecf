#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/api_access.hpp"
#include "definitions/json.hpp"

#include <functional>

namespace quaero {

namespace {

constexpr std::string_view bullets
  = "\u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022";
constexpr size_t shown_end_bytes = 4;

// Enough of a value to tell two apart. Of a secret nothing, not even whether
// it is short.
std::string masked(const key_pair& x) {
  if (x.secret || x.text.size() < 2 * shown_end_bytes)
    return std::string{bullets};
  // Not in the middle of a character.
  return to_utf8(x.text.substr(0, shown_end_bytes)) + "..."
         + to_utf8(x.text.substr(x.text.size() - shown_end_bytes));
}

value pair_json(const key_pair& x, std::string shown) {
  auto out = value::make_object({{"key", x.key},
                                 {"value", std::move(shown)},
                                 {"description", x.description},
                                 {"secret", x.secret}});
  if (x.created_at != timestamp{})
    out.set("created_at", to_rfc3339(x.created_at));
  if (x.updated_at != timestamp{})
    out.set("updated_at", to_rfc3339(x.updated_at));
  return out;
}

// Reads {key, value, description, secret}. Returns "" or the rule that is
// broken; it never repeats a value.
std::string read_pair(const std::string& text, pair_change& out) {
  value body;
  std::string error;
  if (!parse_json(text, body, error))
    return "the body must be JSON"; // `error` could quote it.
  if (!body.is_object())
    return "the body must be an object";
  for (const auto& [name, val] : body.as_object()) {
    const bool known = name == "key" || name == "value" || name == "description"
                       || name == "secret";
    if (!known)
      return name + ": is no field of a pair";
    if (val.is_null())
      continue;
    if (name == "secret" ? !val.is_bool() : !val.is_string())
      return name
             + (name == "secret" ? ": must be true or false"
                                 : ": must be a text");
    if (name == "key")
      out.key = val.as_string();
    else if (name == "value")
      out.text = val.as_string();
    else if (name == "description")
      out.description = val.as_string();
    else
      out.secret = val.as_bool();
  }
  return {};
}

void reply_stored(const exchange_ptr& ex, const pair_stored& x) {
  auto out = pair_json(x.pair, masked(x.pair));
  out.set("created", x.is_new);
  ex->reply(out, x.is_new ? 201 : 200);
}

void list_keys(const exchange_ptr& ex) {
  ex->ask<std::vector<key_pair>>(
    ex->actors().key_store,
    [ex](std::vector<key_pair>& pairs) {
      value::array out;
      for (const auto& x : pairs)
        out.push_back(pair_json(x, masked(x)));
      ex->reply(value{std::move(out)});
    },
    atom::list_v);
}

void get_key(const exchange_ptr& ex) {
  ex->ask<key_pair>(
    ex->actors().key_store,
    [ex](key_pair& x) {
      ex->reply(pair_json(x, x.secret ? masked(x) : x.text));
    },
    atom::get_v, ex->params[0]);
}

http_answer admins_only(const exchange_ptr& ex) {
  return make_problem(
    403, "scope_too_low", "secrets need a token of scope 'admin'",
    value::make_object({{"scope", to_string(ex->request().caller.scope)},
                        {"needed_scope", to_string(access_scope::admin)}}));
}

// Calls `act` if the caller may touch that key: a secret only as an admin.
void with_right(const exchange_ptr& ex, const std::string& key,
                bool makes_secret, const std::function<void()>& act) {
  if (ex->request().caller.scope == access_scope::admin)
    return act();
  if (makes_secret)
    return ex->reply(admins_only(ex));
  ex->ask_or<key_pair>(
    ex->actors().key_store,
    [=](key_pair& x) {
      if (x.secret)
        ex->reply(admins_only(ex));
      else
        act();
    },
    [=](const caf::error&) { act(); }, atom::get_v, key);
}

void store_pair(const exchange_ptr& ex, const pair_change& x) {
  with_right(ex, x.key, x.secret.value_or(false), [=] {
    ex->ask<pair_stored>(
      ex->actors().key_store, [ex](pair_stored& y) { reply_stored(ex, y); },
      atom::put_v, x);
  });
}

void post_key(const exchange_ptr& ex) {
  pair_change x;
  auto error = read_pair(ex->request().body, x);
  if (error.empty() && x.key.empty())
    error = "key: is required";
  if (error.empty() && (!x.text || x.text->empty()))
    error = "value: is required";
  if (!error.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(error)));
  x.must_be_new = true;
  store_pair(ex, x);
}

// The key of the path counts. An empty value changes the description alone.
void put_key(const exchange_ptr& ex) {
  pair_change x;
  auto error = read_pair(ex->request().body, x);
  if (!error.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(error)));
  x.key = ex->params[0];
  if (x.text && x.text->empty())
    x.text.reset();
  store_pair(ex, x);
}

void delete_key(const exchange_ptr& ex) {
  auto key = ex->params[0];
  with_right(ex, key, false, [=] {
    ex->ask<void>(
      ex->actors().key_store,
      [ex] {
        ex->reply(
          value::make_object({{"message", "Key deleted successfully"}}));
      },
      atom::remove_v, key);
  });
}

} // namespace

const std::vector<route>& key_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/kv", list_keys},
    {"POST", "/api/kv", post_key},
    {"GET", "/api/kv/{key}", get_key, access::operate},
    {"PUT", "/api/kv/{key}", put_key},
    {"DELETE", "/api/kv/{key}", delete_key},
  };
  return routes;
}

} // namespace quaero
