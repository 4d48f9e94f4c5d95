// The Docker driver against an engine that misbehaves.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/docker/docker_driver.h"
#include "tests/support/faulty_engine.h"

namespace sigil::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FaultyEngine;

constexpr const char* kContainer = "sigil-i1-rep_1";
constexpr const char* kNetwork = "sigil-i1-dep_1";

std::string inspected(const std::string& status, const std::string& instance = "i1") {
  return to_text(Json{
      {"Id", "c1"},
      {"State", {{"Status", status}, {"ExitCode", 0}}},
      {"Path", "/bin/server"},
      {"Config", {{"Labels", {{"io.sigil.instance", instance}, {"io.sigil.replica", "rep_1"}}}}},
      {"NetworkSettings", {{"Networks", {{kNetwork, {{"IPAddress", "10.213.0.2"}}}}}}}});
}

std::string network(const std::string& instance = "i1") {
  return to_text(Json{{"Id", "n1"},
                      {"Name", kNetwork},
                      {"Labels", {{"io.sigil.instance", instance}}},
                      {"IPAM", {{"Config", Json::array({{{"Subnet", "10.213.0.0/28"}}})}}}});
}

ReplicaSpec spec() {
  ReplicaSpec replica;
  replica.replica = ReplicaId("rep_1");
  replica.deployment = DeploymentId("dep_1");
  replica.deployment_name = "weather";
  replica.image = "sha256:" + std::string(64, 'a');
  replica.entrypoint = {"/bin/server"};
  replica.is_init_needed = false;
  return replica;
}

class DriverFaults : public ::testing::Test {
 protected:
  DriverFaults() : engine_(faulty_.client()) {
    driver_ = std::make_unique<DockerDriver>(
        engine_, DockerDriverOptions{.instance = "i1", .routes_file = "/nonexistent"});
    faulty_.on("GET /info", {.body = R"({"NCPU":2})"})
        .on("GET /images/" + spec().image + "/json", {.body = "{}"});
  }
  // A network that is there, and a container that can be made.
  void script_creation() {
    faulty_.on(std::string("GET /networks/") + kNetwork, {.body = network()})
        .on("GET /containers/json", {.body = "[]"})
        .on("POST /containers/create", {.status = 201, .body = R"({"Id":"c1"})"})
        .on("DELETE /containers/c1", {.status = 204})
        .on("DELETE /networks/n1", {.status = 204});
  }
  FaultyEngine faulty_;
  engine::Engine engine_;
  std::unique_ptr<DockerDriver> driver_;
};

TEST_F(DriverFaults, AStartThatIsRefusedRemovesContainerAndNetwork) {
  script_creation();
  faulty_.on(
      "POST /containers/c1/start",
      {.status = 400,
       .body =
           R"({"message":"OCI runtime create failed: exec: \"/bin/server\": stat /bin/server: no such file or directory: unknown"})"});
  const auto started = driver_->start(spec(), {});
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().reason, "E_START_FILE");
  EXPECT_NE(started.error().message.find("/bin/server"), std::string::npos);
  EXPECT_EQ(faulty_.count_of("DELETE /containers/c1"), 1U);
  EXPECT_EQ(faulty_.count_of("DELETE /networks/n1"), 1U);
}

TEST_F(DriverFaults, AnEngineThatDiesDuringAStartIsEEngine) {
  script_creation();
  faulty_.on("POST /containers/c1/start", {.is_gone = true});
  const auto started = driver_->start(spec(), {});
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().reason, "E_ENGINE");
  EXPECT_EQ(started.error().code, ErrorCode::unavailable);
}

TEST_F(DriverFaults, TriesTheNextSubnetWhenSomebodyElseTookOne) {
  faulty_.on("GET /networks", {.body = "[]"})
      .on("POST /networks/create",
          {.status = 403,
           .body = R"({"message":"Pool overlaps with other one on this address space"})"})
      .on("POST /networks/create", {.status = 201, .body = R"({"Id":"n1"})"})
      .on("GET /containers/json", {.body = "[]"})
      .on("POST /containers/create", {.status = 201, .body = R"({"Id":"c1"})"})
      .on("POST /containers/c1/start", {.status = 204})
      .on("GET /containers/c1/json", {.body = inspected("running")});
  const auto started = driver_->start(spec(), {});
  ASSERT_TRUE(started.has_value()) << started.error().message;
  EXPECT_EQ(started->address, "10.213.0.2");
  EXPECT_EQ(faulty_.count_of("POST /networks/create"), 2U);
}

TEST_F(DriverFaults, LeavesANetworkOfSomebodyElseAlone) {
  faulty_.on(std::string("GET /networks/") + kNetwork, {.body = network("other")})
      .on("GET /containers/json", {.body = "[]"});
  const auto started = driver_->start(spec(), {});
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().reason, "E_ENGINE");
  EXPECT_EQ(faulty_.count_of("DELETE /networks/n1"), 0U);
}

TEST_F(DriverFaults, LeavesAContainerOfSomebodyElseAlone) {
  faulty_.on(std::string("GET /containers/") + kContainer + "/json",
             {.body = inspected("running", "other")});
  EXPECT_TRUE(driver_->remove(ReplicaId("rep_1"), seconds(0)).has_value());
  EXPECT_EQ(faulty_.count_of("DELETE /containers/c1"), 0U);
  EXPECT_EQ(driver_->inspect(ReplicaId("rep_1")).error().code, ErrorCode::not_found);
}

TEST_F(DriverFaults, WaitsForARemovalThatIsUnderWay) {
  const std::string busy = R"({"message":"removal of container c1 is already in progress"})";
  faulty_.on(std::string("GET /containers/") + kContainer + "/json", {.body = inspected("running")})
      .on("POST /containers/c1/stop", {.status = 204})
      .on("DELETE /containers/c1", {.status = 409, .body = busy})
      .on("GET /containers/c1/json", {.body = inspected("removing")})
      .on("GET /containers/c1/json", {.body = inspected("removing")})
      .on("GET /containers/c1/json", {.status = 404, .body = "{}"});
  EXPECT_TRUE(driver_->remove(ReplicaId("rep_1"), seconds(1)).has_value());
  EXPECT_EQ(faulty_.count_of("GET /containers/c1/json"), 3U);
}

TEST_F(DriverFaults, AContainerThatVanishesWhileListedIsLeftOut) {
  faulty_
      .on("GET /containers/json", {.body = R"([{"Id":"c1","Labels":{}},{"Id":"c2","Labels":{}}])"})
      .on("GET /containers/c2/json", {.body = inspected("exited")});
  const auto replicas = driver_->list();
  ASSERT_TRUE(replicas.has_value()) << replicas.error().message;
  ASSERT_EQ(replicas->size(), 1U);
  EXPECT_EQ(replicas->front().state, ContainerState::exited);
  EXPECT_TRUE(replicas->front().address.empty()) << "an ended container has no address";
}

TEST_F(DriverFaults, AStartThatIsCancelledWhileWaitingSaysSo) {
  std::stop_source source;
  source.request_stop();
  script_creation();
  const auto started = driver_->start(spec(), source.get_token());
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace sigil::runtime
