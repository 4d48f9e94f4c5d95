#include "cli/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/test_terminal.h"

namespace sigil::cli {
namespace {

namespace fs = std::filesystem;

class CredentialsFile : public testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::temp_directory_path() / ("sigil-home-" + std::to_string(::getpid()));
    fs::remove_all(home_);
    test_.variables["HOME"] = home_;
  }
  void TearDown() override { fs::remove_all(home_); }
  void write(const std::string& text, unsigned mode = 0600) {
    const fs::path path = home_ / ".config/sigil/credentials.json";
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }

  fs::path home_;
  TestTerminal test_;
};

TEST_F(CredentialsFile, WithoutAnyTheLocalDefaultHolds) {
  const auto found = find_credentials(test_.environment());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->url, kDefaultUrl);
  EXPECT_TRUE(found->key.is_empty());
}

TEST_F(CredentialsFile, IsReadAndKeptPrivate) {
  write(R"({"url":"https://sigil.example/","key":"sglp_x"})");
  const auto found = find_credentials(test_.environment());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->url, "https://sigil.example");
  EXPECT_EQ(found->key.reveal(), "sglp_x");
  EXPECT_EQ(found->warning, "");
}

TEST_F(CredentialsFile, OpenToOthersIsWarnedOf) {
  write(R"({"url":"https://sigil.example","key":"k"})", 0644);
  EXPECT_NE(find_credentials(test_.environment())->warning.find("chmod 600"), std::string::npos);
}

TEST_F(CredentialsFile, TheEnvironmentGoesFirst) {
  write(R"({"url":"https://sigil.example","key":"file"})");
  test_.variables["SIGIL_API_KEY"] = "environment";
  EXPECT_EQ(find_credentials(test_.environment())->key.reveal(), "environment");
  EXPECT_EQ(find_credentials(test_.environment())->url, "https://sigil.example");
}

TEST_F(CredentialsFile, AKeyIsNotShownToAnotherServer) {
  write(R"({"url":"https://sigil.example","key":"file"})");
  test_.variables["SIGIL_URL"] = "https://other.example";
  EXPECT_TRUE(find_credentials(test_.environment())->key.is_empty());
  test_.variables["SIGIL_URL"] = "https://sigil.example/";
  EXPECT_EQ(find_credentials(test_.environment())->key.reveal(), "file");
}

TEST_F(CredentialsFile, WhatIsNoneIsRefused) {
  write("not json");
  EXPECT_FALSE(find_credentials(test_.environment()));
  fs::remove_all(home_);
  test_.variables["SIGIL_URL"] = "ftp://x";
  EXPECT_EQ(find_credentials(test_.environment()).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sigil::cli
