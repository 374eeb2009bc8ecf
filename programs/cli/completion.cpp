#include "programs/cli/completion.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace quaero::cli {

namespace {

// What the shell has to know of one command.
struct command_words {
  struct item {
    std::string name;
    std::string text;
  };
  struct valued {
    std::string names;  // "-f|--file"
    std::string values; // words parted by blanks, "@file", "@dir", or
                        // "@list GROUP": what that command lists first
  };

  std::string path; // "jobs list"; "" = the program
  std::vector<item> commands = {};
  std::vector<item> options = {};
  std::vector<valued> with_value = {};
  std::string arguments = {}; // as valued::values
};

// What checks of an option say that its values are: "LEVEL:{a,b}".
std::string values_of(const CLI::Option& option) {
  auto kind = option.get_type_name();
  auto open = kind.find('{');
  auto close = kind.find('}');
  if (open != kind.npos && close != kind.npos && open < close) {
    auto words = kind.substr(open + 1, close - open - 1);
    std::replace(words.begin(), words.end(), ',', ' ');
    return words;
  }
  if (kind.starts_with("DIR"))
    return "@dir";
  return kind.starts_with("FILE") || option.get_name(true) == "FILE" ? "@file"
                                                                     : "";
}

// Ids and names of things that are there are asked of the daemon.
std::string arguments_of(const CLI::App& app, const CLI::Option& option) {
  auto name = option.get_name(true);
  bool known = (name == "ID" || name == "NAME" || name == "KEY")
               && app.get_name() != "create" && app.get_name() != "invite";
  if (!known)
    return values_of(option);
  if (app.get_name() == "run")
    return "@list definitions";
  const auto lists = app.get_parent()->get_subcommands(
    [](const CLI::App* x) { return x->get_name() == "list"; });
  return lists.empty() ? "" : "@list " + app.get_parent()->get_name();
}

void add_option(command_words& to, const CLI::App& app,
                const CLI::Option& option) {
  if (option.get_positional()) {
    auto values = arguments_of(app, option);
    if (!values.empty())
      to.arguments = values;
    return;
  }
  std::string names;
  auto add = [&](const std::string& name) {
    names += (names.empty() ? "" : "|") + name;
    to.options.push_back({name, option.get_description()});
  };
  for (const auto& name : option.get_snames())
    add("-" + name);
  for (const auto& name : option.get_lnames())
    add("--" + name);
  if (option.get_type_size() != 0)
    to.with_value.push_back({names, values_of(option)});
}

void collect(const CLI::App& app, const std::string& path,
             std::vector<command_words>& out) {
  command_words words{.path = path};
  for (const auto* x = &app; x != nullptr; x = x->get_parent())
    for (const auto* option : x->get_options())
      if (x == &app || option->nonpositional())
        if (x == &app || option != x->get_help_ptr())
          add_option(words, *x, *option);
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* x : below) {
    auto text = x->get_description();
    words.commands.push_back({x->get_name(), text.substr(0, text.find('\n'))});
  }
  out.push_back(std::move(words));
  for (const auto* x : below)
    collect(*x, path + (path.empty() ? "" : " ") + x->get_name(), out);
}

std::vector<command_words> collect(const CLI::App& app) {
  std::vector<command_words> result;
  collect(app, "", result);
  return result;
}

std::string shell_word(std::string_view text) {
  std::string result = "'";
  for (char c : text)
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  return result + '\'';
}

std::string joined(const std::vector<command_words::item>& items) {
  std::string result;
  for (const auto& x : items)
    result += (result.empty() ? "" : " ") + x.name;
  return result;
}

// 'name:text' for zsh, whose names may have no bare colon.
std::string described(const std::vector<command_words::item>& items) {
  std::string result;
  for (const auto& x : items)
    result += (result.empty() ? "" : " ") + shell_word(x.name + ':' + x.text);
  return result;
}

// The values of each option, as a case of the shell.
std::string value_cases(const command_words& words) {
  std::string result = "        case \"$2\" in\n";
  for (const auto& x : words.with_value)
    result += "          " + x.names + ") values=" + shell_word(x.values)
              + "; takes=1 ;;\n";
  return result + "        esac\n";
}

constexpr const char* bash_head
  = "# bash completion of quaero; load it with:\n"
    "#   source <(quaero completion bash)\n"
    "\n"
    "# Sets what belongs to the command $1 and its option $2.\n"
    "_quaero_words() {\n"
    "  values=''; takes=''\n"
    "  case \"$1\" in\n";

