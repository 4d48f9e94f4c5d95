#include "registry-db/secret_store.h"

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class SecretStoreTest : public TestWorld {
 protected:
  SecretStoreTest() : deployment_(make_deployment("weather")) {}
  Deployment deployment_;
};

TEST_F(SecretStoreTest, KeepsBytesAsTheyAre) {
  const std::string sealed("\0\x01\xff nul and 'quotes' \\", 22);
  must(SecretStore(as_a()).put(deployment_.id, {{"TOKEN", sealed}}, user_a_));
  EXPECT_EQ(must(SecretStore(worker()).read_sealed(deployment_.id)).at("TOKEN"), sealed);
  must(SecretStore(as_a()).put(deployment_.id, {{"TOKEN", "new"}, {"OTHER", "x"}}, user_a_));
  const auto all = must(SecretStore(worker()).read_sealed(deployment_.id));
  EXPECT_EQ(all.at("TOKEN"), "new");
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(must(SecretStore(as_a()).list(deployment_.id))[0].name, "OTHER");
}

TEST_F(SecretStoreTest, AreNotReadableByRequests) {
  must(SecretStore(as_a()).put(deployment_.id, {{"TOKEN", "x"}}));
  EXPECT_EQ(code_of(SecretStore(as_a()).read_sealed(deployment_.id)), ErrorCode::forbidden);
}

TEST_F(SecretStoreTest, CannotBeWrittenIntoAnotherTeamsDeployment) {
  EXPECT_EQ(code_of(SecretStore(as_b()).put(deployment_.id, {{"TOKEN", "x"}})),
            ErrorCode::not_found);
  EXPECT_TRUE(must(SecretStore(as_b()).list(deployment_.id)).empty());
}

TEST_F(SecretStoreTest, AreRemovedByName) {
  must(SecretStore(as_a()).put(deployment_.id, {{"TOKEN", "x"}}));
  must(SecretStore(as_b()).remove(deployment_.id, "TOKEN"));
  EXPECT_EQ(must(SecretStore(as_a()).list(deployment_.id)).size(), 1U);
  must(SecretStore(as_a()).remove(deployment_.id, "TOKEN"));
  EXPECT_TRUE(must(SecretStore(as_a()).list(deployment_.id)).empty());
}

}  // namespace
}  // namespace sigil::db
