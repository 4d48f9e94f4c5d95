#include "cli/secrets.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/test_terminal.h"

namespace sigil::cli {
namespace {

TEST(Secrets, ComeFromAPromptAFileOrStandardInput) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("sigil-secret-" + std::to_string(::getpid()));
  std::ofstream(path) << "from file\r\n";
  TestTerminal test;
  test.secrets["ASKED: "] = "typed";
  test.input = "from input\n";
  const auto secrets = read_secrets({"ASKED", "FILE=@" + path, "PIPE=-"}, test.terminal());
  std::filesystem::remove(path);
  ASSERT_TRUE(secrets) << secrets.error().message;
  EXPECT_EQ(secrets->at("ASKED").reveal(), "typed");
  EXPECT_EQ(secrets->at("FILE").reveal(), "from file");
  EXPECT_EQ(secrets->at("PIPE").reveal(), "from input");
}

TEST(Secrets, AValueOnTheCommandLineIsRefusedAndNotRepeated) {
  TestTerminal test;
  const auto secrets = read_secrets({"KEY=hunter2"}, test.terminal());
  ASSERT_FALSE(secrets);
  EXPECT_NE(secrets.error().message.find("may not stand on the command line"), std::string::npos);
  EXPECT_EQ(secrets.error().message.find("hunter2"), std::string::npos);
  EXPECT_NE(secrets.error().hint.find("--secret NAME=@FILE"), std::string::npos);
}

TEST(Secrets, OnlyOneReadsStandardInput) {
  TestTerminal test;
  test.input = "x";
  EXPECT_FALSE(read_secrets({"A=-", "B=-"}, test.terminal()));
}

TEST(Secrets, WithoutATerminalTheHintSaysWhatWorks) {
  TestTerminal test;
  const auto secrets = read_secrets({"KEY"}, test.terminal());
  ASSERT_FALSE(secrets);
  EXPECT_NE(secrets.error().hint.find("NAME=-"), std::string::npos);
}

TEST(Secrets, AnEmptyOneIsRefused) {
  TestTerminal test;
  test.input = "\n";
  EXPECT_FALSE(read_secrets({"KEY=-"}, test.terminal()));
}

}  // namespace
}  // namespace sigil::cli
