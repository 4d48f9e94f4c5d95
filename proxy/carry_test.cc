#include "proxy/carry.h"

#include <gtest/gtest.h>

namespace sigil::proxy {
namespace {

http1::RequestHead request(std::vector<http1::Field> fields) {
  http1::RequestHead head;
  head.method = "POST";
  head.target = "/a/mcp";
  head.fields = std::move(fields);
  return head;
}

TEST(Carry, RefusesPathsThatReadDifferentlyInside) {
  for (const char* path : {"/api", "/api/", "/api/v1/a%2Fb", "/api/v1/..a", "/api/v1/a.b/..."})
    EXPECT_TRUE(is_clean_path(path)) << path;
  for (const char* path : {"/api/..", "/api/../x", "/api/./x", "/api//x", "//api", "/api/%2e%2e/x",
                           "/api/%2E./x", "/api/.%2e"})
    EXPECT_FALSE(is_clean_path(path)) << path;
}

TEST(Carry, RefusesValuesSigildWouldStumbleOver) {
  const auto lines = [](const char* name, const char* value) {
    auto head = request({{name, value}});
    head.target = "/api/v1/x";
    return carried_lines(head);
  };
  EXPECT_TRUE(lines("Content-Type", "application/json;charset=x").has_value());
  EXPECT_FALSE(lines("Content-Type", "json").has_value());
  EXPECT_FALSE(lines("Content-Type", "a/b/c").has_value());
  EXPECT_FALSE(lines("Authorization", "Bearer \xc3\xa4").has_value());
  EXPECT_FALSE(lines("If-Match", "").has_value());
  EXPECT_EQ(lines("X-Github-Event", "push")->find("push"), std::string::npos);
  EXPECT_EQ(lines("Host", "evil")->find("Host: evil\r\n") == 0, false);
}

}  // namespace
}  // namespace sigil::proxy
