#include "definitions/condition.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace quaero {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string quoted(std::string_view text) {
  return '\'' + std::string{text} + '\'';
}

} // namespace

// -- reading ------------------------------------------------------------------

class condition::parser {
public:
  parser(std::string_view text, condition& out) : text_{text}, out_{out} {}

  /// @returns what is wrong, or "".
  std::string run() {
    if (text_.size() > condition_bytes_max)
      return "has " + std::to_string(text_.size()) + " bytes, allowed "
             + std::to_string(condition_bytes_max);
    any();
    skip_blanks();
    if (error_.empty() && at_ != text_.size())
      fail("expected 'and', 'or' or the end");
    return error_;
  }

private:
  size_t any() {
    auto left = all();
    while (error_.empty() && take_word("or"))
      left = add({op::any, left, all(), {}, {}});
    return left;
  }

  size_t all() {
    auto left = one();
    while (error_.empty() && take_word("and"))
      left = add({op::all, left, one(), {}, {}});
    return left;
  }

  size_t one() {
    if (depth_ == condition_depth_max)
      return fail("more than " + std::to_string(condition_depth_max)
                  + " brackets or 'not' in each other");
    ++depth_;
    size_t result = 0;
    if (take_word("not")) {
      result = add({op::negate, one(), 0, {}, {}});
    } else if (take("(")) {
      result = any();
      if (error_.empty() && !take(")"))
        fail("expected ')'");
    } else {
      result = comparison();
    }
    --depth_;
    return result;
  }

  size_t comparison() {
    const auto left = operand();
    // Longer ones first: "<" begins "<=".
    static constexpr std::array<std::pair<const char*, op>, 6> signs{
      {{"==", op::equal},
       {"!=", op::unequal},
       {"<=", op::less_equal},
       {">=", op::greater_equal},
       {"<", op::less},
       {">", op::greater}}};
    for (const auto& [sign, what] : signs)
      if (error_.empty() && take(sign))
        return add({what, left, operand(), {}, {}});
    return left;
  }

  size_t operand() {
    if (!error_.empty())
      return 0;
    skip_blanks();
    const auto start = at_;
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"'))
      return add({op::constant, 0, 0, value{name()}, {}});
    const auto word = peek_word();
    if (word == "steps" || word == "config") {
      at_ += word.size();
      return word == "steps" ? step_operand() : config_operand();
    }
    if (word == "true" || word == "false") {
      at_ += word.size();
      return add({op::constant, 0, 0, value{word == "true"}, {}});
    }
    if (auto x = number())
      return add({op::constant, 0, 0, *x, {}});
    at_ = start;
    return fail("expected steps.NAME.FIELD, config.KEY, a number, a quoted "
                "text, true or false");
  }

  size_t step_operand() {
    static constexpr std::array<std::pair<const char*, op>, 5> fields{
      {{"status", op::step_status},
       {"completed", op::step_completed},
       {"failed", op::step_failed},
       {"cancelled", op::step_cancelled},
       {"documents", op::step_documents}}};
    auto step = dotted_name("steps");
    auto field = error_.empty() ? dotted_name("steps." + step) : std::string{};
    if (!error_.empty())
      return 0;
    auto i = std::find_if(fields.begin(), fields.end(),
                          [&](const auto& x) { return field == x.first; });
    if (i == fields.end())
      return fail("a step has no " + quoted(field)
                  + " - must be one of: status, completed, failed, "
                    "cancelled, documents");
    if (std::count(out_.steps_.begin(), out_.steps_.end(), step) == 0)
      out_.steps_.push_back(step);
    return add({i->second, 0, 0, {}, std::move(step)});
  }

  size_t config_operand() {
    auto key = dotted_name("config");
    return add({op::config, 0, 0, {}, std::move(key)});
  }

  std::string dotted_name(const std::string& behind) {
    if (at_ == text_.size() || text_[at_] != '.') {
      fail("expected '.' and a name behind " + quoted(behind));
      return {};
    }
    ++at_;
    return name();
  }

