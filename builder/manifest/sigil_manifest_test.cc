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
  const auto done = read_sigil_manifest(text, "mcp.yaml", result.plan, result.hints);
  EXPECT_TRUE(done.has_value()) << text << "\n" << (done ? "" : done.error().message);
  return result;
}

Error refuse(std::string_view text) {
  Read result;
  const auto done = read_sigil_manifest(text, "mcp.yaml", result.plan, result.hints);
  EXPECT_FALSE(done.has_value()) << text;
  return done ? Error{} : done.error();
}

TEST(SigilManifest, ReadsTheWholeForm) {
  const auto [plan, hints] = read(R"(apiVersion: sigil/v1
name: hello-notes
version: 1.2.0
description: Notes with search
categories: [productivity]
runtime: typescript
transport: http
build: {install: npm ci, command: npm run build}
startCommand:
  type: http
  command: node
  args: [dist/index.js]
  path: /mcp2
  port: 3000
  configSchema:
    type: object
    properties: {apiKey: {type: string, secret: true}}
  exampleConfig: {apiKey: demo}
env: {LOG_LEVEL: info}
tools: [search_notes]
resources: {memory: 256Mi, cpu: 0.5, disk: 512Mi, pids: 99, idle: 5m}
permissions:
  network: {egress: ["*"], dns: true}
health: {path: /health}
)");
  EXPECT_EQ(plan.name, "hello-notes");
  EXPECT_EQ(plan.transport, Transport::streamable_http);
  EXPECT_THAT(plan.argv, ElementsAre("node", "dist/index.js"));
  EXPECT_EQ(plan.endpoint_path, "/mcp2");
  EXPECT_EQ(plan.port, 3000);
  EXPECT_EQ(plan.memory_bytes, 256LL * 1024 * 1024);
  EXPECT_EQ(plan.cpu_thousandths, 500);
  EXPECT_EQ(plan.pids, 99);
  EXPECT_THAT(plan.expected_tools, ElementsAre("search_notes"));
  EXPECT_EQ(plan.environment.at("LOG_LEVEL"), "info");
  EXPECT_EQ(hints.runtime, "node");
  EXPECT_EQ(hints.install, "npm ci");
  EXPECT_EQ(hints.build, "npm run build");
  EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST(SigilManifest, WarnsOfUnknownKeys) {
  const auto [plan, hints] = read("apiVersion: sigil/v1\nstartComand: {type: http}\n");
  ASSERT_EQ(plan.warnings.size(), 1u);
  EXPECT_THAT(plan.warnings[0], HasSubstr("mcp.yaml:2:"));
  EXPECT_THAT(plan.warnings[0], HasSubstr("startComand"));
}

TEST(SigilManifest, RefusesWrongTypesWithPlaceFoundAndExpected) {
  const struct {
    const char* text;
    const char* place;
    const char* expected;
  } table[] = {
      {"name: Hello\n", "mcp.yaml:1:7", "lower-case"},
      {"name: [a]\n", "mcp.yaml:1:7", "expected text"},
      {"runtime: ruby\n", "mcp.yaml:1:10", "expected typescript"},
      {"transport: ws\n", "mcp.yaml:1:12", "expected http or stdio"},
      {"transport: http\nstartCommand:\n  type: stdio\n", "mcp.yaml:3:9", "transport is http"},
      {"startCommand:\n  port: eighty\n", "mcp.yaml:2:9", "a whole number"},
      {"startCommand:\n  port: 70000\n", "mcp.yaml:2:9", "a port from 1 to 65535"},
      {"startCommand:\n  path: mcp\n", "mcp.yaml:2:9", "begins with /"},
      {"resources: {memory: lots}\n", "mcp.yaml:1:21", "a size such as 256Mi"},
      {"resources: {cpu: many}\n", "mcp.yaml:1:18", "0.5 or 500m"},
      {"tools: all\n", "mcp.yaml:1:8", "a list of texts"},
      {"env: [A]\n", "mcp.yaml:1:6", "a mapping of names to texts"},
      {"startCommand:\n  exampleConfig: 3\n", "mcp.yaml:2:18", "a mapping"},
  };
  for (const auto& row : table) {
    const auto error = refuse(row.text);
    EXPECT_EQ(error.reason, "E_MANIFEST_SCHEMA") << row.text;
    EXPECT_THAT(error.message, HasSubstr(row.place)) << row.text;
    EXPECT_THAT(error.message, HasSubstr(row.expected)) << row.text;
  }
}

TEST(SigilManifest, ConvertsOtherDialects) {
  EXPECT_THAT(read("server: {command: python, args: [s.py]}\n").plan.argv,
              ElementsAre("python", "s.py"));
  EXPECT_THAT(read("command: node x.js\ntransport: stdio\n").plan.argv,
              ElementsAre("node", "x.js"));
  EXPECT_THAT(read("entrypoint: main.py\n").plan.argv, ElementsAre("python", "main.py"));
  EXPECT_THAT(read("spec: {deployment: {local: {stdio: {command: a, args: [b]}}}}\n").plan.argv,
              ElementsAre("a", "b"));
}

TEST(SigilManifest, KnowsItsOwnFromTheRest) {
  const struct {
    const char* json;
    bool is_ours;
  } table[] = {
      {R"({"apiVersion":"sigil/v1"})", true},
      {R"({"startCommand":{"type":"http"}})", true},
      {R"({"runtime":"python","transport":"stdio"})", true},
      {R"({"runtime":"python"})", false},
      {R"({"mcpServers":{"a":{}}})", false},
      {R"({"tools":[]})", false},
      {R"({"apiVersion":"v1","kind":"Pod"})", false},
      {R"({"name":"x"})", false},
      {R"({"server":{"command":"x"}})", true},
      {R"([1])", false},
  };
  for (const auto& row : table) {
    std::string guess;
    EXPECT_EQ(is_sigil_manifest(Json::parse(row.json), guess), row.is_ours) << row.json;
    EXPECT_EQ(guess.empty(), row.is_ours) << row.json;
  }
}

TEST(ServerJson, FillsConfigFromVariablesAndArgumentsFromPackages) {
  Read result;
  const auto done = read_server_json(R"({
    "name": "io.example/notes", "description": "d", "version": "$VERSION",
    "repository": {"url": "https://host.example/a/b", "subfolder": "servers/notes"},
    "packages": [{
      "registryType": "npm", "identifier": "notes", "transport": {"type": "streamable-http", "url": "http://localhost:3005/api/mcp"},
      "packageArguments": [{"type": "positional", "value": "serve"}, {"type": "named", "name": "--level", "value": "2"},
                           {"type": "positional", "valueHint": "folder", "isRequired": true}],
      "environment_variables": [
        {"name": "API_KEY", "is_required": true, "isSecret": true},
        {"name": "LIMIT", "format": "number", "default": "5", "required": true},
        {"name": "MODE", "choices": ["a", "b"]}]
    }]})",
                                     "server.json", result.plan, result.hints);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(result.plan.name, "io.example/notes");
  EXPECT_EQ(result.plan.version, "");
  EXPECT_EQ(result.plan.transport, Transport::streamable_http);
  EXPECT_EQ(result.plan.port, 3005);
  EXPECT_EQ(result.plan.endpoint_path, "/api/mcp");
  EXPECT_EQ(result.hints.base, "servers/notes");
  EXPECT_THAT(result.hints.arguments, ElementsAre("serve", "--level", "2"));
  const auto schema = Json::parse(result.plan.config_schema);
  EXPECT_EQ(schema["required"], Json::parse(R"(["API_KEY"])"));
  EXPECT_EQ(schema["properties"]["API_KEY"]["secret"], true);
  EXPECT_EQ(schema["properties"]["MODE"]["enum"], Json::parse(R"(["a","b"])"));
  EXPECT_EQ(result.plan.warnings.size(), 1u);
  EXPECT_FALSE(result.plan.server_json.empty());
}

TEST(ServerJson, RefusesRemotesAndBrokenText) {
  Read result;
  const auto remote =
      read_server_json(R"({"name":"a/b","remotes":[{"type":"sse","url":"https://x.example"}]})",
                       "server.json", result.plan, result.hints);
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().reason, "E_REMOTE_ONLY");
  const auto broken = read_server_json("{\"name\": ", "server.json", result.plan, result.hints);
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().reason, "E_MANIFEST_SYNTAX");
  const auto odd =
      read_server_json(R"({"name":3,"packages":[7]})", "server.json", result.plan, result.hints);
  EXPECT_TRUE(odd.has_value());
}

}  // namespace
}  // namespace sigil::builder
