// The builder against a real engine and the real package registries: sources become images whose
// servers answer tools/list. Needs the base images of scripts/base-images.sh (or their public
// names).
#include "builder/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/guarded.h"
#include "base/ids.h"
#include "base/process/process.h"
#include "builder/test_tree.h"
#include "tests/support/engine_fixture.h"

namespace sigil::builder {
namespace {

using test::eventually;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// A server without dependencies, so that most builds need no registry.
constexpr const char* kServerJs = R"js(
// speaks MCP over stdio by hand; the name StdioServerTransport tells the planner so
process.stdin.setEncoding('utf8');
let rest = '';
process.stdin.on('data', (piece) => {
  rest += piece;
  for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
    const message = JSON.parse(rest.slice(0, end));
    rest = rest.slice(end + 1);
    if (message.id === undefined) continue;
    const result = message.method === 'initialize'
      ? { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } }
      : { tools: [{ name: process.env.TOOL || 'hand_made', inputSchema: { type: 'object' } }] };
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }) + '\n');
  }
});
)js";
constexpr const char* kPackageJson =
    R"({"name":"hand-made","version":"1.2.3","bin":"server.js","keywords":["@modelcontextprotocol/sdk"]})";

class BuilderTest : public test::EngineFixture {
 protected:
  void SetUp() override {
    EngineFixture::SetUp();
    settings_.shim_file = SIGIL_SHIM_FILE;
    settings_.labels = {{"io.sigil.instance", instance_}, {"io.sigil.operation", "op_1"}};
    if (std::ifstream("/etc/ssl/certs/ca-certificates.crt").good())
      settings_.ca_bundle = "/etc/ssl/certs/ca-certificates.crt";
    if (engine_.inspect_image("sigil-base/node:22").has_value())
      settings_.base_images = {{"node:22-slim", "sigil-base/node:22"},
                               {"node:20-alpine", "sigil-base/node:22"},
                               {"python:3.11-slim", "sigil-base/python:3.11"},
                               {"debian:bookworm-slim", "sigil-base/debian:12"}};
  }
  LogSink sink() {
    return {[this](std::string_view stream, std::string_view text) {
      lines_.with(
          [&](auto& lines) { lines.push_back(std::string(stream) + ": " + std::string(text)); });
    }};
  }
  std::vector<std::string> lines() const {
    return lines_.with([](const auto& lines) { return lines; });
  }
  std::string tag() const { return "sigil-test/" + instance_ + ":built"; }

  Result<BuiltImage> deploy(const std::string& text, std::vector<std::string> args = {}) {
    const Builder builder(engine_, settings_);
    SIGIL_TRY(const auto source, parse_source(text));
    return deploy_source(builder, source, std::move(args));
  }
  Result<BuiltImage> deploy_source(const Builder& builder, const Source& source,
                                   std::vector<std::string> args = {}) {
    SIGIL_TRY(fetched_, builder.fetch(source, scratch_.root(), {}, sink(), {}));
    Builder::PlanOptions options;
    options.args = std::move(args);
    SIGIL_TRY(plan_, builder.read_plan(fetched_, options, sink()));
    return builder.build(fetched_, plan_, tag(), sink(), stop_.get_token());
  }
  BuiltImage must_deploy(const std::string& text, std::vector<std::string> args = {}) {
    const auto built = deploy(text, std::move(args));
    EXPECT_TRUE(built.has_value()) << built.error().reason << ": " << built.error().message;
    return built.value_or(BuiltImage{});
  }

