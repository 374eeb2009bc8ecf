#pragma once

#include "actors/runtime.hpp"
#include "actors/workers/crawler/crawl_frontier.hpp"
#include "actors/workers/crawler/fetcher.hpp"
#include "actors/workers/crawler/page.hpp"
#include "actors/workers/crawler/robots.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero::crawler {

/// What the daemon decides for all crawls.
struct crawler_settings {
  fetcher_settings fetcher;
  crawl_config defaults;       ///< See crawl_frontier().
  uint32_t slots = 256;        ///< > 0; pages that are fetched at a time.
  size_t origins_max = 10'000; ///< > 0; robots.txt kept; then all are dropped.
};

using fetch_result_ptr = std::shared_ptr<fetch_result>;

} // namespace quaero::crawler

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::crawler::fetch_result_ptr)

namespace quaero::crawler {

/// What the actor says to itself.
using crawl_worker_impl = job_worker_actor::extend<
  // This attempt shall stop.
  caf::reacts_to<atom::cancel, uint64_t>,
  // The page of this attempt has been fetched, or not.
  caf::reacts_to<atom::get, uint64_t, fetch_result_ptr>,
  // The robots.txt of this origin has been fetched, or not.
  caf::reacts_to<atom::load, std::string, fetch_result_ptr>>;

struct crawl_worker_state {
  static constexpr const char* name = "crawl-worker";

  explicit crawl_worker_state(crawl_worker_impl::pointer ptr) : self{ptr} {}

  /// An attempt in progress.
  struct work {
    job_context_ptr context;
    caf::typed_response_promise<job_outcome> reply;
    crawl_config config;
    std::string url;
    std::string discovered_by;
    uint32_t depth = 1;
    fetch_id fetch = 0;
    fetch_result_ptr fetched;
    page content;
  };

  /// What is known of one origin's robots.txt.
  struct origin {
    bool known = false;
    robots_rules rules;
    std::vector<uint64_t> waiting; ///< Attempts.
  };

  crawl_worker_impl::pointer self;
  crawler_settings settings;
  crawl_asker_actor frontier;
  std::shared_ptr<fetcher> net;
  std::unordered_map<uint64_t, work> attempts; ///< By epoch.
  std::unordered_map<std::string, origin> origins;

  caf::typed_response_promise<job_outcome>
  on_execute(const job_context_ptr& context);
  void on_robots(const std::string& where, const fetch_result& result);
  void on_page(uint64_t epoch, fetch_result_ptr result);
  void on_cancel(uint64_t epoch);

  void ask_robots(uint64_t epoch, work& x);
  void fetch_page(uint64_t epoch, work& x, const robots_rules& rules);
  void read_page(uint64_t epoch, work& x);
  void ask_frontier(uint64_t epoch, work& x);
  void save(work& x, const crawl_answer& links);
  void spawn(work& x, const crawl_answer& links);
  void complete(uint64_t epoch, const crawl_answer& links);
  void end(uint64_t epoch, job_outcome outcome);
  void fail(uint64_t epoch, const std::string& why);
};

/// Executes jobs of type "crawler_url": asks robots.txt, fetches the page,
/// reads it, asks the CRAWL FRONTIER about its links, saves the page as a
/// document and spawns a job for each new link. Any number at a time; waiting
/// takes no thread. A page that answers with HTTP 4xx or 5xx has failed, with
/// its status; one that redirects to a page that the step has is completed
/// without a document. The fetcher has its own retries, so a failure is final.
crawl_worker_impl::behavior_type
crawl_worker(crawl_worker_impl::stateful_pointer<crawl_worker_state> self,
             crawler_settings settings, crawl_asker_actor frontier,
             std::shared_ptr<fetcher> net);

worker_kind kind(const worker_environment& environment,
                 const crawler_settings& settings);

} // namespace quaero::crawler
