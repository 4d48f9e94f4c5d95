// Tool calls against a small MCP server in the test: legacy with a session, legacy over SSE with
// requests of its own, and modern only.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/mcp_session.h"
#include "cli/program.h"
#include "cli/test_server.h"
#include "cli/test_terminal.h"

namespace sigil::cli {
namespace {

constexpr const char* kTools =
    R"({"tools":[{"name":"add","description":"adds","inputSchema":{"type":"object",
  "required":["a"],"properties":{"a":{"type":"integer","x-mcp-header":"First"},"b":{"type":"integer"}}}}]})";

std::string answer(const Json& request, const std::string& result) {
  return R"({"jsonrpc":"2.0","id":)" + to_text(request["id"]) + R"(,"result":)" + result + "}";
}

std::string result_of(const Json& request) {
  const std::string method = request["method"];
  if (method == "initialize")
    return R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"t","version":"1"}})";
  if (method == "tools/list") return kTools;
  const Json arguments = request["params"]["arguments"];
  if (integer_or(arguments, "a", 0) == 13)
    return R"({"content":[{"type":"text","text":"unlucky"}],"isError":true})";
  Json content = Json::array({{{"type", "text"}, {"text", "sum " + to_text(arguments)}},
                              {{"type", "image"}, {"mimeType", "image/png"}, {"data", "AAAA"}}});
  return to_text(Json{{"content", std::move(content)}});
}

Reply legacy(const SeenRequest& seen) {
  if (seen.method == "DELETE") return {.status = 200};
  const Json request = Json::parse(seen.body);
  if (!request.contains("id") || !request.contains("method")) return {.status = 202};
  Reply reply{.body = answer(request, result_of(request))};
  if (request["method"] == "initialize") reply.headers = {{"Mcp-Session-Id", "token"}};
  return reply;
}

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

