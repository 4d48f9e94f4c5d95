#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/manifest/manifest.h"
#include "builder/manifest/reader.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// Keys come in camelCase and in snake_case.
const Json& either(const Json& object, const char* camel, const char* snake) {
  const auto& found = member_of(object, camel);
  return found.is_null() ? member_of(object, snake) : found;
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

bool is_placeholder(std::string_view version) {
  return contains(version, "$") || contains(version, "{{") || version == "0.0.0-development";
}

std::string json_type(const std::string& format) {
  if (format == "number") return "number";
  if (format == "boolean") return "boolean";
  if (format == "integer") return "integer";
  return "string";
}

class ServerJson {
 public:
  ServerJson(const Json& root, std::string file, Plan& plan, ManifestHints& hints)
      : root_(root), file_(std::move(file)), plan_(plan), hints_(hints) {}

  Result<void> run(std::string_view text) {
    plan_.name = text_of(member_of(root_, "name"));
    plan_.title = text_of(member_of(root_, "title"));
    plan_.description = text_of(member_of(root_, "description"));
    plan_.homepage = text_of(either(root_, "websiteUrl", "website_url"));
    const auto version = text_of(member_of(root_, "version"));
    if (!is_placeholder(version)) plan_.version = version;
    const auto& repository = member_of(root_, "repository");
    plan_.repository = text_of(member_of(repository, "url"));
    hints_.base = text_of(member_of(repository, "subfolder"));
    plan_.server_json = std::string(text);
    const auto& packages = member_of(root_, "packages");
    const auto& remotes = member_of(root_, "remotes");
    if (packages.is_array() && !packages.empty()) {
      package(packages.front());
    } else if (remotes.is_array() && !remotes.empty()) {
      Error error{ErrorCode::invalid_argument,
                  "E_REMOTE_ONLY",
                  file_ + " only names servers that run elsewhere",
                  "deploy the sources with --ignore-manifest, if they are here",
                  {}};
      return fail(std::move(error));
    }
    return {};
  }

 private:
  void package(const Json& package) {
    transport(member_of(package, "transport"));
    Json schema = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
    arguments(either(package, "packageArguments", "package_arguments"));
    const auto& variables = either(package, "environmentVariables", "environment_variables");
    if (variables.is_array())
      for (const auto& variable : variables) property(variable, schema);
    if (schema["required"].empty()) schema.erase("required");
    if (!schema["properties"].empty()) plan_.config_schema = to_text(schema);
  }

  void transport(const Json& transport) {
    const auto type = text_of(member_of(transport, "type"));
    if (type.empty()) return;
    hints_.says_start = true;
    if (type == "stdio") return;
    plan_.transport = type == "sse" ? Transport::sse : Transport::streamable_http;
    url(text_of(member_of(transport, "url")));
  }

  // "http://localhost:3000/mcp" says port and path; "{port}" stays open.
  void url(const std::string& url) {
    const std::size_t begin = url.find("://");
    if (begin == std::string::npos) return;
    const std::size_t slash = url.find('/', begin + 3);
    if (slash != std::string::npos && url.find('{', slash) == std::string::npos)
      plan_.endpoint_path = url.substr(slash, url.find_first_of("?#", slash) - slash);
    const std::size_t colon = url.rfind(':', slash);
    if (colon == std::string::npos || colon <= begin) return;
    const long port = std::strtol(url.c_str() + colon + 1, nullptr, 10);
    if (port > 0 && port < 65'536) plan_.port = static_cast<std::uint16_t>(port);
  }

  // Arguments with a fixed value; those that a person fills in are given by --arg.
  void arguments(const Json& list) {
    if (!list.is_array()) return;
    for (const auto& argument : list) {
      const auto value = text_of(member_of(argument, "value"));
      const auto fallback = text_of(member_of(argument, "default"));
      const auto& text = value.empty() ? fallback : value;
      const bool is_open = text.empty() || contains(text, "{");
      const auto name = text_of(member_of(argument, "name"));
      const bool is_named = text_of(member_of(argument, "type")) == "named";
      const bool is_required =
          bool_or(argument, "isRequired", bool_or(argument, "is_required", false));
      if (is_open) {
        if (is_required)
          plan_.warnings.push_back(
              file_ + ": the server wants an argument " +
              excerpt(is_named ? name : text_of(either(argument, "valueHint", "value_hint")), 60) +
              "; give it with --arg");
        continue;
      }
      if (is_named) hints_.arguments.push_back(name);
      hints_.arguments.push_back(text);
    }
  }

  static void property(const Json& variable, Json& schema) {
    const auto name = text_of(member_of(variable, "name"));
    if (name.empty() || name.size() > 128) return;
    Json rule = {{"type", json_type(text_of(member_of(variable, "format")))}};
    if (const auto text = text_of(member_of(variable, "description")); !text.empty())
      rule["description"] = text;
    if (bool_or(variable, "isSecret", bool_or(variable, "is_secret", false))) rule["secret"] = true;
    if (const auto& fallback = member_of(variable, "default"); !fallback.is_null())
      rule["default"] = fallback;
    if (const auto& choices = member_of(variable, "choices");
        choices.is_array() && !choices.empty())
      rule["enum"] = choices;
    const bool is_required =
        bool_or(variable, "isRequired",
                bool_or(variable, "is_required", bool_or(variable, "required", false)));
    if (is_required && !rule.contains("default")) schema["required"].push_back(name);
    schema["properties"][name] = std::move(rule);
  }

  const Json& root_;
  std::string file_;
  Plan& plan_;
  ManifestHints& hints_;
};

}  // namespace

Result<void> read_server_json(std::string_view text, const std::string& file, Plan& plan,
                              ManifestHints& hints) {
  plan.manifest_format = "server.json";
  auto root = parse_json(text, {.bytes_max = 256 * 1024, .depth_max = 32});
  if (!root) {
    auto error = std::move(root).error();
    error.reason = error.code == ErrorCode::too_large ? "E_MANIFEST_LIMIT" : "E_MANIFEST_SYNTAX";
    error.message = file + ": " + error.message;
    error.hint = "mend the file, or deploy with --ignore-manifest";
    return fail(std::move(error));
  }
  return ServerJson(*root, file, plan, hints).run(text);
}

}  // namespace sigil::builder
