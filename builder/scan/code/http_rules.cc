// Outgoing HTTP: who decides the host, which credential rides along, what is sent.
#include <algorithm>

#include "builder/scan/code/frame.h"

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// The token goes back to whoever issued it.
bool is_issuer(std::string_view low) {
  return contains_any(
      low,
      {"introspect", "userinfo",       "jwks",          "/token",        "revoke",  "token_url",
       "tokenurl",   "token_endpoint", "tokenendpoint", "oauth/",        "oauth2/", "well-known",
       "verify_url", "verifyurl",      "/user",         "tokeninfo",     "auth/me", "authz",
       "validate",   "issuer",         "/whoami",       "session/verify"});
}

bool names_credential(std::string_view low) {
  return is_one_of(low, {"auth",
                         "token",
                         "accesstoken",
                         "access_token",
                         "authtoken",
                         "auth_token",
                         "apikey",
                         "api_key",
                         "bearer",
                         "headers",
                         "credentials",
                         "authorization",
                         "jwt",
                         "defaultheaders",
                         "default_headers",
                         "requestinit",
                         "bearertoken",
                         "bearer_token",
                         "usertoken",
                         "user_token",
                         "cookies",
                         "cookie",
                         "authprovider",
                         "oauth_token",
                         "oauthtoken",
                         "personalaccesstoken",
                         "requestheaders"});
}

class HttpReader {
 public:
  HttpReader(Frame& frame, const Call& call) : frame_(frame), call_(call), made_(*call.instr) {}

