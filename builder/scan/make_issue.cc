#include "builder/scan/make_issue.h"

#include "base/result.h"
#include "builder/scan/rule_catalogue.h"

namespace sigil::scan {

Issue make_issue(std::string_view rule, std::string file, int line, std::string message,
                 std::string subject) {
  const auto* known = find_rule(rule);
  SIGIL_ASSERT(known != nullptr);
  Issue issue;
  issue.rule = rule;
  issue.severity = known->severity;
  issue.type = known->type;
  issue.file = std::move(file);
  issue.line = line;
  issue.column = 1;
  issue.end_line = line;
  issue.message = std::move(message);
  issue.sink = std::move(subject);
  issue.source = "file";
  issue.fixes.push_back({std::string(known->fix), {}});
  return issue;
}

Issue make_issue(std::string_view rule, Severity severity, std::string file, int line,
                 std::string message, std::string subject) {
  auto issue = make_issue(rule, std::move(file), line, std::move(message), std::move(subject));
  issue.severity = severity;
  return issue;
}

}  // namespace sigil::scan
