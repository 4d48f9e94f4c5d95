#include <gtest/gtest.h>

#include <algorithm>

#include "builder/builder.h"

namespace sigil::builder {
namespace {

struct Good {
  const char* text;
  SourceKind kind;
  const char* location;
  const char* ref;
  const char* path;
};

TEST(ParseSource, ReadsEveryForm) {
  const Good table[] = {
      {"git+https://host.example/a/b", SourceKind::git, "https://host.example/a/b", "", ""},
      {"https://host.example/a/b.git", SourceKind::git, "https://host.example/a/b.git", "", ""},
      {"https://host.example/a/b.git#v1.2", SourceKind::git, "https://host.example/a/b.git", "v1.2",
       ""},
      {"https://host.example/a/b.git#main:servers/x", SourceKind::git,
       "https://host.example/a/b.git", "main", "servers/x"},
      {"ssh://git@host.example:22/a/b.git", SourceKind::git, "ssh://git@host.example:22/a/b.git",
       "", ""},
      {"git+ssh://git@host.example/a/b", SourceKind::git, "ssh://git@host.example/a/b", "", ""},
      {"git@host.example:a/b.git", SourceKind::git, "git@host.example:a/b.git", "", ""},
      {"file:///srv/repo.git", SourceKind::git, "file:///srv/repo.git", "", ""},
      {"git+file:///srv/repo", SourceKind::git, "file:///srv/repo", "", ""},
      {"npm:left-pad", SourceKind::npm, "left-pad", "", ""},
      {"npm:@scope/name@1.2.3-rc.1", SourceKind::npm, "@scope/name", "1.2.3-rc.1", ""},
      {"npm:@scope/name", SourceKind::npm, "@scope/name", "", ""},
      {"npm:name@^2", SourceKind::npm, "name", "^2", ""},
      {"pypi:mcp-server-time", SourceKind::pypi, "mcp-server-time", "", ""},
      {"pypi:mcp_server==1.0", SourceKind::pypi, "mcp_server", "1.0", ""},
      {"pypi:name[cli]@2.0", SourceKind::pypi, "name[cli]", "2.0", ""},
      {"image:registry.example:5000/a/b:1.2", SourceKind::image, "registry.example:5000/a/b:1.2",
       "", ""},
      {"/srv/server", SourceKind::path, "/srv/server", "", ""},
      {"./server", SourceKind::path, "./server", "", ""},
      {".", SourceKind::path, ".", "", ""},
      {"/with space/in it", SourceKind::path, "/with space/in it", "", ""},
  };
  for (const auto& row : table) {
    const auto source = parse_source(row.text);
    ASSERT_TRUE(source.has_value()) << row.text << ": " << source.error().message;
    EXPECT_EQ(source->kind, row.kind) << row.text;
    EXPECT_EQ(source->location, row.location) << row.text;
    EXPECT_EQ(source->ref, row.ref) << row.text;
    EXPECT_EQ(source->path, row.path) << row.text;
  }
}

TEST(ParseSource, RefusesWhatItCannotFetchSafely) {
  for (const auto* text : {"",
                           " ",
                           "ext::sh -c id",
                           "http://host.example/a.git",
                           "git://host.example/a",
                           "https://user:secret@host.example/a",
                           "https://token@host.example/a",
                           "ssh://git:pw@host.example/a",
                           "ssh://-oProxyCommand=id/a",
                           "npm:",
                           "npm:-g",
                           "npm:../x",
                           "npm:@scope",
                           "npm:name@--flag",
                           "npm:a b",
                           "pypi:--index-url",
                           "pypi:x@ 1",
                           "image:",
                           "image:-x",
                           "image:a b",
                           "file://host/share",
                           "left-pad",
                           "https://host.example/a b",
                           "-oProxyCommand=id:x",
                           "https:///x",
                           "https://host.example/a.git#main:../../etc",
                           "npm:name\n--flag"}) {
    const auto source = parse_source(text);
    ASSERT_FALSE(source.has_value()) << text;
    EXPECT_EQ(source.error().reason, "E_FETCH") << text;
    EXPECT_FALSE(source.error().hint.empty()) << text;
  }
}

TEST(ParseSource, DoesNotRepeatCredentialsInItsAnswer) {
  const auto source = parse_source("https://user:hunter2@host.example/a");
  ASSERT_FALSE(source.has_value());
  EXPECT_EQ(source.error().message.find("hunter2"), std::string::npos);
  EXPECT_EQ(source.error().hint.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace sigil::builder
