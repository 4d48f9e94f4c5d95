// The only file that knows CLI11 (its header costs seconds).
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "cli/command.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

// One CLI11 option and where its results go after parsing.
struct Binding {
  CLI::Option* option;
  Target target;
};

struct Node {
  CLI::App* app;
  const Command* command;
  std::string path;
  std::vector<Binding> bindings;
};

// Results are read back by hand: CLI11's own vectors would split a value like "[a,b]".
void add_option(Node& node, const std::string& names, const std::string& value,
                const Target& target, const std::vector<std::string>& choices, bool is_required) {
  CLI::Option* option = nullptr;
  if (value.empty()) {
    option = node.app->add_flag(names);
  } else {
    option = node.app->add_option(names)->type_name(value)->expected(1);
    if (std::holds_alternative<std::vector<std::string>*>(target)) {
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (names.front() != '-') option->expected(is_required ? 1 : 0, 1'000);
    }
    if (!choices.empty()) option->check(CLI::IsMember(choices));
    if (is_required) option->required();
  }
  node.bindings.push_back({option, target});
}

void build(CLI::App& app, const Command& command, const std::string& path,
           std::vector<Node>& nodes) {
  app.set_help_flag("-h,--help", "print this page");
  app.allow_extras();  // refused below, with a better sentence
  Node node{&app, &command, path, {}};
  for (const auto& argument : command.arguments)
    add_option(node, argument.value, argument.value, argument.target, argument.choices,
               argument.is_required);
  for (const auto& option : command.options)
    add_option(node, option.names, option.value, option.target, option.choices, false);
  nodes.push_back(std::move(node));
  for (const auto& child : command.commands)
    build(*app.add_subcommand(child.name, child.summary), child, path + " " + child.name, nodes);
}

void fill(const Binding& binding) {
  if (binding.option->count() == 0) return;
  const std::vector<std::string> values = binding.option->results();
  if (auto* const* flag = std::get_if<bool*>(&binding.target)) **flag = true;
  if (auto* const* text = std::get_if<std::string*>(&binding.target)) **text = values.back();
  if (auto* const* text = std::get_if<std::optional<std::string>*>(&binding.target))
    **text = values.back();
  if (auto* const* list = std::get_if<std::vector<std::string>*>(&binding.target)) **list = values;
}

const Node& deepest_parsed(const std::vector<Node>& nodes) {
  const Node* found = &nodes.front();
  for (const auto& node : nodes)
    if (node.app->parsed() && node.path.size() > found->path.size()) found = &node;
  return *found;
}

// How many letters lie between two words (Levenshtein).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      corner = above;
    }
  }
  return row[b.size()];
}

std::string likely_word(const Command& command, const std::string& word) {
  std::vector<std::string> known;
  for (const auto& child : command.commands) known.push_back(child.name);
  for (const auto& option : command.options)
    known.push_back(option.names.substr(option.names.find("--")));
  std::string best;
  std::size_t nearest = 3;
  for (const auto& each : known) {
    const std::size_t far = distance(word, each);
    if (far >= nearest) continue;
    nearest = far;
    best = each;
  }
  return best;
}

Result<void> refuse_extras(const Node& node) {
  const auto extras = node.app->remaining();
  if (extras.empty()) return {};
  const std::string word = extras.front().substr(0, extras.front().find('='));
  const std::string likely = likely_word(*node.command, word);
  const std::string message = fmt::format("'{}' does not know '{}'", node.path, printable(word));
  return fail(ErrorCode::invalid_argument, "usage",
              likely.empty() ? message : fmt::format("{}; did you mean {}?", message, likely),
              node.path + " --help");
}

}  // namespace

Result<Parsed> parse_command(const Command& root, const std::vector<std::string>& arguments) {
  CLI::App app;
  std::vector<Node> nodes;
  build(app, root, root.name, nodes);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const Node& node = deepest_parsed(nodes);
    return Parsed{{}, help_page(*node.command, node.path)};
  } catch (const CLI::ParseError& error) {
    const Node& node = deepest_parsed(nodes);
    return fail(ErrorCode::invalid_argument, "usage", error.what(), node.path + " --help");
  }
  const Node& node = deepest_parsed(nodes);
  for (const auto& each : nodes)
    if (each.app->parsed() || each.app == &app) SIGIL_CHECK(refuse_extras(each));
  for (const auto& each : nodes)
    if (each.app->parsed() || each.app == &app)
      for (const auto& binding : each.bindings) fill(binding);
  if (!node.command->run)
    return fail(ErrorCode::invalid_argument, "usage", fmt::format("{} needs a verb", node.path),
                node.path + " --help");
  return Parsed{node.command->run, std::nullopt};
}

}  // namespace sigil::cli