  // Starts the image hardened, speaks MCP to it over stdio, returns the names of its tools.
  std::vector<std::string> tools_of(const BuiltImage& image, std::vector<std::string> env = {}) {
    std::vector<std::string> entrypoint = {"sh", "-c", "(cat; sleep 5) | \"$@\"", "sigil"};
    entrypoint.insert(entrypoint.end(), image.argv.begin(), image.argv.end());
    env.push_back("HOME=/tmp");
    const Json body = {{"Image", image.image},
                       {"Entrypoint", entrypoint},
                       {"Cmd", Json::array()},
                       {"Env", env},
                       {"User", image.user.empty() ? "10001:10001" : image.user},
                       {"Labels", {{"io.sigil.instance", instance_}}},
                       {"HostConfig",
                        {{"NetworkMode", "none"},
                         {"ReadonlyRootfs", true},
                         {"CapDrop", {"ALL"}},
                         {"Tmpfs", {{"/tmp", "rw,size=16m,mode=1777"}}}}}};
    const std::string input =
        R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",)"
        R"("capabilities":{},"clientInfo":{"name":"t","version":"1"}}})"
        "\n"
        R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
        "\n"
        R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})"
        "\n";
    const auto outcome = engine_.run_one_shot("sigil-" + instance_ + make_id_text("mcp"), body,
                                              input, {.time_max = std::chrono::seconds(60)}, {});
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    std::vector<std::string> names;
    if (!outcome) return names;
    std::istringstream output(outcome->output);
    for (std::string line; std::getline(output, line);) {
      const auto message = Json::parse(line, nullptr, false);
      if (message.is_discarded() || message.value("id", 0) != 2) continue;
      for (const auto& tool : message["result"]["tools"]) names.push_back(tool["name"]);
    }
    EXPECT_FALSE(names.empty()) << outcome->output << outcome->error_output;
    return names;
  }
  Json inspected(const BuiltImage& image) { return *engine_.inspect_image(image.image); }
  std::size_t images_of_ours() const {
    return engine_.list_images({{"io.sigil.instance", instance_}})->size();
  }

  BuildSettings settings_;
  TestTree scratch_;
  Guarded<std::vector<std::string>> lines_;
  FetchedSource fetched_;
  Plan plan_;
  std::stop_source stop_;
};

