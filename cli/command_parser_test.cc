// Parsing, and the help pages against tests/golden/cli/ (SIGIL_REFRESH_GOLDEN=1 rewrites them).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/commands.h"

namespace sigil::cli {
namespace {

namespace fs = std::filesystem;

struct Values {
  std::string name;
  std::vector<std::string> list;
  std::optional<std::string> maybe;
  bool flag = false;
  std::string choice = "a";
};

Command tree_with(Values& values) {
  Command verb;
  verb.name = "verb";
  verb.arguments = {{"NAME", "", &values.name}};
  verb.options = {{"-l,--list", "X", "", &values.list},
                  {"--maybe", "X", "", &values.maybe},
                  {"-f,--flag", "", "", &values.flag},
                  {"--choice", "X", "", &values.choice, {"a", "b"}}};
  verb.run = [](const Context&) -> Result<ExitStatus> { return ExitStatus::done; };
  Command root;
  root.name = "sigil";
  root.commands = {verb};
  return root;
}

TEST(CommandParser, FillsTheTargets) {
  Values values;
  const Command root = tree_with(values);
  ASSERT_TRUE(parse_command(
      root, {"verb", "-l", "--x", "name", "--list", "[a,b]", "--list=c d", "-f", "--maybe", ""}));
  EXPECT_EQ(values.name, "name");
  EXPECT_EQ(values.list, (std::vector<std::string>{"--x", "[a,b]", "c d"}));
  EXPECT_EQ(values.maybe, "");
  EXPECT_TRUE(values.flag);
  EXPECT_EQ(values.choice, "a");
}

TEST(CommandParser, SaysWhatItDidNotUnderstand) {
  Values values;
  const Command root = tree_with(values);
  const std::pair<std::vector<std::string>, const char*> table[] = {
      {{"verb", "n", "--lst", "x"}, "'sigil verb' does not know '--lst'; did you mean --list?"},
      {{"vreb"}, "'sigil' does not know 'vreb'; did you mean verb?"},
      {{"verb", "n", "m"}, "'sigil verb' does not know 'm'"},
      {{"verb"}, "NAME is required"},
      {{"verb", "n", "--list"}, "--list: 1 required X missing"},
      {{}, "sigil needs a verb"},
  };
  for (const auto& [arguments, message] : table) {
    const auto parsed = parse_command(root, arguments);
    ASSERT_FALSE(parsed) << message;
    EXPECT_EQ(parsed.error().message, message);
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_FALSE(parse_command(root, {"verb", "n", "--choice", "c"}));
  EXPECT_FALSE(parse_command(root, {"verb", "n", "--maybe", "1", "--maybe", "2"}));
}

std::string read_file(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void check_pages(const Command& command, const std::string& path, std::set<std::string>& seen) {
  std::string file = path + ".txt";
  for (char& sign : file)
    if (sign == ' ') sign = '-';
  seen.insert(file);
  const fs::path golden = fs::path("tests/golden/cli") / file;
  const std::string page = help_page(command, path);
  if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) {
    fs::create_directories(golden.parent_path());
    std::ofstream(golden, std::ios::binary) << page;
  }
  EXPECT_EQ(page, read_file(golden)) << golden << ": SIGIL_REFRESH_GOLDEN=1 rewrites it";
  for (const auto& child : command.commands) check_pages(child, path + " " + child.name, seen);
}

TEST(HelpPages, AreAsTheyWereAgreed) {
  GlobalOptions global;
  std::set<std::string> seen;
  check_pages(command_tree(global), "sigil", seen);
  for (const auto& entry : fs::directory_iterator("tests/golden/cli"))
    EXPECT_EQ(seen.count(entry.path().filename()), 1U) << entry.path() << " is read by no test";
}

void check_teaching(const Command& command, const std::string& path) {
  EXPECT_FALSE(command.summary.empty()) << path;
  EXPECT_TRUE(command.summary.ends_with(".")) << path;
  const bool needs_example = command.run && path != "sigil version";
  EXPECT_TRUE(!needs_example || !command.examples.empty()) << path << " has no example";
  for (const auto& option : command.options)
    EXPECT_FALSE(option.help.empty()) << path << " " << option.names;
  for (const auto& child : command.commands) check_teaching(child, path + " " + child.name);
}

TEST(HelpPages, TeachByExample) {
  GlobalOptions global;
  check_teaching(command_tree(global), "sigil");
}

TEST(HelpPages, AreFoundFromEveryVerb) {
  GlobalOptions global;
  const auto parsed = parse_command(command_tree(global), {"deployment", "list", "--help"});
  ASSERT_TRUE(parsed && parsed->help);
  EXPECT_NE(parsed->help->find("Usage: sigil deployment list [options]"), std::string::npos);
}

}  // namespace
}  // namespace sigil::cli
