// The whole chain in one process against a real engine and a real PostgreSQL: git repository in,
// ready replica and published route out, and nothing left afterwards. Only the proxy is missing,
// so requests go to the admin API directly, with the control token the proxy would add.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/engine/engine.h"
#include "base/http/client.h"
#include "base/json.h"
#include "base/process/process.h"
#include "controlplane/settings_table.h"
#include "controlplane/sigild.h"
#include "tests/support/engine_fixture.h"

namespace sigil::controlplane {
namespace {

using std::chrono::milliseconds;
namespace fs = std::filesystem;

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(descriptor, generic, size) != 0) std::abort();
  if (::getsockname(descriptor, generic, &size) != 0) std::abort();
  ::close(descriptor);
  return ntohs(address.sin_port);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void run(const std::vector<std::string>& argv, const std::string& directory) {
  ProcessOptions options;
  options.argv = argv;
  options.working_directory = directory;
  options.environment = {{"PATH", "/usr/bin:/bin"},   {"HOME", directory},
                         {"GIT_AUTHOR_NAME", "t"},    {"GIT_AUTHOR_EMAIL", "t@example.org"},
                         {"GIT_COMMITTER_NAME", "t"}, {"GIT_COMMITTER_EMAIL", "t@example.org"}};
  const auto outcome = run_process(options, {});
  ASSERT_TRUE(outcome.has_value() && outcome->exit_code == 0)
      << argv[1] << ": " << (outcome ? outcome->error_output : outcome.error().message);
}

// One sigild on a data directory of its own for all tests of the program: a cluster costs seconds.
class World {
 public:
  World() {
    std::string pattern = "/tmp/sigil-deploy-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    // The private cluster's user must be able to pass.
    fs::permissions(root_, fs::perms(0755));
    fs::create_directories(root_ + "/data");
    start();
  }
  ~World() {
    sigild_.reset();
    fs::remove_all(root_);
  }

  void start() {
    config::Sources sources;
    const auto api = std::to_string(free_port());
    sources.flags = {{"data_dir", root_ + "/data"},
                     {"api.listen", "127.0.0.1:" + api},
                     {"proxy.control_listen", "127.0.0.1:" + std::to_string(free_port())},
                     {"proxy.start", "false"},
                     {"docker_socket", test::engine_socket()},
                     {"admin_key_file", root_ + "/credentials.json"},
                     {"builder.base_images", "node:22-slim=sigil-base/node:22"},
                     {"builder.shim_file", SIGIL_SHIM_FILE},
                     {"scan.binary", SIGIL_SCAN_FILE},
                     {"runtime.drain_max", "1s"},
                     {"runtime.reconcile_every", "500ms"},
                     {"runtime.orphan_grace", "1s"},
                     {"runtime.start_max", "10s"}};
    auto settings = load_settings(sources);
    ASSERT_TRUE(settings.has_value()) << settings.error().message;
    auto started = Sigild::start(*std::move(settings), {});
    ASSERT_TRUE(started.has_value()) << started.error().message;
    sigild_ = *std::move(started);
    url_ = "http://127.0.0.1:" + api;
  }
  void stop() { sigild_.reset(); }

  http::Response call(const std::string& method, const std::string& path, const Json& body = {}) {
    http::Request request;
    request.method = method;
    request.url = url_ + path;
    request.headers = {{"X-Sigil-Control", first_word(root_ + "/data/control.token")},
                       {"X-Request-Id", "test"},
                       {"Connection", "keep-alive"},
                       {"If-Match", "*"},
                       {"Authorization", "Bearer " + key()}};
    if (!body.is_null()) {
      request.headers.push_back({"Content-Type", "application/json"});
      request.body = to_text(body);
    }
    auto response = http::Client().send(request);
    EXPECT_TRUE(response.has_value()) << method << " " << path << ": " << response.error().message;
    return response ? *std::move(response) : http::Response{};
  }
  Json get(const std::string& path) {
    return parse_json(call("GET", path).body).value_or(Json::object());
  }

  const std::string& root() const { return root_; }
  std::string instance() const { return first_word(root_ + "/data/instance"); }
  std::string key() const {
    const auto json = parse_json(text_of(root_ + "/credentials.json"));
    return json ? string_or(*json, "key") : "";
  }

 private:
  static std::string first_word(const std::string& path) {
    auto text = text_of(path);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
  std::string root_, url_;
  std::unique_ptr<Sigild> sigild_;
};

class DeployTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = std::make_unique<World>(); }
  static void TearDownTestSuite() { world_.reset(); }

