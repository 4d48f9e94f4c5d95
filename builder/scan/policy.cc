#include "builder/scan/policy.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/crypto/crypto.h"
#include "base/json.h"
#include "builder/manifest/yaml_guard.h"
#include "builder/scan/rule_catalogue.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

constexpr std::size_t kListMax = 5000;
constexpr std::size_t kNameBytesMax = 300;

tl::unexpected<Error> refuse(const std::string& where, const std::string& message,
                             const std::string& hint = {}) {
  return fail(ErrorCode::invalid_argument, "E_SCAN_POLICY", where + ": " + message, hint);
}

Result<std::vector<std::string>> names_at(const Json& root, const char* key,
                                          const std::string& file) {
  std::vector<std::string> names;
  const auto list = root.find(key);
  if (list == root.end() || list->is_null()) return names;
  if (!list->is_array() || list->size() > kListMax)
    return refuse(file, std::string(key) + " is not a list of names");
  for (const auto& each : *list) {
    if (!each.is_string() || each.get_ref<const std::string&>().size() > kNameBytesMax)
      return refuse(file, std::string(key) + " holds something that is no name");
    names.push_back(each.get<std::string>());
  }
  std::ranges::sort(names);
  return names;
}

Result<RulePolicy> rule_policy(const Json& value, const std::string& where) {
  RulePolicy policy;
  if (!value.is_object()) return refuse(where, "severity and enabled are expected");
  for (const auto& [key, each] : value.items()) {
    if (key == "enabled" && each.is_boolean()) {
      policy.is_enabled = each.get<bool>();
    } else if (key == "severity" && each.is_string()) {
      policy.severity = severity_named(each.get<std::string>());
      if (!policy.severity)
        return refuse(where, "no such severity: " + builder::excerpt(each.get<std::string>(), 40),
                      "info, warning, error or block");
    } else {
      return refuse(where, "\"" + builder::excerpt(key, 40) + "\" is not understood",
                    "severity: info|warning|error|block, enabled: true|false");
    }
  }
  return policy;
}

Result<void> read_rules(const Json& root, const std::string& file, Policy& policy) {
  const auto rules = root.find("rules");
  if (rules == root.end() || rules->is_null()) return {};
  if (!rules->is_object()) return refuse(file, "rules is no mapping of rule to settings");
  for (const auto& [id, value] : rules->items()) {
    if (find_rule(id) == nullptr)
      return refuse(file, "there is no rule " + builder::excerpt(id, 40),
                    "see all of them at /docs/rules");
    SIGIL_TRY(policy.rules[id], rule_policy(value, file + ": rules." + id));
  }
  return {};
}

Result<void> read_settings(const Json& root, const std::string& file, Policy& policy) {
  static const std::set<std::string> kKeys = {
      "rules",      "fail_on",        "low_confidence_blocks", "allow_hosts",
      "skip_paths", "allow_packages", "trusted_registries",    "max_age_advisories_days"};
  for (const auto& [key, value] : root.items())
    if (!kKeys.contains(key))
      return refuse(file, "\"" + builder::excerpt(key, 40) + "\" is not understood");
  if (const auto level = root.find("fail_on"); level != root.end()) {
    const auto severity =
        level->is_string() ? severity_named(level->get<std::string>()) : std::nullopt;
    if (!severity || *severity == Severity::info)
      return refuse(file, "fail_on must be block, error or warning");
    policy.fail_on = *severity;
  }
  if (const auto days = root.find("max_age_advisories_days"); days != root.end()) {
    if (!days->is_number_integer() || days->get<std::int64_t>() < 0 ||
        days->get<std::int64_t>() > 3650)
      return refuse(file, "max_age_advisories_days must be a number of days");
    policy.max_age_advisories_days = days->get<int>();
  }
  if (const auto low = root.find("low_confidence_blocks"); low != root.end()) {
    if (!low->is_boolean()) return refuse(file, "low_confidence_blocks must be true or false");
    policy.low_confidence_blocks = low->get<bool>();
  }
  return {};
}

