// Identifiers that must not be guessed, and sessions that are their own credential.
#include <algorithm>

#include "builder/scan/code/frame.h"

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
  if (value.has(Source::strong)) return;
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

}  // namespace sigil::scan
