#include "programs/cli/completion.hpp"
#include "programs/cli/help.hpp"
#include "tests/programs/cli_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

/// What the program says about itself, and what others make of it.

using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

struct tree {
  tree() {
    app.require_subcommand(1);
    add_commands(app, s.context);
  }

  session s;
  CLI::App app{"", "quaero"};
};

std::vector<const CLI::App*> all_commands(const CLI::App& app) {
  std::vector<const CLI::App*> result;
  for (const auto* x :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    result.push_back(x);
    for (const auto* y : all_commands(*x))
      result.push_back(y);
  }
  return result;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

// Words as a shell parts them, as far as examples need it. What goes on behind
// a pipe, && or ; is another command.
std::vector<std::vector<std::string>> commands_of(const std::string& line) {
  std::vector<std::vector<std::string>> result(1);
  std::string word;
  bool any = false;
  char quote = '\0';
  auto finish = [&] {
    if (any)
      result.back().push_back(word);
    word.clear();
    any = false;
  };
  for (char c : line) {
    if (quote != '\0') {
      if (c == quote)
        quote = '\0';
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      any = true;
    } else if (c == ' ') {
      finish();
    } else if (c == '|' || c == '&' || c == ';' || c == '(' || c == ')') {
      finish();
      result.emplace_back();
    } else if (c == '#' && !any) {
      break;
    } else {
      word += c;
      any = true;
    }
  }
  finish();
  return result;
}

// Whether the program understands it; nothing is sent anywhere.
bool parses(const std::vector<std::string>& words, std::string& error) {
  tree t;
  std::vector<const char*> argv{"quaero"};
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "<" || words[i] == ">")
      break;
    argv.push_back(words[i].c_str());
  }
  try {
    t.app.parse(static_cast<int>(argv.size()), argv.data());
    return true;
  } catch (const CLI::ParseError& x) {
    error = x.what();
    return x.get_exit_code() == 0; // --help
  }
}

size_t check_examples(const std::string& text, const std::string& where) {
  size_t checked = 0;
  for (const auto& line : lines_of(text))
    for (const auto& words : commands_of(line)) {
      if (words.empty()
          || (words[0] != "quaero" && !words[0].ends_with("/quaero")))
        continue;
      std::string error;
      ++checked;
      BOOST_TEST(parses(words, error), where << ": " << line << ": " << error);
    }
  return checked;
}

