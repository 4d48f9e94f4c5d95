#include "runtime/shim/gateway.h"

#include <nlohmann/json.hpp>

#include "base/http1/message.h"
#include "base/json.h"
#include "base/mcp/era.h"
#include "base/mcp/jsonrpc.h"

namespace sigil::shim {

namespace {

constexpr std::string_view kHealthPath = "/.sigil/health";
constexpr int kBodyDepthMax = 64;

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(0, end + 1);
  }
  return host.substr(0, host.find(':'));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_json(std::string_view content_type) {
  const auto media_type = trimmed(content_type.substr(0, content_type.find(';')));
  return http1::equals_ignoring_case(media_type, "application/json");
}

mcp::HeaderFact header_fact(const HttpRequest& request, std::string_view name) {
  return {request.count(name), request.header(name)};
}

mcp::JsonKind kind_of(std::string_view text, mcp::Range value) {
  if (!value.is_present()) return mcp::JsonKind::absent;
  const char first = text[value.begin];
  if (first == '"') return mcp::JsonKind::string;
  return first == '{' ? mcp::JsonKind::object : mcp::JsonKind::other;
}

// The facts point into these texts.
struct Facts {
  mcp::RequestFacts facts;
  std::string meta_version;
  std::string name;
};

void read_facts(const HttpRequest& request, std::string_view text, const mcp::Message& message,
                Facts& out) {
  auto& facts = out.facts;
  facts.http_method = request.method;
  facts.body_method = message.method;
  facts.is_request = message.kind == mcp::MessageKind::request;
  facts.version = header_fact(request, "MCP-Protocol-Version");
  facts.mcp_method = header_fact(request, "Mcp-Method");
  facts.mcp_name = header_fact(request, "Mcp-Name");
  const auto version = mcp::find_member(text, message.meta, mcp::kMetaVersion);
  facts.meta_version = kind_of(text, version);
  out.meta_version = mcp::string_at(text, version).value_or(std::string());
  facts.meta_version_text = out.meta_version;
  facts.meta_capabilities =
      kind_of(text, mcp::find_member(text, message.meta, mcp::kMetaCapabilities));
  facts.meta_client_info =
      kind_of(text, mcp::find_member(text, message.meta, mcp::kMetaClientInfo));
  const auto member = mcp::mirrored_name_member(message.method);
  if (member.empty()) return;
  const auto name = mcp::find_member(text, message.params, member);
  facts.name = kind_of(text, name);
  out.name = mcp::string_at(text, name).value_or(std::string());
  facts.name_text = out.name;
}

Problem unreadable(const Error& error) {
  Problem problem;
  problem.code = error.reason == "parse" ? mcp::kParseError : mcp::kInvalidRequest;
  problem.message = error.message;
  problem.reason = error.reason;
  if (error.code == ErrorCode::too_large) problem.status = 413;
  const auto id = error.details.find("id");
  if (id != error.details.end()) problem.raw_id = id->second;
  return problem;
}

std::vector<std::string> legacy_versions() {
  return {mcp::kLegacyVersions.begin(), mcp::kLegacyVersions.end()};
}

}  // namespace

bool is_local_host(std::string_view host_header, std::string_view local_address) {
  const auto host = without_port(host_header);
  return http1::equals_ignoring_case(host, "localhost") || host == "127.0.0.1" || host == "[::1]" ||
         (!local_address.empty() && host == local_address);
}

bool is_local_origin(std::string_view origin, std::string_view local_address) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.size() <= scheme.size() ||
        !http1::equals_ignoring_case(origin.substr(0, scheme.size()), scheme)) {
      continue;
    }
    const auto rest = origin.substr(scheme.size());
    return rest.find_first_of("/@") == std::string_view::npos && is_local_host(rest, local_address);
  }
  return false;
}

bool accepts(std::string_view accept_header, std::string_view media_type) {
  const auto group = std::string(media_type.substr(0, media_type.find('/'))) + "/*";
  while (!accept_header.empty()) {
    const auto end = accept_header.find(',');
    const auto part = accept_header.substr(0, end);
    const auto type = trimmed(part.substr(0, part.find(';')));
    if (type == "*/*" || http1::equals_ignoring_case(type, media_type) ||
        http1::equals_ignoring_case(type, group)) {
      return true;
    }
    accept_header.remove_prefix(end == std::string_view::npos ? accept_header.size() : end + 1);
  }
  return false;
}

bool prefers_events(std::string_view accept_header) {
  const auto events = accept_header.find("text/event-stream");
  const auto json = accept_header.find("application/json");
  return events != std::string_view::npos && events < json;
}

void Gateway::handle(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  if (!is_local_host(request.header("Host"), request.local_address)) {
    return refuse(*exchange, {.status = 403, .message = "Invalid Host", .reason = "host"});
  }
  const bool has_foreign_origin =
      request.count("Origin") > 0 &&
      (request.count("Origin") > 1 ||
       !is_local_origin(request.header("Origin"), request.local_address));
  if (has_foreign_origin) {
    return refuse(*exchange, {.status = 403, .message = "Invalid Origin", .reason = "origin"});
  }
  if (request.path == kHealthPath && request.method == "GET") return health(*exchange);
  if (request.path != options_.endpoint) {
    return refuse(*exchange, {.status = 404, .code = 404, .message = "Not Found"});
  }
  if (request.method == "POST") return post(request, exchange);
  const bool is_session_method = request.method == "GET" || request.method == "DELETE";
  if (!is_session_method || hub_.is_modern_only()) {
    auto response = to_response({.status = 405, .message = "Method Not Allowed"});
    if (hub_.is_modern_only()) response.fields = {{"Allow", "POST"}};
    return exchange->respond(std::move(response));
  }
  if (request.method == "GET") return get(request, exchange);
  remove(request, exchange);
}

