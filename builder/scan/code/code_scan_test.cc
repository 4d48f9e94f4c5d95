#include "builder/scan/code/code_scan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "builder/scan/code/scan_cases.h"

namespace sigil::scan {
namespace {

CodeFindings scan_one(const std::string& path, const std::string& text) {
  return scan_code({{path, text, language_of(path)}});
}

bool has(const CodeFindings& found, std::string_view rule) {
  return std::any_of(found.issues.begin(), found.issues.end(),
                     [&](const Issue& issue) { return issue.rule == rule; });
}

TEST(CodeScan, EveryFixtureFiresOrStaysSilent) {
  const auto cases = read_scan_cases("tests/fixtures/scan");
  ASSERT_GT(cases.size(), 200U);
  for (const ScanCase& given : cases) {
    EXPECT_EQ(is_found(given), given.fires)
        << given.rule << ".cases:" << given.line << "\n"
        << given.source.substr(given.source.size() > 500 ? given.source.size() - 500 : 0);
  }
}

TEST(CodeScan, AFlowIsFollowedAcrossFiles) {
  const std::vector<SourceFile> files = {
      {"src/index.ts",
       "import { runGit } from './lib/git.js';\nserver.tool('log', 'Shows the log', { repo: "
       "z.string() }, async ({ repo }) => runGit(repo));\n",
       Language::typescript},
      {"src/lib/git.ts",
       "import { exec } from 'child_process';\nexport function runGit(repo: string) {\n  return "
       "exec(`git -C ${repo} log`);\n}\n",
       Language::typescript}};
  const CodeFindings found = scan_code(files);
  ASSERT_TRUE(has(found, "SIG-CMD-001"));
  const Issue& issue = found.issues.front();
  EXPECT_EQ(issue.file, "src/lib/git.ts");
  EXPECT_EQ(issue.line, 3);
  EXPECT_EQ(issue.tool, "log");
  EXPECT_EQ(issue.severity, Severity::block);
  ASSERT_GE(issue.flow.size(), 3U);
  EXPECT_EQ(issue.flow.front().file, "src/index.ts");
}

TEST(CodeScan, ToolsComeWithTheTextsAModelReads) {
  const CodeFindings found = scan_one("s.py",
                                      "@mcp.tool()\ndef add(a: Annotated[int, \"first "
                                      "number\"]):\n    \"\"\"Adds numbers\"\"\"\n    return a\n");
  ASSERT_EQ(found.entries.size(), 1U);
  EXPECT_EQ(found.entries[0].name, "add");
  const auto& texts = found.entries[0].texts;
  const auto is_there = [&](std::string_view text) {
    return std::any_of(texts.begin(), texts.end(),
                       [&](const MetadataText& each) { return each.text == text; });
  };
  EXPECT_TRUE(is_there("Adds numbers"));
  EXPECT_TRUE(is_there("first number"));
}

TEST(CodeScan, TheSameFilesInAnyOrderGiveTheSameIssues) {
  std::vector<SourceFile> files = {
      {"a.js", "app.get('/x', (req, res) => eval(req.query.a));", Language::javascript},
      {"b.py", "@mcp.tool()\ndef t(a):\n    os.system(a)\n", Language::python}};
  const auto first = scan_code(files).issues;
  std::reverse(files.begin(), files.end());
  EXPECT_EQ(first, scan_code(files).issues);
}

TEST(CodeScan, HostileTextEndsInAReport) {
  const std::string open(200'000, '(');
  const std::string close(200'000, ')');
  EXPECT_NO_FATAL_FAILURE(scan_one("deep.js", "f" + open + "1" + close));
  EXPECT_NO_FATAL_FAILURE(
      scan_one("deep.py", "x = " + std::string(100'000, '[') + std::string(100'000, ']')));
  EXPECT_NO_FATAL_FAILURE(scan_one("line.js", "const a = '" + std::string(900'000, 'x') + "';"));
  EXPECT_NO_FATAL_FAILURE(scan_one("cut.go", "package a\nfunc f( {{{{ if"));
  std::string sum = "x = 'a'";
  for (int i = 0; i < 50'000; ++i) sum += " + b";
  EXPECT_NO_FATAL_FAILURE(scan_one("sum.py", sum));
  std::string branches = "function f(a) {";
  for (int i = 0; i < 3'000; ++i) branches += "if (a) { a = a + 1;";
  EXPECT_NO_FATAL_FAILURE(scan_one("branches.js", branches));
}

TEST(CodeScan, WhatCannotBeReadIsAGap) {
  EXPECT_TRUE(has(scan_one("bad.js", "const a = '\xff\xfe';"), "SIG-SCAN-001"));
  EXPECT_TRUE(has(scan_one("big.js", std::string(2'000'000, ' ')), "SIG-SCAN-001"));
  CodeOptions options;
  options.expects_entry_points = true;
  EXPECT_TRUE(
      has(scan_code({{"a.js", "const a = 1;", Language::javascript}}, options), "SIG-SCAN-002"));
}

TEST(CodeScan, ColumnsCountUtf16Units) {
  const CodeFindings found = scan_one(
      "a.js", "app.get('/x', (req, res) => { /* \xF0\x9F\x98\x80 */ eval(req.query.a) });");
  ASSERT_TRUE(has(found, "SIG-CODE-001"));
  EXPECT_EQ(found.issues.front().column, 40);
}

}  // namespace
}  // namespace sigil::scan
