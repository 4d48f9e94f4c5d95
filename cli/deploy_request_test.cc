#include "cli/deploy_request.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace sigil::cli {
namespace {

PathKind nothing_there(const std::string&) { return PathKind::absent; }

TEST(DeployRequest, CarriesEverythingThatWasSaid) {
  DeployOptions options;
  options.source = "https://git.example.org/a/weather.git";
  options.ref = "v1";
  options.path = "server";
  options.name = "w";
  options.config = {"limit=10", "server.host=h"};
  options.env = {"MODE=a=b"};
  options.arguments = {"--flag", "[x,y]"};
  options.ignores_manifest = options.replaces = true;
  const DeployInputs inputs{source_of(options, nothing_there).value(), "", {{"KEY", Secret("s")}}};
  EXPECT_EQ(deploy_body(options, inputs).value(), Json::parse(R"({
    "name": "w", "source": {"kind": "git", "location": "https://git.example.org/a/weather.git", "ref": "v1", "path": "server"},
    "config": {"limit": "10", "server": {"host": "h"}}, "env": {"MODE": "a=b"}, "secrets": {"KEY": "s"},
    "args": ["--flag", "[x,y]"], "ignore_manifest": true, "replace": true})"));
}

TEST(DeployRequest, SaysNothingThatWasNotSaid) {
  DeployOptions options;
  options.source = "npm:@scope/name@1.2";
  const DeployInputs inputs{source_of(options, nothing_there).value(), "", {}};
  EXPECT_EQ(to_text(deploy_body(options, inputs).value()),
            R"({"source":{"kind":"npm","location":"@scope/name","ref":"1.2"}})");
}

TEST(DeployRequest, AnArchiveIsNamedWithoutItsEnding) {
  const DeployInputs inputs{{SourceKind::archive, "/tmp/weather.tar.gz", ""}, "upl_1", {}};
  EXPECT_EQ(to_text(deploy_body({}, inputs).value()["source"]),
            R"({"kind":"upload","location":"/tmp/weather","upload":"upl_1"})");
}

TEST(DeployRequest, AServerPathIsNotLookedAtHere) {
  DeployOptions options;
  options.source = "/srv/weather";
  options.is_server_path = true;
  const auto source = source_of(options, nothing_there);
  ASSERT_TRUE(source);
  EXPECT_EQ(api_kind(source->kind), "path");
  options.source = "weather";
  EXPECT_FALSE(source_of(options, nothing_there));
}

TEST(DeployRequest, RefusesARefWhereThereIsNone) {
  DeployOptions options;
  options.ref = "v1";
  for (const char* text : {"npm:a@1", "image:x", "."}) {
    options.source = text;
    EXPECT_FALSE(source_of(options, look_up)) << text;
  }
}

TEST(DeployRequest, ConfigGoesOverItsFile) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("sigil-config-" + std::to_string(::getpid()));
  std::ofstream(path) << R"({"a": 1, "b": {"c": true, "d": 2}})";
  const auto config = config_of(path, {"b.c=false", "e=x"});
  EXPECT_EQ(to_text(config.value()), R"({"a":1,"b":{"c":"false","d":2},"e":"x"})");
  EXPECT_FALSE(config_of(path, {"a.b=1"}));
  std::filesystem::remove(path);
  EXPECT_FALSE(config_of(path, {}));
  EXPECT_FALSE(config_of("", {"novalue"}));
}

}  // namespace
}  // namespace sigil::cli
