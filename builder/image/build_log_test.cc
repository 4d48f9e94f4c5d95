#include "builder/image/build_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sigil::builder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BuildLogTest : public ::testing::Test {
 protected:
  void feed(std::initializer_list<const char*> lines) {
    for (const auto* line : lines) log_.take({line, false, false});
  }
  const std::vector<Step> steps_ = {
      {1, "FROM node"}, {0, "LABEL x=y"}, {2, "RUN npm ci"}, {4, "RUN npm run build"}};
  std::vector<std::string> shown_;
  const LogSink sink_{
      [this](std::string_view, std::string_view text) { shown_.emplace_back(text); }};
  BuildLog log_{steps_, "Dockerfile", sink_};
};

TEST_F(BuildLogTest, SpeaksOfTheAuthorsLines) {
  feed({"Step 1/4 : FROM node", " ---> aaaaaaaaaaaa", "Step 2/4 : LABEL x=y",
        " ---> Running in bbb", "Removing intermediate container bbb", " ---> cccccccccccc",
        "Step 3/4 : RUN npm ci", " ---> Running in ddd", "added 3 packages",
        "Removing intermediate container ddd", " ---> eeeeeeeeeeee", "Step 4/4 : RUN npm run build",
        " ---> Using cache", " ---> ffffffffffff"});
  EXPECT_THAT(shown_,
              ElementsAre("Step 1/3 (Dockerfile:1) FROM node", "Step 2/3 (Dockerfile:2) RUN npm ci",
                          "added 3 packages", "Step 3/3 (Dockerfile:4) RUN npm run build"));
  EXPECT_EQ(log_.failing_step(), "RUN npm run build (Dockerfile:4)");
}

TEST_F(BuildLogTest, KnowsWhatThisBuildMade) {
  feed({"Step 1/4 : FROM node", " ---> aaaaaaaaaaaa", "Step 2/4 : LABEL x=y", " ---> Using cache",
        " ---> cccccccccccc", "Step 3/4 : RUN npm ci", " ---> Running in ddd",
        " ---> eeeeeeeeeeee"});
  EXPECT_THAT(log_.made_images(), ElementsAre("eeeeeeeeeeee"));
}

TEST_F(BuildLogTest, KeepsTheLastLines) {
  feed({"Step 3/4 : RUN npm ci"});
  for (int i = 0; i < 50; ++i) log_.take({"line " + std::to_string(i), false, true});
  EXPECT_THAT(log_.tail(), HasSubstr("line 49"));
  EXPECT_THAT(log_.tail(), HasSubstr("line 30"));
  EXPECT_EQ(log_.tail().find("line 29\n"), std::string::npos);
}

TEST_F(BuildLogTest, ShowsErrorsOfHiddenSteps) {
  feed({"Step 2/4 : LABEL x=y"});
  log_.take({"no space left", true, false});
  EXPECT_THAT(shown_, ElementsAre("no space left"));
  EXPECT_EQ(log_.failing_step(), "LABEL x=y (added by Sigil)");
}

TEST_F(BuildLogTest, TakesStepLookalikesForOutput) {
  feed({"Step 3/4 : RUN npm ci", "Step 99/4 : x", "Step away", "---> not an id"});
  EXPECT_EQ(shown_.size(), 4u);
}

}  // namespace
}  // namespace sigil::builder
