// The second scan: names and descriptions as the running server lists them, which may differ from
// its source. E_SCAN_BLOCKED.
#pragma once

#include "controlplane/operations/operation_run.h"

namespace sigil::controlplane {

Result<void> check_listed(const OperationTools& tools, OperationRun& run);

}  // namespace sigil::controlplane
