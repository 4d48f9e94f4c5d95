#include "proxy/headers.h"

#include <gtest/gtest.h>

namespace sigil::proxy {
namespace {

using http1::Field;

http1::RequestHead request(std::vector<Field> fields) {
  http1::RequestHead head;
  head.method = "POST";
  head.target = "/a/mcp";
  head.fields = std::move(fields);
  return head;
}

bool goes_up(const char* name, const char* value = "v", const char* connection = "") {
  std::string out;
  write_upstream_head(request({{"Connection", connection}, {name, value}}),
                      {.method = "POST", .target = "/mcp", .port = 8080}, out);
  return out.find("\r\n" + std::string(name) + ": " + value + "\r\n") != std::string::npos;
}

TEST(UpstreamHead, LetsEndToEndHeadersThrough) {
  for (const char* name :
       {"Accept", "Content-Type", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Param-X",
        "mcp-param-unknown", "Last-Event-ID", "traceparent", "tracestate", "baggage",
        "Accept-Language", "Accept-Encoding", "X-Own"})
    EXPECT_TRUE(goes_up(name)) << name;
}

TEST(UpstreamHead, KeepsWhatIsNotForServers) {
  for (const char* name : {"Authorization",
                           "authorization",
                           "Cookie",
                           "COOKIE",
                           "Origin",
                           "Forwarded",
                           "X-Forwarded-For",
                           "x-forwarded-anything",
                           "X-Sigil-Session-Config",
                           "X-Sigil-Control",
                           "Mcp-Session-Id",
                           "X-Request-Id",
                           "Keep-Alive",
                           "Proxy-Authorization",
                           "Proxy-Anything",
                           "TE",
                           "Trailer",
                           "Transfer-Encoding",
                           "Upgrade",
                           "Content-Length",
                           "Expect",
                           "Service-Worker",
                           "Sec-Fetch-Dest",
                           "HTTP2-Settings"})
    EXPECT_FALSE(goes_up(name)) << name;
}

TEST(UpstreamHead, RemovesWhatConnectionListsButNotWhatWasChecked) {
  EXPECT_FALSE(goes_up("X-Own", "v", "close, X-Own"));
  EXPECT_FALSE(goes_up("X-Own", "v", "x-own"));
  for (const char* name : {"Mcp-Name", "Mcp-Method", "MCP-Protocol-Version", "Content-Type",
                           "Accept", "Last-Event-ID"})
    EXPECT_TRUE(goes_up(name, "v", name)) << name;
}

TEST(UpstreamHead, SetsItsOwn) {
  std::string out;
  const std::vector<std::pair<std::string, std::string>> more = {{"x-api-key", "k"}};
  write_upstream_head(request({{"Host", "public"}}),
                      {.method = "POST",
                       .target = "/mcp?x=1",
                       .port = 8080,
                       .upstream_session = "s-1",
                       .client_address = "10.0.0.9",
                       .public_host = "public",
                       .request_id = "req_1",
                       .session_config = "e30",
                       .config_headers = &more,
                       .body_bytes = 2,
                       .has_body = true},
                      out);
  EXPECT_EQ(out,
            "POST /mcp?x=1 HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 2\r\n"
            "Mcp-Session-Id: s-1\r\nX-Sigil-Session-Config: e30\r\nx-api-key: k\r\n"
            "X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: public\r\n"
            "X-Request-Id: req_1\r\n\r\n");
}

std::string down(std::vector<Field> fields, http1::Framing framing = http1::Framing::length) {
  http1::ResponseHead head;
  head.status = 200;
  head.fields = std::move(fields);
  head.framing = framing;
  std::string out;
  write_downstream_lines(head, {.route_name = "a", .session = "token"}, out);
  return out;
}

TEST(DownstreamLines, DropsWhatCouldActOnTheOrigin) {
  for (const char* name : {"Server",
                           "X-Powered-By",
                           "Set-Cookie",
                           "WWW-Authenticate",
                           "Service-Worker-Allowed",
                           "Clear-Site-Data",
                           "Refresh",
                           "Link",
                           "Report-To",
                           "NEL",
                           "Access-Control-Allow-Origin",
                           "Content-Security-Policy",
                           "Strict-Transport-Security",
                           "Alt-Svc",
                           "Connection",
                           "Transfer-Encoding",
                           "Keep-Alive",
                           "X-Sigil-Anything",
                           "Upgrade",
                           "Trailer"})
    EXPECT_EQ(down({{name, "v"}}).find("v\r\n"), std::string::npos) << name;
  for (const char* name :
       {"Cache-Control", "X-Accel-Buffering", "Allow", "Retry-After", "ETag", "Date", "X-Own"})
    EXPECT_NE(down({{name, "v"}}).find(std::string(name) + ": v\r\n"), std::string::npos) << name;
  EXPECT_NE(down({{"Mcp-Session-Id", "raw"}}).find("Mcp-Session-Id: token\r\n"), std::string::npos);
  EXPECT_EQ(down({{"Mcp-Session-Id", "raw"}}).find("raw"), std::string::npos);
}

TEST(DownstreamLines, RelabelsTypesABrowserWouldRun) {
  const struct {
    const char* type;
    const char* expected;
  } table[] = {
      {"application/json", "application/json"},
      {"application/json; charset=utf-8", "application/json; charset=utf-8"},
      {"Text/Event-Stream", "Text/Event-Stream"},
      {"text/plain", "text/plain"},
      {"text/html", "text/plain"},
      {"TEXT/HTML; charset=x", "text/plain"},
      {"image/svg+xml", "text/plain"},
      {"application/xml", "text/plain"},
      {"text/javascript", "text/plain"},
      {"application/json, text/html", "text/plain"},
      {"application/json;a=b,text/html", "text/plain"},
      {"", "text/plain"},
  };
  for (const auto& row : table)
    EXPECT_EQ(down({{"Content-Type", row.type}}),
              "Content-Type: " + std::string(row.expected) + "\r\nMcp-Session-Id: token\r\n")
        << row.type;
  EXPECT_NE(down({}).find("Content-Type: text/plain"), std::string::npos);
  EXPECT_EQ(down({}, http1::Framing::none).find("Content-Type"), std::string::npos);
  EXPECT_NE(down({{"Content-Type", "application/json"}, {"Content-Type", "text/html"}})
                .find("Content-Type: text/plain"),
            std::string::npos);
}

TEST(DownstreamLines, KeepsLocationsInsideTheDeployment) {
  const auto has_location = [](const char* value) {
    return down({{"Location", value}}).find("Location") != std::string::npos;
  };
  EXPECT_TRUE(has_location("/a/mcp"));
  for (const char* value : {"/", "/b/mcp", "http://localhost/a/mcp", "//evil/a/", "/a/../b",
                            "/ab/mcp", "/a/\\evil", "javascript:1"})
    EXPECT_FALSE(has_location(value)) << value;
}

}  // namespace
}  // namespace sigil::proxy
