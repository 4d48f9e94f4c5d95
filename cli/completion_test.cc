#include "cli/completion.h"

#include <gtest/gtest.h>

#include "cli/commands.h"

namespace sigil::cli {
namespace {

Command tree() {
  static GlobalOptions global;
  return command_tree(global);
}

TEST(Completion, AsksTheServerForNamesOfDeployments) {
  for (const auto& script :
       {bash_completion(tree()), zsh_completion(tree()), fish_completion(tree())})
    EXPECT_NE(script.find("sigil deployment list --quiet"), std::string::npos);
}

TEST(Completion, KnowsEveryVerbAndOption) {
  const std::string bash = bash_completion(tree());
  for (const char* word : {"'deployment logs'", "'tool call'", "--ignore-manifest", "--follow",
                           "compgen -W 'table json'"})
    EXPECT_NE(bash.find(word), std::string::npos) << word;
  const std::string fish = fish_completion(tree());
  for (const char* word : {"-l ignore-manifest", "__sigil_at deployment logs", "-s f -l follow"})
    EXPECT_NE(fish.find(word), std::string::npos) << word;
}

TEST(Completion, ZshReadsBashs) {
  const std::string zsh = zsh_completion(tree());
  EXPECT_TRUE(zsh.starts_with("#compdef sigil\n"));
  EXPECT_NE(zsh.find("bashcompinit"), std::string::npos);
}

}  // namespace
}  // namespace sigil::cli
