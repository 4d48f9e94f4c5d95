// Identifiers that must not be guessed, and sessions that are their own credential.
#include <algorithm>

#include "builder/scan/code/code_rules.h"

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::string squeezed(std::string_view name) {
  std::string out = lowered(name);
  std::erase_if(out, [](char c) { return c == '_' || c == '-'; });
  return out;
}

bool names_identifier(std::string_view name) {
  const std::string low = squeezed(name);
  if (contains_any(low, {"expir", "time", "count", "max", "length", "usage", "limit", "start",
                         "created", "last", "age", "ttl"}))
    return false;
  return is_one_of(low, {"sessionid",
                         "sid",
                         "mcpsessionid",
                         "sessionkey",
                         "sessiontoken",
                         "sessionidgenerator",
                         "accesstoken",
                         "refreshtoken",
                         "authcode",
                         "authorizationcode",
                         "oauthstate",
                         "authtoken",
                         "bearertoken",
                         "csrftoken",
                         "statetoken",
                         "stateparam",
                         "state",
                         "handleid",
                         "clientsecret",
                         "newsessionid",
                         "transportid",
                         "handle",
                         "connectionid",
                         "nonce",
                         "apikey",
                         "resettoken",
                         "verificationcode",
                         "logintoken",
                         "token",
                         "code"});
}

// Words that mean many things: only a random number that should have been a good one tells.
bool is_ambiguous(std::string_view name) {
  return is_one_of(squeezed(name),
                   {"state", "token", "code", "nonce", "handle", "apikey", "clientsecret"});
}

bool makes_identifier(std::string_view function) {
  const std::string low = squeezed(function);
  const bool makes = contains_any(
      low, {"generate", "create", "make", "new", "gen", "next", "build", "random", "get"});
  return (makes && contains_any(low, {"sessionid", "sessiontoken", "accesstoken", "authcode",
                                      "authorizationcode", "oauthstate", "sessionkey", "statetoken",
                                      "refreshtoken", "securetoken", "authtoken"})) ||
         is_one_of(low, {"generatetoken", "generatestate", "generatecode", "newsession",
                         "sessionidgenerator", "generatesecret", "generatenonce", "createtoken",
                         "maketoken", "generateapikey"});
}

void check_identifier(Frame& frame, Reg at, std::string_view target, const Value& value) {
  if (value.has(Source::strong) || value.fields != nullptr || value.instance != kNoClass) return;
  const NameId callee = frame.name(target);
  Sink sink = frame.sink_at(SinkKind::session_id, at, callee, 0);
  if (is_ambiguous(target)) sink.detail = frame.name("random only");
  for (const Label& label : value.labels) {
    if (label.source == Source::weak || label.source == Source::parameter)
      frame.arrive(sink, label);
  }
}

}  // namespace

void check_session_store(Frame& frame, Reg at, std::string_view target, const Value& value,
                         Reg from) {
  if (target == "[]") {
    // sessions[id] = …: `value` is the key, `from` the map.
    const std::string map = squeezed(frame.variable_of(from));
    const bool holds_sessions = contains_any(map, {"session", "transports", "connections"}) &&
                                !contains_any(map, {"time", "count"});
    if (holds_sessions) check_identifier(frame, at, frame.variable_of(from), value);
    return;
  }
  if (!names_identifier(target)) return;
  if (value.function != kNoFunction) {
    // sessionIdGenerator: () => …
    const Summary& made = frame.engine().summary(value.function);
    if (squeezed(target) == "sessionidgenerator" && made.result.has(Source::weak) &&
        !made.result.has(Source::strong)) {
      const Function& function = frame.engine().project().function(value.function);
      Sink sink = frame.sink_at(SinkKind::session_id, at, frame.name(target), 0);
      sink.function = frame.id();
      (void)function;
      frame.sink_labels(sink, made.result.labels);
    }
    return;
  }
  check_identifier(frame, at, target, value);
}

void check_session_call(Frame& frame, const Call& call) {
  check_handle_lookup(frame, call);
  if (call.receiver == nullptr || call.instr->arg_count < 2) return;
  const std::string low = squeezed(frame.variable_of(call.receiver_reg));
  const Value& key = frame.value(frame.argument(*call.instr, 0));
  if (is_one_of(call.method_text, {"set", "Set", "Store"}) &&
      contains_any(low, {"session", "transports", "connections"})) {
    check_identifier(frame, call.at, frame.variable_of(call.receiver_reg), key);
  }
  if (is_one_of(call.method_text, {"setHeader", "set", "header", "append", "Set"}) &&
      lowered(frame.literal(frame.argument(*call.instr, 0))) == "mcp-session-id") {
    check_identifier(frame, call.at, "Mcp-Session-Id", frame.value(frame.argument(*call.instr, 1)));
  }
}

