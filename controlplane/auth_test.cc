#include "controlplane/auth.h"

#include <gtest/gtest.h>

#include "base/crypto/crypto.h"

namespace sigil::controlplane {
namespace {

TEST(ApiKey, HasPrefixLengthAndChecksum) {
  const auto key = mint_key(KeyKind::personal);
  EXPECT_EQ(key.text.reveal().size(), 43U);
  EXPECT_EQ(key.text.reveal().substr(0, 5), "sglp_");
  EXPECT_TRUE(is_well_formed_key(key.text.reveal()));
  EXPECT_EQ(key.hash, crypto::sha256(key.text.reveal()));
  EXPECT_EQ(key.shown, key.text.reveal().substr(0, 9));
}

TEST(ApiKey, SaysItsKind) {
  EXPECT_EQ(mint_key(KeyKind::deploy).text.reveal().substr(0, 5), "sgld_");
  EXPECT_EQ(mint_key(KeyKind::robot).text.reveal().substr(0, 5), "sglw_");
  EXPECT_EQ(mint_key(KeyKind::agent).text.reveal().substr(0, 5), "sgla_");
}

TEST(ApiKey, EverySingleCharacterEditIsNoticed) {
  const auto text = mint_key(KeyKind::personal).text.reveal();
  for (std::size_t i = 5; i < text.size(); ++i) {
    auto edited = text;
    edited[i] = edited[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(is_well_formed_key(edited)) << i;
  }
}

TEST(ApiKey, OtherTextIsNoKey) {
  for (const auto* text : {"", "sglp_", "ghp_0123456789012345678901234567890123456",
                           "sglp_00000000000000000000000000000000000000",
                           "sglp_!0000000000000000000000000000000000000"})
    EXPECT_FALSE(is_well_formed_key(text)) << text;
}

TEST(ApiKey, NoTwoAreTheSame) {
  EXPECT_NE(mint_key(KeyKind::personal).hash, mint_key(KeyKind::personal).hash);
}

TEST(Caller, AdminHoldsEveryScope) {
  Caller caller;
  caller.scopes = {"read"};
  EXPECT_TRUE(caller.has_scope("read"));
  EXPECT_FALSE(caller.has_scope("deploy"));
  caller.scopes = {"admin"};
  EXPECT_TRUE(caller.has_scope("metrics"));
}

}  // namespace
}  // namespace sigil::controlplane
