// The generated Dockerfiles, whole: tests/golden/dockerfiles/NAME.dockerfile.
// SIGIL_REFRESH_GOLDEN=1 writes them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "builder/planner.h"
#include "builder/test_tree.h"

namespace sigil::builder {
namespace {

constexpr const char* kFolder = "tests/golden/dockerfiles/";
const char* const kServerJs =
    "import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'";

void expect_golden(const std::string& name, const std::string& text) {
  const auto path = kFolder + name + ".dockerfile";
  if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) {
    std::filesystem::create_directories(kFolder);
    std::ofstream(path, std::ios::binary) << text;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(golden, text) << path << "; SIGIL_REFRESH_GOLDEN=1 rewrites it";
}

std::string dockerfile_of(std::initializer_list<TestTree::File> files, const std::string& base = {},
                          bool has_pip_mirror = false) {
  const TestTree tree(files);
  FetchedSource source;
  source.root = tree.root();
  source.source.path = base;
  PlanContext context;
  context.has_pip_mirror = has_pip_mirror;
  const auto plan = plan_source(source, {}, context);
  EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error().message);
  return plan ? plan->dockerfile : std::string();
}

std::string node(const std::string& more) {
  return R"({"name":"notes","bin":"dist/index.js","dependencies":{"@modelcontextprotocol/sdk":"1"},)"
         R"("devDependencies":{"typescript":"5"},"scripts":{"build":"tsc"})" +
         more + "}";
}

TEST(GoldenDockerfile, Node) {
  expect_golden("node-npm", dockerfile_of({{"package.json", node("")},
                                           {"package-lock.json", R"({"packages":{}})"},
                                           {"src/index.ts", kServerJs}}));
  expect_golden("node-no-lock",
                dockerfile_of({{"package.json", node("")}, {"src/a.ts", kServerJs}}));
  expect_golden("node-pnpm",
                dockerfile_of({{"package.json", node(R"(,"packageManager":"pnpm@9.15.0")")},
                               {"pnpm-lock.yaml", "lockfileVersion: '9.0'\n  esbuild: 1\n"},
                               {"src/a.ts", kServerJs}}));
  expect_golden("node-yarn", dockerfile_of({{"package.json", node("")},
                                            {"yarn.lock", "# yarn lockfile v1\n"},
                                            {"src/a.ts", kServerJs}}));
  expect_golden("node-yarn-berry",
                dockerfile_of({{"package.json", node(R"(,"packageManager":"yarn@4.5.0")")},
                               {"yarn.lock", "__metadata:\n  version: 8\n"},
                               {"src/a.ts", kServerJs}}));
  expect_golden(
      "node-bun",
      dockerfile_of({{"package.json", node("")}, {"bun.lock", "{}"}, {"src/a.ts", kServerJs}}));
  expect_golden("node-workspace",
                dockerfile_of({{"package.json", R"({"private":true,"workspaces":["packages/*"]})"},
                               {"package-lock.json", "{}"},
                               {"packages/lib/package.json", R"({"name":"lib"})"},
                               {"packages/notes/package.json", node("")},
                               {"packages/notes/src/a.ts", kServerJs}},
                              "packages/notes"));
}

TEST(GoldenDockerfile, Python) {
  const std::string project =
      "[project]\nname = \"notes\"\nrequires-python = \">=3.11\"\ndependencies = [\"mcp\"]\n"
      "[project.scripts]\nnotes = \"notes:main\"\n[build-system]\nrequires = [\"hatchling\"]\n";
  expect_golden("python-uv",
                dockerfile_of({{"pyproject.toml", project}, {"uv.lock", "version = 1"}}));
  expect_golden("python-uv-mirror",
                dockerfile_of({{"pyproject.toml", project}, {"uv.lock", "version = 1"}}, {}, true));
  expect_golden("python-poetry",
                dockerfile_of({{"pyproject.toml", project}, {"poetry.lock", "package = []"}}));
  expect_golden("python-pyproject", dockerfile_of({{"pyproject.toml", project}}));
  expect_golden(
      "python-vcs-version",
      dockerfile_of({{"pyproject.toml",
                      "[project]\nname = \"notes\"\ndynamic = [\"version\", \"dependencies\"]\n"
                      "[project.scripts]\nnotes = \"notes:main\"\n[build-system]\n"
                      "requires = [\"hatchling\", \"hatch-vcs\"]\n"},
                     {"notes/__init__.py", "from mcp import x"}}));
  expect_golden("python-requirements",
                dockerfile_of({{"requirements.txt", "mcp\nx @ git+https://host.example/x\n"},
                               {"server.py", "FastMCP('x').run()"}}));
}

TEST(GoldenDockerfile, CompiledAndLaunched) {
  expect_golden("go", dockerfile_of({{"go.mod", "module host.example/notes-mcp\ngo 1.24\n"},
                                     {"go.sum", "x"},
                                     {"main.go", "package main\n// mcp-go ServeStdio\n"}}));
  expect_golden("rust", dockerfile_of({{"Cargo.toml", "[package]\nname = \"notes\"\n"},
                                       {"Cargo.lock", "x"},
                                       {"src/main.rs", "use rmcp; // transport::stdio\n"}}));
  expect_golden("npx-only",
                dockerfile_of({{"smithery.yaml",
                                "startCommand:\n  type: stdio\n  commandFunction: "
                                "\"() => ({command: 'npx', args: ['-y', '@a/b']})\"\n"}}));
  expect_golden("uvx-only",
                dockerfile_of({{"smithery.yaml",
                                "startCommand:\n  type: stdio\n  commandFunction: "
                                "\"() => ({command: 'uvx', args: ['notes-mcp']})\"\n"}}));
}

}  // namespace
}  // namespace sigil::builder
