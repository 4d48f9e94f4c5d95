// Whole scans of small and of hostile trees: each ends in a report.
#include "builder/scan/scan.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "builder/test_tree.h"

namespace sigil::scan {
namespace {

using builder::TestTree;

Report scan_of(const TestTree& tree, InventoryLimits limits = {}, Policy policy = {}) {
  ScanRequest request;
  request.root = tree.root();
  request.limits = limits;
  request.policy = std::move(policy);
  request.now = 1'795'521'600;
  auto outcome = scan_tree(request);
  EXPECT_TRUE(outcome);
  return outcome ? std::move(outcome->report) : Report{};
}

bool has(const Report& report, const std::string& rule) {
  return std::ranges::any_of(report.issues,
                             [&](const ReportIssue& each) { return each.issue.rule == rule; });
}

TEST(Scan, ASampleOfOursIsSafe) {
  ScanRequest request;
  request.root = "tests/samples/hello-notes";
  const auto outcome = scan_tree(request);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->report.score, Score::safe) << report_text(outcome->report);
}

TEST(Scan, TheSameTreeGivesTheSameIssues) {
  const TestTree tree({{"Dockerfile", "FROM node:22\nRUN curl https://x | sh\n"},
                       {".env", "API_TOKEN=q8Zr2KxW7mTn4VbY6cJd\n"}});
  EXPECT_EQ(report_json(scan_of(tree)).at("issues"), report_json(scan_of(tree)).at("issues"));
  EXPECT_TRUE(has(scan_of(tree), "SIG-SECRET-001"));
}

TEST(Scan, ManifestsThatCannotBeReadAreNamedWithTheirLine) {
  const TestTree tree({{"smithery.yaml", "startCommand:\n  type: stdio\n  type: http\n"}});
  const auto report = scan_of(tree);
  ASSERT_TRUE(has(report, "SIG-CONF-001")) << report_text(report);
  EXPECT_EQ(report.issues.front().issue.line, 3);
}

TEST(Scan, TestsAndDependenciesAreNoCode) {
  const std::string leak = "const token = 'q8Zr2KxW7mTn4VbY6cJd9LfHs3Gp';\n";
  const TestTree tree({{"node_modules/a/index.js", leak},
                       {"tests/a.js", leak},
                       {"src/a.test.ts", leak},
                       {"lib/python3/site-packages/a.py", leak},
                       {"env2/pyvenv.cfg", ""},
                       {"env2/a.py", leak}});
  EXPECT_EQ(scan_of(tree).score, Score::safe);
}

TEST(Scan, CompiledCodeCountsOnlyWithoutItsSources) {
  const std::string leak = "const token = 'q8Zr2KxW7mTn4VbY6cJd9LfHs3Gp';\n";
  const TestTree built({{"dist/a.js", leak}});
  EXPECT_TRUE(has(scan_of(built), "SIG-SECRET-001"));
  const TestTree both({{"dist/a.js", leak},
                       {"src/a.ts", "export {}\n"},
                       {"package.json", R"({"main":"dist/a.js","scripts":{"build":"tsc"}})"}});
  EXPECT_FALSE(has(scan_of(both), "SIG-SECRET-001"));
  const TestTree committed({{"dist/a.js", leak},
                            {"src/a.ts", "export {}\n"},
                            {"package.json", R"({"main":"dist/a.js"})"}});
  EXPECT_TRUE(has(scan_of(committed), "SIG-SECRET-001"));
}

TEST(Scan, APolicyCannotHideTheEntryPoint) {
  const std::string leak = "const token = 'q8Zr2KxW7mTn4VbY6cJd9LfHs3Gp';\n";
  const TestTree tree({{"a.js", leak}, {"b.js", leak}, {"package.json", R"({"main":"a.js"})"}});
  Policy policy;
  policy.skip_paths = {"*.js"};
  const auto report = scan_of(tree, {}, policy);
  EXPECT_EQ(std::ranges::count_if(
                report.issues,
                [](const ReportIssue& each) { return each.issue.rule == "SIG-SECRET-001"; }),
            1);
}

TEST(HostileTree, LinksArePassedOver) {
  const TestTree tree({{"d/a.js", "x\n"}});
  ASSERT_EQ(symlink("..", tree.at("d/up").c_str()), 0);
  ASSERT_EQ(symlink("/etc/passwd", tree.at("passwd.js").c_str()), 0);
  ASSERT_EQ(mkfifo(tree.at("pipe.js").c_str(), 0600), 0);
  EXPECT_EQ(scan_of(tree).facts.coverage.files, 1U);
}

TEST(HostileTree, TooManyFilesBlock) {
  const TestTree tree;
  for (int i = 0; i < 30; ++i) tree.write("f" + std::to_string(i) + ".txt", "x");
  InventoryLimits limits;
  limits.files_max = 10;
  const auto report = scan_of(tree, limits);
  EXPECT_EQ(report.score, Score::blocked);
  EXPECT_EQ(report.reason, "scan_incomplete");
}

TEST(HostileTree, BombsNestingAndBrokenTextEndInAReport) {
  std::string bomb = "a: &a [x, x]\n";
  for (int i = 0; i < 40; ++i) bomb += "b" + std::to_string(i) + ": [*a, *a, *a]\n";
  const TestTree tree({{"smithery.yaml", bomb},
                       {"package.json", std::string(5000, '[')},
                       {"nest.js", std::string(100'000, '(') + std::string(100'000, ')')},
                       {"line.py", "x = '" + std::string(500'000, 'a') + "'"},
                       {"utf.go", std::string(1000, '\xff')},
                       {"zero.ts", std::string("a\0b", 3)},
                       {"big.js", std::string(1'200'000, 'x')},
                       {"Dockerfile", "FROM a\n" + std::string(100'000, '\\')}});
  const auto report = scan_of(tree);
  EXPECT_TRUE(has(report, "SIG-SCAN-001"));
  EXPECT_TRUE(has(report, "SIG-CONF-001"));
  EXPECT_FALSE(report_text(report).empty());
  EXPECT_FALSE(report_sarif(report, "").dump().empty());
}

}  // namespace
}  // namespace sigil::scan
