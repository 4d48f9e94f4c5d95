#include "base/config/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/config/parse_value.h"
#include "base/config/yaml_file.h"

namespace sigil::config {
namespace {

using std::chrono::milliseconds;

Table table() {
  return {
      {.key = "server.listen",
       .environment = "SIGIL_LISTEN",
       .type = Type::address,
       .fallback = "127.0.0.1:7450",
       .sentence = "Where the front door listens."},
      {.key = "log.level",
       .environment = "SIGIL_LOG_LEVEL",
       .type = Type::text,
       .fallback = "info",
       .sentence = "How much is logged | in a table.",
       .choices = {"debug", "info", "warn", "error"}},
      {.key = "build.time_max",
       .environment = "SIGIL_BUILD_TIME_MAX",
       .type = Type::duration,
       .fallback = "10m",
       .sentence = "How long a build may take.",
       .at_least = 1'000},
      {.key = "build.memory",
       .type = Type::bytes,
       .fallback = "2GiB",
       .sentence = "Memory.",
       .at_least = 6LL << 20},
      {.key = "build.parallel",
       .environment = "SIGIL_BUILD_PARALLEL",
       .type = Type::integer,
       .fallback = "2",
       .sentence = "Builds at once.",
       .at_least = 1,
       .at_most = 16},
      {.key = "git.submodules", .type = Type::boolean, .fallback = "false", .sentence = "x"},
      {.key = "images",
       .environment = "SIGIL_IMAGES",
       .type = Type::map,
       .fallback = "",
       .sentence = "Base images."},
      {.key = "network_pools",
       .environment = "SIGIL_NETWORK_POOLS",
       .type = Type::list,
       .fallback = "10.213.0.0/16,172.29.0.0/16",
       .sentence = "x"},
      {.key = "data_dir",
       .environment = "SIGIL_DATA_DIR",
       .type = Type::path,
       .fallback = "/var/lib/x",
       .sentence = "x"},
      {.key = "database_url",
       .environment = "SIGIL_DATABASE_URL",
       .type = Type::text,
       .fallback = "",
       .sentence = "x",
       .is_secret = true},
  };
}

class SettingsFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sigil-settings-XXXXXX";
    const int descriptor = ::mkstemp(name);
    ASSERT_GE(descriptor, 0);
    ::close(descriptor);
    path_ = name;
  }
  void TearDown() override { ::unlink(path_.c_str()); }
  Result<Settings> load_text(const std::string& text) {
    std::ofstream(path_) << text;
    return load(table(), {.file = path_, .environment = {}, .flags = {}});
  }
  std::string path_;
};

TEST(Settings, AreTheDefaultsWhenNothingIsSaid) {
  const auto settings = load(table(), {});
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->address("server.listen").port, 7450);
  EXPECT_EQ(settings->address("server.listen").text(), "127.0.0.1:7450");
  EXPECT_EQ(settings->duration("build.time_max"), milliseconds(600'000));
  EXPECT_EQ(settings->bytes("build.memory"), 2LL << 30);
  EXPECT_EQ(settings->integer("build.parallel"), 2);
  EXPECT_FALSE(settings->boolean("git.submodules"));
  EXPECT_EQ(settings->list("network_pools").size(), 2U);
  EXPECT_EQ(settings->text("data_dir"), "/var/lib/x");
  EXPECT_FALSE(settings->is_set("data_dir"));
}

TEST_F(SettingsFile, IsBeatenByTheEnvironmentAndThatByFlags) {
  std::ofstream(path_) << "log.level: warn\nbuild:\n  parallel: 3\n  memory: 64MiB\n";
  const auto settings =
      load(table(), {.file = path_,
                     .environment = {{"SIGIL_BUILD_PARALLEL", "4"}, {"SIGIL_LOG_LEVEL", "error"}},
                     .flags = {{"log.level", "debug"}}});
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->text("log.level"), "debug");
  EXPECT_EQ(settings->origin("log.level"), Origin::flag);
  EXPECT_EQ(settings->integer("build.parallel"), 4);
  EXPECT_EQ(settings->bytes("build.memory"), 64LL << 20);
  EXPECT_EQ(settings->origin("build.memory"), Origin::file);
}

TEST_F(SettingsFile, HoldsListsAndMaps) {
  const auto settings = load_text(
      "network_pools: [10.0.0.0/24]\nimages:\n  node:22-slim: sigil-base/node:22\n"
      "  python: x\ngit: {submodules: yes}\n");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->list("network_pools"), std::vector<std::string>{"10.0.0.0/24"});
  EXPECT_EQ(settings->map("images").at("node:22-slim"), "sigil-base/node:22");
  EXPECT_TRUE(settings->boolean("git.submodules"));
}

