// Files of this host that builds need: the company's CA bundle, the static shim.
#pragma once

#include <string>

#include "base/result.h"
#include "builder/builder.h"

namespace sigil::builder {

// Whole content; E_INTERNAL names `what` and the path, with `hint`, also when it is empty.
Result<std::string> read_host_file(const std::string& path, const std::string& what,
                                   const std::string& hint);
// Content of settings.ca_bundle; empty when none is set. E_INTERNAL names the setting.
Result<std::string> read_ca_bundle(const BuildSettings& settings);
Result<std::string> read_shim(const BuildSettings& settings);

}  // namespace sigil::builder
