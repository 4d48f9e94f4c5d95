#include "controlplane/plan_json.h"

#include <gtest/gtest.h>

#include "controlplane/revision_settings.h"

namespace sigil::controlplane {
namespace {

TEST(PlanJson, KeepsWhatAStartNeeds) {
  builder::Plan plan;
  plan.name = "weather";
  plan.transport = builder::Transport::streamable_http;
  plan.language = builder::Language::python;
  plan.language_version = "3.12";
  plan.port = 8000;
  plan.endpoint_path = "/";
  plan.uses_image_command = true;
  plan.argv = {"python", "-m", "x"};
  plan.environment = {{"A", "b"}};
  plan.command_function = "config => ({command: 'x'})";
  plan.config_schema = "{}";
  plan.expected_tools = {"one"};
  plan.package_name = "@x/y";
  plan.launched_packages = {"z"};
  plan.memory_bytes = 5;
  const auto read = plan_from_json(plan_to_json(plan));
  EXPECT_EQ(read.name, plan.name);
  EXPECT_EQ(read.transport, plan.transport);
  EXPECT_EQ(read.language, plan.language);
  EXPECT_EQ(read.port, plan.port);
  EXPECT_EQ(read.endpoint_path, plan.endpoint_path);
  EXPECT_TRUE(read.uses_image_command);
  EXPECT_EQ(read.argv, plan.argv);
  EXPECT_EQ(read.environment, plan.environment);
  EXPECT_EQ(read.command_function, plan.command_function);
  EXPECT_EQ(read.expected_tools, plan.expected_tools);
  EXPECT_EQ(read.package_name, plan.package_name);
  EXPECT_EQ(read.launched_packages, plan.launched_packages);
  EXPECT_EQ(read.memory_bytes, 5);
}

TEST(PlanJson, BadTextIsAnEmptyPlan) { EXPECT_EQ(plan_from_json("no").name, ""); }

TEST(Wish, SurvivesAsJson) {
  db::DeploymentSettings wish;
  wish.source = {db::SourceKind::npm, "x", "1.0", "sub", UploadId("upl_1")};
  wish.config = R"({"a":1})";
  wish.env = {{"K", "V"}};
  wish.args = {"--x"};
  wish.ignore_manifest = true;
  wish.replicas = 3;
  const auto read = wish_from_json(wish_to_json(wish));
  EXPECT_EQ(read.source, wish.source);
  EXPECT_EQ(read.config, wish.config);
  EXPECT_EQ(read.env, wish.env);
  EXPECT_EQ(read.args, wish.args);
  EXPECT_TRUE(read.ignore_manifest);
  EXPECT_EQ(read.replicas, 3);
}

TEST(RevisionSettings, SurviveAsJson) {
  RevisionSettings settings;
  settings.argv = {"node", "x.js"};
  settings.user = "1000:1000";
  settings.config = R"({"a":"b"})";
  settings.env = {{"K", "V"}};
  settings.is_config_missing = true;
  settings.is_modern = true;
  settings.protocol_version = "2026-07-28";
  const auto read = revision_settings_from_json(revision_settings_to_json(settings));
  EXPECT_EQ(read.argv, settings.argv);
  EXPECT_EQ(read.user, settings.user);
  EXPECT_EQ(read.config, settings.config);
  EXPECT_EQ(read.env, settings.env);
  EXPECT_TRUE(read.is_config_missing);
  EXPECT_TRUE(read.is_modern);
  EXPECT_EQ(read.protocol_version, settings.protocol_version);
}

}  // namespace
}  // namespace sigil::controlplane
