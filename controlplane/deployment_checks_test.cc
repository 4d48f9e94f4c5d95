#include "controlplane/deployment_checks.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

Caller admin() {
  Caller caller;
  caller.scopes = {"admin"};
  return caller;
}

Caller developer() {
  Caller caller;
  caller.scopes = {"deploy"};
  return caller;
}

DeploymentRequest request_for(const std::string& kind, const std::string& location) {
  DeploymentRequest request;
  request.source_kind = kind;
  request.location = location;
  return request;
}

TEST(RequestedSource, ReadsKindAndLocationTogetherOrApart) {
  const auto apart = requested_source(request_for("npm", "@scope/x"), developer());
  ASSERT_TRUE(apart.has_value()) << apart.error().message;
  const auto together = requested_source(request_for("", "npm:@scope/x"), developer());
  ASSERT_TRUE(together.has_value()) << together.error().message;
  EXPECT_EQ(*apart, *together);
  EXPECT_EQ(apart->kind, db::SourceKind::npm);
}

TEST(RequestedSource, FilesOfTheHostAreForAdmins) {
  const auto refused = requested_source(request_for("", "file:///srv/git/x"), developer());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_TRUE(requested_source(request_for("", "file:///srv/git/x"), admin()).has_value());
}

TEST(RequestedSource, APathStaysInside) {
  auto request = request_for("", "npm:x");
  for (const auto* path : {"../x", "/etc", "a/../../b"}) {
    request.path = path;
    EXPECT_FALSE(requested_source(request, admin()).has_value()) << path;
  }
  request.path = "packages/x";
  EXPECT_TRUE(requested_source(request, admin()).has_value());
}

TEST(RequestValues, AreChecked) {
  DeploymentRequest request;
  request.env = {{"SIGIL_X", "1"}};
  EXPECT_FALSE(check_request_values(request).has_value());
  request.env = {{"1X", "1"}};
  EXPECT_FALSE(check_request_values(request).has_value());
  request.env = {{"X", std::string("a\0b", 3)}};
  EXPECT_FALSE(check_request_values(request).has_value());
  request.env = {{"X", "1"}};
  EXPECT_TRUE(check_request_values(request).has_value());
  request.config = "[1]";
  const auto refused = check_request_values(request);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details.count("/config"), 1U);
  request.config = "{}";
  request.replicas = 0;
  EXPECT_FALSE(check_request_values(request).has_value());
}

TEST(MergedWish, MergesAndMovesSecrets) {
  db::DeploymentSettings wish;
  wish.config = R"({"a":1,"b":2})";
  wish.env = {{"X", "1"}, {"Y", "2"}};
  wish.args = {"--keep"};
  DeploymentRequest request;
  request.config = R"({"b":null,"c":3,"apiKey":"hidden"})";
  request.env = {{"Y", "3"}};
  std::map<std::string, Secret> secrets;
  const auto merged = merged_wish(wish, request, {}, secrets);
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(merged->config, R"({"a":1,"c":3})");
  EXPECT_EQ(merged->env.at("Y"), "3");
  EXPECT_EQ(merged->env.at("X"), "1");
  EXPECT_EQ(merged->args, wish.args);
  ASSERT_EQ(secrets.count("apiKey"), 1U);
  EXPECT_EQ(secrets.at("apiKey").reveal(), "hidden");
}

}  // namespace
}  // namespace sigil::controlplane
