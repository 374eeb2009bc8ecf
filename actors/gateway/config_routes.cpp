#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/json.hpp"

namespace quaero {

namespace {

void show_config(const exchange_ptr& ex) {
  const auto& config = ex->context().config;
  ex->reply(value::make_object({{"version", config.version},
                                {"build", config.build},
                                {"port", int{config.port}},
                                {"host", config.address},
                                {"config", config.settings}}));
}

// Reads {"clear": bool}, which older clients send: there is nothing to clear,
// what a file does not say any more is forgotten anyway.
std::string check_reload(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return {};
  value body;
  std::string error;
  if (!parse_json(text, body, error))
    return error;
  if (!body.is_object())
    return "the body must be an object";
  for (const auto& [name, val] : body.as_object())
    if (name != "clear" || !val.is_bool())
      return name + ": the body may say {\"clear\": true or false}";
  return {};
}

void reload_config(const exchange_ptr& ex) {
  auto error = check_reload(ex->request().body);
  if (!error.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(error)));
  ex->ask_or<void>(
    ex->actors().catalog,
    [ex] {
      ex->reply(value::make_object(
        {{"success", true},
         {"message", "Variables were read again. Settings count from the next "
                     "start of the daemon."}}));
    },
    [ex](const caf::error& why) {
      if (why != caf::error{ec::invalid_config})
        return ex->fail(why);
      ex->reply(
        value::make_object({{"success", false}, {"message", message_of(why)}}));
    },
    atom::reload_v);
}

void shut_down(const exchange_ptr& ex) {
  const auto& stop = ex->context().config.on_shutdown;
  if (!stop)
    return ex->reply(make_problem(501, "not_implemented",
                                  "this daemon cannot be asked to stop"));
  ex->reply(value::make_object(
    {{"message", "The daemon stops when what runs has ended."}}));
  stop();
}

} // namespace

const std::vector<route>& config_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/config", show_config},
    {"POST", "/api/config/reload", reload_config, access::admin},
    {"POST", "/api/shutdown", shut_down, access::admin},
  };
  return routes;
}

} // namespace quaero
