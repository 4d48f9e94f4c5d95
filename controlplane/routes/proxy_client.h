// The control port of sigil-proxy (docs/interfaces.md §4). Any thread; every call is short.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "base/result.h"
#include "base/secret.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

struct ReplicaUsage {
  std::int64_t active_requests = 0, open_streams = 0, sessions = 0;
  bool is_idle() const { return active_requests == 0 && open_streams == 0 && sessions == 0; }
};

struct ProxyStatus {
  std::int64_t pid = 0;
  std::string version;
  std::map<std::string, ReplicaUsage> replicas;  // by replica id
};

class ProxyClient {
 public:
  ProxyClient(const ListenAddress& control, Secret token)
      : base_url_("http://" + control.text()), token_(std::move(token)) {}

  Result<ProxyStatus> status() const;
  Result<void> put_routes(const std::string& snapshot) const;
  Result<void> wake(const std::vector<std::string>& paths) const;

 private:
  Result<http::Response> send(const char* method, const char* path, std::string body) const;

  http::Client client_;
  std::string base_url_;
  Secret token_;
};

}  // namespace sigil::controlplane
