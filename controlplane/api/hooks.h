// What the dispatcher asks of the world, answered by the real one.
#pragma once

#include "controlplane/api/dispatcher.h"
#include "controlplane/services.h"

namespace sigil::api {

// `services` must outlive the hooks.
DispatcherHooks make_hooks(const controlplane::Services& services);

}  // namespace sigil::api
