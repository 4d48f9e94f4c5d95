#include "controlplane/replicas/launcher.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::controlplane {
namespace {

TEST(EffectiveConfig, SecretsFillPropertiesOfTheirName) {
  builder::Plan plan;
  plan.config_schema =
      R"({"required":["apiKey","token"],"properties":{"apiKey":{"type":"string"},"token":{"type":"string"}}})";
  Secrets secrets;
  secrets.emplace("API_KEY", Secret("k"));
  secrets.emplace("token", Secret("t"));
  const auto config = effective_config(plan, Json::object(), secrets);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(*config, (Json{{"apiKey", "k"}, {"token", "t"}}));
}

TEST(EffectiveConfig, TellsMissingFromWrong) {
  builder::Plan plan;
  plan.config_schema =
      R"({"required":["a"],"properties":{"a":{"type":"string"},"n":{"type":"integer"}}})";
  const auto missing = effective_config(plan, Json::object(), {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_TRUE(is_only_missing(missing.error(), Json::object()));
  const Json wrong = {{"n", "x"}};
  const auto refused = effective_config(plan, wrong, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(is_only_missing(refused.error(), wrong));
}

}  // namespace
}  // namespace sigil::controlplane