void run_git(const TestTree& tree, std::vector<std::string> arguments) {
  ProcessOptions options;
  options.argv = {"git", "-C", tree.root(), "-c", "user.name=t", "-c", "user.email=t@t"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", ""}, {"GIT_CONFIG_NOSYSTEM", "1"}};
  const auto outcome = run_process(options, {});
  ASSERT_TRUE(outcome.has_value());
  ASSERT_EQ(outcome->exit_code, 0) << outcome->error_output;
}

TEST_F(BuilderTest, TurnsAGitRepositoryIntoAStdioServer) {
  const TestTree repository({{"package.json", kPackageJson},
                             {"server.js", std::string(kServerJs) + "// StdioServerTransport"},
                             {"node_modules/left/behind.js", "x"}});
  run_git(repository, {"init", "-q"});
  run_git(repository, {"add", "."});
  run_git(repository, {"commit", "-q", "-m", "x"});
  const auto image = must_deploy("file://" + repository.root());
  EXPECT_EQ(fetched_.commit.size(), 40u);
  EXPECT_EQ(plan_.transport, Transport::stdio);
  EXPECT_EQ(image.argv, (std::vector<std::string>{"node", "server.js"}));
  EXPECT_EQ(image.user, "10001:10001");
  EXPECT_EQ(image.working_directory, "/app");
  EXPECT_THAT(tools_of(image), Contains("hand_made"));
  const auto config = inspected(image)["Config"];
  EXPECT_EQ(config["Labels"]["io.sigil.commit"], fetched_.commit);
  EXPECT_EQ(config["Labels"]["io.sigil.operation"], "op_1");
  EXPECT_EQ(config["Healthcheck"]["Test"], Json::parse(R"(["CMD","/.sigil/shim","probe"])"));
  EXPECT_EQ(inspected(image)["RepoTags"], Json::parse("[\"" + tag() + "\"]"));
  const auto shim = run_shell("ls -ln /.sigil/shim", image.image);
  EXPECT_THAT(shim.output, HasSubstr("-rwxr-xr-x"));
  const auto again = must_deploy("file://" + repository.root());
  EXPECT_EQ(again.image, image.image) << "an unchanged source gives the same image";
}

TEST_F(BuilderTest, BuildsTheBundledSample) {
  const auto image = must_deploy(std::string(SIGIL_SOURCE_DIR) + "/tests/samples/hello-notes");
  EXPECT_FALSE(plan_.command_function.empty());
  EXPECT_THAT(tools_of(image, {"NOTES_LIMIT=5"}),
              IsSupersetOf({"add_note", "list_notes", "search_notes"}));
}

TEST_F(BuilderTest, BuildsAPythonProject) {
  const TestTree tree(
      {{"pyproject.toml",
        "[project]\nname = \"notes\"\nversion = \"0.1\"\nrequires-python = \">=3.10\"\n"
        "dependencies = [\"mcp>=1.9,<2\"]\n[project.scripts]\nnotes = \"notes:main\"\n"
        "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n"},
       {"notes/__init__.py",
        "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('n')\n@mcp.tool()\n"
        "def add_numbers(a: int, b: int) -> int:\n    return a + b\ndef main():\n    "
        "mcp.run()\n"}});
  EXPECT_THAT(tools_of(must_deploy(tree.root())), Contains("add_numbers"));
}

TEST_F(BuilderTest, BuildsRequirementsAndALooseFile) {
  const TestTree tree({{"requirements.txt", "mcp>=1.9,<2\n"},
                       {"server.py",
                        "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('n')\n@mcp.tool()\n"
                        "def loose(a: int) -> int:\n    return a\nif __name__ == '__main__':\n"
                        "    mcp.run()\n"}});
  EXPECT_THAT(tools_of(must_deploy(tree.root())), Contains("loose"));
}

TEST_F(BuilderTest, InstallsAnNpmPackage) {
  const auto everything = must_deploy("npm:@modelcontextprotocol/server-everything");
  EXPECT_FALSE(fetched_.version.empty());
  EXPECT_EQ(plan_.version, fetched_.version);
  EXPECT_THAT(tools_of(everything), Contains("echo"));
}

TEST_F(BuilderTest, LetsAnArgumentChooseThePackagesTransport) {
  must_deploy("npm:@modelcontextprotocol/server-everything", {"streamableHttp"});
  EXPECT_EQ(plan_.transport, Transport::streamable_http);
  EXPECT_EQ(plan_.argv.back(), "streamableHttp");
}

TEST_F(BuilderTest, StartsTheFileThatTheBuildWrote) {
  const TestTree tree(
      {{"package.json",
        R"({"name":"late","bin":"dist/index.js","keywords":["@modelcontextprotocol/sdk"],)"
        R"("scripts":{"build":"mkdir -p build && cp src.js build/index.js"}})"},
       {"src.js", std::string(kServerJs) + "// StdioServerTransport"}});
  const auto image = must_deploy(tree.root());
  EXPECT_EQ(image.argv, (std::vector<std::string>{"node", "build/index.js"}));
  EXPECT_THAT(tools_of(image), Contains("hand_made"));
}

TEST_F(BuilderTest, HostsTheTypescriptRuntime) {
  const TestTree tree(
      {{"smithery.yaml", "runtime: typescript"},
       {"package.json",
        R"({"name":"hosted","type":"module","dependencies":{"@modelcontextprotocol/sdk":"1.32.2","zod":"3.25.76"}})"},
       {"src/index.ts",
        "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\n"
        "import { z } from 'zod';\n"
        "export const configSchema = z.object({ word: z.string().default('none') });\n"
        "export default function create({ config }: { config: { word: string } }) {\n"
        "  const server = new McpServer({ name: 'h', version: '1' });\n"
        "  server.tool('say_' + config.word, async () => ({ content: [] }));\n"
        "  return server.server;\n}\n"}});
  const auto image = must_deploy(tree.root());
  EXPECT_THAT(tools_of(image), Contains("say_none"));
  EXPECT_THAT(tools_of(image, {R"(MCP_SERVER_CONFIG={"word":"hello"})"}), Contains("say_hello"));
}

TEST_F(BuilderTest, InstallsAPypiPackage) {
  const auto time = must_deploy("pypi:mcp-server-time");
  EXPECT_FALSE(fetched_.version.empty());
  EXPECT_THAT(tools_of(time), Contains("get_current_time"));
}

TEST_F(BuilderTest, SaysWhenAPackageIsNotThere) {
  const auto npm = deploy("npm:@modelcontextprotocol/server-everything@0.0.0-absent");
  ASSERT_FALSE(npm.has_value());
  EXPECT_EQ(npm.error().reason, "E_FETCH");
  EXPECT_EQ(npm.error().code, ErrorCode::not_found) << npm.error().message;
}

TEST_F(BuilderTest, BuildsTheAuthorsDockerfileThroughTheMap) {
  const TestTree tree(
      {{"Dockerfile",
        "# syntax=docker/dockerfile:1\nARG V=20\nFROM node:${V}-alpine AS build\n"
        "WORKDIR /srv\nCOPY . .\nRUN test ! -e secret.txt && test -e server.js\n"
        "FROM node:20-alpine\nCOPY --from=build /srv /srv\nWORKDIR /srv\nUSER node\n"
        "ENTRYPOINT [\"node\"]\nCMD [\"server.js\"]\n"},
       {".dockerignore", "*.txt\n"},
       {"secret.txt", "x"},
       {"server.js", std::string(kServerJs) + "// StdioServerTransport"}});
  const auto image = must_deploy(tree.root());
  EXPECT_TRUE(plan_.uses_image_command);
  EXPECT_EQ(image.argv, (std::vector<std::string>{"node", "server.js"}));
  EXPECT_EQ(image.user, "1000:1000") << "the name node is looked up in the image";
  EXPECT_THAT(tools_of(image), Contains("hand_made"));
  EXPECT_THAT(lines(), Contains(HasSubstr("(Dockerfile:4) WORKDIR /srv")));
}

TEST_F(BuilderTest, FallsBackToAGeneratedFileWhenTheAuthorsDoesNotBuild) {
  const TestTree tree({{"Dockerfile", "FROM node:22-slim\nRUN false\nCMD [\"x\"]\n"},
                       {"package.json", kPackageJson},
                       {"server.js", std::string(kServerJs) + "// StdioServerTransport"}});
  EXPECT_THAT(tools_of(must_deploy(tree.root())), Contains("hand_made"));
  EXPECT_THAT(lines(), Contains(HasSubstr("trying a generated Dockerfile")));
}

TEST_F(BuilderTest, LeavesNothingOfAFailedBuild) {
  const TestTree tree(
      {{"Dockerfile",
        "FROM node:22-slim\nRUN echo fine > /fine\n\nRUN echo 'the reason' >&2 && exit 7\n"}});
  const auto before = images_of_ours();
  const auto built = deploy(tree.root());
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().reason, "E_BUILD");
  EXPECT_THAT(built.error().message, HasSubstr("(Dockerfile:4)"));
  EXPECT_THAT(built.error().details.at("log_tail"), HasSubstr("the reason"));
  EXPECT_FALSE(built.error().hint.empty());
  EXPECT_EQ(images_of_ours(), before);
  EXPECT_FALSE(engine_.inspect_image(tag()).has_value());
  EXPECT_TRUE(engine_.list_containers({{"io.sigil.instance", instance_}})->empty());
}

