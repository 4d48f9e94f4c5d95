// How the server listens and how it talks: cleartext, TLS, Host and Origin checks, CORS.
#include "builder/scan/code/code_rules.h"

#include <algorithm>
#include <set>

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

void tls_off(Frame& frame, Reg at, std::string what) {
  frame.report("SIG-NET-002", frame.is_conditional() ? Severity::warning : Severity::error,
               Confidence::high, at,
               "Certificates of other servers are not checked, so anyone on the way can read and "
               "change what is sent",
               std::move(what));
}

void cleartext(Frame& frame, Reg at, const Value& address) {
  const std::string& written = frame.text(address.text);
  if (!written.starts_with("http://") && !written.starts_with("ws://")) return;
  const std::string host = literal_host(written, address.is_literal);
  if (host.empty() || is_local_host(host)) return;
  frame.report("SIG-NET-001", Severity::warning, Confidence::high, at,
               "A request goes to " + host +
                   " in clear text, where anyone on the way can read and change it",
               "http");
}

void cors(Frame& frame, const Call& call) {
  const Instr& made = *call.instr;
  if (call.path_text == "cors" || call.path_text == "hono/cors.cors" ||
      call.path_text == "@fastify/cors") {
    const Value options = frame.argument_value(made, call.path_text == "@fastify/cors" ? 1 : 0);
    const bool credentials = frame.literal(frame.member_of(options, "credentials")) == "true";
    const std::string_view origin = frame.literal(frame.member_of(options, "origin"));
    if (credentials && (origin == "true" || origin == "*")) {
      frame.report("SIG-NET-005", Severity::error, Confidence::high, call.at,
                   "Any website may call this server with the user's credentials", "cors");
    } else if (made.arg_count == 0 || origin == "*") {
      frame.report("SIG-NET-005", Severity::info, Confidence::medium, call.at,
                   "Any website may read answers of this server", "cors");
    }
  }
  if (made.arg_count >= 2 &&
      lowered(frame.literal(frame.argument(made, 0))) == "access-control-allow-origin") {
    const Value& allowed = frame.value(frame.argument(made, 1));
    for (const Label& label : allowed.labels) {
      const bool reflected = label.source == Source::request &&
                             contains(lowered(frame.text(label.field)), "origin") &&
                             (label.killed & kOrigin) == 0;
      if (!reflected) continue;
      frame.report("SIG-NET-005", Severity::error, Confidence::high, call.at,
                   "The Origin of any website is sent back as allowed",
                   "Access-Control-Allow-Origin", "request");
      return;
    }
    if (frame.literal(allowed) == "*")
      frame.report("SIG-NET-005", Severity::info, Confidence::medium, call.at,
                   "Any website may read answers of this server", "Access-Control-Allow-Origin");
  }
  if (frame.is_python() &&
      is_one_of(call.method_text, {"add_middleware", "Middleware", "CORSMiddleware"}) &&
      contains(frame.mentioned(frame.argument(made, 0)) + call.path_text.data(),
               "CORSMiddleware")) {
    const bool credentials = frame.literal(frame.argument(made, 99, "allow_credentials")) == "True";
    const bool any = contains(frame.mentioned(frame.argument(made, 99, "allow_origins")), " *") ||
                     frame.literal(frame.argument(made, 99, "allow_origin_regex")) == ".*";
    if (any) {
      frame.report("SIG-NET-005", credentials ? Severity::error : Severity::info, Confidence::high,
                   call.at,
                   credentials ? "Any website may call this server with the user's credentials"
                               : "Any website may read answers of this server",
                   "CORSMiddleware");
    }
  }
}

