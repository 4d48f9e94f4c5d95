#include "builder/fetch/extract.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "builder/context/context_tar.h"
#include "builder/fetch/tree_copy.h"
#include "builder/source_tree.h"
#include "builder/test_tree.h"

namespace sigil::builder {
namespace {

using ::testing::HasSubstr;

struct Entry {
  std::string path;
  unsigned kind = AE_IFREG;
  std::string content = {};  // or the target of a link
  int mode = 0644;
  bool is_hardlink = false;
};

la_ssize_t collect(archive*, void* into, const void* bytes, size_t count) {
  static_cast<std::string*>(into)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

std::string tar_of(const std::vector<Entry>& entries) {
  std::string bytes;
  archive* const writer = archive_write_new();
  archive_write_set_format_pax_restricted(writer);
  archive_write_add_filter_gzip(writer);
  archive_write_open(writer, &bytes, nullptr, collect, nullptr);
  for (const auto& each : entries) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, each.path.c_str());
    archive_entry_set_filetype(entry, each.kind);
    archive_entry_set_perm(entry, static_cast<mode_t>(each.mode));
    if (each.kind == AE_IFLNK) archive_entry_set_symlink(entry, each.content.c_str());
    if (each.is_hardlink) archive_entry_set_hardlink(entry, each.content.c_str());
    const bool has_data = each.kind == AE_IFREG && !each.is_hardlink;
    archive_entry_set_size(entry, has_data ? static_cast<long>(each.content.size()) : 0);
    archive_write_header(writer, entry);
    if (has_data) archive_write_data(writer, each.content.data(), each.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return bytes;
}

Result<void> extract(const std::string& bytes, const TestTree& into, bool strip = false,
                     FetchLimits limits = {}) {
  return extract_bytes(bytes, {into.root(), limits, strip}, {});
}

TEST(Extract, UnpacksAnOrdinaryArchive) {
  const TestTree into;
  const auto done = extract(tar_of({{"src/", AE_IFDIR},
                                    {"src/a.js", AE_IFREG, "1"},
                                    {"./run.sh", AE_IFREG, "2", 04755},
                                    {"deep/er/b", AE_IFREG, "3"},
                                    {"link", AE_IFLNK, "src/a.js"},
                                    {"caf\xC3\xA9", AE_IFREG, "4"}}),
                            into);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(into.read("src/a.js"), "1");
  EXPECT_EQ(into.read("link"), "1");
  EXPECT_EQ(into.read("deep/er/b"), "3");
  EXPECT_EQ(into.read("caf\xC3\xA9"), "4");
  const auto mode = std::filesystem::status(into.at("run.sh")).permissions();
  EXPECT_EQ(static_cast<unsigned>(mode), 0755u) << "no set-user-id bit survives";
}

TEST(Extract, StripsTheFirstFolder) {
  const TestTree into;
  ASSERT_TRUE(extract(tar_of({{"package/package.json", AE_IFREG, "{}"}}), into, true).has_value());
  EXPECT_EQ(into.read("package.json"), "{}");
}

TEST(Extract, RefusesEveryWayOut) {
  const std::vector<std::pair<const char*, std::vector<Entry>>> attacks = {
      {"absolute", {{"/tmp/sigil-evil", AE_IFREG, "x"}}},
      {"dotdot", {{"../evil", AE_IFREG, "x"}}},
      {"dotdot inside", {{"a/../../evil", AE_IFREG, "x"}}},
      {"dotdot that returns", {{"a/../b", AE_IFREG, "x"}}},
      {"absolute link", {{"l", AE_IFLNK, "/etc"}}},
      {"link up", {{"l", AE_IFLNK, "../x"}}},
      {"link up from below", {{"a/l", AE_IFLNK, "../../x"}}},
      {"through a link", {{"l", AE_IFLNK, "."}, {"l/evil", AE_IFREG, "x"}}},
      {"hard link", {{"a", AE_IFREG, "x"}, {"b", AE_IFREG, "/etc/passwd", 0644, true}}},
      {"device", {{"null", AE_IFCHR}}},
      {"fifo", {{"pipe", AE_IFIFO}}},
      {"file as folder", {{"a", AE_IFREG, "x"}, {"a/b", AE_IFREG, "y"}}},
      {"backslash", {{"a\\..\\b", AE_IFREG, "y"}}},
      {"long name", {{std::string(1'500, 'a'), AE_IFREG, "y"}}},
      {"deep",
       {{[] {
           std::string path;
           for (int i = 0; i < 100; ++i) path += "d/";
           return path + "f";
         }(),
         AE_IFREG, "y"}}},
  };
  for (const auto& [name, entries] : attacks) {
    const TestTree around;
    std::filesystem::create_directory(around.at("into"));
    const auto done = extract_bytes(tar_of(entries), {around.at("into"), {}, false}, {});
    EXPECT_FALSE(done.has_value()) << name;
    EXPECT_FALSE(around.has("evil")) << name;
    EXPECT_FALSE(around.has("x")) << name;
  }
}

TEST(Extract, WritesNoFileThroughAnEarlierLink) {
  const TestTree around({{"victim", "safe"}});
  std::filesystem::create_directory(around.at("into"));
  const auto done =
      extract_bytes(tar_of({{"a", AE_IFREG, "1"}, {"l", AE_IFLNK, "a"}, {"l", AE_IFREG, "new"}}),
                    {around.at("into"), {}, false}, {});
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(around.read("into/a"), "1");
  EXPECT_EQ(around.read("into/l"), "new");
}

TEST(Extract, LeavesGitFoldersOut) {
  const TestTree into;
  ASSERT_TRUE(
      extract(tar_of({{".git/hooks/pre-commit", AE_IFREG, "evil", 0755}, {"a", AE_IFREG, "1"}}),
              into)
          .has_value());
  EXPECT_FALSE(into.has(".git"));
}

TEST(Extract, StopsAtTheCapsWhateverHeadersSay) {
  FetchLimits limits;
  limits.bytes_max = 1'000;
  const TestTree into;
  const auto large =
      extract(tar_of({{"zeros", AE_IFREG, std::string(5'000'000, '\0')}}), into, false, limits);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().reason, "E_LIMIT");
  limits = {};
  limits.files_max = 10;
  std::vector<Entry> many;
  for (int i = 0; i < 20; ++i) many.push_back({"f" + std::to_string(i), AE_IFREG, "x"});
  const TestTree second;
  EXPECT_EQ(extract(tar_of(many), second, false, limits).error().reason, "E_LIMIT");
  const TestTree third;
  EXPECT_EQ(extract(tar_of({{"a/b/c/d/e/f/g/h/i/j/k/l", AE_IFREG, "x"}}), third, false, limits)
                .error()
                .reason,
            "E_LIMIT")
      << "folders that a name implies count too";
}

TEST(Extract, KeepsTheSizeOfAFileThatEndsInAHole) {
  const TestTree into;
  TestTree from;
  from.write("a", "x");
  std::filesystem::resize_file(from.at("a"), 100'000);
  std::string bytes = tar_of({{"a", AE_IFREG, from.read("a")}});
  ASSERT_TRUE(extract(bytes, into).has_value());
  EXPECT_EQ(into.read("a").size(), 100'000u);
}

TEST(Extract, RefusesWhatIsNoArchive) {
  const TestTree into;
  for (const std::string bytes : {"", "hello", "PK\x03\x04 broken", "\x1f\x8b broken"})
    EXPECT_FALSE(extract(bytes, into).has_value());
  std::string noise;  // a compressor must not make the cut fall into the padding
  for (unsigned i = 0, x = 1; i < 100'000; ++i)
    noise += static_cast<char>((x = x * 1103515245 + 12345) >> 16);
  auto cut = tar_of({{"a", AE_IFREG, noise}});
  cut.resize(cut.size() / 2);
  const TestTree second;
  EXPECT_FALSE(extract(cut, second).has_value());
}

TEST(ContextTar, RoundTripsAndIsReproducible) {
  const TestTree from({{"a.js", "1"},
                       {"sub/b", std::string(200'000, 'b')},
                       {"empty", ""},
                       {".git/HEAD", "x"},
                       {"skip.log", "y"},
                       {"caf\xC3\xA9", "z"}});
  std::filesystem::create_symlink("a.js", from.at("link"));
  const auto bytes = [&] {
    ContextTar tar(from.root(), IgnoreRules::parse("*.log"),
                   {{".sigil/Dockerfile", {"FROM x", false}}, {"shim", {"bin", true}}});
    std::string all;
    std::array<char, 1'000> buffer;
    while (true) {
      const long got = tar.read(buffer.data(), buffer.size());
      if (got <= 0) {
        EXPECT_EQ(got, 0) << tar.problem();
        return all;
      }
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  };
  const auto first = bytes();
  std::filesystem::last_write_time(from.at("a.js"), std::filesystem::file_time_type::clock::now());
  EXPECT_EQ(first, bytes());
  const TestTree into;
  ASSERT_TRUE(extract(first, into).has_value());
  EXPECT_EQ(into.read("sub/b").size(), 200'000u);
  EXPECT_EQ(into.read("link"), "1");
  EXPECT_EQ(into.read(".sigil/Dockerfile"), "FROM x");
  EXPECT_EQ(into.read("caf\xC3\xA9"), "z");
  EXPECT_TRUE(into.has("empty"));
  EXPECT_FALSE(into.has("skip.log"));
  EXPECT_FALSE(into.has(".git"));
}

TEST(CopyTree, LeavesOutGitAndLinksThatLeave) {
  const TestTree from({{"a", "1"}, {".git/HEAD", "x"}, {"node_modules/x/y", "z"}});
  std::filesystem::create_symlink("/etc/passwd", from.at("evil"));
  std::filesystem::create_symlink("a", from.at("good"));
  const TestTree to;
  std::vector<std::string> remarks;
  const LogSink log{[&](std::string_view, std::string_view text) { remarks.emplace_back(text); }};
  ASSERT_TRUE(copy_tree(from.root(), to.at("copy"), {}, log, {}).has_value());
  EXPECT_EQ(to.read("copy/good"), "1");
  EXPECT_FALSE(to.has("copy/evil"));
  EXPECT_FALSE(to.has("copy/.git"));
  EXPECT_FALSE(to.has("copy/node_modules"));
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_THAT(remarks[0], HasSubstr("evil"));
  FetchLimits small;
  small.bytes_max = 0;
  EXPECT_EQ(copy_tree(from.root(), to.at("two"), small, log, {}).error().reason, "E_LIMIT");
  EXPECT_EQ(copy_tree(to.at("absent"), to.at("three"), {}, log, {}).error().reason, "E_FETCH");
}

TEST(TreeDigest, DependsOnContentAndNotOnTime) {
  const TestTree one({{"a", "1"}, {"b/c", "2"}});
  const TestTree two({{"b/c", "2"}, {"a", "1"}});
  const TestTree three({{"a", "1"}, {"b/c", "3"}});
  EXPECT_EQ(*tree_digest(one.root()), *tree_digest(two.root()));
  EXPECT_NE(*tree_digest(one.root()), *tree_digest(three.root()));
}

TEST(IsLinkInside, Decides) {
  EXPECT_TRUE(is_link_inside("a/b/l", "../c"));
  EXPECT_TRUE(is_link_inside("l", "x"));
  EXPECT_FALSE(is_link_inside("l", "../x"));
  EXPECT_FALSE(is_link_inside("a/l", "../../x"));
  EXPECT_FALSE(is_link_inside("l", "/x"));
  EXPECT_FALSE(is_link_inside("l", ""));
}

}  // namespace
}  // namespace sigil::builder
