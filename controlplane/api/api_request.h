// What a handler sees of an HTTP request and what it answers: plain values, so that handlers are
// tested without a socket. Everything is decoded once, by the dispatcher; path parameters and query
// are valid UTF-8 without NUL.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "controlplane/api/query.h"
#include "controlplane/auth.h"

namespace sigil::api {

struct ApiRequest {
  std::string method;  // upper case
  std::string path;    // as sent, undecoded, without the query
  std::string raw_query;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  // Filled in by the dispatcher:
  std::map<std::string, std::string> params;  // of the route's pattern
  Query query;
  std::string request_id;
  std::optional<controlplane::Caller> caller;  // absent: anonymous
  std::string idempotency_key;                 // of a POST; empty: none was sent
  std::string fingerprint;                     // with a key: hash of method, path, query and body

  // The value of a parameter of the route's pattern; empty when the pattern has no such name.
  std::string param(const std::string& name) const;
  // Empty when absent. `name` in lower case.
  std::string_view header(const std::string& name) const;
};

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string resource;  // id of what was touched, for the audit trail; not sent
  // What is kept under an Idempotency-Key in place of a body that holds a secret; empty: the body.
  std::string kept_body;

  ApiResponse&& with(std::string name, std::string value) &&;
};

ApiResponse json_response(int status, const Json& body);

}  // namespace sigil::api
