#include "controlplane/source_policy.h"

#include "builder/scan/policy.h"

namespace sigil::controlplane {

namespace {

struct Rule {
  bool is_allowing = false;
  std::string pattern;
};

Result<Rule> read_rule(const std::string& text) {
  for (const auto& [word, is_allowing] : {std::pair("allow", true), std::pair("deny", false)}) {
    const std::string_view begin(word);
    if (text.rfind(begin, 0) != 0 || text.size() <= begin.size() + 1) continue;
    const char separator = text[begin.size()];
    if (separator == ' ' || separator == '=' || separator == ':')
      return Rule{is_allowing, text.substr(begin.size() + 1)};
  }
  return fail(ErrorCode::invalid_argument, "E_CONFIG",
              "\"" + text + "\" is no rule: allow PATTERN or deny PATTERN");
}

std::string without_user(const std::string& location) {
  const auto scheme = location.find("://");
  if (scheme == std::string::npos) return location;
  const auto host = scheme + 3;
  const auto path = location.find('/', host);
  const auto at = location.rfind('@', path == std::string::npos ? location.size() : path);
  if (at == std::string::npos || at < host) return location;
  return location.substr(0, host) + location.substr(at + 1);
}

}  // namespace

std::string canonical_source(const db::Source& source) {
  const std::string kind(db::name_of(source.kind));
  if (source.kind == db::SourceKind::upload) return kind;
  return kind + ":" + without_user(source.location);
}

Result<void> check_source_rules(const std::vector<std::string>& rules) {
  for (const auto& text : rules) {
    const auto rule = read_rule(text);
    if (!rule) return fail(rule.error());
  }
  return {};
}

Result<void> check_source(const std::vector<std::string>& rules, const db::Source& source) {
  const auto name = canonical_source(source);
  for (const auto& text : rules) {
    SIGIL_TRY(const auto rule, read_rule(text));
    if (!scan::is_glob_match(rule.pattern, name)) continue;
    if (rule.is_allowing) return {};
    return fail(ErrorCode::forbidden, "E_SOURCE_POLICY",
                "the source " + name + " is refused by the rule \"" + text + "\"",
                "ask whoever runs this Sigil (setting policy.sources)");
  }
  return {};
}

}  // namespace sigil::controlplane
