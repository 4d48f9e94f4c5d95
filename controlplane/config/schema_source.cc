#include "controlplane/config/schema_source.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace sigil::controlplane {

namespace {

constexpr int kDepthMax = 24;
constexpr int kNodesMax = 5'000;
constexpr std::size_t kBytesMax = 256 * 1024;

// Keywords that hold a schema, a list of schemas, a map of schemas.
const std::set<std::string> kSchemaKeys = {"items",
                                           "additionalProperties",
                                           "additionalItems",
                                           "not",
                                           "contains",
                                           "propertyNames",
                                           "if",
                                           "then",
                                           "else"};
const std::set<std::string> kListKeys = {"allOf", "anyOf", "oneOf"};
const std::set<std::string> kMapKeys = {"properties", "patternProperties", "dependencies",
                                        "dependentSchemas"};

tl::unexpected<Error> unusable(const std::string& why) {
  return fail(ErrorCode::invalid_argument, "E_CONFIG_SCHEMA",
              "the configSchema cannot be used: " + why,
              "mend configSchema in the manifest, or deploy with --ignore-manifest");
}

class Inliner {
 public:
  explicit Inliner(const Json& root) : root_(root) {}

  Result<Json> visit(const Json& schema, int depth) {
    if (depth > kDepthMax) return unusable("it is nested too deeply or refers to itself");
    if (++nodes_ > kNodesMax) return unusable("it has too many parts");
    if (schema.is_boolean()) return schema;
    if (!schema.is_object()) return unusable("a schema must be an object");
    if (const auto ref = schema.find("$ref"); ref != schema.end()) return follow(*ref, depth);
    Json result = Json::object();
    for (const auto& [key, value] : schema.items()) {
      if (key == "$schema" || key == "$id" || key == "id" || key == "$defs" || key == "definitions")
        continue;
      SIGIL_TRY(auto part, visit_part(key, value, depth));
      result[key] = std::move(part);
    }
    hoist_required(result);
    return result;
  }

 private:
  Result<Json> follow(const Json& ref, int depth) {
    if (!ref.is_string()) return unusable("$ref must be text");
    const auto& text = ref.get_ref<const std::string&>();
    if (text.empty() || text.front() != '#')
      return unusable("$ref \"" + text + "\" leaves the document");
    try {
      return visit(root_.at(Json::json_pointer(text.substr(1))), depth + 1);
    } catch (const Json::exception&) {
      return unusable("$ref \"" + text + "\" points nowhere");
    }
  }

  Result<Json> visit_part(const std::string& key, const Json& value, int depth) {
    if (kSchemaKeys.count(key) > 0 && (value.is_object() || value.is_boolean()))
      return visit(value, depth + 1);
    if (kListKeys.count(key) > 0 && value.is_array()) {
      Json list = Json::array();
      for (const auto& item : value) {
        SIGIL_TRY(auto part, visit(item, depth + 1));
        list.push_back(std::move(part));
      }
      return list;
    }
    if (kMapKeys.count(key) > 0 && value.is_object()) {
      Json map = Json::object();
      for (const auto& [name, item] : value.items()) {
        if (!item.is_object() && !item.is_boolean()) {
          map[name] = item;  // "dependencies" may hold lists of names
          continue;
        }
        SIGIL_TRY(auto part, visit(item, depth + 1));
        map[name] = std::move(part);
      }
      return map;
    }
    return value;
  }

  // `required: true` inside a property, as some manifests have it, means the parent's list.
  static void hoist_required(Json& schema) {
    if (const auto own = schema.find("required");
        own != schema.end() && !own->is_array() && !own->is_boolean())
      schema.erase(own);
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object()) return;
    Json names = Json::array();
    if (const auto own = schema.find("required"); own != schema.end() && own->is_array())
      names = *own;
    for (auto& [name, property] : properties->items()) {
      if (!property.is_object()) continue;
      const auto flag = property.find("required");
      if (flag == property.end() || !flag->is_boolean()) continue;
      if (flag->get<bool>()) names.push_back(name);
      property.erase(flag);
    }
    if (!names.empty()) schema["required"] = std::move(names);
  }

  const Json& root_;
  int nodes_ = 0;
};

}  // namespace

Result<Json> harmless_schema(std::string_view schema_text) {
  auto root = parse_json(schema_text, {.bytes_max = kBytesMax, .depth_max = 48});
  if (!root) return unusable(root.error().message);
  if (!root->is_object()) return unusable("it must be an object");
  SIGIL_TRY(auto schema, Inliner(*root).visit(*root, 0));
  if (schema.is_object()) {
    if (schema.find("type") == schema.end()) schema["type"] = "object";
    if (const auto own = schema.find("required"); own != schema.end() && own->is_boolean())
      schema.erase(own);
  }
  return schema;
}

}  // namespace sigil::controlplane
