// One Engine API: the negotiated version, calls with JSON, errors out of statuses. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/engine/engine.h"
#include "base/engine/query.h"
#include "base/guarded.h"

namespace sigil::engine {

struct Call {
  std::string method = "GET";
  std::string path;  // without version: "/containers/json"
  Query query;
  const Json* body = nullptr;
  std::vector<http::Header> headers;
  ReadTar read_body;                                  // a tar; instead of `body`
  std::optional<std::chrono::milliseconds> time_max;  // empty: the options'; 0: none (streams)
};

class Connection {
 public:
  explicit Connection(EngineOptions options) : options_(std::move(options)) {}

  // "1.41": the newest both sides speak, asked once and again after the engine refuses it.
  Result<std::string> api(const std::stop_token& stop) const;

  // Statuses from 400 on are errors with the engine's own message.
  Result<http::Response> send(const Call& call, const std::stop_token& stop = {}) const;
  Result<Json> send_for_json(const Call& call, const std::stop_token& stop = {}) const;
  // The body of a good answer goes to on_body piece by piece.
  Result<void> stream(const Call& call, const http::OnBody& on_body,
                      const std::stop_token& stop) const;

  const EngineOptions& options() const { return options_; }

 private:
  Result<http::Request> make_request(const Call& call, const std::stop_token& stop) const;
  bool is_version_refused(const http::Response& response) const;

  EngineOptions options_;
  http::Client client_;
  mutable Guarded<std::string> api_;
};

// "1.41" and "1.54": the smaller one, by number. Text that is no version counts as smallest.
std::string older_version(const std::string& a, const std::string& b);

Error error_of_status(int status, std::string_view body);

}  // namespace sigil::engine
