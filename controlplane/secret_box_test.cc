#include "controlplane/secret_box.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

const DeploymentId kDeployment("dep_1");

TEST(SecretBox, OpensWhatItSealed) {
  const SecretBox box(Secret(std::string(32, 'k')));
  Secrets secrets;
  secrets.emplace("TOKEN", Secret("hunter2"));
  const auto sealed = box.seal(kDeployment, secrets);
  EXPECT_EQ(sealed.at("TOKEN").find("hunter2"), std::string::npos);
  const auto opened = box.open(kDeployment, sealed);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->at("TOKEN").reveal(), "hunter2");
}

TEST(SecretBox, BytesMovedElsewhereDoNotOpen) {
  const SecretBox box(Secret(std::string(32, 'k')));
  Secrets secrets;
  secrets.emplace("TOKEN", Secret("hunter2"));
  const auto sealed = box.seal(kDeployment, secrets);
  EXPECT_FALSE(box.open(DeploymentId("dep_2"), sealed).has_value());
  EXPECT_FALSE(box.open(kDeployment, {{"OTHER", sealed.at("TOKEN")}}).has_value());
  EXPECT_FALSE(SecretBox(Secret(std::string(32, 'x'))).open(kDeployment, sealed).has_value());
}

}  // namespace
}  // namespace sigil::controlplane
