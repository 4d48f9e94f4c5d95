#include "builder/scan/command_function.h"

#include <algorithm>
#include <array>

#include "builder/scan/code/syntax.h"
#include "builder/scan/dockerfile_rules.h"
#include "builder/scan/inventory.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

constexpr std::size_t kTextBytesMax = 64 * 1024;
constexpr std::size_t kFaultsMax = 20;
constexpr std::array kCalls = {"require",        "fetch",        "eval",         "Function",
                               "setTimeout",     "setInterval",  "setImmediate", "import",
                               "queueMicrotask", "importScripts"};
constexpr std::array kObjects = {"globalThis", "global",   "window",  "self", "XMLHttpRequest",
                                 "WebSocket",  "Function", "Deno",    "Bun",  "__dirname",
                                 "__filename", "module",   "Reflect", "Proxy"};
constexpr std::array kShells = {"sh",  "bash",    "zsh",        "dash", "ash",
                                "cmd", "cmd.exe", "powershell", "pwsh"};

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const char* each) { return name == each; });
}

std::string_view literal(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'' || text.front() == '`') &&
      text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

class Walk {
 public:
  explicit Walk(const SyntaxTree& tree) : tree_(tree) {}

  std::vector<CommandFunctionFault> run() {
    for (NodeId id = 0; id < tree_.nodes.size() && faults_.size() < kFaultsMax; ++id) look_at(id);
    return std::move(faults_);
  }

 private:
  void add(NodeId id, std::string what) {
    faults_.push_back({static_cast<int>(tree_.nodes[id].line), std::move(what)});
  }

  void look_at(NodeId id) {
    const auto kind = tree_.kind(id);
    if (kind == "call_expression" || kind == "new_expression") look_at_call(id, kind);
    if (kind == "import_statement") add(id, "imports a module");
    if (kind == "identifier") look_at_name(id);
    if (kind == "property_identifier" && is_reached_through_constructor(id))
      add(id, "reaches for a constructor");
    if (kind == "while_statement" || kind == "do_statement" || kind == "for_statement")
      look_at_loop(id, kind);
    if (kind == "pair") look_at_pair(id);
  }

  void look_at_call(NodeId id, std::string_view kind) {
    const auto callee = tree_.child(id, kind == "call_expression" ? "function" : "constructor");
    if (callee == kNoNode) return;
    const auto name = tree_.text_of(callee);
    if (is_one_of(kCalls, name)) add(id, "calls " + builder::excerpt(name, 40) + "()");
  }

  bool is_reached_through_constructor(NodeId id) const {
    const auto name = tree_.text_of(id);
    return name == "constructor" || name == "__proto__" || name == "prototype";
  }

  void look_at_name(NodeId id) {
    const auto name = tree_.text_of(id);
    if (is_one_of(kObjects, name)) return add(id, "uses " + std::string(name));
    if (name != "process") return;
    const auto parent = tree_.nodes[id].parent;
    const bool is_env = parent != kNoNode && tree_.kind(parent) == "member_expression" &&
                        tree_.child(parent, "property") != kNoNode &&
                        tree_.text_of(tree_.child(parent, "property")) == "env";
    if (!is_env) add(id, "uses process beyond process.env");
  }

  void look_at_loop(NodeId id, std::string_view kind) {
    const auto condition = tree_.child(id, "condition");
    auto text = condition == kNoNode ? std::string_view() : tree_.text_of(condition);
    while (text.size() > 1 && text.front() == '(' && text.back() == ')')
      text = builder::trimmed(text.substr(1, text.size() - 2));
    const bool is_endless = text == "true" || text == "1" || text == "!0" ||
                            (kind == "for_statement" && (text.empty() || text == ";"));
    if (is_endless) add(id, "loops without a bound");
  }

  // {command: 'sh', args: ['-c', …]} and other commands that run text.
  void look_at_pair(NodeId id) {
    const auto key = tree_.child(id, "key");
    const auto value = tree_.child(id, "value");
    if (key == kNoNode || value == kNoNode || literal(tree_.text_of(key)) != "command") return;
    const auto command = std::string(base_name(literal(tree_.text_of(value))));
    const auto object = tree_.nodes[id].parent;
    if (object == kNoNode) return;
    const auto whole = tree_.text_of(object);
    const bool has_dash_c = builder::contains(whole, "'-c'") ||
                            builder::contains(whole, "\"-c\"") ||
                            builder::contains(whole, "`-c`") || builder::contains(whole, "'-lc'") ||
                            builder::contains(whole, "'/c'") || builder::contains(whole, "\"/c\"");
    const bool has_hole = builder::contains(whole, "config") || builder::contains(whole, "${") ||
                          builder::contains(whole, "+");
    if (is_one_of(kShells, command) && has_dash_c && has_hole)
      add(id, "runs a shell on text made from the configuration");
    if (command == "sudo" || command == "su") add(id, "runs as another user with " + command);
    const bool has_dash_e =
        builder::contains(whole, "'-e'") || builder::contains(whole, "\"-e\"") ||
        builder::contains(whole, "'--eval'") || builder::contains(whole, "'-p'");
    if ((command == "node" && has_dash_e) ||
        (builder::begins_with(command, "python") && has_dash_c))
      add(id, "runs a program written inside the command");
    if (is_download_and_run(whole)) add(id, "downloads a program and runs it");
    if (builder::contains(whole, "rm -rf")) add(id, "removes folders");
  }

  const SyntaxTree& tree_;
  std::vector<CommandFunctionFault> faults_;
};

}  // namespace

std::vector<CommandFunctionFault> command_function_faults(std::string_view text) {
  if (builder::trimmed(text).empty()) return {};
  if (text.size() > kTextBytesMax) return {{1, "is longer than 64 KiB"}};
  // An object literal or arrow alone is an expression only inside parentheses; a declaration is one
  // as well. Trailing semicolons would break that.
  auto body = std::string(builder::trimmed(text));
  while (!body.empty() && (body.back() == ';' || body.back() == ' ' || body.back() == '\n'))
    body.pop_back();
  const auto wrapped = "(" + body + "\n)";
  const auto tree = parse(wrapped, Language::javascript, std::chrono::milliseconds(1000));
  if (!tree) return {{1, "cannot be read as JavaScript in time"}};
  return Walk(*tree).run();
}

std::vector<std::string> start_command_faults(const std::vector<std::string>& argv) {
  std::vector<std::string> faults;
  if (argv.empty()) return faults;
  const auto command = std::string(base_name(argv.front()));
  const auto whole = builder::joined(argv, " ");
  const auto has = [&](const char* option) {
    return std::ranges::find(argv, option) != argv.end();
  };
  const bool is_shell = is_one_of(kShells, command);
  if (is_shell && has("-c") && (builder::contains(whole, "${") || builder::contains(whole, "$(")))
    faults.emplace_back("runs a shell on text with variables in it");
  if (command == "sudo" || builder::contains(whole, " sudo ")) faults.emplace_back("uses sudo");
  if (is_download_and_run(whole)) faults.emplace_back("downloads a program and runs it");
  if (builder::contains(whole, "rm -rf")) faults.emplace_back("removes folders");
  if ((command == "node" && (has("-e") || has("--eval"))) ||
      (builder::begins_with(command, "python") && has("-c")))
    faults.emplace_back("runs a program written inside the command");
  return faults;
}

}  // namespace sigil::scan
