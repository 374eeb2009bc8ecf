#include "actors/workers/crawler/markdown_writer.hpp"

#include <algorithm>
#include <utility>

namespace quaero::crawler {

namespace {

constexpr std::string_view blanks = " \t\r\n\f";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether a renderer could take text[pos], a "<", for markup.
bool begins_markup(std::string_view text, size_t pos) {
  if (text[pos] != '<' || pos + 1 == text.size())
    return false;
  auto c = text[pos + 1];
  return is_letter(c) || c == '/' || c == '!' || c == '?';
}

} // namespace

void markdown_writer::text(std::string_view x) {
  while (!x.empty() && !full()) {
    auto word = x.find_first_not_of(blanks);
    if (word != 0)
      gap_ = true;
    if (word == std::string_view::npos)
      return;
    x.remove_prefix(word);
    auto end = std::min(x.find_first_of(blanks), x.size());
    begin_content();
    for (size_t i = 0; i < end; ++i) {
      if (begins_markup(x, i))
        out_ += '\\';
      out_ += x[i];
    }
    x.remove_prefix(end);
  }
}

void markdown_writer::inline_raw(std::string_view x) {
  if (x.empty() || full())
    return;
  begin_content();
  out_ += x;
}

void markdown_writer::lines(std::string_view x) {
  while (!full()) {
    auto end = std::min(x.find('\n'), x.size());
    begin_content();
    out_ += x.substr(0, end);
    if (end == x.size())
      return;
    x.remove_prefix(end + 1);
    breaks_ = 1;
    gap_ = false;
  }
}

void markdown_writer::end_block(bool tight) {
  if (flat()) {
    gap_ = true;
    return;
  }
  for (auto pos = marks_.rbegin(); pos != marks_.rend(); ++pos)
    if (std::exchange(pos->written, false))
      out_ += pos->close;
  breaks_ = std::max(breaks_, tight ? 1u : 2u);
  gap_ = false;
}

void markdown_writer::line_break() {
  if (flat()) {
    gap_ = true;
  } else if (breaks_ > 0) {
    end_block();
  } else if (in_line_) {
    breaks_ = 1;
    gap_ = false;
  }
}

void markdown_writer::open_mark(std::string open, std::string close) {
  marks_.push_back({std::move(open), std::move(close)});
}

void markdown_writer::close_mark() {
  if (marks_.back().written)
    out_ += marks_.back().close;
  marks_.pop_back();
}

void markdown_writer::push_indent(std::string first, std::string rest) {
  if (indents_.size() >= markdown_indent_max)
    ++hidden_indents_;
  else
    indents_.push_back({std::move(first), std::move(rest)});
}

void markdown_writer::pop_indent() {
  if (hidden_indents_ > 0)
    --hidden_indents_;
  else
    indents_.pop_back();
}

std::string markdown_writer::take() {
  auto last = out_.find_last_not_of(blanks);
  out_.resize(last == std::string::npos ? 0 : last + 1);
  breaks_ = 0;
  gap_ = in_line_ = false;
  return std::exchange(out_, {});
}

void markdown_writer::begin_content() {
  if (!in_line_) {
    begin_line();
  } else if (breaks_ > 0) {
    out_ += '\n';
    if (breaks_ > 1)
      blank_line();
    begin_line();
  } else if (gap_) {
    out_ += ' ';
  }
  gap_ = false;
  breaks_ = 0;
  in_line_ = true;
  for (auto& x : marks_)
    if (!std::exchange(x.written, true))
      out_ += x.open;
}

void markdown_writer::begin_line() {
  for (auto& x : indents_)
    out_ += std::exchange(x.written, true) ? x.rest : x.first;
}

void markdown_writer::blank_line() {
  auto from = out_.size();
  for (auto& x : indents_)
    if (x.written)
      out_ += x.rest;
  auto last = out_.find_last_not_of(' ');
  out_.resize(std::max(from, last == std::string::npos ? 0 : last + 1));
  out_ += '\n';
}

} // namespace quaero::crawler
