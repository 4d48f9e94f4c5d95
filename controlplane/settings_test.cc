#include "controlplane/settings.h"

#include <gtest/gtest.h>

#include "controlplane/command_line.h"
#include "controlplane/settings_table.h"

namespace sigil::controlplane {
namespace {

TEST(Settings, DefaultsAreComplete) {
  const auto settings = load_settings({});
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->public_url, "http://127.0.0.1:7450");
  EXPECT_EQ(settings->api_listen.text(), "127.0.0.1:7451");
  EXPECT_EQ(settings->registry_namespace, "local.sigil");
  EXPECT_FALSE(settings->data_dir.empty());
  EXPECT_FALSE(settings->is_https());
}

TEST(Settings, EveryComplaintComesAtOnce) {
  config::Sources sources;
  sources.environment = {{"SIGIL_LOG_LEVEL", "loud"},
                         {"SIGIL_BUILDER_CONCURRENT_MAX", "0"},
                         {"SIGIL_LISTEN", "nowhere"}};
  const auto settings = load_settings(sources);
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().reason, "E_CONFIG");
  EXPECT_EQ(settings.error().details.size(), 3U) << settings.error().message;
}

TEST(Settings, PrivatePortsStayOnLoopback) {
  config::Sources sources;
  sources.environment = {{"SIGIL_API_LISTEN", "0.0.0.0:7451"},
                         {"SIGIL_PROXY_CONTROL_LISTEN", "10.0.0.1:7451"}};
  const auto settings = load_settings(sources);
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().details.count("api.listen"), 1U);
  EXPECT_EQ(settings.error().details.count("proxy.control_listen"), 1U);
}

TEST(Settings, ThePublicHostNamesTheRegistry) {
  config::Sources sources;
  sources.environment = {{"SIGIL_PUBLIC_URL", "https://mcp.example.org/"}};
  const auto settings = load_settings(sources);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->public_url, "https://mcp.example.org");
  EXPECT_EQ(settings->registry_namespace, "org.example.mcp");
  EXPECT_TRUE(settings->is_https());
}

TEST(Settings, NamesOfTheInterfacePageWork) {
  for (const auto& [key, name] : std::vector<std::pair<const char*, const char*>>{
           {"server.listen", "SIGIL_LISTEN"},
           {"server.public_url", "SIGIL_PUBLIC_URL"},
           {"api.listen", "SIGIL_API_LISTEN"},
           {"proxy.control_listen", "SIGIL_PROXY_CONTROL_LISTEN"},
           {"data_dir", "SIGIL_DATA_DIR"},
           {"database_url", "SIGIL_DATABASE_URL"},
           {"docker_socket", "SIGIL_DOCKER_SOCKET"}}) {
    bool is_there = false;
    for (const auto& entry : settings_table())
      is_there = is_there || (entry.key == key && entry.environment == name);
    EXPECT_TRUE(is_there) << name;
  }
}

TEST(CommandLine, EverySettingIsAFlag) {
  const auto line = read_command_line({"--server-public-url", "http://x", "--data-dir=/d"}, {});
  ASSERT_TRUE(line.has_value()) << line.error().message;
  EXPECT_EQ(line->sources.flags.at("server.public_url"), "http://x");
  EXPECT_EQ(line->sources.flags.at("data_dir"), "/d");
  EXPECT_EQ(line->command, Command::run);
}

TEST(CommandLine, CommandsAndComplaints) {
  EXPECT_EQ(read_command_line({"--check"}, {})->command, Command::check);
  EXPECT_EQ(read_command_line({"--stop-database"}, {})->command, Command::stop_database);
  const auto refused = read_command_line({"--nonsense", "--data-dir"}, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("--nonsense"), std::string::npos);
  EXPECT_NE(refused.error().message.find("--data-dir"), std::string::npos);
}

}  // namespace
}  // namespace sigil::controlplane
