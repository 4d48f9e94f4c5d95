#include "registry-db/package_store.h"

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class PackageStoreTest : public TestWorld {
 protected:
  Publication publication(const std::string& name, const std::string& version) {
    Publication wish;
    wish.team = team_a_;
    wish.name = name;
    wish.title = "Ticket Desk";
    wish.description = "Search and triage support tickets";
    wish.version = version;
    wish.server_json = R"({"name":")" + name + R"(","version":")" + version + R"("})";
    Tool tool;
    tool.name = "find_ticket";
    tool.description = "Finds";
    tool.definition = R"({"name":"find_ticket","inputSchema":{"type":"object"}})";
    tool.hash = "abc";
    wish.tools = {tool};
    return wish;
  }
  Published publish(const std::string& name, const std::string& version = "1.0.0") {
    return must(PackageStore(worker()).publish(publication(name, version)));
  }
  std::string found(const std::string& search) {
    PackageFilter filter;
    filter.search = search;
    std::string names;
    for (const auto& item : must(PackageStore(anonymous()).list(filter, {})).items)
      names += item.name + " ";
    return names;
  }
};

TEST_F(PackageStoreTest, IsReadByEveryoneWithItsTools) {
  const auto made = publish("com.acme/desk");
  EXPECT_TRUE(made.is_new);
  EXPECT_TRUE(made.version.is_latest);
  const auto package = must(PackageStore(anonymous()).find_by_name("com.acme/desk"));
  EXPECT_EQ(package.title, "Ticket Desk");
  EXPECT_EQ(package.latest_version, "1.0.0");
  EXPECT_EQ(package.tools_count, 1);
  EXPECT_EQ(package.versions_count, 1);
  const auto tools = must(PackageStore(anonymous()).tools(package.id));
  ASSERT_EQ(tools.size(), 1U);
  EXPECT_EQ(tools[0].name, "find_ticket");
  EXPECT_EQ(tools[0].hash, "abc");
  EXPECT_NE(tools[0].definition.find("inputSchema"), std::string::npos);
  EXPECT_EQ(must(PackageStore(anonymous()).find_version(package.id, "1.0.0")).server_json,
            R"({"name": "com.acme/desk", "version": "1.0.0"})");
}

TEST_F(PackageStoreTest, HidesPrivatePackagesFromOthers) {
  auto wish = publication("com.acme/inner", "1.0.0");
  wish.is_public = false;
  const auto made = must(PackageStore(as_a()).publish(wish));
  EXPECT_TRUE(PackageStore(as_a()).find(made.package.id));
  for (const auto& other : {as_b(), anonymous()}) {
    EXPECT_FALSE(PackageStore(other).find(made.package.id));
    EXPECT_FALSE(PackageStore(other).find_version(made.package.id, "1.0.0"));
    EXPECT_FALSE(PackageStore(other).tools(made.package.id));
    EXPECT_EQ(must(PackageStore(other).list({}, {})).total, 0);
  }
  EXPECT_EQ(query("select count(*) from sigil.mcp_tools"), "1");
}

TEST_F(PackageStoreTest, BelongsToTheTeamThatCameFirst) {
  const auto made = publish("com.acme/desk");
  auto wish = publication("com.acme/desk", "2.0.0");
  wish.team = team_b_;
  EXPECT_EQ(reason_of(PackageStore(as_b()).publish(wish)), "E_NAME");
  EXPECT_FALSE(PackageStore(anonymous()).publish(publication("com.acme/x", "1")));
  EXPECT_EQ(code_of(PackageStore(as_b()).remove(made.package.id)), ErrorCode::precondition_failed);
  EXPECT_TRUE(PackageStore(as_a()).find(made.package.id));
}

TEST_F(PackageStoreTest, ReplacesAVersionOnlyWhereThatIsAllowed) {
  publish("com.acme/desk");
  auto wish = publication("com.acme/desk", "1.0.0");
  EXPECT_EQ(reason_of(PackageStore(as_a()).publish(wish)), "version_exists");
  wish.may_replace = true;
  wish.commit = "abc";
  wish.tools.clear();
  const auto again = must(PackageStore(as_a()).publish(wish));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.version.commit, "abc");
  EXPECT_EQ(again.package.tools_count, 0);
}

