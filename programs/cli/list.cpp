#include "programs/cli/list.hpp"

#include "definitions/json.hpp"
#include "programs/cli/table.hpp"

#include <algorithm>

namespace quaero::cli {

namespace {

const value::array& rows_of(const value& json, const char* items) {
  return *items == '\0' && json.is_array() ? json.as_array()
                                           : items_of(json, items);
}

// Where to go on behind a page.
struct list_position {
  std::string cursor = {};
  int64_t seen = 0; // rows; the offset of a list without cursors
};

http_request page_request(const list_format& format, const list_position& at,
                          int64_t limit) {
  auto target = format.target;
  if (format.page_max == 0)
    return {.target = std::move(target)};
  // The limit comes first, so that lists without a filter are easy to read.
  auto query = target.find('?');
  auto text = "limit=" + std::to_string(limit);
  if (query == target.npos)
    target += '?' + text;
  else
    target.insert(query + 1, text + '&');
  if (!at.cursor.empty())
    add_query(target, "cursor", at.cursor);
  else if (at.seen > 0)
    add_query(target, "offset", std::to_string(at.seen));
  return {.target = std::move(target)};
}

// @returns whether there may be more behind this page.
bool advance(list_position& at, const value& json, int64_t rows,
             int64_t asked) {
  at.seen += rows;
  // A page may be empty because nothing of what was looked at for it matches.
  if (json.find("next_cursor") != nullptr) {
    auto next = text_of(json, "next_cursor");
    bool moved = !next.empty() && next != at.cursor;
    at.cursor = next;
    return moved;
  }
  if (auto total = json.get_int("total_count"))
    return rows > 0 && at.seen < *total;
  return rows == asked;
}

std::string cell_of(const command_context& context, const list_column& column,
                    const value& row) {
  auto text
    = column.text != nullptr ? column.text(row) : text_of(row, column.member);
  return column.age ? age_text(context, text) : text;
}

// Takes the pages and prints them.
class list_printer {
public:
  list_printer(command_context& context, const list_format& format)
    : context_{context}, format_{format}, table_{columns_of(format)} {}

  /// @param seen rows, with this page.
  void take(const answer& page, int64_t seen, bool last) {
    seen_ = seen;
    const auto& rows = rows_of(page.json, format_.items);
    if (context_.json) {
      print(page, rows, last);
    } else {
      for (const auto& row : rows) {
        std::vector<std::string> cells;
        for (const auto& column : format_.columns)
          cells.push_back(cell_of(context_, column, row));
        table_.add(std::move(cells));
      }
      if (table_.size() > 0)
        table_.flush(context_.to);
    }
    first_ = false;
    if (last)
      end(page);
  }

private:
  static std::vector<table::column> columns_of(const list_format& format) {
    std::vector<table::column> result;
    for (const auto& x : format.columns)
      result.push_back({.heading = x.heading,
                        .right = x.right,
                        .status = x.status,
                        .shrinks = x.shrinks});
    return result;
  }

  void print(const answer& page, const value::array& rows, bool last) {
    if (first_ && last) {
      print_json(context_, page);
      return;
    }
    std::string text = first_ ? '{' + quoted(format_.items) + ":[" : "";
    for (const auto& row : rows) {
      text += (printed_ ? ",\n" : "\n") + to_json(row);
      printed_ = true;
    }
    if (last)
      text += "\n]" + rest_of(page) + '}';
    print_text(context_.to, text);
  }

  // The members beside the rows that say how much of the list they are.
  std::string rest_of(const answer& page) const {
    auto text
      = ",\"total_count\":" + std::to_string(total_of(page))
        + ",\"next_cursor\":" + to_json(text_of(page.json, "next_cursor"));
    for (const char* name : {"total_is_exact", "complete"})
      if (const auto* x = page.json.find(name))
        text += ",\"" + std::string{name} + "\":" + to_json(*x);
    return text;
  }

  static std::string quoted(const char* name) {
    return to_json(value{*name == '\0' ? "items" : name});
  }

  int64_t total_of(const answer& page) const {
    return page.json.get_int("total_count").value_or(seen_);
  }

  void end(const answer& page) {
    if (context_.json)
      return;
    auto& err = context_.to.err;
    if (seen_ == 0)
      err << format_.when_empty << '\n';
    else if (auto total = total_of(page); total > seen_)
      err << count_text(seen_) << " of "
          << (page.json.get_bool("total_is_exact").value_or(true) ? ""
                                                                  : "at least ")
          << count_text(total) << ' ' << format_.noun
          << "; see more with --limit N or --all\n";
    if (!page.json.get_bool("complete").value_or(true))
      err << format_.when_incomplete << '\n';
  }

  command_context& context_;
  const list_format& format_;
  table table_;
  bool first_ = true;
  bool printed_ = false; // a row, with --json
  int64_t seen_ = 0;
};

} // namespace

void add_list_options(CLI::App& app, list_options& options) {
  add_value(app, "--limit", options.limit, "N",
            "How many at most, as many pages as that takes (default: "
              + std::to_string(options.limit) + ')')
    ->check(CLI::Range(int64_t{1}, list_limit_max));
  app.add_flag("--all", options.all, "All there are");
}

int show_list(command_context& context, const list_format& format,
              const list_options& options) {
  list_printer printer{context, format};
  list_position at;
  auto wanted = options.all ? list_limit_max : options.limit;
  for (;;) {
    auto limit = std::min(wanted - at.seen, format.page_max);
    auto page = ask(context, page_request(format, at, limit));
    if (!page.ok())
      return page.exit;
    auto rows = static_cast<int64_t>(rows_of(page.json, format.items).size());
    bool more = advance(at, page.json, rows, limit) && format.page_max > 0
                && at.seen < wanted;
    printer.take(page, at.seen, !more);
    if (!more)
      return exit_ok;
  }
}

std::string age_text(const command_context& context, const std::string& time) {
  timestamp then;
  if (!from_rfc3339(time, then))
    return time;
  using namespace std::chrono;
  auto s = duration_cast<seconds>(context.clock->now() - then).count();
  s = std::max<int64_t>(0, s);
  if (s < 60)
    return std::to_string(s) + 's';
  if (s < 60 * 60)
    return std::to_string(s / 60) + 'm';
  if (s < 48 * 60 * 60)
    return std::to_string(s / 3600) + 'h';
  return std::to_string(s / 86400) + 'd';
}

} // namespace quaero::cli
