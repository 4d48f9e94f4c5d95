#include "controlplane/source_policy.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

db::Source source_of(db::SourceKind kind, const std::string& location) {
  db::Source source;
  source.kind = kind;
  source.location = location;
  return source;
}

TEST(SourcePolicy, TheFirstRuleThatFitsDecides) {
  const std::vector<std::string> rules = {"deny git:https://git.corp/secret/**",
                                          "allow git:https://git.corp/**", "allow npm:@corp/*",
                                          "allow upload", "deny **"};
  using Kind = db::SourceKind;
  EXPECT_TRUE(check_source(rules, source_of(Kind::git, "https://git.corp/team/repo.git")));
  EXPECT_TRUE(check_source(rules, source_of(Kind::git, "https://me:pass@git.corp/team/repo.git")));
  EXPECT_TRUE(check_source(rules, source_of(Kind::npm, "@corp/server")));
  EXPECT_TRUE(check_source(rules, source_of(Kind::upload, "")));
  const auto refused = check_source(rules, source_of(Kind::git, "https://git.corp/secret/x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "E_SOURCE_POLICY");
  EXPECT_NE(refused.error().message.find("deny git:https://git.corp/secret/**"), std::string::npos);
  for (const auto& [kind, location] :
       {std::pair(Kind::git, "https://git.corp.evil.example/team/repo"),
        std::pair(Kind::npm, "@corporate/server"), std::pair(Kind::image, "x:1"),
        std::pair(Kind::git, "https://git.corp@evil.example/x")})
    EXPECT_FALSE(check_source(rules, source_of(kind, location))) << location;
}

TEST(SourcePolicy, WithoutRulesEverythingGoes) {
  EXPECT_TRUE(check_source({}, source_of(db::SourceKind::git, "https://anywhere.example/x")));
}

TEST(SourcePolicy, RulesThatAreNoneAreNamed) {
  EXPECT_FALSE(check_source_rules({"permit git:**"}));
  EXPECT_FALSE(check_source_rules({"deny"}));
  EXPECT_TRUE(check_source_rules({"deny=**", "allow upload"}));
}

}  // namespace
}  // namespace sigil::controlplane