TEST_F(PackageStoreTest, HasExactlyOneLatestVersion) {
  publish("com.acme/desk", "2.0.0");
  auto older = publication("com.acme/desk", "1.9.0");
  older.title = "Old";
  older.is_newer_than = [](const std::string& latest) { return latest < "1.9.0"; };
  EXPECT_FALSE(must(PackageStore(worker()).publish(older)).version.is_latest);
  auto package = must(PackageStore(worker()).find_by_name("desk"));
  EXPECT_EQ(package.latest_version, "2.0.0");
  EXPECT_EQ(package.title, "Ticket Desk");
  EXPECT_EQ(package.versions_count, 2);
  must(PackageStore(as_a()).set_status(package.id, "2.0.0", VersionStatus::deleted, "broken"));
  EXPECT_EQ(must(PackageStore(worker()).find(package.id)).latest_version, "1.9.0");
  EXPECT_EQ(must(PackageStore(worker()).versions(package.id)).size(), 1U);
  EXPECT_EQ(must(PackageStore(worker()).versions(package.id, true)).size(), 2U);
  must(PackageStore(as_a()).set_status(package.id, "1.9.0", VersionStatus::deleted, ""));
  EXPECT_EQ(must(PackageStore(anonymous()).list({}, {})).total, 0);
  PackageFilter with_deleted;
  with_deleted.with_deleted = true;
  EXPECT_EQ(must(PackageStore(anonymous()).list(with_deleted, {})).total, 1);
}

TEST_F(PackageStoreTest, IsFoundByTheShortNameWhereOnlyOneHasIt) {
  const auto made = publish("com.acme/desk");
  EXPECT_EQ(must(PackageStore(anonymous()).find_by_name("desk")).id, made.package.id);
  publish("org.other/desk");
  const auto both = PackageStore(anonymous()).find_by_name("desk");
  EXPECT_EQ(reason_of(both), "ambiguous_name");
  EXPECT_EQ(both.error().details.size(), 2U);
}

TEST_F(PackageStoreTest, FindsPartsOfWordsInNamesDescriptionsAndTools) {
  publish("com.acme/desk");
  auto other = publication("com.acme/weather", "1.0.0");
  other.title = "Weather";
  other.description = "Looks out of the 100% window";
  other.tools[0].name = "get_forecast";
  must(PackageStore(worker()).publish(other));
  EXPECT_EQ(found("weather"), "com.acme/weather ");
  EXPECT_EQ(found("FORECAST"), "com.acme/weather ");
  EXPECT_EQ(found("tick tria"), "com.acme/desk ");
  EXPECT_EQ(found("100%"), "com.acme/weather ");
  EXPECT_EQ(found("\"; drop table"), "");
  EXPECT_EQ(found("acme").size(), std::string("com.acme/desk com.acme/weather ").size());
}

TEST_F(PackageStoreTest, PutsTheNameItselfFirstAndPagesByRelevance) {
  publish("com.acme/aaa-desk-tools");
  publish("com.acme/desk");
  publish("com.acme/desk-lamp");
  PackageFilter filter;
  filter.search = "desk";
  PageRequest request;
  request.limit = 1;
  std::vector<std::string> names;
  do {
    const auto page = must(PackageStore(anonymous()).list(filter, request));
    EXPECT_EQ(page.total, 3);
    names.push_back(page.items.at(0).name);
    request.cursor = page.next_cursor;
  } while (!request.cursor.empty() && names.size() < 5);
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[0], "com.acme/desk");
}

TEST_F(PackageStoreTest, ShowsItsDeploymentsByNameAndStateOnly) {
  const auto made = publish("com.acme/desk");
  const auto deployment = make_deployment("desk");
  must(DeploymentStore(worker()).set_package(deployment.id, made.package.id));
  const auto seen = must(PackageStore(anonymous()).deployments(made.package.id));
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].name, "desk");
  EXPECT_EQ(must(PackageStore(anonymous()).find(made.package.id)).deployments_count, 1);
  EXPECT_FALSE(DeploymentStore(anonymous()).find(deployment.id));
  EXPECT_EQ(must(DeploymentStore(as_a()).find(deployment.id)).package_name, "com.acme/desk");
  must(DeploymentStore(worker()).mark_deleting(deployment.id));
  EXPECT_TRUE(must(PackageStore(anonymous()).deployments(made.package.id)).empty());
}

TEST_F(PackageStoreTest, RefusesBadNamesVersionsAndJson) {
  EXPECT_FALSE(PackageStore(worker()).publish(publication("no-slash", "1")));
  EXPECT_FALSE(PackageStore(worker()).publish(publication("com.acme/desk", "latest")));
  auto broken = publication("com.acme/desk", "1");
  broken.server_json = "{";
  EXPECT_EQ(code_of(PackageStore(worker()).publish(broken)), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sigil::db
