#include "cli/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace sigil::cli {
namespace {

namespace fs = std::filesystem;

class Pack : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("sigil-pack-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    write("src/index.ts", "hello");
    write(".git/HEAD", "ref");
    write("node_modules/a/index.js", "x");
    write("Dockerfile", "FROM scratch");
    write("run.sh", "#!/bin/sh");
    fs::permissions(root_ / "run.sh", fs::perms::owner_all);
    fs::create_symlink("src/index.ts", root_ / "link");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  fs::path root_;
};

std::vector<std::string> entries_of(std::string_view bytes) {
  std::vector<std::string> entries;
  archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  EXPECT_EQ(archive_read_open_memory(reader, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    EXPECT_EQ(archive_entry_mtime(entry), 0);
    EXPECT_EQ(archive_entry_uid(entry), 0);
    char mode[8];
    std::snprintf(mode, sizeof mode, "%03o", static_cast<unsigned>(archive_entry_perm(entry)));
    entries.push_back(std::string(archive_entry_pathname(entry)) + " " + mode);
  }
  archive_read_free(reader);
  return entries;
}

TEST_F(Pack, SendsEverythingButGit) {
  const auto packed = PackedSource::pack_directory(root_);
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_EQ(entries_of(packed->bytes()),
            (std::vector<std::string>{"Dockerfile 644", "link 777", "node_modules/ 755",
                                      "node_modules/a/ 755", "node_modules/a/index.js 644",
                                      "run.sh 755", "src/ 755", "src/index.ts 644"}));
}

TEST_F(Pack, LeavesOutWhatDockerignoreNames) {
  write(".dockerignore", "node_modules\n*.sh\nlink\nDockerfile\n");
  const auto packed = PackedSource::pack_directory(root_);
  ASSERT_TRUE(packed);
  EXPECT_EQ(entries_of(packed->bytes()),
            (std::vector<std::string>{".dockerignore 644", "Dockerfile 644", "src/ 755",
                                      "src/index.ts 644"}));
}

TEST_F(Pack, TheSameContentIsTheSameBytes) {
  const auto first = PackedSource::pack_directory(root_);
  fs::last_write_time(root_ / "src/index.ts",
                      fs::file_time_type::clock::now() - std::chrono::hours(50));
  const auto second = PackedSource::pack_directory(root_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->bytes(), second->bytes());
}

TEST_F(Pack, ALinkThatLeadsOutIsSentAsALink) {
  fs::create_symlink("/etc/passwd", root_ / "out");
  const auto packed = PackedSource::pack_directory(root_);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->bytes().find("root:"), std::string_view::npos);
}

TEST_F(Pack, SaysWhatIsMissing) {
  EXPECT_FALSE(PackedSource::pack_directory(root_ / "absent"));
  fs::create_directory(root_ / "empty");
  EXPECT_FALSE(PackedSource::pack_directory(root_ / "empty"));
  EXPECT_FALSE(PackedSource::open_archive(root_ / "absent.tar"));
  EXPECT_EQ(PackedSource::open_archive(root_ / "src/index.ts").value().bytes(), "hello");
}

}  // namespace
}  // namespace sigil::cli
