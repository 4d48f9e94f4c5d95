#include "base/crypto/crypto.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include "base/guarded.h"

namespace sigil::crypto {
namespace {

class KeyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sigil-key-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/secrets.key";
  }
  void TearDown() override {
    ::unlink(path_.c_str());
    EXPECT_EQ(::rmdir(folder_.c_str()), 0) << "something was left beside the key";
  }
  std::string folder_, path_;
};

TEST(Crypto, HashesAsFips180Says) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Crypto, OpensWhatItSealed) {
  const Secret key(random_bytes(32));
  for (const std::string& plain : {std::string(), std::string("x"), std::string(100'000, 'y')}) {
    const std::string sealed = seal(key, plain, "dep_1/TOKEN");
    EXPECT_EQ(sealed.size(), plain.size() + 28);
    const auto opened = open(key, sealed, "dep_1/TOKEN");
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(*opened, plain);
  }
}

TEST(Crypto, NeverSealsTheSameTwice) {
  const Secret key(random_bytes(32));
  EXPECT_NE(seal(key, "plain", ""), seal(key, "plain", ""));
}

TEST(Crypto, RefusesOtherKeysOtherPlacesAndChanges) {
  const Secret key(random_bytes(32));
  const std::string sealed = seal(key, "plain", "here");
  EXPECT_FALSE(open(Secret(random_bytes(32)), sealed, "here").has_value());
  EXPECT_FALSE(open(key, sealed, "there").has_value());
  EXPECT_FALSE(open(key, "", "here").has_value());
  EXPECT_FALSE(open(key, sealed.substr(0, 27), "here").has_value());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open(key, changed, "here").has_value()) << i;
  }
}

TEST(Crypto, ComparesInConstantTime) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST_F(KeyFile, IsMadeOnceWithModeSixHundred) {
  const auto first = load_or_make_key_file(path_);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->reveal().size(), 32U);
  struct stat about {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_EQ(about.st_size, 65);
  EXPECT_EQ(load_or_make_key_file(path_)->reveal(), first->reveal());
}

TEST_F(KeyFile, IsTheSameForAllWhoMakeItAtOnce) {
  Guarded<std::set<std::string>> keys;
  {
    std::vector<std::jthread> makers;
    for (int i = 0; i < 8; ++i)
      makers.emplace_back([&] {
        const auto key = load_or_make_key_file(path_);
        keys.with([&](auto& all) { all.insert(key ? key->reveal() : key.error().message); });
      });
  }
  EXPECT_EQ(keys.with([](const auto& all) { return all.size(); }), 1U);
}

TEST_F(KeyFile, IsRefusedWhenOthersCanReadItOrItHoldsNoKey) {
  std::ofstream(path_) << std::string(64, 'a') << "\n";
  ::chmod(path_.c_str(), 0644);
  EXPECT_EQ(load_or_make_key_file(path_).error().reason, "key_file_mode");
  ::chmod(path_.c_str(), 0600);
  EXPECT_TRUE(load_or_make_key_file(path_).has_value());
  std::ofstream(path_) << "too short\n";
  EXPECT_FALSE(load_or_make_key_file(path_).has_value());
}

TEST(KeyFileElsewhere, NeedsItsFolder) {
  EXPECT_FALSE(load_or_make_key_file("/nonexistent/folder/key").has_value());
}

}  // namespace
}  // namespace sigil::crypto