TEST_F(BuilderTest, SaysWhichLineOfADockerfileIsWrong) {
  const TestTree tree({{"Dockerfile", "FROM node:22-slim\nFOO bar\n"}});
  const auto built = deploy(tree.root());
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().reason, "E_BUILD");
  EXPECT_THAT(built.error().message, HasSubstr("FOO"));
}

TEST_F(BuilderTest, SaysWhenABaseImageCannotBeHad) {
  const TestTree tree({{"Dockerfile", "FROM sigil-test/no-such-image:1\nCMD [\"x\"]\n"}});
  const auto built = deploy(tree.root());
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().reason, "E_BUILD");
  EXPECT_THAT(built.error().hint, HasSubstr("builder.base_images"));
}

TEST_F(BuilderTest, CancelsWithinASecond) {
  const TestTree tree({{"Dockerfile", "FROM node:22-slim\nRUN echo started && sleep 300\n"}});
  std::chrono::steady_clock::time_point asked;
  std::jthread canceller([&] {
    EXPECT_TRUE(eventually([&] {
      for (const auto& line : lines())
        if (line == "stdout: started") return true;
      return false;
    }));
    asked = std::chrono::steady_clock::now();
    stop_.request_stop();
  });
  const auto built = deploy(tree.root());
  const auto took = std::chrono::steady_clock::now() - asked;
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().reason, "E_CANCELLED") << built.error().message;
  EXPECT_LT(took, std::chrono::seconds(1));
}

TEST_F(BuilderTest, EndsABuildWhenItsTimeIsOver) {
  settings_.time_max = std::chrono::seconds(2);
  const TestTree tree({{"Dockerfile", "FROM node:22-slim\nRUN sleep 300\n"}});
  const auto built = deploy(tree.root());
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().reason, "E_LIMIT");
  EXPECT_THAT(built.error().message, HasSubstr("RUN sleep 300"));
}

TEST_F(BuilderTest, UsesBuildKitWhereNoLimitForbidsIt) {
  const TestTree tree({{"Dockerfile",
                        "FROM node:22-slim\nCOPY --chmod=755 server.js /srv/\n"
                        "RUN --mount=type=bind,source=server.js,target=/tmp/s test -s /tmp/s\n"
                        "CMD [\"node\", \"/srv/server.js\"]\n"},
                       {"server.js", std::string(kServerJs) + "// StdioServerTransport"}});
  EXPECT_THAT(tools_of(must_deploy(tree.root())), Contains("hand_made"));
  settings_.memory_bytes_max = 512LL * 1024 * 1024;
  const auto limited = deploy(tree.root());
  ASSERT_FALSE(limited.has_value());
  EXPECT_THAT(limited.error().message, HasSubstr("needs BuildKit"));
}

