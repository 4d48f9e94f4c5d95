#include "builder/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builder/dockerfile/common.h"
#include "builder/test_tree.h"

namespace sigil::builder {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const PlanContext kContext{{{"node:22-slim", "sigil-base/node:22"},
                            {"node:20-slim", "sigil-base/node:22"},
                            {"python:3.11-slim", "sigil-base/python:3.11"},
                            {"python:3.10-slim", "sigil-base/python:3.11"}}};

FetchedSource source_of(const TestTree& tree, const std::string& path = {}) {
  FetchedSource source;
  source.root = tree.root();
  source.source.path = path;
  source.base = tree.root() + "/" + path;
  return source;
}

Plan plan_of(const TestTree& tree, const Builder::PlanOptions& options = {},
             const std::string& path = {}) {
  auto plan = plan_source(source_of(tree, path), options, kContext);
  EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error().reason + " " + plan.error().message);
  return plan ? *plan : Plan{};
}

std::string reason_of(const TestTree& tree, const std::string& path = {}) {
  const auto plan = plan_source(source_of(tree, path), {}, kContext);
  return plan ? "none" : plan.error().reason;
}

constexpr const char* kStdioJs =
    "import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'";
constexpr const char* kHttpJs =
    "import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/x.js'";

std::string package(const std::string& more) {
  return R"({"name":"@org/notes","version":"1.0.0","dependencies":{"@modelcontextprotocol/sdk":"1"})" +
         (more.empty() ? "" : "," + more) + "}";
}

TEST(DetectNode, ChoosesTheStartCommand) {
  const struct {
    std::string package;
    std::vector<std::string> files;
    std::vector<std::string> argv;
  } table[] = {
      {package(R"("bin":"./dist/cli.js")"), {}, {"node", "dist/cli.js"}},
      {package(R"("bin":{"setup":"a.js","notes":"b.js"})"), {}, {"node", "b.js"}},
      {package(R"("bin":{"x-setup":"a.js","x-mcp":"b.js"})"), {}, {"node", "b.js"}},
      {package(R"("scripts":{"start":"node build/index.js --stdio"})"),
       {},
       {"node", "build/index.js", "--stdio"}},
      {package(R"("scripts":{"start":"npm run build && node dist/x.js"})"),
       {},
       {"node", "dist/x.js"}},
      {package(R"("scripts":{"start":"nodemon x.js"},"main":"lib/m.js")"),
       {},
       {"node", "lib/m.js"}},
      {package(R"("scripts":{"start":"tsx watch src/index.ts"},"main":"m.js")"),
       {},
       {"node", "m.js"}},
      {package(R"("scripts":{"start":"A=1 node x.js | tee y"})"),
       {},
       {"sh", "-c", "A=1 node x.js | tee y"}},
      {package(R"("scripts":{"build":"tsc"})"), {"src/index.ts"}, {"node", "dist/index.js"}},
      {package(""), {"server.js"}, {"node", "server.js"}},
      {package(R"("bin":"src/index.ts","devDependencies":{"tsx":"4"})"),
       {},
       {"tsx", "src/index.ts"}},
      {package(R"("bin":"src/index.ts")"), {}, {"/opt/tsx/node_modules/.bin/tsx", "src/index.ts"}},
  };
  for (const auto& row : table) {
    TestTree tree({{"package.json", row.package}, {"lib.js", kStdioJs}});
    for (const auto& file : row.files) tree.write(file, kStdioJs);
    EXPECT_EQ(plan_of(tree).argv, row.argv) << row.package;
  }
}

TEST(DetectNode, TakesTheOutputFolderFromTsconfig) {
  const TestTree tree(
      {{"package.json", package(R"("scripts":{"build":"tsc"})")},
       {"tsconfig.json", "{// out\n\"compilerOptions\": {\"outDir\": \"./out/\",},}"},
       {"src/index.ts", kStdioJs}});
  EXPECT_THAT(plan_of(tree).argv, ElementsAre("node", "out/index.js"));
}