Result<Json> root_of(std::string_view text, const std::string& file) {
  const auto start = builder::trimmed(text);
  if (start.empty()) return Json::object();
  if (start.front() == '{') return parse_json(text);
  SIGIL_TRY(const auto document, builder::YamlDocument::parse(text, file));
  return document.root().is_null() ? Json::object() : document.root();
}

bool matches(std::string_view glob, std::string_view path) {
  // Two places to come back to: behind the last "*" and behind the last "**".
  std::size_t g = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_path = 0;
  std::size_t deep = std::string_view::npos;
  std::size_t deep_path = 0;
  while (p < path.size()) {
    if (g + 1 < glob.size() && glob[g] == '*' && glob[g + 1] == '*') {
      g += 2;
      if (g < glob.size() && glob[g] == '/') ++g;
      deep = g;
      deep_path = p;
      star = std::string_view::npos;
    } else if (g < glob.size() && glob[g] == '*') {
      star = ++g;
      star_path = p;
    } else if (g < glob.size() && (glob[g] == path[p] || (glob[g] == '?' && path[p] != '/'))) {
      ++g;
      ++p;
    } else if (star != std::string_view::npos && path[star_path] != '/') {
      g = star;
      p = ++star_path;
    } else if (deep != std::string_view::npos) {
      star = std::string_view::npos;
      g = deep;
      p = ++deep_path;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace

Result<Policy> parse_policy(std::string_view text, const std::string& file) {
  auto root = root_of(text, file);
  if (!root) return refuse(file, root.error().message, root.error().hint);
  if (!root->is_object()) return refuse(file, "a policy is a mapping");
  Policy policy;
  SIGIL_CHECK(read_settings(*root, file, policy));
  SIGIL_CHECK(read_rules(*root, file, policy));
  SIGIL_TRY(policy.allow_hosts, names_at(*root, "allow_hosts", file));
  SIGIL_TRY(policy.allow_packages, names_at(*root, "allow_packages", file));
  SIGIL_TRY(policy.trusted_registries, names_at(*root, "trusted_registries", file));
  SIGIL_TRY(policy.skip_paths, names_at(*root, "skip_paths", file));
  return policy;
}

std::string policy_text(const Policy& policy) {
  Json rules = Json::object();
  for (const auto& [id, rule] : policy.rules) {
    rules[id] = {{"enabled", rule.is_enabled}};
    if (rule.severity) rules[id]["severity"] = to_text(*rule.severity);
  }
  return sigil::to_text(Json{{"rules", rules},
                             {"fail_on", to_text(policy.fail_on)},
                             {"low_confidence_blocks", policy.low_confidence_blocks},
                             {"allow_hosts", policy.allow_hosts},
                             {"allow_packages", policy.allow_packages},
                             {"trusted_registries", policy.trusted_registries},
                             {"skip_paths", policy.skip_paths},
                             {"max_age_advisories_days", policy.max_age_advisories_days}});
}

std::string policy_hash(const Policy& policy) { return crypto::sha256_hex(policy_text(policy)); }

std::vector<std::string> lowered_block_rules(const Policy& policy) {
  std::vector<std::string> lowered;
  for (const auto& [id, rule] : policy.rules) {
    const auto* known = find_rule(id);
    if (known == nullptr || known->severity != Severity::block) continue;
    if (!rule.is_enabled || (rule.severity && *rule.severity < Severity::error))
      lowered.push_back(id);
  }
  return lowered;
}

std::optional<Severity> severity_named(std::string_view name) {
  for (const auto each : {Severity::info, Severity::warning, Severity::error, Severity::block})
    if (to_text(each) == name) return each;
  return std::nullopt;
}

bool is_glob_match(std::string_view glob, std::string_view path) { return matches(glob, path); }

bool is_host_allowed(const std::vector<std::string>& allowed, std::string_view host) {
  return std::ranges::any_of(allowed, [&](const std::string& each) {
    if (each == host) return true;
    return builder::begins_with(each, "*.") && builder::ends_with(host, each.substr(1));
  });
}

}  // namespace sigil::scan
