#include "base/mcp/client.h"

#include <gtest/gtest.h>

#include "base/mcp/jsonrpc.h"

namespace sigil::mcp {
namespace {

std::string header(const ClientRequest& request, std::string_view name) {
  for (const auto& field : request.headers) {
    if (field.first == name) return field.second;
  }
  return {};
}

std::string as_is(std::string_view text) { return std::string(text); }

RpcAnswer page(std::string result) { return {std::move(result), std::nullopt}; }
RpcAnswer error(std::int64_t code) { return {{}, RpcError{code, "no", {}}}; }

TEST(RequestBuilder, PutsTheEnvelopeAroundModernRequests) {
  const RequestBuilder builder(Era::modern, std::string(kModernVersion), {});
  const auto request =
      builder.request(4, "tools/call", R"({"name":"grüße","arguments":{}})", "grüße");
  EXPECT_EQ(header(request, "MCP-Protocol-Version"), kModernVersion);
  EXPECT_EQ(header(request, "Mcp-Method"), "tools/call");
  EXPECT_EQ(decode_header_text(header(request, "Mcp-Name")), "grüße");
  const auto message = read_message(request.body).value();
  const auto version = find_member(request.body, message.meta, kMetaVersion);
  EXPECT_EQ(string_at(request.body, version), kModernVersion);
}

TEST(RequestBuilder, LeavesInitializeWithoutAVersionHeader) {
  const RequestBuilder builder(Era::legacy, std::string(kNewestLegacyVersion), {});
  EXPECT_EQ(header(builder.initialize(1), "MCP-Protocol-Version"), "");
  EXPECT_EQ(header(builder.initialized(), "MCP-Protocol-Version"), kNewestLegacyVersion);
  EXPECT_NE(builder.list(2, "tools/list", "").body.find(R"("cursor":"")"), std::string::npos);
}

TEST(RequestBuilder, AnswersPingAndRefusesTheRest) {
  const RequestBuilder builder(Era::legacy, std::string(kNewestLegacyVersion), {});
  EXPECT_EQ(builder.answer("0", "ping").body, R"({"jsonrpc":"2.0","id":0,"result":{}})");
  EXPECT_NE(builder.answer("0", "roots/list").body.find("-32601"), std::string::npos);
}

TEST(Answer, IsTheMessageWithOurId) {
  EXPECT_EQ(read_answer(R"({"jsonrpc":"2.0","id":3,"result":{"a":1}})", 3).value()->result,
            R"({"a":1})");
  EXPECT_FALSE(read_answer(R"({"jsonrpc":"2.0","id":4,"result":{}})", 3).value());
  EXPECT_FALSE(read_answer(R"({"jsonrpc":"2.0","method":"notifications/message"})", 3).value());
  const auto refused = read_answer(
      R"({"jsonrpc":"2.0","id":3,"error":{"code":-32022,"message":"m","data":{"supported":["x"]}}})",
      3);
  EXPECT_EQ(refused.value()->error->supported, std::vector<std::string>{"x"});
}

TEST(Discover, DoesNotCacheABlip) {
  EXPECT_EQ(judge_discover(200, page(R"({"supportedVersions":["2026-07-28"],"capabilities":{}})")),
            DiscoverVerdict::modern);
  EXPECT_EQ(judge_discover(400, error(kUnsupportedVersion)), DiscoverVerdict::modern);
  EXPECT_EQ(judge_discover(400, error(-32000)), DiscoverVerdict::not_modern);
  EXPECT_EQ(judge_discover(404, std::nullopt), DiscoverVerdict::not_modern);
  for (const int status : {0, 401, 403, 408, 429, 500, 503}) {
    EXPECT_EQ(judge_discover(status, std::nullopt), DiscoverVerdict::inconclusive) << status;
  }
}

TEST(Lister, FollowsEveryCursorThatIsThereEvenAnEmptyOne) {
  Lister lister("tools", {});
  EXPECT_FALSE(lister.cursor());
  ASSERT_TRUE(lister.take(page(R"({"tools":[{"name":"a"}],"nextCursor":""})")));
  ASSERT_EQ(lister.cursor(), "");
  ASSERT_TRUE(lister.take(page(R"({"tools":[{"name":"b"}],"nextCursor":null})")));
  EXPECT_TRUE(lister.is_done());
  EXPECT_EQ(lister.items().size(), 2u);
}

TEST(Lister, StopsAtARepeatedCursorAndRestartsOnce) {
  Lister lister("tools", {});
  ASSERT_TRUE(lister.take(page(R"({"tools":[{"name":"a"}],"nextCursor":"x"})")));
  ASSERT_TRUE(lister.take(error(kInvalidParams)));
  EXPECT_FALSE(lister.cursor());
  EXPECT_TRUE(lister.items().empty());
  ASSERT_TRUE(lister.take(page(R"({"tools":[{"name":"a"}],"nextCursor":"y"})")));
  ASSERT_TRUE(lister.take(page(R"({"tools":[{"name":"b"}],"nextCursor":"y"})")));
  EXPECT_TRUE(lister.is_done());
  EXPECT_TRUE(lister.has_looped());
}

TEST(Lister, KnowsAnAbsentListFromAFailedOne) {
  Lister absent("prompts", {});
  ASSERT_TRUE(absent.take(error(kMethodNotFound)));
  EXPECT_TRUE(absent.is_absent());
  Lister failed("prompts", {});
  EXPECT_FALSE(failed.take(error(kInternalError)));
}

TEST(Lister, HasLimits) {
  Lister lister("tools", {.pages_max = 100, .items_max = 1, .bytes_max = 1024});
  EXPECT_EQ(lister.take(page(R"({"tools":[{},{}]})")).error().code, ErrorCode::too_large);
}

TEST(CanonicalJson, FollowsRfc8785) {
  // The example of RFC 8785 §3.2.2 and §3.2.3.
  const char* const kInput =
      R"({"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
    "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})";
  EXPECT_EQ(canonical_json(kInput).value(),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  EXPECT_EQ(canonical_json(R"({"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"1":4,"\r":5})").value(),
            "{\"\\r\":5,\"1\":4,\"\xE2\x82\xAC\":3,\"\xF0\x9F\x98\x80\":2,\"\xEF\xAC\xB3\":1}");
}

TEST(CanonicalJson, WritesNumbersAsEcmaScriptDoes) {
  const std::pair<const char*, const char*> rows[] = {{"0", "0"},
                                                      {"-0.0", "0"},
                                                      {"1e21", "1e+21"},
                                                      {"1e20", "100000000000000000000"},
                                                      {"1e-6", "0.000001"},
                                                      {"1e-7", "1e-7"},
                                                      {"-1.5", "-1.5"},
                                                      {"123456.789", "123456.789"},
                                                      {"9007199254740993", "9007199254740992"},
                                                      {"5e-324", "5e-324"}};
  for (const auto& [input, output] : rows)
    EXPECT_EQ(canonical_json(input).value(), output) << input;
}

TEST(ContractHash, IsStableUnderOrderAndChangesWithOneCharacter) {
  const auto hash = [](const char* tool) {
    return contract_hash(Listed::tool, tool, as_is).value();
  };
  const auto first =
      hash(R"({"name":"a","description":"b","inputSchema":{"type":"object","x":1},"ttlMs":4})");
  EXPECT_EQ(first,
            hash(R"({"inputSchema":{"x":1.0,"type":"object"},"description":"b","name":"a"})"));
  EXPECT_NE(first, hash(R"({"name":"a","description":"B","inputSchema":{"type":"object","x":1}})"));
  EXPECT_EQ(list_hash({{"b", "2"}, {"a", "1"}}, as_is), list_hash({{"a", "1"}, {"b", "2"}}, as_is));
}

TEST(ToolHeaders, FindsMarksAndDefects) {
  const auto tool = [](const std::string& properties) {
    return R"({"name":"t","inputSchema":{"type":"object","properties":)" + properties + "}}";
  };
  const auto good =
      tool(R"({"a":{"type":"object","properties":{"b":{"type":"string","x-mcp-header":"B"}}}})");
  EXPECT_EQ(tool_header_defect(good), "");
  ASSERT_EQ(tool_headers(good).size(), 1u);
  EXPECT_EQ(tool_headers(good)[0].path, (std::vector<std::string>{"a", "b"}));
  for (const char* const bad :
       {R"({"a":{"type":"string","x-mcp-header":"a b"}})",
        R"({"a":{"type":"array","x-mcp-header":"A"}})",
        R"({"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}})",
        R"({"a":{"anyOf":[{"type":"string","x-mcp-header":"A"}]}})",
        R"({"a":{"type":"string","x-mcp-header":7}})"}) {
    EXPECT_NE(tool_header_defect(tool(bad)), "") << bad;
    EXPECT_TRUE(tool_headers(tool(bad)).empty()) << bad;
  }
}

}  // namespace
}  // namespace sigil::mcp
