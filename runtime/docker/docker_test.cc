// The driver's pure parts: subnets, create bodies, what the engine's answers mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/docker/container_body.h"
#include "runtime/docker/observed.h"
#include "runtime/docker/slots.h"
#include "runtime/docker/subnet.h"

namespace sigil::runtime {
namespace {

Subnet subnet(const char* text) { return Subnet::parse(text).value(); }

TEST(Subnets, AreReadAndWritten) {
  EXPECT_EQ(subnet("10.213.0.17/28").text(), "10.213.0.16/28");
  EXPECT_EQ(subnet("0.0.0.0/0").last(), 0xffffffffU);
  for (const char* text : {"", "10.0.0.0", "10.0.0/8", "256.0.0.0/8", "10.0.0.0/33", "10.0.0.0/-1",
                           "10.0.0.0/8x", "a.b.c.d/8", "fe80::/10"})
    EXPECT_FALSE(Subnet::parse(text).has_value()) << text;
}

TEST(Subnets, OverlapWhenOneHoldsTheOther) {
  EXPECT_TRUE(subnet("10.0.0.0/8").overlaps(subnet("10.213.0.0/28")));
  EXPECT_TRUE(subnet("10.213.0.0/28").overlaps(subnet("10.0.0.0/8")));
  EXPECT_FALSE(subnet("10.213.0.0/28").overlaps(subnet("10.213.0.16/28")));
}

TEST(Subnets, AreReadFromTheKernelsRoutes) {
  const auto routes = parse_routes(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
      "garbage\n");
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].interface, "docker0");
  EXPECT_EQ(routes[0].subnet.text(), "172.17.0.0/16");
}

