#include <nlohmann/json.hpp>

#include "base/engine/connection.h"
#include "base/engine/engine.h"
#include "base/engine/paths.h"

namespace sigil::engine {
namespace {

using std::chrono::milliseconds;

std::map<std::string, std::string> labels_of(const Json& object) {
  std::map<std::string, std::string> labels;
  const auto found = object.find("Labels");
  if (found == object.end() || !found->is_object()) return labels;
  for (const auto& label : found->items())
    if (label.value().is_string()) labels[label.key()] = label.value().get<std::string>();
  return labels;
}

ContainerSummary summary_of(const Json& object) {
  ContainerSummary summary;
  summary.id = string_or(object, "Id");
  summary.image = string_or(object, "Image");
  summary.image_id = string_or(object, "ImageID");
  summary.state = string_or(object, "State");
  summary.created_s = integer_or(object, "Created", 0);
  summary.labels = labels_of(object);
  const auto names = object.find("Names");
  if (names != object.end() && names->is_array() && !names->empty() && names->front().is_string()) {
    summary.name = names->front().get<std::string>();
    if (summary.name.starts_with('/')) summary.name.erase(0, 1);
  }
  return summary;
}

}  // namespace

Result<std::string> Engine::create_container(const std::string& name, const Json& body) const {
  Call call;
  call.method = "POST";
  call.path = "/containers/create";
  call.query.add("name", name);
  call.body = &body;
  SIGIL_TRY(const Json answer, connection_->send_for_json(call));
  std::string id = string_or(answer, "Id");
  if (id.empty()) return fail(ErrorCode::unavailable, "the engine made a container without an id");
  return id;
}

Result<void> Engine::start_container(const std::string& id) const {
  Call call;
  call.method = "POST";
  call.path = path_to("/containers", id, "/start");
  SIGIL_CHECK(connection_->send(call));
  return {};
}

Result<void> Engine::stop_container(const std::string& id, std::chrono::seconds grace) const {
  Call call;
  call.method = "POST";
  call.path = path_to("/containers", id, "/stop");
  call.query.add("t", std::to_string(grace.count()));
  call.time_max = connection_->options().time_max + grace;
  SIGIL_CHECK(connection_->send(call));
  return {};
}

Result<void> Engine::remove_container(const std::string& id, bool force) const {
  Call call;
  call.method = "DELETE";
  call.path = path_to("/containers", id);
  call.query.add("v", "1").add_if(force, "force", "1");
  SIGIL_CHECK(connection_->send(call));
  return {};
}

Result<Json> Engine::inspect_container(const std::string& id) const {
  Call call;
  call.path = path_to("/containers", id, "/json");
  return connection_->send_for_json(call);
}

Result<bool> Engine::has_path(const std::string& id, const std::string& path) const {
  Call call;
  call.method = "HEAD";
  call.path = path_to("/containers", id, "/archive");
  call.query.add("path", path);
  auto answer = connection_->send(call);
  if (answer) return true;
  if (answer.error().code == ErrorCode::not_found) return false;
  return tl::unexpected(std::move(answer).error());
}

Result<std::vector<ContainerSummary>> Engine::list_containers(
    const std::map<std::string, std::string>& labels) const {
  Call call;
  call.path = "/containers/json";
  call.query.add("all", "1").add("filters", label_filter(labels));
  SIGIL_TRY(const Json answer, connection_->send_for_json(call));
  std::vector<ContainerSummary> containers;
  for (const Json& object : answer) containers.push_back(summary_of(object));
  return containers;
}

Result<int> Engine::wait_container(const std::string& id, milliseconds time_max,
                                   std::stop_token stop) const {
  Call call;
  call.method = "POST";
  call.path = path_to("/containers", id, "/wait");
  call.query.add("condition", "not-running");
  call.time_max = time_max;
  SIGIL_TRY(const Json answer, connection_->send_for_json(call, stop));
  return static_cast<int>(integer_or(answer, "StatusCode", -1));
}

}  // namespace sigil::engine
