// Every setting of sigild: read once at start (defaults < file < environment < flags), checked as a
// whole, then handed down as this plain value. The table in settings.cc is the reference page too
// (`sigild --print-settings`).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::controlplane {

struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string text() const { return host + ":" + std::to_string(port); }
};

struct BuilderSettings {
  std::map<std::string, std::string> base_images;
  std::string ca_bundle, npm_registry, pip_index_url;
  std::map<std::string, std::string> proxy_variables;
  std::int64_t memory_bytes_max = 0;
  std::chrono::milliseconds time_max{};
  std::chrono::milliseconds fetch_time_max{};
  std::chrono::milliseconds cache_age{};
  std::int64_t fetch_bytes_max = 0;
  std::int64_t concurrent_max = 2;
  std::string shim_file;
  std::map<std::string, std::string> git_credentials;  // origin -> file with its token
};

struct ScanSettings {
  std::string fail_on = "block";         // block, error, warning
  std::string unscanned_image = "warn";  // allow, warn, block
  std::vector<std::string> sources;      // rules of what may be deployed
  std::string four_eyes = "auto";        // "required": no waiver by one person alone
  std::string policy_file;               // empty: the built-in policy
  std::string binary;                    // empty: beside sigild
  std::chrono::milliseconds time_max{60'000};
};

struct RuntimeSettings {
  std::string ca_bundle;  // file; what running servers trust; empty: nothing is added
  std::map<std::string, std::string> proxy_variables;
  std::vector<std::string> network_pools;  // empty: the driver's own
  std::int64_t memory_bytes = 0, cpu_thousandths = 0, pids = 0, tmp_bytes = 0;
  std::chrono::milliseconds start_max{}, stop_grace{}, drain_max{};
  std::chrono::milliseconds backoff_min{}, backoff_max{};
  std::int64_t crash_loop_after = 5;
  std::chrono::milliseconds orphan_grace{};
  std::chrono::milliseconds reconcile_every{}, probe_every{};
  std::int64_t log_lines_max = 0;  // per deployment
};

struct ProxySettings {
  ListenAddress control_listen;
  bool is_started_here = true;              // start one where none runs
  std::string binary;                       // empty: beside sigild
  std::string tls_cert_file, tls_key_file;  // empty: plain HTTP on loopback
  std::string redirect_listen;              // empty: none
  std::vector<std::string> trusted_proxies;
  bool has_proxy_protocol = false;
  std::chrono::milliseconds session_idle{}, session_max{}, request_max{};
  std::int64_t body_bytes_max = 0, streams_max = 0;
};

struct Settings {
  std::string data_dir;
  ListenAddress listen;                    // the front door
  std::string public_url;                  // without trailing slash
  std::vector<std::string> allowed_hosts;  // Host headers accepted in addition
  ListenAddress api_listen;                // loopback only
  Secret database_url;                     // empty: private cluster
  std::string postgres_binaries, postgres_user;
  std::string docker_socket;
  std::string admin_key_owner;
  std::string admin_key_file;  // empty: ~/.config/sigil/credentials.json of the owner
  std::string registry_namespace;
  std::int64_t upload_bytes_max = 0;
  std::string log_level, log_format;
  BuilderSettings builder;
  ScanSettings scan;
  RuntimeSettings runtime;
  ProxySettings proxy;

  bool is_https() const { return public_url.rfind("https://", 0) == 0; }
  bool has_tls() const { return !proxy.tls_cert_file.empty(); }
  // How this machine itself reaches the front door.
  std::string door_url() const { return (has_tls() ? "https://" : "http://") + listen.text(); }
};

}  // namespace sigil::controlplane
