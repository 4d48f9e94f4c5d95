// The only file that knows CLI11 (its header costs seconds).
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "cli/command.h"

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
    if (each.app->parsed() || each.app == &app)
      for (const auto& binding : each.bindings) fill(binding);
  if (!node.command->run)
    return fail(ErrorCode::invalid_argument, "usage", fmt::format("{} needs a verb", node.path),
                node.path + " --help");
  return Parsed{node.command->run, std::nullopt};
}

}  // namespace sigil::cli
