#define VALIJSON_USE_EXCEPTIONS 1
#include "controlplane/api/openapi_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "controlplane/api/openapi.h"

namespace sigil::api::openapi {
namespace {

// valijson checks `format` on null too, so it goes where null is allowed.
Json without_formats_of_null(Json schema) {
  if (schema.is_object() && schema.contains("format") && schema.value("type", Json()).is_array())
    schema.erase("format");
  if (schema.is_structured())
    for (auto& part : schema) part = without_formats_of_null(std::move(part));
  return schema;
}

}  // namespace

const Json& document() {
  static const Json parsed = parse_json(openapi_source(), {.bytes_max = 1 << 20}).value_or(Json());
  return parsed;
}

const Json& resolved(const Json& value) {
  if (!value.contains("$ref")) return value;
  const auto pointer = value["$ref"].get<std::string>().substr(1);
  return document().at(Json::json_pointer(pointer));
}

std::string misfits(const Json& schema, const Json& value) {
  Json whole = schema;
  static const Json components = without_formats_of_null(document()["components"]);
  whole["components"] = components;
  valijson::Schema compiled;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(whole), compiled);
  valijson::Validator validator;
  valijson::ValidationResults results;
  validator.validate(compiled, valijson::adapters::NlohmannJsonAdapter(value), &results);
  std::string text;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const auto& part : error.context) text += part;
    text += ": " + error.description + '\n';
  }
  return text;
}

std::string undocumented(std::string_view method, std::string_view pattern,
                         const ApiResponse& response) {
  std::string verb(method == "HEAD" ? "GET" : method);
  std::transform(verb.begin(), verb.end(), verb.begin(), ::tolower);
  const auto& responses = document()["paths"][std::string(pattern)][verb]["responses"];
  const auto status = std::to_string(response.status);
  if (!responses.contains(status)) return "status " + status + " is not in the document";
  const Json& promised = resolved(responses[status]);
  const auto type = response.content_type.substr(0, response.content_type.find(';'));
  if (response.body.empty() || !promised.contains("content")) return {};
  // The front door writes some answers anew out of ours; what it reads is documented elsewhere.
  for (const auto& media : promised["content"])
    if (promised["content"].size() == 1 && media.value("x-answered-by", "") == "proxy") return {};
  if (!promised["content"].contains(type)) return type + " is not in the document";
  if (type.find("json") == std::string::npos) return {};
  return misfits(promised["content"][type]["schema"], parse_json(response.body).value_or(Json()));
}

}  // namespace sigil::api::openapi