  // A git repository with the dependency-free server of tests/fixtures; `run_line` goes into its
  // Dockerfile.
  std::string make_repository(const std::string& name, const std::string& run_line = {}) {
    const auto path = world_->root() + "/" + name;
    fs::copy("tests/fixtures/tiny-http", path);
    if (!run_line.empty()) {
      auto text = text_of(path + "/Dockerfile");
      const auto at = text.find("COPY");
      text.insert(at, "RUN echo " + name + world_->instance() + "; " + run_line + "\n");
      std::ofstream(path + "/Dockerfile") << text;
    }
    run({"git", "init", "-q", "-b", "main"}, path);
    run({"git", "add", "."}, path);
    run({"git", "commit", "-q", "-m", "first"}, path);
    return "file://" + path;
  }

  std::string begin_deploy(const std::string& name, const std::string& location,
                           Json more = Json::object()) {
    more["name"] = name;
    more["source"] = {{"kind", "git"}, {"location", location}};
    const auto response = world_->call("POST", "/api/v1/deployments", more);
    EXPECT_EQ(response.status, 202) << response.body;
    const auto json = parse_json(response.body).value_or(Json::object());
    return json.contains("operation") ? string_or(json["operation"], "id") : "";
  }

  Json wait_for(const std::string& operation) {
    Json last;
    test::eventually(
        [&] {
          last = world_->get("/api/v1/operations/" + operation);
          const auto state = string_or(last, "state");
          return state != "queued" && state != "running";
        },
        milliseconds(120'000));
    return last;
  }

  bool wait_for_step(const std::string& operation, const std::string& step) {
    return test::eventually([&] {
      const auto json = world_->get("/api/v1/operations/" + operation);
      if (!json.contains("steps")) return false;
      for (const auto& item : json["steps"])
        if (string_or(item, "name") == step) return string_or(item, "state") == "running";
      return false;
    });
  }

  std::string log_of(const std::string& operation) {
    std::string text;
    std::int64_t after = 0;
    for (int page = 0; page < 50; ++page) {
      const auto json = world_->get("/api/v1/operations/" + operation +
                                    "/events?after=" + std::to_string(after) + "&limit=200");
      if (!json.contains("items") || json["items"].empty()) break;
      for (const auto& item : json["items"]) text += string_or(item, "text") + "\n";
      after = integer_or(json, "next_after", 0);
    }
    return text;
  }

  // Names of everything of this instance in the engine.
  std::vector<std::string> things_in_engine() {
    const engine::Engine engine({.socket = test::engine_socket()});
    const std::map<std::string, std::string> labels = {{"io.sigil.instance", world_->instance()}};
    std::vector<std::string> names;
    for (const auto& container :
         engine.list_containers(labels).value_or(std::vector<engine::ContainerSummary>{}))
      names.push_back("container " + container.name + " " + container.state);
    for (const auto& network : engine.list_networks(labels).value_or(std::vector<Json>{}))
      names.push_back("network " + string_or(network, "Name"));
    for (const auto& image : engine.list_images(labels).value_or(std::vector<Json>{}))
      names.push_back("image " + to_text(image.value("RepoTags", Json())));
    return names;
  }

  void remove_deployment(const std::string& name) {
    const auto response = world_->call("DELETE", "/api/v1/deployments/" + name);
    ASSERT_EQ(response.status, 202) << response.body;
    const auto json = parse_json(response.body).value_or(Json::object());
    const auto ended = wait_for(string_or(json.value("operation", Json::object()), "id"));
    EXPECT_EQ(string_or(ended, "state"), "succeeded") << ended.dump();
    EXPECT_TRUE(test::eventually([&] { return things_in_engine().empty(); }))
        << Json(things_in_engine()).dump();
  }

  static std::unique_ptr<World> world_;
};

std::unique_ptr<World> DeployTest::world_;

TEST_F(DeployTest, ARepositoryBecomesReadyIsRedeployedAndGoesWithoutATrace) {
  const auto repository = make_repository("tiny");
  const auto first = wait_for(begin_deploy("tiny", repository));
  ASSERT_EQ(string_or(first, "state"), "succeeded")
      << first.dump(1) << log_of(string_or(first, "id"));
  for (const auto& step : first["steps"]) EXPECT_EQ(string_or(step, "state"), "succeeded") << step;

  const auto deployment = world_->get("/api/v1/deployments/tiny");
  EXPECT_EQ(string_or(deployment, "state"), "healthy");
  EXPECT_EQ(deployment["revision"]["number"], 1);
  EXPECT_EQ(string_or(deployment["revision"], "commit").size(), 40U);
  ASSERT_EQ(deployment["replicas"].size(), 1U);
  EXPECT_EQ(string_or(deployment["replicas"][0], "state"), "ready");

  const auto tools = world_->get("/api/v1/deployments/tiny/tools");
  ASSERT_TRUE(tools.contains("items")) << tools.dump();
  EXPECT_EQ(tools["items"].size(), 3U);

  const auto routes = world_->get("/internal/routes?after=0");
  ASSERT_EQ(routes["routes"].size(), 1U) << routes.dump();
  EXPECT_EQ(string_or(routes["routes"][0], "state"), "serving");
  EXPECT_EQ(routes["routes"][0]["replicas"].size(), 1U);

  const auto second = wait_for(begin_deploy("tiny", repository, {{"env", {{"GREETING", "hi"}}}}));
  ASSERT_EQ(string_or(second, "state"), "succeeded") << second.dump(1);
  EXPECT_EQ(second["result"]["revision"]["number"], 2);
  const bool is_drained = test::eventually([&] {
    const auto now = world_->get("/api/v1/deployments/tiny");
    return now["replicas"].size() == 1 && now["replicas"][0]["revision"] == 2;
  });
  EXPECT_TRUE(is_drained) << world_->get("/api/v1/deployments/tiny").dump(1);
  EXPECT_GT(world_->get("/internal/routes?after=0")["version"], routes["version"]);

  remove_deployment("tiny");
  EXPECT_EQ(world_->call("GET", "/api/v1/deployments/tiny").status, 404);
  EXPECT_TRUE(world_->get("/internal/routes?after=0")["routes"].empty());
}

TEST_F(DeployTest, AFailedBuildNamesItsReasonAndLeavesNothing) {
  const auto repository = make_repository("broken", "echo about to fail >&2; exit 7");
  const auto ended = wait_for(begin_deploy("broken", repository));
  EXPECT_EQ(string_or(ended, "state"), "failed");
  const auto& error = ended["error"];
  EXPECT_EQ(string_or(error, "code"), "E_BUILD") << error;
  EXPECT_EQ(string_or(error, "step"), "build");
  EXPECT_NE(error["log_tail"].dump().find("about to fail"), std::string::npos) << error;
  EXPECT_FALSE(string_or(error, "hint").empty());
  EXPECT_TRUE(things_in_engine().empty()) << Json(things_in_engine()).dump();
  EXPECT_EQ(string_or(world_->get("/api/v1/deployments/broken"), "state"), "failed");
  remove_deployment("broken");
}

TEST_F(DeployTest, AServerThatEndsAtStartKeepsTheOldRevisionServing) {
  const auto repository = make_repository("ends");
  ASSERT_EQ(string_or(wait_for(begin_deploy("ends", repository)), "state"), "succeeded");
  const auto ended =
      wait_for(begin_deploy("ends", repository, {{"env", {{"EXIT_AT_START", "1"}}}}));
  EXPECT_EQ(string_or(ended, "state"), "failed");
  EXPECT_EQ(string_or(ended["error"], "code"), "E_START_EXIT") << ended["error"];
  EXPECT_EQ(string_or(ended["error"], "step"), "verify");
  EXPECT_NE(ended["error"]["log_tail"].dump().find("EXIT_AT_START is set"), std::string::npos)
      << ended["error"];
  const auto deployment = world_->get("/api/v1/deployments/ends");
  EXPECT_EQ(deployment["revision"]["number"], 1);
  EXPECT_EQ(string_or(deployment, "state"), "healthy");
  EXPECT_EQ(world_->get("/internal/routes?after=0")["routes"][0]["replicas"].size(), 1U);
  remove_deployment("ends");
}

TEST_F(DeployTest, AServerThatNeverAnswersTimesOut) {
  const auto repository = make_repository("mute");
  const auto ended = wait_for(begin_deploy("mute", repository, {{"env", {{"NEVER_ANSWER", "1"}}}}));
  EXPECT_EQ(string_or(ended, "state"), "failed");
  EXPECT_EQ(string_or(ended["error"], "code"), "E_START_TIMEOUT") << ended["error"];
  EXPECT_TRUE(things_in_engine().empty()) << Json(things_in_engine()).dump();
  remove_deployment("mute");
}

TEST_F(DeployTest, ACancelledBuildStopsWithinASecondAndLeavesNothing) {
  const auto repository = make_repository("slow", "sleep 60");
  const auto operation = begin_deploy("slow", repository);
  ASSERT_TRUE(wait_for_step(operation, "build"));
  ASSERT_TRUE(test::eventually(
      [&] { return log_of(operation).find("slow" + world_->instance()) != std::string::npos; }));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(world_->call("DELETE", "/api/v1/operations/" + operation).status, 202);
  const auto ended = wait_for(operation);
  EXPECT_EQ(string_or(ended, "state"), "cancelled");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_TRUE(test::eventually([&] { return things_in_engine().empty(); }))
      << Json(things_in_engine()).dump();
  remove_deployment("slow");
}

TEST_F(DeployTest, SecretsReachTheServerAndNothingElse) {
  const std::string value = "hunter2-hunter2-hunter2";
  const auto repository = make_repository("secret");
  const auto operation = begin_deploy("secret", repository, {{"secrets", {{"API_TOKEN", value}}}});
  ASSERT_EQ(string_or(wait_for(operation), "state"), "succeeded");
  const auto deployment = world_->call("GET", "/api/v1/deployments/secret").body;
  EXPECT_NE(deployment.find("API_TOKEN"), std::string::npos);
  EXPECT_EQ(deployment.find(value), std::string::npos);
  EXPECT_EQ(log_of(operation).find(value), std::string::npos);
  const engine::Engine engine({.socket = test::engine_socket()});
  const auto containers = engine.list_containers({{"io.sigil.instance", world_->instance()}});
  ASSERT_TRUE(containers.has_value() && containers->size() == 1);
  const auto inspected = engine.inspect_container(containers->front().id);
  ASSERT_TRUE(inspected.has_value());
  EXPECT_NE(inspected->dump().find(value), std::string::npos);
  const auto image = engine.inspect_image(containers->front().image_id);
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->dump().find(value), std::string::npos);
  remove_deployment("secret");
}

TEST_F(DeployTest, AReplicaThatIsKilledOrRemovedComesBack) {
  const auto repository = make_repository("back");
  ASSERT_EQ(string_or(wait_for(begin_deploy("back", repository)), "state"), "succeeded");
  const engine::Engine engine({.socket = test::engine_socket()});
  const auto containers = engine.list_containers({{"io.sigil.instance", world_->instance()}});
  ASSERT_TRUE(containers.has_value() && containers->size() == 1);
  ASSERT_TRUE(engine.remove_container(containers->front().id, true).has_value());
  EXPECT_TRUE(test::eventually([&] {
    const auto deployment = world_->get("/api/v1/deployments/back");
    return string_or(deployment, "state") == "healthy" && deployment["replicas"].size() == 1 &&
           integer_or(deployment["replicas"][0], "restarts", 0) == 1;
  })) << world_->get("/api/v1/deployments/back").dump(1);
  remove_deployment("back");
}

TEST_F(DeployTest, AnOperationGoesOnAfterARestartAndWhatRunsIsAdopted) {
  const auto steady = make_repository("steady");
  ASSERT_EQ(string_or(wait_for(begin_deploy("steady", steady)), "state"), "succeeded");
  const auto before = world_->get("/api/v1/deployments/steady")["replicas"];
  const auto slow = make_repository("resumed", "sleep 3");
  const auto operation = begin_deploy("resumed", slow);
  ASSERT_TRUE(wait_for_step(operation, "build"));
  world_->stop();
  world_->start();
  const auto ended = wait_for(operation);
  EXPECT_EQ(string_or(ended, "state"), "succeeded") << ended.dump(1) << log_of(operation);
  const auto after = world_->get("/api/v1/deployments/steady")["replicas"];
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0]["id"], before[0]["id"]);
  EXPECT_EQ(after[0]["restarts"], 0);
  world_->call("DELETE", "/api/v1/deployments/resumed");
  EXPECT_TRUE(test::eventually(
      [&] { return world_->call("GET", "/api/v1/deployments/resumed").status == 404; }));
  remove_deployment("steady");
}

TEST_F(DeployTest, NamesAndSourcesAreRefusedWithReasons) {
  const auto refused = world_->call(
      "POST", "/api/v1/deployments",
      {{"name", "api"}, {"source", {{"kind", "git"}, {"location", "https://example.org/x.git"}}}});
  EXPECT_EQ(refused.status / 100, 4);
  EXPECT_NE(refused.body.find("E_NAME"), std::string::npos) << refused.body;
}

}  // namespace
}  // namespace sigil::controlplane
