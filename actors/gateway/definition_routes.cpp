#include "actors/gateway/cursor.hpp"
#include "actors/gateway/idempotency.hpp"
#include "actors/gateway/request_body.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/schedule_views.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/ascii.hpp"
#include "definitions/json.hpp"
#include "definitions/substitution.hpp"
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
  std::string name; ///< Of the list, for cursors.
  std::optional<list_position> from;

  bool before(const std::string& left, const std::string& right) const {
    return descending ? right < left : left < right;
  }
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
  out.name = "definitions\n" + out.type + '\n' + query.text("enabled") + '\n'
             + out.order_by + (out.descending ? "\ndesc" : "\nasc");
  return out;
}

const key_lookup& keys_of(const exchange_ptr& ex) {
  return ex->context().config.keys;
}

// Two people who change it must not overwrite each other: its version goes
// along.
http_answer definition_answer(const exchange_ptr& ex, const job_definition& x,
                              unsigned status = 200) {
  auto out = json_answer(definition_json(x, keys_of(ex)), status);
  out.headers.emplace_back("ETag", definition_tag(x, keys_of(ex)));
  return out;
}

// Where a definition stands, for a cursor: behind it the list goes on, whatever
// was stored or removed meanwhile.
std::string place_of(const job_definition& x, const std::string& order_by) {
  return sort_key(x, order_by) + '\0' + x.id;
}

size_t first_behind(const std::vector<job_definition>& xs,
                    const list_wanted& wanted) {
  const auto& place = wanted.from->place;
  const auto split = std::min(place.rfind('\0'), place.size());
  const auto key = place.substr(0, split);
  const auto id = place.substr(std::min(split + 1, place.size()));
  auto first = std::find_if(xs.begin(), xs.end(), [&](const auto& x) {
    auto one = sort_key(x, wanted.order_by);
    return one == key ? id < x.id : wanted.before(key, one);
  });
  return static_cast<size_t>(first - xs.begin());
}

// What is shown of a list.
struct definition_page {
  std::vector<job_definition> definitions;
  uint64_t total = 0;
  std::string next_cursor;
};

definition_page page_of(std::vector<job_definition>& xs,
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
    return wanted.before(left, right);
  });
  definition_page out;
  out.total = xs.size();
  auto begin = wanted.offset;
  if (wanted.from)
    begin = first_behind(xs, wanted);
  auto end = xs.size();
  if (begin < end)
    end = std::min(end, begin + wanted.limit);
  if (begin < end && end < xs.size())
    out.next_cursor
      = make_cursor(wanted.name, {place_of(xs[end - 1], wanted.order_by)});
  for (size_t i = begin; i < end; ++i)
    out.definitions.push_back(std::move(xs[i]));
  return out;
}

// With when it runs, and ran.
value timed_json(const exchange_ptr& ex, const job_definition& x,
                 const value& times) {
  auto out = definition_json(x, keys_of(ex));
  for (const auto& [name, member] : times.as_object())
    out.set(name, member);
  return out;
}

void reply_page(const exchange_ptr& ex, const definition_page& page,
                const list_wanted& wanted, const schedule_facts& facts) {
  const auto now = ex->context().config.clock->now();
  value::array out;
  for (const auto& x : page.definitions)
    out.push_back(timed_json(ex, x, run_times_json(x, facts, now)));
  ex->reply(value::make_object({{"job_definitions", std::move(out)},
                                {"total_count", page.total},
                                {"limit", uint64_t{wanted.limit}},
                                {"offset", uint64_t{wanted.offset}},
                                {"next_cursor", page.next_cursor}}));
}

void list_definitions(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  auto wanted = read_list_wanted(query);
  if (!query.ok())
    return ex->reply(query.problem());
  if (!take_cursor(ex, wanted.name, wanted.from))
    return;
  ex->ask<std::vector<job_definition>>(
    ex->actors().reader,
    [=](std::vector<job_definition>& xs) {
      auto page = std::make_shared<definition_page>(page_of(xs, wanted));
      std::vector<std::string> ids;
      for (const auto& x : page->definitions)
        if (!x.schedule.empty())
          ids.push_back(x.id);
      if (ids.empty())
        return reply_page(ex, *page, wanted, {});
      ask_schedules(ex, std::move(ids), [=](const schedule_facts& facts) {
        reply_page(ex, *page, wanted, facts);
      });
    },
    atom::list_v);
}

// The tag of a definition that is shown with its times. What is behind a dash
// is not of its version.
std::string timed_tag(const exchange_ptr& ex, const job_definition& x,
                      const value& times) {
  auto out = definition_tag(x, keys_of(ex));
  if (!times.as_object().empty())
    out.insert(out.size() - 1, '-' + content_hash(to_json(times)));
  return out;
}

void reply_definition(const exchange_ptr& ex, const job_definition& x,
                      const value& times) {
  auto tag = timed_tag(ex, x, times);
  auto known = ex->request().field("if-none-match");
  // The whole tag: what it shows beside the content may differ.
  if (trim(known) == "*" || known.find(tag) != std::string_view::npos)
    return ex->reply({304, "", "", {{"ETag", std::move(tag)}}});
  auto out = json_answer(timed_json(ex, x, times));
  out.headers.emplace_back("ETag", std::move(tag));
  ex->reply(std::move(out));
}