  void request(const HttpCall& http) {
    const Reg url_reg =
        http.url_argument < 0 ? kNoReg : frame_.argument(made_, http.url_argument, "url");
    const Value& target = frame_.value(url_reg);
    Value address = target;
    const bool is_options =
        target.fields != nullptr && !target.is_literal && target.text == kNoName;
    if (is_options) address = options_address(target);
    const bool based =
        call_.callee->has_base || (call_.receiver != nullptr && call_.receiver->has_base);
    if (!based) labels(SinkKind::url, address, kUrl, true);
    secret_in_query(url_reg);
    body(url_reg, is_options);
    const std::string destination =
        lowered(frame_.text(address.text) + " " + frame_.variable_of(frame_.definition(url_reg)) +
                " " + frame_.variable_of(url_reg) + " " + frame_.mentioned(url_reg));
    egress(address);
    if (is_issuer(destination) || is_checker(frame_.text(frame_.function().name))) return;
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      const Arg& argument = frame_.arg(made_, i);
      carried(argument, argument.value == url_reg && !is_options);
    }
  }

  // axios.create({ headers }), new Client({ auth: token }), Github(token)
  void client() {
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) carried(frame_.arg(made_, i), false);
  }

  void sdk_constructor() {
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      const Arg& argument = frame_.arg(made_, i);
      const Value& held = frame_.value(argument.value);
      carried(argument, false);
      if (argument.key != kNoName || held.fields != nullptr) continue;
      for (const Label& label : held.labels) {
        if (label.source == Source::request) continue;  // only a credential by itself says enough
        frame_.arrive(frame_.sink_at(SinkKind::relay, call_.at, callee_name(), kRelay), label);
      }
    }
  }

  void relay(const Value& held) {
    frame_.sink_labels(frame_.sink_at(SinkKind::relay, call_.at, callee_name(), kRelay),
                       held.labels);
  }

 private:
  void labels(SinkKind kind, const Value& given, std::uint32_t kill_kinds, bool host_only) {
    frame_.sink_labels(frame_.sink_at(kind, call_.at, callee_name(), kill_kinds, host_only),
                       given.labels);
  }

  NameId callee_name() const { return call_.path != kNoName ? call_.path : call_.method; }

  static bool is_checker(std::string_view function) {
    return contains_any(lowered(function), {"introspect", "userinfo", "verifytoken", "verify_token",
                                            "validatetoken", "validate_token", "revoke", "exchange",
                                            "load_access_token", "verifyaccesstoken"});
  }

  Value options_address(const Value& options) {
    Value out;
    for (const std::string_view key :
         {"url", "uri", "baseURL", "hostname", "host", "baseUrl", "prefixUrl"}) {
      if (!frame_.has_member(options, key)) continue;
      const Value held = frame_.member_of(options, key);
      if (key == "url" &&
          (frame_.has_member(options, "baseURL") || frame_.has_member(options, "baseUrl")))
        continue;
      merge(out, held);
    }
    if (options.fields->empty()) return options;
    return out;
  }

  void carried(const Arg& argument, bool is_url) {
    if (is_url) return;
    const Value& held = frame_.value(argument.value);
    if (argument.key != kNoName) {
      if (names_credential(lowered(frame_.text(argument.key)))) {
        relay(held);
        relay_fields(held);
      }
      return;
    }
    if (held.fields == nullptr) {
      // An options object we cannot see into.
      frame_.sink_labels(frame_.sink_at(SinkKind::relay, call_.at, callee_name(), kRelay),
                         parameter_headers(held));
      return;
    }
    for (const auto& [key, field] : *held.fields) {
      const std::string low = lowered(frame_.text(key));
      if (!names_credential(low)) continue;
      relay(field);
      relay_fields(field);
    }
  }

  void relay_fields(const Value& held) {
    if (held.fields == nullptr) return;
    for (const auto& field : *held.fields) relay(field.second);
  }

  // fetch(url, options) with options of the caller: what matters of it is its headers.
  std::vector<Label> parameter_headers(const Value& held) {
    std::vector<Label> out;
    if (held.labels.empty()) return out;
    const Value headers = frame_.member_of(held, "headers");
    for (const Label& label : headers.labels) {
      if (label.source == Source::parameter) out.push_back(label);
    }
    return out;
  }

  void body(Reg url_reg, bool is_options) {
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      const Arg& argument = frame_.arg(made_, i);
      if (argument.value == url_reg && !is_options) {
        labels(SinkKind::network_body, frame_.value(argument.value), 0, false);
        continue;
      }
      labels(SinkKind::network_body, frame_.value(argument.value), 0, false);
    }
  }

  void secret_in_query(Reg url_reg) {
    std::vector<Reg> open = {url_reg};
    for (std::size_t i = 0; i < open.size() && i < 16; ++i) {
      const Reg at = frame_.definition(open[i]);
      if (at == kNoReg || at >= frame_.function().code.size()) continue;
      const Instr& made = frame_.instr(at);
      if (made.op == Op::call) {
        for (std::uint32_t p = 0; p < made.arg_count; ++p)
          open.push_back(frame_.arg(made, p).value);
      }
      if (made.op != Op::concat) continue;
      for (std::uint32_t p = 0; p < made.arg_count; ++p) {
        const Reg part = frame_.arg(made, p).value;
        open.push_back(part);
        if (p == 0) continue;
        const std::string_view before = frame_.literal(frame_.arg(made, p - 1).value);
        if (!before.ends_with("=") || before.find_first_of("?&") == std::string_view::npos)
          continue;
        labels(SinkKind::secret_in_url, frame_.value(part), kSecret, false);
      }
    }
  }

  void egress(const Value& address) {
    if (!frame_.engine().is_final()) return;
    const std::string& written = frame_.text(address.text);
    const auto scheme = written.find("://");
    std::string host;
    if (scheme != std::string::npos) {
      const auto end = written.find_first_of("/?#", scheme + 3);
      host = written.substr(scheme + 3, end == std::string::npos ? end : end - scheme - 3);
    }
    frame_.engine().collected().capabilities.push_back({host.empty() ? "dynamic_egress" : "egress",
                                                        host, frame_.unit().path,
                                                        static_cast<int>(made_.line)});
  }

  Frame& frame_;
  const Call& call_;
  const Instr& made_;
};

