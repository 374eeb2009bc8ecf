#include "actors/gateway/cursor.hpp"
#include "actors/gateway/router.hpp"
#include "definitions/json.hpp"
#include "definitions/time.hpp"

#include <charconv>

namespace quaero {

namespace {

constexpr size_t audit_page_records = 50;
constexpr size_t audit_page_records_max = 500;

value time_or_null(timestamp x) {
  return x == timestamp{} ? value{} : value{to_rfc3339(x)};
}

const char* state_of(const api_token& x, timestamp now) {
  if (x.revoked_at != timestamp{})
    return "revoked";
  return x.live(now) ? "live" : "expired";
}

value token_json(const api_token& x, timestamp now) {
  return value::make_object({{"id", to_string(x.id)},
                             {"name", x.name},
                             {"scope", to_string(x.scope)},
                             {"state", state_of(x, now)},
                             {"created_at", to_rfc3339(x.created_at)},
                             {"expires_at", time_or_null(x.expires_at)},
                             {"last_used_at", time_or_null(x.last_used)},
                             {"revoked_at", time_or_null(x.revoked_at)}});
}

void list_tokens(const exchange_ptr& ex) {
  ex->report_uses();
  ex->ask<token_table_ptr>(
    ex->actors().tokens,
    [ex](const token_table_ptr& all) {
      const auto now = ex->context().config.clock->now();
      value::array out;
      for (const auto& x : *all)
        out.push_back(token_json(x, now));
      const auto count = out.size();
      ex->reply(value::make_object(
        {{"tokens", std::move(out)}, {"total_count", count}}));
    },
    atom::list_v);
}

// Returns "" or what is wrong with the body.
std::string read_wanted(const std::string& text, new_token& out) {
  value body;
  std::string error;
  if (!parse_json(text, body, error))
    return error;
  if (!body.is_object())
    return "the body must be an object";
  bool has_scope = false;
  for (const auto& [name, val] : body.as_object()) {
    const bool is_null = val.is_null() && name == "expires_at";
    if (name != "name" && name != "scope" && name != "expires_at")
      return name + ": there is no such field";
    if (!val.is_string() && !is_null)
      return name + ": must be a string";
    if (name == "name")
      out.name = val.as_string();
    has_scope |= name == "scope";
    if (name == "scope" && !from_string(val.as_string(), out.scope))
      return "scope: must be one of read, submit, operate, admin";
    if (name == "expires_at" && !is_null
        && !from_rfc3339(val.as_string(), out.expires_at))
      return "expires_at: must be a time of RFC 3339, before the year 2262";
  }
  return has_scope ? "" : "scope: is missing";
}

void create_token(const exchange_ptr& ex) {
  new_token wanted;
  if (auto wrong = read_wanted(ex->request().body, wanted); !wrong.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(wrong)));
  ex->ask<created_token>(
    ex->actors().tokens,
    [ex](const created_token& made) {
      auto out = token_json(made.token, ex->context().config.clock->now());
      out.set("token", made.secret);
      auto answer = json_answer(out, 201);
      answer.headers.emplace_back("Location",
                                  "/api/tokens/" + to_string(made.token.id));
      ex->reply(std::move(answer));
    },
    atom::create_v, wanted);
}

void revoke_token(const exchange_ptr& ex) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  ex->ask<api_token>(
    ex->actors().tokens,
    [ex](const api_token&) {
      ex->reply({204, "", "", {}});
    },
    atom::remove_v, id);
}

// -- the audit log ------------------------------------------------------------

value record_json(const audit_record& x) {
  auto out = value::make_object(
    {{"sequence", x.sequence},
     {"timestamp", to_rfc3339(x.at)},
     {"caller", x.caller},
     {"token_id", x.token ? value{to_string(x.token)} : value{}},
     {"remote", x.remote},
     {"method", x.method},
     {"path", x.path},
     {"status", x.status},
     {"request_id", x.request_id}});
  if (x.more > 0)
    out.set("more", x.more);
  return out;
}

constexpr std::string_view audit_list = "audit";

std::string audit_cursor(const audit_page& page) {
  if (page.next == 0)
    return {};
  return make_cursor(audit_list,
                     {std::to_string(page.next), 0, page.total, true});
}

// Returns false if there is a cursor, and it is none of this list.
bool read_audit_cursor(const std::string& text, uint64_t& before) {
  if (text.empty())
    return true;
  auto at = read_cursor(audit_list, text);
  if (!at)
    return false;
  const auto& place = at->place;
  return std::from_chars(place.data(), place.data() + place.size(), before).ec
         == std::errc{};
}

void list_audit(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  audit_query wanted;
  wanted.limit
    = query.number("limit", audit_page_records, 1, audit_page_records_max);
  if (!query.ok())
    return ex->reply(query.problem());
  if (!read_audit_cursor(query.text("cursor"), wanted.before))
    return ex->reply(make_problem(
      400, "invalid_cursor", "cursor: is not one that this list has given"));
  ex->ask<audit_page>(
    ex->actors().audit,
    [ex, wanted](const audit_page& page) {
      value::array out;
      for (const auto& x : page.records)
        out.push_back(record_json(x));
      ex->reply(value::make_object({{"records", std::move(out)},
                                    {"total_count", page.total},
                                    {"limit", wanted.limit},
                                    {"next_cursor", audit_cursor(page)}}));
    },
    atom::list_v, wanted);
}

} // namespace

const std::vector<route>& access_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/tokens", list_tokens, access::admin},
    {"POST", "/api/tokens", create_token, access::admin},
    {"DELETE", "/api/tokens/{id}", revoke_token, access::admin},
    {"GET", "/api/audit", list_audit, access::admin},
  };
  return routes;
}

} // namespace quaero
