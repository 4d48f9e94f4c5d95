#include <nlohmann/json.hpp>

#include "base/engine/connection.h"
#include "base/engine/engine.h"
#include "base/engine/paths.h"

namespace sigil::engine {

Result<std::string> Engine::create_network(const Json& body) const {
  Call call;
  call.method = "POST";
  call.path = "/networks/create";
  call.body = &body;
  SIGIL_TRY(const Json answer, connection_->send_for_json(call));
  std::string id = string_or(answer, "Id");
  if (id.empty()) return fail(ErrorCode::unavailable, "the engine made a network without an id");
  return id;
}

Result<void> Engine::remove_network(const std::string& id) const {
  Call call;
  call.method = "DELETE";
  call.path = path_to("/networks", id);
  SIGIL_CHECK(connection_->send(call));
  return {};
}

Result<Json> Engine::inspect_network(const std::string& id) const {
  Call call;
  call.path = path_to("/networks", id);
  return connection_->send_for_json(call);
}

Result<std::vector<Json>> Engine::list_networks(
    const std::map<std::string, std::string>& labels) const {
  Call call;
  call.path = "/networks";
  if (!labels.empty()) call.query.add("filters", label_filter(labels));
  SIGIL_TRY(const Json answer, connection_->send_for_json(call));
  return std::vector<Json>(answer.begin(), answer.end());
}

Result<void> Engine::remove_volume(const std::string& name) const {
  Call call;
  call.method = "DELETE";
  call.path = path_to("/volumes", name);
  SIGIL_CHECK(connection_->send(call));
  return {};
}

Result<std::vector<Json>> Engine::list_volumes(
    const std::map<std::string, std::string>& labels) const {
  Call call;
  call.path = "/volumes";
  call.query.add("filters", label_filter(labels));
  SIGIL_TRY(const Json answer, connection_->send_for_json(call));
  const auto volumes = answer.find("Volumes");  // null where there are none
  if (volumes == answer.end() || !volumes->is_array()) return std::vector<Json>();
  return std::vector<Json>(volumes->begin(), volumes->end());
}

}  // namespace sigil::engine
