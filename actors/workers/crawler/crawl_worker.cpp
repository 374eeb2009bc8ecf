#include "actors/workers/crawler/crawl_worker.hpp"

#include "actors/deadlines.hpp"
#include "actors/job_context.hpp"
#include "actors/workers/crawler/charset.hpp"
#include "actors/workers/crawler/far_frontier.hpp"
#include "actors/workers/crawler/url.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <utility>

namespace quaero::crawler {

namespace {

constexpr std::chrono::seconds robots_timeout{15};

fetch_request page_request(const std::string& url, const crawl_config& x,
                           const robots_rules& rules) {
  fetch_request out;
  out.url = url;
  out.headers = {{"User-Agent", x.user_agent}};
  out.accept_types = x.allowed_content_types;
  out.body_max = static_cast<size_t>(x.max_body_size);
  out.timeout = x.request_timeout;
  out.host_delay = x.rate_limit;
  if (x.respect_robots && rules.crawl_delay())
    out.host_delay = std::max(out.host_delay, *rules.crawl_delay());
  out.host_concurrency = static_cast<uint32_t>(x.concurrency);
  out.attempts = static_cast<uint32_t>(x.retry_attempts);
  out.backoff = x.retry_backoff;
  return out;
}

bool is_html(const std::string& content_type) {
  const auto type = media_type(content_type);
  return type.empty() || type == "text/html" || type == "application/xhtml+xml";
}

/// A response that is text but no page: kept as it is.
page plain_page(std::string text, const std::string& url) {
  page out;
  out.title = url.substr(url.rfind('/') + 1);
  if (out.title.empty())
    out.title = "Untitled";
  out.markdown = std::move(text);
  out.metadata.set("source_url", url);
  return out;
}

} // namespace

// -- the way of an attempt ----------------------------------------------------

caf::typed_response_promise<job_outcome>
crawl_worker_state::on_execute(const job_context_ptr& context) {
  auto reply = self->make_response_promise<job_outcome>();
  value config;
  std::string error;
  if (!parse_json(context->job().config, config, error)) {
    reply.deliver(job_outcome::failure("invalid config: " + error, false));
    return reply;
  }
  const auto* nested = config.find("crawl_config");
  auto parsed = parse_crawl_config(nested != nullptr ? *nested : config);
  const auto url = normalise_url(config.get_string("seed_url").value_or(""));
  if (!parsed.ok() || !url) {
    reply.deliver(job_outcome::failure(
      "invalid config: "
        + (parsed.ok() ? "seed_url must be an http or https URL"
                       : parsed.errors.front()),
      false));
    return reply;
  }
  work x;
  x.context = context;
  x.reply = reply;
  x.config = std::move(parsed.config);
  x.url = *url;
  x.depth = static_cast<uint32_t>(config.get_int("depth").value_or(1));
  x.discovered_by = config.get_string("discovered_by").value_or("");
  context->log(log_level::info, "Started: " + x.url);
  const auto epoch = context->epoch();
  auto& stored = attempts.insert_or_assign(epoch, std::move(x)).first->second;
  context->on_cancel([weak = self->address(), epoch] {
    if (auto strong = caf::actor_cast<crawl_worker_impl>(weak))
      caf::anon_send(strong, atom::cancel_v, epoch);
  });
  if (stored.config.respect_robots)
    ask_robots(epoch, stored);
  else
    fetch_page(epoch, stored, {});
  return reply;
}

void crawl_worker_state::ask_robots(uint64_t epoch, work& x) {
  const auto where = origin_of(x.url);
  if (origins.size() >= settings.origins_max && origins.count(where) == 0)
    std::erase_if(origins, [](const auto& o) { return o.second.known; });
  auto [i, added] = origins.try_emplace(where);
  if (i->second.known) {
    fetch_page(epoch, x, i->second.rules);
    return;
  }
  i->second.waiting.push_back(epoch);
  if (!added)
    return;
  fetch_request request;
  request.url = where + "/robots.txt";
  request.headers = {{"User-Agent", x.config.user_agent}};
  request.body_max = robots_bytes_max;
  request.timeout = robots_timeout;
  request.attempts = static_cast<uint32_t>(x.config.retry_attempts);
  request.backoff = x.config.retry_backoff;
  auto me = caf::actor_cast<caf::actor>(self);
  net->fetch(std::move(request), [me, where](fetch_result result) {
    caf::anon_send(caf::actor_cast<crawl_worker_impl>(me), atom::load_v, where,
                   std::make_shared<fetch_result>(std::move(result)));
  });
}

void crawl_worker_state::on_robots(const std::string& where,
                                   const fetch_result& result) {
  auto i = origins.find(where);
  if (i == origins.end())
    return;
  auto waiting = std::exchange(i->second.waiting, {});
  std::string agent = settings.fetcher.user_agent;
  for (auto epoch : waiting)
    if (auto a = attempts.find(epoch); a != attempts.end())
      agent = a->second.config.user_agent;
  const bool unreachable
    = !result.ok() && result.error != fetch_error::too_large;
  const auto rules = robots_rules::from_response(
    unreachable ? 0 : result.status, result.body, agent);
  if (unreachable) {
    origins.erase(i); // the next page asks again
  } else {
    i->second.known = true;
    i->second.rules = rules;
  }
  for (auto epoch : waiting) {
    auto a = attempts.find(epoch);
    if (a == attempts.end())
      continue;
    if (unreachable)
      fail(epoch, result.message + " (robots.txt)");
    else
      fetch_page(epoch, a->second, rules);
  }
}

void crawl_worker_state::fetch_page(uint64_t epoch, work& x,
                                    const robots_rules& rules) {
  if (x.context->cancelled()) {
    end(epoch, job_outcome::stopped());
    return;
  }
  if (x.config.respect_robots && !rules.allows(path_and_query(x.url))) {
    fail(epoch, "forbidden by robots.txt of " + origin_of(x.url)
                  + " (respect_robots = false ignores it)");
    return;
  }
  auto me = caf::actor_cast<caf::actor>(self);
  x.fetch = net->fetch(
    page_request(x.url, x.config, rules), [me, epoch](fetch_result result) {
      caf::anon_send(caf::actor_cast<crawl_worker_impl>(me), atom::get_v, epoch,
                     std::make_shared<fetch_result>(std::move(result)));
    });
}

void crawl_worker_state::on_page(uint64_t epoch, fetch_result_ptr result) {
  auto i = attempts.find(epoch);
  if (i == attempts.end())
    return;
  auto& x = i->second;
  x.fetched = std::move(result);
  if (x.context->cancelled())
    end(epoch, job_outcome::stopped());
  else if (!x.fetched->ok())
    fail(epoch, x.fetched->message);
  else if (x.fetched->status >= 300 || x.fetched->status < 200)
    fail(epoch, "HTTP " + std::to_string(x.fetched->status));
  else
    read_page(epoch, x);
}

void crawl_worker_state::on_cancel(uint64_t epoch) {
  auto i = attempts.find(epoch);
  if (i == attempts.end())
    return;
  if (i->second.fetch != 0)
    net->cancel(i->second.fetch); // else it would keep its place at the host
  end(epoch, job_outcome::stopped());
}

void crawl_worker_state::read_page(uint64_t epoch, work& x) {
  auto& got = *x.fetched;
  auto decoded = decode_text(got.body, got.content_type);
  got.body.clear();
  got.body.shrink_to_fit();
  if (is_html(got.content_type))
    x.content = parse_page(decoded.text, got.final_url);
  else
    x.content = plain_page(std::move(decoded.text), got.final_url);
  if (!x.content.error.empty())
    fail(epoch, "content processing error: " + x.content.error);
  else
    ask_frontier(epoch, x);
}

void crawl_worker_state::ask_frontier(uint64_t epoch, work& x) {
  const bool follow = x.config.follow_links && !x.content.nofollow
                      && x.depth < static_cast<uint32_t>(x.config.max_depth);
  crawl_question question;
  question.step = x.context->job().step_id;
  question.asker = x.context->job().id;
  question.depth = x.depth;
  question.config = x.config;
  if (x.fetched->final_url != x.url)
    question.reached = x.fetched->final_url;
  if (follow) {
    // What this origin forbids need not become a job that fails.
    const auto here = origins.find(origin_of(x.fetched->final_url));
    for (const auto& url : x.content.links) {
      const bool forbidden = x.config.respect_robots && here != origins.end()
                             && origin_of(url) == here->first
                             && !here->second.rules.allows(path_and_query(url));
      if (!forbidden)
        question.links.push_back(url);
    }
  }
  if (question.links.empty() && question.reached.empty()) {
    complete(epoch, {});
    return;
  }
  self->request(frontier, reader_deadline, atom::visit_v, std::move(question))
    .then(
      [this, epoch](const crawl_answer& answer) { complete(epoch, answer); },
      [this, epoch](caf::error& e) {
        end(epoch, job_outcome::failure(message_of(e)));
      });
}

void crawl_worker_state::complete(uint64_t epoch, const crawl_answer& links) {
  auto i = attempts.find(epoch);
  if (i == attempts.end())
    return;
  auto& x = i->second;
  job_outcome out;
  if (links.taken_before) {
    x.context->log(log_level::info, "Redirected to a page that is taken: "
                                      + x.fetched->final_url);
  } else {
    spawn(x, links);
    if (x.content.noindex) {
      x.context->log(log_level::info,
                     "Not saved: the page says noindex - " + x.url);
    } else {
      save(x, links);
      out.result_count = 1;
    }
  }
  x.context->log(log_level::info, "Completed: " + x.url + " ("
                                    + format_duration(x.fetched->elapsed)
                                    + ")");
  end(epoch, std::move(out));
}

void crawl_worker_state::spawn(work& x, const crawl_answer& links) {
  const auto& metadata = x.context->job().metadata;
  for (const auto& url : links.admitted) {
    auto page = make_page_job(url, x.depth + 1, x.fetched->final_url, x.config,
                              metadata);
    page.retry = x.context->job().retry; // the step's, if it says one
    x.context->spawn(std::move(page));
  }
  x.context->log(log_level::info,
                 "Links found: " + std::to_string(x.content.links.size())
                   + " | filtered: " + std::to_string(links.filtered)
                   + " | followed: " + std::to_string(links.admitted.size())
                   + " | skipped: "
                   + std::to_string(links.seen + links.left_out));
}

void crawl_worker_state::save(work& x, const crawl_answer& links) {
  const auto& job = x.context->job();
  document doc;
  doc.source_type = step_type;
  doc.source_id = x.fetched->final_url;
  doc.url = x.fetched->final_url;
  doc.title = x.content.title;
  doc.content_markdown = std::move(x.content.markdown);
  doc.detail_level = x.config.detail_level;
  doc.tags = x.config.tags;
  auto about = std::move(x.content.metadata);
  about.set("job_id", to_string(job.id));
  about.set("parent_job_id", to_string(job.parent_id));
  about.set("content_size", static_cast<int64_t>(doc.content_markdown.size()));
  about.set(
    "crawler",
    value::make_object(
      {{"depth", static_cast<int64_t>(x.depth)},
       {"discovered_by", x.discovered_by},
       {"crawled_at", to_rfc3339(x.context->now())},
       {"status_code", x.fetched->status},
       {"response_time", static_cast<int64_t>(x.fetched->elapsed.count())},
       {"links_found", static_cast<int64_t>(x.content.links.size())},
       {"links_filtered", static_cast<int64_t>(links.filtered)},
       {"links_followed", static_cast<int64_t>(links.admitted.size())},
       {"links_skipped", static_cast<int64_t>(links.seen + links.left_out)},
       {"content_type", x.fetched->content_type}}));
  doc.metadata = to_json(about);
  if (doc.detail_level == "metadata")
    doc.content_markdown.clear();
  const auto bytes = doc.content_markdown.size();
  x.context->log(log_level::info, "Document saved: " + doc.title + " ("
                                    + std::to_string(bytes) + " bytes) - "
                                    + doc.url);
  x.context->save(std::move(doc));
}

void crawl_worker_state::fail(uint64_t epoch, const std::string& why) {
  auto i = attempts.find(epoch);
  if (i == attempts.end())
    return;
  i->second.context->log(log_level::error,
                         "Failed: " + i->second.url + " - " + why);
  end(epoch, job_outcome::failure(why, false)); // the name has the URL
}

void crawl_worker_state::end(uint64_t epoch, job_outcome outcome) {
  auto i = attempts.find(epoch);
  if (i == attempts.end())
    return;
  i->second.reply.deliver(std::move(outcome));
  attempts.erase(i);
}

// -- the actor ----------------------------------------------------------------

crawl_worker_impl::behavior_type
crawl_worker(crawl_worker_impl::stateful_pointer<crawl_worker_state> self,
             crawler_settings settings, crawl_asker_actor frontier,
             std::shared_ptr<fetcher> net) {
  auto& st = self->state;
  st.settings = std::move(settings);
  st.frontier = std::move(frontier);
  st.net = std::move(net);
  return {
    [self](atom::execute, const job_context_ptr& x) {
      return self->state.on_execute(x);
    },
    [self](atom::cancel, uint64_t epoch) { self->state.on_cancel(epoch); },
    [self](atom::get, uint64_t epoch, const fetch_result_ptr& x) {
      self->state.on_page(epoch, x);
    },
    [self](atom::load, const std::string& where, const fetch_result_ptr& x) {
      self->state.on_robots(where, *x);
    },
  };
}

worker_kind kind(const worker_environment& environment,
                 const crawler_settings& settings) {
  auto* system = &environment.system;
  auto frontier
    = system->spawn(crawl_frontier, settings.defaults, environment.reader);
  auto net = std::make_shared<fetcher>(settings.fetcher);
  worker_kind out;
  out.step_type = step_type;
  out.definition = frontier;
  out.job_type = job_type;
  out.slots = settings.slots;
  if (!environment.hub)
    out.answers = system->spawn(frontier_door, frontier);
  out.spawn_worker = [system, settings, frontier, net,
                      hub = environment.hub]() -> job_worker_actor {
    crawl_asker_actor asker = frontier;
    if (hub)
      asker = system->spawn(far_frontier, *hub);
    return system->spawn(crawl_worker, settings, asker, net);
  };
  return out;
}

} // namespace quaero::crawler
