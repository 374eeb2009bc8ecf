#include "programs/cli/help.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <numeric>
#include <sstream>

namespace quaero::cli {

namespace {

constexpr size_t name_columns = 26;

// `text` in lines of at most help_columns, all but the first indented.
std::string wrapped(const std::string& text, size_t indent) {
  std::string result;
  std::istringstream words{text};
  size_t column = indent;
  for (std::string word; words >> word;) {
    bool first = column == indent;
    if (!first && column + 1 + word.size() > help_columns) {
      result += '\n' + std::string(indent, ' ');
      column = indent;
      first = true;
    }
    result += (first ? "" : " ") + word;
    column += word.size() + (first ? 0 : 1);
  }
  return result;
}

std::string entry(std::string name, const std::string& text) {
  name.insert(0, "  ");
  if (name.size() + 1 >= name_columns)
    name += '\n' + std::string(name_columns, ' ');
  else
    name.resize(name_columns, ' ');
  return name + wrapped(text, name_columns) + '\n';
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

void replace_all(std::string& text, std::string_view from,
                 std::string_view to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from))
    text.replace(at, from.size(), to);
}

class formatter final : public CLI::Formatter {
public:
  formatter() {
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
  }

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    bool root = app->get_parent() == nullptr;
    auto text = app->get_description() + "\n\nExamples:\n";
    std::istringstream examples{app->get_footer()};
    std::string line;
    while (std::getline(examples, line) && !line.empty())
      text += "  " + line + '\n';
    text += '\n' + make_usage(app, name) + make_positionals(app)
            + make_groups(app, mode) + make_subcommands(app, mode);
    while (std::getline(examples, line)) // what follows them, of the program
      text += '\n' + line;
    if (!root)
      text += "\nOptions for every command and exit codes: quaero --help";
    replace_all(text, "\n\n\n", "\n\n");
    return text + '\n';
  }

  std::string make_option(const CLI::Option* option,
                          bool positional) const override {
    auto name = make_option_name(option, positional);
    if (auto comma = name.find(','); comma != name.npos)
      name.insert(comma + 1, " ");
    if (!positional)
      name += make_option_opts(option);
    return entry(name, option->get_description());
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0)
      return "";
    auto kind = option->get_type_name();
    // What checks add ("INT in [1 - 500]") is no name for a value.
    auto end = kind.find_first_of(" :");
    auto text = ' ' + (end == kind.npos ? kind : kind.substr(0, end));
    if (option->get_expected_max() == CLI::detail::expected_max_vector_size)
      text += "...";
    return text;
  }

  std::string make_subcommand(const CLI::App* app) const override {
    return entry(app->get_name(), first_line(app->get_description()));
  }
};

// Insertions, deletions, replacements and swaps of neighbours.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before;
  std::vector<size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    std::vector<size_t> row(b.size() + 1, i);
    for (size_t k = 1; k <= b.size(); ++k) {
      row[k] = std::min({last[k] + 1, row[k - 1] + 1,
                         last[k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1)});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        row[k] = std::min(row[k], before[k - 2] + 1);
    }
    before = std::move(last);
    last = std::move(row);
  }
  return last[b.size()];
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> result;
  for (const auto* x :
       app.get_subcommands([](const CLI::App*) { return true; }))
    result.push_back(x->get_name());
  return result;
}

const CLI::Option* find_option(const CLI::App& app, const std::string& name) {
  for (const auto* x = &app; x != nullptr; x = x->get_parent())
    if (const auto* option = x->get_option_no_throw(name))
      return option;
  return nullptr;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> result;
  for (const auto* x = &app; x != nullptr; x = x->get_parent())
    for (const auto* option : x->get_options())
      for (const auto& name : option->get_lnames())
        result.push_back("--" + name);
  return result;
}

// Walks along a command line as far as it names commands.
struct walker {
  const CLI::App* at;
  std::string name = {};
  std::string unknown_command = {};
  std::string unknown_option = {};

  void walk(int argc, const char* const* argv) {
    for (int i = 1;
         i < argc && unknown_command.empty() && unknown_option.empty(); ++i) {
      std::string word = argv[i];
      if (word == "--")
        return;
      if (word.size() > 1 && word[0] == '-')
        i += take_option(word);
      else
        take_word(word);
    }
  }

private:
  // @returns how many words behind it are its value.
  int take_option(std::string word) {
    auto equals = word.find('=');
    auto known = word.substr(0, equals);
    const auto* option = find_option(*at, known);
    if (option == nullptr) {
      if (known.starts_with("--"))
        unknown_option = known;
      return 0;
    }
    return equals == word.npos && option->get_type_size() != 0 ? 1 : 0;
  }

  void take_word(const std::string& word) {
    if (at->get_require_subcommand_min() == 0)
      return; // an argument
    for (const auto* x :
         at->get_subcommands([](const CLI::App*) { return true; }))
      if (x->get_name() == word) {
        at = x;
        name += (name.empty() ? "" : " ") + word;
        return;
      }
    unknown_command = word;
  }
};

} // namespace

std::shared_ptr<CLI::FormatterBase> help_format() {
  return std::make_shared<formatter>();
}

std::string nearest(std::string_view word,
                    const std::vector<std::string>& known) {
  std::string result;
  size_t best = 1 + word.size() / 3; // further away is another word
  for (const auto& x : known) {
    auto d = x.starts_with(word) && word.size() > 1 ? 0 : distance(word, x);
    if (d < best || (d == best && result.empty())) {
      best = d;
      result = x;
    }
  }
  return result;
}

std::string unknown_word(const CLI::App& app, int argc,
                         const char* const* argv) {
  walker w{&app};
  w.walk(argc, argv);
  bool command = !w.unknown_command.empty();
  const auto& word = command ? w.unknown_command : w.unknown_option;
  if (word.empty())
    return "";
  auto meant
    = nearest(word, command ? command_names(*w.at) : option_names(*w.at));
  auto where = w.name.empty() ? std::string{} : w.name + ' ';
  auto text = "there is no " + std::string{command ? "command" : "option"}
              + " '" + (command ? where : "") + word + '\'';
  if (!meant.empty())
    text += "; did you mean: " + std::string{command ? "quaero " + where : ""}
            + meant + '?';
  return text;
}

const CLI::App& command_of(const CLI::App& app, int argc,
                           const char* const* argv, std::string& name) {
  walker w{&app};
  w.walk(argc, argv);
  name = w.name;
  return *w.at;
}

} // namespace quaero::cli
