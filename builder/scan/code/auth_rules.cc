// Tokens that are taken for good without a check of signature, issuer and audience.
#include <algorithm>

#include "builder/scan/code/code_rules.h"

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

bool is_about_auth(Frame& frame) {
  return contains_any(lowered(frame.unit().path) + " " + lowered(frame.text(frame.function().name)),
                      {"auth", "token", "verify", "middleware", "jwt", "bearer", "session", "login",
                       "security", "identity", "user"});
}

// The caller's token, or a parameter of a function that is about tokens.
bool is_callers_token(Frame& frame, const Value& value, Reg reg) {
  if (value.has(Source::response)) return false;
  if (value.has(Source::token) || value.has(Source::request) || value.has(Source::credential))
    return true;
  const std::string name = lowered(frame.variable_of(reg));
  return value.has(Source::parameter) && is_about_auth(frame) &&
         contains_any(name, {"token", "jwt", "bearer", "assertion"}) &&
         !contains(name, "id_token") && !contains(name, "idtoken") && !contains(name, "refresh");
}

bool has_argument(Frame& frame, const Instr& call, std::string_view key) {
  for (std::uint32_t i = 0; i < call.arg_count; ++i) {
    const Arg& given = frame.arg(call, i);
    if (given.key != kNoName && frame.text(given.key) == key) return true;
    if (frame.has_member(frame.value(given.value), key)) return true;
  }
  return false;
}

// An options argument that cannot be seen into may hold anything.
bool has_opaque_options(Frame& frame, const Instr& call, std::uint32_t index) {
  if (call.arg_count <= index) return false;
  const Value& options = frame.value(frame.arg(call, index).value);
  return options.fields == nullptr || !options.is_closed;
}

void python_decode(Frame& frame, const Call& call) {
  const Instr& made = *call.instr;
  const Reg token = frame.argument(made, 0, "jwt");
  const Value options = frame.argument_value(made, 3, "options");
  const bool unsigned_ok = frame.literal(frame.member_of(options, "verify_signature")) == "False" ||
                           frame.literal(frame.argument(made, 99, "verify")) == "False";
  const bool any_audience = frame.literal(frame.member_of(options, "verify_aud")) == "False";
  const Value algorithms = frame.argument_value(made, 2, "algorithms");
  const std::string list = frame.mentioned(frame.argument(made, 2, "algorithms"));
  const bool asymmetric =
      contains_any(list, {"RS256", "ES256", "PS256", "EdDSA", "RS512", "ES384"});
  if (has_argument(frame, made, "audience") && !unsigned_ok && !any_audience) {
    frame.engine().trait("audience check");
    frame.engine().mark("jwt verify", frame.id(), call.at);
    return;
  }
  const bool none = contains_any(lowered(list), {"none"});
  if (unsigned_ok || none) {
    if (is_callers_token(frame, frame.value(token), token))
      frame.engine().mark("jwt decode", frame.id(), call.at);
  } else if (any_audience || (asymmetric && !contains_any(lowered(list), {"hs256"}))) {
    frame.engine().mark("jwt no audience", frame.id(), call.at);
  }
}

}  // namespace

