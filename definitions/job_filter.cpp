#include "definitions/job_filter.hpp"

#include "definitions/ascii.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace quaero {

namespace {

constexpr std::string_view known_keys
  = "state, dead, type, definition, queue, tag, name, parent, run, id, before, "
    "after and age";

/// One term, taken apart.
struct term {
  size_t position = 0; ///< Of its first byte, from 1.
  std::string_view source;
  std::string key;                 ///< "" for text alone.
  char relation = ':';             ///< ':', '<' or '>'.
  std::vector<std::string> values; ///< At least one.
};

timestamp whole_ms(timestamp x) {
  return std::chrono::floor<std::chrono::milliseconds>(x);
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

class filter_reader {
public:
  filter_reader(std::string_view text, timestamp now, job_filter& out,
                std::string& error, const job_filter_limits& limits)
    : text_{text}, now_{now}, out_{out}, error_{error}, limits_{limits} {}

  bool read() {
    if (text_.size() > limits_.text_bytes_max)
      return fail("the query has more than "
                  + std::to_string(limits_.text_bytes_max) + " bytes");
    if (!is_utf8(text_))
      return fail("the query is not UTF-8");
    size_t terms = 0;
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
      if (++terms > limits_.terms_max)
        return fail("the query has more than "
                    + std::to_string(limits_.terms_max) + " terms");
      term x;
      if (!read_term(x) || !apply(x))
        return false;
    }
    return true;
  }

private:
  bool fail(std::string why) {
    error_ = std::move(why);
    return false;
  }

  bool fail(const term& x, const std::string& why) {
    return fail("'" + std::string{x.source} + "' at "
                + std::to_string(x.position) + ": " + why);
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_]))
      ++at_;
  }

  // -- terms ------------------------------------------------------------------

  /// What people see of a term that is wrong: up to the next blank.
  std::string_view source_from(size_t first) const {
    auto last = first;
    while (last < text_.size() && !is_blank(text_[last]))
      ++last;
    return text_.substr(first, last - first);
  }

  bool read_term(term& x) {
    x.position = at_ + 1;
    x.source = source_from(at_);
    const auto first = at_;
    while (at_ < text_.size() && !is_blank(text_[at_])
           && std::string_view{":<>\""}.find(text_[at_])
                == std::string_view::npos)
      ++at_;
    const bool has_key
      = at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != '"';
    if (!has_key) {
      at_ = first;
      return read_values(x, false);
    }
    x.key = to_lower(text_.substr(first, at_ - first));
    x.relation = text_[at_++];
    return read_values(x, true);
  }

  /// @param list whether commas part values.
  bool read_values(term& x, bool list) {
    do {
      auto& one = x.values.emplace_back();
      if (at_ < text_.size() && text_[at_] == '"') {
        if (!read_quoted(x, one))
          return false;
      } else {
        while (at_ < text_.size() && !is_blank(text_[at_])
               && (!list || text_[at_] != ',')) {
          if (text_[at_] == '"')
            return fail(x, "a quote in the middle of a value");
          one.push_back(text_[at_++]);
        }
      }
      if (one.empty())
        return fail(x, "a value is missing");
      if (x.values.size() > limits_.values_max)
        return fail(x, "more than " + std::to_string(limits_.values_max)
                         + " values");
    } while (list && at_ < text_.size() && text_[at_] == ',' && ++at_ != 0);
    if (at_ < text_.size() && !is_blank(text_[at_]))
      return fail(x, "there must be a blank behind a quoted text");
    return true;
  }

  bool read_quoted(const term& x, std::string& out) {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') {
        if (++at_ == text_.size())
          break;
        if (text_[at_] != '"' && text_[at_] != '\\')
          return fail(x, R"(only \" and \\ stand for a character)");
      }
      out.push_back(text_[at_]);
    }
    if (at_ == text_.size())
      return fail(x, "the closing quote is missing");
    ++at_;
    return true;
  }

  // -- meaning ----------------------------------------------------------------

  bool apply(term& x) {
    if (x.key.empty() && x.relation == ':' && x.source.front() != ':') {
      out_.texts.push_back(std::move(x.values[0]));
      return true;
    }
    if (x.key == "age")
      return apply_age(x);
    if (x.relation != ':')
      return fail(x, "only age is compared with < and >");
    if (x.key == "state")
      return apply_states(x);
    if (x.key == "dead")
      return apply_dead(x);
    if (x.key == "parent")
      return apply_parents(x);
    if (x.key == "run")
      return apply_ids(x, out_.runs);
    if (x.key == "id")
      return apply_ids(x, out_.ids);
    if (x.key == "before")
      return apply_time(x, out_.created_before);
    if (x.key == "after")
      return apply_time(x, out_.created_after);
    if (x.key == "tag") {
      out_.tags.push_back(std::move(x.values));
      return true;
    }
    if (auto* list = texts_of(x.key))
      return once(x, *list) && (*list = std::move(x.values), true);
    return fail(x, "the keys are " + std::string{known_keys}
                     + "; text with a colon needs quotes");
  }

  std::vector<std::string>* texts_of(std::string_view key) {
    if (key == "type")
      return &out_.types;
    if (key == "definition")
      return &out_.definitions;
    if (key == "queue")
      return &out_.queues;
    if (key == "name")
      return &out_.names;
    return nullptr;
  }

  template <class List>
  bool once(const term& x, const List& list) {
    return list.empty()
           || fail(x,
                   "'" + x.key + "' is there twice; part values with commas");
  }

  bool apply_states(const term& x) {
    if (!once(x, out_.states))
      return false;
    for (const auto& text : x.values) {
      job_status state{};
      if (!from_string(text, state))
        return fail(x, "'" + text
                         + "' is not the state of a job (pending, running, "
                           "completed, failed, cancelled, skipped)");
      if (std::find(out_.states.begin(), out_.states.end(), state)
          == out_.states.end())
        out_.states.push_back(state);
    }
    return true;
  }

  bool apply_dead(const term& x) {
    if (!once(x, out_.dead))
      return false;
    if (x.values == std::vector<std::string>{"any"}) {
      out_.dead = all_failure_reasons();
      return true;
    }
    for (const auto& text : x.values) {
      failure_reason why{};
      if (!from_string(text, why))
        return fail(x, "'" + text
                         + "' is not why a job is a dead letter (any, "
                           "attempts_exhausted, not_retryable, expired, "
                           "quarantined, timed_out)");
      if (std::find(out_.dead.begin(), out_.dead.end(), why) == out_.dead.end())
        out_.dead.push_back(why);
    }
    std::sort(out_.dead.begin(), out_.dead.end());
    return true;
  }

  bool apply_parents(const term& x) {
    if (out_.roots || !out_.parents.empty())
      return once(x, std::string_view{"parent"});
    if (x.values.size() == 1 && x.values[0] == "root") {
      out_.roots = true;
      return true;
    }
    return apply_ids(x, out_.parents);
  }

  bool apply_ids(const term& x, std::vector<job_id>& out) {
    if (!once(x, out))
      return false;
    for (const auto& text : x.values)
      if (!from_string(text, out.emplace_back()))
        return fail(x, "'" + text + "' is not a job id (a UUID)");
    return true;
  }

  bool apply_time(const term& x, timestamp& out) {
    if (out != timestamp{})
      return once(x, x.key);
    if (x.values.size() != 1 || !from_rfc3339(x.values[0], out)
        || out <= timestamp{})
      return fail(x, "must be a time like 2026-01-20T02:00:00Z");
    out = whole_ms(out);
    return true;
  }

  bool apply_age(const term& x) {
    std::chrono::nanoseconds age{};
    if (x.relation == ':')
      return fail(x, "write age>1h or age<2d");
    if (x.values.size() != 1 || !parse_duration(x.values[0], age))
      return fail(x,
                  "'" + x.values[0] + "' is not a duration like 90s, 1h, 2d");
    auto& bound = x.relation == '>' ? out_.created_before : out_.created_after;
    if (bound != timestamp{})
      return once(x, std::string_view{"age"});
    bound
      = std::max(whole_ms(now_ - age), timestamp{std::chrono::milliseconds{1}});
    return true;
  }

  std::string_view text_;
  timestamp now_;
  job_filter& out_;
  std::string& error_;
  const job_filter_limits& limits_;
  size_t at_ = 0;
};

