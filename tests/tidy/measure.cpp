#include "tests/tidy/measure.hpp"

#include "tests/tidy/tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace quaero::tidy {

namespace {

// Copies code and replaces by blanks what only looks like code.
class blanker {
public:
  explicit blanker(std::string_view code) : in_{code} {}

  std::string run() {
    while (at_ < in_.size()) {
      if (starts("//"))
        blank_until("\n", 0);
      else if (starts("/*"))
        blank_until("*/", 2);
      else if (starts("R\"") && !after_word())
        blank_raw();
      else if (in_[at_] == '"' || (in_[at_] == '\'' && !after_word()))
        blank_quoted(in_[at_]);
      else if (in_[at_] == '#' && at_line_start())
        blank_directive();
      else
        out_ += in_[at_++];
    }
    return std::move(out_);
  }

private:
  bool starts(std::string_view x) const {
    return in_.substr(at_, x.size()) == x;
  }

  // A quote behind a digit parts thousands.
  bool after_word() const {
    return at_ > 0
           && std::isalnum(static_cast<unsigned char>(in_[at_ - 1])) != 0;
  }

  bool at_line_start() const {
    auto line = out_.substr(out_.rfind('\n') + 1);
    return line.find_first_not_of(' ') == std::string::npos;
  }

  void blank(size_t count) {
    for (auto end = std::min(at_ + count, in_.size()); at_ < end; ++at_)
      out_ += in_[at_] == '\n' ? '\n' : ' ';
  }

  void blank_until(std::string_view end, size_t more) {
    auto found = in_.find(end, at_ + more);
    blank(found == std::string_view::npos ? in_.size() : found + more - at_);
  }

  void blank_raw() {
    auto open = in_.find('(', at_);
    auto end = ")" + std::string{in_.substr(at_ + 2, open - at_ - 2)} + "\"";
    auto found = in_.find(end, at_);
    blank(found == std::string_view::npos ? in_.size()
                                          : found + end.size() - at_);
  }

  void blank_quoted(char quote) {
    blank(1);
    while (at_ < in_.size() && in_[at_] != quote && in_[at_] != '\n')
      blank(in_[at_] == '\\' ? 2 : 1);
    blank(1);
  }

  void blank_directive() {
    for (bool more = true; more && at_ < in_.size();) {
      auto end = std::min(in_.find('\n', at_), in_.size());
      more = in_[end - 1] == '\\';
      blank(end + 1 - at_);
    }
  }

  std::string_view in_;
  size_t at_ = 0;
  std::string out_;
};

std::string trimmed(const std::string& text) {
  auto first = text.find_first_not_of(" \n");
  if (first == std::string::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

bool is_container(const std::string& head) {
  if (head.starts_with("namespace") || head.starts_with("extern"))
    return true;
  constexpr std::array words{"class", "struct", "union", "enum"};
  return head.find('(') == std::string::npos
         && std::any_of(words.begin(), words.end(),
                        [&](const char* x) { return has_word(head, x); });
}

// Walks over braces with the heads of the blocks that are open.
class measurer {
public:
  explicit measurer(std::string_view code) : code_{blank_out(code)} {}

  std::vector<block> run() {
    for (size_t i = 0; i < code_.size(); ++i) {
      const char c = code_[i];
      if (c == '{')
        open(i);
      else if (c == '}')
        close();
      else if (c == ';')
        head_.clear();
      else
        add(i);
      if (c == '\n')
        ++line_;
    }
    return std::move(found_);
  }

private:
  enum class kind { container, function, behaviour, values };

  struct level {
    kind what;
    size_t first;
    std::string head;
    size_t head_line;
  };

  void add(size_t at) {
    const char c = code_[at];
    if (head_.empty()) {
      if (c == ' ' || c == '\n')
        return;
      head_line_ = line_;
    }
    head_ += c;
    // An empty line ends a macro without a semicolon.
    if (is_label(at) || (c == '\n' && code_[at - 1] == '\n'))
      head_.clear();
  }

  // "public:" is no part of the function that follows.
  bool is_label(size_t at) const {
    return code_[at] == ':' && at + 1 < code_.size() && code_[at + 1] == '\n'
           && head_.find('(') == std::string::npos;
  }

  void open(size_t at) {
    const auto head = trimmed(head_);
    levels_.push_back({kind_of(head, at), head.empty() ? line_ : head_line_,
                       head_, head_line_});
    head_.clear();
  }

  kind kind_of(const std::string& head, size_t at) const {
    if (head.ends_with("return")) {
      auto next = code_.find_first_not_of(" \n", at + 1);
      return next != std::string::npos && code_[next] == '[' ? kind::behaviour
                                                             : kind::values;
    }
    const bool apart
      = at > 0 && (code_[at - 1] == ' ' || code_[at - 1] == '\n');
    constexpr std::string_view before_values = "=,(";
    if (!apart || head.empty()
        || before_values.find(head.back()) != std::string_view::npos)
      return kind::values;
    return is_container(head) ? kind::container : kind::function;
  }

  void close() {
    if (levels_.empty())
      return;
    auto x = std::move(levels_.back());
    levels_.pop_back();
    head_.clear();
    if (x.what == kind::function)
      found_.push_back({block_kind::function, x.first, line_});
    else if (x.what == kind::behaviour)
      found_.push_back({block_kind::behaviour, x.first, line_});
    if (x.what == kind::values || x.what == kind::behaviour) {
      // The statement goes on: a constructor's list of members, for instance.
      head_ = x.head + "{}";
      head_line_ = x.head_line;
    }
  }

  std::string code_;
  std::string head_; ///< Of the statement, up to here.
  size_t head_line_ = 0;
  size_t line_ = 0;
  std::vector<level> levels_;
  std::vector<block> found_;
};

} // namespace

std::string blank_out(std::string_view code) {
  return blanker{code}.run();
}

std::vector<block> measure(std::string_view code) {
  return measurer{code}.run();
}

} // namespace quaero::tidy
