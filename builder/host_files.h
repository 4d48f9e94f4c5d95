// Files of this host that builds need: the company's CA bundle, the static shim.
#pragma once

#include <string>

#include "base/result.h"
#include "builder/builder.h"

namespace sigil::builder {

// Content of settings.ca_bundle; empty when none is set. E_INTERNAL names the setting.
Result<std::string> read_ca_bundle(const BuildSettings& settings);
Result<std::string> read_shim(const BuildSettings& settings);

}  // namespace sigil::builder
