// The table behind Settings: keys, environment names, defaults, and the sentence each has on the
// reference page.
#pragma once

#include <string>

#include "base/config/settings.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

const config::Table& settings_table();
std::string default_data_dir();
std::string default_admin_key_owner();

// E_CONFIG with every complaint at once.
Result<Settings> load_settings(const config::Sources& sources);

}  // namespace sigil::controlplane