void listens(Frame& frame, const Call& call) {
  const Instr& made = *call.instr;
  const std::string_view path = call.path_text;
  std::string host = "?";
  if (call.method_text == "listen" && frame.is_javascript() && call.receiver != nullptr) {
    const std::string name = lowered(frame.variable_of(call.receiver_reg));
    if (!contains_any(name, {"app", "server", "http", "fastify", "express"})) return;
    const Value second = frame.argument_value(made, 1);
    const Value options = frame.argument_value(made, 0);
    host = second.is_literal                                       ? frame.text(second.text)
           : second.function != kNoFunction || made.arg_count == 1 ? ""
                                                                   : "?";
    if (frame.has_member(options, "host"))
      host = frame.member_of(options, "host").is_literal
                 ? frame.text(frame.member_of(options, "host").text)
                 : "?";
  } else if (path == "net/http.ListenAndServe" || path == "net/http.ListenAndServeTLS") {
    const std::string_view address = frame.literal(frame.argument(made, 0));
    host = address.starts_with(":") || address.starts_with("0.0.0.0") ? "" : "?";
  } else if (frame.is_python() && (path == "uvicorn.run" || call.method_text == "run" ||
                                   call.method_text == "run_async" || contains(path, "FastMCP") ||
                                   path == "uvicorn.Config")) {
    const Reg reg = frame.argument(made, 99, "host");
    host = reg == kNoReg                 ? "?"
           : frame.value(reg).is_literal ? frame.text(frame.value(reg).text)
                                         : "?";
  } else {
    return;
  }
  if (frame.engine().is_final())
    frame.engine().collected().capabilities.push_back(
        {"listen", host == "?" ? "" : host, frame.unit().path, static_cast<int>(made.line)});
  if (host.empty() || host == "0.0.0.0" || host == "::")
    frame.engine().mark("listens everywhere", frame.id(), call.at);
}

}  // namespace

bool is_local_host(std::string_view host) {
  const std::string_view bare =
      host.substr(0, host.starts_with("[") ? std::string_view::npos : host.find(':'));
  if (bare.find('.') == std::string_view::npos)
    return true;  // a name of the own machine or cluster
  for (const std::string_view end : {".svc", ".local", ".test", ".internal", ".localhost",
                                     ".svc.cluster.local", ".lan", ".home"}) {
    if (bare.ends_with(end)) return true;
  }
  return bare.starts_with("127.") || bare == "0.0.0.0" || bare.starts_with("10.") ||
         bare.starts_with("192.168.") || bare.starts_with("172.1") || bare.starts_with("172.2") ||
         bare.starts_with("172.3") || bare.starts_with("169.254.") ||
         bare.starts_with("100.100.") || host.starts_with("[::1]");
}

std::string literal_host(std::string_view address, bool is_whole) {
  const auto scheme = address.find("://");
  if (scheme == std::string_view::npos) return "";
  const std::string_view rest = address.substr(scheme + 3);
  const auto end = rest.find_first_of("/?#");
  if (end == std::string_view::npos && !is_whole) return "";
  const std::string host(rest.substr(0, end));
  return host.find_first_of(" {}$<>%@") == std::string::npos ? host : "";
}

void check_network_call(Frame& frame, const Call& call) {
  const Instr& made = *call.instr;
  const std::string_view path = call.path_text;
  if (is_one_of(path, {"ssl._create_unverified_context", "ssl._create_stdlib_context"}))
    tls_off(frame, call.at, std::string(path));
  const HttpCall http = http_call(path);
  if (http.is_http || http.makes_client) {
    if (frame.is_python() && frame.literal(frame.argument(made, 99, "verify")) == "False")
      tls_off(frame, call.at, "verify=False");
    if (frame.is_python() && contains(path, "aiohttp") &&
        frame.literal(frame.argument(made, 99, "ssl")) == "False")
      tls_off(frame, call.at, "ssl=False");
    if (http.is_http && http.url_argument >= 0)
      cleartext(frame, call.at, frame.argument_value(made, http.url_argument, "url"));
  }
  if (is_one_of(call.method_text, {"StreamableHTTPServerTransport", "SSEServerTransport",
                                   "NodeStreamableHTTPServerTransport"}) &&
      call.is_new) {
    const Value options =
        frame.argument_value(made, call.method_text == "SSEServerTransport" ? 2 : 0);
    const bool is_checked =
        frame.has_member(options, "allowedHosts") || frame.has_member(options, "allowedOrigins") ||
        frame.literal(frame.member_of(options, "enableDnsRebindingProtection")) == "true";
    if (is_checked) frame.engine().trait("host check");
    frame.engine().mark("http transport", frame.id(), call.at);
  }
  if (is_one_of(call.method_text,
                {"createMcpExpressApp", "hostHeaderValidation", "localhostHostValidation",
                 "TrustedHostMiddleware", "TransportSecuritySettings", "createMcpHonoApp",
                 "createMcpFastifyApp", "originValidation"})) {
    frame.engine().trait("host check");
  }
  if (frame.is_python() && is_one_of(call.method_text, {"run", "run_async"}) &&
      contains_any(frame.mentioned(frame.argument(made, 0, "transport")),
                   {"streamable-http", "sse", " http"})) {
    frame.engine().mark("http transport python", frame.id(), call.at);
  }
  cors(frame, call);
  listens(frame, call);
}

