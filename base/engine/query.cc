#include "base/engine/query.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace sigil::engine {

Query& Query::add(std::string_view name, std::string_view value) {
  text_ += text_.empty() ? '?' : '&';
  text_ += name;
  text_ += '=';
  text_ += percent_encode(value);
  return *this;
}

std::string label_filter(const std::map<std::string, std::string>& labels) {
  Json wanted = Json::array();
  for (const auto& label : labels)
    wanted.push_back(label.second.empty() ? label.first : label.first + "=" + label.second);
  return to_text(Json{{"label", std::move(wanted)}});
}

std::string map_text(const std::map<std::string, std::string>& map) { return to_text(Json(map)); }

}  // namespace sigil::engine