void check_session_return(Frame& frame, Reg at, const Value& value) {
  if (makes_identifier(frame.text(frame.function().name)))
    check_identifier(frame, at, frame.text(frame.function().name), value);
}

namespace {

bool is_session_table(std::string_view name) {
  const std::string low = squeezed(name);
  return contains_any(low, {"session", "transports", "connections"}) &&
         !contains_any(low, {"sessionid", "generator", "timeout"});
}

bool checks_identity(std::string_view name) {
  const std::string low = squeezed(name);
  return contains_any(
      low, {"authenticate", "verifytoken", "checkauth", "isauthorized", "isauthenticated",
            "validatetoken", "requireauth", "authed", "authorize", "verifyjwt", "validateapikey",
            "checktoken", "getuserfromtoken", "verifybearer", "validateauth"});
}

// In the order of the code: a branch taken because a session exists, which answers, and only later
// the question who is asking.
bool skips_identity(const Engine& engine, const Function& function, Reg& where) {
  Reg lookup = kNoReg;
  bool answers = false;
  for (Reg at = 0; at < function.code.size(); ++at) {
    const Instr& made = function.code[at];
    if (made.op == Op::call && made.a < function.code.size() &&
        checks_identity(engine.text(function.code[made.a].name))) {
      if (lookup == kNoReg || !answers) return false;
      where = lookup;
      return true;
    }
    if (made.op == Op::branch && made.a != kNoReg && lookup == kNoReg) {
      // The condition's own instructions lie just before the branch.
      for (Reg back = at; back-- > 0 && at - back < 8;) {
        const Instr& tested = function.code[back];
        if (tested.op == Op::branch || tested.op == Op::join) break;
        if ((tested.op == Op::load || tested.op == Op::member) &&
            is_session_table(engine.text(tested.name)))
          lookup = at;
      }
    }
    if (lookup != kNoReg && made.op == Op::ret) answers = true;
  }
  return false;
}

}  // namespace

void check_session_project(Engine& engine) {
  const Program& program = engine.project().program();
  for (FunctionId id = 0; id < program.functions.size(); ++id) {
    Reg where = kNoReg;
    if (program.functions[id].is_module || !skips_identity(engine, program.functions[id], where))
      continue;
    const Entry* entry = engine.entry_of(id);
    const bool takes_requests =
        (entry != nullptr && entry->point.kind == "route") ||
        std::any_of(program.functions[id].params.begin(), program.functions[id].params.end(),
                    [&](const Param& param) {
                      return is_one_of(engine.text(param.name), {"req", "request", "c", "r"});
                    });
    if (!takes_requests) continue;
    report_mark(
        engine, "SIG-SESS-002", Severity::error, Confidence::medium, {id, where},
        "A known session id is enough: the request is answered before anybody asks who sent it",
        "Authenticate every request, then look up the session", "session");
  }
  for (const auto& at : engine.collected().marks["unbound handle"]) {
    report_mark(engine, "SIG-SESS-003", Severity::warning, Confidence::medium, at,
                "State is found by a handle alone, so any authenticated caller who has it gets "
                "another user's state",
                "Make the verified user's id part of the key, or compare the owner", "lookup");
  }
}

// carts.get(args.cart_id) in a server that knows its users
void check_handle_lookup(Frame& frame, const Call& call) {
  if (call.receiver == nullptr || !is_one_of(call.method_text, {"get", "Get"}) ||
      call.instr->arg_count == 0)
    return;
  const Entry* entry = frame.engine().entry_of(frame.id());
  if (entry == nullptr || entry->point.kind != "tool" || !frame.engine().has_trait("auth")) return;
  if (!frame.is_op(call.receiver_reg, Op::load) ||
      (frame.text(call.receiver->path) != "Map()" && call.receiver->fields == nullptr))
    return;
  const Value& key = frame.value(frame.argument(*call.instr, 0));
  const bool is_handle =
      key.labels.size() >= 1 &&
      std::all_of(key.labels.begin(), key.labels.end(), [&](const Label& label) {
        const std::string low = squeezed(frame.text(label.field));
        return label.source == Source::parameter ||
               (label.source == Source::argument &&
                (low.ends_with("id") || low.ends_with("handle") || low.ends_with("key")));
      });
  if (!is_handle || !key.has(Source::argument) ||
      frame.is_op(frame.argument(*call.instr, 0), Op::concat))
    return;
  for (const Instr& made : frame.function().code) {
    if (made.op != Op::member && made.op != Op::load) continue;
    if (is_one_of(squeezed(frame.text(made.name)),
                  {"sub", "user", "userid", "owner", "ownerid", "clientid", "subject", "email",
                   "authinfo", "tenant", "tenantid"}))
      return;
  }
  frame.engine().mark("unbound handle", frame.id(), call.at);
}

}  // namespace sigil::scan
