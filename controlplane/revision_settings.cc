#include "controlplane/revision_settings.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace sigil::controlplane {

namespace {

Json object_of(std::string_view text) {
  auto json = parse_json(text);
  return json && json->is_object() ? std::move(*json) : Json::object();
}

std::vector<std::string> texts_of(const Json& object, const char* key) {
  std::vector<std::string> texts;
  if (const auto list = object.find(key); list != object.end() && list->is_array())
    for (const auto& item : *list)
      if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

std::map<std::string, std::string> map_of(const Json& object, const char* key) {
  std::map<std::string, std::string> map;
  if (const auto found = object.find(key); found != object.end() && found->is_object())
    for (const auto& [name, value] : found->items())
      if (value.is_string()) map[name] = value.get<std::string>();
  return map;
}

}  // namespace

std::string revision_settings_to_json(const RevisionSettings& settings) {
  return to_text(Json{{"argv", settings.argv},
                      {"user", settings.user},
                      {"config", object_of(settings.config)},
                      {"env", settings.env},
                      {"is_config_missing", settings.is_config_missing},
                      {"made_up_env", settings.made_up_env},
                      {"made_up_args", settings.made_up_args},
                      {"has_shim", settings.has_shim},
                      {"is_modern", settings.is_modern},
                      {"protocol_version", settings.protocol_version},
                      {"replicas", settings.replicas}});
}

RevisionSettings revision_settings_from_json(std::string_view text) {
  const auto json = object_of(text);
  RevisionSettings settings;
  settings.argv = texts_of(json, "argv");
  settings.user = string_or(json, "user");
  if (json.contains("config")) settings.config = to_text(json["config"]);
  settings.env = map_of(json, "env");
  settings.is_config_missing = bool_or(json, "is_config_missing", false);
  settings.made_up_env = map_of(json, "made_up_env");
  settings.made_up_args = texts_of(json, "made_up_args");
  settings.has_shim = bool_or(json, "has_shim", false);
  settings.is_modern = bool_or(json, "is_modern", false);
  settings.protocol_version = string_or(json, "protocol_version");
  settings.replicas = static_cast<int>(integer_or(json, "replicas", 1));
  return settings;
}

std::string wish_to_json(const db::DeploymentSettings& wish) {
  return to_text(Json{{"source",
                       {{"kind", db::name_of(wish.source.kind)},
                        {"location", wish.source.location},
                        {"ref", wish.source.ref},
                        {"path", wish.source.path},
                        {"upload", wish.source.upload.text()}}},
                      {"config", object_of(wish.config)},
                      {"env", wish.env},
                      {"args", wish.args},
                      {"labels", wish.labels},
                      {"ignore_manifest", wish.ignore_manifest},
                      {"replicas", wish.replicas}});
}

db::DeploymentSettings wish_from_json(std::string_view text) {
  const auto json = object_of(text);
  db::DeploymentSettings wish;
  if (const auto source = json.find("source"); source != json.end() && source->is_object()) {
    wish.source.kind =
        value_in(db::kSourceKinds, string_or(*source, "kind")).value_or(db::SourceKind::git);
    wish.source.location = string_or(*source, "location");
    wish.source.ref = string_or(*source, "ref");
    wish.source.path = string_or(*source, "path");
    wish.source.upload = UploadId(string_or(*source, "upload"));
  }
  if (json.contains("config")) wish.config = to_text(json["config"]);
  wish.env = map_of(json, "env");
  wish.args = texts_of(json, "args");
  wish.labels = map_of(json, "labels");
  wish.ignore_manifest = bool_or(json, "ignore_manifest", false);
  wish.replicas = static_cast<int>(integer_or(json, "replicas", 1));
  return wish;
}

}  // namespace sigil::controlplane