TEST(DetectNode, ReadsPackageManagersFromLocks) {
  const struct {
    const char* lock;
    const char* more;
    const char* wants;
  } table[] = {
      {"package-lock.json", "", "RUN npm ci --ignore-scripts"},
      {"pnpm-lock.yaml", R"("packageManager":"pnpm@9.1.0+sha512.abc")", "pnpm@9.1.0\n"},
      {"yarn.lock", "", "yarn install --ignore-scripts"},
      {"bun.lock", "", "bun install --ignore-scripts"},
      {"", "", "RUN npm install --ignore-scripts"},
  };
  for (const auto& row : table) {
    TestTree tree({{"package.json",
                    package(std::string(R"("bin":"x.js")") + (*row.more ? "," : "") + row.more)},
                   {"x.js", kStdioJs}});
    if (*row.lock) tree.write(row.lock, "lock");
    EXPECT_THAT(plan_of(tree).dockerfile, HasSubstr(row.wants)) << row.lock;
  }
}

TEST(DetectNode, PassesOverAnEmptyLockAndAsksPackageManager) {
  const TestTree tree({{"package.json", package(R"("bin":"x.js","packageManager":"pnpm@8.0.0")")},
                       {"package-lock.json", "{}"},
                       {"pnpm-lock.yaml", "lockfileVersion: 6"},
                       {"yarn.lock", ""},
                       {"x.js", kStdioJs}});
  EXPECT_THAT(plan_of(tree).dockerfile, HasSubstr("pnpm@8.0.0"));
}

TEST(DetectNode, ChoosesTheTransport) {
  const struct {
    const char* source;
    Transport transport;
  } table[] = {
      {kStdioJs, Transport::stdio},
      {kHttpJs, Transport::streamable_http},
      {"StdioServerTransport StreamableHTTPServerTransport", Transport::stdio},
      {"SSEServerTransport", Transport::sse},
      {"nothing", Transport::stdio},
  };
  for (const auto& row : table) {
    const TestTree tree({{"package.json", package(R"("bin":"x.js")")}, {"x.js", row.source}});
    EXPECT_EQ(plan_of(tree).transport, row.transport) << row.source;
  }
  const TestTree asked(
      {{"package.json", package(R"("scripts":{"start":"node x.js --http"})")}, {"x.js", kStdioJs}});
  EXPECT_EQ(plan_of(asked).transport, Transport::streamable_http);
}

TEST(DetectNode, ChoosesAVersionThatIsMapped) {
  const struct {
    const char* engines;
    const char* version;
  } table[] = {{">=18", "22"}, {"20.x", "20"}, {">=24", "24"}};
  for (const auto& row : table) {
    const TestTree tree(
        {{"package.json",
          package(std::string(R"("bin":"x.js","engines":{"node":")") + row.engines + "\"}")},
         {"x.js", kStdioJs}});
    EXPECT_EQ(plan_of(tree).language_version, row.version) << row.engines;
  }
}

