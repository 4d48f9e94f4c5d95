// What sigil-proxy is told at start: flags over SIGIL_* over defaults, checked whole.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/config/settings.h"
#include "base/result.h"
#include "proxy/network.h"

namespace sigil::proxy {

struct ProxyOptions {
  std::string data_dir;
  config::Address listen;
  config::Address api;
  config::Address control;
  std::size_t workers = 1;
  std::string tls_cert_file, tls_key_file;  // empty: plain HTTP
  std::optional<config::Address> redirect_listen;
  std::vector<Network> trusted_proxies;
  std::string trusted_proxies_text;
  bool has_preamble = false;
  std::chrono::milliseconds drain_max{20'000};
  bool asks_for_help = false;
};

const config::Table& proxy_settings();
// All complaints at once, in the message.
Result<ProxyOptions> read_options(const std::vector<std::string>& arguments,
                                  const std::map<std::string, std::string>& environment);
std::string usage();

}  // namespace sigil::proxy
