#include "cli/completion.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

// What a value is completed with: a command line to run, words, or files.
std::string command_for(const std::string& value) {
  if (value == "DEPLOYMENT") return "sigil deployment list --quiet 2>/dev/null";
  if (value == "OPERATION") return "sigil operation list --quiet 2>/dev/null";
  if (value == "PACKAGE") return "sigil package list --quiet 2>/dev/null";
  return {};
}

bool wants_files(const std::string& value) { return value == "FILE" || value == "SOURCE"; }

std::vector<std::string> names_of(const Option& option) {
  std::vector<std::string> names;
  std::string rest = option.names;
  for (std::size_t comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    names.push_back(rest.substr(0, comma));
    rest.erase(0, comma + 1);
  }
  names.push_back(rest);
  return names;
}

// Every command with its path below the root: "deployment list".
struct Place {
  std::string path;
  const Command* command;
};

void collect(const Command& command, const std::string& path, std::vector<Place>& places) {
  places.push_back({path, &command});
  for (const auto& child : command.commands)
    collect(child, path.empty() ? child.name : path + " " + child.name, places);
}

std::vector<Place> places_of(const Command& root) {
  std::vector<Place> places;
  collect(root, {}, places);
  return places;
}

std::string quoted(std::string text) {
  for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 4))
    text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string bash_words(const Command& command) {
  std::vector<std::string> words;
  for (const auto& child : command.commands) words.push_back(child.name);
  for (const auto& option : command.options)
    for (const auto& name : names_of(option)) words.push_back(name);
  words.push_back("--help");
  return joined(words, " ");
}

std::string bash_values(const std::vector<std::string>& choices, const std::string& value) {
  if (!choices.empty()) return fmt::format("compgen -W '{}' -- \"$cur\"", joined(choices, " "));
  const std::string command = command_for(value);
  if (!command.empty()) return fmt::format("compgen -W \"$({})\" -- \"$cur\"", command);
  if (wants_files(value)) return "compgen -f -- \"$cur\"";
  return {};
}

std::string bash_option_cases(const Command& command) {
  std::string text;
  for (const auto& option : command.options) {
    const std::string values = bash_values(option.choices, option.value);
    if (option.value.empty()) continue;
    text += fmt::format("        '{}':{}) COMPREPLY=($({})); return ;;\n", "%PATH%",
                        joined(names_of(option), "|'%PATH%':"), values.empty() ? "true" : values);
  }
  return text;
}

std::string with_path(std::string text, const std::string& path) {
  for (std::size_t at = text.find("%PATH%"); at != std::string::npos; at = text.find("%PATH%"))
    text.replace(at, 6, path);
  return text;
}

std::string bash_argument_case(const Place& place) {
  std::string values;
  if (!place.command->arguments.empty())
    values = bash_values(place.command->arguments.front().choices,
                         place.command->arguments.front().value);
  std::string text =
      fmt::format("    '{}')\n      words='{}'\n", place.path, bash_words(*place.command));
  if (!values.empty())
    text += fmt::format("      [[ $cur == -* ]] || COMPREPLY+=($({}))\n", values);
  return text + "      ;;\n";
}

std::string fish_condition(const Place& place) {
  if (place.path.empty()) return "__fish_use_subcommand";
  std::string condition = "__sigil_at " + place.path;
  return condition;
}

std::string fish_values(const std::vector<std::string>& choices, const std::string& value) {
  if (!choices.empty()) return " -a " + quoted(joined(choices, " "));
  const std::string command = command_for(value);
  if (!command.empty()) return " -a " + quoted("(" + command + ")");
  return {};
}

std::string fish_option(const Place& place, const Option& option) {
  std::string line = fmt::format("complete -c sigil -n {}", quoted(fish_condition(place)));
  for (const auto& name : names_of(option))
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.value.empty()) line += wants_files(option.value) ? " -r -F" : " -x";
  return line + fish_values(option.choices, option.value) + " -d " + quoted(option.help) + "\n";
}

Result<ExitStatus> print_script(const Context& context, const std::string& shell,
                                const Command& root) {
  std::string script;
  if (shell == "bash") script = bash_completion(root);
  if (shell == "zsh") script = zsh_completion(root);
  if (shell == "fish") script = fish_completion(root);
  if (context.wants_json()) print_json(context, Json({{"shell", shell}, {"script", script}}));
  if (!context.wants_json()) context.terminal.out(script);
  return ExitStatus::done;
}

}  // namespace

std::string bash_completion(const Command& root) {
  const auto places = places_of(root);
  std::vector<std::string> paths;
  for (const auto& place : places)
    if (!place.path.empty()) paths.push_back("'" + place.path + "'");
  std::string options;
  std::string arguments;
  for (const auto& place : places) {
    options += with_path(bash_option_cases(*place.command), place.path);
    arguments += bash_argument_case(place);
  }
  return fmt::format(R"(# bash completion for sigil: source <(sigil completion bash)
_sigil() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path='' word words=''
  COMPREPLY=()
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
      {}) path="${{path:+$path }}$word" ;;
    esac
  done
  case "$path:$prev" in
{}  esac
  case "$path" in
{}  esac
  COMPREPLY+=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _sigil sigil
)",
                     joined(paths, "|"), options, arguments);
}

// zsh reads bash's by its own emulation; one script to keep right instead of two.
std::string zsh_completion(const Command& root) {
  return "#compdef sigil\n# zsh completion for sigil: source <(sigil completion zsh)\n"
         "autoload -U +X compinit && compinit -u\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_completion(root);
}

std::string fish_completion(const Command& root) {
  std::string text = R"(# fish completion for sigil: sigil completion fish | source
function __sigil_at
  set -l words (commandline -opc | string match -v -- '-*')
  set -e words[1]
  test (count $words) -ge (count $argv); or return 1
  test "$words[1..(count $argv)]" = "$argv"
end
complete -c sigil -f
)";
  for (const auto& place : places_of(root)) {
    for (const auto& child : place.command->commands)
      text += fmt::format("complete -c sigil -n {} -a {} -d {}\n", quoted(fish_condition(place)),
                          child.name, quoted(child.summary));
    for (const auto& option : place.command->options) text += fish_option(place, option);
    if (place.command->arguments.empty()) continue;
    const Argument& first = place.command->arguments.front();
    const std::string values = fish_values(first.choices, first.value);
    if (!values.empty())
      text += fmt::format("complete -c sigil -n {}{}\n", quoted(fish_condition(place)), values);
    if (wants_files(first.value))
      text += fmt::format("complete -c sigil -n {} -F\n", quoted(fish_condition(place)));
  }
  return text;
}

Command completion_command(std::function<Command()> root) {
  auto shell = std::make_shared<std::string>();
  Command command;
  command.name = "completion";
  command.summary = "Print a completion script for your shell.";
  command.text = "It completes commands and options, and asks the server for names of deployments.";
  command.arguments = {{"SHELL", "bash, zsh or fish", shell.get(), true, {"bash", "zsh", "fish"}}};
  command.examples = {
      {"source <(sigil completion bash)", "for this bash session"},
      {"sigil completion fish > ~/.config/fish/completions/sigil.fish", "for every fish session"}};
  command.run = [shell, root = std::move(root)](const Context& context) {
    return print_script(context, *shell, root());
  };
  return command;
}

}  // namespace sigil::cli
