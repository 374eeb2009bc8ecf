#include "actors/workers/crawler/crawl_frontier.hpp"

#include "actors/deadlines.hpp"
#include "actors/definition_worker.hpp"
#include "actors/workers/crawler/url.hpp"
#include "definitions/json.hpp"

#include <utility>

namespace quaero::crawler {

namespace {

/// Where a source's content begins when the step names no start_urls.
std::string seed_path(const std::string& source_type,
                      const std::string& entity_type) {
  if (source_type == "jira")
    return entity_type == "issues" ? "rest/api/2/search" : "rest/api/2/project";
  if (source_type == "confluence")
    return entity_type == "pages" ? "rest/api/content" : "rest/api/space";
  return {};
}

/// The step's first URLs, each once, normalised; `error` names a bad one.
std::vector<std::string> seeds(const step_context& x,
                               const crawl_config& config, std::string& error) {
  auto given = config.start_urls;
  if (given.empty() && !x.base_url.empty()) {
    auto base = x.base_url;
    const auto path = seed_path(x.source_type, config.entity_type);
    if (!path.empty() && !base.ends_with('/'))
      base += '/';
    given.push_back(base + path);
  }
  if (given.empty())
    error = "no start_urls, and the definition has no base_url";
  std::vector<std::string> out;
  for (const auto& text : given) {
    auto url = normalise_url(text);
    if (url)
      out.push_back(std::move(*url));
    else
      error = "invalid start URL '" + text + "': must be http or https";
  }
  return out;
}

frontier make_frontier(const crawl_config& x) {
  frontier_limits limits;
  limits.pages_max = static_cast<uint64_t>(x.max_pages);
  limits.depth_max = static_cast<uint32_t>(x.max_depth);
  return {limits, url_filter{x.include_patterns, x.exclude_patterns}};
}

} // namespace

new_job make_page_job(const std::string& url, uint32_t depth,
                      const std::string& discovered_by,
                      const crawl_config& config, const std::string& metadata) {
  auto own = config;
  own.start_urls.clear(); // the step's, which may be many
  new_job job;
  job.type = job_type;
  job.name = "URL: " + url;
  job.config
    = to_json(value::make_object({{"seed_url", url},
                                  {"depth", static_cast<int64_t>(depth)},
                                  {"discovered_by", discovered_by},
                                  {"source_type", config.source_type},
                                  {"entity_type", config.entity_type},
                                  {"crawl_config", to_value(own)}}));
  job.metadata = metadata;
  job.retry.attempts = 1; // the fetcher tries again by itself
  return job;
}

crawl_config crawl_frontier_state::config_of(const step_context& x) const {
  const auto& said = x.definition.config;
  auto config = parse_crawl_config(said).config;
  if (said.find("user_agent") == nullptr)
    config.user_agent = defaults.user_agent;
  if (said.find("respect_robots") == nullptr
      && said.find("follow_robots_txt") == nullptr)
    config.respect_robots = defaults.respect_robots;
  if (said.find("request_timeout") == nullptr)
    config.request_timeout = defaults.request_timeout;
  if (said.find("max_body_size") == nullptr)
    config.max_body_size = defaults.max_body_size;
  if (config.source_type.empty())
    config.source_type = x.source_type.empty() ? "web" : x.source_type;
  if (!x.scope.tags.empty())
    config.tags = x.scope.tags;
  return config;
}

std::vector<std::string>
crawl_frontier_state::on_validate(const step& x) const {
  return parse_crawl_config(x.config).errors;
}

caf::result<init_result>
crawl_frontier_state::on_init(const step_context& x) const {
  std::string error;
  auto urls = seeds(x, config_of(x), error);
  if (!error.empty())
    return make_error(ec::worker_failed, error);
  init_result out;
  out.work_items = urls.size();
  return out;
}

caf::result<step_output>
crawl_frontier_state::on_create(const step_context& x) {
  std::string error;
  const auto config = config_of(x);
  const auto urls = seeds(x, config, error);
  if (!error.empty())
    return make_error(ec::worker_failed, error);
  const auto metadata
    = to_json(value::make_object({{"job_definition_id", x.scope.definition_id},
                                  {"auth_id", x.auth_id},
                                  {"step_name", x.scope.step_name},
                                  {"step_id", to_string(x.scope.step)},
                                  {"manager_id", to_string(x.scope.manager)}}));
  auto known = steps.insert_or_assign(
    x.scope.step, step_pages{make_frontier(config), {}, false, {}});
  step_output out;
  for (const auto& url : urls)
    if (known.first->second.pages.admit(url, 1) == admission::admitted)
      out.jobs.push_back(make_page_job(url, 1, "", config, metadata));
  out.lines.push_back(
    say(log_level::info, "Crawling from " + std::to_string(out.jobs.size())
                           + " start URLs, max_depth "
                           + std::to_string(config.max_depth) + ", max_pages "
                           + std::to_string(config.max_pages)));
  return out;
}

crawl_answer crawl_frontier_state::answer(step_pages& known,
                                          const crawl_question& x) {
  if (auto i = known.answers.find(x.asker); i != known.answers.end())
    return i->second;
  crawl_answer out;
  if (!x.reached.empty())
    out.taken_before = !known.pages.mark_seen(x.reached);
  if (!out.taken_before) {
    for (const auto& url : x.links) {
      switch (known.pages.admit(url, x.depth + 1)) {
        case admission::admitted:
          out.admitted.push_back(url);
          break;
        case admission::seen:
          ++out.seen;
          break;
        case admission::filtered:
          ++out.filtered;
          break;
        default:
          ++out.left_out;
      }
    }
  }
  known.answers.emplace(x.asker, out);
  return out;
}

caf::typed_response_promise<crawl_answer>
crawl_frontier_state::on_question(const crawl_question& x) {
  auto reply = self->make_response_promise<crawl_answer>();
  auto i = steps.find(x.step);
  if (i == steps.end()) {
    i = steps.emplace(x.step, step_pages{make_frontier(x.config), {}, true, {}})
          .first;
    load(x);
  }
  if (i->second.loading)
    i->second.questions.push_back({x, reply});
  else
    reply.deliver(answer(i->second, x));
  return reply;
}

void crawl_frontier_state::load(const crawl_question& x) {
  const auto step = x.step;
  self->request(reader, reader_deadline, atom::visit_v, step)
    .then(
      [this, step](const std::vector<job_view>& children) {
        on_loaded(step, children);
      },
      [this, step](caf::error& e) {
        auto i = steps.find(step);
        if (i == steps.end())
          return; // forgotten meanwhile
        auto failed = std::move(i->second.questions);
        steps.erase(i);
        for (auto& one : failed)
          one.reply.deliver(e);
      });
}

void crawl_frontier_state::on_loaded(const job_id& step,
                                     const std::vector<job_view>& children) {
  auto i = steps.find(step);
  if (i == steps.end())
    return;
  for (const auto& child : children) {
    value config;
    std::string error;
    if (!parse_json(child.job.config, config, error))
      continue;
    if (auto url = config.get_string("seed_url"))
      i->second.pages.admit(*url, 1);
  }
  i->second.loading = false;
  for (auto& x : std::exchange(i->second.questions, {}))
    x.reply.deliver(answer(i->second, x.question));
}

crawl_frontier_actor::behavior_type crawl_frontier(
  crawl_frontier_actor::stateful_pointer<crawl_frontier_state> self,
  crawl_config defaults, reader_actor reader) {
  self->state.defaults = std::move(defaults);
  self->state.reader = std::move(reader);
  return {
    [self](atom::validate, const step& x) {
      return self->state.on_validate(x);
    },
    [self](atom::init, const step_context& x) {
      return self->state.on_init(x);
    },
    [self](atom::create, const step_context& x, const init_result&) {
      return self->state.on_create(x);
    },
    [self](atom::forget, const job_id& step) { self->state.steps.erase(step); },
    [self](atom::visit, const crawl_question& x) {
      return self->state.on_question(x);
    },
  };
}

} // namespace quaero::crawler
