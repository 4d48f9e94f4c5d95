#include "builder/scan/code/code_rules.h"

namespace sigil::scan {

void Frame::report(std::string_view rule, Severity severity, Confidence confidence, Reg at,
                   std::string message, std::string sink, std::string source) {
  if (!engine_.is_final()) return;
  Finding finding;
  finding.rule = rule;
  finding.severity = severity;
  finding.confidence = confidence;
  finding.function = id_;
  finding.at = at;
  finding.message = std::move(message);
  finding.sink = std::move(sink);
  finding.source = std::move(source);
  finding.flow = {engine_.hop_at(id_, at, finding.sink)};
  engine_.report(std::move(finding));
}

void check_call_rules(Frame& frame, const Call& call) { check_session_call(frame, call); }
void check_object_rules(Frame&, Reg, const Instr&) {}
void check_store_rules(Frame& frame, Reg at, std::string_view target, const Value& value,
                       Reg from) {
  check_session_store(frame, at, target, value, from);
}
void check_return_rules(Frame& frame, Reg at, const Value& value) {
  check_session_return(frame, at, value);
}
void check_member_rules(Frame&, Reg, const Instr&) {}
void check_compare_rules(Frame&, Reg, const Instr&) {}
void check_project(Engine&) {}

}  // namespace sigil::scan
