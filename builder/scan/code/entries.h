// Entry points known before anything is evaluated.
#pragma once

#include "builder/scan/code/engine.h"

namespace sigil::scan {

void find_declared_entries(Engine& engine);

}  // namespace sigil::scan