void check_auth_call(Frame& frame, const Call& call) {
  const std::string_view path = call.path_text;
  const Instr& made = *call.instr;
  if (is_one_of(call.method_text,
                {"requireBearerAuth", "JWTVerifier", "BearerAuthProvider", "TokenVerifier",
                 "mcpAuth", "OAuthProxy", "requireAuth", "withMcpAuth", "authenticate",
                 "verifyToken", "verify_token", "ApiKeyAuth", "AuthSettings", "RemoteAuthProvider",
                 "checkAuth", "validateApiKey", "isAuthorized"})) {
    frame.engine().trait("auth");
    if (has_argument(frame, made, "audience")) frame.engine().trait("audience check");
  }
  if (frame.is_python() &&
      is_one_of(path, {"jwt.decode", "jose.jwt.decode", "authlib.jose.jwt.decode"}))
    return python_decode(frame, call);
  if (is_one_of(path, {"jose.jwt.get_unverified_claims", "jwt.get_unverified_claims"})) {
    frame.engine().mark("jwt decode", frame.id(), call.at);
    return;
  }
  const Reg token = frame.argument(made, 0);
  if (is_one_of(path, {"jsonwebtoken.decode", "jwt-decode", "jwt-decode.jwtDecode",
                       "jose.decodeJwt", "jwt-decode.jwt_decode", "jwt-simple.decode"})) {
    if (is_callers_token(frame, frame.value(token), token))
      frame.engine().mark("jwt decode", frame.id(), call.at);
    return;
  }
  if (is_one_of(path, {"jsonwebtoken.verify", "jose.jwtVerify"})) {
    if (has_argument(frame, made, "audience")) {
      frame.engine().trait("audience check");
      frame.engine().mark("jwt verify", frame.id(), call.at);
    } else if (contains(frame.mentioned(frame.argument(made, 2)), "none")) {
      frame.engine().mark("jwt decode", frame.id(), call.at);
    } else if (!has_opaque_options(frame, made, 2) &&
               contains_any(lowered(frame.mentioned(frame.argument(made, 1))),
                            {"jwks", "public", "remotejwk", "keyset", "certs"})) {
      frame.engine().mark("jwt no audience", frame.id(), call.at);
    }
    return;
  }
  if (path == "github.com/golang-jwt/jwt/v5.ParseUnverified" ||
      call.method_text == "ParseUnverified")
    frame.engine().mark("jwt decode", frame.id(), call.at);
  // token.split('.')[1] decoded and believed
  if (is_one_of(path, {"Buffer.from", "atob", "base64.urlsafe_b64decode", "base64.b64decode",
                       "encoding/base64.RawURLEncoding.DecodeString"})) {
    const Reg part = frame.definition(token);
    if (!frame.is_op(part, Op::index) && !frame.is_op(part, Op::member) &&
        !frame.is_op(part, Op::element))
      return;
    const Reg split = frame.definition(frame.instr(part).a);
    if (!frame.is_op(split, Op::call) ||
        !is_one_of(frame.variable_of(frame.instr(split).a), {"split", "Split"}))
      return;
    const Reg first = frame.argument(frame.instr(split), frame.is_go() ? 1 : 0);
    if (frame.literal(first) != ".") return;
    const Reg whole = frame.is_op(frame.instr(split).a, Op::member)
                          ? frame.instr(frame.instr(split).a).a
                          : kNoReg;
    if (is_callers_token(frame, frame.value(whole), whole))
      frame.engine().mark("jwt decode", frame.id(), call.at);
  }
}

void check_auth_member(Frame& frame, Reg at, const Instr&) {
  if (frame.value(at).has(Source::token)) frame.engine().trait("auth");
}

void check_auth_project(Engine& engine) {
  const auto& marks = engine.collected().marks;
  const auto all = [&](const std::string& what) {
    const auto found = marks.find(what);
    return found == marks.end() ? std::vector<std::pair<FunctionId, Reg>>{} : found->second;
  };
  const auto verified = all("jwt verify");
  const auto is_verified_beside = [&](FunctionId function) {
    return std::any_of(verified.begin(), verified.end(), [&](const auto& at) {
      return engine.project().function(at.first).file == engine.project().function(function).file;
    });
  };
  const std::string fix =
      "Verify signature, issuer, audience and expiry; answer others with 401 and WWW-Authenticate";
  for (const auto& at : all("jwt decode")) {
    const bool verifies = is_verified_beside(at.first) ||
                          engine.mentions({"jwtVerify", "createRemoteJWKSet", "PyJWKClient"});
    if (verifies) continue;
    report_mark(
        engine, "SIG-AUTH-003", Severity::error, Confidence::high, at,
        "The caller's token is read without its signature being verified, so anyone can make one",
        fix, "decode");
  }
  for (const auto& at : all("jwt no audience")) {
    report_mark(engine, "SIG-AUTH-003", Severity::error, Confidence::medium, at,
                "A token is accepted without a check of its audience, so one issued for another "
                "service works here",
                fix, "verify");
  }
}

}  // namespace sigil::scan
