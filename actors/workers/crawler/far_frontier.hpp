#pragma once

#include "actors/workers/crawler/crawl_frontier.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <string>

/// The CRAWL FRONTIER for workers at nodes: what they ask, and its answers,
/// travel as JSON.
namespace quaero::crawler {

/// Without `step` and `asker`, which are not for a node to say.
std::string to_text(const crawl_question& x);
std::string to_text(const crawl_answer& x);

/// @returns "" or what is wrong with the text; `out` is then half read.
std::string read_text(const std::string& text, crawl_question& out);
std::string read_text(const std::string& text, crawl_answer& out);

/// At a node: asks the hub.
/// Errors: ec::worker_failed, and those of `hub`.
crawl_asker_actor::behavior_type far_frontier(crawl_asker_actor::pointer self,
                                              question_actor hub);

/// At the hub: what far_frontier() talks to, by way of the node.
/// Errors: ec::invalid_argument, and those of `frontier`.
question_actor::behavior_type frontier_door(question_actor::pointer self,
                                            crawl_asker_actor frontier);

} // namespace quaero::crawler
