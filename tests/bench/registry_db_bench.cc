// How long ordinary store calls take on a private cluster on a real disk, each a transaction of its
// own: median and 95th percentile in microseconds.
//
//   registry_db_bench [ROUNDS] [DIRECTORY]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "base/crypto/crypto.h"
#include "registry-db/api_key_store.h"
#include "registry-db/cluster.h"
#include "registry-db/deployment_store.h"
#include "registry-db/feed_store.h"
#include "registry-db/log_store.h"
#include "registry-db/operation_store.h"
#include "registry-db/team_store.h"

namespace {

using namespace sigil;
using namespace sigil::db;

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}
void must(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

void measure(const char* name, int rounds, const std::function<void()>& call) {
  std::vector<std::int64_t> took;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::steady_clock::now() - begin)
                       .count());
  }
  std::ranges::sort(took);
  std::printf("%-34s p50 %6ld us   p95 %6ld us\n", name, static_cast<long>(took[took.size() / 2]),
              static_cast<long>(took[took.size() * 95 / 100]));
}

struct World {
  Database& db;
  TeamId team;
  UserId user;
  DeploymentId deployment;
  Access worker() const { return db.as(Caller::worker()); }
  Access caller() const { return db.as(Caller::user(user)); }
};

World make_world(Database& db) {
  const auto bootstrap = must(TeamStore(db.as(Caller::worker())).bootstrap());
  World world{db, bootstrap.team.id, bootstrap.admin.id, {}};
  for (int i = 0; i < 1000; ++i) {
    NewDeployment wish;
    wish.team = world.team;
    wish.name = "d" + std::to_string(i);
    world.deployment = must(DeploymentStore(world.worker()).create(wish)).id;
  }
  NewApiKey key;
  key.team = world.team;
  key.user = world.user;
  key.hash = crypto::sha256("key");
  must(ApiKeyStore(world.worker()).create(key));
  return world;
}

void measure_reads(const World& world, int rounds) {
  const auto hash = crypto::sha256("key");
  measure("ping", rounds, [&] { must(world.db.ping()); });
  measure("authenticate a key", rounds,
          [&] { must(ApiKeyStore(world.worker()).authenticate(hash)); });
  measure("find a deployment", rounds,
          [&] { must(DeploymentStore(world.caller()).find(world.deployment)); });
  measure("list 50 of 1000 deployments", rounds / 4,
          [&] { must(DeploymentStore(world.caller()).list({}, {})); });
  measure("read the feed", rounds, [&] { must(FeedStore(world.caller()).list(900, {}, 50)); });
}

void measure_writes(const World& world, int rounds) {
  bool is_healthy = false;
  measure("set a state (with feed, fsync)", rounds, [&] {
    is_healthy = !is_healthy;
    must(DeploymentStore(world.worker())
             .set_state(world.deployment,
                        is_healthy ? DeploymentState::healthy : DeploymentState::degraded, ""));
  });
  LogLine line;
  line.text = std::string(120, 'x');
  const std::vector<LogLine> lines(100, line);
  measure("append 100 log lines", rounds,
          [&] { must(LogStore(world.worker()).append(world.deployment, lines)); });
  measure("page of 500 log lines", rounds, [&] {
    LogQuery query;
    query.after = 100;
    must(LogStore(world.caller()).list(world.deployment, query));
  });
  measure("create, claim, finish an operation", rounds / 2, [&] {
    NewOperation wish;
    wish.team = world.team;
    wish.deployment = world.deployment;
    must(OperationStore(world.caller()).create(wish));
    const auto taken =
        must(OperationStore(world.worker()).claim_next("bench", std::chrono::seconds(30)));
    must(OperationStore(world.worker())
             .finish({taken->id, "bench"}, {OperationState::succeeded, "", ""}));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 400;
  ClusterOptions options;
  options.directory = std::string(argc > 2 ? argv[2] : "/tmp") + "/sigil-bench-postgres";
  auto cluster = must(Cluster::start(options, {}));
  const auto db = must(Database::open({.url = cluster.url()}));
  const World world = make_world(*db);
  measure_reads(world, rounds);
  measure_writes(world, rounds);
  must(cluster.stop());
  std::filesystem::remove_all(options.directory);
  return 0;
}
