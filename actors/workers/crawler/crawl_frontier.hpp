#pragma once

#include "actors/actors.hpp"
#include "actors/runtime.hpp"
#include "actors/workers/crawler/crawl_config.hpp"
#include "actors/workers/crawler/frontier.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <string>
#include <unordered_map>
#include <vector>

namespace quaero::crawler {

inline constexpr const char* step_type = "crawler";
inline constexpr const char* job_type = "crawler_url";

/// Asks which links of a page become pages of the step.
struct crawl_question {
  job_id step;
  job_id asker;        ///< The job; asking again gets the same answer.
  uint32_t depth = 1;  ///< Of the page; its links are one deeper.
  std::string reached; ///< Where a redirect led, "" if there was none.
  std::vector<std::string> links; ///< Normalised.
  crawl_config config; ///< Of the step, should it have been forgotten.
};

struct crawl_answer {
  bool taken_before = false; ///< `reached` is a page that the step has.
  std::vector<std::string> admitted;
  uint64_t seen = 0;
  uint64_t filtered = 0;
  uint64_t left_out = 0; ///< Too deep, or max_pages are admitted.
};

/// What a worker needs of the CRAWL FRONTIER, or of who stands for it where
/// there is none.
using crawl_asker_actor = caf::typed_actor<
  caf::replies_to<atom::visit, crawl_question>::with<crawl_answer>>;

/// The CRAWL FRONTIER: the crawler's definition worker, which also knows the
/// pages that each step has.
using crawl_frontier_actor
  = definition_worker_actor::extend_with<crawl_asker_actor>;

/// The URL of a page as a job's config has it, and the rest beside it.
new_job make_page_job(const std::string& url, uint32_t depth,
                      const std::string& discovered_by,
                      const crawl_config& config, const std::string& metadata);

/// Pages of each step that goes on.
struct crawl_frontier_state {
  static constexpr const char* name = "crawl-frontier";

  explicit crawl_frontier_state(crawl_frontier_actor::pointer ptr)
    : self{ptr} {}

  /// A question that waits until its step's pages are known again.
  struct waiting {
    crawl_question question;
    caf::typed_response_promise<crawl_answer> reply;
  };

  struct step_pages {
    frontier pages;
    std::unordered_map<job_id, crawl_answer> answers;
    bool loading = false;
    std::vector<waiting> questions;
  };

  crawl_frontier_actor::pointer self;
  crawl_config defaults; ///< For what a step does not say.
  reader_actor reader;
  std::unordered_map<job_id, step_pages> steps;

  std::vector<std::string> on_validate(const step& x) const;
  caf::result<init_result> on_init(const step_context& x) const;
  caf::result<step_output> on_create(const step_context& x);
  caf::typed_response_promise<crawl_answer>
  on_question(const crawl_question& x);

  crawl_config config_of(const step_context& x) const;
  void load(const crawl_question& x);
  void on_loaded(const job_id& step, const std::vector<job_view>& children);
  static crawl_answer answer(step_pages& known, const crawl_question& x);
};

/// Makes a step's first jobs from its start_urls and decides, for all jobs of a
/// step, which URLs become further ones: each once, at most max_pages, exactly.
/// After a restart it takes the pages of a step from the step's jobs.
/// @param defaults of user_agent, respect_robots, request_timeout and
///                 max_body_size, for steps that do not set them.
/// Bounds: the URLs of the steps that go on.
/// Errors: ec::worker_failed "no start_urls ...", "invalid start URL ...".
crawl_frontier_actor::behavior_type crawl_frontier(
  crawl_frontier_actor::stateful_pointer<crawl_frontier_state> self,
  crawl_config defaults, reader_actor reader);

} // namespace quaero::crawler

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::crawler::crawl_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::crawler::crawl_answer)