// One server plays both the API and the endpoint.
class Call {
 public:
  explicit Call(TestServer::Handler endpoint)
      : server_([this, endpoint = std::move(endpoint)](const SeenRequest& seen) -> Reply {
          if (seen.target == "/mcp") return endpoint(seen);
          return {.body = to_text(
                      Json{{"name", "calc"}, {"state", "healthy"}, {"endpoint", url_ + "/mcp"}})};
        }) {
    url_ = server_.url();
  }
  Ran operator()(std::vector<std::string> more, const std::string& input = {}) {
    std::vector<std::string> arguments{"tool", "call", "calc"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    TestTerminal test;
    test.input = input;
    test.variables["SIGIL_URL"] = url_;
    test.variables["SIGIL_API_KEY"] = "sglp_secret";
    const int status = run_program(arguments, test.terminal(), test.environment());
    return {status, test.out, test.err};
  }
  std::vector<SeenRequest> mcp_requests() const {
    std::vector<SeenRequest> found;
    for (const auto& request : server_.requests())
      if (request.target == "/mcp") found.push_back(request);
    return found;
  }

 private:
  std::string url_;
  TestServer server_;
};

TEST(ToolCall, OpensASessionCallsAndEndsIt) {
  Call call(legacy);
  const Ran ran = call({"add", "--arg", "a=3", "--arg", "b=4"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "sum {\"a\":3,\"b\":4}\n[image image/png, 3 B; --output json has it]\n");
  const auto requests = call.mcp_requests();
  ASSERT_EQ(requests.size(), 5U);
  EXPECT_EQ(requests.back().method, "DELETE");
  EXPECT_NE(requests[2].head.find("Mcp-Session-Id: token"), std::string::npos);
  EXPECT_NE(requests[2].head.find("MCP-Protocol-Version: 2025-06-18"), std::string::npos);
  // The admin key is none of the server's business.
  for (const auto& request : requests) EXPECT_EQ(request.head.find("sglp_"), std::string::npos);
}

TEST(ToolCall, AToolErrorIsStatusOne) {
  Call call(legacy);
  const Ran ran = call({"add", "--arg", "a=13"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "sigil: the tool reports an error\nunlucky\n");
}

TEST(ToolCall, ArgumentsComeAsJsonToo) {
  Call call(legacy);
  EXPECT_EQ(call({"add", "--json", "-"}, R"({"a":"free"})").out.substr(0, 16),
            "sum {\"a\":\"free\"}");
  EXPECT_EQ(call({"add", "--json", "-"}, "[1]").status, 2);
  EXPECT_EQ(call({"add", "--json", "-", "--arg", "a=1"}, "{}").status, 2);
}

TEST(ToolCall, WrongUseIsFoundBeforeTheCall) {
  Call call(legacy);
  EXPECT_EQ(call({"add"}).err, "sigil: add needs a\n  hint: add --arg a=VALUE\n");
  EXPECT_EQ(call({"add", "--arg", "a=x"}).status, 2);
  const Ran unknown = call({"subtract"});
  EXPECT_EQ(unknown.status, 3);
  EXPECT_NE(unknown.err.find("it has add"), std::string::npos);
}

TEST(ToolCall, ReadsAStreamAndAnswersWhatTheServerAsks) {
  Call call([](const SeenRequest& seen) -> Reply {
    if (seen.method == "DELETE") return {.status = 405};
    const Json request = Json::parse(seen.body);
    if (!request.contains("method") || !request.contains("id") || request["method"] != "tools/call")
      return legacy(seen);
    const std::string ping = R"({"jsonrpc":"2.0","id":"p1","method":"ping"})";
    return {.body = "id: 1\ndata:\n\nevent: message\ndata: " + ping +
                    "\n\n: comment\ndata: " + answer(request, result_of(request)) + "\n\n",
            .type = "text/event-stream"};
  });
  const Ran ran = call({"add", "--arg", "a=3"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  bool has_ponged = false;
  for (const auto& request : call.mcp_requests())
    has_ponged = has_ponged || request.body.find(R"("id":"p1")") != std::string::npos;
  EXPECT_TRUE(has_ponged);
}

TEST(ToolCall, GoesOnWithAStreamThatTheServerClosed) {
  std::string waiting;
  Call call([&](const SeenRequest& seen) -> Reply {
    if (seen.method == "GET")
      return {.body = "data: " + waiting + "\n\n", .type = "text/event-stream"};
    if (seen.method == "DELETE") return {.status = 405};
    const Json request = Json::parse(seen.body);
    if (!request.contains("id") || request["method"] != "tools/call") return legacy(seen);
    waiting = answer(request, result_of(request));
    return {.body = "retry: 1\nid: 7\ndata:\n\n", .type = "text/event-stream"};
  });
  EXPECT_EQ(call({"add", "--arg", "a=3"}).status, 0);
  bool has_resumed = false;
  for (const auto& request : call.mcp_requests())
    has_resumed = has_resumed || request.head.find("Last-Event-ID: 7") != std::string::npos;
  EXPECT_TRUE(has_resumed);
}

TEST(ToolCall, SpeaksModernToAServerThatKnowsNothingElse) {
  Call call([](const SeenRequest& seen) -> Reply {
    const Json request = Json::parse(seen.body);
    if (request["method"] == "initialize")
      return {
          .status = 400,
          .body =
              R"({"jsonrpc":"2.0","id":)" + to_text(request["id"]) +
              R"(,"error":{"code":-32022,"message":"unsupported","data":{"supported":["2026-07-28"]}}})"};
    if (request["method"] == "server/discover")
      return {
          .body = answer(
              request,
              R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}})")};
    return {.body = answer(request, result_of(request))};
  });
  const Ran ran = call({"add", "--arg", "a=3"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const SeenRequest last = call.mcp_requests().back();
  EXPECT_NE(last.head.find("Mcp-Method: tools/call"), std::string::npos);
  EXPECT_NE(last.head.find("Mcp-Name: add"), std::string::npos);
  EXPECT_NE(last.head.find("Mcp-Param-First: 3"), std::string::npos);
  EXPECT_EQ(last.head.find("Mcp-Session-Id"), std::string::npos);
}

TEST(ToolCall, WhatTheFrontDoorSaysDecidesTheStatus) {
  const std::tuple<int, const char*, int> table[] = {{404, "unknown deployment", 3},
                                                     {502, "upstream", 5},
                                                     {503, "no replica", 5},
                                                     {504, "too slow", 5}};
  for (const auto& [http, words, exit] : table) {
    const int status = http;
    const std::string text = words;
    Call call([&](const SeenRequest&) -> Reply {
      return {
          .status = status,
          .body = to_text(Json{
              {"jsonrpc", "2.0"},
              {"error", {{"code", status}, {"message", text}, {"data", {{"reason", "why"}}}}}})};
    });
    const Ran ran = call({"add", "--arg", "a=3"});
    EXPECT_EQ(ran.status, exit) << http;
    EXPECT_NE(ran.err.find(text + " (why)"), std::string::npos) << ran.err;
  }
}

TEST(ToolCall, RefusedArgumentsAreAUsageError) {
  Call call([](const SeenRequest& seen) -> Reply {
    if (seen.method == "DELETE") return {.status = 405};
    const Json request = Json::parse(seen.body);
    if (!request.contains("id") || request["method"] != "tools/call") return legacy(seen);
    return {.body = R"({"jsonrpc":"2.0","id":)" + to_text(request["id"]) +
                    R"(,"error":{"code":-32602,"message":"a must be small"}})"};
  });
  const Ran ran = call({"add", "--arg", "a=3"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("a must be small (mcp -32602)"), std::string::npos);
}

}  // namespace
}  // namespace sigil::cli
