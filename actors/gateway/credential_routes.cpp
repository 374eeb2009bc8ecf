#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/ascii.hpp"
#include "definitions/json.hpp"

namespace quaero {

namespace {

// Cookies and tokens stay where they are.
value credential_json(const credential& x) {
  return value::make_object({{"id", x.id},
                             {"name", x.name},
                             {"site_domain", x.site_domain},
                             {"service_type", x.service_type},
                             {"base_url", x.base_url},
                             {"user_agent", x.user_agent},
                             {"created_at", to_rfc3339(x.created_at)},
                             {"updated_at", to_rfc3339(x.updated_at)}});
}

// The host of an http or https URL, in lower case; "" if it is none.
std::string host_of(std::string_view url) {
  auto scheme = url.find("://");
  if (scheme == std::string_view::npos)
    return {};
  auto name = to_lower(url.substr(0, scheme));
  if (name != "http" && name != "https")
    return {};
  auto host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (auto at = host.rfind('@'); at != std::string_view::npos)
    host.remove_prefix(at + 1);
  auto port = host.rfind(':');
  if (port != std::string_view::npos
      && host.find_first_not_of("0123456789", port + 1)
           == std::string_view::npos)
    host = host.substr(0, port);
  return to_lower(host);
}

// A capture as a browser sends it; its own name for each field. Returns "" or
// the rule that is broken; it never repeats a value.
class capture_reader {
public:
  std::string run(const std::string& text, credential& out) {
    value body;
    std::string error;
    if (!parse_json(text, body, error) || !body.is_object())
      return "the body must be a JSON object";
    for (const auto& [name, val] : body.as_object())
      take(name, val, out);
    if (!error_.empty())
      return error_;
    out.site_domain = host_of(out.base_url);
    if (out.site_domain.empty())
      return "baseUrl: must be an http or https URL";
    if (out.base_url.find('@') != std::string::npos)
      return "baseUrl: must not hold a user or password";
    if (out.name.empty())
      out.name = out.site_domain;
    if (out.service_type.empty())
      out.service_type
        = out.site_domain.ends_with("atlassian.net") ? "atlassian" : "generic";
    return {};
  }

private:
  void take(const std::string& name, const value& val, credential& out) {
    if (val.is_null())
      return;
    if (name == "cookies")
      take_tree(name, val, val.is_array(), "an array", out.cookies);
    else if (name == "tokens")
      take_tree(name, val, val.is_object(), "an object", out.tokens);
    else if (name == "baseUrl")
      take_text(name, val, out.base_url);
    else if (name == "userAgent")
      take_text(name, val, out.user_agent);
    else if (name == "name")
      take_text(name, val, out.name);
    else if (name == "serviceType")
      take_text(name, val, out.service_type);
    else if (name != "timestamp" && error_.empty())
      error_ = name + ": is no field of a capture";
  }

  void take_tree(const std::string& name, const value& val, bool good,
                 const char* kind, std::string& out) {
    if (good)
      out = to_json(val);
    else if (error_.empty())
      error_ = name + ": must be " + kind;
  }

  void take_text(const std::string& name, const value& val, std::string& out) {
    if (val.is_string())
      out = val.as_string();
    else if (error_.empty())
      error_ = name + ": must be a text";
  }

  std::string error_;
};

void capture(const exchange_ptr& ex) {
  credential x;
  auto error = capture_reader{}.run(ex->request().body, x);
  if (!error.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(error)));
  ex->ask<credential>(
    ex->actors().credential_store,
    [ex](credential& stored) {
      ex->reply(value::make_object(
        {{"status", "success"},
         {"message", "Authentication captured for " + stored.site_domain},
         {"id", stored.id},
         {"site_domain", stored.site_domain}}));
    },
    atom::put_v, x);
}

void auth_status(const exchange_ptr& ex) {
  ex->ask<std::vector<credential>>(
    ex->actors().credential_store,
    [ex](std::vector<credential>& all) {
      ex->reply(value::make_object({{"authenticated", !all.empty()}}));
    },
    atom::list_v);
}

void list_credentials(const exchange_ptr& ex) {
  ex->ask<std::vector<credential>>(
    ex->actors().credential_store,
    [ex](std::vector<credential>& all) {
      value::array out;
      for (const auto& x : all)
        out.push_back(credential_json(x));
      ex->reply(value{std::move(out)});
    },
    atom::list_v);
}

void get_credential(const exchange_ptr& ex) {
  ex->ask<credential>(
    ex->actors().credential_store,
    [ex](credential& x) { ex->reply(credential_json(x)); }, atom::get_v,
    ex->params[0]);
}

void delete_credential(const exchange_ptr& ex) {
  ex->ask<void>(
    ex->actors().credential_store,
    [ex] {
      ex->reply(
        value::make_object({{"status", "success"},
                            {"message", "Credential deleted successfully"}}));
    },
    atom::remove_v, ex->params[0]);
}

} // namespace

const std::vector<route>& credential_routes() {
  static const std::vector<route> routes{
    {"POST", "/api/auth", capture, access::admin},
    {"GET", "/api/auth/status", auth_status},
    {"GET", "/api/auth/list", list_credentials, access::admin},
    {"GET", "/api/auth/{id}", get_credential, access::admin},
    {"DELETE", "/api/auth/{id}", delete_credential, access::admin},
  };
  return routes;
}

} // namespace quaero