TEST_F(BuilderTest, DeploysAnImageThatIsThere) {
  const TestTree tree(
      {{"Dockerfile", "FROM node:22-slim\nCOPY server.js /\nCMD [\"node\", \"/server.js\"]\n"},
       {"server.js", std::string(kServerJs) + "// StdioServerTransport"}});
  must_deploy(tree.root());
  const auto name = "sigil-test/" + instance_;
  ASSERT_TRUE(engine_.tag_image(tag(), name, "source").has_value());
  EXPECT_THAT(tools_of(must_deploy("image:" + name + ":source")), Contains("hand_made"));
  EXPECT_TRUE(engine_.inspect_image(name + ":source").has_value()) << "the source image stays";
}

TEST_F(BuilderTest, EvaluatesCommandFunctionsInTheSandbox) {
  const Builder builder(engine_, settings_);
  const struct {
    const char* function;
    const char* config;
    const char* output;  // JSON; else a part of the error
    bool is_good;
  } table[] = {
      {"(config) => ({ command: 'node', args: ['x.js'], env: { K: config.k, N: 3, B: true, U: "
       "undefined } })",
       R"({"k":"v"})", R"({"command":"node","args":["x.js"],"env":{"K":"v","N":"3","B":"true"}})",
       true},
      {"// comment\nconfig => { const args = ['a']; if (config.x) args.push(String(config.x)); "
       "return { command: 'c', args }; };",
       R"({"x":5})", R"({"command":"c","args":["a","5"],"env":{}})", true},
      {"function start(config) { return { command: 'c', args: [...(config.list || [])], env: "
       "config }; }",
       R"({"list":["p","q"]})",
       R"({"command":"c","args":["p","q"],"env":{"list":"[\"p\",\"q\"]"}})", true},
      {"({ config }) => ({ command: 'c', env: { A: config.a } })", R"({"a":"1"})",
       R"({"command":"c","args":[],"env":{"A":"1"}})", true},
      {"# stray line\n|-\n(config)\xC2\xA0=> ({ command: 'c', env: { T: `${config.t ?? 'none'}` } "
       "})",
       "{}", R"({"command":"c","args":[],"env":{"T":"none"}})", true},
      {"() => ({ command: process.env.X || 'd', args: [1, null, true] })", "{}",
       R"({"command":"d","args":["1","true"],"env":{}})", true},
      {"(config) => ({\n  command: 'c'\n  args: []\n})", "{}", "line 3", false},
      {"(config) => config.a.b.c", "{}", "TypeError", false},
      {"async () => ({ command: 'c' })", "{}", "promise", false},
      {"<% if %>", "{}", "SyntaxError", false},
      {"'text'", "{}", "no function", false},
      {"() => ({ args: [] })", "{}", "must return {command", false},
      {"() => { while (true) {} }", "{}", "timed out", false},
      {"() => require('fs').readFileSync('/etc/passwd')", "{}", "require is not defined", false},
      {"() => eval('1')", "{}", "EvalError", false},
  };
  for (const auto& row : table) {
    const Json body = {
        {"Image", builder.command_function_image()},
        {"Entrypoint", Builder::command_function_argv(row.function)},
        {"Cmd", Json::array()},
        {"User", "10001:10001"},
        {"Labels", {{"io.sigil.instance", instance_}}},
        {"HostConfig",
         {{"NetworkMode", "none"}, {"ReadonlyRootfs", true}, {"Memory", 64 * 1024 * 1024}}}};
    const auto outcome =
        engine_.run_one_shot("sigil-" + instance_ + make_id_text("cf"), body, row.config,
                             {.time_max = std::chrono::seconds(30)}, {});
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    if (row.is_good) {
      EXPECT_EQ(outcome->exit_code, 0) << row.function << outcome->error_output;
      EXPECT_EQ(Json::parse(outcome->output, nullptr, false), Json::parse(row.output))
          << row.function;
    } else {
      EXPECT_EQ(outcome->exit_code, 3) << row.function << outcome->output;
      EXPECT_THAT(outcome->error_output, HasSubstr(row.output)) << row.function;
    }
  }
}

}  // namespace
}  // namespace sigil::builder
