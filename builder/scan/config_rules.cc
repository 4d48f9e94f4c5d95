#include "builder/scan/config_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>

#include "builder/scan/command_function.h"
#include "builder/scan/dockerfile_rules.h"
#include "builder/scan/inventory.h"
#include "builder/scan/make_issue.h"
#include "builder/scan/secrets.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::begins_with;
using builder::contains;
using builder::ends_with;

constexpr std::size_t kNamesShown = 6;

// What a platform or a language's own tools set; no manifest declares these.
bool is_usual_variable(std::string_view name) {
  static constexpr std::array kUsual = {
      "PORT",        "HOST",        "HOSTNAME",     "NODE_ENV", "HOME",        "PATH",
      "PWD",         "USER",        "SHELL",        "TZ",       "LANG",        "DEBUG",
      "LOG_LEVEL",   "TMPDIR",      "TEMP",         "TMP",      "CI",          "APPDATA",
      "VERBOSE",     "USERPROFILE", "LOCALAPPDATA", "NO_COLOR", "FORCE_COLOR", "TERM",
      "ENVIRONMENT", "LOGLEVEL",    "TRANSPORT",    "EDITOR"};
  return std::ranges::any_of(kUsual, [&](const char* each) { return name == each; }) ||
         begins_with(name, "MCP_") || begins_with(name, "npm_") || begins_with(name, "XDG_") ||
         begins_with(name, "OTEL_") || begins_with(name, "FASTMCP_") ||
         begins_with(name, "PYTHON") || ends_with(name, "_PROXY") || ends_with(name, "_proxy");
}

std::string shown(const std::vector<std::string>& names) {
  std::vector<std::string> first(
      names.begin(),
      names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kNamesShown)));
  auto text = builder::joined(first, ", ");
  if (names.size() > kNamesShown)
    text += " and " + std::to_string(names.size() - kNamesShown) + " more";
  return text;
}

void variables(const ManifestFacts& facts, const CodeFindings& code, std::vector<Issue>& issues) {
  if (facts.environment.empty()) return;
  std::map<std::string, const EnvironmentRead*> unknown;
  for (const auto& read : code.environment)
    if (!is_usual_variable(read.name) && !facts.environment.contains(read.name))
      unknown.emplace(read.name, &read);
  if (unknown.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, read] : unknown) names.push_back(builder::excerpt(name, 60));
  const auto* first = unknown.begin()->second;
  auto issue = make_issue(
      "SIG-CONF-003", facts.path, 1,
      "The code reads variables that the manifest does not name: " + shown(names), "environment");
  issue.flow.push_back({first->file, first->line, "reads " + builder::excerpt(first->name, 60)});
  issues.push_back(std::move(issue));
}

void expected_tools(const ManifestFacts& facts, const CodeFindings& code,
                    std::vector<Issue>& issues) {
  std::vector<std::string> missing;
  const bool has_computed_names = std::ranges::any_of(code.entries, [](const EntryPoint& entry) {
    return entry.kind == "tool" && entry.name.empty();
  });
  if (has_computed_names || code.tools == 0) return;
  for (const auto& name : facts.plan.expected_tools)
    if (std::ranges::none_of(code.entries,
                             [&](const EntryPoint& entry) { return entry.name == name; }))
      missing.push_back(builder::excerpt(name, 60));
  if (missing.empty()) return;
  issues.push_back(make_issue(
      "SIG-CONF-003", facts.path, 1,
      "The manifest promises tools that the code does not register: " + shown(missing), "tools"));
}

void capability(const ManifestFacts& facts, const CodeFindings& code, std::string_view kind,
                const std::string& sentence, std::vector<Issue>& issues) {
  for (const auto& each : code.capabilities) {
    if (each.kind != kind) continue;
    if (kind == "egress" && is_host_allowed(facts.egress, each.detail)) continue;
    auto issue =
        make_issue("SIG-PERM-001", each.file, each.line,
                   "The code " + sentence +
                       (each.detail.empty() ? "" : " (" + builder::excerpt(each.detail, 80) + ")") +
                       ", which the manifest's permissions do not name",
                   std::string(kind));
    issues.push_back(std::move(issue));
    return;
  }
}

bool is_private_host(std::string_view host) {
  static const RE2 kPrivate(
      R"((?i)^(?:localhost|127\.[0-9.]+|0\.0\.0\.0|\[?::1\]?|10\.[0-9.]+|192\.168\.[0-9.]+|172\.(?:1[6-9]|2[0-9]|3[01])\.[0-9.]+|[a-z0-9_-]+|.*\.(?:svc|local|test|internal|localhost|localdomain|svc\.cluster\.local|example|invalid|example\.com|example\.org))$)");
  return RE2::FullMatch(re2::StringPiece(host.data(), host.size()), kPrivate);
}

bool is_names_space(std::string_view host) {
  static constexpr std::array kSpaces = {"www.w3.org",
                                         "json-schema.org",
                                         "schemas.xmlsoap.org",
                                         "schemas.microsoft.com",
                                         "cyclonedx.org",
                                         "www.apache.org",
                                         "purl.org",
                                         "xmlns.com"};
  return std::ranges::any_of(kSpaces, [&](const char* each) { return host == each; });
}

class ConfigurationReader {
 public:
  ConfigurationReader(const std::string& path, const Policy& policy)
      : path_(path), policy_(policy) {}

