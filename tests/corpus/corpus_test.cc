// The corpus: every folder of tests/corpus/projects is a small source of our own, and what Sigil
// plans for it stands in its `expected.plan` beside it (NAME.plan). SIGIL_REFRESH_GOLDEN=1 rewrites
// them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/corpus/plan_text.h"

namespace sigil::corpus {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProjects = "tests/corpus/projects";
constexpr const char* kPlans = "tests/corpus/plans";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(kProjects))
    if (entry.is_directory()) found.push_back(entry.path().filename().string());
  std::sort(found.begin(), found.end());
  return found;
}

class CorpusProject : public testing::TestWithParam<std::string> {};

TEST_P(CorpusProject, IsPlannedAsExpected) {
  const auto folder = fs::path(kProjects) / GetParam();
  const auto golden = fs::path(kPlans) / (GetParam() + ".plan");
  const auto text = plan_text(folder.string(), "");
  if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) {
    fs::create_directories(kPlans);
    std::ofstream(golden, std::ios::binary) << text;
  }
  EXPECT_EQ(read(golden), text) << golden << "; SIGIL_REFRESH_GOLDEN=1 rewrites it";
}

INSTANTIATE_TEST_SUITE_P(All, CorpusProject, testing::ValuesIn(names()), [](const auto& test) {
  auto name = test.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
      '_');
  return name;
});

TEST(Corpus, HasNoPlanWithoutProject) {
  const auto known = names();
  for (const auto& entry : fs::directory_iterator(kPlans))
    EXPECT_NE(std::find(known.begin(), known.end(), entry.path().stem().string()), known.end())
        << entry.path();
}

}  // namespace
}  // namespace sigil::corpus
