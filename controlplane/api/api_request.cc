#include "controlplane/api/api_request.h"

#include <nlohmann/json.hpp>

namespace sigil::api {

std::string ApiRequest::param(const std::string& name) const {
  const auto found = params.find(name);
  return found == params.end() ? std::string() : found->second;
}

std::string_view ApiRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

ApiResponse&& ApiResponse::with(std::string name, std::string value) && {
  headers.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

ApiResponse json_response(int status, const Json& body) {
  ApiResponse response;
  response.status = status;
  response.body = to_text(body);
  return response;
}

}  // namespace sigil::api