TEST(Subnets, TheFirstUsablePoolGivesTheFirstFreePlace) {
  const std::vector<Subnet> pools = {subnet("10.213.0.0/16"), subnet("172.29.0.0/16")};
  EXPECT_EQ(choose_subnet(pools, {}, 0)->text(), "10.213.0.0/28");
  EXPECT_EQ(choose_subnet(pools, {}, 4'096 + 2)->text(), "10.213.0.32/28");
  EXPECT_EQ(choose_subnet(pools, {{}, {subnet("10.213.0.0/27")}}, 0)->text(), "10.213.0.32/28");
  EXPECT_EQ(choose_subnet(pools, {{subnet("10.0.0.0/8")}, {}}, 0)->text(), "172.29.0.0/28");
  EXPECT_EQ(choose_subnet(pools, {{subnet("10.213.9.0/24")}, {}}, 0)->text(), "172.29.0.0/28")
      << "a pool that somebody else uses in part is left to them";
}

TEST(Subnets, RunOut) {
  const std::vector<Subnet> pools = {subnet("10.0.0.0/27")};
  EXPECT_EQ(choose_subnet(pools, {{}, {subnet("10.0.0.16/28")}}, 1)->text(), "10.0.0.0/28");
  EXPECT_FALSE(choose_subnet(pools, {{}, {subnet("10.0.0.0/27")}}, 0).has_value());
  EXPECT_FALSE(choose_subnet({subnet("10.0.0.0/29")}, {}, 0).has_value());
  EXPECT_FALSE(choose_subnet({}, {}, 0).has_value());
}

TEST(Subnets, GiveThirteenAddresses) {
  std::vector<std::string> used;
  for (std::uint32_t start = 0;; start += 7) {
    const auto address = choose_address(subnet("10.0.0.16/28"), used, start);
    if (!address) break;
    used.push_back(address_text(*address));
  }
  EXPECT_EQ(used.size(), 13U);
  EXPECT_EQ(std::count(used.begin(), used.end(), "10.0.0.17"), 0) << "the gateway's";
  EXPECT_EQ(std::count(used.begin(), used.end(), "10.0.0.31"), 0) << "the broadcast address";
}

ReplicaSpec spec() {
  ReplicaSpec replica;
  replica.replica = ReplicaId("rep_1");
  replica.deployment = DeploymentId("dep_1");
  replica.deployment_name = "weather";
  replica.revision = 3;
  replica.operation = OperationId("op_1");
  replica.image = "sha256:abc";
  replica.environment = {{"A", "1"}, {"TOKEN", "s"}};
  return replica;
}

TEST(ContainerBody, IsHardened) {
  const Json body = replica_body(spec(), {"i1", "net", "10.0.0.2", {"/data"}, 2, ""});
  const Json& host = body["HostConfig"];
  EXPECT_EQ(host["CapDrop"], Json::array({"ALL"}));
  EXPECT_EQ(host["SecurityOpt"], Json::array({"no-new-privileges"}));
  EXPECT_EQ(host["ReadonlyRootfs"], true);
  EXPECT_EQ(host["Privileged"], false);
  EXPECT_EQ(host["NetworkMode"], "net");
  EXPECT_EQ(host["Memory"], host["MemorySwap"]);
  EXPECT_EQ(host["RestartPolicy"]["Name"], "unless-stopped");
  EXPECT_EQ(host["Tmpfs"]["/tmp"], "rw,noexec,nosuid,nodev,size=67108864,mode=1777");
  EXPECT_TRUE(host["Tmpfs"].contains("/data"));
  EXPECT_FALSE(host.contains("Binds"));
  EXPECT_FALSE(body.contains("Volumes"));
  EXPECT_EQ(body["User"], "10001:10001");
  EXPECT_EQ(body["Env"], Json::array({"A=1", "TOKEN=s"}));
  EXPECT_EQ(body["Labels"]["io.sigil.instance"], "i1");
  EXPECT_EQ(body["Labels"]["io.sigil.revision"], "3");
  EXPECT_EQ(body["NetworkingConfig"]["EndpointsConfig"]["net"]["IPAMConfig"]["IPv4Address"],
            "10.0.0.2");
  EXPECT_FALSE(body.contains("Entrypoint")) << "the image's own";
}

TEST(ContainerBody, FitsItsLimitsToTheHost) {
  auto replica = spec();
  replica.limits = {.memory_bytes = 1, .cpu_thousandths = 8'000, .pids = 0, .tmp_bytes = 0};
  const Json host = replica_body(replica, {"i1", "net", "", {}, 2, ""})["HostConfig"];
  EXPECT_EQ(host["NanoCpus"], 2'000'000'000);
  EXPECT_EQ(host["Memory"], 6 << 20);
  EXPECT_EQ(host["PidsLimit"], 1);
  replica.is_init_needed = false;
  replica.entrypoint = {"/.sigil/shim", "run", "--", "node"};
  const Json body = replica_body(replica, {"i1", "net", "", {}, 0, ""});
  EXPECT_EQ(body["HostConfig"]["Init"], false);
  EXPECT_EQ(body["Entrypoint"].size(), 4U);
  EXPECT_EQ(body["HostConfig"]["NanoCpus"], 8'000'000'000);
}

TEST(ContainerBody, OfAOneShotHasNoNetworkAndOneSecond) {
  const Json body = one_shot_body({"img", {"node", "-"}, "", {}}, "i1");
  EXPECT_EQ(body["HostConfig"]["NetworkMode"], "none");
  EXPECT_EQ(body["HostConfig"]["Memory"], 64 << 20);
  EXPECT_EQ(body["HostConfig"]["Ulimits"][0]["Soft"], 1);
  EXPECT_EQ(body["HostConfig"]["CapDrop"], Json::array({"ALL"}));
  EXPECT_EQ(body["Labels"]["io.sigil.one_shot"], "1");
}

Json container(const char* status) {
  return {
      {"Id", "c1"},
      {"RestartCount", 2},
      {"State", {{"Status", status}, {"ExitCode", 137}, {"OOMKilled", true}, {"StartedAt", "t"}}},
      {"Config",
       {{"Labels",
         {{"io.sigil.instance", "i1"},
          {"io.sigil.replica", "rep_1"},
          {"io.sigil.revision", "7"}}}}},
      {"NetworkSettings", {{"Networks", {{"net", {{"IPAddress", "10.0.0.2"}}}}}}}};
}

TEST(Observed, SaysWhatTheEngineKnows) {
  const auto running = observe(container("running"), "i1");
  ASSERT_TRUE(running.has_value());
  EXPECT_EQ(running->state, ContainerState::running);
  EXPECT_EQ(running->address, "10.0.0.2");
  EXPECT_EQ(running->revision, 7);
  EXPECT_EQ(running->restarts, 2);
  const auto ended = observe(container("restarting"), "i1");
  EXPECT_EQ(ended->state, ContainerState::exited);
  EXPECT_EQ(ended->exit_code, 137);
  EXPECT_TRUE(ended->was_out_of_memory);
  EXPECT_TRUE(ended->address.empty());
  EXPECT_EQ(observe(container("created"), "i1")->state, ContainerState::created);
}

TEST(Observed, KnowsOnlyItsOwn) {
  EXPECT_FALSE(observe(container("running"), "i2").has_value());
  for (const Json& odd : {Json(), Json(7), Json::object(), Json{{"Config", 7}},
                          Json{{"Config", {{"Labels", nullptr}}}}})
    EXPECT_FALSE(observe(odd, "i1").has_value());
}

TEST(Observed, NamesTheCommandThatWasNotFound) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"(OCI runtime create failed: unable to start container process: exec: "/nonexistent": stat /nonexistent: no such file or directory: unknown)",
       "/nonexistent"},
      {R"(exec: "foo": executable file not found in $PATH: unknown)", "foo"},
      {R"(exec: \"foo\": permission denied)", "foo"},
      {R"(exec: "/app": is a directory)", "/app"}};
  for (const auto& row : table) EXPECT_EQ(missing_command(row.first), row.second);
  EXPECT_FALSE(missing_command("no such network").has_value());
  EXPECT_FALSE(missing_command("open /x: no such file or directory").has_value());
}

TEST(Observed, TurnsTimesIntoTheLogApisForm) {
  EXPECT_EQ(to_engine_time("2026-11-24T18:59:57.395998546Z"), "1795546797.395998546");
  EXPECT_EQ(to_engine_time("1970-01-01T00:00:00Z"), "0.0");
  for (const char* text : {"", "yesterday", "2026-11-24", "2026-11-24T18:59:57.Z",
                           "2026-11-24T18:59:57.3959985467Z", "2026-11-24T18:59:57+01:00"})
    EXPECT_EQ(to_engine_time(text), "") << text;
}

TEST(Slots, AreGivenBackAndGivenUpOnAStop) {
  Slots slots(1);
  {
    const Slots::Lease held(slots, {});
    EXPECT_TRUE(static_cast<bool>(held));
    std::stop_source source;
    source.request_stop();
    const Slots::Lease refused(slots, source.get_token());
    EXPECT_FALSE(static_cast<bool>(refused));
  }
  EXPECT_TRUE(static_cast<bool>(Slots::Lease(slots, {})));
}

TEST(ReplicaBody, ReachesTheNearWithoutTheProxyAndSeesTheBundleReadOnly) {
  auto replica = spec();
  EXPECT_FALSE(
      replica_body(replica, {"i1", "net", "", {}, 2, "10.0.0.0/28"})["HostConfig"].contains(
          "Mounts"));
  replica.environment = {{"NO_PROXY", "localhost"}, {"no_proxy", ""}};
  replica.ca_bundle = "/etc/company.crt";
  const Json body = replica_body(replica, {"i1", "net", "", {}, 2, "10.0.0.0/28"});
  EXPECT_EQ(body["Env"], Json::array({"NO_PROXY=localhost,10.0.0.0/28", "no_proxy=10.0.0.0/28"}));
  const Json mount = body["HostConfig"]["Mounts"][0];
  EXPECT_EQ(mount["Source"], "/etc/company.crt");
  EXPECT_EQ(mount["Target"], "/etc/sigil/ca.crt");
  EXPECT_EQ(mount["ReadOnly"], true);
}

}  // namespace
}  // namespace sigil::runtime
