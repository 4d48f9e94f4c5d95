#include "proxy/envelope.h"

#include <gtest/gtest.h>

#include "proxy/admission.h"

namespace sigil::proxy {
namespace {

Envelope read(std::string body) {
  static EnvelopeReader reader;
  return reader.read(body);
}

TEST(Envelope, ReadsWhatPolicyNeeds) {
  const auto call = read(
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":1},
      "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})");
  EXPECT_EQ(call.problem, EnvelopeProblem::none);
  EXPECT_TRUE(call.is_request);
  EXPECT_EQ(call.method, "tools/call");
  EXPECT_EQ(call.name_text, "add");
  EXPECT_EQ(call.meta_version_text, "2026-07-28");
  EXPECT_EQ(call.meta_capabilities, mcp::JsonKind::object);
  EXPECT_EQ(call.meta_client_info, mcp::JsonKind::absent);
  EXPECT_FALSE(read(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").is_request);
  EXPECT_TRUE(read(R"({"jsonrpc":"2.0","id":1,"result":{}})").method.empty());
  EXPECT_EQ(
      read(
          R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}})")
          .protocol_version,
      "2025-06-18");
}

TEST(Envelope, RefusesWhatParsersDisagreeAbout) {
  const struct {
    std::string body;
    EnvelopeProblem problem;
  } table[] = {
      {"", EnvelopeProblem::syntax},
      {"{", EnvelopeProblem::syntax},
      {"\xef\xbb\xbf{}", EnvelopeProblem::syntax},
      {R"({"jsonrpc":"2.0","id":1,"method":"a"} {})", EnvelopeProblem::syntax},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","method":"b"})", EnvelopeProblem::syntax},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","\u006dethod":"b"})", EnvelopeProblem::syntax},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"x":1,"x":2}})", EnvelopeProblem::syntax},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"x":1,"x":1}}})",
       EnvelopeProblem::syntax},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc3\x28\"}", EnvelopeProblem::syntax},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","params":)" + std::string(70, '[') +
           std::string(70, ']') + "}",
       EnvelopeProblem::syntax},
      {R"({"jsonrpc":"2.0","id":null,"method":"a"})", EnvelopeProblem::not_rpc},
      {R"({"jsonrpc":"2.0","id":{},"method":"a"})", EnvelopeProblem::not_rpc},
      {R"({"jsonrpc":"1.0","id":1,"method":"a"})", EnvelopeProblem::not_rpc},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", EnvelopeProblem::not_rpc},
      {R"({"jsonrpc":"2.0","id":1})", EnvelopeProblem::not_rpc},
      {R"("text")", EnvelopeProblem::not_rpc},
      {R"([7])", EnvelopeProblem::not_rpc},
      {R"([{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}])", EnvelopeProblem::syntax},
  };
  for (const auto& row : table) EXPECT_EQ(read(row.body).problem, row.problem) << row.body;
  std::string many = R"({"jsonrpc":"2.0","id":1,"method":"a","params":{)";
  for (int i = 0; i < 1000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_EQ(read(many + "\"z\":1}}").problem, EnvelopeProblem::none);
  EXPECT_EQ(read(many + "\"k500\":1}}").problem, EnvelopeProblem::syntax);
}

TEST(Envelope, TakesNumbersThatOnlyJavaScriptTakes) {
  const auto huge = read(
      R"({"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"tools/call","params":{"name":"n"}})");
  EXPECT_EQ(huge.problem, EnvelopeProblem::none);
  EXPECT_TRUE(huge.is_request);
  EXPECT_EQ(huge.name_text, "n");
}

TEST(Envelope, FindsTheRawId) {
  const struct {
    const char* body;
    const char* id;
  } table[] = {
      {R"({"id":7})", "7"},
      {R"({"jsonrpc":"2.0","params":{"id":1,"a":["]",{"id":2}]},"id": "a\"b" ,"method":"x"})",
       R"("a\"b")"},
      {R"({"id":9007199254740993})", "9007199254740993"},
      {R"({"id":"" })", R"("")"},
      {R"({"id":-1.5e3,"x":1})", "-1.5e3"},
      {R"({"id":null})", ""},
      {R"({"id":{}})", ""},
      {R"([{"id":1}])", ""},
      {R"({"x":"unterminated)", ""},
      {"", ""},
      {R"({"id")", ""},
      {R"({"id":)", ""},
  };
  for (const auto& row : table) EXPECT_EQ(raw_id_of(row.body), row.id) << row.body;
}

http1::RequestHead head_with(std::vector<http1::Field> fields, std::string_view method = "POST") {
  http1::RequestHead head;
  head.method = method;
  head.target = "/a/mcp";
  head.fields = std::move(fields);
  return head;
}

std::string modern_call(std::string_view version = "2026-07-28") {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","_meta":{"io.modelcontextprotocol/protocolVersion":")" +
         std::string(version) + R"(","io.modelcontextprotocol/clientCapabilities":{}}}})";
}

TEST(Admission, HoldsHeadersAgainstTheBody) {
  Route route;
  route.name = "a";
  route.is_modern = true;
  const auto code_of = [&](std::vector<http1::Field> fields, const std::string& body) {
    Admission admission;
    const auto refused = admit(head_with(std::move(fields)), read(body), route, admission);
    return refused ? refused->code : 0;
  };
  const http1::Field version{"MCP-Protocol-Version", "2026-07-28"};
  const http1::Field method{"Mcp-Method", "tools/call"};
  EXPECT_EQ(code_of({version, method, {"Mcp-Name", "add"}}, modern_call()), 0);
  EXPECT_EQ(code_of({version, method, {"mcp-name", "=?base64?YWRk?="}}, modern_call()), 0);
  EXPECT_EQ(code_of({version, method, {"Mcp-Name", "=?base64?!!?="}}, modern_call()), -32020);
  EXPECT_EQ(code_of({version, method, {"Mcp-Name", "ADD"}}, modern_call()), -32020);
  EXPECT_EQ(code_of({version, method}, modern_call()), -32020);
  EXPECT_EQ(code_of({version, {"Mcp-Name", "add"}}, modern_call()), -32020);
  EXPECT_EQ(code_of({version, method, {"Mcp-Name", "add"}, {"Mcp-Name", "add"}}, modern_call()),
            -32020);
  EXPECT_EQ(code_of({method, {"Mcp-Name", "add"}}, modern_call()), -32020);
  EXPECT_EQ(
      code_of({{"MCP-Protocol-Version", "2025-06-18"}, method, {"Mcp-Name", "add"}}, modern_call()),
      -32020);
  EXPECT_EQ(code_of({}, R"({"jsonrpc":"2.0","id":1,"method":"ping"})"), 0);
}

TEST(Admission, KnowsListenAndInitialize) {
  Route route;
  route.name = "a";
  route.is_modern = true;
  Admission admission;
  const std::string listen =
      R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  EXPECT_FALSE(admit(
      head_with({{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "subscriptions/listen"}}),
      read(listen), route, admission));
  EXPECT_TRUE(admission.is_listen);
  EXPECT_EQ(admission.era, mcp::Era::modern);
  Admission legacy;
  EXPECT_FALSE(admit(head_with({}), read(R"({"jsonrpc":"2.0","id":1,"method":"initialize"})"),
                     route, legacy));
  EXPECT_TRUE(legacy.is_initialize);
  EXPECT_EQ(legacy.era, mcp::Era::legacy);
}

}  // namespace
}  // namespace sigil::proxy
