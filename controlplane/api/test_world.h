// The whole API above a real database, asked without a socket: real stores, keys and deployment
// service; what stands for engine and proxy answers by script.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "controlplane/api/context.h"
#include "controlplane/api/dispatcher.h"
#include "controlplane/authenticator.h"
#include "controlplane/deployment_desk.h"
#include "controlplane/services.h"
#include "registry-db/database.h"
#include "registry-db/operation_store.h"
#include "registry-db/team_store.h"
#include "tests/support/postgres_fixture.h"

namespace sigil::api {

class ScriptedHealth final : public controlplane::Health {
 public:
  controlplane::HealthReport report() const override { return answer; }
  controlplane::HealthReport answer;
};

class ScriptedDoctor final : public controlplane::Doctor {
 public:
  controlplane::CheckRound checks() override { return {answer, system_clock().wall_now(), true}; }
  std::vector<controlplane::Check> answer;
};

class ScriptedSessionConfigs final : public controlplane::SessionConfigService {
 public:
  Result<controlplane::SessionConfigAnswer> resolve(
      const controlplane::SessionConfigRequest& request) override {
    asked = request;
    return answer;
  }
  controlplane::SessionConfigRequest asked;
  Result<controlplane::SessionConfigAnswer> answer = controlplane::SessionConfigAnswer{};
};

class ScriptedRoutes final : public controlplane::RoutePublisher {
 public:
  std::shared_ptr<const controlplane::RouteSnapshot> current() const override { return answer; }
  Result<void> publish() override { return {}; }
  std::shared_ptr<const controlplane::RouteSnapshot> answer;
};

class SilentFollowers final : public controlplane::FollowerWaker {
 public:
  void wake(const std::vector<std::string>&) override {}
};

struct Asked {
  std::string method = "GET";
  std::string target;  // with query
  std::string body;
  std::map<std::string, std::string> headers;
  std::string key;  // API key; empty: anonymous
};

class ApiWorld : public ::testing::Test {
 protected:
  ApiWorld();

  // Every answer is held against the OpenAPI document.
  ApiResponse ask(const Asked& asked) const;
  ApiResponse get(const std::string& target) const;  // as admin
  ApiResponse send(const std::string& method, const std::string& target,
                   const Json& body) const;  // as admin
  static Json body_of(const ApiResponse& response);
  static std::string header_of(const ApiResponse& response, const std::string& name);

  std::string make_key(const TeamId& team, const UserId& user, std::vector<std::string> scopes);
  // Deploys npm:NAME under this name and gives back the deployment.
  Json deploy(const std::string& name) const;
  // The next operation, claimed as a worker would.
  db::Claim claim();
  // The newest line of the audit trail: "ACTION RESOURCE OUTCOME".
  std::string last_audit();

  sigil::testing::TemporaryDirectory directory_;
  std::unique_ptr<db::Database> database_;
  controlplane::Settings settings_;
  Secret control_token_{std::string(64, 'c')};
  controlplane::SecretBox secret_box_{Secret(std::string(32, 's'))};
  std::unique_ptr<controlplane::KeyAuthenticator> authenticator_;
  std::unique_ptr<controlplane::DeploymentDesk> desk_;
  ScriptedHealth health_;
  ScriptedDoctor doctor_;
  ScriptedSessionConfigs session_configs_;
  ScriptedRoutes routes_;
  SilentFollowers followers_;
  controlplane::ControlplaneMetrics metrics_;
  std::unique_ptr<controlplane::Services> services_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<Dispatcher> dispatcher_;
  db::Bootstrap bootstrap_;
  std::string admin_key_, reader_key_;
};

}  // namespace sigil::api