  std::vector<Issue> run(std::string_view text) {
    int number = 0;
    for (const auto line : builder::lines_of(text)) {
      ++number;
      const auto body = builder::trimmed(line);
      if (body.empty() || body.front() == '#' || begins_with(body, "//") || issues_.size() > 50)
        continue;
      look_at(body.substr(0, 4000), number);
    }
    return std::move(issues_);
  }

 private:
  void look_at(std::string_view line, int number) {
    static const RE2 kNoTls(
        R"re(NODE_TLS_REJECT_UNAUTHORIZED["']?\s*[:=]\s*["']?0|rejectUnauthorized["']?\s*:\s*false|\bcurl\s[^|;&]*(?:\s-[a-zA-Z]*k[a-zA-Z]*\b|--insecure\b)|PYTHONHTTPSVERIFY["']?\s*[:=]\s*["']?0|GIT_SSL_NO_VERIFY["']?\s*[:=]\s*["']?(?:1|true))re");
    const re2::StringPiece piece(line.data(), line.size());
    if (RE2::PartialMatch(piece, kNoTls))
      issues_.push_back(make_issue("SIG-NET-002", path_, number,
                                   "TLS verification is switched off here", "configuration"));
    addresses(line, number);
  }

  // key: http://host — an address under a name that a program calls.
  void addresses(std::string_view line, int number) {
    static const RE2 kAddress(
        R"re((?i)["']?([A-Za-z0-9_.-]*(?:url|uri|endpoint|base|host|server|issuer|audience|api|address|webhook)[A-Za-z0-9_.-]*)["']?\s*[:=]\s*["']?(?:http|ws)://(?:[^\s"'/@]*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+))re");
    static const RE2 kOauth(R"((?i)issuer|authoriz|token_|tokenurl|token_url|jwks|oauth|oidc)");
    static const RE2 kPage(R"((?i)homepage|repository|bugs|schema|website|docs|license|icon)");
    re2::StringPiece rest(line.data(), line.size());
    std::string key, host;
    while (RE2::FindAndConsume(&rest, kAddress, &key, &host)) {
      if (is_private_host(host) || is_names_space(host) ||
          is_host_allowed(policy_.allow_hosts, host) || RE2::PartialMatch(key, kPage))
        continue;
      const bool is_oauth = RE2::PartialMatch(key, kOauth);
      issues_.push_back(make_issue(is_oauth ? "SIG-OAUTH-006" : "SIG-NET-001", path_, number,
                                   "\"" + builder::excerpt(key, 60) + "\" names " +
                                       builder::excerpt(host, 80) +
                                       " over http, without encryption",
                                   key));
    }
  }

  const std::string& path_;
  const Policy& policy_;
  std::vector<Issue> issues_;
};

}  // namespace

std::vector<Issue> start_issues(const ManifestFacts& facts) {
  std::vector<Issue> issues;
  for (const auto& fault : command_function_faults(facts.plan.command_function))
    issues.push_back(make_issue("SIG-CONF-002", facts.path, facts.start_line + fault.line,
                                "The commandFunction " + fault.what, fault.what));
  for (const auto& fault : start_command_faults(facts.start))
    issues.push_back(make_issue("SIG-CONF-002", facts.path, facts.start_line,
                                "The start command " + fault, fault));
  static const RE2 kHost(
      R"(docker\.sock|--privileged\b|--(?:network|net|pid)[= ]host\b|(?:-v|--volume)[= ,'"]+/:/)");
  if (RE2::PartialMatch(facts.text, kHost))
    issues.push_back(make_issue("SIG-DOCK-005", facts.path, facts.start_line,
                                "The manifest asks for control over the host", "manifest"));
  return issues;
}

std::vector<Issue> agreement_issues(const ManifestFacts& facts, const CodeFindings& code) {
  std::vector<Issue> issues;
  if (facts.path.empty() || code.files_parsed == 0) return issues;
  variables(facts, code, issues);
  expected_tools(facts, code, issues);
  if (!facts.declares_permissions) return issues;
  if (!facts.announced.exec) capability(facts, code, "spawn", "starts programs", issues);
  if (!facts.declares_fs_write) capability(facts, code, "fs_write", "writes files", issues);
  if (!facts.announced.any_egress) {
    capability(facts, code, "egress", "calls another host", issues);
    if (facts.egress.empty())
      capability(facts, code, "dynamic_egress", "calls hosts it learns at run time", issues);
  }
  return issues;
}

bool is_configuration(std::string_view path) {
  const auto name = base_name(path);
  static constexpr std::array kNames = {"smithery.yaml", "smithery.yml", "mcp.yaml",
                                        "mcp.yml",       "server.json",  "mcp.json"};
  if (std::ranges::any_of(kNames, [&](const char* each) { return name == each; })) return true;
  if (is_environment_file(path) || is_compose_file(path) || name == "package.json") return true;
  const bool is_config_name = contains(name, "config") || contains(name, "settings");
  const auto is_ending = [&](const char* ending) { return ends_with(name, ending); };
  return is_ending(".sh") || is_ending(".env") ||
         (is_config_name &&
          (is_ending(".json") || is_ending(".yaml") || is_ending(".yml") || is_ending(".toml") ||
           is_ending(".ini")) &&
          !begins_with(name, "tsconfig"));
}

std::vector<Issue> configuration_issues(const std::string& path, std::string_view text,
                                        const Policy& policy) {
  return ConfigurationReader(path, policy).run(text);
}

}  // namespace sigil::scan
