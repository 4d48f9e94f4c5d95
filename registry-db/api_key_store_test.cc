#include "registry-db/api_key_store.h"

#include "base/crypto/crypto.h"
#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class ApiKeyStoreTest : public TestWorld {
 protected:
  NewApiKey wish(const std::string& text) {
    NewApiKey key;
    key.team = team_a_;
    key.user = user_a_;
    key.name = "laptop";
    key.owner = "Ada";
    key.shown = text.substr(0, 9);
    key.hash = crypto::sha256(text);
    key.scopes = {"deploy", "read"};
    return key;
  }
  Result<ApiKey> authenticate(const std::string& text) {
    return ApiKeyStore(worker()).authenticate(crypto::sha256(text));
  }
};

TEST_F(ApiKeyStoreTest, KnowsAKeyByItsHash) {
  const auto made = must(ApiKeyStore(as_a()).create(wish("sglp_abcd-1")));
  const auto found = must(authenticate("sglp_abcd-1"));
  EXPECT_EQ(found.id, made.id);
  EXPECT_EQ(found.user, user_a_);
  EXPECT_EQ(found.team, team_a_);
  EXPECT_EQ(found.scopes, (std::vector<std::string>{"deploy", "read"}));
  EXPECT_EQ(found.owner, "Ada");
  EXPECT_EQ(code_of(authenticate("sglp_abcd-2")), ErrorCode::unauthenticated);
}

TEST_F(ApiKeyStoreTest, NotesTheUseAtMostOnceAMinute) {
  const auto made = must(ApiKeyStore(as_a()).create(wish("k")));
  must(authenticate("k"));
  const auto first = must(ApiKeyStore(as_a()).find(made.id)).last_used_at;
  ASSERT_TRUE(first.has_value());
  must(authenticate("k"));
  EXPECT_EQ(must(ApiKeyStore(as_a()).find(made.id)).last_used_at, first);
  query("update sigil.api_keys set last_used_at = now() - interval '2 minutes'");
  must(authenticate("k"));
  EXPECT_GT(must(ApiKeyStore(as_a()).find(made.id)).last_used_at, first);
}

TEST_F(ApiKeyStoreTest, RefusesRevokedExpiredAndDisabled) {
  const auto revoked = must(ApiKeyStore(as_a()).create(wish("revoked")));
  must(ApiKeyStore(as_a()).revoke(revoked.id));
  must(ApiKeyStore(as_a()).revoke(revoked.id));
  EXPECT_FALSE(authenticate("revoked"));
  auto old = wish("old");
  old.expires_at = std::chrono::system_clock::now() - std::chrono::seconds(1);
  must(ApiKeyStore(as_a()).create(old));
  EXPECT_FALSE(authenticate("old"));
  must(ApiKeyStore(as_a()).create(wish("good")));
  must(TeamStore(worker()).set_disabled(user_a_, true));
  EXPECT_FALSE(authenticate("good"));
  must(TeamStore(worker()).set_disabled(user_a_, false));
  EXPECT_TRUE(authenticate("good"));
}

TEST_F(ApiKeyStoreTest, KeepsTheLastAdminKey) {
  auto first = wish("first");
  first.scopes = {"admin"};
  const auto made = must(ApiKeyStore(as_a()).create(first));
  EXPECT_EQ(reason_of(ApiKeyStore(as_a()).revoke(made.id)), "last_admin_key");
  auto second = wish("second");
  second.scopes = {"admin"};
  must(ApiKeyStore(as_a()).create(second));
  EXPECT_EQ(must(ApiKeyStore(worker()).count_admins()), 2);
  EXPECT_TRUE(must(ApiKeyStore(as_a()).revoke(made.id)).revoked_at.has_value());
  EXPECT_EQ(must(ApiKeyStore(worker()).count_admins()), 1);
  EXPECT_TRUE(must(ApiKeyStore(worker()).revoke_by_hash(crypto::sha256("second"))).has_value())
      << "one that leaked ends even so";
  EXPECT_FALSE(must(ApiKeyStore(worker()).revoke_by_hash(crypto::sha256("second"))).has_value());
}

TEST_F(ApiKeyStoreTest, KnowsTheScopesThereAre) {
  auto odd = wish("odd");
  odd.scopes = {"everything"};
  EXPECT_FALSE(ApiKeyStore(as_a()).create(odd).has_value());
}

TEST_F(ApiKeyStoreTest, ShowsATeamItsOwnKeysAndNobodyTheHash) {
  const auto made = must(ApiKeyStore(as_a()).create(wish("k")));
  EXPECT_EQ(must(ApiKeyStore(as_a()).list({})).total, 1);
  EXPECT_EQ(must(ApiKeyStore(as_b()).list({})).total, 0);
  EXPECT_EQ(code_of(ApiKeyStore(as_b()).revoke(made.id)), ErrorCode::not_found);
  EXPECT_EQ(query("select has_column_privilege('sigil_app', 'sigil.api_keys', 'hash', 'select')"),
            "f");
}

}  // namespace
}  // namespace sigil::db
