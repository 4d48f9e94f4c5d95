#include "controlplane/operations/server_description.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kDescriptionMax = 100;  // of the official schema
constexpr std::size_t kNamePartMax = 100;
constexpr const char* kSchema =
    "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::string name_part(std::string_view text) {
  const auto slash = text.rfind('/');
  if (slash != std::string_view::npos) text.remove_prefix(slash + 1);
  std::string part;
  for (const char c : text.substr(0, kNamePartMax)) {
    if (is_name_character(c)) {
      part += c;
    } else if (!part.empty() && part.back() != '-') {
      part += '-';
    }
  }
  while (!part.empty() && (part.back() == '-' || part.back() == '.')) part.pop_back();
  return part;
}

bool is_official_name(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == name.size()) return false;
  if (name.find('/', slash + 1) != std::string_view::npos || name.size() > 200) return false;
  for (const char c : name)
    if (!is_name_character(c) && c != '/') return false;
  return true;
}

// Cut between characters, not inside one.
std::string cut(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string version_of(const DescriptionInput& input, const Json& own) {
  for (const auto& candidate :
       {input.source_version, string_or(own, "version"), input.plan.version})
    if (!candidate.empty() && !is_placeholder_version(candidate)) return candidate;
  return input.commit.empty() ? "0.0.0" : "0.0.0-" + input.commit.substr(0, 12);
}

Json made_description(const DescriptionInput& input, const ServerDescription& known) {
  Json json = {{"$schema", kSchema},
               {"name", known.name},
               {"description", cut(known.description, kDescriptionMax)},
               {"version", known.version},
               {"remotes", Json::array({{{"type", "streamable-http"}, {"url", input.endpoint}}})}};
  if (!input.plan.title.empty()) json["title"] = cut(input.plan.title, kDescriptionMax);
  if (input.plan.homepage.rfind("http", 0) == 0) json["websiteUrl"] = input.plan.homepage;
  if (input.plan.repository.rfind("http", 0) == 0)
    json["repository"] = {{"url", input.plan.repository}, {"source", "git"}};
  return json;
}

}  // namespace

bool is_placeholder_version(std::string_view version) {
  if (version.find_first_of("${}<>%*^~ ") != std::string_view::npos) return true;
  return version == "latest" || version == "0.0.0-development" ||
         version == "0.0.0-semantic-release";
}

ServerDescription describe_server(const DescriptionInput& input) {
  Json own = Json::object();
  if (auto parsed = parse_json(input.plan.server_json); parsed && parsed->is_object())
    own = std::move(*parsed);
  ServerDescription result;
  result.name = string_or(own, "name");
  if (!is_official_name(result.name)) {
    auto part = name_part(input.plan.name);
    if (part.empty()) part = input.deployment_name;
    result.name = input.registry_namespace + "/" + part;
    own = Json::object();
  }
  result.version = version_of(input, own);
  result.description = string_or(own, "description", input.plan.description);
  if (result.description.empty()) result.description = "MCP server " + input.deployment_name;
  if (own.empty()) {
    own = made_description(input, result);
  } else {
    own["version"] = result.version;
  }
  result.server_json = to_text(own);
  return result;
}

}  // namespace sigil::controlplane