void get_definition(const exchange_ptr& ex) {
  ex->ask<job_definition>(
    ex->actors().reader,
    [ex](job_definition& x) {
      if (x.schedule.empty())
        return reply_definition(ex, x, value::make_object());
      ask_schedules(ex, {x.id}, [ex, x](const schedule_facts& facts) {
        const auto now = ex->context().config.clock->now();
        reply_definition(ex, x, run_times_json(x, facts, now));
      });
    },
    atom::get_v, ex->params[0]);
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

// Stores a definition; the DISPATCHER says whether it may take the place of
// what is there.
void put_unchecked(const exchange_ptr& ex, const definition_change& x) {
  ex->ask<definition_stored>(
    ex->actors().dispatcher,
    [=](definition_stored& y) {
      ex->reply(definition_answer(ex, y.definition, y.is_new ? 201 : 200));
    },
    atom::put_v, x);
}

void store_definition(const exchange_ptr& ex, const job_definition& x,
                      bool must_exist) {
  definition_change change;
  change.definition = x;
  change.definition.validation_status = "valid";
  change.definition.validation_error.clear();
  change.definition.validated_at = system_wall_clock().now();
  change.if_match = ex->request().field("if-match");
  change.must_exist = must_exist;
  check_steps(ex, x, [=](const std::vector<definition_error>& errors) {
    if (!errors.empty())
      return ex->reply(make_problem(errors));
    put_unchecked(ex, change);
  });
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
  definition_removal what{ex->params[0],
                          std::string{ex->request().field("if-match")}};
  ex->ask<void>(
    ex->actors().dispatcher,
    [ex] {
      ex->reply({204, "", "", {}});
    },
    atom::remove_v, what);
}

// Keeps a text that is no definition yet, for somebody to go on with.
void save_invalid(const exchange_ptr& ex) {
  const auto& text = ex->request().body;
  if (text.size() > definition_limits{}.bytes_max || !is_utf8(text))
    return ex->reply(make_problem(
      400, "invalid_argument",
      "a definition is UTF-8 and has at most "
        + std::to_string(definition_limits{}.bytes_max) + " bytes"));
  auto now = system_wall_clock().now();
  auto read = parse_toml(text);
  definition_change change;
  auto& x = change.definition;
  x.id = "invalid-"
         + std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(
                            now.time_since_epoch())
                            .count());
  x.name = "Invalid";
  x.toml = text;
  x.enabled = false;
  x.validation_status = "invalid";
  x.validation_error
    = read.ok() ? "saved as invalid" : to_string(read.errors.front());
  x.validated_at = now;
  put_unchecked(ex, change);
}

// -- files --------------------------------------------------------------------

value texts_json(const std::vector<std::string>& xs) {
  value::array out;
  for (const auto& x : xs)
    out.emplace_back(x);
  return out;
}

void reload_definitions(const exchange_ptr& ex) {
  ex->ask<load_report>(
    ex->actors().catalog,
    [ex](load_report& x) {
      const bool good = x.errors.empty();
      auto message = std::to_string(x.loaded) + " of " + std::to_string(x.files)
                     + " files loaded, " + std::to_string(x.changed)
                     + " changed";
      if (!good)
        message += "; " + x.errors.front();
      ex->reply(value::make_object({{"success", good},
                                    {"loaded", x.loaded},
                                    {"changed", x.changed},
                                    {"message", std::move(message)},
                                    {"errors", texts_json(x.errors)}}));
    },
    atom::load_v);
}

void list_templates(const exchange_ptr& ex) {
  ex->ask<template_list>(
    ex->actors().catalog,
    [ex](template_list& all) {
      value::array out;
      for (const auto& x : all.templates) {
        value::array steps;
        for (const auto& [name, type] : x.steps)
          steps.push_back(value::make_object({{"name", name}, {"type", type}}));
        out.push_back(value::make_object({{"id", x.id},
                                          {"name", x.name},
                                          {"type", x.type},
                                          {"description", x.description},
                                          {"tags", texts_json(x.tags)},
                                          {"steps", std::move(steps)}}));
      }
      ex->reply(value::make_object(
        {{"templates", std::move(out)}, {"errors", texts_json(all.errors)}}));
    },
    atom::list_v);
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

value config_of(const run_request& x) {
  auto out = value::make_object();
  for (const auto& [name, text] : x.overrides)
    out.set(name, text);
  return out;
}

value started_json(const run_started& x) {
  return value::make_object({{"job_id", to_string(x.manager)},
                             {"job_name", x.name},
                             {"status", "running"},
                             {"message", "Job execution started"}});
}

void execute_definition(const exchange_ptr& ex) {
  run_request wanted;
  wanted.definition_id = ex->params[0];
  auto error = read_overrides(ex->request().body, wanted);
  if (error.empty())
    error = secret_in(config_of(wanted), keys_of(ex));
  if (!error.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(error)));
  if (auto keep = keep_in_commit(ex, 202))
    wanted.hook.also = [keep](storage::write_batch& out, const run_started& x) {
      keep(out, to_json(started_json(x)));
    };
  ex->ask<run_started>(
    ex->actors().dispatcher,
    [ex](run_started& x) { ex->reply(started_json(x), 202); }, atom::execute_v,
    wanted);
}

} // namespace

const std::vector<route>& definition_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/job-definitions", list_definitions},
    {"POST", "/api/job-definitions", post_definition},
    {"POST", "/api/job-definitions/validate", validate_definition,
     access::read},
    {"POST", "/api/job-definitions/upload", upload_definition},
    {"POST", "/api/job-definitions/save-invalid", save_invalid},
    {"POST", "/api/job-definitions/reload", reload_definitions},
    {"GET", "/api/job-templates", list_templates},
    {"GET", "/api/job-definitions/{id}", get_definition},
    {"PUT", "/api/job-definitions/{id}", replace_definition},
    {"DELETE", "/api/job-definitions/{id}", delete_definition},
    {"POST", "/api/job-definitions/{id}/execute", execute_definition,
     access::submit},
    {"GET", "/api/job-definitions/{id}/export", export_definition},
  };
  return routes;
}

} // namespace quaero
