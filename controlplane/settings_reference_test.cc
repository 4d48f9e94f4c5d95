// The pages that are made from the settings table, held against it: docs/settings.md and the
// `settings` of helm/values.yaml (SIGIL_REFRESH_GOLDEN=1 rewrites both).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/config/settings.h"
#include "base/config/yaml_file.h"
#include "controlplane/settings_table.h"

namespace sigil::controlplane {
namespace {

constexpr const char* kPage = "docs/settings.md";
constexpr const char* kValues = "helm/values.yaml";
constexpr std::string_view kSettingsLine = "\nsettings:\n";

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_recorded(const char* path, const std::string& now) {
  if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) std::ofstream(path) << now;
  EXPECT_EQ(read_file(path), now) << "SIGIL_REFRESH_GOLDEN=1 rewrites " << path;
}

// What stands before the first dot; empty for a setting of the first level.
std::string group_of(const std::string& key) {
  const auto dot = key.find('.');
  return dot == std::string::npos ? "" : key.substr(0, dot);
}

// Levels of the chart are levels of the settings file.
std::string chart_settings() {
  std::vector<std::string> groups;
  std::set<std::string> seen;
  for (const auto& entry : settings_table())
    if (seen.insert(group_of(entry.key)).second) groups.push_back(group_of(entry.key));
  std::string text;
  for (const auto& group : groups) {
    const std::string indent = group.empty() ? "  " : "    ";
    if (!group.empty()) text += "  " + group + ":\n";
    for (const auto& entry : settings_table()) {
      if (group_of(entry.key) != group) continue;
      const auto name = group.empty() ? entry.key : entry.key.substr(group.size() + 1);
      text += indent + "# " + entry.sentence + "\n" + indent + name + ": \"\"\n";
    }
  }
  return text;
}

TEST(SettingsReference, ThePageIsTheTable) {
  expect_recorded(kPage, config::reference_page(settings_table(), "Settings of sigild"));
}

TEST(SettingsReference, TheChartHasEverySetting) {
  const auto recorded = read_file(kValues);
  const auto at = recorded.find(kSettingsLine);
  ASSERT_NE(at, std::string::npos) << kValues;
  expect_recorded(kValues, recorded.substr(0, at + kSettingsLine.size()) + chart_settings());
}

// What the chart's template writes is what sigild reads: the same keys, level by level.
TEST(SettingsReference, TheChartsLevelsAreThoseOfTheFile) {
  const auto entries = config::parse_yaml(read_file(kValues));
  ASSERT_TRUE(entries.has_value()) << entries.error().message;
  std::set<std::string> keys;
  for (const auto& entry : *entries)
    if (entry.key.starts_with("settings.")) keys.insert(entry.key.substr(9));
  std::set<std::string> wanted;
  for (const auto& entry : settings_table()) wanted.insert(entry.key);
  EXPECT_EQ(keys, wanted);
}

}  // namespace
}  // namespace sigil::controlplane
