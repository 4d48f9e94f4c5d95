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

std::string Frame::mentioned(Reg reg) const {
  std::string out;
  std::vector<Reg> open = {reg};
  for (std::size_t i = 0; i < open.size() && i < 40; ++i) {
    const Reg at = definition(open[i]);
    if (at == kNoReg || at >= function_.code.size()) continue;
    const Instr& made = instr(at);
    if (made.op == Op::constant || made.op == Op::load || made.op == Op::member)
      out += " " + text(made.name);
    if (made.op == Op::load && value(at).text != kNoName) out += " " + text(value(at).text);
    for (std::uint32_t p = 0; p < made.arg_count; ++p) open.push_back(arg(made, p).value);
    if (made.op == Op::member || made.op == Op::call || made.op == Op::index)
      open.push_back(made.a);
  }
  return out;
}

void check_call_rules(Frame& frame, const Call& call) {
  check_session_call(frame, call);
  check_auth_call(frame, call);
  check_oauth_call(frame, call);
  check_network_call(frame, call);
  check_harm_call(frame, call);
}

void check_object_rules(Frame& frame, Reg at, const Instr& made) {
  check_oauth_object(frame, at, made);
  check_network_object(frame, at);
}

void check_store_rules(Frame& frame, Reg at, std::string_view target, const Value& value,
                       Reg from) {
  check_session_store(frame, at, target, value, from);
  check_oauth_store(frame, at, target, value);
  check_network_store(frame, at, target, value);
  check_harm_store(frame, at, target, value, from);
}

void check_return_rules(Frame& frame, Reg at, const Value& value) {
  check_session_return(frame, at, value);
  check_harm_return(frame, at, value);
}

void check_member_rules(Frame& frame, Reg at, const Instr& made) {
  check_auth_member(frame, at, made);
  check_oauth_member(frame, at, made);
}

void check_compare_rules(Frame& frame, Reg, const Instr& made) {
  for (const Reg side : {made.a, made.b}) {
    const std::string name = lowered(frame.variable_of(side));
    if (name == "aud" || name == "audience") frame.engine().trait("audience check");
    if (name == "origin" || name == "host") frame.engine().trait("host check");
  }
}

void check_project(Engine& engine) {
  check_auth_project(engine);
  check_oauth_project(engine);
  check_session_project(engine);
  check_network_project(engine);
}

void report_mark(Engine& engine, std::string_view rule, Severity severity, Confidence confidence,
                 const std::pair<FunctionId, Reg>& at, std::string message, std::string fix,
                 std::string sink) {
  Finding finding;
  finding.rule = rule;
  finding.severity = severity;
  finding.confidence = confidence;
  finding.function = at.first;
  finding.at = at.second;
  finding.message = std::move(message);
  finding.fix = std::move(fix);
  finding.sink = std::move(sink);
  finding.flow = {engine.hop_at(at.first, at.second, finding.sink)};
  engine.report(std::move(finding));
}

bool program_mentions(const Engine& engine, std::initializer_list<std::string_view> parts) {
  return engine.mentions(parts);
}

}  // namespace sigil::scan