void check_network_object(Frame& frame, Reg at) {
  const Value& made = frame.value(at);
  if (frame.has_member(made, "rejectUnauthorized") &&
      frame.literal(frame.member_of(made, "rejectUnauthorized")) == "false")
    tls_off(frame, at, "rejectUnauthorized: false");
  if (frame.has_member(made, "InsecureSkipVerify") &&
      frame.literal(frame.member_of(made, "InsecureSkipVerify")) == "true")
    tls_off(frame, at, "InsecureSkipVerify: true");
  if (frame.has_member(made, "enableDnsRebindingProtection") &&
      frame.literal(frame.member_of(made, "enableDnsRebindingProtection")) == "false") {
    frame.report("SIG-NET-003", Severity::warning, Confidence::high, at,
                 "The protection against DNS rebinding is switched off, so a website can reach "
                 "this server through the user's browser",
                 "enableDnsRebindingProtection");
  }
  const Value origin = frame.has_member(made, "Access-Control-Allow-Origin")
                           ? frame.member_of(made, "Access-Control-Allow-Origin")
                           : Value{};
  for (const Label& label : origin.labels) {
    if (label.source != Source::request || !contains(lowered(frame.text(label.field)), "origin") ||
        (label.killed & kOrigin) != 0)
      continue;
    frame.report("SIG-NET-005", Severity::error, Confidence::high, at,
                 "The Origin of any website is sent back as allowed", "Access-Control-Allow-Origin",
                 "request");
    break;
  }
}

void check_network_store(Frame& frame, Reg at, std::string_view target, const Value& value) {
  const std::string_view literal = frame.literal(value);
  if (target == "NODE_TLS_REJECT_UNAUTHORIZED" && literal == "0")
    tls_off(frame, at, std::string(target));
  if (target == "verify_mode" && contains(frame.text(value.path), "CERT_NONE"))
    tls_off(frame, at, "CERT_NONE");
  if (target == "InsecureSkipVerify" && literal == "true" && frame.is_op(at, Op::set_member))
    tls_off(frame, at, std::string(target));
  if (is_one_of(target, {"baseURL", "baseUrl", "base_url"})) cleartext(frame, at, value);
}

void check_network_project(Engine& engine) {
  auto& marks = engine.collected().marks;
  const bool has_auth =
      engine.has_trait("auth") || engine.mentions({"requireBearerAuth", "BearerAuth", "basicAuth",
                                                   "verifyToken", "authenticate", "verify_token"});
  const bool is_http =
      marks.contains("http transport") || marks.contains("http transport python") ||
      engine.mentions({"StreamableHTTP", "streamable-http", "SSEServerTransport",
                       "streamable_http_app", "NewSSEServer", "NewStreamableHTTPServer"});
  if (!engine.has_trait("host check") && marks.contains("http transport") &&
      !engine.mentions({"allowedHosts", "allowedOrigins", "WorkerEntrypoint", "McpAgent"})) {
    report_mark(engine, "SIG-NET-003", Severity::warning, Confidence::medium,
                marks["http transport"].front(),
                "The MCP endpoint looks at neither Host nor Origin, so a website can reach it "
                "through the user's browser (DNS rebinding)",
                "Enable the SDK's DNS rebinding protection with a list of hosts", "transport");
  }
  if (!is_http || has_auth || !marks.contains("listens everywhere")) return;
  report_mark(engine, "SIG-NET-004", Severity::warning, Confidence::medium,
              marks["listens everywhere"].front(),
              "The server listens on all interfaces and asks nobody who they are",
              "Listen on the loopback address or require authentication", "listen");
}

}  // namespace sigil::scan
