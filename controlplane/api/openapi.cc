#include "controlplane/api/openapi.h"

#include <nlohmann/json.hpp>

namespace sigil::api {

const std::string& openapi_document() {
  static const std::string compact =
      nlohmann::ordered_json::parse(openapi_source(), nullptr, false).dump();
  return compact;
}

}  // namespace sigil::api
