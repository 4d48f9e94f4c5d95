#include "controlplane/replicas/corporate_environment.h"

#include <array>

#include "runtime/driver.h"

namespace sigil::controlplane {

namespace {

constexpr std::array<const char*, 6> kBundleVariables = {"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE",
                                                         "REQUESTS_CA_BUNDLE",  "PIP_CERT",
                                                         "CURL_CA_BUNDLE",      "GIT_SSL_CAINFO"};
// A server's own port is never behind the proxy; the driver adds the deployment's network.
constexpr const char* kLoopback = "localhost,127.0.0.1,::1";

std::string changed(std::string text, char from, char to, int by) {
  for (char& c : text)
    if (c >= from && c <= to) c = static_cast<char>(c + by);
  return text;
}
std::string upper(const std::string& text) { return changed(text, 'a', 'z', -32); }
std::string lower(const std::string& text) { return changed(text, 'A', 'Z', 32); }

}  // namespace

std::map<std::string, std::string> corporate_environment(
    bool has_ca_bundle, const std::map<std::string, std::string>& proxy_variables) {
  std::map<std::string, std::string> environment;
  if (has_ca_bundle)
    for (const char* name : kBundleVariables) environment[name] = runtime::kCaBundlePath;
  std::map<std::string, std::string> proxies;
  for (const auto& [name, value] : proxy_variables)
    if (!value.empty()) proxies[upper(name)] = value;
  if (proxies.count("HTTP_PROXY") + proxies.count("HTTPS_PROXY") + proxies.count("ALL_PROXY") == 0)
    return environment;
  auto& near = proxies["NO_PROXY"];
  near += (near.empty() ? "" : ",") + std::string(kLoopback);
  for (const auto& [name, value] : proxies) environment[name] = environment[lower(name)] = value;
  // Without it Node.js ignores all of these.
  environment["NODE_USE_ENV_PROXY"] = "1";
  return environment;
}

}  // namespace sigil::controlplane
