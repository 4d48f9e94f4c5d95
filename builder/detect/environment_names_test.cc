#include "builder/detect/environment_names.h"

#include <gtest/gtest.h>

#include "builder/test_tree.h"

namespace sigil::builder {
namespace {

using Names = std::vector<std::string>;

TEST(EnvironmentNames, AreFoundInEveryLanguage) {
  const TestTree files({{"a.ts", "const k = process.env.API_KEY; process.env['BASE_URL']"},
                        {"b.py",
                         "os.environ[\"DB_URL\"]; os.getenv('TOKEN_X'); "
                         "os.environ.get(\n    \"LONG_NAME\")"},
                        {"c.go", "os.Getenv(\"GO_TOKEN\")"},
                        {"d.rs", "std::env::var(\"RUST_KEY\")"}});
  EXPECT_EQ(
      environment_names(SourceTree(files.root()), "."),
      (Names{"API_KEY", "BASE_URL", "DB_URL", "GO_TOKEN", "LONG_NAME", "RUST_KEY", "TOKEN_X"}));
}

TEST(EnvironmentNames, WhatEveryHostSetsIsLeftOut) {
  std::set<std::string> names;
  add_environment_names("process.env.PATH process.env.NODE_ENV process.env.isSet process.env.AB",
                        names);
  EXPECT_TRUE(names.empty());
}

}  // namespace
}  // namespace sigil::builder
