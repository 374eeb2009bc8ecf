#include "actors/workers/crawler/far_frontier.hpp"

#include "actors/deadlines.hpp"
#include "actors/workers/crawler/url.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <utility>

namespace quaero::crawler {

namespace {

value to_array(const std::vector<std::string>& xs) {
  value::array out;
  for (const auto& x : xs)
    out.emplace_back(x);
  return out;
}

/// @returns false if there is something else than texts.
bool read_texts(const value& from, const std::string& key,
                std::vector<std::string>& out) {
  const auto* found = from.find(key);
  if (found == nullptr || !found->is_array())
    return false;
  for (const auto& x : found->as_array()) {
    if (!x.is_string())
      return false;
    out.push_back(x.as_string());
  }
  return true;
}

bool read_count(const value& from, const std::string& key, uint64_t& out) {
  const auto found = from.get_int(key);
  out = static_cast<uint64_t>(found.value_or(-1));
  return found && *found >= 0;
}

} // namespace

std::string to_text(const crawl_question& x) {
  return to_json(value::make_object({{"depth", int64_t{x.depth}},
                                     {"reached", x.reached},
                                     {"links", to_array(x.links)},
                                     {"config", to_value(x.config)}}));
}

std::string to_text(const crawl_answer& x) {
  return to_json(
    value::make_object({{"taken_before", x.taken_before},
                        {"admitted", to_array(x.admitted)},
                        {"seen", static_cast<int64_t>(x.seen)},
                        {"filtered", static_cast<int64_t>(x.filtered)},
                        {"left_out", static_cast<int64_t>(x.left_out)}}));
}

std::string read_text(const std::string& text, crawl_question& out) {
  value x;
  std::string error;
  if (!parse_json(text, x, error))
    return error;
  const auto depth = x.get_int("depth").value_or(0);
  if (depth < 1 || depth > crawl_limits{}.max_depth)
    return "depth must be an integer from 1 to "
           + std::to_string(crawl_limits{}.max_depth);
  out.depth = static_cast<uint32_t>(depth);
  out.reached = x.get_string("reached").value_or("");
  if (!read_texts(x, "links", out.links))
    return "links must be an array of texts";
  // A page of the step has the URL that normalising makes, and no other.
  for (const auto& url : out.links)
    if (normalise_url(url) != url)
      return "links must be normalised URLs";
  if (!out.reached.empty() && normalise_url(out.reached) != out.reached)
    return "reached must be a normalised URL, or empty";
  const auto* config = x.find("config");
  auto parsed = parse_crawl_config(config != nullptr ? *config : value{});
  if (!parsed.ok())
    return "config: " + parsed.errors.front();
  out.config = std::move(parsed.config);
  return {};
}

std::string read_text(const std::string& text, crawl_answer& out) {
  value x;
  std::string error;
  if (!parse_json(text, x, error))
    return error;
  const auto taken = x.get_bool("taken_before");
  out.taken_before = taken.value_or(false);
  if (!taken || !read_texts(x, "admitted", out.admitted)
      || !read_count(x, "seen", out.seen)
      || !read_count(x, "filtered", out.filtered)
      || !read_count(x, "left_out", out.left_out))
    return "a field is missing, or of another kind";
  return {};
}

crawl_asker_actor::behavior_type far_frontier(crawl_asker_actor::pointer self,
                                              question_actor hub) {
  return {[self, hub](atom::visit, const crawl_question& x) {
    auto reply = self->make_response_promise<crawl_answer>();
    self
      ->request(hub, reader_deadline, atom::visit_v,
                job_question{x.asker, {}, to_text(x)})
      .then(
        [reply](const std::string& text) mutable {
          crawl_answer found;
          if (auto why = read_text(text, found); !why.empty())
            reply.deliver(make_error(ec::worker_failed,
                                     "the hub's answer is none: " + why));
          else
            reply.deliver(std::move(found));
        },
        [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
    return reply;
  }};
}

question_actor::behavior_type frontier_door(question_actor::pointer self,
                                            crawl_asker_actor frontier) {
  return {[self, frontier](atom::visit, const job_question& x) {
    auto reply = self->make_response_promise<std::string>();
    crawl_question asked;
    asked.step = x.step;
    asked.asker = x.job;
    if (auto why = read_text(x.text, asked); !why.empty()) {
      reply.deliver(make_error(ec::invalid_argument, "the question: " + why));
      return reply;
    }
    self->request(frontier, reader_deadline, atom::visit_v, std::move(asked))
      .then(
        [reply](const crawl_answer& found) mutable {
          reply.deliver(to_text(found));
        },
        [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
    return reply;
  }};
}

} // namespace quaero::crawler
