#include "actors/gateway/placeholder.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/json.hpp"
#include "definitions/validation.hpp"

#include <algorithm>
#include <memory>

namespace quaero {

namespace {

constexpr size_t definitions_page = 50;
constexpr size_t definitions_page_max = 500;

// -- reading ------------------------------------------------------------------

// What a definition is sorted by, as text.
std::string sort_key(const job_definition& x, const std::string& by) {
  if (by == "id")
    return x.id;
  if (by == "type")
    return x.type;
  if (by == "created_at")
    return to_rfc3339(x.created_at);
  if (by == "updated_at")
    return to_rfc3339(x.updated_at);
  return x.name;
}

struct list_wanted {
  std::string type;
  std::optional<bool> enabled;
  size_t limit = definitions_page;
  size_t offset = 0;
  std::string order_by;
  bool descending = false;
};

list_wanted read_list_wanted(query_reader& query) {
  list_wanted out;
  out.type = query.text("type");
  out.enabled = query.flag("enabled");
  out.limit = query.number("limit", definitions_page, 1, definitions_page_max);
  out.offset = query.number("offset", 0, 0, SIZE_MAX);
  out.order_by = query.choice(
    "order_by", "name", {"name", "id", "type", "created_at", "updated_at"});
  out.descending = query.choice("order_dir", "ASC", {"ASC", "DESC"}) == "DESC";
  return out;
}

value definitions_json(std::vector<job_definition>& xs,
                       const list_wanted& wanted) {
  std::erase_if(xs, [&](const job_definition& x) {
    return (!wanted.type.empty() && x.type != wanted.type)
           || (wanted.enabled && x.enabled != *wanted.enabled);
  });
  std::sort(xs.begin(), xs.end(), [&](const auto& a, const auto& b) {
    auto left = sort_key(a, wanted.order_by);
    auto right = sort_key(b, wanted.order_by);
    if (left == right)
      return a.id < b.id; // One order only, so that pages never overlap.
    return wanted.descending ? right < left : left < right;
  });
  value::array out;
  auto end = xs.size();
  if (wanted.offset < end)
    end = std::min(end, wanted.offset + wanted.limit);
  for (size_t i = wanted.offset; i < end; ++i)
    out.push_back(definition_json(xs[i]));
  return value::make_object({{"job_definitions", std::move(out)},
                             {"total_count", uint64_t{xs.size()}},
                             {"limit", uint64_t{wanted.limit}},
                             {"offset", uint64_t{wanted.offset}}});
}

void list_definitions(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  auto wanted = read_list_wanted(query);
  if (!query.ok())
    return ex->reply(query.problem());
  ex->ask<std::vector<job_definition>>(
    ex->actors().reader,
    [=](std::vector<job_definition>& xs) {
      ex->reply(definitions_json(xs, wanted));
    },
    atom::list_v);
}

void get_definition(const exchange_ptr& ex) {
  ex->ask<job_definition>(
    ex->actors().reader,
    [ex](job_definition& x) { ex->reply(definition_json(x)); }, atom::get_v,
    ex->params[0]);
}

void export_definition(const exchange_ptr& ex) {
  ex->ask<job_definition>(
    ex->actors().reader,
    [ex](job_definition& x) {
      // The text that was uploaded has comments; a rendered one has not.
      http_answer out{
        200, x.toml.empty() ? to_toml(x) : x.toml, "application/toml", {}};
      out.headers.emplace_back("Content-Disposition",
                               "attachment; filename=\"" + x.id + ".toml\"");
      ex->reply(std::move(out));
    },
    atom::get_v, ex->params[0]);
}

// -- checking -----------------------------------------------------------------

using checked_handler
  = std::function<void(const std::vector<definition_error>&)>;

struct step_checks {
  std::vector<std::vector<definition_error>> found; ///< By step.
  size_t open = 1;
  checked_handler done;

