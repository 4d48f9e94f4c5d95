// ETag, If-Match and If-None-Match (RFC 9110 §8.8, §13.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "controlplane/api/api_request.h"

namespace sigil::api {

// What an If-Match or If-None-Match header asks for.
struct TagCondition {
  bool is_any = false;                 // *
  std::vector<std::string> tags;       // strong ones, with their quotes
  std::vector<std::string> weak_tags;  // without W/; they never satisfy If-Match

  bool matches_strongly(std::string_view etag) const;
  bool matches_weakly(std::string_view etag) const;
};

// nullopt: not a list of entity tags (at most 32, at most 2 KiB).
std::optional<TagCondition> parse_tag_condition(std::string_view header);

// "\"" + text + "\"": `text` is a version of ours, free of quotes.
std::string etag_of(std::string_view version);

enum class Precondition { passed, passed_any, stale };  // passed_any: If-Match: *
// Errors: 428 when the header is missing, 400 when it cannot be read.
Result<Precondition> check_if_match(const ApiRequest& request, std::string_view etag);

// The error of a stale If-Match; the answer carries the current resource.
Error stale_error();

// 304 when If-None-Match names this ETag, else the response with its ETag.
ApiResponse with_etag(const ApiRequest& request, ApiResponse response, std::string_view etag);

}  // namespace sigil::api