constexpr const char* bash_tail
  = "  esac\n"
    "}\n"
    "\n"
    "_quaero_reply() {\n"
    "  local id\n"
    "  case \"$1\" in\n"
    "    @list*) # no compgen -W: it would run what is in a name\n"
    "      while read -r id _; do\n"
    "        [[ $id != \"$cur\"* ]] || COMPREPLY+=(\"$id\")\n"
    "      done < <(quaero ${1#@list } list \"${dir[@]}\" 2>/dev/null |\n"
    "        tail -n +2) ;;\n"
    "    @file) compopt -o filenames 2>/dev/null\n"
    "      mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
    "    @dir) compopt -o filenames 2>/dev/null\n"
    "      mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
    "    *) mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\") ;;\n"
    "  esac\n"
    "}\n"
    "\n"
    "_quaero() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} path='' word i last=''\n"
    "  local commands options arguments values takes dir=()\n"
    "  COMPREPLY=()\n"
    "  _quaero_words '' ''\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    word=${COMP_WORDS[i]}\n"
    "    if [[ -n $last ]]; then\n"
    "      [[ $last != --data-dir ]] || dir=(--data-dir \"$word\")\n"
    "      [[ $word == '=' ]] || last=''\n"
    "    elif [[ $word == -* ]]; then\n"
    "      _quaero_words \"$path\" \"$word\"\n"
    "      [[ -z $takes ]] || last=$word\n"
    "    elif [[ \" $commands \" == *\" $word \"* ]]; then\n"
    "      path=\"${path:+$path }$word\"\n"
    "      _quaero_words \"$path\" ''\n"
    "    fi\n"
    "  done\n"
    "  if [[ $cur == '=' && -n $last ]]; then cur=''; fi\n"
    "  _quaero_words \"$path\" \"$last\"\n"
    "  if [[ -n $last ]]; then _quaero_reply \"$values\"\n"
    "  elif [[ $cur == -* ]]; then _quaero_reply \"$options\"\n"
    "  elif [[ -n $commands ]]; then _quaero_reply \"$commands\"\n"
    "  else _quaero_reply \"$arguments\"; fi\n"
    "}\n"
    "complete -F _quaero quaero\n";

constexpr const char* zsh_head
  = "#compdef quaero\n"
    "# zsh completion of quaero; put it where zsh looks for functions:\n"
    "#   quaero completion zsh > ~/.zfunc/_quaero\n"
    "# with, in ~/.zshrc: fpath+=(~/.zfunc); autoload -Uz compinit; compinit\n"
    "\n"
    "_quaero_words() {\n"
    "  commands=(); options=(); arguments=''; values=''; takes=''\n"
    "  case \"$1\" in\n";

constexpr const char* zsh_tail
  = "  esac\n"
    "}\n"
    "\n"
    "_quaero_reply() {\n"
    "  case \"$1\" in\n"
    "    @list*) compadd -- ${${(f)\"$(quaero ${=1#@list } list $dir \\\n"
    "      2>/dev/null | tail -n +2)\"}%% *} ;;\n"
    "    @file) _files ;;\n"
    "    @dir) _files -/ ;;\n"
    "    *) compadd -- ${=1} ;;\n"
    "  esac\n"
    "}\n"
    "\n"
    "_quaero() {\n"
    "  local at='' word last='' arguments values takes i\n"
    "  local -a commands options dir\n"
    "  _quaero_words '' ''\n"
    "  for ((i = 2; i < CURRENT; i++)); do\n"
    "    word=${words[i]}\n"
    "    if [[ -n $last ]]; then\n"
    "      [[ $last != --data-dir ]] || dir=(--data-dir $word)\n"
    "      last=''\n"
    "    elif [[ $word == -*=* ]]; then\n"
    "      continue\n"
    "    elif [[ $word == -* ]]; then\n"
    "      _quaero_words \"$at\" \"$word\"\n"
    "      [[ -z $takes ]] || last=$word\n"
    "    elif (( ${commands[(I)$word:*]} )); then\n"
    "      at=\"${at:+$at }$word\"\n"
    "      _quaero_words \"$at\" ''\n"
    "    fi\n"
    "  done\n"
    "  _quaero_words \"$at\" \"$last\"\n"
    "  if [[ -n $last ]]; then _quaero_reply \"$values\"\n"
    "  elif [[ ${words[CURRENT]} == -* ]]; then _describe -o option options\n"
    "  elif (( $#commands )); then _describe command commands\n"
    "  else _quaero_reply \"$arguments\"; fi\n"
    "}\n"
    "\n"
    "if [[ $funcstack[1] == _quaero ]]; then _quaero \"$@\"\n"
    "else compdef _quaero quaero; fi\n";

} // namespace

std::string bash_completion(const CLI::App& app) {
  std::string result = bash_head;
  for (const auto& x : collect(app))
    result += "    " + shell_word(x.path)
              + ")\n        commands=" + shell_word(joined(x.commands))
              + "\n        options=" + shell_word(joined(x.options))
              + "\n        arguments=" + shell_word(x.arguments) + '\n'
              + value_cases(x) + "      ;;\n";
  return result + bash_tail;
}

std::string zsh_completion(const CLI::App& app) {
  std::string result = zsh_head;
  for (const auto& x : collect(app))
    result += "    " + shell_word(x.path) + ")\n        commands=("
              + described(x.commands) + ")\n        options=("
              + described(x.options) + ")\n        arguments="
              + shell_word(x.arguments) + '\n' + value_cases(x) + "      ;;\n";
  return result + zsh_tail;
}

} // namespace quaero::cli