// -- writing ------------------------------------------------------------------

std::string quoted(std::string_view text) {
  std::string out{"\""};
  for (char c : text) {
    if (c == '"' || c == '\\')
      out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

void add_values(std::string& out, std::string_view key,
                std::vector<std::string> values) {
  if (values.empty())
    return;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (!out.empty())
    out.push_back(' ');
  out.append(key).push_back(':');
  for (size_t i = 0; i < values.size(); ++i)
    out.append(i == 0 ? "" : ",").append(quoted(values[i]));
}

void add_ids(std::string& out, std::string_view key,
             const std::vector<job_id>& ids) {
  std::vector<std::string> texts;
  for (const auto& x : ids)
    texts.push_back(to_string(x));
  add_values(out, key, std::move(texts));
}

void add_time(std::string& out, std::string_view key, timestamp x) {
  if (x != timestamp{})
    add_values(out, key, {to_rfc3339(x)});
}

} // namespace

bool parse_job_filter(std::string_view text, timestamp now, job_filter& out,
                      std::string& error, const job_filter_limits& limits) {
  return filter_reader{text, now, out, error, limits}.read();
}

std::string to_string(const job_filter& x) {
  std::string out;
  std::vector<std::string> states;
  for (auto state : x.states)
    states.push_back(to_string(state));
  add_values(out, "state", std::move(states));
  std::vector<std::string> reasons;
  for (auto why : x.dead)
    reasons.push_back(to_string(why));
  add_values(out, "dead", std::move(reasons));
  add_values(out, "type", x.types);
  add_values(out, "definition", x.definitions);
  add_values(out, "queue", x.queues);
  for (const auto& group : x.tags)
    add_values(out, "tag", group);
  add_values(out, "name", x.names);
  add_ids(out, "parent", x.parents);
  if (x.roots)
    add_values(out, "parent", {"root"});
  add_ids(out, "run", x.runs);
  add_ids(out, "id", x.ids);
  add_time(out, "before", x.created_before);
  add_time(out, "after", x.created_after);
  for (const auto& text : x.texts)
    out.append(out.empty() ? "" : " ").append(quoted(text));
  return out;
}

bool contains_any_case(std::string_view text, std::string_view part) {
  auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); })
         != text.end();
}

} // namespace quaero
