#include "base/engine/engine.h"

#include <nlohmann/json.hpp>

#include "base/engine/connection.h"

namespace sigil::engine {

Engine::Engine(EngineOptions options)
    : connection_(std::make_shared<const Connection>(std::move(options))) {}

Result<EngineVersion> Engine::version(std::stop_token stop) const {
  EngineVersion version;
  SIGIL_TRY(version.api, connection_->api(stop));
  Call call;
  call.path = "/version";
  SIGIL_TRY(const Json answer, connection_->send_for_json(call, stop));
  version.engine = string_or(answer, "Version");
  version.os_arch = string_or(answer, "Os") + "/" + string_or(answer, "Arch");
  return version;
}

Result<Json> Engine::info(std::stop_token stop) const {
  Call call;
  call.path = "/info";
  return connection_->send_for_json(call, stop);
}

}  // namespace sigil::engine
