#include "controlplane/api/list_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "registry-db/states.h"

namespace sigil::api {
namespace {

Query query_of(std::string_view raw) { return Query::parse(raw).value_or(Query()); }

TEST(PageRequest, HasDefaultsAndLimits) {
  const auto page = read_page_request(query_of(""), {"name"});
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->limit, 50);
  EXPECT_EQ(page->sort, "");
  EXPECT_EQ(read_page_request(query_of("limit=200&sort=-name&cursor=abc"), {"name"})->sort,
            "-name");
  for (const char* raw : {"limit=0", "limit=201", "limit=x", "sort=color", "sort=-", "sort="})
    EXPECT_FALSE(read_page_request(query_of(raw), {"name"}).has_value()) << raw;
  EXPECT_FALSE(
      read_page_request(query_of("cursor=" + std::string(2000, 'a')), {"name"}).has_value());
}

TEST(ReadWords, NamesTheClosedSet) {
  const auto states =
      read_words(query_of("state=healthy&state=failed"), "state", db::kDeploymentStates);
  ASSERT_TRUE(states.has_value());
  EXPECT_EQ(states->size(), 2U);
  const auto refused = read_words(query_of("state=well"), "state", db::kDeploymentStates);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("crash_looping"), std::string::npos);
}

TEST(PageResponse, HasTheShapeOfEveryList) {
  RenderedPage page;
  page.items = {R"({"a":1})", R"({"a":2})"};
  page.next_cursor = "abc";
  page.total = 9;
  page.as_of = WallTime(std::chrono::milliseconds(1'700'000'000'000));
  const auto body = parse_json(page_response(std::move(page)).body).value();
  EXPECT_EQ(body, Json({{"items", Json::array({{{"a", 1}}, {{"a", 2}}})},
                        {"next_cursor", "abc"},
                        {"total", 9},
                        {"total_is_exact", true},
                        {"as_of", "2023-11-14T22:13:20.000Z"}}));
  EXPECT_EQ(parse_json(page_response({}).body).value()["next_cursor"], nullptr);
}

TEST(FittingPage, AsksForLessWhileTheAnswerWouldBeTooLong) {
  std::vector<int> limits;
  db::PageRequest most;
  most.limit = 200;
  const auto response = fitting_page(most, [&](const db::PageRequest& page) {
    limits.push_back(page.limit);
    RenderedPage rendered;
    for (int i = 0; i < page.limit; ++i) rendered.items.push_back(std::string(4000, '1'));
    return Result<RenderedPage>(rendered);
  });
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(limits, (std::vector<int>{200, 100, 50}));
  EXPECT_LE(response->body.size(), 256U * 1024);
}

}  // namespace
}  // namespace sigil::api
