#include "controlplane/plan_json.h"

#include <nlohmann/json.hpp>

#include "base/enum_names.h"
#include "base/json.h"

namespace sigil::controlplane {

namespace {

constexpr EnumNames<builder::Transport, 3> kTransports{{
    {builder::Transport::stdio, "stdio"},
    {builder::Transport::streamable_http, "streamable_http"},
    {builder::Transport::sse, "sse"},
}};
constexpr EnumNames<builder::Language, 5> kLanguages{{
    {builder::Language::node, "node"},
    {builder::Language::python, "python"},
    {builder::Language::go, "go"},
    {builder::Language::rust, "rust"},
    {builder::Language::container, "container"},
}};

// The members that are plain text, under the names they have in JSON.
struct TextMember {
  const char* name;
  std::string builder::Plan::*member;
};
constexpr TextMember kTexts[] = {
    {"name", &builder::Plan::name},
    {"title", &builder::Plan::title},
    {"description", &builder::Plan::description},
    {"version", &builder::Plan::version},
    {"license", &builder::Plan::license},
    {"homepage", &builder::Plan::homepage},
    {"repository", &builder::Plan::repository},
    {"manifest_format", &builder::Plan::manifest_format},
    {"manifest_path", &builder::Plan::manifest_path},
    {"manifest_hash", &builder::Plan::manifest_hash},
    {"server_json", &builder::Plan::server_json},
    {"language_version", &builder::Plan::language_version},
    {"endpoint_path", &builder::Plan::endpoint_path},
    {"command_function", &builder::Plan::command_function},
    {"config_schema", &builder::Plan::config_schema},
    {"example_config", &builder::Plan::example_config},
    {"package_name", &builder::Plan::package_name},
    {"dockerfile_path", &builder::Plan::dockerfile_path},
    {"context_path", &builder::Plan::context_path},
};

struct ListMember {
  const char* name;
  std::vector<std::string> builder::Plan::*member;
};
constexpr ListMember kLists[] = {
    {"argv", &builder::Plan::argv},
    {"expected_tools", &builder::Plan::expected_tools},
    {"environment_names", &builder::Plan::environment_names},
    {"system_packages", &builder::Plan::system_packages},
    {"launched_packages", &builder::Plan::launched_packages},
    {"warnings", &builder::Plan::warnings},
    {"why", &builder::Plan::why},
};

std::vector<std::string> texts_of(const Json& object, const char* key) {
  std::vector<std::string> texts;
  if (const auto list = object.find(key); list != object.end() && list->is_array())
    for (const auto& item : *list)
      if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

}  // namespace

std::string_view name_of(builder::Transport transport) { return name_in(kTransports, transport); }
std::string_view name_of(builder::Language language) { return name_in(kLanguages, language); }

std::string plan_to_json(const builder::Plan& plan) {
  Json json = Json::object();
  for (const auto& text : kTexts) json[text.name] = plan.*text.member;
  for (const auto& list : kLists) json[list.name] = plan.*list.member;
  json["language"] = name_of(plan.language);
  json["transport"] = name_of(plan.transport);
  json["port"] = plan.port;
  json["uses_image_command"] = plan.uses_image_command;
  json["environment"] = plan.environment;
  json["memory_bytes"] = plan.memory_bytes;
  json["cpu_thousandths"] = plan.cpu_thousandths;
  json["pids"] = plan.pids;
  return to_text(json);
}

builder::Plan plan_from_json(std::string_view text) {
  builder::Plan plan;
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return plan;
  for (const auto& member : kTexts) plan.*member.member = string_or(*json, member.name);
  for (const auto& member : kLists) plan.*member.member = texts_of(*json, member.name);
  plan.language = value_in(kLanguages, string_or(*json, "language")).value_or(plan.language);
  plan.transport = value_in(kTransports, string_or(*json, "transport")).value_or(plan.transport);
  plan.port = static_cast<std::uint16_t>(integer_or(*json, "port", plan.port));
  plan.uses_image_command = bool_or(*json, "uses_image_command", false);
  if (const auto map = json->find("environment"); map != json->end() && map->is_object())
    for (const auto& [name, value] : map->items())
      if (value.is_string()) plan.environment[name] = value.get<std::string>();
  plan.memory_bytes = integer_or(*json, "memory_bytes", 0);
  plan.cpu_thousandths = integer_or(*json, "cpu_thousandths", 0);
  plan.pids = integer_or(*json, "pids", 0);
  return plan;
}

}  // namespace sigil::controlplane
