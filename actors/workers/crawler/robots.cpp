#include "actors/workers/crawler/robots.hpp"

#include "actors/workers/crawler/url.hpp"
#include "definitions/ascii.hpp"

#include <algorithm>
#include <charconv>

namespace quaero::crawler {

namespace {

std::string_view token_of(std::string_view agent) {
  return trim(agent.substr(0, agent.find_first_of("/ \t")));
}

// `*` stands for any bytes; without a final `$` the pattern is a prefix.
bool matches(std::string_view pattern, std::string_view path) {
  bool anchored = pattern.ends_with('$');
  if (anchored)
    pattern.remove_suffix(1);
  size_t p = 0;
  size_t s = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  while (p < pattern.size() || (anchored && s < path.size())) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = s;
    } else if (p < pattern.size() && s < path.size() && pattern[p] == path[s]) {
      ++p;
      ++s;
    } else if (star != std::string_view::npos && resume < path.size()) {
      p = star + 1;
      s = ++resume;
    } else {
      return false;
    }
  }
  return true;
}

std::optional<std::chrono::milliseconds> read_delay(std::string_view text) {
  double seconds = 0;
  auto [end, ec]
    = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (ec != std::errc{} || !(seconds >= 0))
    return std::nullopt;
  auto limit = static_cast<double>(crawl_delay_max.count());
  return std::chrono::milliseconds{
    static_cast<int64_t>(std::min(seconds * 1000.0, limit))};
}

} // namespace

struct robots_rules::parser {
  explicit parser(std::string_view user_agent)
    : agent{to_lower(token_of(user_agent))} {}

  void line(std::string_view text) {
    text = text.substr(0, text.find('#'));
    auto colon = text.find(':');
    if (colon == std::string_view::npos)
      return;
    auto key = to_lower(trim(text.substr(0, colon)));
    auto data = trim(text.substr(colon + 1));
    if (key == "user-agent")
      name(data);
    else if (key == "allow" || key == "disallow")
      add(data, key == "allow");
    else if (key == "crawl-delay")
      delay(data);
  }

  void name(std::string_view text) {
    if (!naming)
      for_us = for_all = false;
    naming = true;
    if (text == "*")
      for_all = true;
    else if (to_lower(token_of(text)) == agent)
      for_us = named = true;
  }

  void add(std::string_view pattern, bool allow) {
    naming = false;
    if (pattern.empty() || pattern.size() > robots_pattern_bytes_max)
      return;
    auto put = [&](robots_rules& to) {
      if (to.rules_.size() < robots_rules_max)
        to.rules_.push_back({normalise_escapes(pattern), allow});
    };
    if (for_us)
      put(ours);
    if (for_all)
      put(everyones);
  }

  void delay(std::string_view text) {
    naming = false;
    auto found = read_delay(text);
    if (!found)
      return;
    if (for_us)
      ours.crawl_delay_ = found;
    if (for_all)
      everyones.crawl_delay_ = found;
  }

  std::string agent;
  robots_rules ours;
  robots_rules everyones;
  bool named = false;  // a group names us, even if it is empty
  bool naming = false; // the last line that counts was a user-agent line
  bool for_us = false;
  bool for_all = false;
};

robots_rules robots_rules::deny_all() {
  robots_rules result;
  result.rules_.push_back({"/", false});
  return result;
}

robots_rules robots_rules::parse(std::string_view text,
                                 std::string_view user_agent) {
  if (text.size() > robots_bytes_max) {
    text = text.substr(0, robots_bytes_max);
    // Half a rule could forbid far more than the whole one.
    text = text.substr(0, text.find_last_of("\r\n") + 1);
  }
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  parser work{user_agent};
  while (!text.empty()) {
    auto end = std::min(text.find_first_of("\r\n"), text.size());
    work.line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return work.named ? std::move(work.ours) : std::move(work.everyones);
}

robots_rules robots_rules::from_response(int status, std::string_view body,
                                         std::string_view user_agent) {
  if (status >= 200 && status < 300)
    return parse(body, user_agent);
  if (status >= 400 && status < 500)
    return {};
  return deny_all();
}

bool robots_rules::allows(std::string_view path) const {
  if (rules_.empty() || path == "/robots.txt")
    return true;
  auto normal = normalise_escapes(path);
  const rule* best = nullptr;
  for (auto& x : rules_) {
    auto size = x.pattern.size();
    bool better = best == nullptr || size > best->pattern.size()
                  || (size == best->pattern.size() && x.allow);
    if (better && matches(x.pattern, normal))
      best = &x;
  }
  return best == nullptr || best->allow;
}

} // namespace quaero::crawler