  /// A word or a quoted text, at once.
  std::string name() {
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') {
      const auto word = std::string{word_here()};
      at_ += word.size();
      if (word.empty())
        fail("expected a name");
      return word;
    }
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) {
      fail("the quotes are not closed");
      return {};
    }
    auto out = std::string{text_.substr(at_ + 1, end - at_ - 1)};
    at_ = end + 1;
    return out;
  }

  std::optional<value> number() {
    // The library reads "inf" and "nan", too.
    const char first = at_ < text_.size() ? text_[at_] : '\0';
    if (first != '-' && (first < '0' || first > '9'))
      return std::nullopt;
    const auto* begin = text_.data() + at_;
    const auto* end = text_.data() + text_.size();
    int64_t whole = 0;
    const auto as_int = std::from_chars(begin, end, whole);
    double real = 0;
    const auto as_real = std::from_chars(begin, end, real);
    if (as_real.ec != std::errc{})
      return std::nullopt;
    at_ += static_cast<size_t>(as_real.ptr - begin);
    if (as_int.ec == std::errc{} && as_int.ptr == as_real.ptr)
      return value{whole};
    return value{real};
  }

  // -- tools ------------------------------------------------------------------

  size_t fail(const std::string& what) {
    if (error_.empty())
      error_ = what + " at character " + std::to_string(at_ + 1);
    return 0;
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_]))
      ++at_;
  }

  std::string_view word_here() const {
    auto end = at_;
    while (end < text_.size() && is_word_char(text_[end]))
      ++end;
    return text_.substr(at_, end - at_);
  }

  std::string_view peek_word() {
    skip_blanks();
    return word_here();
  }

  bool take_word(std::string_view word) {
    if (!error_.empty() || peek_word() != word)
      return false;
    at_ += word.size();
    return true;
  }

  bool take(std::string_view sign) {
    skip_blanks();
    if (!error_.empty() || text_.substr(at_, sign.size()) != sign)
      return false;
    at_ += sign.size();
    return true;
  }

  size_t add(node x) {
    out_.nodes_.push_back(std::move(x));
    return out_.nodes_.size() - 1;
  }

  std::string_view text_;
  condition& out_;
  size_t at_ = 0;
  size_t depth_ = 0;
  std::string error_; // The first one.
};

std::optional<condition> condition::parse(std::string_view text,
                                          std::string& error) {
  condition out;
  error = parser{text, out}.run();
  if (!error.empty())
    return std::nullopt;
  return out;
}

// -- evaluating ---------------------------------------------------------------

class condition::evaluator {
public:
  evaluator(const std::vector<node>& nodes,
            const std::function<step_facts(const std::string&)>& facts,
            const value& config)
    : nodes_{nodes}, facts_{facts}, config_{config} {}

  bool truth(size_t i) {
    const auto& x = nodes_[i];
    switch (x.what) {
      case op::any:
        return truth(x.left) || truth(x.right);
      case op::all:
        return truth(x.left) && truth(x.right);
      case op::negate:
        return !truth(x.left);
      case op::equal:
        return equal(operand(x.left), operand(x.right));
      case op::unequal:
        return !equal(operand(x.left), operand(x.right));
      case op::less:
        return order(x) < 0;
      case op::less_equal:
        return order(x) <= 0;
      case op::greater:
        return order(x) > 0;
      case op::greater_equal:
        return order(x) >= 0;
      default:
        return alone(x, operand(i));
    }
  }

  const std::string& error() const { return error_; }

private:
  bool alone(const node& of, const value& x) {
    if (x.is_bool())
      return x.as_bool();
    fail(describe(of) + " is " + kind_name(x) + ", not true or false");
    return false;
  }

  static bool equal(const value& a, const value& b) {
    if (a.is_number() && b.is_number())
      return a.as_double() == b.as_double();
    return !a.is_null() && a == b;
  }

  int order(const node& x) {
    const auto a = operand(x.left);
    const auto b = operand(x.right);
    if (a.is_number() && b.is_number())
      return a.as_double() < b.as_double() ? -1 : a.as_double() > b.as_double();
    if (a.is_string() && b.is_string())
      return a.as_string().compare(b.as_string());
    fail(describe(nodes_[x.left]) + " (" + kind_name(a) + ") and "
         + describe(nodes_[x.right]) + " (" + kind_name(b) + ") have no order");
    return 0;
  }

  value operand(size_t i) const {
    const auto& x = nodes_[i];
    switch (x.what) {
      case op::config: {
        const auto* found = config_.find(x.name);
        return found == nullptr ? value{} : *found;
      }
      case op::step_status:
        return to_string(facts_(x.name).status);
      case op::step_completed:
        return facts_(x.name).children.completed;
      case op::step_failed:
        return facts_(x.name).children.failed;
      case op::step_cancelled:
        return facts_(x.name).children.cancelled;
      case op::step_documents:
        return facts_(x.name).children.documents;
      default:
        return x.constant;
    }
  }

  static std::string describe(const node& x) {
    if (x.what == op::config)
      return "config." + x.name;
    return x.what == op::constant ? "a constant" : "a field of step " + x.name;
  }

  void fail(std::string what) {
    if (error_.empty())
      error_ = std::move(what);
  }

  const std::vector<node>& nodes_;
  const std::function<step_facts(const std::string&)>& facts_;
  const value& config_;
  std::string error_;
};

condition::verdict
condition::evaluate(const std::function<step_facts(const std::string&)>& facts,
                    const value& config) const {
  evaluator how{nodes_, facts, config};
  verdict out;
  out.holds = how.truth(nodes_.size() - 1);
  out.error = how.error();
  if (!out.error.empty())
    out.holds = false;
  return out;
}

} // namespace quaero