bool verifies(std::string_view low) {
  return contains_any(
      low,
      {"verif",    "valid",       "decode",  "jwt",        "jwk",     "introspect", "exchange",
       "parse",    "error",       "headers", "url",        "map",     "set",        "regexp",
       "request",  "response",    "hash",    "date",       "array",   "promise",    "accesstoken",
       "authinfo", "textencoder", "buffer",  "uint8array", "session", "context",    "token(",
       "boolean",  "string",      "server",  "log"});
}

// A method of a client nobody told us of: `this.http.get(url)`, where the address is called one.
void unknown_client(Frame& frame, const Call& call) {
  if (!is_one_of(call.method_text,
                 {"get", "post", "put", "patch", "delete", "request", "head", "fetch", "navigate"}))
    return;
  const std::string low = lowered(frame.variable_of(call.receiver_reg));
  if (!contains_any(low, {"http", "client", "session", "axios", "fetcher", "page"}) ||
      contains_any(low, {"redis", "cache", "db", "store", "mcp", "s3", "sessions"}))
    return;
  if (call.receiver->has_base || !call.targets.empty() || (low.ends_with("s") && low != "https"))
    return;
  if (contains(frame.text(call.receiver->path), "Map()")) return;
  const Reg url_reg = frame.argument(
      *call.instr, call.method_text == "request" && frame.is_python() ? 1 : 0, "url");
  const Value& target = frame.value(url_reg);
  const std::string name = lowered(frame.variable_of(url_reg));
  if (!contains_any(name, {"url", "uri", "link", "href", "endpoint"})) return;
  frame.sink_labels(frame.sink_at(SinkKind::url, call.at, call.method, kUrl, true), target.labels);
  HttpReader(frame, call).client();
}

}  // namespace

void check_http(Frame& frame, const Call& call) {
  const Instr& made = *call.instr;
  HttpReader reader(frame, call);
  const HttpCall http = call.targets.empty() ? http_call(call.path_text) : HttpCall{};
  if (http.is_http) return reader.request(http);
  if (http.makes_client) return reader.client();
  if (call.receiver != nullptr && call.targets.empty()) {
    // req.Header.Set("Authorization", token) on a request of ours
    const bool sets = is_one_of(call.method_text, {"Set", "Add", "set", "append", "setHeader"}) &&
                      made.arg_count >= 2;
    const std::string key = sets ? lowered(frame.literal(frame.argument(made, 0))) : "";
    if (is_one_of(key, {"authorization", "cookie", "x-api-key"})) {
      const std::string& base = frame.text(call.receiver->path);
      const bool is_outgoing = contains(base, "NewRequest") ||
                               (frame.is_go() && frame.is_op(call.receiver_reg, Op::member) &&
                                !call.receiver->has(Source::request));
      if (is_outgoing) reader.relay(frame.value(frame.argument(made, 1)));
    }
    unknown_client(frame, call);
  }
  if (call.path == kNoName || !call.targets.empty() || call.callee->cls != kNoClass) return;
  // Constructors of libraries: new Octokit({ auth }), Github(token), createClient({ headers })
  const std::string_view last = call.path_text.substr(
      call.path_text.rfind('.') == std::string_view::npos ? 0 : call.path_text.rfind('.') + 1);
  const bool capital = !last.empty() && last[0] >= 'A' && last[0] <= 'Z' && !frame.is_go();
  const bool creates = last.starts_with("create") || last.starts_with("from_token") ||
                       last.starts_with("NewClient") || last.starts_with("NewTokenClient") ||
                       last.starts_with("build") || last.ends_with("Client") ||
                       last == "StaticTokenSource" || last.starts_with("get_client") ||
                       last.ends_with("setCredentials") || last == "set_access_token" ||
                       last == "setAccessToken" || last == "withToken" || last == "WithAuthToken";
  if (!(call.is_new || capital || creates) || last.ends_with(")")) return;
  if (verifies(lowered(last))) return;
  reader.sdk_constructor();
}

}  // namespace sigil::scan
