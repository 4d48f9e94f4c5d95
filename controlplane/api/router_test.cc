#include "controlplane/api/router.h"

#include <gtest/gtest.h>

namespace sigil::api {
namespace {

Route route(std::string_view method, std::string_view pattern) {
  return {method, pattern, Access::read, BodyKind::none, {}, nullptr};
}

Router make_router() {
  return Router({route("GET", "/api/v1/packages/{name}"), route("GET", "/api/v1/packages/search"),
                 route("GET", "/api/v1/packages"), route("POST", "/api/v1/packages"),
                 route("DELETE", "/api/v1/operations/{id}"),
                 route("GET", "/api/v1/operations/{id}/events")});
}

TEST(Router, PrefersALiteralToAParameter) {
  const auto router = make_router();
  EXPECT_EQ(router.match("GET", "/api/v1/packages/search").route->pattern,
            "/api/v1/packages/search");
  EXPECT_EQ(router.match("GET", "/api/v1/packages/other").route->pattern,
            "/api/v1/packages/{name}");
}

TEST(Router, DecodesAParameterOnceAndOnlyOnce) {
  const auto router = make_router();
  EXPECT_EQ(router.match("GET", "/api/v1/packages/io.example%2Fa%252Fb").params.at("name"),
            "io.example/a%2Fb");
  EXPECT_EQ(router.match("GET", "/api/v1/packages/io.example/name").route, nullptr);
}

TEST(Router, MatchesNoBrokenPath) {
  const auto router = make_router();
  for (const char* path :
       {"", "api/v1/packages", "//api/v1/packages", "/api/v1/packages/", "/api/v1//packages",
        "/api/v1/packages/%", "/api/v1/packages/%00", "/api/v1/packages/%ff", "/api/v1/packages/..",
        "/api/v1/packages/%2e%2e", "/API/v1/packages", "*"})
    EXPECT_EQ(router.match("GET", path).route, nullptr) << path;
}

TEST(Router, ListsTheMethodsOfAPath) {
  const auto match = make_router().match("PATCH", "/api/v1/packages");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allowed, (std::vector<std::string_view>{"GET", "POST"}));
  EXPECT_TRUE(make_router().match("GET", "/nothing").allowed.empty());
}

TEST(Router, AnswersHeadWhereThereIsGet) {
  const auto router = make_router();
  EXPECT_NE(router.match("HEAD", "/api/v1/packages").route, nullptr);
  EXPECT_EQ(router.match("HEAD", "/api/v1/operations/op_1").route, nullptr);
}

}  // namespace
}  // namespace sigil::api
