#include "definitions/job_definition.hpp"

#include <array>

namespace quaero {

std::string to_string(on_error x) {
  switch (x) {
    case on_error::carry_on:
      return "continue";
    case on_error::fail:
      return "fail";
    case on_error::retry:
      return "retry";
    case on_error::fatal:
      return "fatal";
  }
  return "unknown";
}

std::string to_string(failure_action x) {
  switch (x) {
    case failure_action::stop_all:
      return "stop_all";
    case failure_action::carry_on:
      return "continue";
    case failure_action::mark_warning:
      return "mark_warning";
  }
  return "unknown";
}

std::string to_string(missed_runs x) {
  switch (x) {
    case missed_runs::skip:
      return "skip";
    case missed_runs::run_once:
      return "run_once";
    case missed_runs::run_all:
      return "run_all";
  }
  return "unknown";
}

std::string to_string(overlap x) {
  switch (x) {
    case overlap::skip:
      return "skip";
    case overlap::queue:
      return "queue";
    case overlap::allow:
      return "allow";
  }
  return "unknown";
}

std::string derive_definition_type(const std::string& worker_type) {
  if (worker_type == "github_repo" || worker_type == "github_actions"
      || worker_type == "github_git")
    return "fetch";
  if (worker_type == "places_search")
    return "places";
  constexpr std::array same{
    "crawler",
    "agent",
    "web_search",
    "market_data",
    "portfolio_list",
    "portfolio_fetch",
    "portfolio_holdings",
    "portfolio_performance",
    "portfolio_review",
    "navexa_portfolio",
  };
  for (auto name : same)
    if (worker_type == name)
      return worker_type;
  return "custom";
}

const std::vector<std::string>& worker_types() {
  static const std::vector<std::string> names{
    "agent",
    "aggregate_summary",
    "analyze_build",
    "classify",
    "code_map",
    "crawler",
    "dependency_graph",
    "email",
    "email_watcher",
    "github_actions",
    "github_git",
    "github_repo",
    "job_template",
    "local_dir",
    "market_announcement_download",
    "market_announcements",
    "market_annual_report",
    "market_assessor",
    "market_competitor",
    "market_consolidate",
    "market_data",
    "market_data_collection",
    "market_director_interest",
    "market_fundamentals",
    "market_macro",
    "market_news",
    "market_portfolio",
    "market_signal",
    "navexa_portfolio",
    "noop",
    "orchestrator",
    "output_formatter",
    "places_search",
    "portfolio",
    "portfolio_fetch",
    "portfolio_holdings",
    "portfolio_list",
    "portfolio_newsletter",
    "portfolio_performance",
    "portfolio_review",
    "rating_bfs",
    "rating_cds",
    "rating_composite",
    "rating_nfr",
    "rating_ob",
    "rating_pps",
    "rating_vrs",
    "reindex",
    "signal_analysis",
    "summary",
    "test_job_generator",
    "ticker_metadata",
    "ticker_news",
    "transform",
    "web_search",
  };
  return names;
}

const std::vector<std::string>& definition_types() {
  static const std::vector<std::string> names{
    "agent",
    "code_map",
    "crawler",
    "custom",
    "fetch",
    "job_template",
    "local_dir",
    "manager",
    "market_announcements",
    "market_assessor",
    "market_competitor",
    "market_data",
    "market_data_collection",
    "market_director_interest",
    "market_fundamentals",
    "market_macro",
    "market_news",
    "market_portfolio",
    "market_signal",
    "navexa_portfolio",
    "orchestrator",
    "places",
    "portfolio",
    "portfolio_fetch",
    "portfolio_holdings",
    "portfolio_list",
    "portfolio_performance",
    "portfolio_review",
    "summarizer",
    "web_search",
  };
  return names;
}

} // namespace quaero
