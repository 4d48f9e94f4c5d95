#include "proxy/route_table.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "proxy/metrics.h"
#include "proxy/replica_choice.h"
#include "proxy/route_book.h"

namespace sigil::proxy {
namespace {

const std::string kRoute =
    R"({"deployment":"dep_1","name":"weather","state":"serving","upstream_path":"/mcp",
"session_config":"shim","allowed_origins":["https://A.example"],"modern":true,"request_max_ms":1000,
"body_bytes_max":99,"streams_max":5,"replicas":[{"id":"rep_1","revision":3,"address":"172.31.0.2",
"port":8080,"state":"ready"},{"id":"rep_2","revision":2,"address":"::1","port":8081,"state":"draining"}]})";

std::string snapshot(const std::string& routes, int version = 42) {
  return R"({"version":)" + std::to_string(version) +
         R"(,"instance":"i","public_url":"http://h","allowed_hosts":["H:1"],
"session_keys":[{"kid":"k1","key":")" +
         std::string(64, '0') +
         R"("}],"defaults":{"session_idle_ms":5,"session_max_ms":6},"routes":[)" + routes + "]}";
}

std::string changed(const std::string& from, const std::string& to) {
  std::string route = kRoute;
  const auto at = route.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return snapshot(route.replace(at, from.size(), to));
}

TEST(Snapshot, IsReadWhole) {
  const auto table = parse_snapshot(snapshot(kRoute));
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->version, 42);
  EXPECT_EQ(table->allowed_hosts[0], "h:1");
  EXPECT_EQ(table->session_keys[0].kid, "k1");
  EXPECT_EQ(table->session_keys[0].key.reveal(), std::string(32, '\0'));
  EXPECT_EQ(table->session_idle.count(), 5);
  const auto route = table->find("weather");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->session_config, SessionConfig::shim);
  EXPECT_EQ(route->allowed_origins[0], "https://a.example");
  EXPECT_TRUE(route->is_modern);
  EXPECT_EQ(route->body_bytes_max, 99u);
  ASSERT_EQ(route->replicas.size(), 2u);
  EXPECT_EQ(route->replicas[1].state, ReplicaState::draining);
  EXPECT_EQ(route->find_replica("rep_1")->port, 8080);
  EXPECT_EQ(route->find_replica("rep_3"), nullptr);
  EXPECT_EQ(table->find("nobody"), nullptr);
}

TEST(Snapshot, IsRefusedWhereItDoesNotFit) {
  for (const auto& text :
       {std::string(),
        std::string("[]"),
        std::string("{}"),
        snapshot(kRoute, 0),
        snapshot(kRoute + "," + kRoute),
        snapshot("7"),
        changed(R"("name":"weather")", R"("name":"a/b")"),
        changed(R"("name":"weather")", R"("name":"")"),
        changed("serving", "sleeping"),
        changed(R"("/mcp")", R"("mcp")"),
        changed(R"("/mcp")", R"("/mcp\r\nX: y")"),
        changed("172.31.0.2", "localhost"),
        changed("8080", "0"),
        changed("8080", "70000"),
        changed(R"("ready")", R"("maybe")"),
        changed("shim", "other"),
        changed("rep_1", "rep\\n1"),
        changed("1000", "0"),
        R"({"version":1,"session_keys":[{"kid":"k","key":"00"}]})" + std::string(),
        R"({"version":1,"session_keys":[{"kid":"a.b","key":")" + std::string(64, '0') + "\"}]}"})
    EXPECT_FALSE(parse_snapshot(text).has_value()) << text;
}

Route route_with(int replicas) {
  Route route;
  route.deployment = "dep_1";
  for (int i = 0; i < replicas; ++i) {
    Replica replica;
    replica.id = "rep_" + std::to_string(i);
    replica.load = std::make_shared<ReplicaLoad>();
    route.replicas.push_back(replica);
  }
  return route;
}

TEST(ReplicaChoice, PrefersTheLeastLoadedReadyReplica) {
  Route route = route_with(3);
  route.replicas[0].load->active_requests = 5;
  route.replicas[1].load->active_requests = 1;
  const auto sessions = [](const Replica& replica) {
    return std::int64_t{replica.id == "rep_1" ? 7 : 0};
  };
  EXPECT_EQ(least_loaded(route, sessions)->id, "rep_2");
  route.replicas[2].state = ReplicaState::draining;
  EXPECT_EQ(least_loaded(route, sessions)->id, "rep_0");
  EXPECT_EQ(least_loaded(route_with(0), sessions), nullptr);
}

TEST(ReplicaChoice, MovesOnlyTheCallersOfALostReplica) {
  const Route before = route_with(4);
  Route after = before;
  after.replicas[2].state = ReplicaState::draining;
  int moved = 0;
  std::map<std::string, int> share;
  for (int i = 0; i < 1000; ++i) {
    const std::string caller = "caller-" + std::to_string(i);
    const auto* was = by_affinity(before, caller);
    const auto* is = by_affinity(after, caller);
    ++share[was->id];
    if (was->id == "rep_2") {
      ++moved;
      EXPECT_NE(is->id, "rep_2");
    } else {
      EXPECT_EQ(is->id, was->id);
    }
  }
  for (const auto& entry : share) EXPECT_NEAR(entry.second, 250, 75) << entry.first;
  EXPECT_EQ(moved, share["rep_2"]);
  EXPECT_NE(by_affinity(before, "x", {by_affinity(before, "x")->id})->id,
            by_affinity(before, "x")->id);
}

TEST(RouteBook, KeepsTheLastGoodSnapshotOnDisk) {
  std::string folder = (std::filesystem::temp_directory_path() / "sigil-book-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/routes.json";
  {
    RouteBook book(path, 2);
    EXPECT_EQ(book.load().error().code, ErrorCode::not_found);
    EXPECT_EQ(*book.take(snapshot(kRoute, 7)), 7);
    EXPECT_EQ(*book.take(snapshot("", 6)), 7);  // older: ignored
    EXPECT_FALSE(book.take("broken").has_value());
    EXPECT_NE(book.current()->find("weather"), nullptr);
    book.current()->find("weather")->counters->record(1, 200, std::chrono::microseconds(1500));
    const auto replica_load = book.current()->find("weather")->replicas[0].load;
    EXPECT_EQ(*book.take(snapshot(kRoute, 8)), 8);
    EXPECT_EQ(book.current()->find("weather")->replicas[0].load, replica_load);
    EXPECT_NE(metrics_text({.table = book.current().get()})
                  .find("sigil_proxy_requests_total{deployment=\"weather\",class=\"2xx\"} 1"),
              std::string::npos);
    EXPECT_EQ(*book.take(snapshot(kRoute, 3), true), 3);  // told twice: a database was put back
  }
  RouteBook again(path, 1);
  ASSERT_TRUE(again.load().has_value());
  EXPECT_EQ(again.current()->version, 3);
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms(0077),
            std::filesystem::perms::none);
  std::ofstream(path) << "broken";
  RouteBook broken(path, 1);
  EXPECT_EQ(broken.load().error().code, ErrorCode::invalid_argument);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sigil::proxy
