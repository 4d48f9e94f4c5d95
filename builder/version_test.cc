#include "builder/version.h"

#include <gtest/gtest.h>

namespace sigil::builder {
namespace {

struct Row {
  const char* line;
  const char* range;
  bool fits;
};

TEST(NodeRange, KnowsWhichReleaseLineFits) {
  const Row table[] = {
      {"22", ">=18", true},
      {"22", ">=18 <22", false},
      {"22", "^20 || ^22", true},
      {"20", "22.x", false},
      {"22", "22", true},
      {"22", ">= 20.10.0", true},
      {"22", "18 - 22", true},
      {"24", "18 - 22", false},
      {"22", "*", true},
      {"22", "", true},
      {"22", ">=22.12.0", true},
      {"20", ">=22.12.0", false},
      {"18", "~18.1", true},
      {"22", "garbage", true},
      {"22", ">=20 <23 || 24.x", true},
      {"23", ">=20 <23 || 24.x", false},
      {"22", "!=22.1.0", true},
      {"22", "v22.3.0", true},
  };
  for (const auto& row : table)
    EXPECT_EQ(fits_node_range(row.line, row.range), row.fits) << row.line << " in " << row.range;
}

TEST(PythonRange, KnowsWhichReleaseLineFits) {
  const Row table[] = {
      {"3.11", ">=3.10", true},
      {"3.11", ">=3.12", false},
      {"3.12", ">=3.10,<3.13", true},
      {"3.13", ">=3.10,<3.13", false},
      {"3.11", "==3.11.*", true},
      {"3.12", "==3.11.*", false},
      {"3.12", "~=3.10", true},
      {"3.12", "~=3.10.1", false},
      {"3.11", "^3.10", true},
      {"3.11", ">=3.11.4", true},
      {"3.9", ">=3.9,!=3.9.7", true},
      {"3.12", ">3.11", true},
      {"3.11", "<=3.11", true},
      {"3.11", "3.11", true},
      {"3.9", "<4", true},
  };
  for (const auto& row : table)
    EXPECT_EQ(fits_python_range(row.line, row.range), row.fits) << row.line << " in " << row.range;
}

TEST(ChooseLine, PrefersTheDefaultAndElseTheNewestThatFits) {
  const std::vector<std::string> lines = {"3.13", "3.12", "3.11"};
  EXPECT_EQ(choose_line("3.12", lines, ">=3.10", fits_python_range), "3.12");
  EXPECT_EQ(choose_line("3.12", lines, ">=3.13", fits_python_range), "3.13");
  EXPECT_EQ(choose_line("3.12", lines, "<3.12", fits_python_range), "3.11");
  EXPECT_EQ(choose_line("3.12", lines, ">=3.14", fits_python_range), "");
}

TEST(CompareVersions, ComparesNumbersNotText) {
  EXPECT_LT(compare_versions("3.9", "3.12"), 0);
  EXPECT_EQ(compare_versions("3", "3.0.0"), 0);
  EXPECT_GT(compare_versions("22.1", "22.0.9"), 0);
}

}  // namespace
}  // namespace sigil::builder
