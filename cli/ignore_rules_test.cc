#include "cli/ignore_rules.h"

#include <gtest/gtest.h>

namespace sigil::cli {
namespace {

struct Case {
  const char* rules;
  const char* path;
  bool is_ignored;
};

TEST(IgnoreRules, ReadsPatternsAsDockerDoes) {
  const Case table[] = {
      {"node_modules", "node_modules/a/b.js", true},
      {"node_modules", "src/node_modules/a.js", false},
      {"**/node_modules", "src/deep/node_modules/a.js", true},
      {"**/node_modules", "node_modules", true},
      {"*.log", "a.log", true},
      {"*.log", "sub/a.log", false},
      {"**/*.log", "sub/a.log", true},
      {"/dist/", "dist/x", true},
      {"a/?.c", "a/b.c", true},
      {"a/?.c", "a/bb.c", false},
      {"a/[bc].x", "a/c.x", true},
      {"*\n!keep.txt", "keep.txt", false},
      {"*\n!keep.txt", "other.txt", true},
      {"dist\n!dist/index.js", "dist/index.js", false},
      {"dist\n!dist/index.js\ndist/*.js", "dist/index.js", true},
      {"# comment\n\n  spaced  ", "spaced", true},
      {"# comment", "# comment", false},
      {"*", ".hidden", true},
      {"", "anything", false},
      {".", "anything", false},
  };
  for (const auto& each : table)
    EXPECT_EQ(IgnoreRules::parse(each.rules).is_ignored(each.path), each.is_ignored)
        << each.rules << " | " << each.path;
}

TEST(IgnoreRules, SendsWhatSigilReads) {
  const auto rules = IgnoreRules::parse("*");
  for (const char* path : {"Dockerfile", "docker/Dockerfile.prod", "smithery.yaml", "mcp.yaml",
                           ".dockerignore", "package.json", "pyproject.toml"})
    EXPECT_FALSE(rules.is_ignored(path)) << path;
  EXPECT_TRUE(rules.is_ignored("deep/smithery.yml.bak"));
}

TEST(IgnoreRules, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "**/a/";
  std::string path;
  for (int i = 0; i < 400; ++i) path += "a/";
  EXPECT_FALSE(IgnoreRules::parse(pattern + "b").is_ignored(path + "c"));
}

}  // namespace
}  // namespace sigil::cli