void Gateway::post(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  const auto accept = request.header("Accept");
  if (!accepts(accept, "application/json") || !accepts(accept, "text/event-stream")) {
    return refuse(*exchange,
                  {.status = 406,
                   .message = "Not Acceptable: accept application/json and text/event-stream"});
  }
  if (!is_json(request.header("Content-Type"))) {
    return refuse(*exchange, {.status = 415, .message = "Content-Type must be application/json"});
  }
  const std::string_view text = request.body;
  const auto message =
      mcp::read_message(text, {.bytes_max = options_.line_bytes_max, .depth_max = kBodyDepthMax});
  if (!message) return refuse(*exchange, unreadable(message.error()));
  Facts facts;
  read_facts(request, text, *message, facts);
  const auto verdict = mcp::classify(facts.facts, hub_.modern_versions());
  const Inbound inbound{text, *message, exchange, prefers_events(accept)};
  const std::string raw_id(message->id.of(text));
  if (verdict.refusal) {
    Problem problem;
    problem.status = verdict.refusal->status;
    problem.code = verdict.refusal->code;
    problem.message = verdict.refusal->message;
    problem.raw_id = raw_id;
    if (verdict.refusal->names_versions) {
      problem.supported = hub_.modern_versions();
      if (problem.supported.empty()) problem.supported = {std::string(mcp::kModernVersion)};
      problem.requested = facts.meta_version.substr(0, 64);
    }
    return refuse(*exchange, problem);
  }
  if (verdict.era == mcp::Era::modern) return hub_.post_modern(request, inbound);
  post_legacy(request, inbound);
}

void Gateway::post_legacy(const HttpRequest& request, const Inbound& inbound) {
  const std::string raw_id(inbound.message.id.of(inbound.text));
  const auto version = request.header("MCP-Protocol-Version");
  if (inbound.message.method == "initialize" && inbound.message.kind == mcp::MessageKind::request) {
    if (mcp::is_modern_version(version)) {
      return refuse(*inbound.exchange,
                    {.code = mcp::kHeaderMismatch,
                     .message = "initialize was sent with a modern MCP-Protocol-Version",
                     .raw_id = raw_id});
    }
    if (auto* session = hub_.find(request.header("Mcp-Session-Id"))) {
      return session->repeat_initialize(inbound);
    }
    if (hub_.is_modern_only()) {
      return refuse(*inbound.exchange, {.code = mcp::kUnsupportedVersion,
                                        .message = "this server has no legacy protocol version",
                                        .reason = "modern_only",
                                        .raw_id = raw_id,
                                        .supported = hub_.modern_versions()});
    }
    return hub_.initialize(request, inbound);
  }
  if (!version.empty() && !mcp::is_legacy_version(version)) {
    return refuse(*inbound.exchange, {.message = "Unsupported protocol version",
                                      .raw_id = raw_id,
                                      .supported = legacy_versions(),
                                      .requested = std::string(version.substr(0, 64))});
  }
  auto* session = session_of(request, *inbound.exchange, raw_id);
  if (session != nullptr) session->post(inbound);
}

void Gateway::get(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  if (!accepts(request.header("Accept"), "text/event-stream")) {
    return refuse(*exchange,
                  {.status = 406, .message = "Not Acceptable: accept text/event-stream"});
  }
  auto* session = session_of(request, *exchange, {});
  if (session != nullptr) session->get(exchange, request.header("Last-Event-ID"));
}

void Gateway::remove(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  auto* session = session_of(request, *exchange, {});
  if (session == nullptr) return;
  hub_.remove(session->id());
  exchange->respond({});
}

LegacySession* Gateway::session_of(const HttpRequest& request, Exchange& exchange,
                                   std::string_view raw_id) {
  if (request.count("Mcp-Session-Id") != 1) {
    refuse(exchange, {.message = "Mcp-Session-Id is needed once",
                      .reason = "session",
                      .raw_id = std::string(raw_id)});
    return nullptr;
  }
  auto* session = hub_.find(request.header("Mcp-Session-Id"));
  if (session == nullptr) {
    refuse(exchange, {.status = 404,
                      .code = mcp::kSessionNotFound,
                      .message = "Session not found",
                      .reason = "session",
                      .raw_id = std::string(raw_id)});
  }
  return session;
}

void Gateway::health(Exchange& exchange) const {
  const auto health = hub_.health();
  const bool is_ok = health.state == Health::State::ok;
  Json body = {{"status", is_ok                                     ? "ok"
                          : health.state == Health::State::starting ? "starting"
                                                                    : "failing"},
               {"children", health.children},
               {"sessions", health.sessions},
               {"restarts", health.restarts},
               {"last_exit", nullptr}};
  if (health.last_exit) {
    body["last_exit"] = {{"code", health.last_exit->code},
                         {"stderr", health.last_exit->last_stderr}};
  }
  exchange.respond(json_response(is_ok ? 200 : 503, to_text(body)));
}

}  // namespace sigil::shim
