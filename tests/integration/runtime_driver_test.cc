// The Docker driver against a real engine.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/descriptor.h"
#include "base/guarded.h"
#include "base/ids.h"
#include "runtime/docker/docker_driver.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/tar_text.h"

namespace sigil::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::eventually;

// What a TCP server at this address says first; empty: no connection within a second.
std::string greeting(const std::string& address, std::uint16_t port) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return "";
  (void)::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  pollfd waiting{socket.get(), POLLIN, 0};
  if (::poll(&waiting, 1, 1'000) <= 0) return "";
  char buffer[256];
  const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
  return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
}

class RuntimeDriverTest : public test::EngineFixture {
 protected:
  void SetUp() override {
    EngineFixture::SetUp();
    image_ = make_image("base");
    driver_ = make_driver();
  }
  std::unique_ptr<DockerDriver> make_driver(std::vector<std::string> pools = {}) {
    DockerDriverOptions options;
    options.instance = instance_;
    if (!pools.empty()) options.network_pools = std::move(pools);
    return std::make_unique<DockerDriver>(engine_, options);
  }
  ReplicaSpec spec(const std::string& script,
                   const DeploymentId& deployment = make_id<DeploymentId>()) {
    ReplicaSpec replica;
    replica.replica = make_id<ReplicaId>();
    replica.deployment = deployment;
    replica.deployment_name = "weather";
    replica.revision = 3;
    replica.operation = make_id<OperationId>();
    replica.image = image_;
    replica.entrypoint = {"sh", "-c", script};
    replica.limits.memory_bytes = 64LL << 20;
    return replica;
  }
  // Says hello on port 8080, again and again.
  ReplicaSpec greeter(const DeploymentId& deployment = make_id<DeploymentId>()) {
    return spec("exec nc -ll -p 8080 -e echo hello", deployment);
  }
  ObservedReplica start(const ReplicaSpec& replica) {
    auto observed = driver_->start(replica, {});
    EXPECT_TRUE(observed.has_value()) << observed.error().reason << observed.error().message;
    return observed.value_or(ObservedReplica{});
  }
  // Runs a script in a replica to its end and returns what it printed.
  std::string output_of(const ReplicaSpec& replica) {
    start(replica);
    std::string text;
    const auto keep = [&text](const ReplicaLogLine& line) {
      text += line.text + "\n";
      return line.text != "end";
    };
    EXPECT_TRUE(driver_->follow_logs(replica.replica, "", true, keep, {}).has_value());
    return text;
  }
  std::size_t count_of_ours() {
    const std::map<std::string, std::string> ours = {{"io.sigil.instance", instance_}};
    return engine_.list_containers(ours)->size() + engine_.list_networks(ours)->size();
  }

  std::string image_;
  std::unique_ptr<DockerDriver> driver_;
};

TEST_F(RuntimeDriverTest, StartsAReplicaThatTheHostReaches) {
  const auto replica = greeter();
  const auto observed = start(replica);
  EXPECT_EQ(observed.replica, replica.replica);
  EXPECT_EQ(observed.deployment, replica.deployment);
  EXPECT_EQ(observed.revision, 3);
  EXPECT_EQ(observed.operation, replica.operation);
  EXPECT_EQ(observed.state, ContainerState::running);
  EXPECT_FALSE(observed.started_at.empty());
  EXPECT_TRUE(eventually([&] { return greeting(observed.address, 8080) == "hello\n"; }))
      << observed.address;
  const auto again = start(replica);
  EXPECT_EQ(again.container, observed.container);
  ASSERT_EQ(driver_->list()->size(), 1U);
  EXPECT_EQ(driver_->list()->front().address, observed.address);
  EXPECT_EQ(driver_->inspect(replica.replica)->container, observed.container);
  EXPECT_TRUE(driver_->remove(replica.replica, seconds(5)).has_value());
  EXPECT_TRUE(driver_->remove(replica.replica, seconds(5)).has_value());
  EXPECT_EQ(driver_->inspect(replica.replica).error().code, ErrorCode::not_found);
}

TEST_F(RuntimeDriverTest, HardensWhatItStarts) {
  auto replica = spec(
      "grep -E '^(Cap...:|NoNewPrivs|Seccomp:)' /proc/self/status; id -u; id -g;"
      "touch /x 2>/dev/null && echo wrote; touch /tmp/x && echo tmp; echo $SECRET; echo end; sleep "
      "60");
  replica.environment = {{"SECRET", "s3cret value"}};
  const std::string text = output_of(replica);
  for (const char* line :
       {"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "10001\n10001\n", "tmp\n",
        "s3cret value\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << " in " << text;
  EXPECT_EQ(text.find("wrote"), std::string::npos);
  const auto inspected = engine_.inspect_container(driver_->inspect(replica.replica)->container);
  const Json& host = (*inspected)["HostConfig"];
  EXPECT_EQ(host["Memory"], 64LL << 20);
  EXPECT_EQ(host["MemorySwap"], 64LL << 20);
  EXPECT_EQ(host["PidsLimit"], 256);
  EXPECT_EQ(host["RestartPolicy"]["Name"], "unless-stopped");
  EXPECT_EQ(host["LogConfig"]["Config"]["max-size"], "1m");
  EXPECT_EQ(host["Init"], true);
  EXPECT_EQ((*inspected)["Config"]["Labels"]["io.sigil.name"], "weather");
}

TEST_F(RuntimeDriverTest, KeepsDeploymentsApart) {
  const auto one = start(greeter());
  const auto other = start(greeter());
  ASSERT_TRUE(eventually([&] { return greeting(one.address, 8080) == "hello\n"; }));
  EXPECT_NE(one.address, other.address);
  const std::string text = output_of(
      spec("nc -w 2 " + one.address +
           " 8080 </dev/null 2>/dev/null || echo no neighbour; "
           "nc -w 2 1.1.1.1 53 </dev/null 2>/dev/null || echo no outside; echo end; sleep 60"));
  EXPECT_EQ(text, "no neighbour\nno outside\nend\n");
}

TEST_F(RuntimeDriverTest, KeepsReplicasOfOneDeploymentApart) {
  const auto one = greeter();
  const auto observed = start(one);
  ASSERT_TRUE(eventually([&] { return greeting(observed.address, 8080) == "hello\n"; }));
  const auto probe =
      spec("nc -w 2 " + observed.address +
               " 8080 </dev/null 2>/dev/null || echo no neighbour; echo end; sleep 60",
           one.deployment);
  EXPECT_EQ(output_of(probe), "no neighbour\nend\n");
  EXPECT_EQ(engine_.list_networks({{"io.sigil.instance", instance_}})->size(), 1U);
  EXPECT_NE(driver_->inspect(probe.replica)->address, observed.address);
}

TEST_F(RuntimeDriverTest, NamesTheCommandThatIsMissingAndLeavesNothing) {
  for (const bool is_init_needed : {true, false}) {
    for (const char* command : {"/app/server", "no-such-command", "./relative"}) {
      auto replica = spec("");
      replica.entrypoint = {command, "x"};
      replica.is_init_needed = is_init_needed;
      const auto observed = driver_->start(replica, {});
      ASSERT_FALSE(observed.has_value());
      EXPECT_EQ(observed.error().reason, "E_START_FILE") << observed.error().message;
      EXPECT_NE(observed.error().message.find(command), std::string::npos)
          << observed.error().message;
    }
  }
  EXPECT_EQ(count_of_ours(), 0U);
}

TEST_F(RuntimeDriverTest, TellsAMissingImageAndLeavesNothing) {
  auto replica = spec("true");
  replica.image = "sigil/no-such-image:1";
  const auto observed = driver_->start(replica, {});
  ASSERT_FALSE(observed.has_value());
  EXPECT_EQ(observed.error().reason, "E_ENGINE");
  EXPECT_EQ(count_of_ours(), 0U);
}

TEST_F(RuntimeDriverTest, TellsWhenNoSubnetIsLeft) {
  driver_ = make_driver({"10.253.7.16/28"});
  ASSERT_TRUE(driver_->start(greeter(), {}).has_value());
  const auto second = driver_->start(greeter(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "E_NETWORK_POOL");
  EXPECT_EQ(count_of_ours(), 2U);
}

TEST_F(RuntimeDriverTest, ReplacesAContainerThatWasLeftHalfMade) {
  const auto replica = greeter();
  const Json body = {{"Image", image_},
                     {"Cmd", {"true"}},
                     {"Labels",
                      {{"io.sigil.instance", instance_},
                       {"io.sigil.deployment", replica.deployment.text()},
                       {"io.sigil.replica", replica.replica.text()}}}};
  const auto left =
      engine_.create_container("sigil-" + instance_ + "-" + replica.replica.text(), body);
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(driver_->inspect(replica.replica)->state, ContainerState::created);
  EXPECT_NE(start(replica).container, *left);
}

TEST_F(RuntimeDriverTest, TakesNoVolumesFromTheImage) {
  const std::string with_volume = make_image("volume", {"VOLUME /data"});
  auto replica = spec("touch /data/x && echo wrote; echo end; sleep 60");
  replica.image = with_volume;
  EXPECT_EQ(output_of(replica), "wrote\nend\n");
  const auto inspected = engine_.inspect_container(driver_->inspect(replica.replica)->container);
  for (const Json& mount : (*inspected)["Mounts"]) EXPECT_NE(mount["Type"], "volume");
}

TEST_F(RuntimeDriverTest, ReadsLogsAfterAMoment) {
  const auto replica = spec("echo one; echo two >&2; sleep 0.2; echo three; sleep 60");
  start(replica);
  std::vector<ReplicaLogLine> lines;
  const auto read = [&](const std::string& since) {
    lines.clear();
    EXPECT_TRUE(driver_
                    ->follow_logs(replica.replica, since, false,
                                  [&](const ReplicaLogLine& line) {
                                    lines.push_back(line);
                                    return true;
                                  },
                                  {})
                    .has_value());
    return lines.size();
  };
  ASSERT_TRUE(eventually([&] { return read("") == 3; }));
  EXPECT_EQ(lines.back().text, "three");
  std::vector<std::string> times;
  for (const auto& line : lines) times.push_back(line.at);
  std::sort(times.begin(), times.end());
  EXPECT_EQ(read(times[1]), 1U);
  EXPECT_EQ(read(times[2]), 0U);
}

TEST_F(RuntimeDriverTest, TellsHowAReplicaEndedAndThatTheEngineRestartsIt) {
  const auto replica = spec("echo last words >&2; exit 41");
  start(replica);
  EXPECT_TRUE(eventually([&] { return driver_->inspect(replica.replica)->restarts > 0; }));
  EXPECT_TRUE(eventually([&] {
    const auto observed = driver_->inspect(replica.replica);
    return observed->state == ContainerState::exited && observed->exit_code == 41;
  }));
}

TEST_F(RuntimeDriverTest, RemovesADeploymentWithAllThatIsItsOwn) {
  const auto deployment = make_id<DeploymentId>();
  const auto other = greeter();
  start(other);
  engine::BuildOptions build;
  build.tag = "sigil/" + deployment.text() + ":op_1";
  build.labels = {{"io.sigil.instance", instance_}, {"io.sigil.deployment", deployment.text()}};
  const auto image = engine_.build(
      build,
      test::reader_of(test::tar_of(
          {{.path = "Dockerfile",
            .content = "FROM sigil-test/" + instance_ + ":base\nENV A=" + instance_ + "\n"}})),
      nullptr, {});
  ASSERT_TRUE(image.has_value()) << image.error().message;
  auto first = greeter(deployment);
  first.image = *image;
  start(first);
  start(greeter(deployment));
  ASSERT_TRUE(driver_->remove_deployment(deployment).has_value());
  EXPECT_EQ(count_of_ours(), 2U);
  EXPECT_EQ(engine_.inspect_image(*image).error().code, ErrorCode::not_found);
  EXPECT_TRUE(driver_->inspect(other.replica).has_value());
  EXPECT_TRUE(driver_->remove_deployment(deployment).has_value());
}

TEST_F(RuntimeDriverTest, SurvivesRemovalsAllAtOnce) {
  const auto replica = greeter();
  start(replica);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> removers;
    for (int i = 0; i < 6; ++i)
      removers.emplace_back([&] {
        const auto removed = driver_->remove(replica.replica, seconds(0));
        EXPECT_TRUE(removed.has_value()) << removed.error().message;
        if (removed) ++good;
      });
  }
  EXPECT_EQ(good.load(), 6);
  EXPECT_TRUE(engine_.list_containers({{"io.sigil.instance", instance_}})->empty());
}

TEST_F(RuntimeDriverTest, StartsManyAtOnceOnOneNetwork) {
  const auto deployment = make_id<DeploymentId>();
  Guarded<std::set<std::string>> addresses;
  {
    std::vector<std::jthread> starters;
    for (int i = 0; i < 5; ++i)
      starters.emplace_back([&] {
        const auto observed = start(greeter(deployment));
        addresses.with([&](auto& all) { all.insert(observed.address); });
      });
  }
  EXPECT_EQ(addresses.with([](const auto& all) { return all.size(); }), 5U);
  EXPECT_EQ(engine_.list_networks({{"io.sigil.instance", instance_}})->size(), 1U);
}

TEST_F(RuntimeDriverTest, SweepsOnlyWhatIsOursAndForgotten) {
  const auto known_replica = greeter();
  const auto forgotten = greeter();
  start(known_replica);
  start(forgotten);
  const std::string foreign_name = "foreign-" + instance_;
  const Json foreign = {{"Image", image_},
                        {"Cmd", {"true"}},
                        {"Labels",
                         {{"io.sigil.instance", instance_ + "x"},
                          {"io.sigil.replica", "rep_1"},
                          {"io.sigil.test", instance_}}}};
  const auto foreign_id = engine_.create_container(foreign_name, foreign);
  const auto foreign_network = engine_.create_network(
      {{"Name", foreign_name}, {"Internal", true}, {"Labels", {{"io.sigil.test", instance_}}}});
  ASSERT_TRUE(foreign_id.has_value() && foreign_network.has_value());
  const Driver::Known known = {
      [&](const ReplicaId& id) { return id == known_replica.replica; },
      [&](const DeploymentId& id) { return id == known_replica.deployment; },
      [](const std::string&) { return false; }};

  EXPECT_TRUE(driver_->sweep(known, seconds(3'600), false)->containers.empty()) << "too young";
  ASSERT_TRUE(
      eventually([&] { return driver_->sweep(known, seconds(1), true)->networks.size() == 1; }));
  const auto told = driver_->sweep(known, seconds(1), true);
  ASSERT_EQ(told->containers.size(), 1U);
  EXPECT_NE(told->containers.front().find(forgotten.replica.text()), std::string::npos);
  EXPECT_TRUE(told->images.empty()) << "the base image belongs to no deployment";
  EXPECT_TRUE(driver_->inspect(forgotten.replica).has_value()) << "a dry run only tells";

  const auto swept = driver_->sweep(known, seconds(1), false);
  ASSERT_TRUE(swept.has_value());
  EXPECT_EQ(swept->containers, told->containers);
  EXPECT_EQ(swept->networks, told->networks);
  EXPECT_FALSE(driver_->inspect(forgotten.replica).has_value());
  EXPECT_TRUE(driver_->inspect(known_replica.replica).has_value());
  EXPECT_TRUE(engine_.inspect_container(*foreign_id).has_value());
  EXPECT_TRUE(engine_.inspect_network(*foreign_network).has_value());
}

TEST_F(RuntimeDriverTest, RunsAOneShotProgramLockedDown) {
  Driver::OneShotSpec once;
  once.image = image_;
  once.argv = {"sh", "-c",
               "cat; id -u; touch /x 2>/dev/null || echo read-only; "
               "ls /sys/class/net | tr '\\n' ' '; exit 5"};
  once.input = "in\n";
  const auto outcome = driver_->run_one_shot(once, {});
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 5);
  EXPECT_EQ(outcome->output, "in\n10001\nread-only\nlo ");
  EXPECT_EQ(count_of_ours(), 0U);
}

TEST_F(RuntimeDriverTest, AOneShotProgramHasASecondOfCpu) {
  Driver::OneShotSpec once;
  once.image = image_;
  once.argv = {"sh", "-c", "while true; do true; done"};
  const auto outcome = driver_->run_one_shot(once, {});
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_GT(outcome->exit_code, 128);
  EXPECT_EQ(count_of_ours(), 0U);
}

TEST_F(RuntimeDriverTest, TellsWhenSomethingChanged) {
  std::atomic<int> changes = 0;
  std::jthread follower([&](const std::stop_token& stop) {
    EXPECT_TRUE(driver_->follow_changes([&] { ++changes; }, stop).has_value());
  });
  EXPECT_TRUE(eventually([&] {
    const auto replica = greeter();
    start(replica);
    EXPECT_TRUE(driver_->remove(replica.replica, seconds(0)).has_value());
    return changes.load() > 0;
  }));
}

}  // namespace
}  // namespace sigil::runtime
