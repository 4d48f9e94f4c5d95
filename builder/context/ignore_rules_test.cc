#include "builder/context/ignore_rules.h"

#include <gtest/gtest.h>

namespace sigil::builder {
namespace {

struct Row {
  const char* rules;
  const char* path;
  bool is_ignored;
};

TEST(IgnoreRules, FollowDocker) {
  const Row table[] = {
      {"node_modules", "node_modules/a/b.js", true},
      {"node_modules", "src/node_modules/a.js", false},
      {"**/node_modules", "src/node_modules/a.js", true},
      {"**/node_modules", "node_modules", true},
      {"*.md", "README.md", true},
      {"*.md", "docs/README.md", false},
      {"**/*.md", "docs/README.md", true},
      {"**/*.md", "README.md", true},
      {"*.md\n!README.md", "README.md", false},
      {"*.md\n!README.md", "CHANGES.md", true},
      {"!README.md\n*.md", "README.md", true},
      {"docs\n!docs/keep.txt", "docs/keep.txt", false},
      {"docs\n!docs/keep.txt", "docs/drop.txt", true},
      {"*/temp*", "a/temporary.txt", true},
      {"*/temp*", "a/b/temporary.txt", false},
      {"*/*/temp*", "a/b/temporary.txt", true},
      {"temp?", "tempa", true},
      {"temp?", "temp", false},
      {"/dist", "dist/x", true},
      {"./dist/", "dist/x", true},
      {"dist/../build", "build/x", true},
      {"# dist", "dist", false},
      {"#dist\ndist", "dist", true},
      {"[a-c].txt", "b.txt", true},
      {"[^a-c].txt", "b.txt", false},
      {"[^a-c].txt", "d.txt", true},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**", "a/x", true},
      {"**", "anything/at/all", true},
      {"**\n!src\n", "src/a.ts", false},
      {"*\n!src/**", "src/a.ts", false},
      {"*\n!src/**", "package.json", true},
      {"\\*.txt", "*.txt", true},
      {"\\*.txt", "a.txt", false},
      {"..", "a", false},
      {"../secret", "secret", false},
      {".", "a", false},
      {"[", "[", false},
      {"caf\xC3\xA9*", "caf\xC3\xA9s", true},
      {"dist\r\nbuild\r\n", "build/x", true},
      {"  dist  ", "dist", true},
      {"! README.md", "README.md", false},
  };
  for (const auto& row : table)
    EXPECT_EQ(IgnoreRules::parse(row.rules).is_ignored(row.path), row.is_ignored)
        << row.rules << " on " << row.path;
}

TEST(IgnoreRules, KnowWhetherAnythingIsTakenBack) {
  EXPECT_FALSE(IgnoreRules::parse("a\nb").has_exceptions());
  EXPECT_TRUE(IgnoreRules::parse("a\n!a/b").has_exceptions());
}

TEST(IgnoreRules, TakeHostilePatternsInShortTime) {
  std::string stars;
  for (int i = 0; i < 2'000; ++i) stars += "a*";
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "**/a/";
  const auto rules = IgnoreRules::parse(stars + "b\n" + deep + "b");
  EXPECT_FALSE(rules.is_ignored(std::string(4'000, 'a')));
  std::string path;
  for (int i = 0; i < 500; ++i) path += "a/";
  EXPECT_FALSE(rules.is_ignored(path + "c"));
}

}  // namespace
}  // namespace sigil::builder
