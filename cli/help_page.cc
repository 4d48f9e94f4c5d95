#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

struct Line {
  std::string left;
  std::string right;
};

constexpr std::size_t kLeftMax = 26;
constexpr std::size_t kColumns = 96;

std::vector<std::string> wrapped(const std::string& text, std::size_t columns) {
  std::vector<std::string> lines(1);
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find(' ', from), text.size());
    const std::string word = text.substr(from, end - from);
    if (!lines.back().empty() && width_of(lines.back()) + 1 + width_of(word) > columns)
      lines.emplace_back();
    lines.back() += lines.back().empty() ? word : " " + word;
    from = end + 1;
  }
  return lines;
}

std::string block(const std::string& title, const std::vector<Line>& lines) {
  if (lines.empty()) return {};
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, std::min(width_of(line.left), kLeftMax));
  std::string text = "\n" + title + ":\n";
  for (const auto& line : lines) {
    text += "  " + line.left;
    std::size_t at = width_of(line.left);
    if (at > width) {
      text += "\n  ";
      at = 0;
    }
    bool is_first = true;
    for (const auto& piece : wrapped(line.right, kColumns - width - 4)) {
      if (!is_first) text += "\n  ";
      text.append((is_first ? width - at : width) + 2, ' ');
      text += piece;
      is_first = false;
    }
    text += "\n";
  }
  return text;
}

std::string names_of(const Option& option) {
  std::string names = option.names;
  for (std::size_t at = names.find(','); at != std::string::npos; at = names.find(',', at + 2))
    names.insert(at + 1, " ");
  if (names.rfind("--", 0) == 0) names.insert(0, "    ");
  return option.value.empty() ? names : names + " " + option.value;
}

std::string usage_of(const Command& command, const std::string& path) {
  std::string usage = "Usage: " + path;
  if (!command.commands.empty()) usage += " COMMAND";
  for (const auto& argument : command.arguments) {
    const bool is_list = std::holds_alternative<std::vector<std::string>*>(argument.target);
    const std::string name = argument.value + (is_list ? "..." : "");
    usage += argument.is_required ? " " + name : " [" + name + "]";
  }
  return usage + " [options]\n";
}

}  // namespace

std::string help_page(const Command& command, const std::string& path) {
  std::string page = command.summary + "\n\n" + usage_of(command, path);
  if (!command.text.empty()) page += "\n" + command.text + "\n";
  std::vector<Line> lines;
  for (const auto& child : command.commands) lines.push_back({child.name, child.summary});
  page += block("Commands", lines);
  lines.clear();
  for (const auto& argument : command.arguments) lines.push_back({argument.value, argument.help});
  page += block("Arguments", lines);
  lines.clear();
  for (const auto& option : command.options) lines.push_back({names_of(option), option.help});
  lines.push_back({"-h, --help", "print this page"});
  page += block("Options", lines);
  if (command.examples.empty()) return page;
  page += "\nExamples:\n";
  for (const auto& example : command.examples)
    page += fmt::format("  # {}\n  {}\n", example.says, example.line);
  return page;
}

}  // namespace sigil::cli