TEST_F(SettingsFile, TellsAllThatIsWrongAtOnce) {
  std::ofstream(path_) << "server:\n  lisen: x\nbuild:\n  memory: 1MiB\n  time_max: [1s]\n";
  const auto settings =
      load(table(), {.file = path_,
                     .environment = {{"SIGIL_LOG_LEVEL", "loud"}, {"SIGIL_BUILD_PARALLEL", "17"}},
                     .flags = {{"data_dri", "/x"}}});
  ASSERT_FALSE(settings.has_value());
  const Error& error = settings.error();
  EXPECT_EQ(error.reason, "E_CONFIG");
  EXPECT_EQ(error.details.size(), 6U) << error.message;
  EXPECT_NE(error.details.at("server.lisen").find("did you mean server.listen?"),
            std::string::npos);
  EXPECT_NE(error.details.at("data_dri").find("data_dir"), std::string::npos);
  EXPECT_NE(error.details.at("build.memory").find("at least 6MiB"), std::string::npos);
  EXPECT_NE(error.details.at("log.level").find("\"loud\" from the environment SIGIL_LOG_LEVEL"),
            std::string::npos);
  EXPECT_NE(error.details.at("log.level").find("debug, info, warn, error"), std::string::npos);
  EXPECT_NE(error.details.at("build.parallel").find("at most 16"), std::string::npos);
  for (const auto& detail : error.details)
    EXPECT_NE(error.message.find(detail.first), std::string::npos);
}

TEST_F(SettingsFile, ThatIsNamedMustExist) {
  const auto settings =
      load(table(), {.file = "/no/such/file.yaml", .environment = {}, .flags = {}});
  ASSERT_FALSE(settings.has_value());
  EXPECT_NE(settings.error().message.find("/no/such/file.yaml"), std::string::npos);
}

TEST(Settings, NeverPrintASecret) {
  Table secrets = {{.key = "token",
                    .environment = "T",
                    .type = Type::integer,
                    .fallback = "0",
                    .sentence = "x",
                    .is_secret = true}};
  const auto settings = load(secrets, {.file = {}, .environment = {{"T", "hunter2"}}, .flags = {}});
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().message.find("hunter2"), std::string::npos);
  const auto good =
      load(table(), {.file = {}, .environment = {{"SIGIL_DATABASE_URL", "u"}}, .flags = {}});
  EXPECT_EQ(good->secret("database_url").reveal(), "u");
}

TEST(SettingsDeathTest, AnUnknownKeyOrTypeIsABug) {
  const auto settings = load(table(), {});
  EXPECT_DEATH(settings->text("no.such"), "broken invariant");
  EXPECT_DEATH(settings->integer("data_dir"), "broken invariant");
  EXPECT_DEATH(settings->text("database_url"), "broken invariant");
}

TEST(SettingsValues, AreReadByTheirUnits) {
  EXPECT_EQ(parse_duration_ms("250ms"), 250);
  EXPECT_EQ(parse_duration_ms("2h"), 7'200'000);
  EXPECT_EQ(parse_duration_ms("0"), 0);
  for (const char* text :
       {"", "5", "-1s", "1w", "1 s x", "99999999999999999999s", "9223372036854775807d"})
    EXPECT_FALSE(parse_duration_ms(text).has_value()) << text;
  EXPECT_EQ(parse_bytes("4096"), 4'096);
  EXPECT_EQ(parse_bytes("1 MiB"), 1'048'576);
  EXPECT_FALSE(parse_bytes("1mb").has_value());
  EXPECT_EQ(parse_address("[::1]:80")->text(), "[::1]:80");
  EXPECT_TRUE(parse_address("localhost:0")->is_loopback());
  EXPECT_FALSE(parse_address("0.0.0.0:80")->is_loopback());
  for (const char* text : {"", ":80", "host", "host:", "host:65536", "::1:80", "[::1:80", "a b:1"})
    EXPECT_FALSE(parse_address(text).has_value()) << text;
  EXPECT_EQ(parse_list("a, b")->size(), 2U);
  EXPECT_FALSE(parse_list("a,,b").has_value());
  EXPECT_EQ(parse_map("a=1,b=x=y")->at("b"), "x=y");
  EXPECT_FALSE(parse_map("a=1,a=2").has_value());
}

TEST(SettingsYaml, RefusesWhatIsMoreThanSettings) {
  const std::string bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n";
  const std::string deep = "a: " + std::string(100, '[') + std::string(100, ']');
  std::string many = "a: [";
  for (int i = 0; i < 25'000; ++i) many += "1,";
  for (const std::string& text :
       {bomb, deep, many + "1]", std::string("a: 1\na: 2\n"), std::string("- a\n- b\n"),
        std::string("a: {b: {c: [{d: 1}]}}"), std::string("a: 1\n---\nb: 2\n"),
        std::string("a: [1"), std::string("a: \"\0\"", 6), std::string(1'100'000, ' ')})
    EXPECT_FALSE(parse_yaml(text).has_value()) << text.substr(0, 60);
  EXPECT_TRUE(parse_yaml("").has_value());
  EXPECT_TRUE(parse_yaml("# only a comment\n").has_value());
}

TEST(SettingsPage, HasARowForEachEntry) {
  const std::string page = reference_page(table(), "Settings");
  EXPECT_TRUE(page.starts_with("# Settings\n"));
  EXPECT_NE(
      page.find("| `server.listen` | `SIGIL_LISTEN` | host:port | `127.0.0.1:7450` | Where the "
                "front door listens. |"),
      std::string::npos)
      << page;
  EXPECT_NE(page.find("logged \\| in"), std::string::npos);
  EXPECT_NE(page.find("(secret)"), std::string::npos);
}

}  // namespace
}  // namespace sigil::config
