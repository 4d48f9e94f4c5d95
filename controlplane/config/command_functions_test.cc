#include "controlplane/config/command_functions.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

TEST(CommandResult, ReadsTheLastLine) {
  const auto command = read_command(
      "noise\n{\"command\":\"node\",\"args\":[\"a\",3,true],\"env\":{\"P\":3000,\"N\":null,\"S\":"
      "\"x\"}}\n");
  ASSERT_TRUE(command.has_value()) << command.error().message;
  EXPECT_EQ(command->argv, (std::vector<std::string>{"node", "a", "3", "true"}));
  EXPECT_EQ(command->environment, (std::map<std::string, std::string>{{"P", "3000"}, {"S", "x"}}));
}

TEST(CommandResult, RefusesWhatIsNoCommand) {
  for (const auto* output :
       {"", "null", "[]", "{}", "{\"command\":3}", "{\"command\":\"x\",\"args\":\"y\"}",
        "{\"command\":\"x\",\"args\":[{}]}"}) {
    const auto command = read_command(output);
    ASSERT_FALSE(command.has_value()) << output;
    EXPECT_EQ(command.error().reason, "E_COMMAND_FUNCTION");
  }
}

}  // namespace
}  // namespace sigil::controlplane
