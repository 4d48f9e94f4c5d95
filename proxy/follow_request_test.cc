#include "proxy/follow_request.h"

#include <gtest/gtest.h>

namespace sigil::proxy {
namespace {

Result<FollowRequest> read(std::string_view target, std::vector<http1::Field> fields = {},
                           std::string_view method = "GET") {
  http1::RequestHead head;
  head.method = method;
  head.target = target;
  head.fields = std::move(fields);
  return read_follow_request(head);
}

TEST(FollowRequest, KnowsTheThreeForms) {
  const std::vector<http1::Field> stream = {{"Accept", "text/event-stream"}};
  const struct {
    const char* target;
    bool is_stream;
    FollowMode mode;
  } table[] = {
      {"/api/v1/operations/op_1/events", true, FollowMode::events},
      {"/api/v1/operations/op_1/events", false, FollowMode::none},
      {"/api/v1/operations/op_1/events?wait=5", false, FollowMode::poll},
      {"/api/v1/events?after=3&wait=25", false, FollowMode::poll},
      {"/api/v1/deployments/d/logs", true, FollowMode::events},
      {"/api/v1/deployments/d/logs?before=9", true, FollowMode::none},
      {"/api/v1/deployments/d/logs/download", false, FollowMode::download},
      {"/api/v1/deployments/d/logs/info", true, FollowMode::none},
      {"/api/v1/deployments", true, FollowMode::none},
      {"/events", true, FollowMode::none},
  };
  for (const auto& row : table)
    EXPECT_EQ(read(row.target, row.is_stream ? stream : std::vector<http1::Field>())->mode,
              row.mode)
        << row.target;
  EXPECT_EQ(read("/api/v1/operations/o/events", stream, "POST")->mode, FollowMode::none);
}

TEST(FollowRequest, HidesFormsFromSigild) {
  const auto request = *read("/api/v1/events?topics=a&after=3&wait=99&limit=5");
  EXPECT_EQ(request.wait, kWaitMax);
  EXPECT_EQ(*request.after, 3);
  EXPECT_EQ(request.target(7), "/api/v1/events?topics=a&limit=5&after=7");
  EXPECT_EQ(request.target(std::nullopt), "/api/v1/events?topics=a&limit=5");
  EXPECT_EQ(read("/api/v1/events?wait=1")->target(0), "/api/v1/events?after=0");
  const auto resumed =
      *read("/api/v1/events?after=3", {{"Accept", "text/event-stream"}, {"Last-Event-ID", "8"}});
  EXPECT_EQ(*resumed.after, 8);
  for (const char* bad :
       {"/api/v1/events?wait=x", "/api/v1/events?after=-1", "/api/v1/events?after="})
    EXPECT_FALSE(read(bad).has_value()) << bad;
}

TEST(FollowPage, IsReadWithItsNumbers) {
  const auto page = read_follow_page(
      R"({"items":[{"seq":4, "text":"a\nb"},{"seq":5,"x":[1, 2]}],"next_after":5,"ended":true})");
  ASSERT_TRUE(page.has_value());
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0].text, "a\nb");
  EXPECT_EQ(page->items[1].json, R"({"seq":5,"x":[1,2]})");
  EXPECT_EQ(page->items[0].json.find('\n'), std::string::npos);
  EXPECT_EQ(page->next_after, 5);
  EXPECT_TRUE(page->has_ended);
  EXPECT_FALSE(read_follow_page(R"({"items":[],"next_after":9})")->has_ended);
  for (const char* bad :
       {"", "[]", "{}", R"({"items":7})", R"({"items":[{}]})", R"({"items":[7]})"})
    EXPECT_FALSE(read_follow_page(bad).has_value()) << bad;
}

}  // namespace
}  // namespace sigil::proxy
