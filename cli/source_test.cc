#include "cli/source.h"

#include <gtest/gtest.h>

namespace sigil::cli {
namespace {

PathKind look(const std::string& path) {
  if (path == "." || path == "./server" || path == "npm") return PathKind::directory;
  if (path == "server.tar.gz" || path == "a.tgz" || path == "notes.txt") return PathKind::file;
  return PathKind::absent;
}

struct Case {
  const char* text;
  SourceKind kind;
  const char* location;
  const char* ref;
};

TEST(Source, KnowsEveryForm) {
  const Case table[] = {
      {"https://git.example.org/a/b.git", SourceKind::git, "https://git.example.org/a/b.git", ""},
      {"git+https://git.example.org/a/b", SourceKind::git, "https://git.example.org/a/b", ""},
      {"git+ssh://git@host/a/b", SourceKind::git, "ssh://git@host/a/b", ""},
      {"ssh://git@host/a/b.git", SourceKind::git, "ssh://git@host/a/b.git", ""},
      {"git@host.example:team/weather.git", SourceKind::git, "git@host.example:team/weather.git",
       ""},
      {"file:///srv/repo", SourceKind::git, "file:///srv/repo", ""},
      {"npm:left-pad", SourceKind::npm, "left-pad", ""},
      {"npm:@scope/name", SourceKind::npm, "@scope/name", ""},
      {"npm:@scope/name@1.2.3", SourceKind::npm, "@scope/name", "1.2.3"},
      {"pypi:mcp-server-time@2025.1", SourceKind::pypi, "mcp-server-time", "2025.1"},
      {"image:registry.example/x:1", SourceKind::image, "registry.example/x:1", ""},
      {"npm", SourceKind::directory, "npm", ""},
      {"server.tar.gz", SourceKind::archive, "server.tar.gz", ""},
      {"a.tgz", SourceKind::archive, "a.tgz", ""},
  };
  for (const auto& each : table) {
    const auto source = classify_source(each.text, look);
    ASSERT_TRUE(source) << each.text;
    EXPECT_EQ(source->kind, each.kind) << each.text;
    EXPECT_EQ(source->location, each.location) << each.text;
    EXPECT_EQ(source->ref, each.ref) << each.text;
  }
}

TEST(Source, ADirectoryIsNamedByItsWholePath) {
  const auto source = classify_source(".", look);
  ASSERT_TRUE(source);
  EXPECT_TRUE(source->location.starts_with("/"));
}

TEST(Source, SaysWhatWasProbablyMeant) {
  EXPECT_EQ(classify_source("@scope/name", look).error().hint,
            "for the npm package write npm:@scope/name");
  EXPECT_EQ(classify_source("owner/repository", look).error().hint,
            "for a repository write its whole URL: https://HOST/owner/repository");
  EXPECT_NE(classify_source("notes.txt", look).error().message.find("no .tar"), std::string::npos);
  for (const char* text : {"", "npm:", "pypi:", "nothing"}) {
    const auto source = classify_source(text, look);
    ASSERT_FALSE(source) << text;
    EXPECT_EQ(source.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(source.error().reason, "E_FETCH");
  }
}

}  // namespace
}  // namespace sigil::cli
