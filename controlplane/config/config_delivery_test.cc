#include "controlplane/config/config_delivery.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"

namespace sigil::controlplane {
namespace {

TEST(ConfigDelivery, NamesBecomeUpperSnake) {
  EXPECT_EQ(upper_snake("apiKey"), "API_KEY");
  EXPECT_EQ(upper_snake("otherURL"), "OTHER_URL");
  EXPECT_EQ(upper_snake("URLPrefix"), "URL_PREFIX");
  EXPECT_EQ(upper_snake("API_KEY"), "API_KEY");
  EXPECT_EQ(upper_snake("base-url"), "BASE_URL");
  EXPECT_EQ(upper_snake("v2Key"), "V2_KEY");
}

TEST(ConfigDelivery, EnvironmentHasBothSpellings) {
  const auto environment = config_environment(
      Json::parse(R"({"apiKey":"k","port":3000,"debug":true,"list":["a"],"none":null,"1x":"y"})"));
  EXPECT_EQ(environment.at("apiKey"), "k");
  EXPECT_EQ(environment.at("API_KEY"), "k");
  EXPECT_EQ(environment.at("PORT"), "3000");
  EXPECT_EQ(environment.at("debug"), "true");
  EXPECT_EQ(environment.at("LIST"), R"(["a"])");
  EXPECT_EQ(environment.count("none"), 0U);
  EXPECT_EQ(environment.count("1x"), 0U);
}

TEST(ConfigDelivery, QueryHasDotsAndBase64) {
  const auto config = Json::parse(R"({"debug":true,"server":{"host":"a b"},"tags":["x","y"]})");
  const auto parts = config_request_parts("", config);
  EXPECT_EQ(parts.query, "debug=true&server.host=a%20b&tags.0=x&tags.1=y&config=" +
                             percent_encode(to_base64(config.dump())));
  EXPECT_TRUE(parts.headers.empty());
}

TEST(ConfigDelivery, HeadersWhereTheSchemaSaysSo) {
  const auto parts = config_request_parts(
      R"({"properties":{"apiKey":{"type":"string","x-from":{"header":"X-Api-Key"}}}})",
      Json::parse(R"({"apiKey":"k"})"));
  EXPECT_EQ(parts.headers.at("x-api-key"), "k");
  EXPECT_EQ(parts.query, "");
}

TEST(ConfigDelivery, AHeaderCannotSmuggleLines) {
  const auto parts = config_request_parts(
      R"({"properties":{"a":{"x-from":{"header":"x-a"}},"b":{"x-from":{"header":"x:b"}}}})",
      Json::parse(R"({"a":"1\r\nX-Evil: 2","b":"3"})"));
  EXPECT_TRUE(parts.headers.empty());
}

TEST(ConfigDelivery, ATooLongQueryIsNotSent) {
  EXPECT_EQ(config_request_parts("", Json{{"a", std::string(8000, 'x')}}).query, "");
}

}  // namespace
}  // namespace sigil::controlplane
