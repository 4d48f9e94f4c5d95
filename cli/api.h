// The admin API as the CLI sees it: requests with the key, problem documents turned into Error.
// An Error's `reason` is the problem's code, `hint` its hint, details["next"] the command it names.
// Any thread.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/client.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"

namespace sigil::cli {

using Query = std::vector<std::pair<std::string, std::string>>;

// "?a=1&b=2", encoded; empty for an empty query.
std::string query_text(const Query& query);

// Pure: what a status of 400 or more and its body say. `about` is "GET /api/v1/…".
Error problem_of(int status, std::string_view body, const std::string& about);

class Api {
 public:
  Api(std::string url, Secret key) : url_(std::move(url)), key_(std::move(key)) {}

  const std::string& url() const { return url_; }
  bool has_key() const { return !key_.is_empty(); }

  Result<Json> get(const std::string& path, const Query& query = {},
                   std::stop_token stop = {}) const;
  // With a fresh Idempotency-Key; sent again once when the connection breaks, which is then safe.
  Result<Json> post(const std::string& path, const Json& body, std::stop_token stop = {}) const;
  Result<Json> put_bytes(const std::string& path, const Query& query, std::string bytes,
                         std::stop_token stop = {}) const;
  // If-Match: *, since the person has confirmed what they saw.
  Result<Json> remove(const std::string& path, std::stop_token stop = {}) const;

  // All pages of a list, {"items":[…],"total":N}; at most `limit` items when it is not 0.
  Result<Json> list(const std::string& path, Query query, std::size_t limit = 0) const;

 private:
  http::Request request_for(const std::string& method, const std::string& path,
                            const Query& query) const;
  Result<Json> send(const http::Request& request, const std::string& about,
                    std::stop_token stop) const;

  std::string url_;
  Secret key_;
  http::Client client_;
};

// A path segment: "a/b" becomes "a%2Fb".
std::string segment(std::string_view text);

}  // namespace sigil::cli
