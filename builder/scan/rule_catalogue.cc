#include "builder/scan/rule_catalogue.h"

#include <algorithm>

#include "builder/scan/rule_tables.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

std::vector<Rule> joined_tables() {
  std::vector<Rule> rules;
  for (const auto table : {authorization_rules(), code_harm_rules(), supply_rules()})
    rules.insert(rules.end(), table.begin(), table.end());
  std::ranges::sort(rules, {}, &Rule::id);
  return rules;
}

}  // namespace

std::span<const Rule> all_rules() {
  static const std::vector<Rule> kAll = joined_tables();
  return kAll;
}

const Rule* find_rule(std::string_view id) {
  const auto rules = all_rules();
  const auto found = std::ranges::lower_bound(rules, id, {}, &Rule::id);
  return found != rules.end() && found->id == id ? &*found : nullptr;
}

std::vector<std::string> references_of(const Rule& rule) {
  auto parts = builder::split(rule.references, ';');
  for (auto& part : parts) part = std::string(builder::trimmed(part));
  return parts;
}

std::vector<std::string> weaknesses_of(const Rule& rule) {
  auto references = references_of(rule);
  std::erase_if(references,
                [](const std::string& each) { return !builder::begins_with(each, "CWE-"); });
  return references;
}

}  // namespace sigil::scan
