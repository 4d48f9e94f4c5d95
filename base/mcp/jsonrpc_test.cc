#include "base/mcp/jsonrpc.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace sigil::mcp {
namespace {

TEST(JsonRpc, FindsTheMembersAnIntermediaryNeeds) {
  const std::string text = R"( {"jsonrpc" : "2.0", "id": 9007199254740993, "method":"tools\/call",
    "params":{"name":"x","arguments":{"id":1,"_meta":{}},"_meta":{"progressToken":"t\"1"}}} )";
  const auto message = read_message(text);
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->kind, MessageKind::request);
  EXPECT_EQ(message->method, "tools/call");
  EXPECT_EQ(message->id.of(text), "9007199254740993");
  EXPECT_EQ(message->progress_token.of(text), R"("t\"1")");
  EXPECT_EQ(string_at(text, message->progress_token), "t\"1");
}

TEST(JsonRpc, ReadsAllKinds) {
  const auto kind = [](std::string_view text) { return read_message(text).value().kind; };
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","method":"a"})"), MessageKind::notification);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":0,"result":null})"), MessageKind::result);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":"","error":{"code":1}})"), MessageKind::error);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","error":{"code":1}})"), MessageKind::error);
  const std::string nameless = R"({"jsonrpc":"2.0","id":null,"error":{}})";
  EXPECT_FALSE(read_message(nameless)->id.is_present());
}

TEST(JsonRpc, RefusesWhatParsersDisagreeOn) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "parse"},
      {"{", "parse"},
      {R"({"jsonrpc":"2.0","method":"a"} x)", "parse"},
      {"\xEF\xBB\xBF{}", "parse"},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"\xFF\"}", "parse"},
      {R"({"jsonrpc":"2.0","method":"a","method":"b"})", "parse"},
      {R"({"jsonrpc":"2.0","method":"a","\u006dethod":"b"})", "parse"},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"name":1,"name":2}})", "parse"},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"x":1,"x":2}}})", "parse"},
      {R"([{"jsonrpc":"2.0","method":"a"}])", "batch"},
      {"  []", "batch"},
      {"1", "envelope"},
      {"{}", "envelope"},
      {R"({"jsonrpc":"1.0","method":"a"})", "envelope"},
      {R"({"jsonrpc":"2.0","method":1})", "envelope"},
      {R"({"jsonrpc":"2.0","id":{},"method":"a"})", "envelope"},
      {R"({"jsonrpc":"2.0","id":null,"method":"a"})", "envelope"},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","params":3})", "envelope"},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","result":3})", "envelope"},
      {R"({"jsonrpc":"2.0","id":1,"result":3,"error":{}})", "envelope"},
  };
  for (const auto& [text, reason] : rows) {
    const auto message = read_message(text);
    ASSERT_FALSE(message) << text;
    EXPECT_EQ(message.error().reason, reason) << text;
  }
}

TEST(JsonRpc, StopsAtTheDepthLimit) {
  std::string text = R"({"jsonrpc":"2.0","method":"a","params":)";
  text += std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_FALSE(read_message(text));
}

TEST(JsonRpc, KeepsTheIdOfARefusedEnvelope) {
  const auto message = read_message(R"({"jsonrpc":"2.0","id":"a","method":3})");
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().details.at("id"), "\"a\"");
}

TEST(JsonRpc, SplicesWithoutTouchingTheRest) {
  const std::string text =
      R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"n":1.0e2,"_meta":{"progressToken":"p"}}})";
  const auto message = read_message(text).value();
  EXPECT_EQ(
      splice(text, {{message.progress_token, "7"}, {message.id, "7"}, {message.request_id, "x"}}),
      R"({"jsonrpc":"2.0","id":7,"method":"m","params":{"n":1.0e2,"_meta":{"progressToken":7}}})");
}

TEST(JsonRpc, ComparesIdsAsJsonDoes) {
  EXPECT_EQ(id_key(R"("a")"), id_key(R"("\u0061")"));
  EXPECT_NE(id_key("1"), id_key(R"("1")"));
}

TEST(JsonRpc, LeavesAnUnknownIdOut) {
  EXPECT_EQ(error_body({.code = 7, .message = "no"}),
            R"({"jsonrpc":"2.0","error":{"code":7,"message":"no"}})");
  EXPECT_EQ(
      error_body(
          {.raw_id = "\"\"", .code = 7, .message = "no", .reason = "busy", .supported = {"v"}}),
      R"({"jsonrpc":"2.0","id":"","error":{"code":7,"message":"no","data":{"reason":"busy","supported":["v"]}}})");
}

TEST(JsonRpc, ListsElementsAndMembers) {
  const std::string text = R"({"a":[1,"]",{"b":[2]} , [] ],"c":{}})";
  const auto array = find_member(text, whole(text), "a");
  std::vector<std::string> elements;
  for (const auto range : elements_of(text, array)) elements.emplace_back(range.of(text));
  EXPECT_EQ(elements, (std::vector<std::string>{"1", "\"]\"", "{\"b\":[2]}", "[]"}));
  EXPECT_EQ(find_member(text, whole(text), "c").of(text), "{}");
  EXPECT_FALSE(find_member(text, array, "a").is_present());
}

}  // namespace
}  // namespace sigil::mcp
