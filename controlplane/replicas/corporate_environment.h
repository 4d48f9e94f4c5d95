// What every running server is told about the company's network: the CA bundle it may trust and the
// proxy it goes out by, in the spellings that languages and tools look for
// (docker-engine-notes §3). Pure.
#pragma once

#include <map>
#include <string>

namespace sigil::controlplane {

// `ca_bundle`: whether there is one. `proxy_variables`: as the settings name them, either case.
std::map<std::string, std::string> corporate_environment(
    bool has_ca_bundle, const std::map<std::string, std::string>& proxy_variables);

}  // namespace sigil::controlplane
