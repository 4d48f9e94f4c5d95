// The OAuth flow a server takes part in: consent, state, PKCE, scopes, endpoints.
#include <algorithm>
#include <map>
#include <set>

#include "builder/scan/code/code_rules.h"

namespace sigil::scan {
namespace {

constexpr int kScopesMax = 12;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// Names and literals of a function and those inside it.
std::string words_of(const Engine& engine, FunctionId function) {
  std::string out;
  const Project& project = const_cast<Engine&>(engine).project();
  std::vector<FunctionId> open = {function};
  for (std::size_t i = 0; i < open.size() && i < 40; ++i) {
    const Function& made = project.function(open[i]);
    out += " " + project.text(made.name);
    for (const Instr& instr : made.code) {
      if (instr.name != kNoName && project.text(instr.name).size() < 300)
        out += " " + project.text(instr.name);
      if (out.size() > 60000) return out;
    }
    for (const Arg& arg : made.args) {
      if (arg.key != kNoName) out += " " + project.text(arg.key);
    }
    for (const FunctionId inner : project.nested_in(open[i])) open.push_back(inner);
  }
  return out;
}

FunctionId outermost(const Engine& engine, FunctionId function) {
  const Project& project = const_cast<Engine&>(engine).project();
  FunctionId at = function;
  while (project.function(at).parent != kNoFunction &&
         !project.function(project.function(at).parent).is_module)
    at = project.function(at).parent;
  return at;
}

int count_scopes(Frame& frame, const Value& value) {
  if (value.fields != nullptr) return static_cast<int>(value.fields->size());
  const std::string_view literal = frame.literal(value);
  if (literal.empty()) return 0;
  return 1 + static_cast<int>(std::count_if(literal.begin(), literal.end(),
                                            [](char c) { return c == ' ' || c == ','; }));
}

bool names_endpoint(std::string_view low) {
  return contains_any(low, {"issuer",
                            "authorization_endpoint",
                            "authorizationendpoint",
                            "token_endpoint",
                            "tokenendpoint",
                            "jwks_uri",
                            "jwksuri",
                            "authorizationurl",
                            "authorization_url",
                            "tokenurl",
                            "token_url",
                            "redirect_uri",
                            "redirecturi",
                            "auth_url",
                            "authurl",
                            "oauth_url",
                            "jwks_url",
                            "jwksurl",
                            "authorize_url",
                            "authorizeurl",
                            "introspection"});
}

}  // namespace

void check_oauth_store(Frame& frame, Reg at, std::string_view target, const Value& value) {
  const std::string low = lowered(target);
  const std::string_view literal = frame.literal(value);
  if (literal.starts_with("http://") && names_endpoint(low)) {
    const std::string host = literal_host(literal, true);
    if (!host.empty() && !is_local_host(host)) {
      frame.report("SIG-OAUTH-006", Severity::error, Confidence::high, at,
                   "An OAuth address is fetched or shown over plain http, so codes and tokens can "
                   "be read on the way",
                   std::string(target));
    }
  }
  if (low == "code_challenge_method" && lowered(literal) == "plain") {
    frame.report("SIG-OAUTH-004", Severity::warning, Confidence::high, at,
                 "PKCE is used with the method plain, which protects nothing",
                 "code_challenge_method");
  }
  if (low == "code_challenge_methods_supported" && value.fields != nullptr) {
    for (const auto& item : *value.fields) {
      if (frame.literal(item.second) != "plain") continue;
      frame.report("SIG-OAUTH-004", Severity::warning, Confidence::high, at,
                   "The server offers PKCE with the method plain, which protects nothing",
                   "code_challenge_methods_supported");
    }
  }
  if (is_one_of(low, {"scope", "scopes", "required_scopes", "oauth_scopes", "default_scopes"})) {
    const bool everything = is_one_of(literal, {"*", "all", "full_access"});
    if (everything || count_scopes(frame, value) > kScopesMax) {
      frame.report("SIG-OAUTH-005", Severity::info, Confidence::medium, at,
                   "More rights are asked for at once than a task needs", std::string(target));
    }
  }
  if (low == "client_id" &&
      (value.has(Source::environment) || (!literal.empty() && literal.size() > 6)))
    frame.engine().mark("static client id", frame.id(), at);
}

void check_oauth_object(Frame& frame, Reg at, const Instr&) {
  const Value& made = frame.value(at);
  if (!frame.has_member(made, "client_id") || !frame.has_member(made, "redirect_uri") ||
      !frame.has_member(made, "response_type"))
    return;
  frame.engine().mark("authorize parameters", frame.id(), at);
}

void check_oauth_call(Frame& frame, const Call& call) {
  const Instr& made = *call.instr;
  const std::string_view first = frame.literal(frame.argument(made, 0));
  if (call.receiver != nullptr && is_one_of(call.method_text, {"get", "query"}) &&
      first == "code" && frame.value(call.receiver_reg).has(Source::request)) {
    frame.engine().mark("oauth code", frame.id(), call.at);
  }
  if (is_one_of(call.method_text, {"set", "append"}) && made.arg_count == 2) {
    check_oauth_store(frame, call.at, first, frame.argument_value(made, 1));
    if (first == "response_type" && frame.literal(frame.argument(made, 1)) == "code")
      frame.engine().mark("authorize parameters", frame.id(), call.at);
  }
  if (is_one_of(call.method_text, {"generateAuthUrl", "authorization_url", "AuthCodeURL",
                                   "get_authorization_url", "create_authorization_url"})) {
    const bool is_go = call.method_text == "AuthCodeURL";
    if (is_go && !first.empty()) {
      frame.report("SIG-OAUTH-003", Severity::warning, Confidence::high, call.at,
                   "The state of the OAuth flow is a fixed text, so an attacker knows it",
                   "AuthCodeURL");
    } else if (call.method_text == "generateAuthUrl") {
      frame.engine().mark("authorize parameters", frame.id(), call.at);
    }
  }
  if (contains(first, "response_type=code") || contains(first, "code_challenge_method=plain"))
    frame.engine().mark("authorize parameters", frame.id(), call.at);
}

void check_oauth_member(Frame& frame, Reg at, const Instr& made) {
  if (frame.text(made.name) != "code") return;
  const Value& base = frame.value(made.a);
  if (!base.has(Source::request)) return;
  for (const Label& label : frame.value(at).labels) {
    if (label.source == Source::request && frame.text(label.field) == "code") {
      frame.engine().mark("oauth code", frame.id(), at);
      return;
    }
  }
}

namespace {

void check_state(Engine& engine) {
  std::set<FunctionId> seen;
  for (const auto& at : engine.collected().marks["authorize parameters"]) {
    const std::string words = words_of(engine, outermost(engine, at.first));
    if (contains_any(words, {"state", "State"}) || !seen.insert(outermost(engine, at.first)).second)
      continue;
    report_mark(
        engine, "SIG-OAUTH-003", Severity::warning, Confidence::medium, at,
        "The authorization request carries no state, so its answer cannot be tied to the browser "
        "that asked",
        "Send a random, single-use state bound to the browser and compare it in the callback",
        "authorize");
  }
  for (const auto& at : engine.collected().marks["oauth code"]) {
    const FunctionId outer = outermost(engine, at.first);
    const std::string words = words_of(engine, outer);
    const bool redeems =
        contains_any(words, {"getToken", "exchange", "grant_type", "authorization_code",
                             "fetch_token", "getAccessToken", "code_verifier", "redeem", "oken(",
                             "callback", "Exchange", "finishAuth", "acquireTokenByCode", "token"});
    if (!redeems || contains_any(words, {"state", "State"}) || !seen.insert(outer).second) continue;
    report_mark(engine, "SIG-OAUTH-003", Severity::warning, Confidence::medium, at,
                "The code of an OAuth callback is used without comparing its state, so an "
                "attacker's code can be planted",
                "Look the state up in a one-time store and refuse when it is missing", "callback");
  }
}

void check_pkce(Engine& engine) {
  const bool confidential = engine.mentions({"client_secret", "clientSecret", "CLIENT_SECRET"});
  std::set<FunctionId> seen;
  for (const auto& at : engine.collected().marks["authorize parameters"]) {
    const FunctionId outer = outermost(engine, at.first);
    const std::string words = words_of(engine, outer);
    if (contains_any(words, {"code_challenge", "codeChallenge", "pkce", "PKCE"}) ||
        !seen.insert(outer).second)
      continue;
    report_mark(engine, "SIG-OAUTH-004", confidential ? Severity::info : Severity::warning,
                Confidence::medium, at,
                "The authorization request has no PKCE challenge, so a stolen code can be redeemed",
                "Send code_challenge with method S256", "authorize");
  }
}

// Anyone may register a client, all of them share one identity upstream, and nobody is asked.
void check_consent(Engine& engine) {
  bool registers = engine.mentions({"ProxyOAuthServerProvider"});
  for (const Entry& entry : engine.entries()) {
    registers =
        registers || (entry.point.kind == "route" &&
                      (entry.point.name.ends_with("/register") || entry.point.name == "/reg"));
  }
  const auto methods = {"register_client", "registerClient", "handleRegister", "handle_register",
                        "RegisterClient"};
  for (const char* method : methods) {
    const NameId id = engine.project().program().names.find(method);
    registers = registers || (id != kNoName && !engine.project().functions_named(id).empty());
  }
  if (!registers || engine.mentions({"consent", "Consent", "approv", "Approv"})) return;
  for (const auto& at : engine.collected().marks["static client id"]) {
    const std::string words = lowered(words_of(engine, outermost(engine, at.first)));
    if (!contains(words, "redirect") || !contains(words, "authoriz")) continue;
    report_mark(engine, "SIG-OAUTH-002", Severity::warning, Confidence::medium, at,
                "Clients register themselves, yet all go upstream with one fixed client id and "
                "without the user being asked for each of them",
                "Show a consent page of your own for each client before going upstream",
                "client_id");
    return;
  }
}

}  // namespace

void check_oauth_project(Engine& engine) {
  check_state(engine);
  check_pkce(engine);
  check_consent(engine);
}

}  // namespace sigil::scan
