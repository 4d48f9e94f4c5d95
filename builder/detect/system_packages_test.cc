#include "builder/detect/system_packages.h"

#include <gtest/gtest.h>

#include "builder/test_tree.h"

namespace sigil::builder {
namespace {

SystemPackages spawned(std::string_view text) {
  SystemPackages packages;
  add_spawned_programs(text, "a.ts", packages);
  return packages;
}

TEST(SystemPackages, AreFoundWhereAProgramIsSpawned) {
  EXPECT_EQ(spawned("spawn('git', ['status'])").count("git"), 1U);
  EXPECT_EQ(spawned("subprocess.run([\"ffmpeg\", '-i'])").count("ffmpeg"), 1U);
  EXPECT_EQ(spawned("exec.CommandContext(ctx, \"rg\", x)").count("ripgrep"), 1U);
  EXPECT_EQ(spawned("Command::new(\"pandoc\")").count("pandoc"), 1U);
  EXPECT_EQ(spawned("execSync(`git log -1`)").count("git"), 1U);
  EXPECT_EQ(spawned("shutil.which(\"tesseract\")").count("tesseract-ocr"), 1U);
  EXPECT_EQ(spawned("spawn(\n  'nmap',\n  args)").count("nmap"), 1U);
}

TEST(SystemPackages, AMentionIsNoStart) {
  EXPECT_TRUE(spawned("console.log('git'); regex.exec('git log'); respawn('git')").empty());
  EXPECT_TRUE(spawned("spawn('my-own-tool')").empty());
}

TEST(SystemPackages, SomeDependenciesNeedOne) {
  const TestTree wheel({{"x-1.dist-info/METADATA",
                         "Name: x\nRequires-Dist: GitPython>=3.1\n"
                         "Requires-Dist: pydub; extra == 'audio'\n\ntext\n"}});
  const auto packages = system_packages(SourceTree(wheel.root()), ".");
  EXPECT_EQ(packages.size(), 1U);
  EXPECT_EQ(packages.at("git"), "the dependency gitpython needs it");
}

TEST(SystemPackages, AreInstalledInOneStep) {
  EXPECT_EQ(install_packages({}), "");
  EXPECT_NE(install_packages({"ffmpeg", "git"}).find("ffmpeg git &&"), std::string::npos);
}

}  // namespace
}  // namespace sigil::builder
