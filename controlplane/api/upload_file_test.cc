#include "controlplane/api/upload_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/crypto/crypto.h"

namespace sigil::api {
namespace {

class UploadFilesTest : public testing::Test {
 protected:
  UploadFilesTest() {
    char pattern[] = "/tmp/sigil-upload-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~UploadFilesTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  UploadId id_ = make_id<UploadId>();
};

TEST_F(UploadFilesTest, AreWrittenInPiecesAndHashedWhole) {
  const UploadFiles files(folder_);
  ASSERT_TRUE(files.create(id_, 10).has_value());
  ASSERT_TRUE(files.write(id_, 0, "hello").has_value());
  ASSERT_TRUE(files.write(id_, 5, "world").has_value());
  EXPECT_EQ(files.sha256(id_).value(), crypto::sha256_hex("helloworld"));
}

TEST_F(UploadFilesTest, AreForTheirOwnerOnly) {
  const UploadFiles files(folder_);
  ASSERT_TRUE(files.create(id_, 1).has_value());
  struct stat status {};
  ASSERT_EQ(::stat(files.path_of(id_).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(UploadFilesTest, AreRefusedWhereTheDiskHasNoRoom) {
  const auto created = UploadFiles(folder_).create(id_, INT64_MAX / 2);
  ASSERT_FALSE(created.has_value());
  EXPECT_EQ(created.error().reason, "E_DISK");
}

TEST_F(UploadFilesTest, FailWhenTheFileIsGone) {
  const UploadFiles files(folder_);
  EXPECT_FALSE(files.write(id_, 0, "x").has_value());
  EXPECT_FALSE(files.sha256(id_).has_value());
  files.remove(id_);
}

TEST_F(UploadFilesTest, HashNothingAsNothing) {
  const UploadFiles files(folder_);
  ASSERT_TRUE(files.create(id_, 1).has_value());
  EXPECT_EQ(files.sha256(id_).value(), crypto::sha256_hex(""));
}

}  // namespace
}  // namespace sigil::api
