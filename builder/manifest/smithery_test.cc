#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "builder/manifest/manifest.h"

namespace sigil::builder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  Plan plan;
  ManifestHints hints;
};

Read read(std::string_view text) {
  Read result;
  const auto done = read_smithery(text, "smithery.yaml", result.plan, result.hints);
  EXPECT_TRUE(done.has_value()) << text << "\n" << (done ? "" : done.error().message);
  return result;
}

Error refuse(std::string_view text) {
  Read result;
  const auto done = read_smithery(text, "smithery.yaml", result.plan, result.hints);
  EXPECT_FALSE(done.has_value()) << text;
  return done ? Error{} : done.error();
}

TEST(Smithery, ReadsTheOldStdioForm) {
  const auto [plan, hints] = read(R"(# made by hand
startCommand:
  type: stdio
  configSchema:
    type: object
    required: [apiKey]
    properties:
      apiKey: {type: string, title: Key}
      limit: {type: number, default: "0.10"}
  commandFunction:
    # the function
    |-
    (config) => ({ command: 'node', args: ['dist/index.js'], env: { KEY: config.apiKey } })
  exampleConfig:
    apiKey: abc
build:
  dockerfile: Dockerfile.local
  dockerBuildPath: ../..
)");
  EXPECT_EQ(plan.transport, Transport::stdio);
  EXPECT_EQ(
      plan.command_function,
      "(config) => ({ command: 'node', args: ['dist/index.js'], env: { KEY: config.apiKey } })");
  EXPECT_EQ(Json::parse(plan.config_schema)["required"], Json::parse(R"(["apiKey"])"));
  EXPECT_EQ(plan.example_config, R"({"apiKey":"abc"})");
  EXPECT_EQ(hints.build_dockerfile, "Dockerfile.local");
  EXPECT_EQ(hints.build_context, "../..");
  EXPECT_TRUE(hints.says_start);
  EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST(Smithery, ReadsTheContainerForm) {
  const auto [plan, hints] = read(
      "runtime: container\nbuild: {dockerfile: Dockerfile}\nstartCommand:\n  type: http\n"
      "  configSchema: {}\nenv: {LOG: debug, N: 3}\n");
  EXPECT_EQ(plan.transport, Transport::streamable_http);
  EXPECT_EQ(hints.runtime, "container");
  EXPECT_EQ(plan.config_schema, "");
  EXPECT_EQ(plan.environment.at("N"), "3");
}

TEST(Smithery, ReadsTheRuntimeAlone) {
  EXPECT_EQ(read("runtime: typescript").hints.runtime, "typescript");
  EXPECT_EQ(read("runtime: python\n").hints.runtime, "python");
}

TEST(Smithery, ToleratesWhatRealFilesDo) {
  {
    const auto [plan, hints] = read(
        "configSchema: {type: object, properties: {a: {type: string}}}\n"
        "commandFunction: \"config => ({command: 'x'})\"\n");
    EXPECT_EQ(plan.command_function, "config => ({command: 'x'})");
    EXPECT_EQ(plan.warnings.size(), 2u);
  }
  EXPECT_EQ(read("startCommand: stdio\n").plan.transport, Transport::stdio);
  EXPECT_THAT(read("startCommand: node dist/x.js --flag 'a b'\n").plan.argv,
              ElementsAre("node", "dist/x.js", "--flag", "a b"));
  EXPECT_THAT(read("startCommand: {type: stdio, command: node, args: [x.js, 3]}\n").plan.argv,
              ElementsAre("node", "x.js", "3"));
  EXPECT_THAT(read("startCommand: {type: stdio, command: \"uv run server.py\"}\n").plan.argv,
              ElementsAre("uv", "run", "server.py"));
  EXPECT_THAT(read("startCommand: {type: stdio, command: \"a && b\"}\n").plan.argv,
              ElementsAre("sh", "-c", "a && b"));
  EXPECT_THAT(read("startCommand: {type: stdio}\nconfig: {command: x, args: [y]}\n").plan.argv,
              ElementsAre("x", "y"));
  EXPECT_THAT(read("startCommand: {type: stdio, commandFunction: [node, a.js]}\n").plan.argv,
              ElementsAre("node", "a.js"));
  {
    const auto [plan, hints] = read(
        "startCommand: {type: stdio, commandFunction: {command: n, args: [a], env: {B: c}}}\n");
    EXPECT_THAT(plan.argv, ElementsAre("n", "a"));
    EXPECT_EQ(plan.environment.at("B"), "c");
  }
  EXPECT_EQ(read("runtime: {name: node}\nstartCommand: {type: stdio}\n").hints.runtime, "");
  EXPECT_EQ(read("startCommand: {type: sse}\n").plan.transport, Transport::sse);
  EXPECT_EQ(
      read("name: \"@org/\xED\x95\x9C\xEA\xB8\x80 x\"\nstartCommand: {type: stdio}\n").plan.name,
      "@org/\xED\x95\x9C\xEA\xB8\x80 x");
}

TEST(Smithery, PassesOverMetadataAndInventedLayouts) {
  const auto [plan, hints] =
      read("name: x\nversion: 1.10\ndescription: d\ntags: [a]\nauthor: {name: z}\ntools: []\n");
  EXPECT_FALSE(hints.says_start);
  EXPECT_EQ(plan.name, "x");
  EXPECT_EQ(plan.description, "d");
}

TEST(Smithery, RefusesWithThePlaceAndWhatWasExpected) {
  {
    const auto error = refuse("startCommand:\n  type: websocket\n");
    EXPECT_EQ(error.reason, "E_MANIFEST_SCHEMA");
    EXPECT_THAT(error.message, HasSubstr("smithery.yaml:2:9"));
    EXPECT_THAT(error.message, HasSubstr("expected stdio or http"));
  }
  EXPECT_EQ(refuse("startCommand: [a]\n").reason, "E_MANIFEST_SCHEMA");
  EXPECT_EQ(refuse("- a\n").reason, "E_MANIFEST_SCHEMA");
  EXPECT_EQ(refuse("build: yes please\n").reason, "E_MANIFEST_SCHEMA");
  EXPECT_EQ(refuse("startCommand: {type: stdio, commandFunction: \"\"}\n").reason,
            "E_COMMAND_FUNCTION");
  EXPECT_EQ(refuse("startCommand: {type: http, url: https://x.example/mcp}\n").reason,
            "E_REMOTE_ONLY");
  EXPECT_EQ(refuse("startCommand:\n  type: stdio\n  type: http\n").reason, "E_MANIFEST_SYNTAX");
}

TEST(ConfigSchema, IsMadeWhole) {
  std::vector<std::string> warnings;
  const auto normal = [&](const char* text) {
    return normal_config_schema(Json::parse(text), "f:1:1", warnings);
  };
  EXPECT_EQ(normal("{}"), "");
  EXPECT_EQ(normal("null"), "");
  EXPECT_EQ(normal("[1]"), "");
  EXPECT_EQ(Json::parse(normal(R"({"properties":{"a":{"required":true},"b":{}}})")),
            Json::parse(R"({"type":"object","properties":{"a":{},"b":{}},"required":["a"]})"));
  EXPECT_EQ(
      Json::parse(normal(R"({"type":"object","properties":{"a":{}},"required":["a","gone"]})")),
      Json::parse(R"({"type":"object","properties":{"a":{}},"required":["a"]})"));
  EXPECT_EQ(Json::parse(normal(R"({"description":"none"})"))["type"], "object");
  EXPECT_EQ(warnings.size(), 2u);
}

TEST(LaunchedPackages, AreFoundInFunctions) {
  EXPECT_THAT(launched_in("(c) => ({command: 'npx', args: ['-y', '@a/b@1.2', '--x']})"),
              ElementsAre("@a/b@1.2"));
  EXPECT_THAT(launched_in("(c) => ({command: \"uvx\", args: [\"mcp-x\"]})"), ElementsAre("mcp-x"));
  EXPECT_THAT(launched_in("(c) => ({command: 'npx', args: ['-y', c.pkg]})"), IsEmpty());
  EXPECT_THAT(launched_in("(c) => ({command: 'node', args: ['x']})"), IsEmpty());
  EXPECT_THAT(launched_in("npx"), IsEmpty());
}

}  // namespace
}  // namespace sigil::builder
