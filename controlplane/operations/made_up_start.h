// A server that stops at start for want of a key or an address is started again with made-up
// values, so that its tools can be listed before anybody has given real ones (manifests.md §9).
#pragma once

#include "controlplane/operations/operation_run.h"

namespace sigil::controlplane {

// Runs `discover`; where it ends with E_START_EXIT and the deploy brought no values of its own,
// starts the replicas anew with what the server seems to ask for, a few times. What was made up is
// kept in run.settings, said in the log, and asked for by the plan's configSchema. The first error
// is the one to tell when nothing helps.
Result<void> discover_with_made_up_values(const OperationTools& tools, OperationRun& run,
                                          Result<void> (*discover)(const OperationTools&,
                                                                   OperationRun&));

}  // namespace sigil::controlplane