TEST(DetectNode, BuildsAWorkspaceMemberFromTheRoot) {
  const TestTree tree(
      {{"package.json", R"({"private":true,"workspaces":["packages/*"]})"},
       {"package-lock.json", "{}"},
       {"packages/lib/package.json", R"({"name":"lib"})"},
       {"packages/server/package.json", package(R"("bin":"dist/i.js","scripts":{"build":"tsc"})")},
       {"packages/server/src/i.ts", kStdioJs}});
  const auto plan = plan_of(tree, {}, "packages/server");
  EXPECT_EQ(plan.context_path, ".");
  EXPECT_THAT(plan.dockerfile, HasSubstr("WORKDIR /app/packages/server\n"));
  EXPECT_THAT(plan.dockerfile, HasSubstr("packages/lib/package.json"));
}

TEST(DetectPython, ChoosesTheStartCommand) {
  const std::string head = "[project]\nname = \"my-notes\"\ndependencies = [\"mcp\"]\n";
  const std::string backend = "[build-system]\nrequires = [\"hatchling\"]\n";
  const std::string server = "mcp = FastMCP('x')\nmcp.run()\n";
  const struct {
    std::string name;
    std::vector<TestTree::File> files;
    std::vector<std::string> argv;
  } table[] = {
      {"script",
       {{"pyproject.toml",
         head + "[project.scripts]\nmy_notes = \"n:main\"\no = \"n:o\"\n" + backend}},
       {"my_notes"}},
      {"one script",
       {{"pyproject.toml", head + "[project.scripts]\no = \"n:o\"\n" + backend}},
       {"o"}},
      {"module",
       {{"pyproject.toml", head + backend}, {"src/my_notes/__main__.py", "x"}},
       {"python", "-m", "my_notes"}},
      {"file",
       {{"requirements.txt", "mcp>=1\n"}, {"main.py", "print('hello')"}, {"server.py", server}},
       {"python", "server.py"}},
      {"decoy",
       {{"pyproject.toml", head}, {"main.py", "print('hello')"}, {"notes_mcp.py", server}},
       {"python", "notes_mcp.py"}},
      {"package file",
       {{"requirements.txt", "mcp"}, {"src/a/server.py", "\nfrom .b import c\n" + server}},
       {"python", "-m", "a.server"}},
      {"no run",
       {{"requirements.txt", "fastmcp"}, {"server.py", "mcp = FastMCP('x')\n"}},
       {"fastmcp", "run", "server.py"}},
      {"poetry",
       {{"pyproject.toml",
         "[tool.poetry]\nname = \"p\"\n[tool.poetry.dependencies]\npython = "
         "\"^3.10\"\nmcp = \"*\"\n[tool.poetry.scripts]\np = \"p:main\"\n" +
             backend}},
       {"p"}},
  };
  for (const auto& row : table) {
    TestTree tree;
    for (const auto& [path, content] : row.files) tree.write(path, content);
    EXPECT_EQ(plan_of(tree).argv, row.argv) << row.name;
  }
}

TEST(DetectPython, CallsTheScriptOfAProjectWithoutABackend) {
  const TestTree tree({{"pyproject.toml",
                        "[project]\nname = \"n\"\ndependencies = [\"mcp\"]\n[project.scripts]\nn = "
                        "\"n.app:main\"\n"}});
  EXPECT_THAT(plan_of(tree).argv,
              ElementsAre("python", "-c", HasSubstr("from n.app import main as f; sys.exit(f())")));
}

TEST(DetectPython, ChoosesAVersionThatIsMapped) {
  const auto version = [](const std::string& range) {
    const TestTree tree({{"pyproject.toml", "[project]\nname = \"n\"\nrequires-python = \"" +
                                                range + "\"\ndependencies = [\"mcp\"]\n"},
                         {"server.py", "FastMCP('x').run()"}});
    return plan_of(tree).language_version;
  };
  EXPECT_EQ(version(">=3.10"), "3.11");
  EXPECT_EQ(version("<3.11"), "3.10");
  EXPECT_EQ(version(">=3.12"), "3.12");
}

TEST(Detect, SaysWhatIsWrong) {
  EXPECT_EQ(reason_of(TestTree({{"package.json", R"({"name":"x","main":"x.js"})"}, {"x.js", "1"}})),
            "E_NOT_MCP");
  EXPECT_EQ(reason_of(TestTree({{"requirements.txt", "flask"}, {"a.py", "1"}})), "E_NOT_MCP");
  EXPECT_EQ(reason_of(TestTree({{"README.md", "x"}})), "E_NO_BUILD_PLAN");
  EXPECT_EQ(reason_of(TestTree({{"package.json", "[1]"}})), "E_NO_BUILD_PLAN");
  EXPECT_EQ(reason_of(TestTree({{"package.json", package("")}})), "E_NO_BUILD_PLAN");
  EXPECT_EQ(reason_of(TestTree({{"a/package.json", package("\"bin\":\"x\"")},
                                {"b/package.json", package("\"bin\":\"x\"")}})),
            "E_AMBIGUOUS_ROOT");
  EXPECT_EQ(reason_of(TestTree({{"x", "y"}}), "missing"), "E_MANIFEST_PATH");
  EXPECT_EQ(reason_of(TestTree({{"x", "y"}}), "../.."), "E_MANIFEST_PATH");
  EXPECT_EQ(reason_of(TestTree({{"pyproject.toml", "[project\n"}})), "E_NO_BUILD_PLAN");
}

TEST(Detect, FindsTheOnlyFolderThatHasSomething) {
  const TestTree tree({{"README.md", "x"}, {"mcp/package.json", package("\"bin\":\"x.js\"")}});
  EXPECT_EQ(plan_of(tree).context_path, "mcp");
}

TEST(Detect, LetsTheSdkDecideBetweenPythonAndNode) {
  const TestTree tree(
      {{"package.json", package("\"bin\":\"x.js\"")}, {"requirements.txt", "flask"}});
  EXPECT_EQ(plan_of(tree).language, Language::node);
}

TEST(Detect, BuildsGoAndRust) {
  const TestTree go(
      {{"go.mod", "module host.example/a/notes-mcp\n\ngo 1.24.1\n\nrequire x/mcp-go v1\n"},
       {"cmd/notes/main.go", "package main\nfunc main() { server.ServeStdio(s) }\n"}});
  const auto plan = plan_of(go);
  EXPECT_EQ(plan.language, Language::go);
  EXPECT_THAT(plan.dockerfile, HasSubstr("FROM golang:1.24 AS build"));
  EXPECT_THAT(plan.dockerfile, HasSubstr("'./cmd/notes'"));
  const TestTree rust(
      {{"Cargo.toml", "[package]\nname = \"notes\"\n[dependencies]\nrmcp = \"1\"\n"},
       {"src/main.rs", "use rmcp;\n"}});
  EXPECT_THAT(plan_of(rust).dockerfile, HasSubstr("--bin 'notes'"));
}

TEST(PlanManifest, UsesTheRepositorysDockerfileAndTheFunction) {
  const TestTree tree(
      {{"smithery.yaml",
        "startCommand:\n  type: stdio\n  commandFunction: \"() => ({command: 'x'})\"\n"},
       {"Dockerfile", "FROM node:22-slim\nCMD [\"node\", \"a.js\"]\n"},
       {"package.json", package("\"bin\":\"x.js\"")}});
  const auto plan = plan_of(tree);
  EXPECT_EQ(plan.dockerfile_path, "Dockerfile");
  EXPECT_EQ(plan.dockerfile, "");
  EXPECT_TRUE(plan.uses_image_command);
  EXPECT_EQ(plan.language, Language::container);
  EXPECT_EQ(plan.manifest_path, "smithery.yaml");
  EXPECT_EQ(plan.manifest_hash.size(), 64u);
  EXPECT_EQ(plan.package_name, "@org/notes");
  EXPECT_EQ(plan.version, "1.0.0");
}

TEST(PlanManifest, BuildsFormAWithoutADockerfile) {
  const TestTree tree(
      {{"smithery.yaml",
        "startCommand:\n  type: stdio\n  commandFunction: |\n    (c) => ({command: 'npx', args: "
        "['-y', '@org/notes', '--x']})\n"},
       {"package.json", package("\"bin\":{\"notes\":\"x.js\"}")},
       {"x.js", kStdioJs}});
  const auto plan = plan_of(tree);
  EXPECT_THAT(plan.argv, ElementsAre("node", "x.js"));
  EXPECT_THAT(plan.launched_packages, IsEmpty());
  const auto adapted = adapt_command(plan, plan.argv, {{"npx", "-y", "@org/notes", "--x"}, {}});
  EXPECT_THAT(adapted.argv, ElementsAre("node", "x.js", "--x"));
}

TEST(PlanManifest, InstallsAPackageThatAFunctionLaunches) {
  const TestTree tree({{"smithery.yaml",
                        "startCommand:\n  type: stdio\n  commandFunction: |\n    (c) => ({command: "
                        "'npx', args: ['-y', 'other@2']})\n"}});
  const auto plan = plan_of(tree);
  EXPECT_THAT(plan.launched_packages, ElementsAre("other@2"));
  EXPECT_THAT(plan.dockerfile, HasSubstr("'other@2'"));
  EXPECT_THAT(adapt_command(plan, {}, {{"npx", "-y", "other@2", "a"}, {}}).argv,
              ElementsAre("/opt/sigil/bin/other", "a"));
}

TEST(PlanManifest, HostsTheTypescriptRuntime) {
  const TestTree tree({{"smithery.yaml", "runtime: typescript"},
                       {"package.json", package(R"("module":"./src/main.ts")")},
                       {"src/main.ts", "export default function createServer({ config }) {}"}});
  const auto plan = plan_of(tree);
  EXPECT_EQ(plan.transport, Transport::stdio);
  EXPECT_THAT(plan.command_function, HasSubstr("MCP_SERVER_CONFIG"));
  EXPECT_THAT(plan.dockerfile, HasSubstr("esbuild 'src/main.ts' --bundle"));
  const TestTree plain({{"smithery.yaml", "runtime: typescript"},
                        {"package.json", package(R"("bin":"x.js")")},
                        {"src/index.ts", kStdioJs}});
  EXPECT_EQ(plan_of(plain).command_function, "");
}

TEST(PlanManifest, HostsThePythonRuntime) {
  const TestTree tree({{"smithery.yaml", "runtime: python\n"},
                       {"pyproject.toml",
                        "[project]\nname = \"n\"\ndependencies = [\"mcp\"]\n[tool.smithery]\n"
                        "server = \"n.server:create_server\"\n"}});
  EXPECT_THAT(plan_of(tree).argv,
              ElementsAre("python", "-c", HasSubstr("from n.server import create_server")));
}

TEST(PlanManifest, TakesBuildCommandsOfTheManifest) {
  const TestTree tree(
      {{"mcp.yaml",
        "apiVersion: sigil/v1\nbuild: {install: make deps, command: \"make\\nmake all\"}\n"},
       {"package.json", package(R"("bin":"x.js")")},
       {"Dockerfile", "FROM scratch\n"},
       {"x.js", kStdioJs}});
  const auto plan = plan_of(tree);
  EXPECT_THAT(plan.dockerfile, HasSubstr(R"(RUN ["/bin/sh","-ec","make deps"])"));
  EXPECT_THAT(plan.dockerfile, HasSubstr(R"(RUN ["/bin/sh","-ec","make\nmake all"])"));
}

TEST(PlanManifest, DetectsTheTransportWhereTheManifestIsSilent) {
  const TestTree tree({{"smithery.yaml", "name: x\ndescription: only words\n"},
                       {"package.json", package(R"("bin":"x.js")")},
                       {"x.js", kHttpJs}});
  EXPECT_EQ(plan_of(tree).transport, Transport::streamable_http);
}

TEST(PlanDockerfile, PutsArgumentsBehindTheImagesCommand) {
  const TestTree tree({{"Dockerfile", "FROM a\nCMD [\"x\"]\n"}});
  const auto plan = plan_of(tree, {.ignore_manifest = false, .args = {"--y"}});
  EXPECT_FALSE(plan.uses_image_command);
  EXPECT_TRUE(plan.appends_to_image_command);
  EXPECT_THAT(plan.argv, ElementsAre("--y"));
}

TEST(PlanManifest, KeepsPathsInsideTheCheckout) {
  const auto manifest = [](const std::string& build) {
    return "startCommand: {type: http}\nbuild: {" + build + "}\n";
  };
  const TestTree good({{"a/b/smithery.yaml", manifest("dockerfile: D, dockerBuildPath: ../..")},
                       {"a/b/D", "FROM scratch\nEXPOSE 3000\nCMD [\"x\"]\n"}});
  const auto plan = plan_of(good, {}, "a/b");
  EXPECT_EQ(plan.dockerfile_path, "a/b/D");
  EXPECT_EQ(plan.context_path, ".");
  EXPECT_EQ(reason_of(TestTree({{"smithery.yaml", manifest("dockerfile: D, dockerBuildPath: ..")},
                                {"D", "FROM scratch"}})),
            "E_MANIFEST_PATH");
  EXPECT_EQ(reason_of(TestTree({{"smithery.yaml", manifest("dockerfile: ../D")}})),
            "E_MANIFEST_PATH");
  EXPECT_EQ(reason_of(TestTree({{"smithery.yaml", manifest("dockerfile: gone")}})),
            "E_MANIFEST_PATH");
  EXPECT_EQ(reason_of(TestTree({{"smithery.yaml", "runtime: container\n"}})), "E_NO_BUILD_PLAN");
}

TEST(PlanManifest, IsNeverSilentlySkippedWhenBroken) {
  EXPECT_EQ(reason_of(TestTree(
                {{"smithery.yaml", "a: b: c\n"}, {"package.json", package("\"bin\":\"x.js\"")}})),
            "E_MANIFEST_SYNTAX");
  const TestTree tree({{"smithery.yaml", "a: b: c\n"},
                       {"package.json", package("\"bin\":\"x.js\"")},
                       {"x.js", kStdioJs}});
  EXPECT_EQ(plan_of(tree, {.ignore_manifest = true, .args = {}}).manifest_format, "detected");
}

TEST(PlanManifest, PrefersOursAndPassesOverOthersOfThatName) {
  const TestTree tree(
      {{"mcp.yaml", "mcpServers: {a: {command: x}}\n"},
       {"smithery.yaml", "startCommand: {type: stdio, command: node, args: [y.js]}\n"},
       {"package.json", package("\"bin\":\"x.js\"")}});
  const auto plan = plan_of(tree);
  EXPECT_EQ(plan.manifest_path, "smithery.yaml");
  EXPECT_THAT(plan.warnings, Contains(HasSubstr("a client config")));
  EXPECT_THAT(plan.argv, ElementsAre("node", "y.js"));
}

TEST(DetectNode, LetsArgumentsChooseTheTransport) {
  const TestTree tree({{"package.json", package("\"bin\":\"x.js\"")}, {"x.js", kStdioJs}});
  EXPECT_EQ(plan_of(tree).transport, Transport::stdio);
  EXPECT_EQ(plan_of(tree, {.ignore_manifest = false, .args = {"streamableHttp"}}).transport,
            Transport::streamable_http);
}

TEST(PlanManifest, AppendsArguments) {
  const TestTree tree({{"package.json", package("\"bin\":\"x.js\"")}, {"x.js", kStdioJs}});
  EXPECT_THAT(plan_of(tree, {.ignore_manifest = false, .args = {"/data"}}).argv,
              ElementsAre("node", "x.js", "/data"));
}

TEST(PlanDockerfile, ReadsTransportAndPortFromTheImage) {
  const struct {
    const char* dockerfile;
    Transport transport;
    int port;
  } table[] = {
      {"FROM a\nCMD [\"node\",\"x.js\"]\n", Transport::stdio, 8080},
      {"FROM a\nEXPOSE 3001\nCMD [\"node\",\"x.js\"]\n", Transport::streamable_http, 3001},
      {"FROM a\nENV PORT=9000\nEXPOSE 9000\nCMD [\"x\"]\n", Transport::streamable_http, 8080},
      {"FROM a\nENTRYPOINT [\"x\"]\nCMD [\"--transport\", \"sse\"]\n", Transport::sse, 8080},
      {"FROM a\nENV MCP_TRANSPORT=http\nCMD [\"x\",\"--port\",\"7000\"]\n",
       Transport::streamable_http, 7000},
      {"FROM a AS b\nCMD [\"x\",\"--http\"]\nFROM b\n", Transport::streamable_http, 8080},
      {"FROM a\nEXPOSE 1\nCMD [\"x\",\"--stdio\"]\n", Transport::stdio, 8080},
  };
  for (const auto& row : table) {
    const TestTree tree({{"Dockerfile", row.dockerfile}});
    const auto plan = plan_of(tree);
    EXPECT_EQ(plan.transport, row.transport) << row.dockerfile;
    EXPECT_EQ(plan.port, row.port) << row.dockerfile;
  }
}

TEST(SourceTree, DoesNotFollowLinksOutside) {
  TestTree outside({{"secret.json", R"({"name":"leak"})"}});
  TestTree tree({{"a", "b"}});
  std::filesystem::create_symlink(outside.at("secret.json"), tree.at("package.json"));
  std::filesystem::create_directory_symlink(outside.root(), tree.at("folder"));
  const SourceTree seen(tree.root());
  EXPECT_FALSE(seen.read("package.json").has_value());
  EXPECT_FALSE(seen.has_file("folder/secret.json"));
  EXPECT_FALSE(seen.has_directory("folder"));
  EXPECT_FALSE(seen.read("../" + outside.root()).has_value());
  EXPECT_EQ(reason_of(tree), "E_NO_BUILD_PLAN");
}

TEST(AdaptCommand, KnowsTheLaunchers) {
  Plan plan;
  plan.package_name = "my_notes";
  plan.language = Language::python;
  const std::vector<std::string> own = {"my-notes"};
  const auto adapted = [&](std::vector<std::string> argv) {
    return adapt_command(plan, own, {std::move(argv), {}}).argv;
  };
  EXPECT_THAT(adapted({"uvx", "my-notes", "--x"}), ElementsAre("my-notes", "--x"));
  EXPECT_THAT(adapted({"uvx", "--from", "my-notes==1.0", "prog", "y"}),
              ElementsAre("my-notes", "y"));
  EXPECT_THAT(adapted({"uv", "tool", "run", "my-notes"}), ElementsAre("my-notes"));
  EXPECT_THAT(adapted({"uv", "run", "server.py", "a"}), ElementsAre("python", "server.py", "a"));
  EXPECT_THAT(adapted({"uv", "--directory", "/app", "run", "--with", "x", "prog"}),
              ElementsAre("prog"));
  EXPECT_THAT(adapted({"uvx", "other"}), ElementsAre("uvx", "other"));
  EXPECT_THAT(adapted({"npx", "-y"}), ElementsAre("npx", "-y"));
  EXPECT_THAT(adapted({"node", "npx"}), ElementsAre("node", "npx"));
  EXPECT_THAT(adapted({}), IsEmpty());
}

}  // namespace
}  // namespace sigil::builder