  void finish() {
    if (--open > 0)
      return;
    std::vector<definition_error> all;
    for (auto& errors : found)
      all.insert(all.end(), errors.begin(), errors.end());
    done(all);
  }
};

// Has the worker of each step look at its configuration.
void check_steps(const exchange_ptr& ex, const job_definition& x,
                 checked_handler done) {
  auto all = std::make_shared<step_checks>();
  all->found.resize(x.steps.size());
  all->done = std::move(done);
  for (size_t i = 0; i < x.steps.size(); ++i) {
    if (has_placeholder(x.steps[i].config))
      continue;
    ++all->open;
    auto field = "step." + x.steps[i].name;
    ex->ask_or<std::vector<std::string>>(
      ex->actors().step_manager,
      [=](std::vector<std::string>& rules) {
        for (auto& rule : rules)
          all->found[i].push_back({0, field, std::move(rule)});
        all->finish();
      },
      [=](const caf::error& why) {
        const bool ours = why == caf::error{ec::no_worker}
                          || why == caf::error{ec::invalid_argument};
        if (!ours)
          return ex->fail(why);
        all->found[i].push_back({0, field, message_of(why)});
        all->finish();
      },
      atom::validate_v, x.steps[i]);
  }
  all->finish();
}

http_answer validation_answer(const job_definition& x,
                              const std::vector<definition_error>& errors) {
  auto out = value::make_object({{"valid", errors.empty()}});
  if (errors.empty())
    out.set("message", "the definition is valid");
  else
    out.set("error", to_string(errors.front()));
  out.set("errors", errors_json(errors));
  if (errors.empty())
    out.set("job_definition", to_value(x));
  return json_answer(out, errors.empty() ? 200 : 400);
}

void validate_definition(const exchange_ptr& ex) {
  auto read = parse_toml(ex->request().body);
  if (!read.ok())
    return ex->reply(validation_answer(read.definition, read.errors));
  check_steps(ex, read.definition, [=](const auto& errors) {
    ex->reply(validation_answer(read.definition, errors));
  });
}

// -- writing ------------------------------------------------------------------

http_answer read_only(const std::string& id) {
  return make_problem(403, "read_only",
                      "'" + id + "' belongs to the system and cannot be "
                        + "changed");
}

// Answers what is stored, which has times that were not sent.
void reply_stored(const exchange_ptr& ex, const job_definition& x,
                  unsigned status) {
  ex->ask_or<job_definition>(
    ex->actors().reader,
    [=](job_definition& now) { ex->reply(definition_json(now), status); },
    [=](const caf::error&) { ex->reply(definition_json(x), status); },
    atom::get_v, x.id);
}

void put_checked(const exchange_ptr& ex, const job_definition& x) {
  check_steps(ex, x, [=](const std::vector<definition_error>& errors) {
    if (!errors.empty())
      return ex->reply(make_problem(errors));
    ex->ask<bool>(
      ex->actors().dispatcher,
      [=](bool is_new) { reply_stored(ex, x, is_new ? 201 : 200); },
      atom::put_v, x);
  });
}

// Stores a definition, unless one of the system is in its place.
void store_definition(const exchange_ptr& ex, const job_definition& x,
                      bool must_exist) {
  auto absent = [=](const caf::error& why) {
    if (must_exist || why != caf::error{ec::not_found})
      return ex->fail(why);
    put_checked(ex, x);
  };
  ex->ask_or<job_definition>(
    ex->actors().reader,
    [=](job_definition& old) {
      if (old.job_type == "system")
        return ex->reply(read_only(old.id));
      put_checked(ex, x);
    },
    absent, atom::get_v, x.id);
}

// A definition sent as JSON has no text: a text that came along with it (from
// an earlier answer) would not show what was changed.
void forget_text(job_definition& x) {
  x.toml.clear();
  x.content_hash.clear();
}

void post_definition(const exchange_ptr& ex) {
  auto read = parse_json_definition(ex->request().body);
  if (!read.ok())
    return ex->reply(make_problem(read.errors));
  forget_text(read.definition);
  store_definition(ex, read.definition, false);
}

void upload_definition(const exchange_ptr& ex) {
  auto read = parse_toml(ex->request().body);
  if (!read.ok())
    return ex->reply(make_problem(read.errors));
  store_definition(ex, read.definition, false);
}

// The id of the path counts, so the body may lack one or have another.
void replace_definition(const exchange_ptr& ex) {
  value body;
  std::string error;
  if (!parse_json(ex->request().body, body, error) || !body.is_object())
    return ex->reply(
      make_problem(400, "invalid_argument",
                   error.empty() ? "the body must be an object" : error));
  body.set("id", ex->params[0]);
  auto read = parse_json_definition(to_json(body));
  if (!read.ok())
    return ex->reply(make_problem(read.errors));
  forget_text(read.definition);
  store_definition(ex, read.definition, true);
}

void delete_definition(const exchange_ptr& ex) {
  auto id = ex->params[0];
  ex->ask<job_definition>(
    ex->actors().reader,
    [=](job_definition& old) {
      if (old.job_type == "system")
        return ex->reply(read_only(id));
      ex->ask<void>(
        ex->actors().dispatcher,
        [ex] {
          ex->reply({204, "", "", {}});
        },
        atom::remove_v, id);
    },
    atom::get_v, id);
}

// -- running ------------------------------------------------------------------

// Reads {"config": {key: value}}; an empty body means no overrides.
// Returns "" or the rule that is broken.
std::string read_overrides(const std::string& text, run_request& out) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return {};
  value body;
  std::string error;
  if (!parse_json(text, body, error))
    return error;
  if (!body.is_object())
    return "the body must be an object";
  const auto* config = body.find("config");
  if (!config)
    return {};
  if (!config->is_object())
    return "config: must be an object";
  for (const auto& [key, val] : config->as_object()) {
    if (!val.is_string() && !val.is_number() && !val.is_bool())
      return "config." + key + ": must be text, a number, true or false";
    out.overrides.emplace_back(key, val.is_string() ? val.as_string()
                                                    : to_json(val));
  }
  return {};
}

void execute_definition(const exchange_ptr& ex) {
  run_request wanted{ex->params[0], {}};
  auto error = read_overrides(ex->request().body, wanted);
  if (!error.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(error)));
  ex->ask<run_started>(
    ex->actors().dispatcher,
    [ex](run_started& x) {
      ex->reply(value::make_object({{"job_id", to_string(x.manager)},
                                    {"job_name", x.name},
                                    {"status", "running"},
                                    {"message", "Job execution started"}}),
                202);
    },
    atom::execute_v, wanted);
}

} // namespace

const std::vector<route>& definition_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/job-definitions", list_definitions},
    {"POST", "/api/job-definitions", post_definition},
    {"POST", "/api/job-definitions/validate", validate_definition},
    {"POST", "/api/job-definitions/upload", upload_definition},
    {"GET", "/api/job-definitions/{id}", get_definition},
    {"PUT", "/api/job-definitions/{id}", replace_definition},
    {"DELETE", "/api/job-definitions/{id}", delete_definition},
    {"POST", "/api/job-definitions/{id}/execute", execute_definition},
    {"GET", "/api/job-definitions/{id}/export", export_definition},
  };
  return routes;
}

} // namespace quaero