std::string read_file(const std::string& path) {
  std::ifstream in{std::string{QUAERO_SOURCE_DIR} + '/' + path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// What bash offers behind these words, parted by blanks.
std::string complete(const std::string& script, const std::string& words) {
  auto command = "bash --norc -c 'source " + script + "; COMP_WORDS=(" + words
                 + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _quaero; "
                   "echo \"${COMPREPLY[*]}\"'";
  auto* pipe = ::popen(command.c_str(), "r");
  BOOST_REQUIRE(pipe != nullptr);
  std::string result;
  char buffer[4096];
  while (std::fgets(buffer, sizeof(buffer), pipe) != nullptr)
    result += buffer;
  BOOST_TEST(::pclose(pipe) == 0);
  while (result.ends_with('\n'))
    result.pop_back();
  return result;
}

struct script_file {
  script_file(const char* end, const std::string& text)
    : path{(std::filesystem::temp_directory_path()
            / ("quaero-completion-" + std::to_string(::getpid()) + end))
             .string()} {
    std::ofstream{path} << text;
  }
  ~script_file() { std::filesystem::remove(path); }

  std::string path;
};

} // namespace

BOOST_AUTO_TEST_SUITE(help)

BOOST_AUTO_TEST_CASE(every_command_has_examples_that_the_program_understands) {
  tree t;
  const auto commands = all_commands(t.app);
  BOOST_TEST(commands.size() > 60u);
  for (const auto* x : commands)
    BOOST_TEST(check_examples(x->get_footer(), x->get_name()) > 0u,
               x->get_name());
}

BOOST_AUTO_TEST_CASE(examples_of_the_documents_are_understood) {
  BOOST_TEST(check_examples(read_file("docs/cli.md"), "docs/cli.md") > 20u);
  BOOST_TEST(check_examples(read_file("README.md"), "README.md") > 3u);
}

BOOST_AUTO_TEST_CASE(the_manual_names_every_command) {
  tree t;
  auto page = read_file("docs/cli.md");
  for (const auto* x : all_commands(t.app)) {
    if (x->get_require_subcommand_min() > 0)
      continue;
    auto name = x->get_name();
    if (x->get_parent() != &t.app)
      name = x->get_parent()->get_name() + ' ' + name;
    BOOST_TEST(
      (contains(page, "`" + name + "`") || contains(page, "`" + name + " ")),
      name << " is not in docs/cli.md");
  }
}

BOOST_AUTO_TEST_CASE(help_comes_with_examples_first_and_fits_the_screen) {
  tree t;
  for (const auto* x : all_commands(t.app)) {
    auto text = x->help("quaero");
    BOOST_TEST(text.find("Examples:") < text.find("Usage:"), x->get_name());
    for (const auto& line : lines_of(text))
      BOOST_TEST(line.size() <= help_columns, x->get_name() << ": " << line);
  }
  session s;
  BOOST_TEST(s.run({"jobs", "list", "--help"}) == exit_ok);
  BOOST_TEST(s.out.str().starts_with("List runs, newest first\n"));
  BOOST_TEST(contains(s.out.str(), "Usage: quaero jobs list"));
}

BOOST_AUTO_TEST_CASE(a_mistyped_word_gets_the_nearest_one) {
  const std::vector<std::pair<std::vector<const char*>, const char*>> cases{
    {{"jbos", "list"}, "'jbos'; did you mean: quaero jobs?"},
    {{"jobs", "lits"}, "'jobs lits'; did you mean: quaero jobs list?"},
    {{"jobs", "list", "--staus", "x"}, "'--staus'; did you mean: --status?"},
    {{"--serv", "x", "status"}, "'--serv'; did you mean: --server?"},
    {{"xyzzy"}, "'xyzzy'\n"}};
  for (const auto& [words, said] : cases) {
    session s;
    BOOST_TEST(s.run(words) == exit_usage);
    BOOST_TEST(contains(s.err.str(), said), s.err.str());
    BOOST_TEST(contains(s.err.str(), "--help"));
  }
}

BOOST_AUTO_TEST_CASE(the_nearest_word_is_near) {
  BOOST_TEST(nearest("lsit", {"list", "show"}) == "list");
  BOOST_TEST(nearest("cred", {"credentials", "kv"}) == "credentials");
  BOOST_TEST(nearest("fly", {"list", "show"}) == "");
  BOOST_TEST(nearest("", {"list"}) == "");
}

BOOST_AUTO_TEST_CASE(help_is_a_word_too) {
  session s;
  BOOST_TEST(s.run({"help", "jobs", "list"}) == exit_ok);
  BOOST_TEST(contains(s.out.str(), "Usage: quaero jobs list"));
  session t;
  BOOST_TEST(t.run({"help"}) == exit_ok);
  BOOST_TEST(contains(t.out.str(), "Exit codes:"));
}

BOOST_AUTO_TEST_CASE(a_group_alone_shows_its_commands) {
  session s;
  BOOST_TEST(s.run({"jobs"}) == exit_usage);
  BOOST_TEST(s.out.str() == "");
  BOOST_TEST(contains(s.err.str(), "  logs "));
}

BOOST_AUTO_TEST_CASE(a_token_is_no_option) {
  session s;
  BOOST_TEST(s.run({"--token", "x", "status"}) == exit_usage);
  BOOST_TEST(contains(s.err.str(), "--token-file"));
}

// -- completion ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(bash_completes_commands_options_and_values) {
  session s;
  BOOST_TEST(s.run({"completion", "bash"}) == exit_ok);
  script_file script{".bash", s.out.str()};
  auto offered
    = [&](const char* words) { return complete(script.path, words); };
  BOOST_TEST(offered("quaero jo") == "jobs");
  BOOST_TEST(offered("quaero jobs l") == "list logs label");
  BOOST_TEST(offered("quaero --server http://a jobs list --sta") == "--status");
  BOOST_TEST(offered("quaero jobs logs --level \"\"")
             == "debug info warn error");
  BOOST_TEST(offered("quaero jobs logs --level = w") == "warn");
  BOOST_TEST(offered("quaero tokens create ci --scope o") == "operate");
  BOOST_TEST(offered("quaero --color n") == "never");
  BOOST_TEST(offered("quaero jobs list --js") == "--json");
  BOOST_TEST(offered("quaero definitions apply /de") == "/dev");
  BOOST_TEST(offered("quaero --data-dir /pro") == "/proc");
  BOOST_TEST(offered("quaero tokens create \"\"") == "");
}

BOOST_AUTO_TEST_CASE(bash_completes_what_the_daemon_lists_and_runs_none_of_it) {
  session s;
  s.run({"completion", "bash"});
  // Stands for the program: says what it was asked, then a name of a trap.
  script_file script{".bash",
                     s.out.str()
                       + "quaero() { echo ID NAME; for x in \"$1-$2\" "
                         "'$(exit_by_a_name)' '`x`'; do echo \"$x a b\"; "
                         "done; }\n"};
  auto offered
    = [&](const char* words) { return complete(script.path, words); };
  BOOST_TEST(offered("quaero run \"\"")
             == "definitions-list $(exit_by_a_name) `x`");
  BOOST_TEST(contains(offered("quaero --data-dir /d jobs show \"\""), "jobs"));
  BOOST_TEST(contains(offered("quaero kv get \"\""), "kv"));
}

BOOST_AUTO_TEST_CASE(bash_completes_every_command_there_is) {
  session s;
  s.run({"completion", "bash"});
  script_file script{".bash", s.out.str()};
  tree t;
  for (const auto* x : all_commands(t.app))
    if (x->get_parent() == &t.app)
      BOOST_TEST(contains(' ' + complete(script.path, "quaero \"\"") + ' ',
                          ' ' + x->get_name() + ' '));
}

BOOST_AUTO_TEST_CASE(zsh_understands_its_script) {
  session s;
  BOOST_TEST(s.run({"completion", "zsh"}) == exit_ok);
  BOOST_TEST(s.out.str().starts_with("#compdef quaero\n"));
  BOOST_TEST(contains(s.out.str(), "'list:List runs, newest first'"));
  if (std::system("zsh -c : 2>/dev/null") != 0)
    return; // not every machine has it
  script_file script{".zsh", s.out.str()};
  BOOST_TEST(std::system(("zsh -n " + script.path).c_str()) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
