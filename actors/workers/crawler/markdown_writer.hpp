#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quaero::crawler {

/// Bytes of Markdown that one page may become; the rest is cut.
inline constexpr size_t markdown_bytes_max = 32 * 1024 * 1024;

/// Lists and quotes inside each other; deeper ones are not indented further.
inline constexpr size_t markdown_indent_max = 16;

/// Lays out Markdown: collapses white space, separates blocks, indents what is
/// in lists and quotes, and keeps marks such as ** next to the words. Not for
/// two threads at once.
class markdown_writer {
public:
  /// @param flat everything on one line: table cells and headings.
  explicit markdown_writer(bool flat = false) : flat_{flat ? 1u : 0u} {}

  /// Adds text of a page: white space collapses, "<" that would begin markup
  /// is escaped.
  void text(std::string_view x);

  /// Adds a piece of a line as it stands, images and code for instance.
  void inline_raw(std::string_view x);

  /// Adds whole lines as they stand.
  void lines(std::string_view x);

  /// A blank that is written only if something follows on the line.
  void blank() { gap_ = true; }

  /// Ends the block that is being written. The next one is set apart by a
  /// blank line, or by a mere line break if `tight`.
  void end_block(bool tight = false);

  void line_break();

  /// What is written until close_mark() stands between `open` and `close`,
  /// again in each block it extends over. Without text there are no marks.
  void open_mark(std::string open, std::string close);
  void close_mark();

  /// Every line until pop_indent() begins with `rest`, the first with `first`.
  void push_indent(std::string first, std::string rest);
  void pop_indent();

  /// Everything until the matching end_flat() goes on one line.
  void begin_flat() { ++flat_; }
  void end_flat() { --flat_; }
  bool flat() const { return flat_ > 0; }

  bool full() const { return out_.size() >= markdown_bytes_max; }

  /// What was written, without blanks at the end. The writer is then empty.
  std::string take();

private:
  struct mark {
    std::string open;
    std::string close;
    bool written = false;
  };
  struct indent {
    std::string first;
    std::string rest;
    bool written = false;
  };

  void begin_content();
  void begin_line();
  void blank_line();

  std::string out_;
  std::vector<mark> marks_;
  std::vector<indent> indents_;
  size_t hidden_indents_ = 0;
  unsigned breaks_ = 0; ///< Line ends due before the next content.
  unsigned flat_;
  bool gap_ = false;
  bool in_line_ = false;
};

} // namespace quaero::crawler
