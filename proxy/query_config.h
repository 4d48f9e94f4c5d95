// The query of /{deployment}/mcp: configuration in dot notation or as base64 `config`
// (manifests.md §4). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sigil::proxy {

struct QueryConfig {
  std::string json;  // the configuration as one canonical JSON object; empty: none was given
};

// invalid_argument (reason "config"; "query_token" for an access_token): broken escapes, a
// `config` that is not base64 of a JSON object, two values for one place, too deep, too many.
Result<QueryConfig> read_query_config(std::string_view query);

// For routes without configuration: the query as it came, without `api_key` and `profile`.
Result<std::string> forwarded_query(std::string_view query);

}  // namespace sigil::proxy
